//! What a transcript and a log show of free text: never a number that is somebody's.

use recado_domain::masking::{for_log, for_transcript};

/// What is planted, and the letters and digits of it that must not be readable any more.
const SECRETS: [(&str, &str); 9] = [
    ("4111 1111 1111 1111", "4111111111111111"),
    ("5555.5555.5555.4444", "5555555555554444"),
    ("529.982.247-25", "52998224725"),
    ("12.ABC.345/01DE-35", "12ABC34501DE35"),
    ("+55 (11) 98765-4321", "5511987654321"),
    ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    (
        "34191.09123 34567.890123 34567.890008 1 16460000015990",
        "34191091233456789012334567890008116460000015990",
    ),
    (
        "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D",
        "123e4567e12b12d1a456426655440000",
    ),
    ("maria.souza@banco.com.br", "mariasouza"),
];

/// Something stays something, no mask is much longer than what it hides, and no number that is known is
/// left.
///
/// Then the text with a secret planted where its first line feed is (or behind it), apart from the rest by an
/// empty line: whatever surrounds it, it is hidden. Which secret it is depends on the text's length.
pub fn masking(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (transcript, log) = (for_transcript(&text), for_log(&text));
    for masked in [&transcript, &log] {
        assert_eq!(text.trim().is_empty(), masked.trim().is_empty());
        assert!(
            masked.len() <= 4 * text.len() + 32,
            "{} bytes",
            masked.len()
        );
    }
    if text.is_ascii() {
        no_known_number(&transcript);
        no_long_number(&log);
    }
    let (before, after) = text.split_once('\n').unwrap_or((&text, ""));
    let (written, secret) = SECRETS[text.len() % SECRETS.len()];
    // The same digits may stand beside it in a form that is nobody's.
    if plain(before).contains(secret) || plain(after).contains(secret) {
        return;
    }
    let whole = format!("{before}\n\n{written}\n\n{after}");
    for masked in [for_transcript(&whole), for_log(&whole)] {
        // Its own paragraph and what stands beside it do not make up a number together.
        let survives = masked
            .split("\n\n")
            .any(|part| plain(part).contains(secret));
        assert!(!survives, "{written} survives: {masked:?}");
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The digits that stand together in a text.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|number| !number.is_empty())
}

fn no_known_number(masked: &str) {
    for number in numbers(masked) {
        let card = (13..=19).contains(&number.len())
            && number.starts_with(['4', '5'])
            && number.bytes().any(|b| b != b'0')
            && luhn(number);
        assert!(!card, "a card number survives: {masked:?}");
        assert!(!is_cpf(number), "a CPF survives: {masked:?}");
    }
}

fn no_long_number(masked: &str) {
    for number in numbers(masked) {
        assert!(number.len() < 7, "{number} stands in a log: {masked:?}");
    }
}

fn luhn(number: &str) -> bool {
    let weighed = number.bytes().rev().enumerate().map(|(place, digit)| {
        let value = u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 2 };
        if value > 9 { value - 9 } else { value }
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

fn is_cpf(number: &str) -> bool {
    let digits: Vec<u32> = number.bytes().map(|b| u32::from(b - b'0')).collect();
    if digits.len() != 11 || digits.iter().all(|digit| *digit == digits[0]) {
        return false;
    }
    [9, 10].into_iter().all(|place: usize| {
        let sum: u32 = digits[..place]
            .iter()
            .zip((2..=place as u32 + 1).rev())
            .map(|(digit, weight)| digit * weight)
            .sum();
        digits[place] == (sum * 10 % 11) % 10
    })
}
