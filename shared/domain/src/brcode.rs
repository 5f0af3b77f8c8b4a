//! Pix copy-and-paste codes (BR Code): EMV's merchant-presented TLV with a checksum.
//!
//! A code is read strictly and never rewritten: one changed blank makes it worthless. Sources: BCB's
//! BR Code manual and the Pix API's examples.

use thiserror::Error;

/// The name by which Pix marks its fields, compared without regard to case.
const GUI: &str = "br.gov.bcb.pix";

/// What a code says. Holds personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct BrCode {
    text: String,
    /// The receiver's Pix key; a static code has one.
    pub key: Option<String>,
    /// Where the charge is fetched, without `https://`; a dynamic code has one.
    pub url: Option<String>,
    /// Where Pix Automático's recurrence is fetched.
    pub recurrence_url: Option<String>,
    /// The amount in cents; absent when the payer types it. On a dynamic code the fetched charge rules.
    pub amount: Option<i64>,
    /// The receiver's name, 1–25 characters, possibly cut.
    pub merchant_name: String,
    /// The receiver's city, 1–15 characters.
    pub merchant_city: String,
    /// The receiver's reference; none is written `***`.
    pub txid: Option<String>,
}

/// Why a text is no Pix code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BrCodeError {
    /// Lengths that do not add up, fields twice, or characters outside printable ASCII.
    #[error("must be a Pix copy-and-paste code")]
    Structure,
    /// The checksum differs: the code was changed or cut.
    #[error("must be an unchanged Pix code (its checksum differs)")]
    Checksum,
    /// A field breaks its rule.
    #[error("must be a Pix code whose field {0:02} follows the BR Code's rules")]
    Field(u8),
    /// A payment code of another scheme.
    #[error("must be a Pix code with a key or an address")]
    NotPix,
}

impl BrCode {
    /// Reads a code.
    pub fn parse(text: &str) -> Result<Self, BrCodeError> {
        if !text.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
            return Err(BrCodeError::Structure);
        }
        let fields = fields(text)?;
        let (last, checksum) = fields.last().ok_or(BrCodeError::Structure)?;
        if *last != 63 || checksum.len() != 4 {
            return Err(BrCodeError::Structure);
        }
        if !checksum.eq_ignore_ascii_case(&format!(
            "{:04X}",
            crc16(&text.as_bytes()[..text.len() - 4])
        )) {
            return Err(BrCodeError::Checksum);
        }
        if fields.first() != Some(&(0, "01")) {
            return Err(BrCodeError::Field(0));
        }
        let find = |id: u8| {
            fields
                .iter()
                .find(|field| field.0 == id)
                .map(|field| field.1)
        };
        let require = |id: u8, rule: fn(&str) -> bool| {
            find(id)
                .filter(|value| rule(value))
                .ok_or(BrCodeError::Field(id))
        };
        let allow = |id: u8, rule: fn(&str) -> bool| match find(id) {
            Some(value) if !rule(value) => Err(BrCodeError::Field(id)),
            value => Ok(value),
        };
        allow(1, |value| matches!(value, "11" | "12"))?;
        require(52, |value| value.len() == 4 && digits(value))?;
        require(53, |value| value == "986")?;
        let amount = match find(54) {
            Some(value) => Some(cents(value).ok_or(BrCodeError::Field(54))?),
            None => None,
        };
        require(58, |value| value == "BR")?;
        let merchant_name = require(59, |value| (1..=25).contains(&value.len()))?.to_owned();
        let merchant_city = require(60, |value| (1..=15).contains(&value.len()))?.to_owned();
        let txid = txid(find(62).ok_or(BrCodeError::Field(62))?)?;
        let account = pix(&fields, 26..=51)?.unwrap_or_default();
        let recurrence = pix(&fields, 80..=99)?.unwrap_or_default();
        let exclusive = account.key.is_none() || account.url.is_none();
        let payable = account.key.is_some() || account.url.is_some() || recurrence.url.is_some();
        if !exclusive || !payable {
            return Err(BrCodeError::NotPix);
        }
        Ok(Self {
            text: text.to_owned(),
            key: account.key,
            url: account.url,
            recurrence_url: recurrence.url,
            amount,
            merchant_name,
            merchant_city,
            txid,
        })
    }

    /// The code exactly as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// What Pix's own template holds.
#[derive(Default)]
struct Pix {
    key: Option<String>,
    url: Option<String>,
}

/// Pix's template among those of a range; other schemes may sit beside it.
fn pix(
    all: &[(u8, &str)],
    range: std::ops::RangeInclusive<u8>,
) -> Result<Option<Pix>, BrCodeError> {
    for (id, value) in all.iter().filter(|field| range.contains(&field.0)) {
        let fields = fields(value)?;
        let find = |wanted: u8| {
            fields
                .iter()
                .find(|field| field.0 == wanted)
                .map(|field| field.1)
        };
        if !find(0).is_some_and(|gui| gui.eq_ignore_ascii_case(GUI)) {
            continue;
        }
        // Never longer than BCB's 77 characters: the scheme's name leaves no more of a template's 99.
        let filled = |value: Option<&str>| match value {
            Some("") => Err(BrCodeError::Field(*id)),
            value => Ok(value.map(str::to_owned)),
        };
        let (key, url) = (filled(find(1))?, filled(find(25))?);
        if url
            .as_deref()
            .is_some_and(|url| url.contains("://") || url.contains(' '))
        {
            return Err(BrCodeError::Field(*id));
        }
        return Ok(Some(Pix { key, url }));
    }
    Ok(None)
}

fn txid(additional: &str) -> Result<Option<String>, BrCodeError> {
    let wrong = BrCodeError::Field(62);
    let fields = fields(additional).map_err(|_| wrong)?;
    let txid = fields.iter().find(|field| field.0 == 5).ok_or(wrong)?.1;
    match txid {
        "***" => Ok(None),
        _ if (1..=25).contains(&txid.len()) && txid.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Ok(Some(txid.to_owned()))
        }
        _ => Err(wrong),
    }
}

/// Takes the TLV apart: two digits of id, two of length, the value. No id twice.
fn fields(text: &str) -> Result<Vec<(u8, &str)>, BrCodeError> {
    let mut found: Vec<(u8, &str)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let number = |range| {
            rest.get(range)
                .filter(|part| digits(part))
                .and_then(|part| part.parse::<u8>().ok())
        };
        let id = number(0..2).ok_or(BrCodeError::Structure)?;
        let length = usize::from(number(2..4).ok_or(BrCodeError::Structure)?);
        let value = rest.get(4..4 + length).ok_or(BrCodeError::Structure)?;
        if found.iter().any(|field| field.0 == id) {
            return Err(BrCodeError::Structure);
        }
        found.push((id, value));
        rest = &rest[4 + length..];
    }
    Ok(found)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// `123.45` in cents: ≤ 10 digits, a point, ≤ 2 digits.
fn cents(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    let fits = (1..=10).contains(&whole.len())
        && (1..=2).contains(&fraction.len())
        && digits(whole)
        && digits(fraction);
    if !fits {
        return None;
    }
    let fraction = format!("{fraction:0<2}");
    Some(whole.parse::<i64>().ok()? * 100 + fraction.parse::<i64>().ok()?)
}

/// CRC-16/IBM-3740: polynomial 0x1021, start 0xFFFF, nothing reflected.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

/// How many leading characters form a TLV that ends with a right checksum: what a code inside a longer
/// text covers.
pub(crate) fn prefix_length(text: &str) -> Option<usize> {
    let mut at = 0;
    // No field comes twice: there are a hundred ids.
    for _ in 0..100 {
        let number = |from: usize| {
            text.get(from..from + 2)
                .filter(|part| digits(part))?
                .parse::<usize>()
                .ok()
        };
        let (id, length) = (number(at)?, number(at + 2)?);
        let end = at + 4 + length;
        let value = text.get(at + 4..end)?;
        if id == 63 && length == 4 {
            let right =
                value.eq_ignore_ascii_case(&format!("{:04X}", crc16(&text.as_bytes()[..at + 4])));
            return right.then_some(end);
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests;
