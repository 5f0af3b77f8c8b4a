//! How a new version takes over, and which stages there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::root;
use crate::template::{Template, listed, resource_of};

/// The values that a stage gives to parameters.
fn stages() -> BTreeMap<String, (toml::Table, Vec<String>)> {
    let text = std::fs::read_to_string(root().join("samconfig.toml")).unwrap();
    let config: toml::Table = text.parse().unwrap();
    let mut stages = BTreeMap::new();
    for (stage, commands) in config {
        let Some(deploy) = commands.get("deploy") else {
            assert_eq!(stage, "version", "{stage} cannot be deployed");
            continue;
        };
        let mut settings = deploy["parameters"].as_table().unwrap().clone();
        settings.extend(commands["global"]["parameters"].as_table().unwrap().clone());
        let values = settings["parameter_overrides"].as_array().unwrap();
        let values = values.iter().map(|one| one.as_str().unwrap().to_owned());
        let values = values.collect();
        stages.insert(stage, (settings, values));
    }
    stages
}

#[test]
fn there_are_three_stages_and_live_asks_before_it_changes_anything() {
    let template = Template::read();
    let stages = stages();
    let names: Vec<&str> = stages.keys().map(String::as_str).collect();
    assert_eq!(names, ["default", "live", "staging"]);
    let mut stacks = BTreeMap::new();
    for (name, (settings, values)) in &stages {
        let stack = settings["stack_name"].as_str().unwrap();
        let other = stacks.insert(stack, name);
        assert_eq!(other, None, "{stack} is two stages'");
        assert_eq!(settings["region"].as_str(), Some("sa-east-1"), "{name}");
        let value = |parameter: &str| {
            let prefix = format!("{parameter}=");
            values.iter().find_map(|one| one.strip_prefix(&prefix))
        };
        for one in values {
            let parameter = one.split('=').next().unwrap();
            let known = &template.yaml["Parameters"][parameter];
            assert!(
                !known.is_null(),
                "{name}: there is no parameter {parameter}"
            );
        }
        let live = name == "live";
        assert_eq!(value("Stage") == Some("live"), live, "{name}");
        assert_eq!(value("Sandbox") == Some("off"), live, "{name}");
        assert_eq!(
            settings["confirm_changeset"].as_bool(),
            Some(live),
            "{name}"
        );
        let shift = value("Shift").unwrap_or_default();
        assert_eq!(
            shift.contains("Canary"),
            name != "default",
            "{name}: {shift}"
        );
    }
}

/// The parameters that a function's own properties depend on, through conditions too. Its events, its role
/// and how it takes over are other resources.
fn parameters_of_functions(template: &Template) -> BTreeSet<String> {
    let without = |properties: &Value| {
        let mut own = properties.as_mapping().unwrap().clone();
        for other in ["DeploymentPreference", "Events", "Role"] {
            own.remove(other);
        }
        serde_yaml_ng::to_string(&own).unwrap()
    };
    let mut text = without(&template.yaml["Globals"]["Function"]);
    text.extend(template.functions().values().map(|one| without(one)));
    let mentions = |text: &str, name: &str| {
        text.split(|letter: char| !letter.is_alphanumeric())
            .any(|word| word == name)
    };
    for (name, condition) in template.yaml["Conditions"].as_mapping().unwrap() {
        if mentions(&text, name.as_str().unwrap()) {
            text += &serde_yaml_ng::to_string(condition).unwrap();
        }
    }
    let parameters = template.yaml["Parameters"].as_mapping().unwrap();
    let names = parameters.keys().map(|name| name.as_str().unwrap());
    let used: BTreeSet<String> = names
        .filter(|name| mentions(&text, name))
        .map(str::to_owned)
        .collect();
    assert!(used.contains("LogLevel") && used.contains("Lease"));
    assert!(!used.contains("JwtAudience"));
    used
}

/// SAM publishes a version when a function changes in the template, and sees no parameter's value: the
/// alias would go on with the old one, silently.
#[test]
fn a_changed_value_of_a_stage_publishes_new_versions() {
    let template = Template::read();
    let used = parameters_of_functions(&template);
    let values: Vec<String> = stages()
        .into_iter()
        .map(|(stage, (_, mut values))| {
            values.retain(|one| used.contains(one.split('=').next().unwrap()));
            values.sort();
            format!("{stage}: {}", values.join(" "))
        })
        .collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, values.join("\n").as_bytes());
    let digest = data_encoding::HEXLOWER.encode(&digest.as_ref()[..4]);
    assert_eq!(
        template.yaml["Globals"]["Function"]["Description"],
        format!("Recado, settings {digest}"),
        "samconfig.toml gives functions other values: write the new digest into Globals.Function.Description"
    );
    for (function, properties) in template.functions() {
        assert_eq!(
            properties["AutoPublishAliasAllProperties"], true,
            "{function}"
        );
        assert!(properties["Description"].is_null(), "{function}");
    }
}

#[test]
fn every_function_is_called_by_its_alias_and_goes_back_when_it_fails() {
    let template = Template::read();
    let shared = &template.yaml["Globals"]["Function"];
    assert_eq!(shared["AutoPublishAlias"], "live");
    assert_eq!(
        template.resolve(&shared["DeploymentPreference"]["Role"]),
        "ShiftRole.Arn"
    );
    let shift = &shared["DeploymentPreference"]["Type"];
    assert_eq!(
        template.resolve(shift),
        "CodeDeployDefault.LambdaAllAtOnce",
        "the default of Shift"
    );
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    for (function, properties) in template.functions() {
        let own = serde_yaml_ng::to_value(&properties["DeploymentPreference"]["Alarms"]).unwrap();
        let Value::Tagged(choice) = &own else {
            panic!("{function}: nothing takes a new version back");
        };
        assert_eq!(choice.value[0], "RollsBackOnAlarm", "{function}");
        let watched: Vec<String> = listed(&choice.value[1])
            .into_iter()
            .map(|alarm| template.resolve(alarm))
            .collect();
        for alarm in &watched {
            assert!(
                alarms.contains_key(resource_of(alarm)),
                "{function}: there is no alarm {alarm}"
            );
        }
        assert!(watched.contains(&format!("{function}Errors")), "{function}");
        assert!(watched.len() > 1, "{function}: errors are not all");
    }
}
