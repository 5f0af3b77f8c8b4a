use super::*;

const TABLE: &str = "arn:aws:dynamodb:sa-east-1:000000000000:table/Table";
const TOPICS: &str = "arn:aws:sns:*:*:*";

fn statement(effect: Effect, action: &str, resource: &str, condition: Condition) -> Statement {
    Statement {
        sid: String::new(),
        effect,
        actions: vec![action.to_owned()],
        resources: vec![resource.to_owned()],
        condition,
    }
}

fn asked(action: &str, resource: &str, keys: &[&str]) -> Asked {
    Asked {
        action: action.to_owned(),
        resource: resource.to_owned(),
        leading_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}

fn role(statements: Vec<Statement>) -> Role {
    Role { statements }
}

#[test]
fn stars_and_question_marks_stand_for_what_iam_says() {
    for (pattern, text, expected) in [
        ("", "", true),
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a*c", "abcd", false),
        ("a*b*c", "axbxbxc", true),
        ("*abc", "ababc", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("CLIENT#*", "CLIENT#", true),
        ("CLIENT#*", "client#1", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn what_no_statement_gives_is_not_allowed_and_what_one_takes_is_denied() {
    let reader = role(vec![statement(
        Effect::Allow,
        "dynamodb:GetItem",
        TABLE,
        Condition::Always,
    )]);
    for (action, resource, expected) in [
        ("dynamodb:GetItem", TABLE, Decision::Allowed),
        ("dynamodb:PutItem", TABLE, Decision::NotAllowed),
        (
            "dynamodb:GetItem",
            "arn:aws:dynamodb:sa-east-1:000000000000:table/Other",
            Decision::NotAllowed,
        ),
    ] {
        assert_eq!(
            reader.decide(&asked(action, resource, &[])),
            expected,
            "{action} {resource}"
        );
    }
    let texter = role(vec![
        statement(Effect::Allow, "sns:Publish", "*", Condition::Always),
        statement(Effect::Deny, "sns:Publish", TOPICS, Condition::Always),
    ]);
    let topic = "arn:aws:sns:sa-east-1:000000000000:alarms";
    assert_eq!(
        texter.decide(&asked("sns:Publish", topic, &[])),
        Decision::Denied
    );
    assert_eq!(
        texter.decide(&asked("sns:Publish", "a phone number", &[])),
        Decision::Allowed
    );
}

#[test]
fn every_partition_key_of_a_request_must_be_like_one_that_is_named() {
    let banks = Condition::LeadingKeys(vec!["CLIENT#*".to_owned(), "TNT#*".to_owned()]);
    let role = role(vec![statement(
        Effect::Allow,
        "dynamodb:BatchGetItem",
        TABLE,
        banks,
    )]);
    for (keys, expected) in [
        (&["CLIENT#a"][..], Decision::Allowed),
        (&["CLIENT#a", "TNT#b"], Decision::Allowed),
        (&["CLIENT#a", "RCP#b"], Decision::NotAllowed),
        // A key that could not be read out of the request.
        (&[""], Decision::NotAllowed),
        // ForAllValues holds for none.
        (&[], Decision::Allowed),
    ] {
        assert_eq!(
            role.decide(&asked("dynamodb:BatchGetItem", TABLE, keys)),
            expected,
            "{keys:?}"
        );
    }
}

#[test]
fn permissions_of_services_without_a_stand_in_are_told_apart() {
    for (action, expected) in [
        ("kms:Decrypt", true),
        ("xray:PutTraceSegments", true),
        ("dynamodb:GetItem", false),
        ("sns:Publish", false),
        ("*", false),
    ] {
        assert_eq!(is_elsewhere(action), expected, "{action}");
    }
}
