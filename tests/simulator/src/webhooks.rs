//! Meta's webhooks on their way to the receiver: some with entries that nobody can read, some that Meta
//! never signed.

use axum::body::Body;
use http::Request;
use recado_domain::ids::NotificationId;
use recado_testing::meta::WebhookPost;
use recado_testing::meta::webhooks::sign;
use serde_json::{Value, json};

use crate::functions::{APP_SECRET, System};
use crate::history::{Actor, Event, Function};
use crate::sabotage::Sabotage;
use crate::sim::time;
use crate::weather::Fault;

impl System {
    /// Carries one POST of Meta's to the receiver, and the answer back.
    pub async fn carry(self, post: WebhookPost) {
        let (status, by) = self.hand_over(&post).await;
        self.sim.note(Event::Webhook {
            post: post.id,
            status,
            by,
        });
        let now = time(self.sim.millis());
        self.cloud.meta().webhook_answered(post.id, status, now);
        self.cloud.listen();
    }

    async fn hand_over(&self, post: &WebhookPost) -> (Option<u16>, Actor) {
        if self.sim.strikes(Fault::ReceiverUnreachable) {
            self.sim.pause(100).await;
            return (None, Actor::WORLD);
        }
        if self.sim.sabotaged(Sabotage::SwallowsReceipts) && self.sim.throw(|dice| dice.hits(0.2)) {
            return (Some(200), Actor::WORLD);
        }
        let way = self.sim.throw(|dice| dice.between(5, 60));
        self.sim.pause(way).await;
        let strange = self.sim.strikes(Fault::StrangeEntry);
        let with = strange.then(|| self.with_strange_entries(&post.body));
        let (body, signature) = match with.flatten() {
            Some(body) => {
                let signature = sign(APP_SECRET, &body);
                (body, signature)
            }
            None => (post.body.clone(), post.signature.clone()),
        };
        let answer = self
            .ask(Function::Receiver, webhook(body, &signature))
            .await;
        let Some(answer) = answer else {
            return (None, Actor::WORLD);
        };
        if self.sim.strikes(Fault::WebhookAnswerLost) {
            return (None, answer.by);
        }
        (Some(answer.status), answer.by)
    }

    /// The same entries, and among them some of shapes that nobody has announced.
    fn with_strange_entries(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        let entries = body["entry"].as_array_mut()?;
        let number = entries[0]["changes"][0]["value"]["metadata"]["phone_number_id"].clone();
        let strange = [
            json!({ "id": 7, "changes": "none" }),
            json!({ "id": "8", "changes": [{ "field": "weather", "value": { "rain": true } }] }),
            json!({ "id": "8", "changes": [{ "field": "messages", "value": {
                "messaging_product": "whatsapp", "metadata": { "phone_number_id": number },
                "statuses": [
                    { "status": "levitated", "id": "wamid.X", "timestamp": "x" },
                    { "status": 9 }, "text", null,
                    { "status": "delivered", "id": "wamid.Y", "timestamp": "1", "biz_opaque_callback_data": "ntf_x.1" },
                ],
                "messages": [{ "type": 4 }, { "type": "hologram", "id": "wamid.Z" }] } }] }),
            Value::Null,
        ];
        for entry in strange {
            if self.sim.throw(|dice| dice.hits(0.6)) {
                let place = self.sim.throw(|dice| dice.place(entries.len() + 1));
                entries.insert(place, entry);
            }
        }
        serde_json::to_vec(&body).ok()
    }

    /// Somebody says that a message was delivered: without Meta's signature, or as another bank.
    pub async fn lie(self, id: NotificationId, number: String, attempt: u32, lie: Lie) {
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "9", "changes": [{
            "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "0", "phone_number_id": number },
                "statuses": [{ "id": "wamid.L", "status": "delivered", "timestamp": "1795262400",
                    "recipient_id": "5511900000000", "biz_opaque_callback_data": format!("{id}.{attempt}") }],
            } }] }] });
        let body = body.to_string().into_bytes();
        let signature = match lie {
            Lie::Forged if self.sim.sabotaged(Sabotage::BelievesAnybody) => sign(APP_SECRET, &body),
            Lie::Forged => sign("another secret", &body),
            Lie::Foreign => sign(APP_SECRET, &body),
        };
        let answer = self
            .ask(Function::Receiver, webhook(body, &signature))
            .await;
        if let (Lie::Forged, Some(answer)) = (lie, answer) {
            self.sim.note(Event::Forged {
                status: answer.status,
            });
        }
    }
}

/// How a webhook lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It is not signed by Meta.
    Forged,
    /// It is Meta's, but for another bank's number.
    Foreign,
}

fn webhook(body: Vec<u8>, signature: &str) -> Request<Body> {
    Request::post("/v1/webhooks/whatsapp")
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .body(Body::from(body))
        .expect("a request")
}
