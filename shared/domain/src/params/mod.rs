//! A template's parameters: parsed by their types, kept typed, shown masked.

mod line;
mod link;
mod mask;
mod pix_key;
mod tax_number;
mod value;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

pub(crate) use link::is_https;
pub(crate) use mask::masked_account;
pub use pix_key::PixKey;
pub(crate) use pix_key::{is_uuid, masked_email, masked_uuid};
pub use tax_number::{Cnpj, Cpf};
pub(crate) use tax_number::{is_cnpj, is_cpf};
pub use value::ParamValue;

use crate::fault::Fault;
use crate::message::PixKeyType;
use crate::money::Currency;
use crate::template::{Button, Presence, Template};

/// The values of one request, complete and valid for their template. Prints the names only.
#[derive(Clone, PartialEq)]
pub struct Params {
    values: BTreeMap<String, ParamValue>,
}

impl Params {
    /// A value by its name; none for an optional parameter that was not given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.values.get(name)
    }

    /// The values as a request gives them: [`parse`] makes the same parameters of them.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        self.values
            .iter()
            .map(|(name, value)| (name.clone(), value.to_json()))
            .collect()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// Reads a request's `params` for a template. All faults are reported, none with its value.
pub fn parse(template: &Template, given: &Map<String, Value>) -> Result<Params, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut values = BTreeMap::new();
    for name in given
        .keys()
        .filter(|name| !template.params.contains_key(*name))
    {
        faults.push(Fault::new(
            format!("params.{name}"),
            "is not a parameter of this template",
        ));
    }
    for (name, spec) in &template.params {
        let field = format!("params.{name}");
        match (given.get(name), spec.presence) {
            (Some(value), _) => {
                if let Some(value) = ParamValue::parse(spec, &field, value, &mut faults) {
                    values.insert(name.clone(), value);
                }
            }
            (None, Presence::Required) => faults.push(Fault::new(field, "is required")),
            (None, Presence::Optional) => {}
        }
    }
    let params = Params { values };
    for button in &template.buttons {
        check_use(button, &params, &mut faults);
    }
    faults.sort();
    faults.dedup();
    if faults.is_empty() {
        Ok(params)
    } else {
        Err(faults)
    }
}

/// A static code's key in the form in which it is shown, with its kind.
pub(crate) fn key_of(
    params: &Params,
    pix_code: &str,
    pix_key: Option<&str>,
) -> Option<(String, PixKeyType)> {
    let own = match params.get(pix_code) {
        Some(ParamValue::PixCode(code)) => code.key.as_deref().and_then(PixKey::parse),
        _ => None,
    };
    let given = match pix_key.and_then(|name| params.get(name)) {
        Some(ParamValue::PixKey(key)) => Some(key.clone()),
        _ => None,
    };
    own.or(given)
        .map(|key| (key.as_str().to_owned(), key.kind()))
}

/// The rules that a button adds to its values.
fn check_use(button: &Button, params: &Params, faults: &mut Vec<Fault>) {
    match button {
        Button::OrderDetails {
            pix_code,
            total,
            pix_key,
            ..
        } => {
            let total_value = match params.get(total) {
                Some(ParamValue::Money(money)) => Some(money),
                _ => None,
            };
            if total_value.is_some_and(|money| money.currency != Currency::Brl) {
                faults.push(Fault::new(
                    format!("params.{total}.currency"),
                    "must be BRL: it is paid by Pix",
                ));
            }
            if total_value.is_some_and(|money| money.minor <= 0) {
                faults.push(Fault::new(
                    format!("params.{total}.minor"),
                    "must be more than zero",
                ));
            }
            if let Some(ParamValue::PixCode(code)) = params.get(pix_code) {
                let differs = code.key.is_some()
                    && code
                        .amount
                        .zip(total_value)
                        .is_some_and(|(cents, money)| cents != money.minor);
                if differs {
                    faults.push(Fault::new(
                        format!("params.{pix_code}"),
                        format!("must be for the amount in params.{total}"),
                    ));
                }
                if key_of(params, pix_code, pix_key.as_deref()).is_none() {
                    let field = pix_key.as_ref().unwrap_or(pix_code);
                    faults.push(Fault::new(
                        format!("params.{field}"),
                        "is required: the Pix code holds no key that can be shown",
                    ));
                }
            }
        }
        Button::CopyCode { code } => {
            let fits =
                |text: &str| text.len() <= 20 && text.bytes().all(|b| b.is_ascii_alphanumeric());
            if let Some(ParamValue::Text(text)) = params.get(code)
                && !fits(text)
            {
                faults.push(Fault::new(
                    format!("params.{code}"),
                    "must be 1 to 20 letters and digits: a button copies it",
                ));
            }
        }
        Button::Url { base, suffix, .. } => {
            if let Some(ParamValue::UrlSuffix(text)) =
                suffix.as_ref().and_then(|name| params.get(name))
                && base.len() + text.len() > 2_000
            {
                faults.push(Fault::new(
                    format!("params.{}", suffix.as_deref().unwrap_or_default()),
                    "makes the address longer than 2000 characters",
                ));
            }
        }
        Button::QuickReply { .. } | Button::OneTimeCode { .. } | Button::PhoneNumber { .. } => {}
    }
}

#[cfg(test)]
mod changed;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod never_sent;
#[cfg(test)]
mod tests;
