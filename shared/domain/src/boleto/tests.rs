use super::*;

fn plain(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).collect()
}

/// FEBRABAN's two kinds of line: a bank's, a utility's by modulo 10 and one by modulo 11.
const WORKED: [&str; 3] = [
    "34191.09123 34567.890123 34567.890008 1 16460000015990",
    "83690000001-6 87500012345-0 67890123456-0 78901234567-2",
    "85800000007-0 43841234567-9 89012345678-5 90123456789-4",
];

#[test]
fn a_line_is_read_bare_or_as_printed_and_shown_as_printed() {
    for printed in WORKED {
        let bare: String = printed.chars().filter(char::is_ascii_digit).collect();
        for text in [printed, &bare] {
            let line = BoletoLine::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((line.as_str(), line.printed().as_str()), (&*bare, printed));
        }
    }
}

#[test]
fn a_wrong_line_is_refused_with_the_rule_it_breaks() {
    let check = |text: &str, expected: BoletoError| {
        assert_eq!(BoletoLine::parse(text).err(), Some(expected), "{text}");
    };
    for shape in [
        "",
        "34191",
        "34191.09123 34567.890123 34567.890008 1 16460000015990 ",
        "34191-09123 34567.890123 34567.890008 1 16460000015990",
        "34191.09123  34567.890123 34567.890008 1 16460000015990",
        "34191.09123 34567.890123 34567.890008 1 1646000001599O",
        "83690000001 6 87500012345-0 67890123456-0 78901234567-2",
        "73690000001-6 87500012345-0 67890123456-0 78901234567-2",
        "34191164600000159901091234567890123456789000",
        "3419109123345678901233456789000811646000001599\u{0660}",
    ] {
        check(shape, BoletoError::Shape);
    }
    let bank = |line: &str| line.replace(['.', ' '], "");
    check(
        &bank("34181.09123 34567.890123 34567.890008 1 16460000015990"),
        BoletoError::Currency,
    );
    check(
        &bank("34191.09123 34567.890123 34567.890008 1 06460000015990"),
        BoletoError::DueDate,
    );
    check(
        &bank("34191.09133 34567.890123 34567.890008 1 16460000015990"),
        BoletoError::Part(1),
    );
    check(
        &bank("34191.09123 34567.890124 34567.890008 1 16460000015990"),
        BoletoError::Part(2),
    );
    check(
        &bank("34191.09123 34567.890123 34567.990008 1 16460000015990"),
        BoletoError::Part(3),
    );
    check(
        &bank("34191.09123 34567.890123 34567.890008 2 16460000015990"),
        BoletoError::Whole,
    );
    check(
        &bank("34191.09123 34567.890123 34567.890008 1 16460000015991"),
        BoletoError::Whole,
    );
    check(
        "835900000016875000123450678901234560789012345672",
        BoletoError::Modulus,
    );
    check(
        "836900000016875000123450678901234561789012345672",
        BoletoError::Part(3),
    );
}

#[test]
fn a_factor_is_a_day_near_today_and_began_again_in_february_2025() {
    let with = |factor: u32| {
        let digits = format!("{}{factor:04}{}", "0".repeat(33), "0".repeat(10));
        BoletoLine(digits)
    };
    let check = |factor: u32, today: Date, expected: Option<Date>| {
        assert_eq!(with(factor).due(today), expected, "{factor} on {today}");
    };
    let today = date(2026, 11, 21);
    let line = BoletoLine::parse(WORKED[0]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(line.due(today), Some(date(2026, 11, 30)));
    check(9_999, today, Some(date(2025, 2, 21)));
    check(1_000, today, Some(date(2025, 2, 22)));
    check(1_001, today, Some(date(2025, 2, 23)));
    check(1_646, date(2002, 4, 1), Some(date(2002, 4, 10)));
    check(9_999, date(2049, 10, 1), Some(date(2049, 10, 13)));
    check(1_000, date(2049, 10, 1), Some(date(2049, 10, 14)));
    check(0, today, None);
    // The range's two ends: 3,000 days back and 5,500 ahead, and a day farther.
    let day = |today: Date, days: i64| today.checked_add(days.days()).expect("a date");
    let due = date(2025, 2, 22);
    check(1_000, day(due, 3_000), Some(due));
    check(1_000, day(due, 3_001), None);
    check(1_000, day(due, -5_500), Some(due));
    check(1_000, day(due, -5_501), None);
    let utility = BoletoLine::parse(WORKED[1]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(utility.due(today), None);
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
