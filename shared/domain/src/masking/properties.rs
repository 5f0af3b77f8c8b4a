//! A planted secret never survives, whatever surrounds it.

use proptest::prelude::*;

use super::*;
use crate::brcode::crc16;

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

/// A secret as it is written, and what of it must not be readable.
fn secret() -> impl Strategy<Value = (String, String)> {
    let written = |number: BoxedStrategy<String>| {
        let separator = prop::sample::select(vec!["", " ", "-", ".", "\u{a0}", "\u{200b}", " - "]);
        let zero = prop::sample::select(vec!['0', '０', '٠', '०', '𝟎']);
        (number, separator, 3_usize..=6, zero).prop_map(|(number, separator, size, zero)| {
            (in_script(&grouped(&number, separator, size), zero), number)
        })
    };
    prop_oneof![
        written(card().boxed()),
        written(cpf().boxed()),
        written(mobile().boxed()),
        pix_code().prop_map(|code| (code.clone(), plain(&code))),
        digits(6).prop_map(|code| {
            let code = String::from_utf8(code).expect("digits");
            (format!("senha: {code}"), code)
        }),
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
        // A secret of six digits may stand in the surroundings as well.
        prop_assume!(!plain(&before).contains(&secret) && !plain(&after).contains(&secret));
        let masked = for_transcript(&text);
        prop_assert!(!plain(&masked).contains(&secret), "{masked}");
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
        prop_assume!(!marked.iter().any(|word| plain(&text.to_lowercase()).contains(word)));
        prop_assert_eq!(for_transcript(&text), text.clone());
        prop_assert_eq!(for_log(&text), text);
    }
}
