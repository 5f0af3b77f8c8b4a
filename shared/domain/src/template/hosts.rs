//! Where a template's addresses lead: only to hosts that the bank registered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{Button, Header, ParamType, Template, Texts};
use super::text::{Segment, segments};
use super::validate::TemplateFault;
use crate::fault::Fault;
use crate::locale::Locale;
use crate::params::{ParamValue, Params};

impl Template {
    /// Addresses of buttons and in texts, and example addresses, whose host is not among these. A host
    /// that is not named is not the bank's, a subdomain of a named one neither.
    #[must_use]
    pub fn foreign_hosts(&self, hosts: &[&str]) -> Vec<TemplateFault> {
        let mut faults = BTreeSet::new();
        for (place, found) in self.hosts().into_iter().chain(self.example_hosts()) {
            if !hosts.iter().any(|host| host.eq_ignore_ascii_case(&found)) {
                faults.insert(TemplateFault {
                    place,
                    rule: format!("must not lead to {found}, which is none of the bank's hosts"),
                });
            }
        }
        faults.into_iter().collect()
    }

    /// What makes a message in this language lead to a host that is not among these: the template's own
    /// words and buttons, or a parameter's address.
    #[must_use]
    pub fn leads_astray(&self, locale: Locale, params: &Params, hosts: &[String]) -> Vec<Fault> {
        let known = |found: &str| hosts.iter().any(|host| host.eq_ignore_ascii_case(found));
        let texts = self.locales.get(&locale);
        let own = self.button_hosts().into_iter().chain(
            texts
                .into_iter()
                .flat_map(|texts| text_hosts(locale, texts)),
        );
        let mut faults = Vec::new();
        if own.into_iter().any(|(_, found)| !known(&found)) {
            let rule = "leads to a host that is none of the bank's: store a version of your own";
            faults.push(Fault::new("template", rule));
        }
        for name in self.params.keys() {
            let (field, address) = match params.get(name).map(ParamValue::address) {
                Some(Some((part, address))) => (format!("params.{name}{part}"), address),
                Some(None) | None => continue,
            };
            if !host(address).is_some_and(|found| known(&found)) {
                let rule = "must lead to one of the bank's registered hosts";
                faults.push(Fault::new(field, rule));
            }
        }
        faults
    }

    fn example_hosts(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (name, spec) in &self.params {
            let addressed = matches!(
                spec.kind,
                ParamType::Url | ParamType::Document | ParamType::Image
            );
            let examples = std::iter::once(&spec.example).chain(spec.examples.values());
            for example in examples.filter(|_| addressed) {
                let address = example
                    .as_str()
                    .or_else(|| example.get("url").and_then(Value::as_str));
                if let Some(host) = address.and_then(host) {
                    found.push((format!("params.{name}.example"), host));
                }
            }
        }
        found
    }

    /// Every host that a message made of the template leads to, with its place.
    #[must_use]
    pub fn hosts(&self) -> Vec<(String, String)> {
        let texts = self.locales.iter();
        self.button_hosts()
            .into_iter()
            .chain(texts.flat_map(|(locale, texts)| text_hosts(*locale, texts)))
            .collect()
    }

    fn button_hosts(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (at, button) in self.buttons.iter().enumerate() {
            if let Button::Url { base, .. } = button {
                let host = host(base).unwrap_or_else(|| "nowhere".to_owned());
                found.push((format!("buttons[{at}].base"), host));
            }
        }
        found
    }
}

fn text_hosts(locale: Locale, texts: &Texts) -> Vec<(String, String)> {
    let whatsapp = texts.whatsapp.as_ref();
    let header = whatsapp.and_then(|text| match &text.header {
        Some(Header::Text(header)) => Some(header),
        Some(Header::Document(_) | Header::Image(_)) | None => None,
    });
    let footer = whatsapp.and_then(|text| text.footer.as_ref());
    let parts = [
        ("whatsapp.header", header),
        ("whatsapp.body", whatsapp.map(|text| &text.body)),
        ("whatsapp.footer", footer),
        ("sms", texts.sms.as_ref()),
        ("voice", texts.voice.as_ref()),
    ];
    let mut found = Vec::new();
    for (part, text) in parts {
        for host in text.into_iter().flat_map(|text| hosts_in(text)) {
            found.push((format!("locales.{locale}.{part}"), host));
        }
    }
    found
}

/// An `http` or `https` address's host in lower case, without a user or a port.
#[must_use]
pub fn host(address: &str) -> Option<String> {
    let begins = |scheme: &&str| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["https://", "http://"].into_iter().find(begins)?;
    let authority = address[scheme.len()..]
        .split(['/', '?', '#', '\\'])
        .next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// The hosts in a text: phones make a link of every name with a dot, with or without a scheme.
fn hosts_in(text: &str) -> Vec<String> {
    let words = segments(text)
        .unwrap_or_else(|_| vec![Segment::Words(text)])
        .into_iter()
        .filter_map(|segment| match segment {
            Segment::Words(words) => Some(words),
            Segment::Variable(_) => None,
        });
    words
        .flat_map(str::split_whitespace)
        .filter_map(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
            host(word).or_else(|| {
                let bare = word
                    .split(['/', '?', '#', ':'])
                    .next()?
                    .rsplit('@')
                    .next()?;
                is_domain(bare).then(|| bare.to_lowercase())
            })
        })
        .collect()
}

fn is_domain(text: &str) -> bool {
    let Some((_, last)) = text.rsplit_once('.') else {
        return false;
    };
    let plain =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    text.split('.').all(plain) && last.chars().count() > 1 && last.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::validate::tests::good;

    #[test]
    fn a_host_is_read_past_users_ports_and_tricks() {
        let check = |address: &str, expected: Option<&str>| {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        };
        check("https://banco.example/a?b#c", Some("banco.example"));
        check("HTTPS://Banco.Example:443/", Some("banco.example"));
        check("http://banco.example.", Some("banco.example"));
        check(
            "https://banco.example@golpe.example/a",
            Some("golpe.example"),
        );
        check(
            "https://golpe.example\\@banco.example/",
            Some("golpe.example"),
        );
        check("https://banco.example?golpe", Some("banco.example"));
        check("ftp://banco.example/", None);
        check("https:///a", None);
    }

    #[test]
    fn a_text_leads_wherever_a_phone_makes_a_link_of_it() {
        let check = |text: &str, expected: &[&str]| assert_eq!(hosts_in(text), expected, "{text}");
        check("Veja em https://banco.example/x.", &["banco.example"]);
        check("Veja (www.golpe.example), já", &["www.golpe.example"]);
        check("fale com ajuda@banco.example!", &["banco.example"]);
        check("Compra de R$ 1.500,00 às 14.05, p. ex. z.B. hoje", &[]);
        check("banco.example/{{ticket}}", &["banco.example"]);
        check("Fim.Outra", &["fim.outra"]);
        check("sem endereço...", &[]);
    }

    #[test]
    fn an_address_of_nobody_s_is_named_with_its_place() {
        let template = |path: &str, value: serde_json::Value| {
            let mut template = good();
            *template.pointer_mut(path).expect("a place") = value;
            Template::from_json(&template.to_string()).expect("a template")
        };
        let check = |path: &str, value: serde_json::Value, expected: &[&str]| {
            let faults = template(path, value).foreign_hosts(&["banco.example"]);
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert_eq!(faults, expected, "{path}");
        };
        check("/version", json!(1), &[]);
        check(
            "/buttons/1/base",
            json!("https://banco.example.golpe.example/"),
            &[
                "buttons[1].base must not lead to banco.example.golpe.example, which is none of the bank's hosts",
            ],
        );
        check(
            "/buttons/1/base",
            json!("https://conta.banco.example/"),
            &[
                "buttons[1].base must not lead to conta.banco.example, which is none of the bank's hosts",
            ],
        );
        check(
            "/locales/pt_BR/sms",
            json!("{{bank}}: {{note}} para {{name}}, golpe.example/x"),
            &[
                "locales.pt_BR.sms must not lead to golpe.example, which is none of the bank's hosts",
            ],
        );
        check(
            "/params/note",
            json!({ "type": "url", "example": "https://golpe.example/a" }),
            &[
                "params.note.example must not lead to golpe.example, which is none of the bank's hosts",
            ],
        );
    }

    #[test]
    fn a_parameter_leads_to_the_bank_s_own_hosts_only() {
        let check = |kind: &str, value: serde_json::Value, expected: &[&str]| {
            let mut template = good();
            let example = match kind {
                "url" => json!("https://banco.example/a"),
                _ => json!({ "url": "https://banco.example/a.pdf", "filename": "a.pdf" }),
            };
            template["params"]["note"] = json!({ "type": kind, "example": example });
            let template = Template::from_json(&template.to_string()).expect("a template");
            let mut given = template.example_params(Locale::PtBr);
            given.insert("note".to_owned(), value);
            let params = crate::params::parse(&template, &given).expect("valid");
            let hosts = ["banco.example".to_owned()];
            let faults = template.leads_astray(Locale::PtBr, &params, &hosts);
            let faults: Vec<String> = faults.into_iter().map(|fault| fault.field).collect();
            assert_eq!(faults, expected, "{kind}");
        };
        check("url", json!("https://banco.example/a"), &[]);
        check("url", json!("https://BANCO.example:8443/a"), &[]);
        check("url", json!("https://golpe.example/a"), &["params.note"]);
        check("url", json!("https://x.banco.example/a"), &["params.note"]);
        let document = |media: serde_json::Value| {
            let mut document = media;
            document["filename"] = json!("extrato.pdf");
            document
        };
        let own = document(json!({ "url": "https://banco.example/a.pdf" }));
        check("document", own, &[]);
        check("document", document(json!({ "media_id": "123" })), &[]);
        let foreign = document(json!({ "url": "https://golpe.example/a.pdf" }));
        check("document", foreign, &["params.note.url"]);
    }
}
