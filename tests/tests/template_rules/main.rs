//! What must hold of `infra/template.yaml`, read as text and as YAML, without the local stack's reader:
//! a mistake that both share would hide here.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read what it judges has failed"
)]

mod alarms;
mod keys;
mod parameters;
mod permissions;
mod releases;
mod template;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recado_runtime::{ConfigError, Env};
use serde_yaml_ng::Value;
use template::{Template, binary_of, listed, resource_of, root};

/// The longest that SQS keeps a message.
const FOURTEEN_DAYS: u64 = 14 * 24 * 60 * 60;
/// API Gateway's limit for an answer of an HTTP API.
const GATEWAY_LIMIT: Duration = Duration::from_secs(30);
/// The banks' routes and their scopes, as the API's description has them.
const ROUTES: &[(&str, &str, &str)] = &[
    ("POST", "/v1/notifications", "notifications.write"),
    ("GET", "/v1/notifications", "notifications.read"),
    ("POST", "/v1/notifications/preview", "notifications.write"),
    ("GET", "/v1/notifications/{id}", "notifications.read"),
    (
        "POST",
        "/v1/notifications/{id}/cancel",
        "notifications.write",
    ),
    ("POST", "/v1/media", "notifications.write"),
    ("POST", "/v1/consents", "consents.write"),
    ("POST", "/v1/consents/imports", "consents.write"),
    ("POST", "/v1/consents/lookup", "consents.read"),
    ("GET", "/v1/consents/{recipient}", "consents.read"),
    ("GET", "/v1/consents/{recipient}/history", "consents.read"),
    ("GET", "/v1/consents/{recipient}/export", "consents.read"),
    ("POST", "/v1/consents/{recipient}/erase", "consents.write"),
    ("GET", "/v1/templates", "templates.read"),
    ("POST", "/v1/templates", "templates.write"),
    ("GET", "/v1/templates/{name}", "templates.read"),
    (
        "POST",
        "/v1/templates/{name}/versions/{version}/submit",
        "templates.write",
    ),
];

#[test]
fn every_work_queue_has_a_dead_letter_queue_and_a_consumer_that_reports_partial_failures() {
    let template = Template::read();
    let events = template.events("SQS");
    let mut owners = BTreeMap::new();
    for (queue, dead_letters) in template.work_queues() {
        let other = owners.insert(dead_letters.clone(), queue);
        assert_eq!(other, None, "{dead_letters} serves two queues");
        let consumers: Vec<_> = events
            .iter()
            .filter(|(.., event)| resource_of(&template.resolve(&event["Queue"])) == queue)
            .collect();
        assert_eq!(consumers.len(), 1, "consumers of {queue}");
        for (function, event, properties) in consumers {
            let types = listed(&properties["FunctionResponseTypes"]);
            assert!(
                types.iter().any(|kind| *kind == "ReportBatchItemFailures"),
                "{function}.{event} fails its whole batch for one record"
            );
        }
    }
}

#[test]
fn a_message_stays_invisible_for_at_least_six_times_its_consumers_timeout() {
    let template = Template::read();
    let (queues, functions) = (template.resources("AWS::SQS::Queue"), template.functions());
    for (function, event, properties) in template.events("SQS") {
        let queue = template.resolve(&properties["Queue"]);
        let visibility = template.seconds(&queues[resource_of(&queue)]["VisibilityTimeout"]);
        let timeout = template.seconds(&functions[function]["Timeout"]);
        assert!(
            visibility >= 6 * timeout,
            "{function}.{event}: {visibility} s for {timeout} s"
        );
    }
}

#[test]
fn a_dead_letter_stays_for_fourteen_days_and_longer_than_in_its_work_queue() {
    let template = Template::read();
    let queues = template.resources("AWS::SQS::Queue");
    for (queue, dead_letters) in template.work_queues() {
        let kept = |id: &str| template.seconds(&queues[id]["MessageRetentionPeriod"]);
        assert_eq!(kept(&dead_letters), FOURTEEN_DAYS, "{dead_letters}");
        // A message's age counts from when it was first sent, also in the dead-letter queue.
        assert!(kept(queue) < FOURTEEN_DAYS, "{queue}");
    }
}

#[test]
fn each_functions_variables_are_exactly_those_its_settings_read() {
    type Read = fn(&dyn Env) -> Result<(), ConfigError>;
    let functions: [(&str, Read); 8] = [
        ("notification-api", |env| {
            notification_api::Config::from_env(env).map(drop)
        }),
        ("outbound-sender", |env| {
            outbound_sender::Config::from_env(env).map(drop)
        }),
        ("webhook-receiver", |env| {
            webhook_receiver::Config::from_env(env).map(drop)
        }),
        ("fallback-timer", |env| {
            fallback_timer::Config::from_env(env).map(drop)
        }),
        ("media-api", |env| {
            media_api::Config::from_env(env).map(drop)
        }),
        ("consent-api", |env| {
            consent_api::Config::from_env(env).map(drop)
        }),
        ("template-api", |env| {
            template_api::Config::from_env(env).map(drop)
        }),
        ("sandbox", |env| sandbox::Config::from_env(env).map(drop)),
    ];
    let template = Template::read();
    let known: BTreeSet<&str> = functions.iter().map(|(binary, _)| *binary).collect();
    let resources = template.yaml["Resources"].as_mapping().unwrap();
    let deployed = resources
        .values()
        .map(binary_of)
        .filter(|binary| !binary.is_empty())
        .collect();
    assert_eq!(
        known, deployed,
        "functions of this test and of the template"
    );

    // Logs and metrics start before there are settings, so what they need is read apart from them; the last
    // one is the C library's.
    let shared = template.yaml["Globals"]["Function"]["Environment"]["Variables"]
        .as_mapping()
        .unwrap();
    let shared: Vec<&str> = shared.keys().filter_map(Value::as_str).collect();
    assert_eq!(shared, ["LOG_LEVEL", "STACK_NAME", "GLIBC_TUNABLES"]);

    for (binary, read) in functions {
        let variables = template.function_of(binary)["Environment"]["Variables"]
            .as_mapping()
            .unwrap();
        let given: BTreeMap<&str, String> = variables
            .iter()
            .map(|(name, value)| (name.as_str().unwrap(), template.resolve(value)))
            .collect();
        let asked = RefCell::new(BTreeSet::new());
        let env = |name: &str| {
            if name.starts_with("AWS_") {
                return Some("set by Lambda".to_owned());
            }
            asked.borrow_mut().insert(name.to_owned());
            given.get(name).cloned()
        };
        let outcome = read(&env);
        let given: BTreeSet<String> = given.keys().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            given,
            asked.into_inner(),
            "variables of {binary}: given, and asked for"
        );
        // So the defaults of the parameters start every function, the order of its time limits included.
        assert_eq!(outcome, Ok(()), "{binary}");
    }
}

#[test]
fn the_time_limits_are_in_their_order() {
    let template = Template::read();
    let of = |parameter| template.duration(parameter);
    for (function, visibility) in [
        ("SenderFunctionTimeout", "LaneVisibility"),
        ("TimerFunctionTimeout", "FallbackVisibility"),
    ] {
        let limits = [of("PostTimeout"), of(function), of("Lease"), of(visibility)];
        assert!(
            limits.is_sorted_by(|shorter, longer| shorter < longer),
            "{function}: {limits:?}"
        );
    }
    assert!(of("PostTimeout") + of("RetryWindow") < of("SenderFunctionTimeout"));
    assert!(of("SmsTimeout") < of("TimerFunctionTimeout"));
    for (function, event, _) in template.events("HttpApi") {
        let timeout =
            Duration::from_secs(template.seconds(&template.functions()[function]["Timeout"]));
        assert!(
            timeout < GATEWAY_LIMIT,
            "{function}.{event} would be cut off by the gateway"
        );
    }
}

#[test]
fn every_bank_route_asks_for_a_token_with_its_scope_and_the_webhook_for_none() {
    let template = Template::read();
    let apis = template.resources("AWS::Serverless::HttpApi");
    let auth = &apis["BankApi"]["Auth"];
    assert_eq!(auth["DefaultAuthorizer"], "BankTokens");
    for claim in ["issuer", "audience"] {
        assert!(
            !auth["Authorizers"]["BankTokens"]["JwtConfiguration"][claim].is_null(),
            "{claim} is not checked"
        );
    }
    assert!(apis["WebhookApi"]["Auth"].is_null(), "Meta has no token");

    let mut banks = BTreeSet::new();
    for (function, event, properties) in template.events("HttpApi") {
        let (method, path) = (
            template.resolve(&properties["Method"]),
            template.resolve(&properties["Path"]),
        );
        match template.resolve(&properties["ApiId"]).as_str() {
            "WebhookApi" => {
                assert_eq!(path, "/v1/webhooks/whatsapp");
                assert!(properties["Auth"].is_null(), "{function}.{event}");
            }
            "BankApi" => {
                assert_eq!(
                    properties["Auth"]["Authorizer"], "BankTokens",
                    "{function}.{event}"
                );
                let scopes = template.resolve(&properties["Auth"]["AuthorizationScopes"]);
                banks.insert((method, path, scopes));
            }
            // Its function asks for tokens itself: Meta's own, which no authorizer knows.
            "SandboxApi" => {
                assert_eq!(function, "SandboxFunction");
                assert!(path.starts_with("/sandbox/"), "{path}");
            }
            other => panic!("{function}.{event} belongs to {other}"),
        }
    }
    // Cognito prints a scope behind its resource server's name; either spelling is the same scope.
    let expected = ROUTES.iter().map(|(method, path, scope)| {
        (
            (*method).to_owned(),
            (*path).to_owned(),
            format!("{scope},recado/{scope}"),
        )
    });
    assert_eq!(banks, expected.collect());
}

#[test]
fn the_sandbox_is_no_part_of_live_and_nothing_of_it_is_there_unless_asked_for() {
    let template = Template::read();
    let parameter = &template.yaml["Parameters"]["Sandbox"];
    assert_eq!(parameter["Default"], "off");
    assert_eq!(
        template.resolve(&parameter["AllowedValues"]),
        "on,off",
        "texts, not YAML's truths"
    );
    let rule = &template.yaml["Rules"]["SandboxIsNotLive"];
    let says = |condition: &Value, expected: [&str; 2]| {
        let Value::Tagged(tagged) = condition else {
            panic!("{condition:?}");
        };
        let Value::Tagged(parameter) = &tagged.value[0] else {
            panic!("{condition:?}");
        };
        let said = [&parameter.value, &tagged.value[1]].map(|word| word.as_str().unwrap());
        assert_eq!(
            (tagged.tag.to_string().as_str(), said),
            ("!Equals", expected)
        );
    };
    says(&rule["RuleCondition"], ["Stage", "live"]);
    says(&rule["Assertions"][0]["Assert"], ["Sandbox", "off"]);
    for (id, resource) in template.yaml["Resources"].as_mapping().unwrap() {
        let id = id.as_str().unwrap();
        let conditional = resource["Condition"] == "HasSandbox";
        assert_eq!(conditional, id.starts_with("Sandbox"), "{id}");
    }
    for (function, asked) in [
        ("outbound-sender", "SANDBOX_URL"),
        ("fallback-timer", "SANDBOX_URL"),
    ] {
        let variables = &template.function_of(function)["Environment"]["Variables"];
        assert_eq!(template.resolve(&variables[asked]), "", "{function}");
    }
}

#[test]
fn the_contract_for_banks_names_the_same_routes_and_scopes() {
    let text = std::fs::read_to_string(root().join("docs/openapi.yaml")).unwrap();
    let contract: Value = serde_yaml_ng::from_str(&text).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in contract["paths"].as_mapping().unwrap() {
        let path = path.as_str().unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            let security = &operations[method]["security"];
            let scopes = security
                .as_sequence()
                .into_iter()
                .flatten()
                .flat_map(|one| listed(&one["oauth2"]));
            for scope in scopes {
                described.insert((method.to_uppercase(), path, scope.as_str().unwrap()));
            }
        }
    }
    let expected = ROUTES
        .iter()
        .map(|(method, path, scope)| ((*method).to_owned(), *path, *scope));
    assert_eq!(described, expected.collect());
}

/// Half of it would be two tables in use at once, each with claims of its own.
#[test]
fn a_restored_table_is_followed_by_every_function_and_every_role() {
    let template = Template::read();
    let lines = |beginning: &str| -> Vec<&str> {
        let lines = template.text.lines().map(str::trim);
        lines.filter(|line| line.starts_with(beginning)).collect()
    };
    let variables = lines("TABLE_NAME:");
    assert!(!variables.is_empty());
    for line in variables {
        let expected = "TABLE_NAME: !If [HasRestoredTable, !Ref RestoredTable, !Ref Table]";
        assert_eq!(line, expected);
    }
    let resources: Vec<&str> = lines("Resource:")
        .into_iter()
        .filter(|line| line.contains("Table"))
        .collect();
    assert!(!resources.is_empty());
    for line in resources {
        assert!(
            line.starts_with("Resource: !If [HasRestoredTable, ")
                && line.contains(":table/${RestoredTable}"),
            "{line}"
        );
    }
}

#[test]
fn the_table_can_be_restored_forgets_by_itself_and_streams() {
    let template = Template::read();
    let tables = template.resources("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 1, "there is one table");
    for table in tables.values() {
        assert_eq!(
            table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
            true
        );
        assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], "ttl");
        assert_eq!(table["TimeToLiveSpecification"]["Enabled"], true);
        assert_eq!(
            table["StreamSpecification"]["StreamViewType"],
            "NEW_AND_OLD_IMAGES"
        );
        assert_eq!(table["DeletionProtectionEnabled"], true);
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    }
}
