//! Addresses, documents and images.

use serde_json::{Map, Value, json};

use super::line;
use crate::fault::Fault;
use crate::masking;
use crate::message::Media;

/// Whether the text is an `https` address with a host that has a point, without a user and in ASCII.
pub(crate) fn is_https(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    let host = host(text);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let port = host
        .split_once(':')
        .is_none_or(|(_, port)| port.parse::<u16>().is_ok());
    rest.bytes().all(is_plain) && name.contains('.') && name.split('.').all(label) && port
}

/// What may stand in an address. Whatever takes two places in an SMS or means something else to a
/// terminal is left out; percent-encoding carries it.
fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._/?&=%#:@!$'()*+,;".contains(&b)
}

/// An address's host, with its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Whether the text may be appended to a button's address: it stays within the address's host and path.
pub(super) fn is_suffix(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| is_plain(b) && b != b'@' && b != b':')
        && !text.starts_with('/')
        && !text.contains("..")
        && !text.contains("//")
}

/// Reads `{ "url": … }` or `{ "media_id": … }`; fields beside these and `known` are faults.
pub(super) fn media(
    field: &str,
    object: &Map<String, Value>,
    known: &[&str],
    faults: &mut Vec<Fault>,
) -> Option<Media> {
    for name in object.keys().filter(|name| {
        !["url", "media_id"].contains(&name.as_str()) && !known.contains(&name.as_str())
    }) {
        faults.push(Fault::new(
            format!("{field}.{name}"),
            "is not a field of a media file",
        ));
    }
    match (object.get("url"), object.get("media_id")) {
        (Some(Value::String(url)), None) if is_https(url) && url.len() <= 2_000 => {
            let forbidden = masking::forbidden_in_address(url);
            let rules = forbidden.iter().map(|found| found.rule());
            faults.extend(rules.map(|rule| Fault::new(format!("{field}.url"), rule)));
            forbidden.is_empty().then(|| Media::Link(url.clone()))
        }
        (Some(_), None) => {
            faults.push(Fault::new(
                format!("{field}.url"),
                "must be an https address of at most 2000 characters",
            ));
            None
        }
        (None, Some(Value::String(id))) if is_media_id(id) => Some(Media::Id(id.clone())),
        (None, Some(_)) => {
            faults.push(Fault::new(
                format!("{field}.media_id"),
                "must be 1 to 64 letters, digits and hyphens",
            ));
            None
        }
        (None, None) | (Some(_), Some(_)) => {
            faults.push(Fault::new(field, "must have either url or media_id"));
            None
        }
    }
}

fn is_media_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Everything that is wrong with a document's name: PDF is what Meta shows reliably.
pub(super) fn filename_rules_broken(name: &str) -> Vec<String> {
    let mut broken = line::rules_broken(name, 100);
    if name.contains(['/', '\\']) || name.len() < 5 || !name.to_lowercase().ends_with(".pdf") {
        broken.push("must be a file's name that ends with .pdf".to_owned());
    }
    broken
}

/// The inverse of [`media`].
pub(super) fn media_json(media: &Media) -> Value {
    match media {
        Media::Link(url) => json!({ "url": url }),
        Media::Id(id) => json!({ "media_id": id }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_https_address_is_one() {
        let check = |text: &str, expected| assert_eq!(is_https(text), expected, "{text}");
        check("https://banco.example/a/b?c=d", true);
        check("https://banco.example:8443/", true);
        check("https://banco.example", true);
        check("http://banco.example/", false);
        check("https://banco/", false);
        check("https://", false);
        check("https://usuario@banco.example/", false);
        check("https://banco.example:porta/", false);
        check("https://banco.example/a b", false);
        check("https://banço.example/", false);
        check("javascript:alert(1)", false);
        check("https://-banco.example/", false);
    }

    #[test]
    fn a_suffix_stays_within_its_address() {
        let check = |text: &str, expected| assert_eq!(is_suffix(text), expected, "{text}");
        check("tx_1", true);
        check("a/b?c=d&e=%20", true);
        check("", false);
        check("/a", false);
        check("../a", false);
        check("a//b", false);
        check("@evil.example", false);
        check(":80", false);
        check("a b", false);
    }
}
