//! What a bank may neither ask for nor say: a message is no place for what opens an account.

use super::model::{ParamType, Template};
use super::text::{Segment, segments};
use super::validate::Faults;
use super::wording;
use crate::class::Class;
use crate::masking;

/// What a parameter's name says that is never sent, whatever its type.
const NEVER: &[&str] = &[
    "password",
    "passwd",
    "passcode",
    "passphrase",
    "senha",
    "mot_de_passe",
    "passwort",
    "kennwort",
    "pin",
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "csc",
    "secret",
    "security_code",
    "security_number",
    "codigo_seguranca",
    "codigo_de_seguranca",
    "contrasenha",
    "mdp",
    "cryptogramme",
    "geheimzahl",
    "prufziffer",
    "pruefziffer",
];

/// What is sent in part only, by the types that hide the rest.
const IN_PART: [&str; 14] = [
    "pan",
    "card_number",
    "full_card",
    "numero_cartao",
    "numero_do_cartao",
    "numero_carte",
    "kartennummer",
    "account_number",
    "full_account",
    "numero_conta",
    "numero_da_conta",
    "numero_compte",
    "kontonummer",
    "iban",
];

/// What may stand in a variable's place: a number that says nothing by itself.
const ANY_NUMBER: &str = "482913";

/// Checks the parameters' names, and the words with whatever may stand in the variables' places.
pub(super) fn check(template: &Template, faults: &mut Faults) {
    for (name, spec) in &template.params {
        let whole = format!("_{name}_");
        let says = |words: &[&str]| {
            words
                .iter()
                .any(|word| whole.contains(&format!("_{word}_")))
        };
        faults.require(
            !says(NEVER),
            format!("params.{name}"),
            "must not be a password, a PIN or a card's security number: those are never sent",
        );
        let as_it_is = matches!(
            spec.kind,
            ParamType::Text
                | ParamType::PersonName
                | ParamType::Code
                | ParamType::Url
                | ParamType::UrlSuffix
        );
        faults.require(
            !(as_it_is && says(&IN_PART)),
            format!("params.{name}"),
            "must be of a type that hides it: full card and account numbers are never sent",
        );
    }
    for (place, _, text) in wording::words(template) {
        for found in masking::forbidden(text) {
            faults.add(place.clone(), found.rule());
        }
        let filled = filled(template, text);
        let mut sentences = filled.split_inclusive(['.', '!', '?', '\n']);
        faults.require(
            !sentences.any(masking::tells_a_secret),
            place,
            "must not tell a password, a PIN, a code or a card's security number in a variable",
        );
    }
}

/// The text with a number in the place of each variable that takes any; the others' types say what they
/// may hold. A one-time code is for the class that sends one.
fn filled(template: &Template, text: &str) -> String {
    let value = |name: &str| {
        let kind = template.params.get(name).map(|spec| spec.kind);
        let free = match kind {
            Some(ParamType::Text) => true,
            Some(ParamType::Code) => template.class != Class::Authentication,
            Some(_) | None => false,
        };
        if free { ANY_NUMBER } else { "x" }
    };
    segments(text)
        .unwrap_or_else(|_| vec![Segment::Words(text)])
        .into_iter()
        .map(|segment| match segment {
            Segment::Words(words) => words,
            Segment::Variable(name) => value(name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::template::validate::tests::{faults_after, good};

    fn faults(name: &str, kind: &str) -> Vec<String> {
        let mut spec = json!({ "type": kind, "example": "1234" });
        if kind == "text" {
            spec["max_length"] = json!(10);
        }
        let sms = json!(format!(
            "{{{{bank}}}}: {{{{note}}}} para {{{{name}}}}, {{{{{name}}}}}."
        ));
        let path = format!("/params/{name}");
        faults_after(&good(), &[(&path, spec), ("/locales/pt_BR/sms", sms)])
    }

    #[test]
    fn what_opens_an_account_is_no_parameter() {
        for name in [
            "senha",
            "new_password",
            "pin",
            "card_pin",
            "cvv",
            "mot_de_passe",
        ] {
            let rule = format!(
                "params.{name} must not be a password, a PIN or a card's security number: those are never sent"
            );
            assert_eq!(faults(name, "text"), [rule.as_str()]);
            assert_eq!(faults(name, "card_last4"), [rule.as_str()]);
        }
    }

    #[test]
    fn a_full_number_is_no_text_but_its_hidden_form_is_sent() {
        for name in ["card_number", "pan", "account_number", "your_iban"] {
            let rule = format!(
                "params.{name} must be of a type that hides it: full card and account numbers are never sent"
            );
            assert_eq!(faults(name, "text"), [rule.as_str()]);
            assert_eq!(faults(name, "card_last4"), Vec::<String>::new());
        }
    }

    #[test]
    fn a_word_that_only_contains_one_is_allowed() {
        for name in ["spinning", "pinned", "company", "panel", "secretary"] {
            assert_eq!(faults(name, "text"), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn a_text_neither_holds_a_secret_nor_makes_one_of_a_variable() {
        let check = |sms: &str, expected: &[&str]| {
            let path = "/locales/pt_BR/sms";
            let found = faults_after(&good(), &[(path, json!(sms))]);
            assert_eq!(found, expected, "{sms}");
        };
        let rule = |rule: &str| format!("locales.pt_BR.sms {rule}");
        let secret = rule(
            "must not tell a password, a PIN, a code or a card's security number in a variable",
        );
        check("{{bank}}: {{name}}, {{note}}.", &[]);
        check("{{bank}}: {{name}}, nunca diga sua senha. {{note}}.", &[]);
        check("{{bank}}: {{name}}, sua senha é {{note}}.", &[&secret]);
        check("{{bank}}: {{name}}, o CVV do cartão: {{note}}.", &[&secret]);
        let card = rule("must not contain a card number");
        check("{{bank}}: {{name}} 4111 1111 1111 1111 {{note}}.", &[&card]);
    }
}
