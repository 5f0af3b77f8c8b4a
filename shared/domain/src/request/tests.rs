use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::catalogue;
use crate::channel::Channel;
use crate::class::{Class, Lane};
use crate::delivery::WhenQueueWaitExceeded;
use crate::fault::Fault;
use crate::ids::TemplateName;
use crate::seal::Pepper;

fn template(name: &str) -> Arc<Template> {
    catalogue::find(&TemplateName::parse(name).expect("valid"), None).expect("in the catalogue")
}

/// A template that speaks Portuguese and English alone.
fn two_languages() -> Template {
    let mut template = (*template("pix_received")).clone();
    template
        .locales
        .retain(|locale, _| [Locale::PtBr, Locale::En].contains(locale));
    template
}

/// A ladder of three, to choose from.
fn three_legs() -> Template {
    let mut template = (*template("pix_received")).clone();
    let [whatsapp, sms] = template.ladder[..] else {
        panic!("two legs")
    };
    let voice = Rung {
        channel: Channel::Voice,
        after: Duration::from_secs(60),
    };
    template.ladder = vec![whatsapp, sms, voice];
    template
}

fn now() -> Timestamp {
    "2026-11-21T15:00:00Z".parse().expect("a time")
}

/// A good request after some changes; null removes.
fn body(changes: Value) -> Vec<u8> {
    let mut body = json!({
        "template": "pix_received",
        "to": "+5511987654321",
        "params": template("pix_received").example_params(Locale::PtBr),
    });
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            body.as_object_mut().expect("an object").remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body.to_string().into_bytes()
}

fn draft(changes: Value) -> Draft {
    Draft::parse(&body(changes)).expect("an object")
}

fn complete(template: &Template, changes: Value) -> Result<Request, Vec<(String, String)>> {
    draft(changes)
        .complete(Some(template), &[Locale::PtBr], now())
        .map_err(named)
}

fn named(faults: Vec<Fault>) -> Vec<(String, String)> {
    faults
        .into_iter()
        .map(|fault| (fault.field, fault.rule))
        .collect()
}

fn accepted(changes: Value) -> Request {
    complete(&template("pix_received"), changes).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[test]
fn a_body_is_one_json_object() {
    for other in ["", "{", "[]", "null", "\"to\"", "{} {}"] {
        assert_eq!(
            Draft::parse(other.as_bytes()).err(),
            Some(NotJson),
            "{other}"
        );
    }
}

#[test]
fn each_broken_rule_is_named_alone_with_its_field() {
    let check = |changes: Value, field: &str, rule: &str| {
        let found = complete(&two_languages(), changes.clone()).err();
        let expected = vec![(field.to_owned(), rule.to_owned())];
        assert_eq!(found, Some(expected), "{changes}");
    };
    let language = "must be one of pt_BR, en, fr, de";
    for wrong in [json!("pt-BR"), json!("xx"), json!(5)] {
        check(json!({ "locale": wrong }), "locale", language);
    }
    check(
        json!({ "locale": "de" }),
        "locale",
        "must be a language of this template: pt_BR, en",
    );
    check(json!({ "to": null }), "to", "is required");
    check(json!({ "to": 5 }), "to", "must be a text in E.164");
    check(
        json!({ "to": "11987654321" }),
        "to",
        "must start with + and the country code (E.164)",
    );
    for wrong in ["", "a\nb", "a\u{7f}"] {
        check(
            json!({ "reference": wrong }),
            "reference",
            "must be one line of text",
        );
    }
    check(json!({ "reference": 5 }), "reference", "must be a text");
    check(
        json!({ "reference": "cartao 4111 1111 1111 1111" }),
        "reference",
        "must not contain a card number",
    );
    for who in [
        "CPF 529.982.247-25",
        "+55 11 98765-4321",
        "ana@banco.example",
    ] {
        check(
            json!({ "reference": who }),
            "reference",
            "must not contain a CPF, a telephone number or an e-mail address",
        );
    }
    check(
        json!({ "reference": "senha 4829" }),
        "reference",
        "must not contain a password, a code or a card's security number",
    );
    check(
        json!({ "reference": "ã".repeat(101) }),
        "reference",
        "must have at most 100 characters",
    );
    for wrong in [json!("tomorrow"), json!("2026-11-21"), json!(5)] {
        check(
            json!({ "valid_until": wrong }),
            "valid_until",
            "must be a time in RFC 3339, as 2026-11-21T15:04:05Z",
        );
    }
    for past in ["2026-11-21T15:00:00Z", "2026-11-21T14:59:59Z"] {
        check(
            json!({ "valid_until": past }),
            "valid_until",
            "must lie in the future",
        );
    }
    check(
        json!({ "valid_until": "2026-11-22T15:00:01Z" }),
        "valid_until",
        "must be at most 1440 minutes ahead, the template's own validity",
    );
    let unknown = "is not a field of this request";
    check(json!({ "priority": 1 }), "priority", unknown);
    check(json!({ "fallback": [] }), "fallback", "must be an object");
    check(
        json!({ "fallback": { "wait": 1 } }),
        "fallback.wait",
        unknown,
    );
    for wrong in [json!("30"), json!(30.5), json!(-30)] {
        check(
            json!({ "fallback": { "after_seconds": wrong } }),
            "fallback.after_seconds",
            "must be a whole number of seconds",
        );
    }
    check(
        json!({ "fallback": { "after_seconds": 29 } }),
        "fallback.after_seconds",
        "must be 30, the template's own wait",
    );
    check(
        json!({ "fallback": { "channels": "sms" } }),
        "fallback.channels",
        "must be a list",
    );
    check(
        json!({ "fallback": { "channels": ["sms", "fax"] } }),
        "fallback.channels[1]",
        "must be one of sms, voice",
    );
    for wrong in [
        json!(["voice"]),
        json!(["sms", "sms"]),
        json!(["whatsapp", "sms"]),
    ] {
        check(
            json!({ "fallback": { "channels": wrong } }),
            "fallback.channels",
            "must be among the template's own, in their order: [sms]",
        );
    }
    let both = complete(&two_languages(), json!({ "locale": "de", "reference": 5 }));
    assert_eq!(both.err().map(|faults| faults.len()), Some(2));
    let found = complete(&template("pix_received"), json!({ "params": [] })).err();
    let first = ("params".to_owned(), "must be an object".to_owned());
    assert_eq!(found.expect("faults").first(), Some(&first));
}

#[test]
fn a_template_that_is_not_there_does_not_hide_the_other_faults() {
    let check = |changes: Value, expected: &[(&str, &str)]| {
        let faults = draft(changes).complete(None, &[Locale::PtBr], now()).err();
        let found = named(faults.expect("faults"));
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(field, rule)| (field.as_str(), rule.as_str()))
            .collect();
        assert_eq!(found, expected);
    };
    let unknown = (
        "template",
        "must be a template of the catalogue or of your own",
    );
    check(json!({}), &[unknown]);
    check(
        json!({ "to": "+55", "valid_until": "2026-11-21T14:00:00Z" }),
        &[
            unknown,
            ("to", "must have 8 to 15 digits after the +"),
            ("valid_until", "must lie in the future"),
        ],
    );
    check(json!({ "template": null }), &[("template", "is required")]);
    check(json!({ "template": 5 }), &[("template", "must be a text")]);
    check(
        json!({ "template": "Pix!" }),
        &[(
            "template",
            "must be 1 to 64 lower-case letters, digits and underscores, without a version at the end",
        )],
    );
}

#[test]
fn a_draft_tells_what_a_bank_asks_for_before_its_template_is_known() {
    let asked = draft(json!({ "locale": "en" }));
    assert_eq!(
        asked.template().map(TemplateName::as_str),
        Some("pix_received")
    );
    assert_eq!(asked.to(), E164::parse("+5511987654321").ok().as_ref());
    assert_eq!(asked.locale(), Some(Locale::En));
    let nothing = draft(json!({ "template": null, "to": null }));
    assert!(
        nothing.template().is_none() && nothing.to().is_none() && nothing.locale().is_none(),
        "nothing is made up"
    );
}

#[test]
fn the_language_is_the_one_asked_for_or_the_first_default_that_the_template_has() {
    let chosen = |changes: Value, defaults: &[Locale]| {
        draft(changes)
            .complete(Some(&two_languages()), defaults, now())
            .map(|request| request.locale)
            .map_err(named)
    };
    let defaults = [Locale::De, Locale::En, Locale::PtBr];
    assert_eq!(chosen(json!({}), &defaults), Ok(Locale::En));
    assert_eq!(
        chosen(json!({ "locale": "pt_BR" }), &defaults),
        Ok(Locale::PtBr)
    );
    assert!(chosen(json!({}), &[Locale::De]).is_err());
}

#[test]
fn a_request_may_shorten_its_validity_and_never_lengthen_it() {
    let until = |changes: Value| accepted(changes).valid_until.to_string();
    assert_eq!(until(json!({})), "2026-11-22T15:00:00Z");
    for fits in ["2026-11-21T15:00:01Z", "2026-11-22T15:00:00Z"] {
        assert_eq!(until(json!({ "valid_until": fits })), fits);
    }
}

#[test]
fn a_request_may_leave_out_later_channels_and_never_add_or_reorder_them() {
    let template = three_legs();
    let ladder = |fallback: Value| {
        complete(&template, json!({ "fallback": fallback }))
            .map(|request| request.ladder)
            .map_err(|faults| faults[0].1.clone())
    };
    let [whatsapp, sms, voice] = template.ladder[..] else {
        panic!("three legs")
    };
    let whole = Ok(vec![whatsapp, sms, voice]);
    assert_eq!(ladder(json!({})), whole);
    assert_eq!(ladder(json!({ "after_seconds": 30 })), whole);
    assert_eq!(ladder(json!({ "channels": ["sms", "voice"] })), whole);
    assert_eq!(
        ladder(json!({ "channels": ["voice"] })),
        Ok(vec![whatsapp, voice])
    );
    assert_eq!(ladder(json!({ "channels": [] })), Ok(vec![whatsapp]));
    assert_eq!(
        ladder(json!({ "channels": ["voice", "sms"] })),
        Err("must be among the template's own, in their order: [sms, voice]".to_owned())
    );
    assert_eq!(accepted(json!({})).ladder, [whatsapp, sms]);
}

#[test]
fn a_template_without_a_fallback_has_no_wait_to_repeat() {
    let offer = template("loan_preapproved");
    let changes = json!({
        "template": "loan_preapproved",
        "params": offer.example_params(Locale::PtBr),
        "fallback": { "after_seconds": 30 },
    });
    let expected = (
        "fallback.after_seconds".to_owned(),
        "this template has no fallback".to_owned(),
    );
    assert_eq!(complete(&offer, changes).err(), Some(vec![expected]));
}

#[test]
fn the_same_content_has_the_same_digest_and_any_other_another() {
    let pepper = Pepper::new("1", &[7; 32]).expect("a pepper");
    let digest = |changes: Value| draft(changes).digest(&pepper);
    let same = Draft::parse(
        br#"{ "to": "+5511987654321", "params": { "balance": { "currency": "BRL", "minor": 150000 },
            "payer": "Jo\u00e3o Lima", "amount": { "minor": 20000, "currency": "BRL" }, "name": "Maria Souza" },
            "template": "pix_received" }"#,
    );
    assert_eq!(same.expect("an object").digest(&pepper), digest(json!({})));
    let others = [
        json!({}),
        json!({ "template": "pix_sent" }),
        json!({ "locale": "en" }),
        json!({ "to": "+5511987654322" }),
        json!({ "params": { "name": "Maria" } }),
        json!({ "reference": "77" }),
        json!({ "valid_until": "2026-11-22T15:00:00Z" }),
        json!({ "valid_until": "2026-11-22T15:00:01Z" }),
        json!({ "fallback": {} }),
        json!({ "fallback": { "after_seconds": 30 } }),
        json!({ "fallback": { "channels": ["sms"] } }),
        json!({ "fallback": { "channels": [] } }),
    ];
    let distinct: std::collections::BTreeSet<String> = others.iter().cloned().map(digest).collect();
    assert_eq!(distinct.len(), others.len());
}

#[test]
fn what_is_sealed_reads_back_and_nothing_else_does() {
    let template = template("pix_received");
    let request = accepted(json!({}));
    let (to, params) = read_content(&request.content(), &template).expect("its own content");
    assert!(to == request.to && params == request.params);
    for other in [
        "",
        "{}",
        r#"{ "to": "+5511987654321" }"#,
        r#"{ "to": "+5511987654321", "params": {} }"#,
        r#"{ "to": "11987654321", "params": {} }"#,
    ] {
        let unreadable = read_content(other.as_bytes(), &template).err();
        assert_eq!(unreadable, Some(UnreadableContent), "{other}");
    }
    let foreign = read_content(&request.content(), &self::template("loan_preapproved"));
    assert!(foreign.is_err(), "another template's content");
}

#[test]
fn an_accepted_request_becomes_a_notification_without_personal_data_in_sight() {
    let pepper = Pepper::new("1", &[7; 32]).expect("a pepper");
    let tenant = TenantId::parse("banco-aurora").expect("a tenant");
    let longest = "ã".repeat(100);
    let request = accepted(json!({
        "reference": longest, "valid_until": "2026-11-21T16:00:00Z", "fallback": { "channels": [] },
    }));
    let accepted = Accepted {
        id: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("an id"),
        recipient: pepper.recipient(&tenant, &request.to),
        tenant,
        digest: "digest".into(),
        content: Sealed {
            key: "k".into(),
            bytes: vec![0; 40],
        },
        at: now(),
    };
    let item = request.into_notification(&template("pix_received"), accepted);
    assert_eq!(item.to_masked, "+55 (11) *****-4321");
    assert_eq!(item.reference, Some(longest));
    assert_eq!(item.valid_until.to_string(), "2026-11-21T16:00:00Z");
    assert_eq!(
        (item.class, item.lane),
        (Class::Transactional, Lane::Standard)
    );
    assert_eq!(item.ladder.len(), 1);
    assert_eq!(item.max_queue_wait, Duration::from_secs(120));
    assert_eq!(
        item.when_queue_wait_exceeded,
        WhenQueueWaitExceeded::NextLeg
    );
    assert_eq!(item.masked["name"], "Maria S***");
    assert!(!format!("{item:?}").contains("87654321"));
}
