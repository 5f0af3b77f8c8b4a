//! Everything that lies or waits is sealed with the key that it belongs to.

use crate::template::{Template, listed, resource_of, statements};

/// What opens or seals. An administrator of a key does none of it.
const USES: [&str; 8] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:Sign",
];

#[test]
fn everything_that_is_kept_is_sealed_with_its_key() {
    let template = Template::read();
    for (kind, path, key) in [
        ("AWS::SQS::Queue", &["KmsMasterKeyId"][..], "QueueKey"),
        ("AWS::SNS::Topic", &["KmsMasterKeyId"], "QueueKey"),
        ("AWS::SecretsManager::Secret", &["KmsKeyId"], "DataKey"),
        ("AWS::Logs::LogGroup", &["KmsKeyId"], "DataKey"),
        (
            "AWS::DynamoDB::Table",
            &["SSESpecification", "KMSMasterKeyId"],
            "DataKey",
        ),
    ] {
        for (id, properties) in template.resources(kind) {
            let value = path.iter().fold(properties, |inner, name| &inner[*name]);
            assert!(!value.is_null(), "{id} has no key of ours");
            assert_eq!(resource_of(&template.resolve(value)), key, "{id}");
        }
    }
}

#[test]
fn keys_rotate_and_outlive_what_they_open() {
    let template = Template::read();
    for (id, key) in template.resources("AWS::KMS::Key") {
        assert_eq!(key["EnableKeyRotation"], true, "{id}");
    }
    for id in ["DataKey", "Table", "KeysSecret", "WhatsAppSecret"] {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template.whole(id)[policy], "Retain", "{id}: {policy}");
        }
    }
}

#[test]
fn a_key_is_used_only_through_the_services_that_its_policy_names() {
    let template = Template::read();
    for (id, key) in template.resources("AWS::KMS::Key") {
        let mut found = Vec::new();
        statements(&key["KeyPolicy"], &mut found);
        let mut administered = false;
        for statement in found {
            let sid = statement["Sid"].as_str().unwrap();
            let actions: Vec<String> = listed(&statement["Action"])
                .into_iter()
                .map(|action| template.resolve(action))
                .collect();
            administered |= actions.iter().any(|action| action == "kms:PutKeyPolicy");
            if actions.iter().any(|action| USES.contains(&action.as_str())) {
                let condition = &statement["Condition"];
                let bound = [
                    &condition["StringEquals"]["kms:ViaService"],
                    &condition["StringEquals"]["aws:SourceAccount"],
                    &condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"],
                ];
                assert!(
                    bound.iter().any(|value| !value.is_null()),
                    "{id}.{sid} lets the key be used directly"
                );
            }
        }
        assert!(administered, "nobody can mend {id}");
    }
}

/// A group that the key's policy does not name could not be made.
#[test]
fn every_log_group_is_one_that_the_key_lets_be_sealed() {
    let template = Template::read();
    let mut found = Vec::new();
    statements(template.whole("DataKey"), &mut found);
    let prefixes: Vec<String> = found
        .iter()
        .flat_map(|one| listed(&one["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]))
        .map(|pattern| template.resolve(pattern))
        .filter_map(|pattern| Some(pattern.split_once("log-group:")?.1.replace('*', "")))
        .collect();
    for (id, group) in template.resources("AWS::Logs::LogGroup") {
        let name = template.resolve(&group["LogGroupName"]);
        assert!(
            prefixes.iter().any(|prefix| name.starts_with(prefix)),
            "{id}: {name} is none of {prefixes:?}"
        );
    }
}
