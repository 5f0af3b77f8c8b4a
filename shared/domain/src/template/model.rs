//! A template as its file says it: the plain shape, without its rules.
//!
//! The build script compiles this file too, so that a misspelt field fails the build with its line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::class::{Class, Lane};
use crate::delivery::{Rung, WhenQueueWaitExceeded};
use crate::ids::TemplateName;
use crate::locale::Locale;

/// One version of a message in all its languages and channels. Immutable once used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name in the API.
    pub name: TemplateName,
    /// Counted from 1.
    pub version: u32,
    /// What it is for: consent's purpose, and the lane unless `lane` says otherwise.
    pub class: Class,
    /// Meta's category.
    pub category: Category,
    /// The lane, where it is not its class's; read it through `Template::lane()`.
    #[serde(default, rename = "lane", skip_serializing_if = "Option::is_none")]
    pub own_lane: Option<Lane>,
    /// The channels in their order. The first has no wait.
    #[serde(with = "ladder")]
    pub ladder: Vec<Rung>,
    /// How long after acceptance a leg may still be opened.
    #[serde(with = "span")]
    pub validity: Duration,
    /// How long a job may wait in the queue before WhatsApp is given up. On the critical lane ≤ 900 s
    /// (SQS' longest delay; the guard waits that long).
    #[serde(with = "span")]
    pub max_queue_wait: Duration,
    /// What follows when it waited longer: `next_leg` or `expire`.
    #[serde(with = "policy")]
    pub when_queue_wait_exceeded: WhenQueueWaitExceeded,
    /// What quiet hours do to it: `ignored` unless said otherwise.
    #[serde(default, skip_serializing_if = "QuietHours::are_ignored")]
    pub quiet_hours: QuietHours,
    /// It is not sent to who has had this many messages of its purpose on the local day; the purpose's
    /// own cap unless said otherwise. For servicing and marketing only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_cap: Option<u32>,
    /// How many SMS parts a text may take, 1 unless said otherwise.
    #[serde(default = "one_part", skip_serializing_if = "is_one_part")]
    pub sms_parts: u32,
    /// The choices Meta leaves for a one-time code; authentication templates only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// The parameters by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamSpec>,
    /// WhatsApp's buttons, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// The texts by language.
    pub locales: BTreeMap<Locale, Texts>,
}

/// What becomes of a message that would leave in the recipient's quiet hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuietHours {
    /// It leaves: it matters at any hour.
    #[default]
    Ignored,
    /// It waits for the next permitted minute, if its validity lasts that long.
    Deferred,
    /// It is not sent: later it would be of no use.
    Suppressed,
}

impl QuietHours {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Ignored, Self::Deferred, Self::Suppressed];

    /// The word in the template and the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Deferred => "deferred",
            Self::Suppressed => "suppressed",
        }
    }

    /// Reads [`QuietHours::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == text)
    }

    fn are_ignored(&self) -> bool {
        *self == Self::Ignored
    }
}

/// Meta's category: what a message costs and which limits it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    /// About something concrete of the customer's, nothing promotional.
    Utility,
    /// Everything that persuades.
    Marketing,
    /// One-time codes, whose text Meta fixes.
    Authentication,
}

/// What a bank may choose about Meta's fixed one-time-code text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    /// Minutes until the code expires, 1–90: Meta's footer says it.
    pub expires_in_minutes: u8,
    /// Whether Meta's sentence against sharing the code stands behind it.
    pub security_advice: SecurityAdvice,
}

/// Meta's sentence against sharing the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecurityAdvice {
    /// It stands in the body.
    Shown,
    /// It does not.
    Omitted,
}

/// What a parameter must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamSpec {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// The longest value in characters, for the types of variable length; `text` must name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Whether a request must give it.
    #[serde(default, skip_serializing_if = "Presence::is_required")]
    pub presence: Presence,
    /// What stands in an absent optional parameter's place, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub otherwise: BTreeMap<Locale, String>,
    /// A value as the API accepts it: Meta's review sees it, previews and tests use it.
    pub example: serde_json::Value,
    /// Examples for the languages in which it reads differently.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<Locale, serde_json::Value>,
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// A request without it is refused.
    #[default]
    Required,
    /// `otherwise` stands in its place.
    Optional,
}

impl Presence {
    fn is_required(&self) -> bool {
        *self == Self::Required
    }
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamType {
    /// `{ "minor": 20000, "currency": "BRL" }`.
    Money,
    /// `2026-11-21`.
    Date,
    /// `14:05`.
    Time,
    /// A person's or a company's name, ≤ 100 characters; an SMS carries the first word only.
    PersonName,
    /// A card's last four digits.
    CardLast4,
    /// An account number; shown masked, always.
    Account,
    /// A telephone number in E.164; shown masked.
    Phone,
    /// A Pix key; shown masked.
    PixKey,
    /// A Pix copy-and-paste code (BR Code), never rewritten.
    PixCode,
    /// A boleto's typeable line, a bank's or a utility's; shown whole, it is what is paid with.
    BoletoLine,
    /// An international account number; shown masked.
    Iban,
    /// A natural person's tax number; shown masked.
    Cpf,
    /// A company's tax number, with letters from July 2026; shown masked.
    Cnpj,
    /// A one-time code, 4–15 letters and digits; authentication templates only.
    Code,
    /// An `https` address, ≤ 2,000 characters.
    Url,
    /// What is appended to a button's address, ≤ 200 characters.
    UrlSuffix,
    /// One line of text; its `max_length` is required.
    Text,
    /// A PDF: `{ "url": … }` or `{ "media_id": … }`, and its `filename`.
    Document,
    /// An image: `{ "url": … }` or `{ "media_id": … }`.
    Image,
}

/// A WhatsApp button: what it does once, its label per language (≤ 25 characters).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Button {
    /// Comes back as a response with its action.
    QuickReply {
        /// What a press means, in the API's `responses`: a micro-conversion.
        action: String,
        /// The labels.
        labels: BTreeMap<Locale, String>,
    },
    /// Opens an address.
    Url {
        /// The fixed address, with a path; the suffix is appended.
        base: String,
        /// The parameter that is appended, of type `url_suffix`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suffix: Option<String>,
        /// The labels.
        labels: BTreeMap<Locale, String>,
    },
    /// Copies a value; Meta fixes the label.
    CopyCode {
        /// The parameter, a `text` of at most 20 letters and digits.
        code: String,
    },
    /// Copies a one-time code; authentication templates only.
    OneTimeCode {
        /// The parameter, of type `code`.
        code: String,
        /// The labels.
        labels: BTreeMap<Locale, String>,
        /// Fills the code into the bank's app where that is possible, and copies it elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        autofill: Option<Autofill>,
    },
    /// Brazil's native payment request with a Pix code.
    OrderDetails {
        /// The parameter with the Pix code.
        pix_code: String,
        /// The parameter with the amount, in BRL.
        total: String,
        /// The parameter with the Pix key to show where the code holds none (a dynamic code).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pix_key: Option<String>,
        /// The single item's name, ≤ 60 characters.
        items: BTreeMap<Locale, String>,
        /// The labels.
        labels: BTreeMap<Locale, String>,
    },
    /// Calls a number.
    PhoneNumber {
        /// The number in E.164, ≤ 20 characters.
        phone_number: String,
        /// The labels.
        labels: BTreeMap<Locale, String>,
    },
}

/// Meta's one-tap autofill: the press hands the code to one of these Android apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autofill {
    /// The labels where the app is there to take the code.
    pub labels: BTreeMap<Locale, String>,
    /// The bank's apps, 1–5.
    pub apps: Vec<AndroidApp>,
}

/// An app that may take a one-time code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AndroidApp {
    /// As in `br.example.bank`, ≤ 224 characters.
    pub package_name: String,
    /// The signing key's hash, as Android's SMS Retriever computes it: 11 characters.
    pub signature_hash: String,
}

/// A language's texts. Variables are written `{{name}}`; `{{bank}}` exists in SMS and voice only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// The WhatsApp message; absent for authentication, where Meta fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp: Option<WhatsappText>,
    /// The SMS, which is sent without accents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
    /// What a call says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
}

/// The WhatsApp message in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatsappText {
    /// What stands above the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The text, ≤ 1,024 characters with its values.
    pub body: String,
    /// The small print, ≤ 60 characters, without variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
}

/// What stands above a WhatsApp body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// A line of text, ≤ 60 characters with its value, at most one variable.
    Text(String),
    /// The parameter with the document.
    Document(String),
    /// The parameter with the image.
    Image(String),
}

fn one_part() -> u32 {
    1
}

fn is_one_part(parts: &u32) -> bool {
    *parts == 1
}

/// The ladder as a file writes it: `channel = "sms"`, `after = "30s"`.
mod ladder {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Channel, Rung};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        channel: Channel,
        #[serde(
            default,
            with = "super::span",
            skip_serializing_if = "Duration::is_zero"
        )]
        after: Duration,
    }

    pub(super) fn serialize<S: Serializer>(ladder: &[Rung], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(ladder.iter().map(|rung| Written {
            channel: rung.channel,
            after: rung.after,
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Rung>, D::Error> {
        let written = Vec::<Written>::deserialize(from)?;
        Ok(written
            .into_iter()
            .map(|rung| Rung {
                channel: rung.channel,
                after: rung.after,
            })
            .collect())
    }
}

/// The word for what follows a wait that is too long.
mod policy {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::WhenQueueWaitExceeded;

    pub(super) fn serialize<S: Serializer>(
        policy: &WhenQueueWaitExceeded,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(policy.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<WhenQueueWaitExceeded, D::Error> {
        let word = String::deserialize(from)?;
        WhenQueueWaitExceeded::parse(&word)
            .ok_or_else(|| D::Error::custom("must be next_leg or expire"))
    }
}

/// Durations as a person writes them: `30s`, `5m`, `24h`, `3d`.
mod span {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Seconds per unit, the largest first.
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

    pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        let seconds = span.as_secs();
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| seconds >= *size && seconds.is_multiple_of(*size))
            .unwrap_or(("s", 1));
        to.serialize_str(&format!("{}{unit}", seconds / size))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        UNITS
            .into_iter()
            .find_map(|(unit, size)| {
                let count = text.strip_suffix(unit)?;
                let digits = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
                let seconds = count
                    .parse::<u64>()
                    .ok()
                    .filter(|_| digits)?
                    .checked_mul(size)?;
                Some(Duration::from_secs(seconds))
            })
            .ok_or_else(|| {
                D::Error::custom("a duration is a number and s, m, h or d, as in \"30s\"")
            })
    }
}
