//! What must not happen unseen is watched, and whoever is woken finds what to do.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::root;
use crate::template::{Template, listed, resource_of};

/// Metrics that wake nobody, each with its reason. The dashboard and `docs/LOGGING.md` have them.
const NOT_WATCHED: [(&str, &str); 5] = [
    (
        "Accepted",
        "a quiet hour looks like a bank's outage; the bank knows which it is",
    ),
    (
        "FallbackRepeated",
        "it follows UncertainFallback, which is watched",
    ),
    (
        "OutsideWindow",
        "a reply a day late: the switches' own history says why",
    ),
    (
        "ReceiptUnknown",
        "a number shared with another system; nothing of ours is lost",
    ),
    (
        "WindowRefused",
        "the window is mended by the refusal itself",
    ),
];

/// The metrics of AWS's that alarms and dashboard use, by namespace.
const OF_AWS: [(&str, &[&str]); 4] = [
    ("AWS/ApiGateway", &["4xx", "5xx", "Count"]),
    (
        "AWS/DynamoDB",
        &["ReadThrottleEvents", "WriteThrottleEvents"],
    ),
    ("AWS/Lambda", &["Errors", "Throttles"]),
    (
        "AWS/SQS",
        &[
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
            "NumberOfMessagesDeleted",
        ],
    ),
];

/// One metric as an alarm asks for it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    namespace: String,
    name: String,
    dimensions: Vec<(String, String)>,
}

fn asked(template: &Template, metric: &Value) -> Asked {
    let dimensions = listed(&metric["Dimensions"])
        .into_iter()
        .map(|one| {
            let (name, value) = (&one["Name"], template.resolve(&one["Value"]));
            (
                name.as_str().unwrap().to_owned(),
                resource_of(&value).to_owned(),
            )
        })
        .collect();
    Asked {
        namespace: template.resolve(&metric["Namespace"]),
        name: template.resolve(&metric["MetricName"]),
        dimensions,
    }
}

/// Every alarm with the metrics that it watches.
fn alarms(template: &Template) -> BTreeMap<&str, Vec<Asked>> {
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let watched = alarms.into_iter().map(|(id, alarm)| {
        let mut metrics: Vec<Asked> = listed(&alarm["Metrics"])
            .into_iter()
            .filter(|one| !one["MetricStat"].is_null())
            .map(|one| asked(template, &one["MetricStat"]["Metric"]))
            .collect();
        if !alarm["MetricName"].is_null() {
            metrics.push(asked(template, alarm));
        }
        assert!(!metrics.is_empty(), "{id} watches nothing");
        (id, metrics)
    });
    watched.collect()
}

/// Fails unless some alarm watches this metric of this resource.
fn watched(template: &Template, namespace: &str, name: &str, dimension: &str, resource: &str) {
    let wanted = Asked {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: vec![(dimension.to_owned(), resource.to_owned())],
    };
    let alarms = alarms(template);
    assert!(
        alarms.values().any(|metrics| metrics.contains(&wanted)),
        "no alarm on {name} of {resource}"
    );
}

/// The names of the metrics that the functions write: those of the one enum.
fn ours() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("shared/runtime/src/metrics.rs")).unwrap();
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""))
        // A metric carries nothing; what carries a value is something else.
        .filter(|(name, _)| !name.contains('('))
        .map(|(_, rest)| rest.trim_end_matches("\",").to_owned())
        .collect();
    assert!(names.contains("Submitted"), "the enum is written otherwise");
    names
}

#[test]
fn every_queue_that_is_worked_on_has_an_alarm_on_its_age_and_every_other_one_on_its_letters() {
    let template = Template::read();
    for (queue, dead_letters) in template.work_queues() {
        let age = "ApproximateAgeOfOldestMessage";
        watched(&template, "AWS/SQS", age, "QueueName", queue);
        let letters = "ApproximateNumberOfMessagesVisible";
        watched(&template, "AWS/SQS", letters, "QueueName", &dead_letters);
    }
}

/// What a bank was promised in seconds: a code, a notice, an SMS. A campaign may take its time.
#[test]
fn a_lane_that_is_behind_is_heard_of_before_its_messages_are_old() {
    let template = Template::read();
    for queue in ["StandardQueue", "FallbackQueue"] {
        let done = "NumberOfMessagesDeleted";
        watched(&template, "AWS/SQS", done, "QueueName", queue);
    }
    let alarms = alarms(&template);
    for lane in ["critical", "standard"] {
        let slow = |metric: &Asked| {
            let lane = ("Lane".to_owned(), lane.to_owned());
            metric.name == "AcceptToSubmit" && metric.dimensions.contains(&lane)
        };
        assert!(
            alarms.values().flatten().any(slow),
            "nobody hears of a slow {lane} lane"
        );
    }
}

#[test]
fn the_dashboard_shows_every_queue_function_api_and_table() {
    let template = Template::read();
    let dashboards = template.resources("AWS::CloudWatch::Dashboard");
    let bodies: String = dashboards
        .values()
        .map(|one| template.resolve(&one["DashboardBody"]))
        .collect();
    for kind in [
        "AWS::SQS::Queue",
        "AWS::Serverless::Function",
        "AWS::Serverless::HttpApi",
        "AWS::DynamoDB::Table",
    ] {
        for id in template.resources(kind).keys() {
            // A dashboard cannot name what a condition may leave out; its alarms do.
            if template.whole(id)["Condition"] == "HasSandbox" {
                continue;
            }
            let shown = [format!("\"{id}\""), format!("\"{id}.QueueName\"")];
            assert!(
                shown.iter().any(|name| bodies.contains(name)),
                "{id} is not on the dashboard"
            );
        }
    }
}

#[test]
fn every_function_has_alarms_on_its_errors_and_throttles_and_a_log_that_is_kept_and_sealed() {
    let template = Template::read();
    let groups = template.resources("AWS::Logs::LogGroup");
    for (function, properties) in template.functions() {
        for metric in ["Errors", "Throttles"] {
            watched(&template, "AWS/Lambda", metric, "FunctionName", function);
        }
        let group = template.resolve(&properties["LoggingConfig"]["LogGroup"]);
        let group = groups
            .get(group.as_str())
            .unwrap_or_else(|| panic!("{function} has no log group"));
        assert!(!group["RetentionInDays"].is_null(), "{function}");
        assert!(!group["KmsKeyId"].is_null(), "{function}");
    }
    assert_eq!(
        template.yaml["Globals"]["Function"]["LoggingConfig"]["LogFormat"],
        "JSON"
    );
    for api in template.resources("AWS::Serverless::HttpApi").keys() {
        watched(&template, "AWS/ApiGateway", "5xx", "ApiId", api);
    }
}

#[test]
fn every_metric_that_should_wake_somebody_is_watched() {
    let template = Template::read();
    let alarms = alarms(&template);
    let seen: BTreeSet<&str> = alarms
        .values()
        .flatten()
        .filter(|metric| metric.namespace == "Recado")
        .map(|metric| metric.name.as_str())
        .collect();
    for metric in ours() {
        let excused = NOT_WATCHED.iter().any(|(name, _)| *name == metric);
        assert_ne!(
            seen.contains(metric.as_str()),
            excused,
            "{metric} must be watched, or excused with a reason: not both"
        );
    }
}

/// An alarm on a metric that nobody writes is quiet for ever.
#[test]
fn alarms_and_dashboard_name_metrics_that_exist() {
    let template = Template::read();
    let ours = ours();
    let exists = |namespace: &str, name: &str| {
        let aws = OF_AWS.iter().find(|(known, _)| *known == namespace);
        match aws {
            Some((_, names)) => names.contains(&name),
            None => namespace == "Recado" && ours.contains(name),
        }
    };
    let mut missing = BTreeSet::new();
    for (id, metrics) in alarms(&template) {
        for metric in metrics {
            if !exists(&metric.namespace, &metric.name) {
                missing.insert(format!("{id}: {} of {}", metric.name, metric.namespace));
            }
            if metric.namespace == "Recado" {
                let of = &metric.dimensions[0];
                let stack = ("Stack".to_owned(), "AWS::StackName".to_owned());
                assert_eq!(*of, stack, "{id} watches every deployment");
                let more: Vec<&str> = metric.dimensions[1..]
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect();
                let lane: &[&str] = if metric.name == "AcceptToSubmit" {
                    &["Lane"]
                } else {
                    &[]
                };
                assert_eq!(more, lane, "{id}");
            }
        }
    }
    for dashboard in template.resources("AWS::CloudWatch::Dashboard").values() {
        let body: serde_json::Value =
            serde_json::from_str(&template.resolve(&dashboard["DashboardBody"])).unwrap();
        for widget in body["widgets"].as_array().unwrap() {
            let metrics = widget["properties"]["metrics"].as_array();
            for metric in metrics.into_iter().flatten() {
                let (Some(namespace), Some(name)) = (metric[0].as_str(), metric[1].as_str()) else {
                    continue;
                };
                if !exists(namespace, name) {
                    missing.insert(format!("dashboard: {name} of {namespace}"));
                }
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn every_alarm_tells_somebody_and_says_where_the_runbook_has_it() {
    let template = Template::read();
    let runbook = std::fs::read_to_string(root().join("docs/RUNBOOK.md")).unwrap();
    let section = runbook.split("\n## ").find(|one| one.starts_with("Alarms"));
    let entries: BTreeSet<&str> = section
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let mut used = BTreeSet::new();
    for (id, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let actions: Vec<String> = listed(&alarm["AlarmActions"])
            .into_iter()
            .map(|action| template.resolve(action))
            .collect();
        assert_eq!(actions, ["AlarmTopic"], "{id} tells nobody");
        assert!(
            !alarm["TreatMissingData"].is_null(),
            "{id}: what silence means is said"
        );
        let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let (_, entry) = description
            .split_once("Runbook: ")
            .unwrap_or_else(|| panic!("{id} names no entry of the runbook"));
        let known = entries.get(entry);
        used.insert(*known.unwrap_or_else(|| panic!("{id}: the runbook has no \"{entry}\"")));
    }
    assert_eq!(entries, used, "entries of the runbook that no alarm names");
}

#[test]
fn the_topic_takes_what_cloudwatch_says() {
    let template = Template::read();
    let may = |resource: &str, action: &str| {
        let mut found = Vec::new();
        crate::template::statements(template.whole(resource), &mut found);
        found.iter().any(|one| {
            one["Effect"] == "Allow"
                && one["Principal"]["Service"] == "cloudwatch.amazonaws.com"
                && listed(&one["Action"])
                    .iter()
                    .any(|allowed| **allowed == action)
        })
    };
    assert!(may("AlarmTopicPolicy", "sns:Publish"));
    // Without these an alarm on a sealed topic is dropped, and nothing says so.
    for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
        assert!(may("QueueKey", action), "{action}");
    }
}
