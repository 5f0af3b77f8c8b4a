//! A bank's request, as notification-api accepts it.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_domain::catalogue;
use recado_domain::delivery::Notification;
use recado_domain::ids::{IdempotencyKey, TemplateName};
use recado_domain::locale::Locale;
use recado_domain::request::{Accepted, Draft};
use recado_domain::seal::{Keyring, Pepper};
use recado_domain::template::Template;
use serde_json::json;

use crate::{now, pepper, tenant};

/// A body and what it is read with.
pub struct Asked {
    /// The body's exact bytes.
    pub body: Vec<u8>,
    template: Arc<Template>,
    pepper: Pepper,
    ring: Keyring,
}

impl Asked {
    /// A Pix alert.
    ///
    /// # Panics
    /// Never: the catalogue has it.
    #[must_use]
    pub fn sample() -> Self {
        let name = TemplateName::parse("pix_received").unwrap();
        let body = json!({
            "template": name.as_str(), "locale": "pt_BR", "to": "+5511987654321", "reference": "pix-2026-0001",
            "params": {
                "name": "Benedita Fagundes", "payer": "João Lima",
                "amount": { "minor": 20_000, "currency": "BRL" },
                "balance": { "minor": 150_000, "currency": "BRL" },
            },
        });
        Self {
            body: body.to_string().into_bytes(),
            template: catalogue::find(&name, None).unwrap(),
            pepper: pepper(),
            ring: Keyring::new("k1", BTreeMap::from([("k1".to_owned(), vec![1; 32])])).unwrap(),
        }
    }

    /// Parsed, checked, masked, sealed: ready to be stored.
    ///
    /// # Panics
    /// Where the request breaks a rule.
    #[must_use]
    pub fn accept(&self) -> Notification {
        let (tenant, key) = (tenant(), IdempotencyKey::parse("order 77/1").unwrap());
        let draft = Draft::parse(&self.body).unwrap();
        let id = self.pepper.notification(&tenant, &key);
        let digest = draft.digest(&self.pepper);
        let request = draft
            .complete(Some(&self.template), &[Locale::PtBr], now())
            .unwrap_or_else(|faults| panic!("{faults:?}"));
        let astray = self
            .template
            .leads_astray(request.locale, &request.params, &[]);
        assert!(astray.is_empty());
        let content = self
            .ring
            .seal(&format!("NTF#{id}"), &request.content(), [9; 12])
            .unwrap();
        let recipient = self.pepper.recipient(&tenant, &request.to);
        let accepted = Accepted {
            id,
            tenant,
            recipient,
            digest,
            content,
            at: now(),
        };
        request.into_notification(&self.template, accepted)
    }
}
