//! WhatsApp as the sender sees it: our wire format to the simulated Meta, and Meta's answers back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_domain::carried::Carried;
use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use recado_domain::ids::{NotificationId, PhoneNumberId, TenantId};
use recado_domain::message::{Addressee, Outgoing};
use recado_ports::WhatsappChannel;
use recado_testing::meta::faults::SendFault;
use recado_testing::meta::{Effect, EventKind, FaultsChange, Meta, Method, Request};
use recado_whatsapp::errors::{self, MetaError, Transience};
use recado_whatsapp::wire;
use serde_json::{Value, json};

use crate::history::{Event, Told};
use crate::sabotage::Sabotage;
use crate::sim::{Sim, time};
use crate::weather::Fault;

/// How long one POST may take (`POST_TIMEOUT`), in milliseconds.
pub const POST_TIMEOUT: i64 = 8_000;

/// Meta and the way there. Clones share it.
#[derive(Clone)]
pub struct Cloud {
    sim: Sim,
    meta: Arc<Mutex<Meta>>,
}

impl Cloud {
    /// A way to Meta.
    #[must_use]
    pub fn new(sim: &Sim, meta: Meta) -> Self {
        Self {
            sim: sim.clone(),
            meta: Arc::new(Mutex::new(meta)),
        }
    }

    /// Meta itself; what it did is noted by [`Cloud::listen`].
    pub fn meta(&self) -> MutexGuard<'_, Meta> {
        self.meta.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what Meta and the phones did since this was last called.
    pub fn listen(&self) {
        let events = self.meta().take_events();
        for event in events {
            let id = event
                .notification
                .as_deref()
                .and_then(|id| NotificationId::parse(id).ok());
            let phone = event.phone.unwrap_or_default();
            let told = |what| id.clone().map(|id| Event::Told { id, what });
            let noted = match event.kind {
                EventKind::Accepted { .. } => id.clone().map(|id| Event::Accepted { id, phone }),
                EventKind::Rejected { code, status } => {
                    id.clone().map(|id| Event::Refused { id, code, status })
                }
                EventKind::Delivered => told(Told::Delivered),
                EventKind::Read => told(Told::Read),
                EventKind::Failed { .. } => told(Told::Failed),
                EventKind::Expired => told(Told::Expired),
                EventKind::Reply { text } => Some(Event::Customer { phone, what: text }),
                EventKind::WebhookLost { .. } => {
                    self.sim.note(Event::Struck {
                        fault: Fault::WebhookLost,
                        by: crate::history::Actor::WORLD,
                    });
                    Some(Event::WebhookLost)
                }
                EventKind::AnswerLost
                | EventKind::Sent
                | EventKind::SmsReceived { .. }
                | EventKind::SmsRefused
                | EventKind::CallReceived { .. }
                | EventKind::Switched { .. }
                | EventKind::WebhookPosted { .. }
                | EventKind::TemplateStatus { .. } => None,
            };
            if let Some(noted) = noted {
                self.sim.note(noted);
            }
        }
    }

    /// What goes wrong with the next send at Meta's.
    fn fault(&self) -> SendFault {
        let strikes = |fault| self.sim.strikes(fault);
        let status = || self.sim.throw(|dice| *dice.pick(&[500_u16, 502, 503, 504]));
        if strikes(Fault::MetaNumberThrottled) {
            SendFault::ErrorCode(130_429, None)
        } else if strikes(Fault::MetaPairThrottled) {
            SendFault::ErrorCode(131_056, None)
        } else if strikes(Fault::MetaPage) {
            SendFault::Status(status())
        } else if strikes(Fault::MetaPageAfterAccept) {
            SendFault::StatusAfterAccept(status())
        } else if strikes(Fault::MetaCodeWith500) {
            SendFault::ErrorCode(131_026, Some(500))
        } else if strikes(Fault::MetaRefused) {
            let codes = [132_015, 131_049, 130_472, 131_042];
            SendFault::ErrorCode(self.sim.throw(|dice| *dice.pick(&codes)), None)
        } else if strikes(Fault::MetaAnswerLost) {
            SendFault::TimeoutAfterAccept
        } else if strikes(Fault::MetaRequestLost) {
            SendFault::TimeoutBeforeAccept
        } else if strikes(Fault::MetaReset) {
            SendFault::Reset
        } else if strikes(Fault::MetaResetAfterAccept) {
            SendFault::ResetAfterAccept
        } else if strikes(Fault::MetaThenFailed) {
            SendFault::ThenFailed(131_049)
        } else {
            SendFault::Pass
        }
    }

    /// One POST: never repeated, bounded by its timeout.
    async fn post(&self, tenant: &TenantId, from: &PhoneNumberId, body: &[u8]) -> PostOutcome {
        let begun = self.sim.millis();
        if self.sim.strikes(Fault::MetaUnreachable) {
            let wait = self.sim.throw(|dice| *dice.pick(&[3_u64, 40, 2_000]));
            self.sim.pause(wait).await;
            return no_connection();
        }
        self.sim.yields().await;
        let there = match self.sim.strikes(Fault::MetaSlow) {
            true => self.sim.throw(|dice| dice.between(1_000, 7_900)),
            false => self.sim.throw(|dice| dice.between(10, 250)),
        };
        self.sim.pause(there).await;
        let fault = self.fault();
        let (reply, kept) = {
            let mut meta = self.meta();
            meta.set_faults(FaultsChange {
                next: Some(VecDeque::from([fault])),
                webhooks: None,
            });
            let path = format!("/v25.0/{from}/messages");
            let authorization = format!("Bearer {}", token(tenant));
            let request = Request {
                method: Method::Post,
                path: &path,
                authorization: Some(&authorization),
                content_type: Some("application/json"),
                file_offset: None,
                body,
            };
            let reply = meta.request(&request, time(self.sim.millis()));
            let answered = reply.status == 200 && reply.effect == Effect::Answer;
            let kept = match answered && self.sim.strikes(Fault::MetaHeld) {
                true => Kept::Back,
                false => Kept::Not,
            };
            (reply, kept)
        };
        self.listen();
        let patience = begun + POST_TIMEOUT;
        match reply.effect {
            Effect::Answer => {
                let back = self.sim.throw(|dice| dice.between(10, 250));
                let arrives = self.sim.millis() + i64::try_from(back).unwrap_or(0);
                self.sim.until(arrives.min(patience)).await;
                if arrives > patience {
                    return PostOutcome::Unknown;
                }
                read(reply.status, &reply.body, kept)
            }
            Effect::TimeoutAfterAccept | Effect::TimeoutBeforeAccept => {
                self.sim.until(patience).await;
                self.sim.yields().await;
                PostOutcome::Unknown
            }
            Effect::ResetAfterAccept | Effect::ResetBeforeAccept => {
                self.sim.pause(30).await;
                PostOutcome::Unknown
            }
        }
    }
}

impl WhatsappChannel for Cloud {
    async fn send(
        &self,
        tenant: &TenantId,
        from: &PhoneNumberId,
        to: &Addressee,
        message: &Outgoing,
        carried: &Carried,
    ) -> PostOutcome {
        let by = self.sim.actor();
        let body = wire::message(to, message, carried);
        let Carried::Attempt(callback) = carried else {
            let outcome = self.post(tenant, from, &body).await;
            let phone = match to {
                Addressee::Phone(phone) => phone.masked(),
                Addressee::User(_) => String::new(),
            };
            self.sim.note(Event::Confirmed {
                tenant: tenant.clone(),
                phone,
                outcome: outcome.label(),
            });
            return outcome;
        };
        let id = callback.notification.clone();
        self.sim.note(Event::Posting {
            id: id.clone(),
            attempt: callback.attempt,
            by,
        });
        let mut outcome = self.post(tenant, from, &body).await;
        if self.sim.sabotaged(Sabotage::PostsTwice) && self.sim.throw(|dice| dice.hits(0.3)) {
            outcome = self.post(tenant, from, &body).await;
        }
        if outcome == PostOutcome::Unknown && self.sim.sabotaged(Sabotage::CallsUnknownNotSent) {
            outcome = no_connection();
        }
        self.sim.note(Event::Posted {
            id,
            by,
            outcome: outcome.label(),
            code: outcome.code(),
        });
        outcome
    }
}

/// A bank's access token at the simulated Meta.
#[must_use]
pub fn token(tenant: &TenantId) -> String {
    format!("EAAG-{tenant}")
}

fn no_connection() -> PostOutcome {
    PostOutcome::NotSent {
        failure: Failure {
            kind: FailureKind::Technical,
            code: None,
            title: "no connection".to_owned(),
        },
        retry_after: Duration::from_millis(250),
    }
}

/// Whether Meta keeps a message back that it took.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Back,
    Not,
}

/// Reads Meta's answer as the client does.
fn read(status: u16, body: &[u8], kept: Kept) -> PostOutcome {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return PostOutcome::Unknown;
    };
    if let Some(error) = answer.get("error") {
        let number = |name: &str| error[name].as_u64().and_then(|n| u32::try_from(n).ok());
        let transience = match error["is_transient"] == json!(true) {
            true => Transience::Transient,
            false => Transience::Unsaid,
        };
        let error = MetaError {
            code: number("code"),
            subcode: number("error_subcode"),
            transience,
        };
        return errors::synchronous(error, status);
    }
    match (status, answer["messages"][0]["id"].as_str()) {
        (200..300, Some(_)) if kept == Kept::Back => PostOutcome::Held,
        (200..300, Some(_)) => PostOutcome::Accepted { provider_id: None },
        _ => PostOutcome::Unknown,
    }
}
