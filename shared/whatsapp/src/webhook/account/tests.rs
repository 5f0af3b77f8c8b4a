use serde_json::{Value, json};

use recado_domain::locale::Locale;

use super::*;
use crate::webhook::{Notice, parse};

fn read(field: &str, value: Value) -> Notice {
    let post = json!({ "object": "whatsapp_business_account", "entry": [ {
        "id": "800000000000001", "time": 1_793_400_400, "changes": [ { "field": field, "value": value } ],
    } ] });
    parse(post.to_string().as_bytes()).expect("JSON")
}

fn template(field: &str, mut more: Value) -> TemplateUpdate {
    more["message_template_id"] = json!(1_234_567_890_123_456_u64);
    more["message_template_name"] = json!("card_purchase_alert");
    more["message_template_language"] = json!("pt-BR");
    match read(field, more).updates.pop() {
        Some(Update::Template(update)) => update,
        _ => panic!("not a template's"),
    }
}

fn status(event: TemplateEvent, reason: TemplateReason) -> TemplateChange {
    TemplateChange::Status {
        event,
        reason,
        category: None,
    }
}

fn account(field: &str, value: Value) -> AccountChange {
    match read(field, value).updates.pop() {
        Some(Update::Account(update)) => {
            assert_eq!(update.account.as_str(), "800000000000001");
            assert_eq!(update.at.map(Timestamp::as_second), Some(1_793_400_400));
            update.change
        }
        _ => panic!("not an account's"),
    }
}

#[test]
fn a_templates_state_is_read_with_its_hyphenated_language() {
    let update = template(
        "message_template_status_update",
        json!({ "event": "REJECTED", "reason": "INVALID_FORMAT", "rejection_info": { "reason": "x" } }),
    );
    assert_eq!(
        (update.edition.name.as_str(), update.edition.locale),
        ("card_purchase_alert", Locale::PtBr)
    );
    let (event, reason) = (TemplateEvent::Rejected, TemplateReason::InvalidFormat);
    assert_eq!(update.change, status(event, reason));

    let update = template(
        "message_template_status_update",
        json!({ "event": "PENDING_DELETION", "reason": null }),
    );
    let (event, reason) = (TemplateEvent::PendingDeletion, TemplateReason::None);
    assert_eq!(update.change, status(event, reason));

    let update = template(
        "message_template_status_update",
        json!({ "event": "MELTED", "reason": "HEAT" }),
    );
    let (event, reason) = (TemplateEvent::Other, TemplateReason::Other);
    assert_eq!(update.change, status(event, reason));
}

#[test]
fn a_templates_quality_is_read_under_both_names_of_its_field() {
    for field in [
        "message_template_quality_update",
        "message_template_status_update",
    ] {
        let update = template(
            field,
            json!({ "previous_quality_score": "GREEN", "new_quality_score": "RED" }),
        );
        assert_eq!(
            update.change,
            TemplateChange::Quality { now: Quality::Red },
            "{field}"
        );
    }
}

#[test]
fn a_category_that_will_change_is_told_from_one_that_has() {
    let impending = json!({ "new_category": "UTILITY", "correct_category": "MARKETING" });
    let change = template("template_category_update", impending).change;
    assert_eq!(
        change,
        TemplateChange::CategoryImpending {
            to: Category::Marketing
        }
    );
    let done = json!({ "previous_category": "UTILITY", "new_category": "MARKETING" });
    let change = template("template_category_update", done).change;
    assert_eq!(
        change,
        TemplateChange::Category {
            now: Category::Marketing
        }
    );
    let edited = json!({ "message_template_element": "new text" });
    assert_eq!(
        template("message_template_components_update", edited).change,
        TemplateChange::Edited
    );
}

#[test]
fn a_template_of_somebody_elses_is_ignored_and_one_without_a_name_is_strange() {
    for (name, language) in [("Hello World", "pt_BR"), ("hello_world", "en_US")] {
        let notice = read(
            "message_template_status_update",
            json!({ "event": "PAUSED", "message_template_name": name, "message_template_language": language }),
        );
        assert!(notice.updates.is_empty() && notice.strange.is_empty());
        assert_eq!(
            notice.ignored.into_iter().collect::<Vec<_>>(),
            [(Ignored::ForeignTemplate, 1)]
        );
    }
    let notice = read(
        "message_template_status_update",
        json!({ "event": "PAUSED" }),
    );
    assert_eq!(
        notice.strange.into_iter().collect::<Vec<_>>(),
        [(Strange::Template, 1)]
    );
}

#[test]
fn what_happens_to_the_account_is_told_apart() {
    let restricted = json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_793_659_600 }, 7 ] });
    let expected =
        AccountChange::Restricted(vec![Restriction::BusinessInitiated, Restriction::Other]);
    assert_eq!(account("account_update", restricted), expected);

    let ban = json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "REINSTATE" } });
    assert_eq!(
        account("account_update", ban),
        AccountChange::Ban(BanState::Reinstate)
    );
    let violation =
        json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "SPAM" } });
    assert_eq!(
        account("account_update", violation),
        AccountChange::Account(AccountEvent::Violation)
    );
    let partner = json!({ "event": "PARTNER_ADDED" });
    assert_eq!(
        account("account_update", partner),
        AccountChange::Account(AccountEvent::Other)
    );

    let decision = json!({ "decision": "REJECTED" });
    let review = account("account_review_update", decision.clone());
    assert_eq!(review, AccountChange::Review(Decision::Rejected));
    assert_eq!(
        account("phone_number_name_update", decision),
        AccountChange::Name(Decision::Rejected)
    );
    let number = account(
        "phone_number_quality_update",
        json!({ "event": "THROUGHPUT_UPGRADE" }),
    );
    assert_eq!(
        number,
        AccountChange::Number(NumberEvent::ThroughputUpgrade)
    );
    let pin = account("security", json!({ "event": "PIN_RESET_REQUEST" }));
    assert_eq!(pin, AccountChange::Pin(PinEvent::ResetRequested));
    assert_eq!(
        account("business_capability_update", json!({})),
        AccountChange::Capability
    );

    for alert in [
        json!({ "alert_severity": "CRITICAL" }),
        json!({ "alert_info": { "alert_severity": "CRITICAL" } }),
    ] {
        assert_eq!(
            account("account_alerts", alert),
            AccountChange::Alert(Severity::Critical)
        );
    }
}

#[test]
fn fields_without_a_reader_are_counted_by_few_labels() {
    for (field, expected) in [
        ("flows", Ignored::Flows),
        ("calls", Ignored::Calls),
        ("group_lifecycle_update", Ignored::Groups),
        ("history", Ignored::BusinessApp),
        ("business_username_updates", Ignored::Username),
        ("account_settings_update", Ignored::Settings),
        ("payment_configuration_update", Ignored::Payments),
        ("something_of_2031", Ignored::Other),
    ] {
        let notice = read(field, json!({ "anything": 1 }));
        assert!(notice.updates.is_empty() && notice.strange.is_empty());
        assert_eq!(
            notice.ignored.into_iter().collect::<Vec<_>>(),
            [(expected, 1)],
            "{field}"
        );
    }
}

#[test]
fn an_accounts_event_without_an_account_is_strange() {
    let post = json!({ "object": "whatsapp_business_account", "entry": [ {
        "changes": [ { "field": "security", "value": { "event": "PIN_CHANGED" } } ] } ] });
    let notice = parse(post.to_string().as_bytes()).expect("JSON");
    assert_eq!(
        notice.strange.into_iter().collect::<Vec<_>>(),
        [(Strange::Account, 1)]
    );
}
