//! What must never be kept, planted wherever a bank or a customer can write: none of it is in the table, in
//! a queue or a dead-letter queue, or in a log line (metrics are log lines); nor does the person's own
//! export hold what they wrote of it.

mod plant;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use recado_domain::boleto::BoletoLine;
use recado_local::stack::Stack;
use recado_tests::{Bank, PATIENCE, drained, find_anywhere, fresh_key, fresh_number, now, shared};
use reqwest::StatusCode;
use ring::hmac;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use plant::{KINDS, Kind, NEVER_SENT, Secret};

/// A secret of its own for each place: no two are the same.
struct Planter {
    bank: Bank,
    stack: &'static Stack,
    planted: Vec<Secret>,
}

impl Planter {
    fn plant(&mut self, kind: Kind) -> Secret {
        let secret = Secret::new(kind, self.planted.len() + 1);
        self.planted.push(secret.clone());
        secret
    }

    /// Checks that an answer has this status and repeats nothing that was planted last.
    async fn refused(&self, answer: reqwest::Response, expected: StatusCode) -> Result<()> {
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status == expected, "{status}: {text}");
        let last = self.planted.last();
        let repeated =
            last.is_some_and(|secret| secret.needles.iter().any(|it| text.contains(it.as_str())));
        ensure!(!repeated, "repeated in {text}");
        Ok(())
    }

    async fn post_webhook(&self, body: Vec<u8>, signed: bool) -> Result<StatusCode> {
        let webhook = &self.stack.ready.webhook;
        let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.app_secret.as_bytes());
        let signature = HEXLOWER.encode(hmac::sign(&key, &body).as_ref());
        let mut request = self
            .bank
            .http
            .post(&webhook.url)
            .header("content-type", "application/json");
        if signed {
            request = request.header("x-hub-signature-256", format!("sha256={signature}"));
        }
        Ok(request.body(body).send().await?.status())
    }
}

/// Where a customer puts a number.
const SURROUNDINGS: [&str; 12] = [
    "{}",
    "oi, {} obrigada!",
    "Segue: {}. É isso?",
    "({})",
    "my number is {}, please help",
    "voici {} merci",
    "hier: {}, danke",
    "👍 {} 👍",
    "preciso de ajuda\n\n{}\n\nurgente",
    "R$ 150,00 em 21/11/2026, {}, CEP 01310-100",
    "\"{}\"",
    "李明 {} مرحبا",
];

impl Planter {
    /// What a customer writes, presses or sends; answers how many messages are kept of it.
    async fn inbound(&mut self, to: &str) -> Result<usize> {
        for surroundings in SURROUNDINGS {
            for kind in KINDS {
                let text = surroundings.replace("{}", &self.plant(kind).written);
                self.bank.reply(to, json!({ "text": text })).await?;
            }
        }
        for (place, kind) in KINDS.into_iter().enumerate() {
            let contents = [
                json!({ "type": "image", "image": { "id": "1", "caption": self.plant(kind).written } }),
                json!({ "type": "button", "button": { "payload": self.plant(kind).written, "text": self.plant(kind).written } }),
                json!({ "type": "interactive", "interactive": { "type": "list_reply", "list_reply": { "id": "x", "title": self.plant(kind).written } } }),
                json!({ "type": "location", "location": { "name": self.plant(kind).written } }),
                json!({ "type": "hologram", "hologram": { "text": self.plant(kind).written } }),
            ];
            for (which, mut message) in contents.into_iter().enumerate() {
                message["id"] = json!(format!("wamid.PLANT{place}.{which}"));
                message["from"] = json!(&to[1..]);
                message["timestamp"] = json!("1795252237");
                let value = json!({
                    "messaging_product": "whatsapp",
                    "metadata": { "display_phone_number": "551140000001", "phone_number_id": self.bank.phone_number_id },
                    "contacts": [{ "wa_id": &to[1..], "profile": { "name": self.plant(kind).written } }],
                    "messages": [message],
                });
                let change = json!({ "field": "messages", "value": value });
                let body = json!({
                    "object": "whatsapp_business_account",
                    "entry": [{ "id": "800000000000001", "changes": [change] }],
                });
                let status = self
                    .post_webhook(body.to_string().into_bytes(), true)
                    .await?;
                ensure!(status == StatusCode::OK, "{status}");
            }
            for signed in [true, false] {
                let broken = format!("{{\"entry\": [{{\"id\": \"{}\"", self.plant(kind).written);
                let status = self.post_webhook(broken.into_bytes(), signed).await?;
                ensure!(!status.is_server_error(), "{status}");
            }
        }
        Ok((SURROUNDINGS.len() + 5) * KINDS.len())
    }

    /// Free text that a bank must not send, and requests that are none.
    async fn refused_requests(&mut self) -> Result<()> {
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        let body = |field: &str, text: &str| {
            let mut body = recado_tests::alert("+5511970000001");
            match field {
                "name" => body["params"]["name"] = json!(text),
                _ => body[field] = json!(text),
            }
            body
        };
        for surroundings in &SURROUNDINGS[..6] {
            for kind in NEVER_SENT {
                for field in ["name", "reference"] {
                    let text = surroundings.replace("{}", &self.plant(kind).written);
                    let key = fresh_key();
                    let answer = self
                        .bank
                        .post("/v1/notifications", Some(&key), &body(field, &text))
                        .await?;
                    self.refused(answer, unprocessable).await?;
                }
            }
        }
        for kind in KINDS {
            for field in ["to", "template", "locale", "valid_until", "note"] {
                let text = format!("x {}", self.plant(kind).written);
                let answer = self
                    .bank
                    .post("/v1/notifications", Some(&fresh_key()), &body(field, &text))
                    .await?;
                self.refused(answer, unprocessable).await?;
            }
            let broken = format!(
                "{{\"template\": \"test_alert\", \"to\": \"{}",
                self.plant(kind).written
            );
            let request = self
                .bank
                .http
                .post(format!("{}/v1/notifications", self.bank.api));
            let request = request
                .bearer_auth(&self.bank.token)
                .header("idempotency-key", fresh_key());
            let answer = request
                .header("content-type", "application/json")
                .body(broken)
                .send()
                .await?;
            self.refused(answer, StatusCode::BAD_REQUEST).await?;
            let path = format!("/v1/notifications/{}", self.plant(kind).bare);
            self.refused(self.bank.get(&path).await?, StatusCode::NOT_FOUND)
                .await?;
        }
        Ok(())
    }

    /// What is taken in and kept sealed or as a digest: keys, evidence, typed parameters.
    async fn accepted(&mut self) -> Result<()> {
        let to = fresh_number();
        self.bank.agrees(&to).await?;
        for kind in KINDS {
            let key = self.plant(kind).bare;
            let answer = self
                .bank
                .post("/v1/notifications", Some(&key), &recado_tests::alert(&to))
                .await?;
            self.refused(answer, StatusCode::ACCEPTED).await?;
            for field in ["wording", "actor", "wording_version"] {
                let mut evidence = json!({ "source": "app", "captured_at": now() });
                evidence[field] = json!(self.plant(kind).written);
                let body = json!({ "to": to, "channel": "sms", "purposes": ["marketing"], "action": "grant", "evidence": evidence });
                let answer = self.bank.post("/v1/consents", None, &body).await?;
                ensure!(answer.status().is_success(), "{}", answer.text().await?);
            }
            let evidence = json!({ "source": self.plant(kind).written, "captured_at": now() });
            let body = json!({ "to": to, "channel": "sms", "purposes": ["marketing"], "action": "grant", "evidence": evidence });
            let answer = self.bank.post("/v1/consents", None, &body).await?;
            self.refused(answer, StatusCode::UNPROCESSABLE_ENTITY)
                .await?;
        }
        let (account, boleto) = (self.plant(Kind::Account), self.plant(Kind::Boleto));
        let request = json!({
            "template": "test_typed", "locale": "pt_BR", "to": to,
            "params": {
                "account": account.bare, "boleto": boleto.bare, "phone": self.plant(Kind::Phone).bare,
                "pix_key": self.plant(Kind::Phone).bare, "cpf": self.plant(Kind::Cpf).bare,
                "iban": self.plant(Kind::Iban).bare, "note": "confira",
            },
        });
        let id = self.bank.send(&request).await?;
        self.bank.until_status(&id, "read").await?;
        let inbox = self.bank.inbox(&to).await?;
        let shown = inbox.iter().find(|message| message["notification"] == id);
        let shown = shown.map(Value::to_string).unwrap_or_default();
        let printed = BoletoLine::parse(&boleto.bare)?.printed();
        ensure!(shown.contains(&printed), "a customer pays with it: {shown}");
        ensure!(!shown.contains(&account.bare), "{shown}");
        Ok(())
    }

    /// Waits until this many inbound messages are kept.
    async fn kept(&self, count: usize) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let items = self.stack.aws.dump_table()?;
            let chats = items.iter().filter(|item| {
                item["pk"]["S"]
                    .as_str()
                    .is_some_and(|pk| pk.starts_with("CHAT#"))
            });
            if chats.count() == count {
                return Ok(());
            }
            ensure!(
                Instant::now() < end,
                "not all of {count} messages were kept"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What the bank hands out of a person on request.
async fn exported(bank: &Bank, to: &str) -> Result<(String, Value)> {
    let found = bank
        .post("/v1/consents/lookup", None, &json!({ "to": to }))
        .await?;
    let found: Value = found.error_for_status()?.json().await?;
    let token = found["recipient"].as_str().context("no recipient")?;
    let export = bank.get(&format!("/v1/consents/{token}/export")).await?;
    let export = export.error_for_status()?.json().await?;
    Ok((token.to_owned(), export))
}

#[tokio::test]
async fn nothing_that_was_planted_is_in_the_table_in_a_queue_in_a_log_or_in_an_export() -> Result<()>
{
    let stack = shared();
    let mut planter = Planter {
        bank: Bank::of(stack, 0).await?,
        stack,
        planted: Vec::new(),
    };
    let customer = fresh_number();
    let messages = planter.inbound(&customer).await?;
    planter.kept(messages).await?;
    planter.refused_requests().await?;
    planter.accepted().await?;
    drained(stack).await?;
    println!("{} secrets planted", planter.planted.len());
    assert!(planter.planted.len() >= 200);
    let needles: Vec<&str> = planter
        .planted
        .iter()
        .flat_map(|secret| &secret.needles)
        .map(String::as_str)
        .collect();
    assert_eq!(find_anywhere(stack, &needles)?, [""; 0]);
    let (token, export) = exported(&planter.bank, &customer).await?;
    // The search looks where it must: whose conversation it is stands there.
    assert!(!find_anywhere(stack, &[&format!("CHAT#banco-aurora#{token}")])?.is_empty());
    let export = export.to_string();
    let held = needles.iter().filter(|needle| export.contains(**needle));
    assert_eq!(held.collect::<Vec<_>>(), Vec::<&&str>::new(), "{export}");
    // What stood around them is there: the export holds what was written.
    assert!(export.contains("preciso de ajuda"), "{export}");
    Ok(())
}
