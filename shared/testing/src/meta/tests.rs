//! The simulated world from outside: requests in, webhooks out.

mod deliveries;
mod endpoints;
mod granted;
mod inbound;
mod scripted;
mod webhooks;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

pub(super) const TOKEN: &str = "token-aurora";
pub(super) const WABA: &str = "800000000000001";
pub(super) const NUMBER: &str = "700000000000001";
pub(super) const SECRET: &str = "app-secret";
pub(super) const ANA: &str = "+5511987654321";

/// A Meta with one bank and two templates, driven by a clock of its own.
pub(super) struct World {
    pub(super) meta: Meta,
    pub(super) now: Timestamp,
    /// Every webhook that was posted, with its time.
    pub(super) posted: Vec<(Timestamp, Value)>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let account = |waba: &str, token: &str, number: &str, e164: &str, name: &str| Account {
            waba_id: waba.to_owned(),
            token: token.to_owned(),
            numbers: vec![BusinessNumber {
                id: number.to_owned(),
                number: e164.to_owned(),
                name: name.to_owned(),
            }],
        };
        let accounts = vec![
            account(WABA, TOKEN, NUMBER, "+551140000001", "Banco Aurora"),
            account(
                "800000000000002",
                "token-boreal",
                "700000000000002",
                "+551140000002",
                "Banco Boreal",
            ),
        ];
        let mut settings = Settings::new(7, SECRET, accounts);
        change(&mut settings);
        let mut meta = Meta::new(settings);
        for creation in [alert(), code()] {
            let template = MetaTemplate::from_creation(&creation).expect("a good template");
            meta.seed_template(WABA, template);
        }
        Self {
            meta,
            now: "2026-11-21T12:00:00Z".parse().expect("a time"),
            posted: Vec::new(),
        }
    }

    pub(super) fn send(&mut self, body: &Value) -> Reply {
        let path = format!("/v25.0/{NUMBER}/messages");
        self.meta.post_json(&path, TOKEN, body, self.now)
    }

    /// Time passes; every webhook is answered with what `answer` says.
    pub(super) fn pass_answering(&mut self, time: Duration, answer: Option<u16>) {
        let end = self.now + time;
        while let Some(due) = self.meta.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            for post in self.meta.take_due(self.now) {
                let body = serde_json::from_slice(&post.body).expect("JSON");
                self.posted.push((self.now, body));
                self.meta.webhook_answered(post.id, answer, self.now);
            }
        }
        self.now = end;
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.pass_answering(time, Some(200));
    }

    pub(super) fn updates(&self, pointer: &str) -> Vec<&Value> {
        self.posted
            .iter()
            .filter_map(|(_, body)| body["entry"][0]["changes"].as_array())
            .flatten()
            .filter_map(|change| change["value"][pointer].as_array())
            .flatten()
            .collect()
    }

    /// `sent`, `delivered` … in the order in which they were posted.
    pub(super) fn statuses(&self) -> Vec<&str> {
        let statuses = self.updates("statuses");
        statuses
            .into_iter()
            .filter_map(|status| status["status"].as_str())
            .collect()
    }

    pub(super) fn switch(&mut self, e164: &str, change: Value) {
        let change = serde_json::from_value(change).expect("a good change");
        self.meta.switch_phone(e164, change, self.now);
    }

    pub(super) fn faults(&mut self, change: Value) {
        self.meta
            .set_faults(serde_json::from_value(change).expect("good faults"));
    }
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// The creation request of an alert with named parameters and both kinds of button.
pub(super) fn alert() -> Value {
    json!({
        "name": "card_alert", "language": "pt_BR", "category": "UTILITY",
        "parameter_format": "NAMED", "message_send_ttl_seconds": 30,
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Alerta do {{bank}}",
              "example": { "header_text_named_params": [{ "param_name": "bank", "example": "Banco Aurora" }] } },
            { "type": "BODY", "text": "Compra de {{amount}} em {{merchant}} no seu cartão.",
              "example": { "body_text_named_params": [
                { "param_name": "amount", "example": "R$ 1,00" },
                { "param_name": "merchant", "example": "Padaria" }] } },
            { "type": "FOOTER", "text": "Nunca pedimos sua senha" },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Não reconheço" },
                { "type": "URL", "text": "Ver", "url": "https://banco.example.test/tx/{{1}}", "example": ["https://banco.example.test/tx/1"] }] }
        ]
    })
}

/// The creation request of a one-time code.
pub(super) fn code() -> Value {
    json!({
        "name": "login_code", "language": "pt_BR", "category": "authentication",
        "message_send_ttl_seconds": 60,
        "components": [
            { "type": "body", "add_security_recommendation": true },
            { "type": "footer", "code_expiration_minutes": 5 },
            { "type": "buttons", "buttons": [{ "type": "otp", "otp_type": "copy_code", "text": "Copiar código" }] }
        ]
    })
}

/// A valid send of the alert.
pub(super) fn alert_to(to: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to,
        "type": "template", "biz_opaque_callback_data": "ntf_1.1",
        "template": {
            "name": "card_alert", "language": { "code": "pt_BR" },
            "components": [
                { "type": "header", "parameters": [{ "type": "text", "parameter_name": "bank", "text": "Banco Aurora" }] },
                { "type": "body", "parameters": [
                    { "type": "text", "parameter_name": "amount", "text": "R$ 120,50" },
                    { "type": "text", "parameter_name": "merchant", "text": "Padaria São João" }] },
                { "type": "button", "sub_type": "quick_reply", "index": "0",
                  "parameters": [{ "type": "payload", "payload": "DISPUTE:ntf_1" }] },
                { "type": "button", "sub_type": "url", "index": "1",
                  "parameters": [{ "type": "text", "text": "778" }] }
            ]
        }
    })
}

/// A valid send of the code.
pub(super) fn code_to(to: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "to": to, "type": "template",
        "template": {
            "name": "login_code", "language": { "code": "pt_BR" },
            "components": [
                { "type": "body", "parameters": [{ "type": "text", "text": "482913" }] },
                { "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "482913" }] }
            ]
        }
    })
}

pub(super) fn text_to(to: &str, text: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": text } })
}
