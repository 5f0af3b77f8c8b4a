//! Who may do what: each function by a role of its own, no wider than what its wiring says.

use std::collections::BTreeSet;

use crate::template::{Template, comment_above, listed, resource_of, statements};

/// What a sender to an encrypted queue needs of its key, and a receiver (SQS, key management).
const SEAL: [&str; 2] = ["kms:GenerateDataKey", "kms:Decrypt"];
const OPEN: [&str; 1] = ["kms:Decrypt"];

#[test]
fn no_permission_has_a_wildcard_without_a_written_reason() {
    let template = Template::read();
    let mut seen = 0;
    for (id, resource) in template.yaml["Resources"].as_mapping().unwrap() {
        let id = id.as_str().unwrap();
        let mut found = Vec::new();
        statements(resource, &mut found);
        // A denial may be as wide as it likes.
        for statement in found.iter().filter(|one| one["Effect"] != "Deny") {
            seen += 1;
            let sid = statement["Sid"]
                .as_str()
                .unwrap_or_else(|| panic!("a statement of {id} has no Sid"));
            assert!(
                statement["NotAction"].is_null()
                    && statement["NotResource"].is_null()
                    && statement["NotPrincipal"].is_null(),
                "{id}.{sid}"
            );
            assert!(statement["Principal"] != "*", "{id}.{sid} is for everybody");
            for action in listed(&statement["Action"]) {
                let action = template.resolve(action);
                assert!(!action.contains('*'), "{id}.{sid} allows {action}");
            }
            let resources = listed(&statement["Resource"]);
            let wide = resources
                .iter()
                .any(|resource| template.resolve(resource).contains('*'));
            if wide {
                let reason = comment_above(&template.text, id, sid).join(" ");
                assert!(
                    reason.contains("wildcard"),
                    "{id}.{sid}: the comment above it must say why the wildcard"
                );
            }
        }
    }
    assert!(seen > 0, "no statement was looked at");
}

/// Without a role given, SAM makes one with policies of AWS's that take from every queue of the account.
#[test]
fn each_function_has_a_role_of_its_own_and_no_policy_of_somebody_elses() {
    let template = Template::read();
    let mut roles = BTreeSet::new();
    for (function, properties) in template.functions() {
        assert!(
            properties["Policies"].is_null(),
            "{function}: what it may do stands in its role"
        );
        assert!(!properties["Role"].is_null(), "{function} has no role");
        let role = template.resolve(&properties["Role"]);
        assert!(roles.insert(role.clone()), "{role} serves two functions");
    }
    for (role, properties) in template.resources("AWS::IAM::Role") {
        for policy in listed(&properties["ManagedPolicyArns"]) {
            let policy = template.resolve(policy);
            assert_eq!(
                template.whole(&policy)["Type"],
                "AWS::IAM::ManagedPolicy",
                "{role} takes a policy of somebody else's"
            );
        }
    }
}

#[test]
fn what_a_function_may_reach_is_exactly_what_its_variables_and_events_name() {
    let template = Template::read();
    let queues = template.resources("AWS::SQS::Queue");
    let secrets = template.resources("AWS::SecretsManager::Secret");
    let events = template.events("SQS");
    for (function, properties) in template.functions() {
        let variables = properties["Environment"]["Variables"].as_mapping().unwrap();
        let named: BTreeSet<String> = variables
            .values()
            .map(|value| template.resolve(value))
            .collect();
        let of = |wanted: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            named.iter().filter(|name| wanted(name)).cloned().collect()
        };
        let permissions = template.permissions(function);
        let on = |actions: &[&str]| -> Vec<BTreeSet<String>> {
            actions
                .iter()
                .map(|action| {
                    let allowed = permissions.iter().filter(|one| one.action == *action);
                    allowed.map(|one| one.resource.clone()).collect()
                })
                .collect()
        };

        let sends_to = of(&|name| queues.contains_key(name));
        assert_eq!(on(&["sqs:SendMessage"]), [sends_to], "{function} sends to");

        let takes_from: BTreeSet<String> = events
            .iter()
            .filter(|(owner, ..)| *owner == function)
            .map(|(.., event)| resource_of(&template.resolve(&event["Queue"])).to_owned())
            .collect();
        // The three that Lambda's poller uses, as the function.
        for taken in on(&[
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        ]) {
            assert_eq!(taken, takes_from, "{function} takes from");
        }

        let reads = of(&|name| secrets.contains_key(name));
        assert_eq!(
            on(&["secretsmanager:GetSecretValue"]),
            [reads],
            "{function} reads the secrets"
        );

        let tables: BTreeSet<String> = permissions
            .iter()
            .filter(|one| one.action.starts_with("dynamodb:"))
            .map(|one| one.resource.clone())
            .collect();
        assert_eq!(tables, of(&|name| name == "Table"), "{function}");

        let logs = template.resolve(&properties["LoggingConfig"]["LogGroup"]);
        let logs = BTreeSet::from([logs]);
        for written in on(&["logs:CreateLogStream", "logs:PutLogEvents"]) {
            assert_eq!(written, logs, "{function} writes its log");
        }
    }
}

#[test]
fn who_uses_what_a_key_seals_may_use_the_key_and_nobody_else() {
    let template = Template::read();
    for function in template.functions().keys() {
        let permissions = template.permissions(function);
        let does = |action: &str| permissions.iter().any(|one| one.action.starts_with(action));
        let mut needed = BTreeSet::new();
        if does("dynamodb:") || does("secretsmanager:") {
            needed.extend(OPEN.map(|action| (action.to_owned(), "DataKey".to_owned())));
        }
        if does("sqs:SendMessage") {
            needed.extend(SEAL.map(|action| (action.to_owned(), "QueueKey".to_owned())));
        }
        if does("sqs:ReceiveMessage") {
            needed.extend(OPEN.map(|action| (action.to_owned(), "QueueKey".to_owned())));
        }
        let allowed: BTreeSet<(String, String)> = permissions
            .iter()
            .filter(|one| one.action.starts_with("kms:"))
            .map(|one| (one.action.clone(), one.resource.clone()))
            .collect();
        assert_eq!(allowed, needed, "{function} and the keys");
    }
}

/// One table holds everything, so a permission on it is worth what its partitions say.
#[test]
fn whoever_may_touch_the_table_is_bound_to_partitions_that_exist() {
    let template = Template::read();
    let documented = std::fs::read_to_string(crate::root().join("docs/ARCHITECTURE.md")).unwrap();
    for function in template.functions().keys() {
        for permission in template.permissions(function) {
            if !permission.action.starts_with("dynamodb:") {
                continue;
            }
            let (action, keys) = (&permission.action, &permission.keys);
            assert!(!keys.is_empty(), "{function}: {action} on every partition");
            for key in keys {
                let prefix = key.trim_end_matches('*');
                assert!(
                    documented.contains(&format!("`{prefix}")),
                    "{function}: the data model knows no {key}"
                );
            }
        }
    }
    // Notifications, conversations and histories are what nobody but their own functions may see.
    let sees = |prefix: &str| -> Vec<&str> {
        let functions = template.functions();
        let who = functions.keys().copied().filter(|function| {
            let permissions = template.permissions(function);
            permissions
                .iter()
                .any(|one| one.keys.iter().any(|key| key.starts_with(prefix)))
        });
        who.collect()
    };
    assert_eq!(
        sees("NTF#"),
        [
            "FallbackTimer",
            "NotificationApi",
            "OutboundSender",
            "WebhookReceiver"
        ]
    );
    assert_eq!(
        sees("CHAT#"),
        ["ConsentApi", "OutboundSender", "WebhookReceiver"]
    );
    assert_eq!(sees("RCPH#"), ["ConsentApi", "WebhookReceiver"]);
}

#[test]
fn only_the_timer_sends_sms_and_to_telephones_alone() {
    let template = Template::read();
    for function in template.functions().keys() {
        let permissions = template.permissions(function);
        let sends = permissions.iter().any(|one| one.action == "sns:Publish");
        assert_eq!(sends, *function == "FallbackTimer", "{function}");
    }
    let mut found = Vec::new();
    statements(template.whole("FallbackTimerRole"), &mut found);
    let denied = found.iter().any(|one| {
        one["Effect"] == "Deny"
            && one["Action"] == "sns:Publish"
            && template.resolve(&one["Resource"]).ends_with(":sns:*:*:*")
    });
    assert!(denied, "topics and endpoints are not taken out");
}
