//! The template as a deployment with its parameters' defaults has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use recado_runtime::parse_duration;
use serde_yaml_ng::Value;

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The template: its text, and what YAML makes of it.
pub(crate) struct Template {
    pub(crate) text: String,
    pub(crate) yaml: Value,
}

/// One action that a role allows on one resource.
#[derive(Debug)]
pub(crate) struct Permission {
    pub(crate) action: String,
    /// The logical id, or what stands there.
    pub(crate) resource: String,
    /// The partitions of the table that it is bound to.
    pub(crate) keys: Vec<String>,
}

impl Template {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(root().join("infra/template.yaml")).unwrap();
        let yaml = serde_yaml_ng::from_str(&text).unwrap();
        Self { text, yaml }
    }

    /// Every resource of a type, by logical id; there is at least one.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.yaml["Resources"].as_mapping().unwrap();
        let found: BTreeMap<&str, &Value> = resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"]))
            .collect();
        assert!(!found.is_empty(), "no {kind}");
        found
    }

    /// A type's resources as they stand: with their condition and what becomes of them when the stack goes.
    pub(crate) fn whole(&self, id: &str) -> &Value {
        let resource = &self.yaml["Resources"][id];
        assert!(resource.is_mapping(), "there is no resource {id}");
        resource
    }

    pub(crate) fn functions(&self) -> BTreeMap<&str, &Value> {
        self.resources("AWS::Serverless::Function")
    }

    /// Every event of a type: the function's logical id, the event's, and its properties.
    pub(crate) fn events(&self, kind: &str) -> Vec<(&str, &str, &Value)> {
        let mut found = Vec::new();
        for (function, properties) in self.functions() {
            let Some(events) = properties["Events"].as_mapping() else {
                continue;
            };
            for (event, body) in events.iter().filter(|(_, body)| body["Type"] == kind) {
                found.push((function, event.as_str().unwrap(), &body["Properties"]));
            }
        }
        assert!(!found.is_empty(), "no event of type {kind}");
        found
    }

    /// A value as a deployment with the parameters' defaults has it; a resource stands as its logical id.
    pub(crate) fn resolve(&self, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Sequence(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.resolve(part)).collect();
                parts.join(",")
            }
            Value::Tagged(tagged) => match tagged.tag.to_string().as_str() {
                "!Ref" => self.named(&self.resolve(&tagged.value)),
                "!GetAtt" => self.resolve(&tagged.value),
                "!Sub" => self.substitute(&self.resolve(&tagged.value)),
                "!Join" => {
                    let separator = self.resolve(&tagged.value[0]);
                    let parts = tagged.value[1].as_sequence().unwrap();
                    let parts: Vec<String> = parts.iter().map(|part| self.resolve(part)).collect();
                    parts.join(&separator)
                }
                other => panic!("{other} is not read here"),
            },
            Value::Mapping(_) | Value::Null => panic!("not a plain value: {value:?}"),
        }
    }

    fn named(&self, name: &str) -> String {
        let parameter = &self.yaml["Parameters"][name];
        if parameter.is_null() {
            return name.to_owned();
        }
        self.resolve(&parameter["Default"])
    }

    fn substitute(&self, pattern: &str) -> String {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap();
            text.push_str(before);
            text.push_str(&self.named(name));
            rest = after;
        }
        text + rest
    }

    pub(crate) fn seconds(&self, value: &Value) -> u64 {
        self.resolve(value).parse().unwrap()
    }

    /// A parameter's default as a duration: `8s`, or a number of seconds.
    pub(crate) fn duration(&self, parameter: &str) -> Duration {
        let text = self.named(parameter);
        let seconds = || text.parse().ok().map(Duration::from_secs);
        parse_duration(&text).or_else(seconds).unwrap()
    }

    /// Each queue that is nobody's dead-letter queue, with the dead-letter queue it names.
    pub(crate) fn work_queues(&self) -> BTreeMap<&str, String> {
        let queues = self.resources("AWS::SQS::Queue");
        let dead_letters: BTreeMap<&str, String> = queues
            .iter()
            .filter(|(_, properties)| !properties["RedrivePolicy"].is_null())
            .map(|(id, properties)| {
                let target = self.resolve(&properties["RedrivePolicy"]["deadLetterTargetArn"]);
                (*id, resource_of(&target).to_owned())
            })
            .collect();
        let targets: BTreeSet<&str> = dead_letters.values().map(String::as_str).collect();
        for id in queues.keys() {
            let places = (dead_letters.contains_key(id), targets.contains(id));
            assert!(
                matches!(places, (true, false) | (false, true)),
                "{id} must either have a dead-letter queue or be one"
            );
        }
        dead_letters
    }

    /// What a function may do: the statements of its role.
    pub(crate) fn permissions(&self, function: &str) -> Vec<Permission> {
        let role = self.resolve(&self.functions()[function]["Role"]);
        let policies = &self.whole(resource_of(&role))["Properties"]["Policies"];
        let mut found = Vec::new();
        statements(policies, &mut found);
        let mut permissions = Vec::new();
        for statement in found.iter().filter(|one| one["Effect"] == "Allow") {
            for action in listed(&statement["Action"]) {
                for resource in listed(&statement["Resource"]) {
                    permissions.push(Permission {
                        action: self.resolve(action),
                        resource: resource_of(&self.resolve(resource)).to_owned(),
                        keys: listed(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
                            .into_iter()
                            .map(|key| self.resolve(key))
                            .collect(),
                    });
                }
            }
        }
        assert!(!permissions.is_empty(), "{function} may do nothing");
        permissions
    }

    pub(crate) fn function_of(&self, binary: &str) -> &Value {
        let resources = self.yaml["Resources"].as_mapping().unwrap();
        let mut found = resources
            .values()
            .filter(|resource| binary_of(resource) == binary);
        &found
            .next()
            .unwrap_or_else(|| panic!("no function {binary}"))["Properties"]
    }
}

/// `CriticalQueue` of `CriticalQueue.Arn`.
pub(crate) fn resource_of(attribute: &str) -> &str {
    attribute.split('.').next().unwrap()
}

/// The binary that a function's resource builds; nothing for any other resource.
pub(crate) fn binary_of(resource: &Value) -> &str {
    resource["Metadata"]["BuildProperties"]["Binary"]
        .as_str()
        .unwrap_or_default()
}

/// Every IAM statement within a value, wherever it stands.
pub(crate) fn statements<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Mapping(mapping) => {
            if mapping.contains_key("Effect") {
                found.push(value);
            }
            mapping.values().for_each(|inner| statements(inner, found));
        }
        Value::Sequence(sequence) => sequence.iter().for_each(|inner| statements(inner, found)),
        Value::Tagged(tagged) => statements(&tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text or a list of texts, as IAM takes either.
pub(crate) fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(all) => all.iter().collect(),
        Value::Null => Vec::new(),
        Value::String(_)
        | Value::Tagged(_)
        | Value::Mapping(_)
        | Value::Number(_)
        | Value::Bool(_) => vec![value],
    }
}

/// The comment right above a resource's statement.
pub(crate) fn comment_above<'a>(text: &'a str, resource: &str, sid: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines
        .iter()
        .position(|line| *line == format!("  {resource}:"))
        .unwrap();
    let statement = lines[start..]
        .iter()
        .position(|line| line.trim() == format!("- Sid: {sid}"))
        .unwrap_or_else(|| panic!("{resource} has no statement {sid}"));
    let above = lines[..start + statement].iter().rev();
    above
        .map(|line| line.trim())
        .take_while(|line| line.starts_with('#'))
        .collect()
}
