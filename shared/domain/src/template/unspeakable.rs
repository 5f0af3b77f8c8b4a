//! Parameters that a bank may not even ask for: a message is no place for what opens an account.

use super::model::{ParamType, Template};
use super::validate::Faults;

/// What a parameter's name says that is never sent, whatever its type.
const NEVER: [&str; 15] = [
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

/// Checks the parameters' names.
pub(super) fn check(template: &Template, faults: &mut Faults) {
    for (name, spec) in &template.params {
        let whole = format!("_{name}_");
        let says = |words: &[&str]| {
            words
                .iter()
                .any(|word| whole.contains(&format!("_{word}_")))
        };
        faults.require(
            !says(&NEVER),
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
}
