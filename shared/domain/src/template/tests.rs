//! A template as its file says it.

use serde_json::json;

use super::*;

/// A template whose waits and policy can be set.
fn with(validity: &str, policy: &str) -> Result<Template, String> {
    Template::from_json(
        &json!({
            "name": "note", "version": 1, "class": "servicing", "category": "UTILITY",
            "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "90s" }],
            "validity": validity, "max_queue_wait": "10s", "when_queue_wait_exceeded": policy,
            "params": {}, "locales": {},
        })
        .to_string(),
    )
    .map_err(|error| error.to_string())
}

#[test]
fn a_wait_is_read_and_written_as_a_person_writes_it() {
    let check = |text: &str, seconds: u64, written: &str| {
        let template = with(text, "expire").expect("a template");
        assert_eq!(template.validity, Duration::from_secs(seconds), "{text}");
        let json: Value = serde_json::from_str(&template.to_json()).expect("JSON");
        assert_eq!(json["validity"], written, "{text}");
    };
    check("0s", 0, "0s");
    check("1s", 1, "1s");
    check("90s", 90, "90s");
    check("60s", 60, "1m");
    check("90m", 5_400, "90m");
    check("36h", 129_600, "36h");
    check("24h", 86_400, "1d");
    check("3d", 259_200, "3d");
    check("86401s", 86_401, "86401s");
    for wrong in [
        "+30s",
        "30",
        "s",
        "1w",
        "99999999999999999999s",
        "999999999999999999d",
    ] {
        let refused = with(wrong, "expire").expect_err(wrong);
        assert!(
            refused.starts_with("a duration is a number and s, m, h or d, as in \"30s\""),
            "{refused}"
        );
    }
}

#[test]
fn a_template_is_written_without_what_goes_without_saying() {
    let written =
        |template: &Template| -> Value { serde_json::from_str(&template.to_json()).expect("JSON") };
    let template = with("1h", "next_leg").expect("a template");
    assert_eq!(
        written(&template),
        json!({
            "name": "note", "version": 1, "class": "servicing", "category": "UTILITY",
            "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "90s" }],
            "validity": "1h", "max_queue_wait": "10s", "when_queue_wait_exceeded": "next_leg",
            "locales": {},
        })
    );
    assert_eq!(template.sms_parts, 1);
    let longer = Template {
        sms_parts: 2,
        own_lane: Some(Lane::Bulk),
        ..template
    };
    assert_eq!(written(&longer)["sms_parts"], 2);
    assert_eq!(written(&longer)["lane"], "bulk");
    assert_eq!(longer.lane(), Lane::Bulk);
    assert!(with("1h", "later").is_err());
    let spec = |presence: &str| {
        let spec = json!({ "type": "date", "presence": presence, "example": "2026-11-21" });
        let spec: ParamSpec = serde_json::from_value(spec).expect("a parameter");
        serde_json::to_value(spec).expect("JSON")
    };
    assert_eq!(spec("required").get("presence"), None);
    assert_eq!(spec("optional")["presence"], "optional");
}

#[test]
fn each_version_has_a_name_of_its_own_at_meta() {
    let named = |version| Template {
        version,
        ..with("1h", "expire").expect("a template")
    };
    assert_eq!(named(1).meta_name(), "note");
    assert_eq!(named(2).meta_name(), "note_v2");
}

#[test]
fn the_next_rung_is_the_one_after_the_channels() {
    let template = with("1h", "expire").expect("a template");
    let next = |channel| template.rung_after(channel).map(|rung| rung.channel);
    assert_eq!(next(Channel::Whatsapp), Some(Channel::Sms));
    assert_eq!(next(Channel::Sms), None);
    assert_eq!(next(Channel::Voice), None);
    assert!(template.uses(Channel::Sms) && !template.uses(Channel::Voice));
}

#[test]
fn only_types_of_variable_length_have_a_longest_value_and_none_beyond_its_own() {
    let longest = |kind: &str, most: Option<usize>| {
        let spec = json!({ "type": kind, "max_length": most, "example": "" });
        let spec: ParamSpec = serde_json::from_value(spec).expect("a parameter");
        spec.longest()
    };
    for (kind, most) in [
        ("person_name", 100),
        ("pix_key", 77),
        ("code", 15),
        ("url", 2_000),
        ("url_suffix", 200),
        ("text", 1_000),
    ] {
        assert_eq!(longest(kind, None), Some(most), "{kind}");
        assert_eq!(longest(kind, Some(9)), Some(9), "{kind}");
        assert_eq!(longest(kind, Some(9_999)), Some(most), "{kind}");
    }
    for kind in ["money", "date", "card_last4", "document"] {
        assert_eq!(longest(kind, Some(9)), None, "{kind}");
    }
}
