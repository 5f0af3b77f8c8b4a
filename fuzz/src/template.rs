//! Template files: read whole or refused, and what passes its rules can be sent.

use recado_domain::channel::Channel;
use recado_domain::ids::NotificationId;
use recado_domain::locale::Locale;
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::params::{self, Params};
use recado_domain::phone::E164;
use recado_domain::render;
use recado_domain::template::{ParamSpec, ParamType, Template, Waits};
use recado_whatsapp::wire;
use serde_json::{Map, Value};

/// A bank's name of the length for which SMS texts are checked.
const BANK: &str = "Banco de Vinte Letra";

/// A file of the catalogue: TOML, or the JSON that it becomes.
pub fn template_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let read = toml::from_str(text).ok();
    let Some(template) = read.or_else(|| Template::from_json(text).ok()) else {
        return;
    };
    reads_back(&template);
    let live = template.validate();
    assert_eq!(
        live,
        template.validate(),
        "the rules depend on more than the template"
    );
    let test = template.validate_with(Waits::Test);
    assert!(live.is_err() || test.is_ok(), "shorter waits are stricter");
    match test {
        Ok(()) => can_be_sent(&template),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            assert!(faults.is_sorted() && faults.windows(2).all(|two| two[0] != two[1]));
            for fault in &faults {
                assert!(!fault.place.is_empty() && !fault.rule.is_empty(), "{fault}");
            }
            assert!(faults.len() <= 64 + text.len(), "{} faults", faults.len());
        }
    }
}

/// A version that is stored is the version that is read.
fn reads_back(template: &Template) {
    let json = template.to_json();
    let again = Template::from_json(&json).expect("what is stored is read");
    assert_eq!(again, *template);
    assert_eq!(again.to_json(), json);
}

/// In each of its languages, over each channel, with its examples and with the longest values.
pub(crate) fn can_be_sent(template: &Template) {
    for locale in template.locales.keys().copied() {
        let examples = template.example_params(locale);
        let longest = longest(template, &examples);
        for (kind, given) in [("examples", examples), ("longest values", longest)] {
            match params::parse(template, &given) {
                Ok(params) => rendered(template, locale, &params, kind),
                // What is longest by itself may break another rule: a button's, or one about secrets.
                Err(faults) => assert_eq!(kind, "longest values", "{locale}: {faults:?}"),
            }
        }
        let payload = template.creation_payload(locale);
        assert_eq!(payload["language"], locale.code());
        assert!(
            payload["components"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        );
    }
}

/// Renders everything, and the request to Meta as well.
pub(crate) fn rendered(template: &Template, locale: Locale, params: &Params, kind: &str) {
    let id =
        NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("the id is well formed");
    if template.uses(Channel::Whatsapp) {
        let message = match render::whatsapp(template, locale, params, &id) {
            Ok(message) => message,
            Err(error) => panic!("{locale} with {kind}: {error}"),
        };
        let to = E164::parse("+5511987654321").expect("the number is one");
        let body = wire::message(&Addressee::Phone(to), &Outgoing::Template(message), None);
        assert!(serde_json::from_slice::<Value>(&body).is_ok());
    }
    if template.uses(Channel::Sms) {
        match render::sms(template, locale, params, BANK) {
            Ok(sms) => assert!(sms.parts <= template.sms_parts),
            Err(error) => panic!("{locale} with {kind}: {error}"),
        }
    }
    if template.uses(Channel::Voice) {
        let said = render::voice(template, locale, params, BANK);
        assert!(
            said.is_ok_and(|said| !said.trim().is_empty()),
            "{locale} with {kind}"
        );
    }
    let previews = render::preview(template, locale, params, BANK);
    assert!(
        previews.is_ok_and(|all| all.len() == template.ladder.len()),
        "{locale} with {kind}"
    );
    let masked = render::preview_masked(template, locale, &params.masked(locale), BANK);
    assert!(masked.is_ok(), "{locale} with {kind}");
}

/// The examples, with the longest values where a type's length varies.
fn longest(template: &Template, examples: &Map<String, Value>) -> Map<String, Value> {
    let mut given = examples.clone();
    for (name, spec) in &template.params {
        if let Some(value) = longest_of(spec) {
            given.insert(name.clone(), value);
        }
    }
    given
}

fn longest_of(spec: &ParamSpec) -> Option<Value> {
    let most = spec.longest()?;
    match spec.kind {
        ParamType::Text | ParamType::PersonName => Some("W".repeat(most).into()),
        ParamType::Url => {
            let start = "https://banco.example/";
            Some(format!("{start}{}", "a".repeat(most.checked_sub(start.len())?)).into())
        }
        ParamType::Code | ParamType::UrlSuffix => Some("7".repeat(most).into()),
        ParamType::PixKey
        | ParamType::PixCode
        | ParamType::BoletoLine
        | ParamType::Iban
        | ParamType::Money
        | ParamType::Date
        | ParamType::Time
        | ParamType::CardLast4
        | ParamType::Account
        | ParamType::Phone
        | ParamType::Cpf
        | ParamType::Cnpj
        | ParamType::Document
        | ParamType::Image => None,
    }
}
