//! The bodies and queries of this API: parsed strictly, all faults named at once, nothing echoed.

use recado_domain::fault::Fault;
use recado_domain::phone::E164;
use recado_runtime::problem::Problem;
use serde_json::Value;

use crate::reader::{Reader, phone, sorted};

/// A page of history has at most this many events.
pub(crate) const LARGEST_PAGE: u32 = 100;
const USUAL_PAGE: u32 = 50;

/// A body that is one object.
pub(crate) fn object(body: &[u8]) -> Result<Value, Problem> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(Problem::NotJson),
    }
}

/// Which page of a history is asked for.
pub(crate) struct Page {
    /// The entry before it, by its sort key.
    pub(crate) after: Option<String>,
    pub(crate) limit: u32,
}

/// A sort key as it may stand in an address as it is: there, a `#` would end the query.
pub(crate) fn cursor(sort_key: &str) -> String {
    sort_key.replacen('#', ".", 1)
}

fn sort_key(cursor: &str) -> Option<String> {
    let (at, digest) = cursor.split_once('.')?;
    let digest_fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let fits = at.parse::<i64>().is_ok() && !digest.is_empty() && digest.bytes().all(digest_fits);
    fits.then(|| format!("{at}#{digest}"))
}

/// Reads the query of a history.
pub(crate) fn page(query: &[(String, String)]) -> Result<Page, Problem> {
    let mut faults = Vec::new();
    let mut given = |name: &str| {
        let mut values = query.iter().filter(|(field, _)| field == name);
        let first = values.next();
        if values.next().is_some() {
            faults.push(Fault::new(name, "must not be named twice"));
        }
        first.map(|(_, value)| value.as_str())
    };
    let (asked_after, asked_limit) = (given("cursor"), given("limit"));
    let after = asked_after.and_then(sort_key);
    if asked_after.is_some() && after.is_none() {
        faults.push(Fault::new("cursor", "must be the next of the page before"));
    }
    let limit = match asked_limit.map(str::parse) {
        None => USUAL_PAGE,
        Some(Ok(limit)) if (1..=LARGEST_PAGE).contains(&limit) => limit,
        Some(Ok(_) | Err(_)) => {
            let rule = format!("must be a whole number from 1 to {LARGEST_PAGE}");
            faults.push(Fault::new("limit", rule));
            USUAL_PAGE
        }
    };
    if faults.is_empty() {
        Ok(Page { after, limit })
    } else {
        Err(Problem::Invalid(sorted(faults)))
    }
}

/// Reads the body of a lookup.
pub(crate) fn lookup(body: &[u8]) -> Result<E164, Problem> {
    let mut reader = Reader::new(Some(object(body)?), "", &["to"]);
    let to = phone(&mut reader);
    match to {
        Some(to) if reader.faults.is_empty() => Ok(to),
        _ => Err(Problem::Invalid(sorted(reader.faults))),
    }
}
