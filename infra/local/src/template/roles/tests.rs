use super::*;
use crate::template::{Addresses, Deployment, parse};

/// A function whose role has these statements.
fn template(statements: &str) -> String {
    let statements = statements.replace('\n', "\n              ");
    format!(
        "Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{{ AttributeName: pk, AttributeType: S }}]
      KeySchema: [{{ AttributeName: pk, KeyType: HASH }}]
  Secret: {{ Type: AWS::SecretsManager::Secret }}
  Traces:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - {{ Effect: Allow, Action: 'xray:PutTraceSegments', Resource: '*' }}
  Api:
    Type: AWS::Serverless::Function
    Properties: {{ CodeUri: functions/api, Role: !GetAtt ApiRole.Arn }}
  Bare:
    Type: AWS::Serverless::Function
    Properties: {{ CodeUri: functions/bare }}
  ApiRole:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [!Ref Traces]
      Policies:
        - PolicyDocument:
            Statement:
              {statements}
"
    )
}

fn roles(statements: &str) -> Result<BTreeMap<String, Role>> {
    let deployment = Deployment {
        region: "sa-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        stack_name: "recado".to_owned(),
        parameters: BTreeMap::new(),
    };
    let addresses = Addresses::new(&deployment, "http://queues", "https://front.door");
    let read = parse(&template(statements), &deployment, &|reference| {
        addresses.resolve(reference)
    });
    Ok(read?.roles)
}

#[test]
fn a_role_has_its_own_statements_and_those_of_its_policies_with_arns() {
    let roles = roles(
        "- Sid: Banks
  Effect: Allow
  Action: [dynamodb:GetItem, dynamodb:Query]
  Resource: !GetAtt Table.Arn
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TNT#*'] } }
- { Sid: Secrets, Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref Secret }
- { Sid: Topics, Effect: Deny, Action: 'sns:Publish', Resource: !Sub 'arn:${AWS::Partition}:sns:*:*:*' }",
    )
    .unwrap();
    let [banks, secrets, topics, traces] = roles["Api"].statements.as_slice() else {
        panic!("{:?}", roles["Api"]);
    };
    let table = "arn:aws:dynamodb:sa-east-1:000000000000:table/Table";
    assert_eq!(banks.actions, ["dynamodb:GetItem", "dynamodb:Query"]);
    assert_eq!(banks.resources, [table]);
    let partitions = Condition::LeadingKeys(vec!["TNT#*".to_owned()]);
    assert_eq!(banks.condition, partitions);
    assert_eq!(secrets.resources, [Secrets::arn("Secret")]);
    assert_eq!(
        (topics.effect, topics.resources[0].as_str()),
        (Effect::Deny, "arn:aws:sns:*:*:*")
    );
    assert!(traces.is_elsewhere());
    assert_eq!(
        roles["Bare"],
        Role::default(),
        "nothing is given by default"
    );
}

#[test]
fn what_cannot_be_evaluated_is_an_error_that_names_the_statement() {
    let statement = |rest: &str| {
        format!(
            "- {{ Sid: Odd, Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*', {rest} }}"
        )
    };
    for (odd, named) in [
        (
            "Condition: { StringEquals: { 'dynamodb:LeadingKeys': [x] } }",
            "StringEquals",
        ),
        (
            "Condition: { 'ForAllValues:StringLike': { 'dynamodb:Attributes': [x] } }",
            "dynamodb:Attributes",
        ),
        (
            "Condition: { Bool: { 'aws:SecureTransport': true } }",
            "aws:SecureTransport",
        ),
        ("NotResource: x", "NotResource"),
        ("Condition: {}", "it says nothing"),
    ] {
        let error = format!("{:#}", roles(&statement(odd)).unwrap_err());
        assert!(error.contains("Odd") && error.contains(named), "{error}");
    }
    // Of a service without a stand-in any condition may be set.
    roles(
        "- Sid: Key
  Effect: Allow
  Action: kms:Decrypt
  Resource: '*'
  Condition: { StringEquals: { 'kms:ViaService': !Sub 'sqs.${AWS::Region}.amazonaws.com' } }",
    )
    .unwrap();
}
