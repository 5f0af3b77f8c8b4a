//! A planted secret never survives, whatever surrounds it.

use proptest::prelude::*;

use super::*;
use crate::boleto::{BoletoError, BoletoLine};
use crate::brcode::crc16;
use crate::iban::Iban;

/// The digits and letters of a text, every script's digits as ASCII.
fn plain(text: &str) -> String {
    let view = View::of(text);
    view.text(0, view.len())
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

fn with_luhn(mut digits: Vec<u8>) -> String {
    digits.push(b'0');
    let check = (b'0'..=b'9').find(|digit| {
        if let Some(last) = digits.last_mut() {
            *last = *digit;
        }
        payment::is_luhn(&digits)
    });
    if let (Some(last), Some(check)) = (digits.last_mut(), check) {
        *last = check;
    }
    String::from_utf8(digits).expect("digits")
}

/// A number in groups, as people write it.
fn grouped(number: &str, separator: &str, size: usize) -> String {
    let characters: Vec<char> = number.chars().collect();
    characters
        .chunks(size)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(separator)
}

/// The same digits in another script.
fn in_script(text: &str, zero: char) -> String {
    let digit = |c: char| {
        c.to_digit(10)
            .and_then(|value| char::from_u32(u32::from(zero) + value))
            .unwrap_or(c)
    };
    text.chars().map(digit).collect()
}

fn digits(count: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(b'0'..=b'9', count)
}

fn card() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["4", "51", "34", "36", "6062", "6362", "2221"]),
        13_usize..=19,
    )
        .prop_flat_map(|(lead, length)| {
            digits(length - 1 - lead.len())
                .prop_map(move |rest| with_luhn([lead.as_bytes(), &rest].concat()))
        })
}

fn cpf() -> impl Strategy<Value = String> {
    digits(9).prop_filter_map("not all the same", |body| {
        let body = String::from_utf8(body).expect("digits");
        (0..100)
            .map(|check| format!("{body}{check:02}"))
            .find(|cpf| Cpf::parse(cpf).is_some())
    })
}

fn mobile() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["11", "21", "48", "85", "99"]),
        digits(8),
    )
        .prop_map(|(area, rest)| format!("55{area}9{}", String::from_utf8(rest).expect("digits")))
}

fn pix_code() -> impl Strategy<Value = String> {
    (cpf(), "[A-Za-z ]{1,25}").prop_map(|(key, name)| {
        let open = format!(
            "00020126330014br.gov.bcb.pix0111{key}5204000053039865802BR59{:02}{name}6003Rio62070503***6304",
            name.len()
        );
        format!("{open}{:04X}", crc16(open.as_bytes()))
    })
}

fn text(digits: Vec<u8>) -> String {
    String::from_utf8(digits).expect("digits")
}

fn iban() -> impl Strategy<Value = String> {
    digits(18).prop_map(|account| {
        let account = text(account);
        let with = |check: u32| format!("DE{check:02}{account}");
        (2..=98)
            .map(with)
            .find(|iban| Iban::parse(iban).is_ok())
            .expect("some check digits are right")
    })
}

fn boleto() -> impl Strategy<Value = String> {
    digits(47).prop_map(|mut line| {
        line.splice(0..4, *b"3419");
        line.splice(33..37, *b"1646");
        let checks = [
            (BoletoError::Part(1), 9),
            (BoletoError::Part(2), 20),
            (BoletoError::Part(3), 31),
            (BoletoError::Whole, 32),
        ];
        for (wrong, place) in checks {
            for digit in b'0'..=b'9' {
                line[place] = digit;
                if BoletoLine::parse(&text(line.clone())).err() != Some(wrong) {
                    break;
                }
            }
        }
        text(line)
    })
}

/// A number as people write it: in groups, in any script's digits.
fn written(number: impl Strategy<Value = String>) -> impl Strategy<Value = (String, String)> {
    let separators = [
        "", " ", "-", ".", "*", "|", "\u{a0}", "\u{200b}", "\u{2060}", " - ", "\n",
    ];
    let separator = prop::sample::select(separators.to_vec());
    let zeros = [
        '0',
        '０',
        '٠',
        '۰',
        '०',
        '০',
        '๐',
        '០',
        '၀',
        '𝟎',
        '𝟘',
        '𝟶',
        '🯰',
        '\u{1e950}',
    ];
    let zero = prop::sample::select(zeros.to_vec());
    (number, separator, 3_usize..=6, zero).prop_map(|(number, separator, size, zero)| {
        (in_script(&grouped(&number, separator, size), zero), number)
    })
}

/// A password, a PIN, a security number or a one-time code beside its word, before it or behind it.
fn worded_secret() -> impl Strategy<Value = (String, String)> {
    let behind = prop::sample::select(vec![
        "senha: ",
        "minha senha é ",
        "SENHA=",
        "my password is ",
        "PIN ",
        "CVV: ",
        "cvc ",
        "mot de passe : ",
        "le code est ",
        "Passwort ist ",
        "Geheimzahl: ",
        "código de segurança ",
        "meu token é o ",
        "TAN ",
    ]);
    let before = prop::sample::select(vec![
        " é a minha senha",
        " is my PIN",
        " = senha",
        " est le code",
    ]);
    let zero = prop::sample::select(vec!['0', '０', '٠', '०', '𝟎']);
    (behind, before, 3_usize..=8, any::<bool>(), zero).prop_flat_map(
        |(behind, before, length, first, zero)| {
            digits(length).prop_map(move |code| {
                let code = text(code);
                let shown = in_script(&code, zero);
                let words = if first {
                    format!("{behind}{shown}")
                } else {
                    format!("{shown}{before}")
                };
                (words, code)
            })
        },
    )
}

/// A national account with its check digit behind its word.
fn worded_account() -> impl Strategy<Value = (String, String)> {
    let word = prop::sample::select(vec![
        "conta ",
        "c/c: ",
        "ag 1234 conta ",
        "account no. ",
        "compte n° ",
        "Konto ",
    ]);
    (word, 5_usize..=9).prop_flat_map(|(word, length)| {
        digits(length).prop_map(move |number| {
            let number = text(number);
            let (body, check) = number.split_at(number.len() - 1);
            (format!("{word}{body}-{check}"), number.clone())
        })
    })
}

/// A secret as it is written, and what of it must not be readable.
fn secret() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        written(boleto()),
        written(iban()),
        worded_secret(),
        worded_account(),
        written(card()),
        written(cpf()),
        written(mobile()),
        pix_code().prop_map(|code| (code.clone(), plain(&code))),
        "[a-z]{3,10}@[a-z]{3,10}\\.com".prop_map(|address| (address.clone(), plain(&address))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_does_not_survive_in_a_transcript(
        before in "\\PC{0,40}", left in "[ \n:,(\"]", (written, secret) in secret(), right in "[ \n,;)\"?!]", after in "\\PC{0,40}",
    ) {
        let text = format!("{before}{left}{written}{right}{after}");
        // A secret of a few digits may stand in the surroundings as well.
        prop_assume!(!plain(&before).contains(&secret) && !plain(&after).contains(&secret));
        for masked in [for_transcript(&text), for_log(&text)] {
            prop_assert!(!plain(&masked).contains(&secret), "{masked}");
        }
    }

    #[test]
    fn what_must_not_be_sent_is_found_whatever_surrounds_it(
        before in "\\PC{0,40}", left in "[ \n:,(\"]", right in "[ \n,;)\"?!]", after in "\\PC{0,40}",
        (found, (written, _)) in prop_oneof![
            written(card()).prop_map(|card| (Forbidden::CardNumber, card)),
            written(iban()).prop_map(|iban| (Forbidden::AccountNumber, iban)),
            worded_account().prop_map(|account| (Forbidden::AccountNumber, account)),
            worded_secret().prop_map(|secret| (Forbidden::Secret, secret)),
        ],
    ) {
        // Behind a comma or a line break, more digits make another number of it.
        let after = after.trim_start_matches(|c: char| c.is_numeric() || c.is_whitespace());
        let text = format!("{before}{left}{written}{right}{after}");
        prop_assert!(forbidden(&text).contains(&found), "{text}");
    }

    #[test]
    fn a_secret_does_not_survive_in_a_log_even_without_a_gap(
        before in "[0-9a-zA-Z ./-]{0,20}", card in card(), after in "[0-9a-zA-Z ./-]{0,20}",
    ) {
        let masked = for_log(&format!("{before}{card}{after}"));
        prop_assert!(!plain(&masked).contains(&card), "{masked}");
        prop_assert!(masked.split_whitespace().all(|word| word.bytes().filter(u8::is_ascii_digit).count() < LOG_DIGITS), "{masked}");
    }

    #[test]
    fn any_text_is_masked_without_harm(text in "\\PC{0,120}|[0-9 ./()+@:?=a-z-]{0,120}") {
        prop_assert_eq!(text.trim().is_empty(), for_transcript(&text).trim().is_empty());
        prop_assert_eq!(text.trim().is_empty(), for_log(&text).trim().is_empty());
    }

    #[test]
    fn a_text_without_digits_or_marks_stays_as_it_is(text in "[\\p{L}\\p{Zs}!,.;]{0,80}") {
        let marked = ["senha", "password", "code", "codigo", "pin", "token", "otp", "tan"];
        // Numerals that are letters, and numbers in words.
        prop_assume!(!plain(&text).chars().any(|c| c.is_ascii_digit()));
        prop_assume!(!marked.iter().any(|word| plain(&text.to_lowercase()).contains(word)));
        prop_assert_eq!(for_transcript(&text), text.clone());
        prop_assert_eq!(for_log(&text), text);
    }
}
