//! One request, answered by the simulated Meta: made for it, and gone with it. What it knows of earlier
//! ones it reads from the request, so that any copy of this function can take any of them.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::ids::PhoneNumberId;
use recado_domain::phone::E164;
use recado_testing::meta::{
    Account, BusinessNumber, GraphError, Meta, Method, Reply, Request, Settings, parse_e164,
};
use serde_json::Value;

/// The one account, under which all numbers appear: no receipt's account is looked at.
const WABA: &str = "100000000000001";
/// What the numbers appear as; nobody is called by it.
const DISPLAY: &str = "+551140000000";
/// "Recipient phone number not in allowed list": what Meta says of a test number's message to a stranger.
const NOT_ALLOWED: u32 = 131_030;

/// A send as it came in.
pub struct Sent<'a> {
    /// The number it is sent through.
    pub number: &'a PhoneNumberId,
    /// `Authorization`, whole, where it is one of the banks' tokens.
    pub authorization: Option<&'a str>,
    /// The body's bytes.
    pub body: &'a [u8],
}

/// What the simulated Meta makes of a send.
pub struct Answered {
    /// The answer, and whether the caller gets it.
    pub reply: Reply,
    /// The webhooks that follow, unsigned, with the time of each.
    pub webhooks: Vec<(Timestamp, Vec<u8>)>,
}

/// Answers a send. `late_delivery`: after how long a message to `-0011` arrives. The same `seed` gives
/// the same ids and times.
#[must_use]
pub fn answer(sent: &Sent<'_>, late_delivery: Duration, seed: u64, now: Timestamp) -> Answered {
    let account = sent.authorization.and_then(token).map(|token| Account {
        waba_id: WABA.to_owned(),
        token: token.to_owned(),
        numbers: vec![BusinessNumber {
            id: sent.number.to_string(),
            number: DISPLAY.to_owned(),
            name: String::new(),
        }],
    });
    let known = account.is_some();
    // The secret that signs is not needed here: webhooks are signed when they leave.
    let mut settings = Settings::new(seed, "", account.into_iter().collect());
    settings.late_delivery_after = late_delivery;
    let mut meta = Meta::new(settings);
    let request: Value = serde_json::from_slice(sent.body).unwrap_or_default();
    if known && !is_reserved(&request) {
        let error = GraphError::new(
            NOT_ALLOWED,
            "The sandbox serves the reserved recipients only.",
        );
        let body = error.graph_body(&format!("{seed:016X}"));
        return Answered {
            reply: Reply::json(error.status(), &body),
            webhooks: Vec::new(),
        };
    }
    meta.grant(sent.number.as_str(), &request, now);
    let path = format!("/{}/messages", sent.number);
    let reply = meta.request(
        &Request {
            method: Method::Post,
            path: &path,
            authorization: sent.authorization,
            content_type: Some("application/json"),
            file_offset: None,
            body: sent.body,
        },
        now,
    );
    Answered {
        reply,
        webhooks: run_out(&mut meta),
    }
}

/// Whether a message goes to one of the recipients that need no phone.
fn is_reserved(request: &Value) -> bool {
    let to = request["to"].as_str().and_then(parse_e164);
    let to = to.and_then(|to| E164::parse(&to).ok());
    to.is_some_and(|to| to.is_reserved())
}

fn token(authorization: &str) -> Option<&str> {
    authorization.strip_prefix("Bearer ")
}

/// Everything that is still to happen, with its time.
fn run_out(meta: &mut Meta) -> Vec<(Timestamp, Vec<u8>)> {
    let mut webhooks = Vec::new();
    while let Some(at) = meta.next_due() {
        for post in meta.take_due(at) {
            meta.webhook_answered(post.id, Some(200), at);
            webhooks.push((at, post.body));
        }
    }
    webhooks
}
