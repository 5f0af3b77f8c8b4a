use super::*;

/// Four countries' published examples: Brazil's with letters at the end, France's in the middle.
const WORKED: [&str; 4] = [
    "BR15 0000 0000 0000 1093 2840 814P 2",
    "BR97 0036 0305 0000 1000 9795 493P 1",
    "DE89 3704 0044 0532 0130 00",
    "FR14 2004 1010 0505 0001 3M02 606",
];

#[test]
fn an_iban_is_read_bare_or_printed_and_shown_masked() {
    let masks = [
        "BR** **** 14P2",
        "BR** **** 93P1",
        "DE** **** 3000",
        "FR** **** 2606",
    ];
    for (printed, mask) in WORKED.into_iter().zip(masks) {
        let bare = printed.replace(' ', "");
        for text in [printed, &bare] {
            let iban = Iban::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((iban.as_str(), iban.masked().as_str()), (&*bare, mask));
        }
    }
}

#[test]
fn a_wrong_iban_is_refused_with_the_rule_it_breaks() {
    let check = |text: &str, expected: IbanError| {
        assert_eq!(Iban::parse(text).err(), Some(expected), "{text}");
    };
    for shape in [
        "",
        "D",
        "de89370400440532013000",
        "DE89-3704-0044-0532-0130-00",
        "DE89 37040044 0532 0130 00",
        " DE89370400440532013000",
        "XX89370400440532013000",
        "DÉ89370400440532013000",
    ] {
        check(shape, IbanError::Shape);
    }
    check("DE8937040044053201300", IbanError::Length);
    check("DE893704004405320130000", IbanError::Length);
    check("BR150000000000001093284081", IbanError::Length);
    check("DE88370400440532013000", IbanError::Checksum);
    check("DE89370400440532013001", IbanError::Checksum);
    check("DEA9370400440532013000", IbanError::Structure);
    // One changed character whose checksum comes out right.
    for text in [
        "DE893S0400440532013000",
        "DE893704T0440532013000",
        "DE89370400440532I13000",
        "BR970036030F000010009795493P1",
        "FR142E041010050500013M02606",
    ] {
        check(text, IbanError::Structure);
    }
    // Its right check digits are 98; 01 leaves the same remainder.
    check("DE01000000000000000035", IbanError::Checksum);
}
