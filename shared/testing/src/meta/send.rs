//! `POST /{phone_number_id}/messages`: refusal, or acceptance.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Meta,
    admit::Admitted,
    delivery::{Addressed, Course, Outbound, Stage},
    errors::GraphError,
    events::EventKind,
    faults::SendFault,
    numbers,
    scripts::Script,
    validate::{self, Sent},
    wire::{Effect, Reply, Route},
};

impl Meta {
    pub(super) fn messages(
        &mut self,
        number: &str,
        waba: &str,
        route: &Route,
        body: &[u8],
        now: Timestamp,
    ) -> Reply {
        let request: Value = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(_) => return self.refuse(&GraphError::invalid("The body is not valid JSON.")),
        };
        if request.get("status").is_some() {
            let outcome = self.read_receipt(&request);
            return match outcome {
                Ok(()) => Reply::json(200, &json!({ "success": true })),
                Err(error) => self.refuse(&error),
            };
        }
        let fault = self.faults.next.pop_front().unwrap_or(SendFault::Pass);
        let whom = Whom::of(&request);
        match fault {
            SendFault::Status(status) => {
                self.rejected(&whom, None, status, now);
                return page(status);
            }
            SendFault::ErrorCode(code, http_status) => {
                let error = GraphError {
                    http_status,
                    ..GraphError::new(code, "")
                };
                self.rejected(&whom, Some(code), error.status(), now);
                return self.refuse(&error);
            }
            SendFault::TimeoutBeforeAccept | SendFault::Reset => {
                self.lost(&whom, now);
                let effect = match fault == SendFault::Reset {
                    true => Effect::ResetBeforeAccept,
                    false => Effect::TimeoutBeforeAccept,
                };
                return page(503).with(effect);
            }
            SendFault::Pass
            | SendFault::StatusAfterAccept(_)
            | SendFault::TimeoutAfterAccept
            | SendFault::ResetAfterAccept
            | SendFault::ThenFailed(_) => {}
        }
        let admitted = self.admit(number, waba, &request, route.version, now);
        let (reply, script) = match admitted {
            Err(error) => {
                self.rejected(&whom, Some(error.code), error.status(), now);
                (self.refuse(&error), None)
            }
            Ok(mut admitted) => {
                if let SendFault::ThenFailed(code) = fault {
                    admitted.fails = Some(code);
                }
                let script = admitted.script;
                (self.accept(number, waba, admitted, now), script)
            }
        };
        let silent = matches!(
            script,
            Some(Script::AnswerLost | Script::AnswerLostThenDelivered)
        );
        let effect = match fault {
            SendFault::TimeoutAfterAccept => Effect::TimeoutAfterAccept,
            SendFault::ResetAfterAccept => Effect::ResetAfterAccept,
            SendFault::StatusAfterAccept(status) => return page(status),
            SendFault::Pass
            | SendFault::ThenFailed(_)
            | SendFault::Status(_)
            | SendFault::ErrorCode(..)
            | SendFault::TimeoutBeforeAccept
            | SendFault::Reset => match silent {
                true => Effect::TimeoutAfterAccept,
                false => Effect::Answer,
            },
        };
        if effect != Effect::Answer {
            self.lost(&whom, now);
        }
        reply.with(effect)
    }

    fn read_receipt(&self, request: &Value) -> Result<(), GraphError> {
        match validate::parse(request)? {
            Sent::Read(receipt) if self.inbound.contains(receipt.message_id) => Ok(()),
            Sent::Read(_) | Sent::Message(_) => Err(GraphError::new(
                131_009,
                "message_id: no message of a customer has this id",
            )),
        }
    }

    fn accept(&mut self, number: &str, waba: &str, admitted: Admitted, now: Timestamp) -> Reply {
        let Admitted {
            input,
            callback_data,
            e164,
            script,
            addressed,
            checked,
            fails,
        } = admitted;
        if let Some(order) = &checked.order {
            self.orders
                .insert((waba.to_owned(), order.reference_id.clone()));
        }
        let wa_id = self.phones.phone(&e164).wa_id();
        let wamid = self.wamid(&wa_id);
        let (course, stages): (Course, &[Stage]) = match (fails, script, checked.kind) {
            (Some(code), _, _) => (Course::Fixed, &[Stage::Failed(code)]),
            // A reaction is never more than sent.
            (None, _, "reaction") => (Course::Fixed, &[Stage::Sent]),
            (None, Some(script), _) => (Course::Fixed, script.stages()),
            (None, None, _) => (Course::Phone, &[Stage::Sent]),
        };
        let mut message = json!({ "id": wamid });
        if checked.kind == "template" {
            message["message_status"] = json!("accepted");
        }
        let contact = match addressed {
            Addressed::ByPhone => json!({ "input": input, "wa_id": wa_id }),
            Addressed::ByUserId => json!({ "input": input, "user_id": input }),
        };
        let notification = callback_data.as_deref().and_then(notification_id);
        self.outbound.insert(
            wamid.clone(),
            Outbound {
                wamid: wamid.clone(),
                number: number.to_owned(),
                e164: e164.clone(),
                addressed,
                notification: notification.clone(),
                callback_data,
                price: checked.price,
                expires: now + checked.lives,
                screen: checked.screen,
                course,
                arrived: None,
                told: Vec::new(),
            },
        );
        let accepted = EventKind::Accepted {
            message: wamid.clone(),
        };
        self.note(now, Some(&e164), notification.as_deref(), accepted);
        self.begin(&wamid, stages, now);
        if script == Some(Script::DeliveredAfterSms) && fails.is_none() {
            let late = now + self.settings.late_delivery_after;
            self.plan(&wamid, Stage::Delivered, late);
        }
        Reply::json(
            200,
            &json!({
                "messaging_product": "whatsapp",
                "contacts": [contact],
                "messages": [message],
            }),
        )
    }

    /// An id like the real ones, which hold the customer's digits in clear.
    pub(super) fn wamid(&mut self, wa_id: &str) -> String {
        let mut bytes = vec![0x1c, 0x18];
        bytes.push(u8::try_from(wa_id.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(wa_id.as_bytes());
        bytes.extend_from_slice(&[0x15, 0x02, 0x00, 0x11, 0x18, 0x20]);
        bytes.extend_from_slice(self.hex(32).as_bytes());
        bytes.push(0);
        format!("wamid.{}", BASE64.encode(&bytes))
    }

    pub(super) fn refuse(&mut self, error: &GraphError) -> Reply {
        let trace = self.hex(22);
        Reply::error(error, &trace)
    }

    fn rejected(&mut self, whom: &Whom, code: Option<u32>, status: u16, now: Timestamp) {
        let kind = EventKind::Rejected { code, status };
        self.note(
            now,
            whom.phone.as_deref(),
            whom.notification.as_deref(),
            kind,
        );
    }

    fn lost(&mut self, whom: &Whom, now: Timestamp) {
        self.note(
            now,
            whom.phone.as_deref(),
            whom.notification.as_deref(),
            EventKind::AnswerLost,
        );
    }
}

/// Whom and what a request is about, read before it is known to be valid.
pub(super) struct Whom {
    pub(super) phone: Option<String>,
    pub(super) notification: Option<String>,
}

impl Whom {
    pub(super) fn of(request: &Value) -> Self {
        Self {
            phone: request["to"].as_str().and_then(numbers::parse_e164),
            notification: request["biz_opaque_callback_data"]
                .as_str()
                .and_then(notification_id),
        }
    }
}

/// A notification's callback data is `ntf_….1`: its id, a dot, the attempt. Other data names none.
fn notification_id(callback_data: &str) -> Option<String> {
    let (id, _) = callback_data.rsplit_once('.')?;
    id.starts_with("ntf_").then(|| id.to_owned())
}

/// What stands before Meta answers with: never JSON.
fn page(status: u16) -> Reply {
    Reply {
        status,
        content_type: "text/html".to_owned(),
        body: format!(
            "<html><body><h1>{status}</h1><p>Sorry, something went wrong.</p></body></html>"
        )
        .into_bytes(),
        effect: Effect::Answer,
    }
}
