//! Everything that Meta checks before it accepts a send.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Meta,
    delivery::Addressed,
    errors::GraphError,
    limits, numbers,
    scripts::Script,
    send::Whom,
    templates::Category,
    validate::{self, Addressee, Content, Envelope, OrderReference, Sent},
};
use crate::phones::Screen;

/// The customer service window.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// How long Meta tries to deliver what is not a template.
const THIRTY_DAYS: Duration = Duration::from_secs(30 * 24 * 3600);
/// Shortest time in which an order must still be payable (s).
const ORDER_LIVES: i64 = 300;

/// A send that passed every check of form.
pub(super) struct Checked {
    pub(super) screen: Screen,
    pub(super) price: &'static str,
    pub(super) lives: Duration,
    pub(super) kind: &'static str,
    pub(super) order: Option<OrderReference>,
}

/// A send that Meta takes.
pub(super) struct Admitted {
    /// The recipient as the request wrote it.
    pub(super) input: String,
    pub(super) callback_data: Option<String>,
    pub(super) e164: String,
    pub(super) script: Option<Script>,
    pub(super) addressed: Addressed,
    pub(super) checked: Checked,
    /// Code of a failure that is certain already, and told by webhook.
    pub(super) fails: Option<u32>,
}

impl Meta {
    /// Everything that Meta checks before it answers.
    pub(super) fn admit(
        &mut self,
        number: &str,
        waba: &str,
        request: &Value,
        version: u32,
        now: Timestamp,
    ) -> Result<Admitted, GraphError> {
        self.limits.throughput(number, &self.settings, now)?;
        let Sent::Message(envelope) = validate::parse(request)? else {
            return Err(GraphError::invalid("Unexpected key \"status\"."));
        };
        let checked = self.check(waba, &envelope, version)?;
        self.check_order(waba, checked.order.as_ref(), now)?;
        let mislabelled = self.check_media(number, request, now)?;
        let (e164, addressed) = self.resolve(waba, &envelope.to)?;
        if self
            .number(number)
            .is_some_and(|(_, own)| own.number == e164)
        {
            return Err(GraphError::new(
                131_021,
                "Recipient phone number is the sender.",
            ));
        }
        let script = Script::of(&e164);
        match script {
            Some(Script::TemplatePaused) if checked.kind == "template" => {
                return Err(GraphError::new(
                    132_015,
                    "template is paused due to low quality",
                ));
            }
            Some(Script::ThrottledTwice) => self.throttle_twice(&Whom::of(request))?,
            // Reserved recipients serve load tests too, so one person's pace is not theirs.
            Some(_) => {}
            None => self.limits.pair(number, &e164, &self.settings, now)?,
        }
        let fails = if checked.kind != "template" && !self.window_open(number, &e164, now) {
            Some(131_047)
        } else if mislabelled {
            Some(131_053)
        } else if script.is_none() && !self.phones.phone(&e164).switches.on_whatsapp {
            Some(131_026)
        } else {
            None
        };
        let input = match envelope.to {
            Addressee::Phone { input, .. } | Addressee::Bsuid(input) => input.to_owned(),
        };
        Ok(Admitted {
            input,
            callback_data: envelope.callback_data.map(str::to_owned),
            e164,
            script,
            addressed,
            checked,
            fails,
        })
    }

    fn check(
        &self,
        waba: &str,
        envelope: &Envelope<'_>,
        version: u32,
    ) -> Result<Checked, GraphError> {
        match &envelope.content {
            Content::Template(sent) => {
                let name = sent.require("name")?.text_within(512)?;
                let language = sent.require("language")?;
                language.only(&["code", "policy"])?;
                if let Some(policy) = language.get("policy") {
                    policy.one_of(&["deterministic"])?;
                }
                let code = language.require("code")?.text()?;
                let stored = self.templates.sendable(waba, name, code)?;
                let category = stored.template.category;
                if category == Category::Authentication
                    && matches!(envelope.to, Addressee::Bsuid(_))
                {
                    return Err(GraphError::new(
                        131_062,
                        "Authentication templates can only be sent to phone numbers.",
                    ));
                }
                let (screen, order) =
                    validate::check_template(sent, &stored.template, &stored.shape, version)?;
                Ok(Checked {
                    screen,
                    price: category.price(),
                    lives: Duration::from_secs(stored.template.ttl_seconds()),
                    kind: "template",
                    order,
                })
            }
            Content::FreeForm { kind, body, order } => Ok(Checked {
                screen: Screen::free_form(
                    kind,
                    body.value,
                    order.as_ref().and_then(|order| order.pay_code.clone()),
                ),
                price: "service",
                lives: THIRTY_DAYS,
                kind,
                order: order.clone(),
            }),
        }
    }

    fn check_order(
        &self,
        waba: &str,
        order: Option<&OrderReference>,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let Some(order) = order else { return Ok(()) };
        let key = (waba.to_owned(), order.reference_id.clone());
        if self.orders.contains(&key) {
            return Err(GraphError::invalid(
                "Param reference_id must be unique for each order_details message.",
            ));
        }
        if order
            .expires
            .is_some_and(|end| end < now.as_second() + ORDER_LIVES)
        {
            return Err(GraphError::invalid(format!(
                "Param order['expiration']['timestamp'] must be at least {ORDER_LIVES} seconds in the future."
            )));
        }
        Ok(())
    }

    /// Every `{"id": …}` of a media object must be one that this number uploaded. Answers whether
    /// one of them holds something else than it says, which shows only when it is processed.
    fn check_media(
        &self,
        number: &str,
        request: &Value,
        now: Timestamp,
    ) -> Result<bool, GraphError> {
        let mut mislabelled = false;
        for id in media_ids(request) {
            match self.media.get(id, now) {
                Some(media) if media.owner == number => mislabelled |= media.is_mislabelled(),
                _ => {
                    return Err(GraphError::new(
                        131_009,
                        format!("media id {id} does not exist or has expired"),
                    ));
                }
            }
        }
        Ok(mislabelled)
    }

    fn resolve(&self, waba: &str, to: &Addressee<'_>) -> Result<(String, Addressed), GraphError> {
        match to {
            Addressee::Phone { e164, .. } => Ok((e164.clone(), Addressed::ByPhone)),
            Addressee::Bsuid(id) => self
                .phones
                .iter()
                .find(|phone| numbers::bsuid(waba, &phone.number) == *id)
                .map(|phone| (phone.number.clone(), Addressed::ByUserId))
                .ok_or_else(|| {
                    GraphError::new(131_009, "recipient: unknown to this business portfolio")
                }),
        }
    }

    fn throttle_twice(&mut self, whom: &Whom) -> Result<(), GraphError> {
        let key = whom.notification.clone().unwrap_or_default();
        let refused = self.throttled.entry(key.clone()).or_default();
        if *refused < 2 {
            *refused += 1;
            return Err(limits::throttled());
        }
        self.throttled.remove(&key);
        Ok(())
    }

    fn window_open(&self, number: &str, e164: &str, now: Timestamp) -> bool {
        self.windows
            .get(&(number.to_owned(), e164.to_owned()))
            .is_some_and(|wrote| now < *wrote + WINDOW)
    }
}

/// Ids of media anywhere in a request.
pub(super) fn media_ids(value: &Value) -> Vec<&str> {
    const KINDS: [&str; 5] = ["image", "audio", "video", "document", "sticker"];
    let mut ids = Vec::new();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if KINDS.contains(&name.as_str())
                    && let Some(id) = member.get("id").and_then(Value::as_str)
                {
                    ids.push(id);
                }
                ids.extend(media_ids(member));
            }
        }
        Value::Array(items) => ids.extend(items.iter().flat_map(media_ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    ids
}
