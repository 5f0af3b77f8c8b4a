//! SNS: takes a text over, or does not, or nobody knows. What it took is on the phone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use recado_domain::ids::NotificationId;
use recado_domain::phone::E164;
use recado_ports::SmsChannel;

use crate::history::Event;
use crate::sabotage::Sabotage;
use crate::sim::{Sim, time};
use crate::weather::Fault;
use crate::whatsapp::Cloud;

/// How long one Publish may take (`SMS_TIMEOUT`), in milliseconds.
const SMS_TIMEOUT: u64 = 5_000;

/// The carrier. Clones share it.
#[derive(Clone)]
pub struct Sns {
    sim: Sim,
    cloud: Cloud,
    /// Whose text it is: every notification's is its own.
    texts: Arc<Mutex<BTreeMap<(String, String), NotificationId>>>,
}

impl Sns {
    /// A carrier that reaches the same phones as Meta.
    #[must_use]
    pub fn new(sim: &Sim, cloud: &Cloud) -> Self {
        Self {
            sim: sim.clone(),
            cloud: cloud.clone(),
            texts: Arc::default(),
        }
    }

    /// Says which notification a text to a number belongs to. False: it is another's already.
    #[must_use]
    pub fn expect(&self, phone: &str, text: &str, id: &NotificationId) -> bool {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (phone.to_owned(), text.to_owned());
        texts.entry(key).or_insert_with(|| id.clone()) == id
    }

    /// Whether a text to a number is nobody's yet.
    #[must_use]
    pub fn is_free(&self, phone: &str, text: &str) -> bool {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        !texts.contains_key(&(phone.to_owned(), text.to_owned()))
    }

    fn take(&self, phone: &str, text: &str, id: Option<&NotificationId>) -> Option<String> {
        let now = time(self.sim.millis());
        let taken = self.cloud.meta().receive_sms(phone, text, "Recado", now);
        let taken = taken.ok()?;
        self.sim.note(Event::Taken {
            id: id.cloned(),
            phone: phone.to_owned(),
        });
        Some(taken)
    }

    async fn publish(&self, phone: &str, text: &str, id: Option<&NotificationId>) -> PostOutcome {
        if self.sim.strikes(Fault::SmsUnreachable) {
            self.sim.pause(20).await;
            return not_sent("no connection to SNS", 1);
        }
        self.sim.way(5, 80).await;
        if self.sim.strikes(Fault::SmsThrottled) {
            return not_sent("SNS takes no more for the moment", 2);
        }
        if self.sim.strikes(Fault::SmsRefused) {
            return refused();
        }
        if self.sim.strikes(Fault::SmsRequestLost) {
            self.sim.pause(SMS_TIMEOUT).await;
            return PostOutcome::Unknown;
        }
        if self.sim.strikes(Fault::SmsPage) {
            return PostOutcome::Unknown;
        }
        let Some(provider_id) = self.take(phone, text, id) else {
            return refused();
        };
        if self.sim.sabotaged(Sabotage::PublishesTwice) {
            self.take(phone, text, id);
        }
        if self.sim.strikes(Fault::SmsAnswerLost) {
            self.sim.pause(SMS_TIMEOUT).await;
            return PostOutcome::Unknown;
        }
        self.sim.way(5, 80).await;
        if self.sim.strikes(Fault::SmsPageAfterAccept) {
            return PostOutcome::Unknown;
        }
        PostOutcome::Accepted {
            provider_id: Some(provider_id),
        }
    }
}

impl SmsChannel for Sns {
    #[allow(
        clippy::disallowed_methods,
        reason = "the carrier is told the number to send to"
    )]
    async fn send(&self, to: &E164, text: &str, _sender_id: Option<&str>) -> PostOutcome {
        let phone = to.expose();
        let id = {
            let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.get(&(phone.to_owned(), text.to_owned())).cloned()
        };
        let by = self.sim.actor();
        self.sim.note(Event::Publishing { id: id.clone(), by });
        let outcome = self.publish(phone, text, id.as_ref()).await;
        self.cloud.listen();
        self.sim.note(Event::Published {
            id,
            by,
            outcome: outcome.label(),
        });
        outcome
    }
}

fn failure(title: &str) -> Failure {
    Failure {
        kind: FailureKind::Temporary,
        code: None,
        title: title.to_owned(),
    }
}

fn not_sent(title: &str, seconds: u64) -> PostOutcome {
    PostOutcome::NotSent {
        failure: failure(title),
        retry_after: Duration::from_secs(seconds),
    }
}

fn refused() -> PostOutcome {
    PostOutcome::Rejected(Failure {
        kind: FailureKind::Permanent,
        ..failure("the number has opted out of SMS")
    })
}
