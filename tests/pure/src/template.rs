//! A template with its values: as outbound-sender makes the message, as notification-api masks it.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_domain::carried::Carried;
use recado_domain::catalogue;
use recado_domain::ids::{Callback, IdempotencyKey, NotificationId, TemplateName};
use recado_domain::locale::Locale;
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::params::{self, Params};
use recado_domain::phone::E164;
use recado_domain::render;
use recado_domain::request::read_content;
use recado_domain::seal::{Keyring, Sealed};
use recado_domain::template::Template;
use recado_whatsapp::wire;
use serde_json::{Map, Value, json};

use crate::{pepper, tenant};

const LOCALE: Locale = Locale::PtBr;

/// A notification's content, sealed and open.
pub struct Message {
    /// The template's name.
    pub name: &'static str,
    template: Arc<Template>,
    params: Params,
    notification: NotificationId,
    ring: Keyring,
    sealed: Sealed,
}

impl Message {
    /// The commonest, a code, and the one with the most to say.
    #[must_use]
    pub fn samples() -> [Self; 3] {
        [
            Self::of("pix_received"),
            Self::of("one_time_code"),
            Self::of("payment_overdue_details"),
        ]
    }

    /// A template of the catalogue with its own examples.
    fn of(name: &'static str) -> Self {
        let template = catalogue::find(&TemplateName::parse(name).unwrap(), None).unwrap();
        let given: Map<String, Value> = template
            .params
            .iter()
            .map(|(name, spec)| (name.clone(), spec.example.clone()))
            .collect();
        let params = params::parse(&template, &given).unwrap();
        let key = IdempotencyKey::parse(name).unwrap();
        let notification = pepper().notification(&tenant(), &key);
        let ring = Keyring::new("k1", BTreeMap::from([("k1".to_owned(), vec![1; 32])])).unwrap();
        let plain = json!({ "to": "+5511987654321", "params": given }).to_string();
        let sealed = ring
            .seal(&associated(&notification), plain.as_bytes(), [9; 12])
            .unwrap();
        Self {
            name,
            template,
            params,
            notification,
            ring,
            sealed,
        }
    }

    /// Opened, read and rendered, down to the body of the POST to Meta.
    ///
    /// # Panics
    /// Never: the catalogue's examples render.
    #[must_use]
    pub fn prepare(&self) -> Vec<u8> {
        let plain = self
            .ring
            .open(&associated(&self.notification), &self.sealed)
            .unwrap();
        let (to, params) = read_content(&plain, &self.template).unwrap();
        self.body(to, &params)
    }

    /// Rendered alone.
    ///
    /// # Panics
    /// Never: the catalogue's examples render.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let to = E164::parse("+5511987654321").unwrap();
        self.body(to, &self.params)
    }

    fn body(&self, to: E164, params: &Params) -> Vec<u8> {
        let message = render::whatsapp(&self.template, LOCALE, params, &self.notification).unwrap();
        let carried = Carried::Attempt(Callback {
            notification: self.notification.clone(),
            attempt: 1,
        });
        wire::message(
            &Addressee::Phone(to),
            &Outgoing::Template(message),
            &carried,
        )
    }

    /// The parameters as they are kept in the clear.
    #[must_use]
    pub fn mask(&self) -> BTreeMap<String, String> {
        self.params.masked(LOCALE)
    }
}

fn associated(notification: &NotificationId) -> String {
    format!("NTF#{notification}")
}
