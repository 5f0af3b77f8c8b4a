//! Worked examples of every number that proves itself, and each with any one character changed: refused
//! with the field and the rule. What a scheme's arithmetic cannot see is named, counted and left out.

use serde_json::{Map, Value, json};

use super::*;

const PIX: [&str; 5] = [
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D",
    "00020126550014br.gov.bcb.pix0114+55619123456780215Mensalidade nov5204000053039865406123.455802BR5916BANCO EXEMPLO SA6009SAO PAULO62150511FAT202611A763042892",
    "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5916BANCO EXEMPLO SA6009SAO PAULO62070503***63048974",
    "00020126180014br.gov.bcb.pix5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002630462C9",
    "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/2353c790eefb11eaadc10242ac1200025204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac1200026304FBE6",
];

const BOLETOS: [&str; 3] = [
    "34191.09123 34567.890123 34567.890008 1 16460000015990",
    "83690000001-6 87500012345-0 67890123456-0 78901234567-2",
    "85800000007-0 43841234567-9 89012345678-5 90123456789-4",
];

const CPFS: [&str; 3] = ["529.982.247-25", "123.456.789-09", "11144477735"];

const CNPJS: [&str; 3] = ["12.ABC.345/01DE-35", "12ABC34501DE35", "11.222.333/0001-81"];

const IBANS: [&str; 4] = [
    "BR1500000000000010932840814P2",
    "BR97 0036 0305 0000 1000 9795 493P 1",
    "DE89 3704 0044 0532 0130 00",
    "FR14 2004 1010 0505 0001 3M02 606",
];

fn template(kind: &str) -> Template {
    let template = json!({
        "name": "one", "version": 1, "class": "transactional", "category": "UTILITY",
        "ladder": [{ "channel": "whatsapp" }], "validity": "1h", "max_queue_wait": "10s",
        "when_queue_wait_exceeded": "expire", "locales": {},
        "params": { "value": { "type": kind, "example": "" } },
    });
    Template::from_json(&template.to_string()).expect("a template")
}

/// Every text in which one character is another printable one.
fn changed(text: &str) -> impl Iterator<Item = (usize, String)> {
    (0..text.len()).flat_map(move |at| {
        (b' '..=b'~').filter_map(move |other| {
            let mut bytes = text.as_bytes().to_vec();
            (bytes[at] != other).then(|| {
                bytes[at] = other;
                (at, String::from_utf8(bytes).expect("ASCII"))
            })
        })
    })
}

/// Checks that the examples are accepted and each change of one character is refused with a fault of the
/// field that does not repeat the value; answers the changes that are not, as `example: change`.
fn unseen(kind: &str, examples: &[&str]) -> Vec<(String, usize, String)> {
    let template = template(kind);
    let read = |text: &str| {
        let given = Map::from_iter([("value".to_owned(), Value::from(text))]);
        parse(&template, &given)
    };
    let mut unseen = Vec::new();
    for example in examples {
        assert!(read(example).is_ok(), "{example}");
        for (at, text) in changed(example) {
            match read(&text) {
                Ok(_) => unseen.push(((*example).to_owned(), at, text)),
                Err(faults) => {
                    assert_eq!(faults.len(), 1, "{text}: {faults:?}");
                    assert_eq!(faults[0].field, "params.value", "{text}");
                    assert!(faults[0].rule.starts_with("must be "), "{text}: {faults:?}");
                    assert!(!faults[0].rule.contains(&text), "{text}");
                }
            }
        }
    }
    unseen
}

#[test]
fn a_pix_code_with_one_character_changed_is_refused() {
    // The checksum's own letters may be small ones: it is the same checksum.
    for (example, at, text) in unseen("pix_code", &PIX) {
        assert!(
            at >= example.len() - 4 && text.eq_ignore_ascii_case(&example),
            "{text}"
        );
    }
}

#[test]
fn a_boleto_line_with_one_character_changed_is_refused() {
    let (bank, rest): (Vec<_>, Vec<_>) = unseen("boleto_line", &BOLETOS)
        .into_iter()
        .partition(|(example, ..)| example == BOLETOS[0]);
    // At the banks three of the eleven remainders share the check digit 1, and this example's is 1. Due
    // date and value have no check digit but that one: two changes of each of their 14 digits that move
    // the remainder to one of the other two are not seen, by anybody.
    let last_field = BOLETOS[0].len() - 14;
    assert_eq!(bank.len(), 28);
    for (_, at, text) in bank {
        assert!(at >= last_field, "{text}");
    }
    // At the utilities two remainders share 0, and the third example has 0 both in its first block and
    // over the whole: one change happens to move both from 0 to 1 or back. The second's modulo 10 sees all.
    let rest: Vec<String> = rest.into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(
        rest,
        ["89800000007-0 43841234567-9 89012345678-5 90123456789-4"]
    );
}

#[test]
fn a_cpf_with_one_character_changed_is_refused() {
    // The first digit's weight in the second check digit is 11, which is nothing modulo 11; in the first
    // one remainders 0 and 1 share 0. One change of the second example moves from one to the other.
    let unseen: Vec<String> = unseen("cpf", &CPFS)
        .into_iter()
        .map(|(_, _, text)| text)
        .collect();
    assert_eq!(unseen, ["223.456.789-09"]);
}

#[test]
fn a_cnpj_with_one_character_changed_is_refused() {
    // With letters, modulo 11 has become blind: `A` (17) weighs what `6`, `L` and `W` do. Small letters are
    // the same letters. Whatever weighs something else is seen.
    let unseen = unseen("cnpj", &CNPJS);
    assert_eq!(unseen.len(), 158);
    for (example, at, text) in unseen {
        let weight = |text: &str| (text.to_ascii_uppercase().as_bytes()[at] - b'0') % 11;
        assert_eq!(weight(&text), weight(&example), "{text}");
    }
    let digits_only =
        |(_, _, text): &(String, usize, String)| !text.bytes().any(|b| b.is_ascii_alphabetic());
    assert!(
        !self::unseen("cnpj", &["11.222.333/0001-81"])
            .iter()
            .any(digits_only)
    );
}

#[test]
fn an_iban_with_one_character_changed_is_refused() {
    // A digit for a digit and a letter for a letter are always seen. A letter counts as two digits: put
    // in a digit's place (or the reverse) it moves all that stands before it, and one in 97 comes out right.
    let unseen = unseen("iban", &IBANS);
    assert_eq!(unseen.len(), 5);
    for (example, at, text) in unseen {
        let is_digit = |text: &str| text.as_bytes()[at].is_ascii_digit();
        assert_ne!(is_digit(&text), is_digit(&example), "{text}");
    }
}

#[test]
fn a_pix_key_with_a_check_digit_and_one_character_changed_is_refused() {
    // A plus makes a telephone number of it; those, addresses and random keys have no check digit.
    let unseen: Vec<String> = unseen("pix_key", &["52998224725"])
        .into_iter()
        .map(|(_, _, text)| text)
        .collect();
    assert_eq!(unseen, ["+2998224725"]);
}
