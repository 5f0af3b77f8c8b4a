//! Free text and names: one line, nothing invisible, nothing that may never be sent.

use crate::masking;
use crate::sms;

/// Everything that is wrong with a line, as rules.
pub(super) fn rules_broken(text: &str, most: usize) -> Vec<String> {
    let mut broken = Vec::new();
    if text.trim().is_empty() {
        broken.push("must not be empty".to_owned());
    }
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        broken.push("must be one line without tabs or control characters".to_owned());
    }
    if longest_run_of_spaces(text) > 4 {
        broken.push("must not have more than four spaces in a row".to_owned());
    }
    if text.chars().any(is_bidi_control) {
        broken.push("must not contain characters that change the direction of writing".to_owned());
    }
    if text.chars().any(is_hidden) {
        broken.push("must not contain invisible characters".to_owned());
    }
    if length(text) > most {
        broken.push(format!("must have at most {most} characters"));
    }
    broken.extend(
        masking::forbidden(text)
            .iter()
            .map(|found| found.rule().to_owned()),
    );
    broken
}

/// A text's length: in characters, or in an SMS where it takes more there (`€` becomes `EUR`).
pub(super) fn length(text: &str) -> usize {
    text.chars().count().max(sms::septets(text))
}

fn longest_run_of_spaces(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c.is_whitespace() { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What hides in a text; joiners and variation selectors belong to names and to emoji.
fn is_hidden(c: char) -> bool {
    let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    sms::is_invisible(c) && !is_bidi_control(c) && !joins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_one_line_and_no_secret() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(rules_broken(text, 40), expected, "{text:?}")
        };
        let card = "must not contain a card number";
        let secret = "must not contain a password, a code or a card's security number";
        let one_line = "must be one line without tabs or control characters";
        let bidi = "must not contain characters that change the direction of writing";
        check("João Lima", &[]);
        check("PAG*Padaria Sol 24h", &[]);
        check("NN    Modas", &[]);
        check("Família 👨‍👩‍👧", &[]);
        check("CEP 01310-100", &[]);
        check(
            "NN     Modas",
            &["must not have more than four spaces in a row"],
        );
        check("", &["must not be empty"]);
        check("  ", &["must not be empty"]);
        check("a\nb", &[one_line]);
        check("a\tb", &[one_line]);
        check("a\u{0}b", &[one_line]);
        check("a\u{2028}b", &[one_line]);
        check("a\u{202e}b", &[bidi]);
        check("a\u{2067}b", &[bidi]);
        check("a\u{200b}b", &["must not contain invisible characters"]);
        check(&"ã".repeat(40), &[]);
        check(&"ã".repeat(41), &["must have at most 40 characters"]);
        check(&"€".repeat(14), &["must have at most 40 characters"]);
        check("4111111111111111", &[card]);
        check("cartão 4111 1111-1111.1111 ok", &[card]);
        check("４１１１１１１１１１１１１１１１", &[card]);
        check("4111111111111112", &[]);
        check("sua senha é 1234", &[secret]);
        check("CVV 123", &[secret]);
        check("a senha do Wi-Fi", &[]);
        check("conta 0012345-6", &["must not contain an account number"]);
        check(
            "Konto DE89370400440532013000",
            &["must not contain an account number"],
        );
    }
}
