use super::*;
use std::time::Duration;

const TEMPLATE: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, live] }
  Wait: { Type: Number, Default: 30, MinValue: 1, MaxValue: 900 }
  Audience: { Type: CommaDelimitedList, Default: "a, b" }
Mappings:
  Sizes:
    dev: { memory: 256 }
    live: { memory: 512 }
Conditions:
  IsLive: !Equals [!Ref Stage, live]
  IsDev: !Not [!Condition IsLive]
  Both: !And [!Condition IsLive, !Or [!Condition IsDev, !Condition IsLive]]
Globals:
  Function:
    Timeout: 5
    MemorySize: !FindInMap [Sizes, !Ref Stage, memory]
    Environment:
      Variables:
        TABLE: !Ref Table
        STAGE: !Ref Stage
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-${Stage}"
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: sk, AttributeType: S }
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
        - { AttributeName: sk, KeyType: RANGE }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Dead:
    Type: AWS::SQS::Queue
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Join ["-", [!Ref "AWS::StackName", jobs]]
      DelaySeconds: !If [IsLive, 3, !Ref "AWS::NoValue"]
      VisibilityTimeout: 30
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 4 }
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: { Name: pepper }
  OnlyLive:
    Type: AWS::SQS::Queue
    Condition: Both
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Tokens
        Authorizers:
          Tokens:
            IdentitySource: $request.header.Authorization
            JwtConfiguration:
              issuer: !Sub
                - https://${host}/${Stage}
                - host: !Select [1, !Split ["|", "a|issuer.example"]]
              audience: !Ref Audience
            AuthorizationScopes: [read]
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../functions/notification-api
      Policies:
        - Statement: [{ Effect: Allow, Action: "sqs:*", Resource: !GetAtt Jobs.Arn }]
      Environment:
        Variables:
          QUEUE: !Ref Jobs
          WAIT: !Ref Wait
          SECRET: !Ref Secret
          LITERAL: !Sub "${!kept} ${Jobs.QueueName}"
      Events:
        Create:
          Type: HttpApi
          Properties:
            ApiId: !Ref Api
            Method: post
            Path: /v1/notifications
            Auth: { AuthorizationScopes: [write] }
        Read:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: GET, Path: "/v1/{id}" }
        Health:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: ANY, Path: "/health", Auth: { Authorizer: NONE } }
        Queue:
          Type: SQS
          Properties:
            Queue: !GetAtt Jobs.Arn
            BatchSize: 20
            MaximumBatchingWindowInSeconds: 1
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: { MaximumConcurrency: 4 }
        Nightly:
          Type: Schedule
          Properties: { Schedule: rate(1 day) }
  FunctionNamedByMetadata:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: outbound-sender } }
    Properties: { CodeUri: .., Timeout: 7 }
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: { Dimensions: [{ Name: x, Value: !Ref FunctionRole }] }
"#;

fn deployment(parameters: &[(&str, &str)]) -> Deployment {
    Deployment {
        region: "sa-east-1".into(),
        account_id: "000000000000".into(),
        stack_name: "recado".into(),
        parameters: parameters
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    }
}

fn parsed(text: &str, parameters: &[(&str, &str)]) -> Result<Template> {
    let deployment = deployment(parameters);
    let addresses = Addresses::new(&deployment, "http://sqs.local", "http://door.local");
    parse(text, &deployment, &|r| addresses.resolve(r))
}

fn error(text: &str) -> String {
    format!("{:#}", parsed(text, &[]).unwrap_err())
}

#[test]
fn a_table_keeps_its_keys_and_its_ttl_attribute() {
    let template = parsed(TEMPLATE, &[]).unwrap();
    let table = &template.tables["Table"];
    let key = |name: &str| KeyAttribute {
        name: name.into(),
        kind: "S".into(),
    };
    assert_eq!(table.name, "recado-dev");
    assert_eq!(table.hash_key, key("pk"));
    assert_eq!(table.range_key, Some(key("sk")));
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
}

#[test]
fn a_queue_knows_its_dead_letter_queue_and_its_times() {
    let template = parsed(TEMPLATE, &[("Stage", "live")]).unwrap();
    let jobs = &template.queues["Jobs"];
    assert_eq!(jobs.name, "recado-jobs");
    assert_eq!(jobs.delay, Duration::from_secs(3));
    assert_eq!(jobs.message_retention, Duration::from_secs(4 * 86_400));
    assert_eq!(
        jobs.redrive,
        Some(Redrive {
            target: "Dead".into(),
            max_receive_count: 4
        })
    );
}

#[test]
fn a_property_without_value_and_a_resource_whose_condition_is_false_are_left_out() {
    let dev = parsed(TEMPLATE, &[]).unwrap();
    assert_eq!(dev.queues["Jobs"].delay, Duration::ZERO);
    assert!(!dev.queues.contains_key("OnlyLive"));
    let live = parsed(TEMPLATE, &[("Stage", "live")]).unwrap();
    assert!(live.queues.contains_key("OnlyLive"));
}

#[test]
fn a_function_has_the_globals_under_its_own_properties() {
    let template = parsed(TEMPLATE, &[("Wait", "2")]).unwrap();
    let function = &template.functions["Function"];
    assert_eq!(function.binary, "notification-api");
    assert_eq!(function.timeout, Duration::from_secs(5));
    assert_eq!(function.memory_mb, 256);
    let environment: Vec<(&str, &str)> = function
        .environment
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        environment,
        [
            ("LITERAL", "${kept} recado-jobs"),
            ("QUEUE", "http://sqs.local/000000000000/recado-jobs"),
            ("SECRET", "pepper"),
            ("STAGE", "dev"),
            ("TABLE", "recado-dev"),
            ("WAIT", "2"),
        ]
    );
    let other = &template.functions["FunctionNamedByMetadata"];
    assert_eq!(other.binary, "outbound-sender");
    assert_eq!(other.timeout, Duration::from_secs(7));
}

#[test]
fn a_route_takes_its_authorizer_and_scopes_from_itself_or_its_api() {
    let template = parsed(TEMPLATE, &[]).unwrap();
    let route = |event: &str| {
        template.functions["Function"]
            .routes
            .iter()
            .find(|r| r.event == event)
            .unwrap()
    };
    let jwt = |scope: &str| Authorization::Jwt {
        authorizer: "Tokens".into(),
        scopes: vec![scope.into()],
    };
    assert_eq!(route("Create").method, "POST");
    assert_eq!(route("Create").api, "Api");
    assert_eq!(route("Create").authorization, jwt("write"));
    assert_eq!(route("Read").authorization, jwt("read"));
    assert_eq!(route("Health").authorization, Authorization::Open);
    let authorizer = &template.http_apis["Api"].authorizers["Tokens"];
    assert_eq!(authorizer.issuer, "https://issuer.example/dev");
    assert_eq!(authorizer.audience, ["a", "b"]);
}

#[test]
fn a_queue_event_keeps_everything_that_the_poller_needs() {
    let template = parsed(TEMPLATE, &[]).unwrap();
    assert_eq!(
        template.functions["Function"].queue_events,
        [QueueEvent {
            event: "Queue".into(),
            queue: "Jobs".into(),
            batch_size: 20,
            window: Duration::from_secs(1),
            failures: FailureReporting::PerRecord,
            maximum_concurrency: Some(4),
        }]
    );
}

#[test]
fn a_mistake_is_an_error_that_names_the_resource() {
    let queue = "  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n";
    let function =
        "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: functions/f\n";
    for (resources, words) in [
        (
            format!("{queue}      QueueName: !Ref Nobody\n"),
            &[
                "resource Q",
                "\"Nobody\"",
                "neither a parameter nor a resource",
            ][..],
        ),
        (
            format!("{queue}      KmsMasterKeyId: !Sub '${{Nobody.Arn}}'\n"),
            &["resource Q", "\"Nobody\""],
        ),
        (
            format!(
                "{queue}      RedrivePolicy: {{ deadLetterTargetArn: 'arn:aws:sqs:x', maxReceiveCount: 3 }}\n"
            ),
            &[
                "resource Q",
                "deadLetterTargetArn",
                "no queue of this template",
            ],
        ),
        (
            format!("{queue}      DelaySeconds: 901\n"),
            &["resource Q", "DelaySeconds", "between 0 and 900"],
        ),
        (
            format!(
                "{function}      Events: {{ E: {{ Type: SQS, Properties: {{ Queue: 'arn:aws:sqs:x' }} }} }}\n"
            ),
            &["resource F", "Events.E", "no queue of this template"],
        ),
        (
            format!(
                "{function}      Timeout: 31\n      Events: {{ E: {{ Type: SQS, Properties: {{ Queue: !GetAtt Q.Arn }} }} }}\n  Q: {{ Type: AWS::SQS::Queue }}\n"
            ),
            &["resource F", "visibility timeout of Q", "30 s", "31 s"],
        ),
        (
            format!(
                "{function}      Environment: {{ Variables: {{ V: !GetAtt Q.Length }} }}\n  Q: {{ Type: AWS::SQS::Queue }}\n"
            ),
            &["resource F", "V", "Q.Length"],
        ),
        (
            format!("{function}      Environment: {{ Variables: {{ AWS_REGION: x }} }}\n"),
            &["resource F", "AWS_REGION"],
        ),
        (
            "  F: { Type: AWS::Serverless::Function, Properties: { CodeUri: '..' } }\n".to_owned(),
            &["resource F", "which binary it runs is unknown"],
        ),
        (
            format!(
                "{function}      Events: {{ E: {{ Type: HttpApi, Properties: {{ Path: /x, Method: GET, Auth: {{ Authorizer: A }} }} }} }}\n"
            ),
            &["resource F", "no authorizer \"A\""],
        ),
        (
            format!("{queue}      QueueName: !If [Unknown, a, b]\n"),
            &["resource Q", "\"Unknown\" is not defined"],
        ),
    ] {
        let message = error(&format!("Resources:\n{resources}"));
        for word in words {
            assert!(message.contains(word), "{word:?} is not in: {message}");
        }
    }
}

#[test]
fn a_parameter_that_is_unknown_or_not_allowed_or_missing_is_refused() {
    let message =
        |parameters: &[(&str, &str)]| format!("{:#}", parsed(TEMPLATE, parameters).unwrap_err());
    assert!(message(&[("Stgae", "dev")]).contains("no parameter \"Stgae\""));
    assert!(message(&[("Stage", "prod")]).contains("\"prod\" is not one of dev, live"));
    assert!(message(&[("Wait", "901")]).contains("901 is outside MinValue and MaxValue"));
    assert!(message(&[("Wait", "soon")]).contains("\"soon\" is not a number"));
    assert!(error("Parameters: { P: { Type: String } }").contains("parameter P"));
}

#[test]
fn the_projects_own_template_is_understood_and_runs_packages_that_exist() {
    let root = crate::functions::workspace_root();
    let deployment = deployment(&[("JwtAudience", "client-a,client-b")]);
    let addresses = Addresses::new(&deployment, "http://sqs.local", "http://door.local");
    let path = root.join("infra/template.yaml");
    let template = read(&path, &deployment, &|r| addresses.resolve(r)).unwrap();
    assert_eq!(template.tables.len(), 1);
    assert!(!template.functions.is_empty());
    for function in template.functions.values() {
        let package = root.join("functions").join(&function.binary);
        assert!(package.join("Cargo.toml").is_file(), "{}", function.binary);
        for event in &function.queue_events {
            let redrive = template.queues[&event.queue].redrive.as_ref();
            assert!(
                redrive.is_some(),
                "{} has no dead-letter queue",
                event.queue
            );
        }
    }
    let guarded = template
        .http_apis
        .values()
        .flat_map(|api| api.authorizers.values());
    for authorizer in guarded {
        assert_eq!(authorizer.audience, ["client-a", "client-b"]);
    }
}

#[test]
fn the_sandbox_is_wired_when_it_is_asked_for_and_absent_otherwise() {
    let read = |parameters: &[(&str, &str)]| {
        let deployment = deployment(parameters);
        let addresses = Addresses::new(&deployment, "http://sqs.local", "http://door.local");
        let path = crate::functions::workspace_root().join("infra/template.yaml");
        read(&path, &deployment, &|r| addresses.resolve(r)).unwrap()
    };
    let variable = |template: &Template, function: &str, name: &str| {
        template.functions[function].environment[name].clone()
    };
    let off = read(&[]);
    assert!(!off.functions.contains_key("SandboxFunction"));
    assert!(!off.queues.contains_key("SandboxQueue"));
    assert_eq!(variable(&off, "OutboundSender", "SANDBOX_URL"), "");
    let on = read(&[("Sandbox", "on")]);
    for sender in ["OutboundSender", "FallbackTimer"] {
        assert_eq!(
            variable(&on, sender, "SANDBOX_URL"),
            "http://door.local/sandbox"
        );
    }
    assert_eq!(
        variable(&on, "SandboxFunction", "WEBHOOK_URL"),
        "http://door.local/v1/webhooks/whatsapp"
    );
    assert!(
        on.functions["SandboxFunction"]
            .routes
            .iter()
            .all(|route| route.api == "SandboxApi")
    );
}

#[test]
fn a_condition_that_refers_to_itself_is_reported_instead_of_followed_forever() {
    let message = error(
        "Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }\n\
         Resources: { Q: { Type: AWS::SQS::Queue, Condition: A } }",
    );
    assert!(message.contains("refers to itself"), "{message}");
}

#[test]
fn a_reference_to_a_resource_left_out_by_its_condition_is_an_error() {
    let message = error(
        "Conditions: { Never: !Equals [a, b] }\n\
         Resources:\n\
        \x20 Q: { Type: AWS::SQS::Queue, Condition: Never }\n\
        \x20 F: { Type: AWS::Serverless::Function, Properties: { CodeUri: f, Environment: { Variables: { Q: !Ref Q } } } }",
    );
    assert!(message.contains("condition Never leaves out"), "{message}");
}
