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
        let bounded = |value: Option<&str>| match value {
            Some(value) if value.is_empty() || value.len() > 77 => Err(BrCodeError::Field(*id)),
            value => Ok(value.map(str::to_owned)),
        };
        let (key, url) = (bounded(find(1))?, bounded(find(25))?);
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
    loop {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const STATIC: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";
    const STATIC_WITH_AMOUNT: &str = "00020126550014br.gov.bcb.pix0114+55619123456780215Mensalidade nov5204000053039865406123.455802BR5916BANCO EXEMPLO SA6009SAO PAULO62150511FAT202611A763042892";
    const DYNAMIC: &str = "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5916BANCO EXEMPLO SA6009SAO PAULO62070503***63048974";
    const AUTOMATIC: &str = "00020126180014br.gov.bcb.pix5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002630462C9";

    /// The first part of a code, with a right checksum behind it.
    fn checked(body: &str) -> String {
        let open = format!("{body}6304");
        format!("{open}{:04X}", crc16(open.as_bytes()))
    }

    #[test]
    fn the_checksum_is_the_catalogues() {
        assert_eq!(crc16(b"123456789"), 0x29b1);
    }

    #[test]
    fn a_static_code_names_its_key() {
        let code = BrCode::parse(STATIC).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            code.key.as_deref(),
            Some("123e4567-e12b-12d1-a456-426655440000")
        );
        assert_eq!((code.url, code.amount, code.txid), (None, None, None));
        assert_eq!(
            (code.merchant_name.as_str(), code.merchant_city.as_str()),
            ("Fulano de Tal", "BRASILIA")
        );
        let code = BrCode::parse(STATIC_WITH_AMOUNT).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(code.key.as_deref(), Some("+5561912345678"));
        assert_eq!(
            (code.amount, code.txid.as_deref()),
            (Some(12_345), Some("FAT202611A7"))
        );
        assert_eq!(code.as_str(), STATIC_WITH_AMOUNT);
    }

    #[test]
    fn a_dynamic_code_names_its_address() {
        let code = BrCode::parse(DYNAMIC).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            code.url.as_deref(),
            Some("pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd441")
        );
        assert_eq!((code.key, code.recurrence_url), (None, None));
    }

    #[test]
    fn pix_automatico_may_stand_alone_or_beside_a_charge() {
        let code = BrCode::parse(AUTOMATIC).unwrap_or_else(|e| panic!("{e}"));
        let recurrence = Some("pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002");
        assert_eq!(code.recurrence_url.as_deref(), recurrence);
        assert_eq!((code.key, code.url), (None, None));
        let both = "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/2353c790eefb11eaadc10242ac1200025204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac1200026304FBE6";
        let code = BrCode::parse(both).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(code.recurrence_url.as_deref(), recurrence);
        assert!(code.url.is_some());
    }

    #[test]
    fn one_changed_character_is_refused() {
        for code in [STATIC, STATIC_WITH_AMOUNT, DYNAMIC, AUTOMATIC] {
            for at in 0..code.len() {
                let mut changed = code.as_bytes().to_vec();
                changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
                let changed = String::from_utf8(changed).expect("ASCII");
                assert!(BrCode::parse(&changed).is_err(), "{changed}");
            }
            for cut in 1..code.len() {
                assert!(
                    BrCode::parse(&code[cut..]).is_err() && BrCode::parse(&code[..cut]).is_err()
                );
            }
            assert!(BrCode::parse(&format!("{code} ")).is_err());
            assert!(BrCode::parse(&format!(" {code}")).is_err());
        }
    }

    #[test]
    fn a_lower_case_checksum_is_the_same_checksum() {
        assert!(BrCode::parse(&STATIC.replace("63041D3D", "63041d3d")).is_ok());
    }

    #[test]
    fn a_checksum_that_contains_63_is_found_where_it_stands() {
        let found = (0..200_000).find_map(|n| {
            let code = checked(&format!("00020126330014br.gov.bcb.pix0111529982247255204000053039865802BR5904Loja6003Rio62100506{n:06}"));
            code[code.len() - 4..].contains("63").then_some(code)
        });
        assert!(BrCode::parse(&found.expect("some checksum contains 63")).is_ok());
    }

    #[test]
    fn every_field_follows_its_rule() {
        let check = |body: &str, expected: Option<BrCodeError>| {
            assert_eq!(BrCode::parse(&checked(body)).err(), expected, "{body}")
        };
        let start = "00020126330014BR.GOV.BCB.PIX011152998224725";
        check(
            &format!("{start}5204000053039865802BR5904Loja6003Rio62070503***"),
            None,
        );
        check(
            &format!("{start}5204000053039865802BR5904Loja6003Rio610801310-0062070503***"),
            None,
        );
        check(
            &format!("{start}5204000053039865402105802BR5904Loja6003Rio62070503***"),
            None,
        );
        check(
            &format!("{start}520400005303986540410,05802BR5904Loja6003Rio62070503***"),
            Some(BrCodeError::Field(54)),
        );
        check(
            &format!("{start}5204000053038405802BR5904Loja6003Rio62070503***"),
            Some(BrCodeError::Field(53)),
        );
        check(
            &format!("{start}5204000053039865802AR5904Loja6003Rio62070503***"),
            Some(BrCodeError::Field(58)),
        );
        check(
            &format!("{start}5204000053039865802BR6003Rio62070503***"),
            Some(BrCodeError::Field(59)),
        );
        check(
            &format!("{start}5204000053039865802BR5904Loja6017Rio de Janeiro RJ62070503***"),
            Some(BrCodeError::Field(60)),
        );
        check(
            &format!("{start}5204000053039865802BR5904Loja6003Rio"),
            Some(BrCodeError::Field(62)),
        );
        check(
            &format!("{start}5204000053039865802BR5904Loja6003Rio62070503a b"),
            Some(BrCodeError::Field(62)),
        );
        check(
            &format!("{start}0102135204000053039865802BR5904Loja6003Rio62070503***"),
            Some(BrCodeError::Field(1)),
        );
        check(
            &format!("{start}5802BR5802BR"),
            Some(BrCodeError::Structure),
        );
        check("0002012632001 4", Some(BrCodeError::Structure));
        check(
            "00020126160012com.exemplo.5204000053039865802BR5904Loja6003Rio62070503***",
            Some(BrCodeError::NotPix),
        );
        check(
            "00020126180014br.gov.bcb.pix5204000053039865802BR5904Loja6003Rio62070503***",
            Some(BrCodeError::NotPix),
        );
        check(
            "00020226330014br.gov.bcb.pix0111529982247255204000053039865802BR5904Loja6003Rio62070503***",
            Some(BrCodeError::Field(0)),
        );
        assert_eq!(BrCode::parse("").err(), Some(BrCodeError::Structure));
        assert_eq!(
            BrCode::parse("Pãozinho").err(),
            Some(BrCodeError::Structure)
        );
    }
}
