use super::*;

fn plain(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).collect()
}

#[test]
fn a_boleto_is_known_by_its_check_digits() {
    let check = |text: &str, expected| assert_eq!(is_boleto(&plain(text)), expected, "{text}");
    check(
        "34191.09123 34567.890123 34567.890008 1 16460000015990",
        true,
    );
    check("34191164600000159901091234567890123456789000", true);
    check(
        "83690000001-6 87500012345-0 67890123456-0 78901234567-2",
        true,
    );
    check(
        "85800000007-0 43841234567-9 89012345678-5 90123456789-4",
        true,
    );
    check(
        "34191.09123 34567.890123 34567.890008 1 16460000015991",
        false,
    );
    check("34191164600000159901091234567890123456789001", false);
    check(
        "83690000001-6 87500012345-0 67890123456-0 78901234567-3",
        false,
    );
    check(
        "85800000007-0 43841234567-9 89012345678-5 90123456789-5",
        false,
    );
    check("35261012345678000199550010000000011000000019", false);
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

/// One valid line for each remainder of a bank's modulo 11, with its barcode.
const BANK: [(&str, &str); 11] = [
    (
        "34194061315895254814554212472010116460000015990",
        "34191164600000159904061358952548145421247201",
    ),
    (
        "34191025654903862535350299214895216460000015990",
        "34192164600000159901025649038625355029921489",
    ),
    (
        "34191299722200332245438323640565316460000015990",
        "34193164600000159901299722003322453832364056",
    ),
    (
        "34192738046756919335105646185081416460000015990",
        "34194164600000159902738067569193350564618508",
    ),
    (
        "34190642789287757447262168275212516460000015990",
        "34195164600000159900642792877574476216827521",
    ),
    (
        "34199458077302157368519303642623616460000015990",
        "34196164600000159909458073021573681930364262",
    ),
    (
        "34197488885159045847044529078451716460000015990",
        "34197164600000159907488851590458474452907845",
    ),
    (
        "34199986409840329792632073202155816460000015990",
        "34198164600000159909986498403297923207320215",
    ),
    (
        "34196086526907029313475858471958916460000015990",
        "34199164600000159906086569070293137585847195",
    ),
    (
        "34190127151606230759672731590021116460000015990",
        "34191164600000159900127116062307597273159002",
    ),
    (
        "34190816114099169206815977550241116460000015990",
        "34191164600000159900816140991692061597755024",
    ),
];

/// Utilities' lines by modulo 10 (third digit 6, 7) and modulo 11 (8, 9), its remainders 0 and 1 included.
const UTILITY: [(&str, &str); 8] = [
    (
        "836361425538248814116542578973924082062370003634",
        "83636142553248814116545789739240806237000363",
    ),
    (
        "837462876819528354781759716673125895215878596984",
        "83746287681528354781757166731258921587859698",
    ),
    (
        "838956875040024002117840445376104010348004588715",
        "83895687504024002117844453761040134800458871",
    ),
    (
        "838034344487337353476534466779119728167834839536",
        "83803434448337353476534667791197216783483953",
    ),
    (
        "838081024248738960651448396961296236428118888787",
        "83808102424738960651443969612962342811888878",
    ),
    (
        "839873481760340621501490465150320922774725051181",
        "83987348176340621501494651503209277472505118",
    ),
    (
        "839056233554945649680852006603368211742370139674",
        "83905623355945649680850066033682174237013967",
    ),
    (
        "839029244389032155008160968709363237662013975542",
        "83902924438032155008169687093632366201397554",
    ),
];

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
fn a_boleto_is_known_whatever_its_check_digits_are() {
    for (line, barcode) in BANK.iter().chain(&UTILITY) {
        assert!(is_boleto(line.as_bytes()), "{line}");
        assert!(is_boleto(barcode.as_bytes()), "{barcode}");
        assert!(
            !is_boleto(&line.as_bytes()[1..]),
            "{line} without its first"
        );
    }
}

#[test]
fn a_boleto_with_one_digit_changed_is_none() {
    // Remainders 0, 1 and 10 share a check digit at the banks: their lines prove nothing here.
    for (line, _) in BANK[1..9].iter().chain(&UTILITY) {
        for changed in one_digit_changed(line) {
            assert!(
                !is_boleto(&changed),
                "{}",
                String::from_utf8_lossy(&changed)
            );
        }
    }
}

#[test]
fn right_sums_alone_are_no_boleto() {
    for (number, why) in [
        (
            "34186164600000159909025649038625355029921489",
            "not in reais",
        ),
        (
            "736794580737021573681935036426212993722003322459",
            "not a utility's",
        ),
        (
            "73679458073021573681930364262129972200332245",
            "not a utility's",
        ),
        (
            "835914255384248814116542578973924082062370003634",
            "of no modulus",
        ),
        (
            "83591425538248814116545789739240806237000363",
            "of no modulus",
        ),
    ] {
        assert!(!is_boleto(number.as_bytes()), "{why}");
    }
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
fn an_iban_stands_alone_and_its_groups_one_apart() {
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
    assert_eq!(end("DE89  3704 0044 0532 0130 00", 0), None);
    assert_eq!(end("DE89/3704/0044/0532/0130/00", 0), None);
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
