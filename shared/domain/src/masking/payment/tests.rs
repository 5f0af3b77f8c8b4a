use super::*;

fn plain(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).collect()
}

#[test]
fn a_card_needs_luhn_s_sum_and_a_brand() {
    let check = |text: &str, expected| assert_eq!(is_card(&plain(text)), expected, "{text}");
    check("4111 1111 1111 1111", true);
    check("5555 5555 5555 4444", true);
    check("2223 0031 2200 3222", true);
    check("3782 822463 10005", true);
    check("6362 9700 0045 7013", true);
    check("6062 8256 2425 4001", true);
    check("4111 1111 1111 1112", false);
    check("1111 1111 1111 1117", false);
    check("0000 0000 0000 0000", false);
    check("4111 1111", false);
}

#[test]
fn an_iban_ends_where_its_country_says() {
    let check = |text: &str, expected: bool| {
        let view = View::of(text);
        assert_eq!(iban_end(&view, 0), expected.then(|| view.len()), "{text}");
    };
    check("BR15 0000 0000 0000 1093 2840 814P 2", true);
    check("BR97 0036 0305 0000 1000 9795 493P 1", true);
    check("DE89 3704 0044 0532 0130 00", true);
    check("de89370400440532013000", true);
    check("FR14 2004 1010 0505 0001 3M02 606", true);
    check("DE88 3704 0044 0532 0130 00", false);
    check("DE89 3704 0044 0532 0130 001", false);
    check("XX89 3704 0044 0532 0130 00", false);
}

#[test]
fn a_transaction_is_known_by_its_shape() {
    assert!(is_end_to_end_id("E12345678202611211404abcDEF12345"));
    assert!(is_end_to_end_id("D12ABC678202611211404abcDEF12345"));
    assert!(!is_end_to_end_id("E12345678202613211404abcDEF12345"));
    assert!(!is_end_to_end_id("E1234567820261121140"));
}

/// Every text that differs from this one in a single digit.
fn one_digit_changed(number: &str) -> impl Iterator<Item = Vec<u8>> {
    (0..number.len()).flat_map(move |at| {
        (b'0'..=b'9').filter_map(move |digit| {
            let mut changed = number.as_bytes().to_vec();
            (changed[at] != digit).then(|| {
                changed[at] = digit;
                changed
            })
        })
    })
}

#[test]
fn a_card_has_13_to_19_digits() {
    let check =
        |number: &str, expected| assert_eq!(is_luhn(number.as_bytes()), expected, "{number}");
    check("400000000002", false);
    check("4000000000006", true);
    check("4000000000000000006", true);
    check("40000000000000000002", false);
    check("0000000000000", false);
    for changed in one_digit_changed("4000000000006") {
        assert!(!is_luhn(&changed));
    }
}

#[test]
fn an_iban_stands_alone_and_its_groups_close_together() {
    let end = |text: &str, from: usize| iban_end(&View::of(text), from);
    let iban = "DE89370400440532013000";
    assert_eq!(end(&format!("{iban} bitte"), 0), Some(22));
    assert_eq!(end(&format!("an {iban}."), 3), Some(25));
    assert_eq!(end(&format!("x{iban}"), 1), None);
    assert_eq!(end(&format!("{iban}x"), 0), None);
    for whole in [
        "AT611904300234573201",
        "GB82WEST12345698765432",
        "MT84MALT011000012345MTLCAST001S",
    ] {
        assert_eq!(end(whole, 0), Some(whole.len()), "{whole}");
    }
    assert_eq!(end("DE89-3704-0044-0532-0130-00", 0), Some(27));
    assert_eq!(end("DE89.3704.0044.0532.0130.00", 0), Some(27));
    assert_eq!(end("DE89 - 3704 - 0044 - 0532 - 0130 - 00", 0), Some(37));
    assert_eq!(end("DE89/3704/0044/0532/0130/00", 0), Some(27));
    assert_eq!(end("DE89    3704 0044 0532 0130 00", 0), None);
    assert_eq!(end("DE89:3704:0044:0532:0130:00", 0), None);
    assert_eq!(end("DE89 3704 0044 0532 0130 0", 0), None);
    for changed in one_digit_changed(&iban[2..]) {
        let changed = String::from_utf8(changed).expect("digits");
        assert_eq!(end(&format!("DE{changed}"), 0), None, "{changed}");
    }
}

#[test]
fn a_transaction_has_a_bank_a_time_and_eleven_characters() {
    let with =
        |bank: &str, time: &str, rest: &str| is_end_to_end_id(&format!("E{bank}{time}{rest}"));
    let (bank, rest) = ("12345678", "abcDEF12345");
    for time in ["202601010000", "202612312359", "209911211404"] {
        assert!(with(bank, time, rest), "{time}");
    }
    for time in [
        "202600210000",
        "202613210000",
        "202601000000",
        "202601320000",
        "202601012400",
        "202601010060",
        "199912312359",
        "20a601010000",
        "2026a1010000",
        "202601a10000",
        "20260101a000",
        "2026010100a0",
    ] {
        assert!(!with(bank, time, rest), "{time}");
    }
    let time = "202611211404";
    assert!(with("1234ABCD", time, rest));
    assert!(!with("1234abcd", time, rest));
    assert!(!with(bank, time, "abcDEF1234"));
    assert!(!with(bank, time, "abcDEF123456"));
    assert!(!with(bank, time, "abc-EF12345"));
    assert!(!is_end_to_end_id("X12345678202611211404abcDEF12345"));
}
