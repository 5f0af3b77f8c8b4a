//! What stands in the two secrets, and the few changes that are made to it. Everything else in them stays as
//! it is. Nothing here prints a value: a fingerprint says which one is meant.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use recado_domain::ids::{AppId, TenantId};
use recado_runtime::{Keys, SecretText, WhatsappSecret};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value, json};

/// A change that cannot be made, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(text.into()))
}

/// Which secret it is, without it: the first eight digits of its SHA-256.
#[must_use]
pub(crate) fn fingerprint(secret: &str) -> String {
    let digest = digest(&SHA256, secret.trim().as_bytes());
    HEXLOWER.encode(&digest.as_ref()[..4])
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => refuse("the operating system gives no random bytes"),
    }
}

/// A secret's text as JSON that may be changed.
pub(crate) struct Text(Map<String, Value>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

impl Text {
    /// Reads a secret that must be an object.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) | Err(_) => refuse("it holds something else than a JSON object"),
        }
    }

    /// The sealing keys and the pepper of a new deployment.
    pub(crate) fn new_keys() -> Result<Self, Refusal> {
        let fresh = json!({
            "sealing": { "current": "k1", "keys": { "k1": BASE64.encode(&random::<32>()?) } },
            "pepper": { "version": "1", "secret": BASE64.encode(&random::<32>()?) },
        });
        Self::parse(&fresh.to_string())
    }

    /// What belongs to Meta, of a new deployment: nobody else needs to know the verify token.
    pub(crate) fn new_whatsapp(app: &AppId, app_secret: &str) -> Result<Self, Refusal> {
        let fresh = json!({
            "app_id": app, "app_secrets": [checked(app_secret)?],
            "verify_token": HEXLOWER.encode(&random::<16>()?), "access_tokens": {},
        });
        Self::parse(&fresh.to_string())
    }

    pub(crate) fn text(&self) -> String {
        json!(self.0).to_string()
    }

    /// As the functions read the keys.
    pub(crate) fn keys(&self) -> Result<Keys, Refusal> {
        Keys::parse(&self.text()).or_else(|error| refuse(error.to_string()))
    }

    /// As the functions read what belongs to Meta.
    pub(crate) fn whatsapp(&self) -> Result<WhatsappSecret, Refusal> {
        match serde_json::from_value::<WhatsappSecret>(json!(self.0)) {
            Ok(secret) if secret.app_secrets.iter().any(|secret| !secret.is_empty()) => Ok(secret),
            Ok(_) => refuse("its app_secrets are empty"),
            // The error's own text may quote a value.
            Err(_) => refuse("it must have app_id, app_secrets, verify_token and access_tokens"),
        }
    }

    /// A new key, by which everything can be opened and nothing is sealed yet. Answers its id.
    pub(crate) fn add_sealing_key(&mut self) -> Result<String, Refusal> {
        self.keys()?;
        let keys = self.part("sealing", "keys")?;
        let number = |id: &String| id.strip_prefix('k')?.parse::<u32>().ok();
        let highest = keys.keys().filter_map(number).max().unwrap_or_default();
        let id = format!("k{}", highest.saturating_add(1));
        keys.insert(id.clone(), json!(BASE64.encode(&random::<32>()?)));
        self.keys()?;
        Ok(id)
    }

    /// Seals by another one of the keys from now on.
    pub(crate) fn use_sealing_key(&mut self, id: &str) -> Result<(), Refusal> {
        self.keys()?;
        if !self.part("sealing", "keys")?.contains_key(id) {
            return refuse(format!("there is no sealing key {id}"));
        }
        if let Some(sealing) = self.0.get_mut("sealing").and_then(Value::as_object_mut) {
            sealing.insert("current".to_owned(), json!(id));
        }
        self.keys().map(drop)
    }

    /// Accepts another app secret beside those that there are. False: it is there already.
    pub(crate) fn add_app_secret(&mut self, secret: &str) -> Result<bool, Refusal> {
        let secret = checked(secret)?;
        let known = self.whatsapp()?.app_secrets.contains(&secret);
        if !known {
            // First, so that it is the one that the app's own requests are made with.
            self.app_secrets()?.insert(0, json!(secret));
        }
        Ok(!known)
    }

    /// Accepts an app secret no longer; one must be left.
    pub(crate) fn drop_app_secret(&mut self, which: &str) -> Result<(), Refusal> {
        self.whatsapp()?;
        let secrets = self.app_secrets()?;
        let is_it = |secret: &Value| secret.as_str().is_some_and(|it| fingerprint(it) == which);
        if !secrets.iter().any(is_it) {
            return refuse(
                "no app secret has this fingerprint; `secrets` shows those that there are",
            );
        }
        secrets.retain(|secret| !is_it(secret));
        if self.whatsapp().is_err() {
            return refuse("it is the last app secret: without one no webhook is believed");
        }
        Ok(())
    }

    /// A bank's access token. False: it has this one already.
    pub(crate) fn set_token(&mut self, tenant: &TenantId, token: &str) -> Result<bool, Refusal> {
        let token = checked(token)?;
        let same = self.whatsapp()?.access_tokens.get(tenant) == Some(&token);
        if !same {
            match self
                .0
                .get_mut("access_tokens")
                .and_then(Value::as_object_mut)
            {
                Some(tokens) => tokens.insert(tenant.to_string(), json!(token)),
                None => return refuse("its access_tokens are no object"),
            };
            self.whatsapp()?;
        }
        Ok(!same)
    }

    fn part(&mut self, outer: &str, inner: &str) -> Result<&mut Map<String, Value>, Refusal> {
        let part = self.0.get_mut(outer).and_then(|part| part.get_mut(inner));
        match part.and_then(Value::as_object_mut) {
            Some(part) => Ok(part),
            None => refuse(format!("it has no {outer}.{inner}")),
        }
    }

    fn app_secrets(&mut self) -> Result<&mut Vec<Value>, Refusal> {
        match self.0.get_mut("app_secrets").and_then(Value::as_array_mut) {
            Some(secrets) => Ok(secrets),
            None => refuse("its app_secrets are no list"),
        }
    }

    /// What it holds: name and fingerprint.
    pub(crate) fn holds(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        let mut row = |name: String, value: &Value| {
            rows.push((
                name,
                value
                    .as_str()
                    .map_or_else(|| "no text".to_owned(), fingerprint),
            ));
        };
        let current = self.0.get("sealing").and_then(|it| it.get("current"));
        let keys = self.0.get("sealing").and_then(|it| it.get("keys"));
        for (id, key) in keys.and_then(Value::as_object).into_iter().flatten() {
            let role = if current.and_then(Value::as_str) == Some(id) {
                "seals and opens"
            } else {
                "opens"
            };
            row(format!("sealing key {id} ({role})"), key);
        }
        if let Some(pepper) = self.0.get("pepper").and_then(|it| it.get("secret")) {
            row("pepper".to_owned(), pepper);
        }
        let secrets = self.0.get("app_secrets").and_then(Value::as_array);
        for secret in secrets.into_iter().flatten() {
            row("app secret".to_owned(), secret);
        }
        if let Some(token) = self.0.get("verify_token") {
            row("verify token".to_owned(), token);
        }
        let tokens = self.0.get("access_tokens").and_then(Value::as_object);
        for (tenant, token) in tokens.into_iter().flatten() {
            row(format!("access token of {tenant}"), token);
        }
        rows
    }
}

/// A secret of Meta's: one word. What is longer, or has a space in it, was pasted wrongly.
pub(crate) fn checked(secret: &str) -> Result<String, Refusal> {
    let secret = secret.trim();
    if (8..=1_024).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(secret.to_owned())
    } else {
        refuse("a secret of Meta's is one word of 8 to 1,024 ASCII characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppId {
        AppId::parse("600000000000001").unwrap()
    }

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    #[test]
    fn new_keys_read_and_no_two_are_alike() {
        let (one, other) = (Text::new_keys().unwrap(), Text::new_keys().unwrap());
        one.keys().unwrap();
        assert_ne!(one.text(), other.text());
        let told = format!("{:?}", one.holds());
        let key = one.0["sealing"]["keys"]["k1"].as_str().unwrap();
        assert!(!told.contains(key), "{told}");
    }

    #[test]
    fn a_key_is_added_without_sealing_by_it_and_the_old_ones_stay() {
        let mut text = Text::new_keys().unwrap();
        let first = text.0["sealing"]["keys"]["k1"].clone();
        text.0.insert("note".to_owned(), json!({ "kept": [1, 2] }));
        assert_eq!(text.add_sealing_key().unwrap(), "k2");
        assert_eq!(text.0["sealing"]["current"], "k1");
        assert_eq!(
            text.use_sealing_key("k3").unwrap_err().0,
            "there is no sealing key k3"
        );
        text.use_sealing_key("k2").unwrap();
        assert_eq!(text.0["sealing"]["current"], "k2");
        assert_eq!(text.0["sealing"]["keys"]["k1"], first);
        assert_eq!(text.0["note"], json!({ "kept": [1, 2] }));
        assert_eq!(text.add_sealing_key().unwrap(), "k3");
        text.keys().unwrap();
    }

    #[test]
    fn app_secrets_are_exchanged_one_after_the_other_and_one_is_always_left() {
        let mut text = Text::new_whatsapp(&app(), " old-secret\n").unwrap();
        assert_eq!(text.add_app_secret("new-secret"), Ok(true));
        assert_eq!(text.add_app_secret("new-secret"), Ok(false));
        assert_eq!(
            text.whatsapp().unwrap().app_secrets,
            ["new-secret", "old-secret"]
        );
        text.drop_app_secret("00000000").unwrap_err();
        text.drop_app_secret(&fingerprint("old-secret")).unwrap();
        let last = text
            .drop_app_secret(&fingerprint("new-secret"))
            .unwrap_err();
        assert!(last.0.contains("last"), "{last:?}");
        text.add_app_secret("two words").unwrap_err();
    }

    #[test]
    fn a_banks_token_is_set_and_everybody_elses_stays() {
        let mut text = Text::new_whatsapp(&app(), "the-secret").unwrap();
        assert_eq!(text.set_token(&tenant("banco-a"), "EAAG-token-a"), Ok(true));
        assert_eq!(text.set_token(&tenant("banco-b"), "EAAG-token-b"), Ok(true));
        assert_eq!(
            text.set_token(&tenant("banco-b"), "EAAG-token-b"),
            Ok(false)
        );
        assert_eq!(text.whatsapp().unwrap().access_tokens.len(), 2);
        let told = format!("{:?}", text.holds());
        assert!(
            !told.contains("EAAG") && !told.contains("the-secret"),
            "{told}"
        );
        assert!(told.contains("access token of banco-a"), "{told}");
    }

    #[test]
    fn what_the_functions_would_not_read_is_not_changed() {
        for text in ["", "[]", "{}", r#"{"app_secrets":["old-secret"]}"#] {
            let changed = Text::parse(text).and_then(|mut text| text.add_app_secret("new-secret"));
            assert!(changed.is_err(), "{text}");
        }
        Text::parse("{}").unwrap().add_sealing_key().unwrap_err();
    }
}
