//! Parameters say what they are for and refuse what cannot be meant.

use serde_yaml_ng::Value;

use crate::template::Template;

#[test]
fn every_parameter_is_described_bounded_and_in_a_group() {
    let template = Template::read();
    let groups = &template.yaml["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let grouped: Vec<&Value> = groups
        .as_sequence()
        .unwrap()
        .iter()
        .flat_map(|group| group["Parameters"].as_sequence().unwrap())
        .collect();
    let parameters = template.yaml["Parameters"].as_mapping().unwrap();
    for (name, parameter) in parameters {
        let name = name.as_str().unwrap();
        let described = parameter["Description"].as_str().unwrap_or_default();
        assert!(described.len() > 20, "{name} says nothing of itself");
        assert!(
            !parameter["Default"].is_null(),
            "{name}: a first deployment has to know it"
        );
        assert_eq!(
            grouped.iter().filter(|one| **one == name).count(),
            1,
            "{name} in the groups"
        );
        // An item of a list cannot be bounded by a template.
        if parameter["Type"] == "CommaDelimitedList" {
            continue;
        }
        let bounds = ["AllowedValues", "AllowedPattern", "MaxValue"];
        assert!(
            bounds.iter().any(|bound| !parameter[*bound].is_null()),
            "{name} takes anything"
        );
        assert_eq!(
            parameter["AllowedPattern"].is_null(),
            parameter["ConstraintDescription"].is_null(),
            "{name}: a pattern is refused in words"
        );
    }
    assert_eq!(
        grouped.len(),
        parameters.len(),
        "a group names no parameter"
    );
}

#[test]
fn data_stays_in_the_allowed_regions_and_live_takes_no_sandbox() {
    let template = Template::read();
    let rules = &template.yaml["Rules"];
    let asserted = |rule: &str| serde_yaml_ng::to_string(&rules[rule]).unwrap();
    let region = asserted("RegionIsAllowed");
    assert!(region.contains("AllowedRegions") && region.contains("AWS::Region"));
    assert!(rules["RegionIsAllowed"]["RuleCondition"].is_null());
    assert_eq!(
        template.yaml["Parameters"]["AllowedRegions"]["Default"],
        "sa-east-1"
    );
    let sandbox = asserted("SandboxIsNotLive");
    assert!(sandbox.contains("Stage") && sandbox.contains("live") && sandbox.contains("Sandbox"));
    assert_eq!(template.yaml["Parameters"]["Sandbox"]["Default"], "off");
    // Nothing copies itself to another region.
    for kind in [
        "AWS::DynamoDB::Table",
        "AWS::SecretsManager::Secret",
        "AWS::KMS::Key",
    ] {
        for (id, properties) in template.resources(kind) {
            for away in ["Replicas", "ReplicaRegions", "MultiRegion"] {
                assert!(properties[away].is_null(), "{id}: {away}");
            }
        }
    }
    assert!(!template.text.contains("AWS::DynamoDB::GlobalTable"));
}

#[test]
fn an_api_that_asks_for_client_certificates_has_no_other_address() {
    let template = Template::read();
    let apis = template.resources("AWS::Serverless::HttpApi");
    for (api, domain, off_with) in [
        ("BankApi", "BankDomain", "HasBankDomain"),
        ("WebhookApi", "WebhookDomain", "HasWebhookTruststore"),
    ] {
        let off = serde_yaml_ng::to_string(&apis[api]["DisableExecuteApiEndpoint"]).unwrap();
        assert!(off.contains(off_with), "{api}: {off}");
        let properties = &template.whole(domain)["Properties"];
        let trust = serde_yaml_ng::to_string(&properties["MutualTlsAuthentication"]).unwrap();
        assert!(trust.contains("TruststoreUri"), "{domain}: {trust}");
        assert_eq!(
            template.resolve(&template.whole(&format!("{domain}Mapping"))["Properties"]["ApiId"]),
            api
        );
    }
}

#[test]
fn an_access_log_names_a_route_and_nobody() {
    let template = Template::read();
    for (api, properties) in template.resources("AWS::Serverless::HttpApi") {
        let log = &properties["AccessLogSettings"];
        let format = template.resolve(&log["Format"]);
        let wrong = ["path", "ip", "Ip", "query", "header", "userAgent", "claims"];
        for word in wrong {
            assert!(
                !format.contains(&format!("${word}")) && !format.contains(&format!(".{word}")),
                "{api} logs {word}"
            );
        }
        assert!(format.contains("$context.routeKey"), "{api}");
        assert!(!log["DestinationArn"].is_null(), "{api}");
        let settings = &properties["DefaultRouteSettings"];
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            assert!(!settings[limit].is_null(), "{api} has no {limit}");
        }
    }
}
