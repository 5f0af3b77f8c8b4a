use std::collections::BTreeSet;

use super::*;

fn error(code: u32) -> MetaError {
    MetaError {
        code: Some(code),
        ..MetaError::default()
    }
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Permanent,
    Temporary,
    Technical,
    Again(u64),
    Unclear,
}
use Expected::{Again, Permanent, Technical, Temporary, Unclear};

/// Meta's table once more, as what the ladder does with each code.
const EXPECTED: &[(&[u32], Expected)] = &[
    (&[1, 2, 131_000, 131_016], Unclear),
    (&[130_429], Again(1)),
    (&[131_056], Again(4)),
    (&[131_057, 133_004], Again(15)),
    (&[4, 80_007, 2_494_100], Again(60)),
    (&[134_101], Again(600)),
    (
        &[
            0, 3, 10, 33, 100, 104, 190, 200, 210, 299, 368, 131_005, 131_030, 131_031,
        ],
        Technical,
    ),
    (
        &[
            131_008, 131_009, 131_037, 131_042, 131_045, 131_051, 131_055, 131_061,
        ],
        Technical,
    ),
    (
        &[
            131_063, 131_064, 134_011, 134_100, 134_102, 135_000, 139_200,
        ],
        Technical,
    ),
    (
        &[
            133_000, 133_005, 133_006, 133_008, 133_009, 133_010, 133_015, 133_016,
        ],
        Technical,
    ),
    (
        &[
            2_046, 2_047, 131_035, 131_052, 131_059, 138_000, 138_018, 139_000, 139_004,
        ],
        Technical,
    ),
    (
        &[
            139_100, 139_101, 139_102, 139_103, 147_001, 147_005, 200_005, 200_007,
        ],
        Technical,
    ),
    (
        &[
            1_752_041, 2_388_001, 2_388_012, 2_388_019, 2_388_039, 2_388_040, 2_388_047,
        ],
        Technical,
    ),
    (
        &[
            2_388_072, 2_388_073, 2_388_091, 2_388_093, 2_388_103, 2_388_293,
        ],
        Technical,
    ),
    (
        &[2_388_299, 2_388_318, 2_388_330, 2_593_107, 2_593_108],
        Technical,
    ),
    (
        &[
            2_040, 130_403, 130_497, 131_021, 131_026, 131_036, 131_047, 131_050,
        ],
        Permanent,
    ),
    (
        &[
            131_053, 131_060, 131_062, 132_000, 132_001, 132_005, 132_007, 132_008,
        ],
        Permanent,
    ),
    (&[132_012, 132_016, 132_018, 132_068, 137_000], Permanent),
    (&[130_472, 131_048, 131_049, 132_015, 132_069], Temporary),
];

fn expected() -> impl Iterator<Item = (u32, Expected)> {
    EXPECTED
        .iter()
        .flat_map(|(codes, expected)| codes.iter().map(|code| (*code, *expected)))
}

#[test]
fn every_known_code_has_its_outcome_whatever_status_carries_it() {
    for (code, expected) in expected() {
        for status in [400, 401, 403, 404, 429, 500, 503] {
            let outcome = synchronous(error(code), status);
            let as_expected = match (&outcome, expected) {
                (PostOutcome::Unknown, Unclear) => true,
                (
                    PostOutcome::NotSent {
                        failure,
                        retry_after,
                    },
                    Again(seconds),
                ) => failure.code == Some(code) && retry_after.as_secs() == seconds,
                (PostOutcome::Rejected(failure), _) => is(failure, code, expected),
                _ => false,
            };
            assert!(
                as_expected,
                "{code} with {status}: {outcome:?}, not {expected:?}"
            );
        }
    }
}

fn is(failure: &Failure, code: u32, expected: Expected) -> bool {
    let kind = match expected {
        Permanent => FailureKind::Permanent,
        Temporary => FailureKind::Temporary,
        Technical => FailureKind::Technical,
        Again(_) | Unclear => return false,
    };
    failure.code == Some(code) && failure.kind == kind
}

#[test]
fn every_rule_is_expected_by_this_test() {
    let named: BTreeSet<u32> = expected().map(|(code, _)| code).collect();
    for rule in table::RULES {
        assert!(
            named
                .iter()
                .any(|code| std::ptr::eq(table::find(*code).expect("known"), rule)),
            "{rule:?}"
        );
    }
    assert_eq!(named.len(), expected().count(), "a code is named twice");
}

#[test]
fn a_failed_receipt_is_the_end_of_the_message_even_for_a_code_that_a_post_may_repeat() {
    let check = |code, kind| {
        let failure = asynchronous(error(code));
        assert_eq!(
            (failure.code, failure.kind),
            (Some(code), kind),
            "{failure:?}"
        );
        assert!(!failure.title.is_empty());
    };
    check(130_429, FailureKind::Temporary);
    check(131_056, FailureKind::Temporary);
    check(131_000, FailureKind::Technical);
    check(131_026, FailureKind::Permanent);
    check(131_049, FailureKind::Temporary);
    check(131_042, FailureKind::Technical);
    check(131_999, FailureKind::Technical);
    let failure = asynchronous(MetaError::default());
    assert_eq!((failure.code, failure.kind), (None, FailureKind::Technical));
}

#[test]
fn an_unseen_code_is_refused_only_where_the_status_says_that_nothing_was_done() {
    let transient = |code| MetaError {
        transience: Transience::Transient,
        ..error(code)
    };
    let check = |error, status, expected: &str| {
        let outcome = match synchronous(error, status) {
            PostOutcome::Rejected(failure) => format!("rejected: {}", failure.title),
            PostOutcome::NotSent { retry_after, .. } => format!("again after {retry_after:?}"),
            PostOutcome::Unknown => "unknown".to_owned(),
            other @ (PostOutcome::Accepted { .. } | PostOutcome::Held) => format!("{other:?}"),
        };
        assert_eq!(outcome, expected, "{error:?} with {status}");
    };
    check(
        error(131_999),
        400,
        "rejected: unknown messaging error code",
    );
    check(error(132_999), 404, "rejected: unknown template error code");
    check(
        error(133_999),
        400,
        "rejected: unknown registration error code",
    );
    check(
        error(2_388_999),
        400,
        "rejected: unknown management error code",
    );
    check(error(777), 400, "rejected: unknown error code");
    check(error(131_999), 500, "unknown");
    check(error(777), 503, "unknown");
    check(error(777), 200, "unknown");
    check(error(777), 302, "unknown");
    check(error(777), 429, "again after 1s");
    check(transient(777), 400, "again after 1s");
    check(transient(777), 500, "unknown");
    check(MetaError::default(), 400, "rejected: error without a code");
    check(
        MetaError::default(),
        401,
        "rejected: access refused without a code",
    );
    check(MetaError::default(), 429, "again after 1s");
    check(MetaError::default(), 502, "unknown");
}

#[test]
fn a_subcode_tells_what_a_hundred_leaves_open() {
    let with = |code, subcode| MetaError {
        code,
        subcode: Some(subcode),
        ..MetaError::default()
    };
    let check = |error, code| assert_eq!(asynchronous(error).code, Some(code), "{error:?}");
    check(with(Some(100), 2_388_040), 2_388_040);
    check(with(Some(100), 33), 33);
    check(with(None, 2_388_040), 2_388_040);
    check(with(Some(100), 77_777), 100);
    check(with(Some(190), 460), 190);
    check(with(Some(131_026), 33), 131_026);
}

#[test]
fn an_error_is_read_whatever_shape_its_members_have() {
    let read = |json: &str| MetaError::read(&RawValue::from_string(json.to_owned()).expect("JSON"));
    let full = r#"{"message":"(#4) x","type":"OAuthException","code":4,"is_transient":true,
        "error_subcode":33,"error_data":"a string","fbtrace_id":"A"}"#;
    let expected = MetaError {
        code: Some(4),
        subcode: Some(33),
        transience: Transience::Transient,
    };
    assert_eq!(read(full), expected);
    assert_eq!(read(r#"{"code":"131026"}"#), error(131_026));
    for json in [
        r#"{"code":-1}"#,
        r#"{"code":[1],"is_transient":"yes"}"#,
        "[]",
        r#""no""#,
        "{}",
        "7",
    ] {
        assert_eq!(read(json), MetaError::default(), "{json}");
    }
}

#[test]
fn an_operator_is_called_only_for_what_no_customer_can_cause() {
    let check = |code, attention| assert_eq!(cause(code).attention(), attention, "{code}");
    check(190, Attention::Page);
    check(131_031, Attention::Page);
    check(131_042, Attention::Page);
    check(131_048, Attention::Page);
    check(137_000, Attention::Page);
    check(132_000, Attention::Mend);
    check(100, Attention::Mend);
    check(424_242, Attention::Mend);
    check(131_026, Attention::Nobody);
    check(131_050, Attention::Nobody);
    check(130_429, Attention::Nobody);
}

#[test]
fn another_token_is_taken_only_where_the_token_was_refused() {
    let check = |error, status, expected| {
        let PostOutcome::Rejected(failure) = synchronous(error, status) else {
            panic!("{error:?} is not refused");
        };
        assert_eq!(refuses_token(&failure), expected, "{error:?} with {status}");
    };
    check(error(190), 401, true);
    check(error(190), 400, true);
    check(error(0), 401, true);
    check(MetaError::default(), 401, true);
    check(MetaError::default(), 400, false);
    // Another token of the same application would lack it as well.
    check(error(10), 403, false);
    check(error(131_026), 401, false);
    check(error(777), 401, false);
}

#[test]
fn every_cause_has_a_label_of_its_own_that_fits_a_metric() {
    let labels: BTreeSet<_> = Cause::ALL.into_iter().map(Cause::label).collect();
    assert_eq!(labels.len(), Cause::ALL.len());
    for label in labels {
        assert!(
            label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "{label}"
        );
    }
}
