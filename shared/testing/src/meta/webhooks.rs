//! Webhooks: how updates become POSTs, what is signed, and when a POST is repeated.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rand::{RngExt, seq::SliceRandom};
use ring::hmac;
use serde_json::{Value, json};

use super::{
    Meta,
    agenda::Due,
    events::EventKind,
    settings::{BusinessNumber, Retries},
};

/// How far shuffled updates overtake each other (ms).
const SHUFFLE_MS: u64 = 1500;

/// A signed POST to the callback URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookPost {
    /// Identifies the POST to [`Meta::webhook_answered`].
    pub id: u64,
    /// The number it is about; account webhooks have none.
    pub phone_number_id: Option<String>,
    /// The exact bytes to send.
    pub body: Vec<u8>,
    /// Value of the header `X-Hub-Signature-256`.
    pub signature: String,
    /// Statuses or messages in it.
    pub updates: usize,
    /// 1 for the first time.
    pub attempt: u32,
    /// When it was first due.
    pub first_due: Timestamp,
}

/// A change to tell the business.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    /// One status of one message, which can share a POST with others.
    Status {
        status: Value,
        contact: Option<Value>,
    },
    /// A customer's message, alone in its POST.
    Message { message: Value, contact: Value },
}

/// The body of an account-level webhook.
pub(crate) fn account_body(waba: &str, field: &str, value: Value, at: Timestamp) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": waba,
            "time": at.as_second(),
            "changes": [{ "field": field, "value": value }],
        }],
    })
}

/// JSON as Meta writes it: ASCII only (`\u00e3`, lower case) and with `\/`.
pub(crate) fn escaped(body: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Both only ever stand inside strings, so the text can be escaped as a whole.
    for character in body.to_string().chars() {
        match character {
            '/' => bytes.extend_from_slice(b"\\/"),
            ascii if ascii.is_ascii() => bytes.push(ascii as u8),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    bytes.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    bytes
}

/// `sha256=` and the HMAC of the bytes.
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    format!(
        "sha256={}",
        HEXLOWER.encode(hmac::sign(&key, body).as_ref())
    )
}

impl Retries {
    /// The wait between the given attempt and the next.
    fn wait(&self, attempt: u32) -> std::time::Duration {
        match attempt.checked_sub(2) {
            None => std::time::Duration::ZERO,
            Some(power) => self
                .factor
                .checked_pow(power)
                .and_then(|times| self.second.checked_mul(times))
                .map_or(self.longest, |wait| wait.min(self.longest)),
        }
    }
}

impl Meta {
    /// Sends an update on its way, through whatever faults are set.
    pub(crate) fn tell(&mut self, number: &str, update: Update, at: Timestamp) {
        let [shortest, longest] = self.faults.webhooks.delay_ms;
        let mut delay = self.rng.random_range(shortest..=longest);
        if self.faults.webhooks.shuffle {
            delay += self.rng.random_range(0..=SHUFFLE_MS);
        }
        let due = at + std::time::Duration::from_millis(delay);
        let number = number.to_owned();
        self.agenda.add(due, Due::Update { number, update });
    }

    /// An update's delay is over: it goes, or waits for others to go with.
    pub(crate) fn update_due(&mut self, number: &str, update: Update, at: Timestamp) {
        let (status, batch) = match (update, self.faults.webhooks.batch) {
            (update @ Update::Status { .. }, Some(batch)) => (update, batch),
            (update, _) => return self.post_updates(number, vec![update], at),
        };
        let waiting = self.batches.entry(number.to_owned()).or_default();
        waiting.push(status);
        let gathered = waiting.len();
        if gathered >= batch.size {
            self.flush(number, at);
        } else if gathered == 1 {
            let due = at + std::time::Duration::from_millis(batch.ms);
            let number = number.to_owned();
            self.agenda.add(due, Due::Flush { number });
        }
    }

    /// Posts what was gathered for a number.
    pub(crate) fn flush(&mut self, number: &str, at: Timestamp) {
        let mut updates = self.batches.remove(number).unwrap_or_default();
        if updates.is_empty() {
            return;
        }
        if self.faults.webhooks.shuffle {
            updates.shuffle(&mut self.rng);
        }
        self.post_updates(number, updates, at);
    }

    fn post_updates(&mut self, number: &str, updates: Vec<Update>, at: Timestamp) {
        let Some((waba, business)) = self.number(number) else {
            return;
        };
        if !self.subscriptions.wants(waba, "messages") {
            return;
        }
        let (waba, business) = (waba.to_owned(), business.clone());
        let count = updates.len();
        // Meta promises nothing about the grouping: all in one change, or a change each.
        let per_change = match self.rng.random_bool(0.5) {
            true => count,
            false => 1,
        };
        let changes: Vec<Value> = updates
            .chunks(per_change.max(1))
            .map(|updates| json!({ "field": "messages", "value": value(&business, updates) }))
            .collect();
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": waba, "changes": changes }],
        });
        self.post(Some(number), &body, count, at);
    }

    /// Puts a POST on the agenda: once, twice or never.
    pub(crate) fn post(
        &mut self,
        number: Option<&str>,
        body: &Value,
        updates: usize,
        at: Timestamp,
    ) {
        if self.rng.random_bool(self.faults.webhooks.drop) {
            self.note(at, None, None, EventKind::WebhookLost { updates });
            return;
        }
        let bytes = escaped(body);
        let post = WebhookPost {
            id: self.next_post_id(),
            phone_number_id: number.map(str::to_owned),
            signature: sign(&self.settings.app_secret, &bytes),
            body: bytes,
            updates,
            attempt: 1,
            first_due: at,
        };
        if self.rng.random_bool(self.faults.webhooks.duplicate) {
            let id = self.next_post_id();
            let later = at + std::time::Duration::from_millis(self.rng.random_range(0..=1000));
            self.agenda
                .add(later, Due::Post(WebhookPost { id, ..post.clone() }));
        }
        self.agenda.add(at, Due::Post(post));
    }

    /// Reports how the callback answered a POST that was taken: its HTTP status, or `None` when no
    /// answer came. Anything but 200 makes Meta post the same bytes again, later and later.
    pub fn webhook_answered(&mut self, id: u64, status: Option<u16>, now: Timestamp) {
        let Some(post) = self.in_flight.remove(&id) else {
            return;
        };
        let (updates, attempt) = (post.updates, post.attempt);
        let posted = EventKind::WebhookPosted {
            status,
            updates,
            attempt,
        };
        self.note(now, None, None, posted);
        if status == Some(200) {
            return;
        }
        let due = now + self.settings.retries.wait(attempt);
        if due > post.first_due + self.settings.retries.give_up_after {
            self.note(now, None, None, EventKind::WebhookLost { updates });
            return;
        }
        let attempt = attempt + 1;
        self.agenda
            .add(due, Due::Post(WebhookPost { attempt, ..post }));
    }
}

fn value(business: &BusinessNumber, updates: &[Update]) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": business.number.trim_start_matches('+'),
            "phone_number_id": business.id,
        },
    });
    let (mut contacts, mut statuses, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    for update in updates {
        match update {
            Update::Status { status, contact } => {
                statuses.push(status.clone());
                contacts.extend(contact.iter().cloned());
            }
            Update::Message { message, contact } => {
                messages.push(message.clone());
                contacts.push(contact.clone());
            }
        }
    }
    contacts.dedup();
    for (name, list) in [
        ("contacts", contacts),
        ("statuses", statuses),
        ("messages", messages),
    ] {
        if !list.is_empty() {
            value[name] = Value::Array(list);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_ascii_and_mean_the_same() {
        let body = json!({ "text": "São João 👍 https://a/b \"x\"\n" });
        let bytes = escaped(&body);
        assert!(bytes.is_ascii());
        let text = String::from_utf8(bytes.clone()).expect("ASCII");
        assert!(text.contains("S\\u00e3o") && text.contains("\\ud83d\\udc4d"));
        assert!(text.contains("https:\\/\\/a\\/b"));
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), body);
    }

    #[test]
    fn the_signature_is_the_hmac_of_the_bytes() {
        // The published example of HMAC-SHA256.
        assert_eq!(
            sign("key", b"The quick brown fox jumps over the lazy dog"),
            "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    #[test]
    fn repetitions_come_at_once_and_then_later_and_later() {
        let retries = Retries::default();
        let waits: Vec<u64> = (1..=6).map(|n| retries.wait(n).as_secs()).collect();
        assert_eq!(waits, [0, 1, 4, 16, 64, 256]);
        assert_eq!(retries.wait(40), retries.longest);
    }
}
