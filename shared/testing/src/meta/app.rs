//! The app: what its own token opens, and which accounts' webhooks it gets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Meta;
use super::errors::GraphError;
use super::settings::Account;
use super::wire::{Method, Request, Route};

type Outcome<T> = Result<T, GraphError>;

/// Where the app's webhooks go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address.
    pub url: String,
    /// The fields that are posted.
    pub fields: BTreeSet<String>,
}

/// The app's subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    /// None: every field goes wherever whoever runs this takes it.
    callback: Option<Callback>,
    /// Accounts that were opened later and whose webhooks nobody asked for yet.
    silent: BTreeSet<String>,
}

impl Subscriptions {
    /// Whether a webhook of this field about this account is posted.
    pub(crate) fn wants(&self, waba: &str, field: &str) -> bool {
        let callback = self.callback.as_ref();
        !self.silent.contains(waba)
            && callback.is_none_or(|callback| callback.fields.contains(field))
    }
}

impl Meta {
    /// Another account, as a business opens one in Meta's manager: no app is subscribed to it yet. One that
    /// is known already is replaced.
    pub fn open_account(&mut self, account: Account) {
        let known = &mut self.settings.accounts;
        known.retain(|known| known.waba_id != account.waba_id);
        self.subscriptions.silent.insert(account.waba_id.clone());
        known.push(account);
    }

    /// Where the app's webhooks go; none until [`Meta::set_callback`] or a request has said so.
    pub fn callback(&self) -> Option<&Callback> {
        self.subscriptions.callback.as_ref()
    }

    /// Says where the app's webhooks go, as the app's dashboard does.
    pub fn set_callback(&mut self, callback: Callback) {
        self.subscriptions.callback = Some(callback);
    }

    /// The answer to a request with the app's own token; none with any other.
    pub(crate) fn as_app(
        &mut self,
        request: &Request<'_>,
        route: &Route,
    ) -> Option<Outcome<Value>> {
        let token = request.authorization?.strip_prefix("Bearer ")?;
        let (app, secret) = token.split_once('|')?;
        if app != self.settings.app_id || secret != self.settings.app_secret {
            return None;
        }
        let edge = route.edge.as_deref();
        Some(match (route.node.as_str(), request.method, edge) {
            ("debug_token", Method::Get, None) => Ok(self.debug_token(route)),
            (node, Method::Get, Some("subscriptions")) if node == app => Ok(self.subscription()),
            (node, Method::Post, Some("subscriptions")) if node == app => self.subscribe(request),
            (node, ..) => Err(GraphError::no_such_node(node)),
        })
    }

    fn debug_token(&self, route: &Route) -> Value {
        let asked = route.query("input_token").unwrap_or_default();
        let known = &self.settings.accounts;
        let valid = known.iter().any(|account| account.token == asked);
        let data = match valid {
            true => json!({
                "app_id": self.settings.app_id, "type": "SYSTEM_USER", "is_valid": true, "expires_at": 0,
                "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
            }),
            false => json!({ "is_valid": false, "scopes": [] }),
        };
        json!({ "data": data })
    }

    fn subscription(&self) -> Value {
        let one = |callback: &Callback| {
            let fields = callback.fields.iter();
            let fields = fields.map(|name| json!({ "name": name, "version": "v25.0" }));
            json!({
                "object": "whatsapp_business_account", "callback_url": callback.url, "active": true,
                "fields": fields.collect::<Vec<_>>(),
            })
        };
        json!({ "data": self.subscriptions.callback.iter().map(one).collect::<Vec<_>>() })
    }

    /// What this does not do is Meta's question to the address: who runs it asks before.
    fn subscribe(&mut self, request: &Request<'_>) -> Outcome<Value> {
        let form = form(request.body);
        let required = |name: &str| {
            form.get(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| GraphError::invalid(format!("The parameter {name} is required.")))
        };
        if required("object")? != "whatsapp_business_account" {
            return Err(GraphError::invalid(
                "Param object must be one of {whatsapp_business_account}.",
            ));
        }
        required("verify_token")?;
        let url = required("callback_url")?.clone();
        let fields = required("fields")?;
        let fields = fields.split(',').map(str::to_owned).collect();
        self.set_callback(Callback { url, fields });
        Ok(json!({ "success": true }))
    }

    /// `/{waba}/subscribed_apps`: the only app there is.
    pub(crate) fn subscribed_apps(&mut self, waba: &str, method: Method) -> Value {
        let silent = &mut self.subscriptions.silent;
        match method {
            Method::Get => {
                let app = json!({ "whatsapp_business_api_data": {
                    "id": self.settings.app_id, "name": "Recado", "link": "https://recado.example/",
                } });
                let apps = if silent.contains(waba) {
                    vec![]
                } else {
                    vec![app]
                };
                return json!({ "data": apps });
            }
            Method::Post => silent.remove(waba),
            Method::Delete => silent.insert(waba.to_owned()),
        };
        json!({ "success": true })
    }
}

/// The fields of a form.
#[must_use]
pub fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| {
            (
                name.to_owned(),
                super::wire::percent_decode(&value.replace('+', " ")),
            )
        })
        .collect()
}
