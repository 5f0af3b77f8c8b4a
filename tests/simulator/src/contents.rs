//! What banks send: every template of the catalogue and of the tests, each message with values that no
//! other has, so that whatever arrives tells whose it is.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::locale::Locale;
use recado_domain::params;
use recado_domain::render;
use recado_domain::template::{ParamType, Template};
use recado_testing::meta::MetaTemplate;
use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// A template, as the bank and as Meta know it.
pub struct Known {
    /// Ours.
    pub template: Arc<Template>,
    /// Meta's, by language.
    pub at_meta: Vec<MetaTemplate>,
    /// Whether it comes with the product.
    pub origin: Origin,
}

/// Where a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue.
    Catalogue,
    /// A bank's own: the tests'.
    Own,
}

/// Meta's shortest time to live, and so a ladder's shortest wait. A wait below a function's timeout is
/// none that a template may have: the timer could be gone before a slow claim is written.
const SHORTEST_WAIT: Duration = Duration::from_secs(30);

/// The tests' own templates.
const OWN: [&str; 9] = [
    include_str!("../../catalogue/test_alert.toml"),
    include_str!("../../catalogue/test_code.toml"),
    include_str!("../../catalogue/test_guard.toml"),
    include_str!("../../catalogue/test_load.toml"),
    include_str!("../../catalogue/test_notice.toml"),
    include_str!("../../catalogue/test_offer.toml"),
    include_str!("../../catalogue/test_patient.toml"),
    include_str!("../../catalogue/test_reminder.toml"),
    include_str!("../../catalogue/test_today.toml"),
];

/// Every template.
#[must_use]
pub fn templates() -> &'static [Known] {
    static ALL: OnceLock<Vec<Known>> = OnceLock::new();
    ALL.get_or_init(|| {
        let names = catalogue::names();
        let products = names.iter().filter_map(|name| catalogue::find(name, None));
        let own = OWN.iter().map(|text| {
            let value: toml::Value = toml::from_str(text).expect("the tests' templates are TOML");
            let json = serde_json::to_string(&value).expect("TOML is JSON");
            let mut template = Template::from_json(&json).expect("the tests' templates read");
            for rung in template.ladder.iter_mut().skip(1) {
                rung.after = rung.after.max(SHORTEST_WAIT);
            }
            Arc::new(template)
        });
        let known = |template: Arc<Template>, origin| Known {
            at_meta: at_meta(&template),
            template,
            origin,
        };
        products
            .map(|template| known(template, Origin::Catalogue))
            .chain(own.map(|template| known(template, Origin::Own)))
            .collect()
    })
}

impl Known {
    /// Whether its SMS says something of its own each time: what lies on a phone must tell whose it is.
    #[must_use]
    pub fn tells_apart(&self) -> bool {
        let texts = self.template.locales.values();
        texts.filter_map(|texts| texts.sms.as_deref()).all(|text| {
            let own = text.replace("{{bank}}", "");
            own.contains("{{")
        })
    }
}

/// A template by its name.
#[must_use]
pub fn template(name: &str) -> &'static Arc<Template> {
    let known = templates().iter().map(|known| &known.template);
    known
        .into_iter()
        .find(|template| template.name.as_str() == name)
        .expect("a template of the catalogue or of the tests")
}

fn at_meta(template: &Template) -> Vec<MetaTemplate> {
    let create = |locale: &Locale| {
        let mut payload = template.creation_payload(*locale);
        let fields = payload.as_object_mut();
        let ttl = fields.and_then(|fields| fields.remove("message_send_ttl_seconds"));
        let mut created = MetaTemplate::from_creation(&payload).expect("Meta takes the template");
        created.ttl = ttl.and_then(|ttl| ttl.as_i64());
        created
    };
    template.locales.keys().map(create).collect()
}

/// What one request says.
#[derive(Clone)]
pub struct Content {
    /// The template.
    pub template: Arc<Template>,
    /// To whom, in E.164.
    pub phone: String,
    /// The request's body.
    pub body: Value,
    /// The SMS it would become, where it may become one.
    pub sms: Option<String>,
    /// What nobody but the customer may see.
    pub needles: Vec<String>,
}

/// What a request asks for besides its template.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// An end of the validity before the template's own.
    pub valid_until: Option<jiff::Timestamp>,
    /// WhatsApp alone.
    pub fallback: Fallback,
}

/// Which legs a bank wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fallback {
    /// As the template has them.
    #[default]
    AsTemplate,
    /// WhatsApp alone.
    None,
}

impl Content {
    /// A message with values of its own.
    pub fn draw(
        dice: &mut Dice,
        template: &Arc<Template>,
        phone: &str,
        bank: &str,
        wishes: &Wishes,
    ) -> Self {
        let locale = *dice.pick(&[Locale::PtBr, Locale::En]);
        let mut needles = Vec::new();
        let values = values(dice, template, locale, &mut needles);
        let mut body = json!({
            "template": template.name, "locale": locale.code(), "to": phone, "params": values,
        });
        if let Some(until) = wishes.valid_until {
            body["valid_until"] = json!(format!("{until:.3}"));
        }
        let mut sms = None;
        if wishes.fallback == Fallback::None && template.uses(Channel::Sms) {
            body["fallback"] = json!({ "channels": [] });
        } else if template.uses(Channel::Sms) {
            let parsed = params::parse(template, &values);
            let parsed = parsed.unwrap_or_else(|faults| panic!("{}: {faults:?}", template.name));
            let text = render::sms(template, locale, &parsed, bank).expect("it renders");
            sms = Some(text.text);
        }
        Self {
            template: Arc::clone(template),
            phone: phone.to_owned(),
            body,
            sms,
            needles,
        }
    }
}

fn values(
    dice: &mut Dice,
    template: &Template,
    locale: Locale,
    needles: &mut Vec<String>,
) -> Map<String, Value> {
    let mut values = template.example_params(locale);
    // A Pix code is for the amount beside it.
    let fixed_amount = template
        .params
        .values()
        .any(|spec| spec.kind == ParamType::PixCode);
    for (name, spec) in &template.params {
        let longest = spec.longest().unwrap_or(usize::MAX);
        let own = match spec.kind {
            ParamType::Money if fixed_amount => continue,
            ParamType::Money => {
                let minor = dice.between(1_000_000, 99_999_999);
                needles.push(minor.to_string());
                json!({ "minor": minor, "currency": "BRL" })
            }
            ParamType::PersonName => {
                let name = format!("{} {}", word(dice, 7), word(dice, 7));
                needles.push(name.clone());
                json!(name)
            }
            ParamType::Code => {
                let digits = longest.min(8);
                let code: String = (0..digits).map(|_| digit(dice)).collect();
                needles.push(code.clone());
                json!(code)
            }
            ParamType::Text if longest >= 16 => {
                let text = format!("{} {}", word(dice, 7), word(dice, 7));
                json!(text)
            }
            ParamType::Date => {
                let (year, month) = (dice.between(2027, 2060), dice.between(1, 12));
                json!(format!("{year}-{month:02}-{:02}", dice.between(1, 28)))
            }
            ParamType::Time => {
                let (hour, minute) = (dice.between(0, 23), dice.between(0, 59));
                json!(format!("{hour:02}:{minute:02}"))
            }
            ParamType::CardLast4 => json!(format!("{:04}", dice.between(0, 9_999))),
            ParamType::Account => json!(format!("{:07}-1", dice.between(0, 9_999_999))),
            ParamType::Text
            | ParamType::Phone
            | ParamType::PixKey
            | ParamType::PixCode
            | ParamType::BoletoLine
            | ParamType::Iban
            | ParamType::Cpf
            | ParamType::Cnpj
            | ParamType::Url
            | ParamType::UrlSuffix
            | ParamType::Document
            | ParamType::Image => continue,
        };
        values.insert(name.clone(), own);
    }
    values
}

/// Capital letters and digits: nothing else in a queue or a key looks like it.
fn digit(dice: &mut Dice) -> char {
    char::from(*dice.pick(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789"))
}

/// A name that nobody else has.
pub(crate) fn word(dice: &mut Dice, length: usize) -> String {
    let mut word = String::new();
    for place in 0..length {
        let letters: &[u8] = if place % 2 == 0 {
            b"bcdfglmnprstv"
        } else {
            b"aeiou"
        };
        let letter = char::from(*dice.pick(letters));
        word.push(if place == 0 {
            letter.to_ascii_uppercase()
        } else {
            letter
        });
    }
    word
}
