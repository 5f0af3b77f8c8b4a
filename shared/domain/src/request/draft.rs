//! A request as it was read: its own fields first, then against its template.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::Request;
use crate::channel::Channel;
use crate::delivery::{Rung, plus};
use crate::fault::Fault;
use crate::ids::TemplateName;
use crate::locale::Locale;
use crate::masking;
use crate::params;
use crate::phone::E164;
use crate::seal::Pepper;
use crate::template::Template;

/// The longest `reference`, in characters.
const LONGEST_REFERENCE: usize = 100;

/// The body is not one JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a JSON object")]
pub struct NotJson;

/// A request whose own fields are read and whose template is not known yet.
pub struct Draft {
    template: Option<TemplateName>,
    locale: Option<Locale>,
    to: Option<E164>,
    params: Map<String, Value>,
    reference: Option<String>,
    valid_until: Option<Timestamp>,
    fallback: Option<Fallback>,
    faults: Vec<Fault>,
}

struct Fallback {
    after_seconds: Option<u64>,
    channels: Option<Vec<Channel>>,
}

impl Draft {
    /// Reads a body. Faults are kept for [`Draft::complete`], so that one answer names them all.
    pub fn parse(body: &[u8]) -> Result<Self, NotJson> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(NotJson);
        };
        let mut draft = Self {
            template: None,
            locale: None,
            to: None,
            params: Map::new(),
            reference: None,
            valid_until: None,
            fallback: None,
            faults: Vec::new(),
        };
        for required in ["template", "to"] {
            if !fields.contains_key(required) {
                draft.fault(required, "is required");
            }
        }
        for (name, value) in fields {
            draft.read(&name, value);
        }
        Ok(draft)
    }

    fn fault(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.faults.push(Fault::new(field, rule));
    }

    fn read(&mut self, name: &str, value: Value) {
        match name {
            "template" => match value.as_str().map(TemplateName::parse) {
                Some(Ok(template)) => self.template = Some(template),
                Some(Err(error)) => self.fault(name, error.to_string()),
                None => self.fault(name, "must be a text"),
            },
            "locale" => match value.as_str().and_then(Locale::parse) {
                Some(locale) if value.as_str() == Some(locale.code()) => self.locale = Some(locale),
                Some(_) | None => self.fault(name, "must be one of pt_BR, en, fr, de"),
            },
            "to" => match value.as_str().map(E164::parse) {
                Some(Ok(to)) => self.to = Some(to),
                Some(Err(error)) => self.fault(name, error.to_string()),
                None => self.fault(name, "must be a text in E.164"),
            },
            "params" => {
                if let Value::Object(params) = value {
                    self.params = params;
                } else {
                    self.fault(name, "must be an object");
                }
            }
            "reference" => match value.as_str() {
                Some(text) if text.chars().count() > LONGEST_REFERENCE => {
                    self.fault(
                        name,
                        format!("must have at most {LONGEST_REFERENCE} characters"),
                    );
                }
                Some(text) if text.is_empty() || text.chars().any(char::is_control) => {
                    self.fault(name, "must be one line of text");
                }
                Some(text) => {
                    // It is kept as it comes and shown to whoever may read notifications.
                    for found in masking::forbidden(text) {
                        self.fault(name, found.rule());
                    }
                    if masking::says_who(text) {
                        let rule =
                            "must not contain a CPF, a telephone number or an e-mail address";
                        self.fault(name, rule);
                    }
                    self.reference = Some(text.to_owned());
                }
                None => self.fault(name, "must be a text"),
            },
            "valid_until" => match value.as_str().map(str::parse) {
                Some(Ok(at)) => self.valid_until = Some(at),
                Some(Err(_)) | None => {
                    self.fault(name, "must be a time in RFC 3339, as 2026-11-21T15:04:05Z")
                }
            },
            "fallback" => self.read_fallback(&value),
            _ => self.fault(name, "is not a field of this request"),
        }
    }

    fn read_fallback(&mut self, value: &Value) {
        let Value::Object(fields) = value else {
            return self.fault("fallback", "must be an object");
        };
        let mut fallback = Fallback {
            after_seconds: None,
            channels: None,
        };
        for (name, value) in fields {
            match name.as_str() {
                "after_seconds" => match value.as_u64() {
                    Some(seconds) => fallback.after_seconds = Some(seconds),
                    None => self.fault(
                        "fallback.after_seconds",
                        "must be a whole number of seconds",
                    ),
                },
                "channels" => match value.as_array() {
                    Some(names) => {
                        let mut channels = Vec::new();
                        for (place, name) in names.iter().enumerate() {
                            match name.as_str().and_then(Channel::parse) {
                                Some(channel) => channels.push(channel),
                                None => self.fault(
                                    format!("fallback.channels[{place}]"),
                                    "must be one of sms, voice",
                                ),
                            }
                        }
                        fallback.channels = Some(channels);
                    }
                    None => self.fault("fallback.channels", "must be a list"),
                },
                other => self.fault(
                    format!("fallback.{other}"),
                    "is not a field of this request",
                ),
            }
        }
        self.fallback = Some(fallback);
    }

    /// The template it names, if the name can be one.
    #[must_use]
    pub fn template(&self) -> Option<&TemplateName> {
        self.template.as_ref()
    }

    /// Whom it goes to, if the number can be one.
    #[must_use]
    pub fn to(&self) -> Option<&E164> {
        self.to.as_ref()
    }

    /// The language it asks for, if it does.
    #[must_use]
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }

    /// Checks everything against the template. `defaults` are the languages to try, in order, where the
    /// request names none.
    pub fn complete(
        mut self,
        template: Option<&Template>,
        defaults: &[Locale],
        now: Timestamp,
    ) -> Result<Request, Vec<Fault>> {
        let Some(template) = template else {
            if self.template.is_some() {
                self.fault(
                    "template",
                    "must be a template of the catalogue or of your own",
                );
            }
            self.check_late(now);
            return Err(sorted(self.faults));
        };
        let locale = self.choose_locale(template, defaults);
        let params = match params::parse(template, &self.params) {
            Ok(params) => Some(params),
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        };
        let ladder = self.tighten_ladder(template);
        let valid_until = self.tighten_validity(template, now);
        match (self.to, locale, params) {
            (Some(to), Some(locale), Some(params)) if self.faults.is_empty() => Ok(Request {
                to,
                locale,
                params,
                reference: self.reference,
                valid_until,
                ladder,
                raw_params: self.params,
            }),
            _ => Err(sorted(self.faults)),
        }
    }

    fn choose_locale(&mut self, template: &Template, defaults: &[Locale]) -> Option<Locale> {
        let asked: Vec<Locale> = self
            .locale
            .map_or_else(|| defaults.to_vec(), |locale| vec![locale]);
        let chosen = asked
            .into_iter()
            .find(|locale| template.locales.contains_key(locale));
        if chosen.is_none() && !self.faults.iter().any(|fault| fault.field == "locale") {
            let known: Vec<&str> = template
                .locales
                .keys()
                .map(|locale| locale.code())
                .collect();
            self.fault(
                "locale",
                format!("must be a language of this template: {}", known.join(", ")),
            );
        }
        chosen
    }

    /// Fewer channels, never more; the wait is there to be explicit.
    fn tighten_ladder(&mut self, template: &Template) -> Vec<Rung> {
        let Some(fallback) = self.fallback.take() else {
            return template.ladder.clone();
        };
        let later: Vec<Channel> = template
            .ladder
            .iter()
            .skip(1)
            .map(|rung| rung.channel)
            .collect();
        if let Some(seconds) = fallback.after_seconds {
            match template.ladder.get(1) {
                Some(rung) if rung.after.as_secs() != seconds => {
                    self.fault(
                        "fallback.after_seconds",
                        format!("must be {}, the template's own wait", rung.after.as_secs()),
                    );
                }
                Some(_) => {}
                None => self.fault("fallback.after_seconds", "this template has no fallback"),
            }
        }
        let ladder = match &fallback.channels {
            None => template.ladder.clone(),
            Some(channels) => {
                let mut rest = later.iter();
                let ordered = channels
                    .iter()
                    .all(|channel| rest.any(|known| known == channel));
                if !ordered {
                    let known: Vec<&str> = later.iter().map(|channel| channel.name()).collect();
                    self.fault(
                        "fallback.channels",
                        format!(
                            "must be among the template's own, in their order: [{}]",
                            known.join(", ")
                        ),
                    );
                }
                let kept = |rung: &&Rung| channels.contains(&rung.channel);
                template
                    .ladder
                    .iter()
                    .take(1)
                    .chain(template.ladder.iter().skip(1).filter(kept))
                    .cloned()
                    .collect()
            }
        };
        self.fallback = Some(fallback);
        ladder
    }

    fn tighten_validity(&mut self, template: &Template, now: Timestamp) -> Timestamp {
        let longest = plus(now, template.validity);
        let Some(asked) = self.valid_until else {
            return longest;
        };
        if asked > longest {
            let minutes = template.validity.as_secs() / 60;
            self.fault(
                "valid_until",
                format!("must be at most {minutes} minutes ahead, the template's own validity"),
            );
        }
        self.check_late(now);
        asked
    }

    fn check_late(&mut self, now: Timestamp) {
        if self.valid_until.is_some_and(|asked| asked <= now) {
            self.fault("valid_until", "must lie in the future");
        }
    }

    /// The keyed digest that is stored instead of the content (I2). It tells a repetition from a reuse
    /// without the template: what was accepted once is answered again whatever has changed since.
    #[must_use]
    pub fn digest(&self, pepper: &Pepper) -> String {
        pepper.digest_of("request", &[&self.canonical()])
    }

    /// The request's content in one fixed form.
    #[allow(
        clippy::disallowed_methods,
        reason = "only a keyed digest of it is kept"
    )]
    fn canonical(&self) -> String {
        let fallback = self.fallback.as_ref().map(|fallback| {
            json!({
                "after_seconds": fallback.after_seconds,
                "channels": fallback.channels.as_ref().map(|channels| channels.iter().map(|c| c.name()).collect::<Vec<_>>()),
            })
        });
        json!({
            "template": self.template.as_ref().map(TemplateName::as_str),
            "locale": self.locale.map(Locale::code),
            "to": self.to.as_ref().map(E164::expose),
            "params": self.params,
            "reference": self.reference,
            "valid_until": self.valid_until.map(Timestamp::as_millisecond),
            "fallback": fallback,
        })
        .to_string()
    }
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    faults
}
