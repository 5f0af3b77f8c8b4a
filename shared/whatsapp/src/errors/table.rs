//! Every code of Meta's that is known, as data. Source: Meta, "Error codes" (state of October 2026)
//! and, for a few, what client libraries have seen. Ranges do not overlap; order is by code.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::cause::Cause;
use Answer::{Ambiguous, Refused};
use Cause::{
    Access, Account, Content, Country, Declined, Elsewhere, Identity, Inbound, Maintenance,
    OptedOut, Outage, Pair, Quality, Recipient, Request, Template, TemplatePaused, Throttled,
    Unknown, Window,
};

/// What a code says of the message when it answers a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Not sent, and the same request would not be either.
    Refused,
    /// Not sent; the same request may be after this long.
    NotSent {
        /// How long.
        after: Duration,
    },
    /// Meta does not know, or does not say, whether it was sent.
    Ambiguous,
}

/// One code, or a range of codes that mean the same.
#[derive(Debug)]
pub(super) struct Rule {
    codes: RangeInclusive<u32>,
    pub(super) cause: Cause,
    pub(super) answer: Answer,
    pub(super) title: &'static str,
}

const fn one(code: u32, cause: Cause, answer: Answer, title: &'static str) -> Rule {
    range(code, code, cause, answer, title)
}

const fn range(from: u32, to: u32, cause: Cause, answer: Answer, title: &'static str) -> Rule {
    Rule {
        codes: RangeInclusive::new(from, to),
        cause,
        answer,
        title,
    }
}

const fn after(seconds: u64) -> Answer {
    Answer::NotSent {
        after: Duration::from_secs(seconds),
    }
}

/// The rule of a code that is known.
pub(super) fn find(code: u32) -> Option<&'static Rule> {
    let place = RULES.partition_point(|rule| *rule.codes.end() < code);
    RULES.get(place).filter(|rule| rule.codes.contains(&code))
}

/// The rule of a code that is not known, by the family its number belongs to.
pub(super) fn family(code: u32) -> &'static Rule {
    FAMILIES
        .iter()
        .find(|rule| rule.codes.contains(&code))
        .unwrap_or(&NO_FAMILY)
}

/// An error without a code and with HTTP 429.
pub(super) const THROTTLED: Rule = one(0, Throttled, after(1), "too many requests");
/// An unknown code with `is_transient`.
pub(super) const TRANSIENT: Rule = one(0, Unknown, after(1), "unknown error, said to pass");
/// An error without a code and with HTTP 401 or 403.
pub(super) const NO_ACCESS: Rule = one(0, Access, Refused, "access refused without a code");
/// An error without a code.
pub(super) const NO_CODE: Rule = one(0, Unknown, Refused, "error without a code");

const NO_FAMILY: Rule = one(0, Unknown, Refused, "unknown error code");

const FAMILIES: &[Rule] = &[
    range(
        130_000,
        131_999,
        Unknown,
        Refused,
        "unknown messaging error code",
    ),
    range(
        132_000,
        132_999,
        Unknown,
        Refused,
        "unknown template error code",
    ),
    range(
        133_000,
        133_999,
        Unknown,
        Refused,
        "unknown registration error code",
    ),
    range(
        2_388_000,
        2_388_999,
        Unknown,
        Refused,
        "unknown management error code",
    ),
];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    one(0, Access, Refused, "the access token is not accepted"),
    one(1, Outage, Ambiguous, "unknown error at Meta or malformed request"),
    one(2, Outage, Ambiguous, "Meta is temporarily unavailable"),
    one(3, Access, Refused, "the application lacks a capability"),
    // The application's hourly budget: seconds do not help.
    one(4, Throttled, after(60), "the application calls too often"),
    one(10, Access, Refused, "a permission is missing"),
    one(33, Account, Refused, "the sending number does not exist or is not visible"),
    one(100, Request, Refused, "invalid parameter"),
    one(104, Access, Refused, "the access token is missing"),
    one(190, Access, Refused, "the access token is expired or revoked"),
    range(200, 299, Access, Refused, "a permission is not granted"),
    one(368, Account, Refused, "the account is blocked for a policy violation"),
    one(2_040, Recipient, Refused, "payments are not available to the recipient"),
    one(2_046, Request, Refused, "the order cannot take this status"),
    one(2_047, Request, Refused, "the order cannot be cancelled"),
    one(80_007, Throttled, after(60), "the business account calls too often"),
    one(130_403, Recipient, Refused, "the business has blocked the recipient"),
    one(130_429, Throttled, after(1), "the number sends too fast"),
    one(130_472, Declined, Refused, "the recipient is in an experiment of Meta's"),
    one(130_497, Country, Refused, "the recipient's country may not be messaged"),
    one(131_000, Outage, Ambiguous, "unknown failure at Meta"),
    one(131_005, Access, Refused, "access denied"),
    one(131_008, Request, Refused, "a required parameter is missing"),
    one(131_009, Request, Refused, "a parameter's value is invalid"),
    one(131_016, Outage, Ambiguous, "the service is temporarily unavailable"),
    one(131_021, Content, Refused, "recipient and sender are the same"),
    one(131_026, Recipient, Refused, "the recipient cannot be reached on WhatsApp"),
    one(131_030, Account, Refused, "a test number may not message this recipient"),
    one(131_031, Account, Refused, "the account is locked"),
    one(131_035, Inbound, Refused, "an inbound message was lost before it was fetched"),
    one(131_036, Recipient, Refused, "the recipient's device did not get the message in time"),
    one(131_037, Account, Refused, "the number's display name is not approved"),
    one(131_042, Account, Refused, "the account has a payment problem"),
    one(131_045, Account, Refused, "the number's registration is broken"),
    one(131_047, Window, Refused, "the 24-hour window is closed"),
    one(131_048, Quality, Refused, "the number is restricted for its quality"),
    one(131_049, Declined, Refused, "Meta chose not to deliver"),
    one(131_050, OptedOut, Refused, "the recipient stopped marketing messages"),
    one(131_051, Request, Refused, "unsupported message type"),
    one(131_052, Inbound, Refused, "inbound media could not be fetched"),
    one(131_053, Content, Refused, "media could not be processed"),
    one(131_055, Request, Refused, "only marketing templates go by this endpoint"),
    // Meta: 4^x seconds. The first second is mostly gone with the answer.
    one(131_056, Pair, after(4), "too many messages to the same recipient"),
    one(131_057, Maintenance, after(15), "the number is in maintenance"),
    one(131_059, Elsewhere, Refused, "invalid pagination cursor"),
    one(131_060, Recipient, Refused, "the recipient's linked device cannot show the message"),
    one(131_061, Request, Refused, "the template must go by the marketing endpoint"),
    one(131_062, Recipient, Refused, "the message needs a telephone number"),
    one(131_063, Request, Refused, "marketing must go by the marketing endpoint"),
    one(131_064, Account, Refused, "messaging is limited for wrong template categories"),
    one(132_000, Template, Refused, "the number of values differs from the template's"),
    one(132_001, Template, Refused, "the template does not exist in this language"),
    one(132_005, Template, Refused, "the filled template is too long"),
    one(132_007, Template, Refused, "the template's content violates a policy"),
    one(132_008, Template, Refused, "a template value is invalid"),
    one(132_012, Template, Refused, "a template value has the wrong form"),
    one(132_015, TemplatePaused, Refused, "the template is paused"),
    one(132_016, Template, Refused, "the template is disabled for good"),
    one(132_018, Template, Refused, "the template's values are invalid"),
    one(132_068, Template, Refused, "the template's flow is blocked"),
    one(132_069, TemplatePaused, Refused, "the template's flow is throttled"),
    one(133_000, Account, Refused, "an earlier deregistration is incomplete"),
    one(133_004, Maintenance, after(15), "the registration server is unavailable"),
    one(133_005, Account, Refused, "the two-step PIN is wrong"),
    one(133_006, Account, Refused, "the number must be verified again"),
    range(133_008, 133_009, Account, Refused, "the two-step PIN was guessed too often"),
    one(133_010, Account, Refused, "the number is not registered"),
    one(133_015, Account, Refused, "the number was deleted a short while ago"),
    one(133_016, Account, Refused, "the number was registered too often"),
    one(134_011, Account, Refused, "the terms of payments are not accepted"),
    one(134_100, Request, Refused, "only marketing templates go by this endpoint"),
    one(134_101, Maintenance, after(600), "the template is being synchronised"),
    one(134_102, Request, Refused, "the template is not available to this endpoint"),
    one(135_000, Request, Refused, "generic error with the parameters"),
    one(137_000, Identity, Refused, "the recipient's device is not the known one"),
    range(138_000, 138_018, Elsewhere, Refused, "calling error"),
    range(139_000, 139_004, Elsewhere, Refused, "flow management error"),
    range(139_100, 139_103, Elsewhere, Refused, "block list error"),
    one(139_200, Request, Refused, "sending without a template is blocked"),
    range(147_001, 147_005, Elsewhere, Refused, "business username error"),
    range(200_005, 200_007, Elsewhere, Refused, "template insights are not available"),
    one(1_752_041, Elsewhere, Refused, "the onboarding was already requested"),
    one(2_388_001, Elsewhere, Refused, "number migration error"),
    one(2_388_012, Elsewhere, Refused, "number migration error"),
    one(2_388_019, Elsewhere, Refused, "the limit of templates is reached"),
    one(2_388_039, Elsewhere, Refused, "the template's status cannot be changed"),
    one(2_388_040, Elsewhere, Refused, "a field of the template is too long"),
    one(2_388_047, Elsewhere, Refused, "the template's header is malformed"),
    range(2_388_072, 2_388_073, Elsewhere, Refused, "the template's body or footer is malformed"),
    one(2_388_091, Elsewhere, Refused, "number migration error"),
    one(2_388_093, Elsewhere, Refused, "number migration error"),
    one(2_388_103, Elsewhere, Refused, "number migration error"),
    one(2_388_293, Elsewhere, Refused, "the template has too many variables for its length"),
    one(2_388_299, Elsewhere, Refused, "the template starts or ends with a variable"),
    one(2_388_318, Elsewhere, Refused, "a generated template cannot be changed"),
    one(2_388_330, Elsewhere, Refused, "a generated template cannot be deleted"),
    one(2_494_100, Maintenance, after(60), "the number is in maintenance"),
    range(2_593_107, 2_593_108, Elsewhere, Refused, "synchronisation limit reached"),
];
