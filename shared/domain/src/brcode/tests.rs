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
            assert!(BrCode::parse(&code[cut..]).is_err() && BrCode::parse(&code[..cut]).is_err());
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

/// A code with one field of its own, the others as they should be.
fn with(field: &str) -> Result<BrCode, BrCodeError> {
    let id = &field[..2];
    let rest: String = [
        "000201",
        "26330014br.gov.bcb.pix011152998224725",
        "52040000",
        "5303986",
        "5802BR",
        "5904Loja",
        "6003Rio",
        "62070503***",
    ]
    .into_iter()
    .map(|usual| if usual.starts_with(id) { field } else { usual })
    .collect();
    let extra = if rest.contains(field) { "" } else { field };
    BrCode::parse(&checked(&format!("{rest}{extra}")))
}

#[test]
fn an_amount_has_at_most_ten_digits_a_point_and_two() {
    let check = |amount: &str, cents: Option<i64>| {
        let found = with(&format!("54{:02}{amount}", amount.len())).map(|code| code.amount);
        assert_eq!(
            found,
            cents.map(Some).ok_or(BrCodeError::Field(54)),
            "{amount}"
        );
    };
    check("0.01", Some(1));
    check("1.5", Some(150));
    check("10", Some(1_000));
    check("9999999999.99", Some(999_999_999_999));
    for wrong in [
        "",
        ".50",
        "1.",
        "1.234",
        "10000000000.00",
        "-1.00",
        "+1.00",
        "1.-5",
        "1.+5",
        "1.5a",
    ] {
        check(wrong, None);
    }
}

#[test]
fn a_key_or_an_address_is_filled_and_stands_within_its_field() {
    let pix = |fields: &str| {
        with(&format!(
            "26{:02}0014br.gov.bcb.pix{fields}",
            18 + fields.len()
        ))
    };
    let longest = "k".repeat(77);
    let key = pix(&format!("0177{longest}")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(key.key, Some(longest));
    for wrong in ["0100", "2500", "2517https://pix.ex/qr", "2513pix.ex/qr one"] {
        assert_eq!(pix(wrong).err(), Some(BrCodeError::Field(26)), "{wrong}");
    }
}

#[test]
fn only_four_digits_are_a_trade_and_only_digits_a_length() {
    assert!(with("52045411").is_ok());
    for wrong in ["5204a411", "5203541", "520554110"] {
        assert_eq!(with(wrong).err(), Some(BrCodeError::Field(52)), "{wrong}");
    }
    for wrong in ["52+4541", "+104Loja", "99-1"] {
        assert_eq!(with(wrong).err(), Some(BrCodeError::Structure), "{wrong}");
    }
}

#[test]
fn the_checksum_stands_last_and_has_four_characters() {
    let body = &STATIC[..STATIC.len() - 8];
    let closed = |field: &str| {
        let open = format!("{body}{field}04");
        format!("{open}{:04X}", crc16(open.as_bytes()))
    };
    assert_eq!(closed("63"), STATIC);
    assert_eq!(
        BrCode::parse(&closed("64")).err(),
        Some(BrCodeError::Structure)
    );
    assert_eq!(
        BrCode::parse(&format!("{body}63031D3")).err(),
        Some(BrCodeError::Structure)
    );
}

#[test]
fn a_code_inside_a_longer_text_ends_with_its_checksum() {
    for code in [STATIC, STATIC_WITH_AMOUNT, DYNAMIC, AUTOMATIC] {
        assert_eq!(prefix_length(code), Some(code.len()));
        assert_eq!(prefix_length(&format!("{code}63041")), Some(code.len()));
        assert_eq!(prefix_length(&code[..code.len() - 1]), None);
        assert_eq!(prefix_length(&code.to_lowercase()), None, "another text");
    }
    // A field 63 of another length is none of Pix's, and not the end.
    let longer = checked("6305abcde");
    assert_eq!(prefix_length(&format!("{longer} e")), Some(longer.len()));
}
