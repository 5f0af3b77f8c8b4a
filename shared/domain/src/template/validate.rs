//! A template against Meta's limits and ours, before anything is sent with it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::model::{Button, Category, Header, ParamType, Presence, QuietHours, Template};
use super::text::{is_variable_name, variables};
use super::{buttons, rules, unspeakable, wording};
use crate::channel::Channel;
use crate::class::{Class, Lane};
use crate::delivery::WhenQueueWaitExceeded;
use crate::locale::Locale;
use crate::params;

/// SQS' longest delay: a guard cannot wait longer.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// More messages of one purpose on one day are no frequency rule.
const LARGEST_CAP: u32 = 20;

/// One rule that a template breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateFault {
    /// Where, as in `locales.pt_BR.whatsapp.body`.
    pub place: String,
    /// What it must be.
    pub rule: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.rule)
    }
}

/// How strictly waits are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Meta's ranges hold: WhatsApp is given 30 s at least.
    Live,
    /// Waits of a second or more will do, and any hour: the tests' own catalogue.
    Test,
}

/// Collects what is wrong.
#[derive(Default)]
pub(super) struct Faults(Vec<TemplateFault>);

impl Faults {
    pub(super) fn add(&mut self, place: impl Into<String>, rule: impl Into<String>) {
        self.0.push(TemplateFault {
            place: place.into(),
            rule: rule.into(),
        });
    }

    /// Adds the fault unless what is required holds.
    pub(super) fn require(
        &mut self,
        holds: bool,
        place: impl Into<String>,
        rule: impl Into<String>,
    ) {
        if !holds {
            self.add(place, rule);
        }
    }
}

impl Template {
    /// Checks everything that can be known without sending; all faults at once.
    pub fn validate(&self) -> Result<(), Vec<TemplateFault>> {
        self.validate_with(Waits::Live)
    }

    /// The same, for a catalogue whose waits may be shorter than Meta's.
    pub fn validate_with(&self, waits: Waits) -> Result<(), Vec<TemplateFault>> {
        let mut faults = Faults::default();
        self.check_head(waits, &mut faults);
        self.check_ladder(waits, &mut faults);
        self.check_params(&mut faults);
        self.check_completeness(&mut faults);
        for (locale, texts) in &self.locales {
            rules::check(self, *locale, texts, &mut faults);
        }
        buttons::check(self, &mut faults);
        unspeakable::check(self, &mut faults);
        wording::check(self, &mut faults);
        for locale in self.locales.keys() {
            if let Err(wrong) = params::parse(self, &self.example_params(*locale)) {
                for fault in wrong {
                    faults.add(format!("{}.example ({locale})", fault.field), fault.rule);
                }
            }
        }
        faults.0.sort();
        faults.0.dedup();
        if faults.0.is_empty() {
            Ok(())
        } else {
            Err(faults.0)
        }
    }

    fn check_head(&self, waits: Waits, faults: &mut Faults) {
        faults.require(self.version > 0, "version", "must be 1 or more");
        let fits = match self.category {
            Category::Authentication => self.class == Class::Authentication,
            Category::Marketing => self.class == Class::Marketing,
            Category::Utility => !matches!(self.class, Class::Authentication | Class::Marketing),
        };
        faults.require(
            fits,
            "category",
            format!(
                "must not be {} for the class {}",
                self.category.name(),
                self.class
            ),
        );
        faults.require(
            (1..=10).contains(&self.sms_parts),
            "sms_parts",
            "must be 1 to 10",
        );
        let can_wait = matches!(self.class, Class::Servicing | Class::Marketing);
        faults.require(
            can_wait || self.quiet_hours == QuietHours::Ignored,
            "quiet_hours",
            format!("must be ignored for the class {}", self.class),
        );
        faults.require(
            self.lane() != Lane::Critical || self.quiet_hours == QuietHours::Ignored,
            "quiet_hours",
            "must be ignored on the critical lane",
        );
        faults.require(
            waits == Waits::Test
                || self.class != Class::Marketing
                || self.quiet_hours != QuietHours::Ignored,
            "quiet_hours",
            "must be deferred or suppressed for marketing",
        );
        faults.require(
            self.daily_cap
                .is_none_or(|cap| can_wait && (1..=LARGEST_CAP).contains(&cap)),
            "daily_cap",
            format!("must be 1 to {LARGEST_CAP}, for servicing and marketing only"),
        );
        faults.require(
            !self.locales.is_empty(),
            "locales",
            "must name one language at least",
        );
        match (&self.authentication, self.category) {
            (Some(chosen), Category::Authentication) => {
                let minutes = chosen.expires_in_minutes;
                faults.require(
                    (1..=90).contains(&minutes),
                    "authentication.expires_in_minutes",
                    "must be 1 to 90",
                );
                let expiry = Duration::from_secs(u64::from(minutes) * 60);
                faults.require(
                    self.validity <= expiry,
                    "validity",
                    "must not be longer than the code's",
                );
            }
            (None, Category::Authentication) => {
                faults.add("authentication", "is required for authentication templates")
            }
            (Some(_), Category::Utility | Category::Marketing) => {
                faults.add("authentication", "is for authentication templates only");
            }
            (None, Category::Utility | Category::Marketing) => {}
        }
    }

    fn check_ladder(&self, waits: Waits, faults: &mut Faults) {
        let channels: Vec<Channel> = self.ladder.iter().map(|rung| rung.channel).collect();
        let distinct: BTreeSet<Channel> = channels.iter().copied().collect();
        faults.require(
            channels.first() == Some(&Channel::Whatsapp),
            "ladder",
            "must begin with whatsapp",
        );
        faults.require(
            distinct.len() == channels.len(),
            "ladder",
            "must name each channel once",
        );
        for (at, rung) in self.ladder.iter().enumerate() {
            faults.require(
                rung.after.is_zero() == (at == 0),
                "ladder",
                "must have a wait after the first channel, and none before",
            );
        }
        if self.category == Category::Marketing {
            faults.require(
                channels.len() <= 1,
                "ladder",
                "must be whatsapp alone: marketing has no fallback",
            );
        }
        if self.rung_after(Channel::Whatsapp).is_some() && waits == Waits::Live {
            let (shortest, longest) = self.category.ttl_range();
            faults.require(
                (shortest..=longest).contains(&self.whatsapp_ttl()),
                "ladder",
                format!(
                    "must give WhatsApp {} to {} s (Meta's range)",
                    shortest.as_secs(),
                    longest.as_secs()
                ),
            );
        }
        let waited: Duration = self.ladder.iter().map(|rung| rung.after).sum();
        faults.require(
            self.validity > waited,
            "validity",
            "must be longer than all waits together",
        );
        faults.require(
            !self.max_queue_wait.is_zero(),
            "max_queue_wait",
            "must be more than zero",
        );
        faults.require(
            self.max_queue_wait <= self.validity,
            "max_queue_wait",
            "must not be longer than the validity",
        );
        if self.lane() == Lane::Critical {
            faults.require(
                self.max_queue_wait <= LONGEST_DELAY,
                "max_queue_wait",
                "must be at most 900 s on the critical lane",
            );
        }
        let next = self.when_queue_wait_exceeded == WhenQueueWaitExceeded::NextLeg;
        faults.require(
            !next || channels.len() > 1,
            "when_queue_wait_exceeded",
            "must be expire: there is no next leg",
        );
    }

    fn check_params(&self, faults: &mut Faults) {
        let used = self.used_params();
        for (name, spec) in &self.params {
            let place = format!("params.{name}");
            faults.require(
                is_variable_name(name) && name != "bank",
                &place,
                "must be called lower_case_with_underscores and not bank",
            );
            faults.require(
                used.contains(name.as_str()),
                &place,
                "must be used somewhere",
            );
            match (spec.kind.most_characters(), spec.max_length) {
                (None, Some(_)) => faults.add(
                    format!("{place}.max_length"),
                    "is for types of variable length only",
                ),
                (Some(most), Some(length)) if length == 0 || length > most => {
                    faults.add(
                        format!("{place}.max_length"),
                        format!("must be 1 to {most}"),
                    );
                }
                (Some(_), None) if spec.kind == ParamType::Text => {
                    faults.add(format!("{place}.max_length"), "is required")
                }
                (Some(_) | None, _) => {}
            }
            if spec.kind == ParamType::Code {
                let fits = self.category == Category::Authentication;
                faults.require(
                    fits,
                    &place,
                    "must not be a one-time code: Meta wants those in authentication templates",
                );
            }
            match spec.presence {
                Presence::Required => faults.require(
                    spec.otherwise.is_empty(),
                    format!("{place}.otherwise"),
                    "is for optional parameters only",
                ),
                Presence::Optional => self.check_optional(name, faults),
            }
        }
    }

    /// An optional parameter needs words in its place, since Meta takes no empty value; only the Pix key
    /// of a payment may simply be absent.
    fn check_optional(&self, name: &str, faults: &mut Faults) {
        let Some(spec) = self.params.get(name) else {
            return;
        };
        let place = format!("params.{name}.otherwise");
        let in_text = self
            .texts()
            .any(|(_, text)| variables(text).contains(&name));
        let elsewhere = self.needed_outside_texts().contains(name);
        faults.require(
            !elsewhere,
            format!("params.{name}"),
            "must be required: a header or a button needs it",
        );
        for locale in self.locales.keys() {
            match spec.otherwise.get(locale) {
                Some(words) => {
                    let plain = !words.trim().is_empty() && !words.contains(['\n', '\t', '{', '}']);
                    faults.require(plain, &place, "must be one line of words");
                }
                None => faults.require(!in_text, &place, format!("must have words in {locale}")),
            }
        }
    }

    fn check_completeness(&self, faults: &mut Faults) {
        for (locale, texts) in &self.locales {
            let place = |channel: Channel| format!("locales.{locale}.{channel}");
            let fixed = self.category == Category::Authentication;
            match (&texts.whatsapp, fixed) {
                (None, false) => faults.add(place(Channel::Whatsapp), "is required"),
                (Some(_), true) => faults.add(
                    place(Channel::Whatsapp),
                    "must be absent: Meta fixes a code's text",
                ),
                (Some(_), false) | (None, true) => {}
            }
            faults.require(
                texts.sms.is_some() || !self.uses(Channel::Sms),
                place(Channel::Sms),
                "is required",
            );
            faults.require(
                texts.sms.is_none() || self.uses(Channel::Sms),
                place(Channel::Sms),
                "must be absent: the ladder has no sms",
            );
            faults.require(
                texts.voice.is_some() || !self.uses(Channel::Voice),
                place(Channel::Voice),
                "is required",
            );
        }
    }

    /// Every text with variables and its place.
    fn texts(&self) -> impl Iterator<Item = (Locale, &str)> {
        self.locales.iter().flat_map(|(locale, texts)| {
            let header = texts.whatsapp.iter().filter_map(|text| match &text.header {
                Some(Header::Text(text)) => Some(text),
                Some(Header::Document(_) | Header::Image(_)) | None => None,
            });
            let body = texts.whatsapp.iter().map(|text| &text.body);
            header
                .chain(body)
                .chain(&texts.sms)
                .chain(&texts.voice)
                .map(|text| (*locale, text.as_str()))
        })
    }

    /// What a media header or a button cannot do without.
    fn needed_outside_texts(&self) -> BTreeSet<&str> {
        let headers = self.locales.values().filter_map(|texts| {
            match texts.whatsapp.as_ref()?.header.as_ref()? {
                Header::Document(name) | Header::Image(name) => Some(name.as_str()),
                Header::Text(_) => None,
            }
        });
        let buttons = self.buttons.iter().flat_map(|button| match button {
            Button::OrderDetails {
                pix_code, total, ..
            } => vec![pix_code.as_str(), total],
            Button::QuickReply { .. }
            | Button::Url { .. }
            | Button::CopyCode { .. }
            | Button::OneTimeCode { .. }
            | Button::PhoneNumber { .. } => button.params(),
        });
        headers.chain(buttons).collect()
    }

    fn used_params(&self) -> BTreeSet<&str> {
        let in_texts = self.texts().flat_map(|(_, text)| variables(text));
        let in_buttons = self.buttons.iter().flat_map(Button::params);
        in_texts
            .chain(in_buttons)
            .chain(self.needed_outside_texts())
            .collect()
    }
}

#[cfg(test)]
mod broken_rules;
#[cfg(test)]
mod button_limits;
#[cfg(test)]
mod limits;
#[cfg(test)]
pub(super) mod tests;
#[cfg(test)]
mod texts;
