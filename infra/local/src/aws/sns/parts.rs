//! How many parts an SMS is billed as (3GPP TS 23.038 and 23.040).

/// The basic GSM-7 alphabet; every character here takes one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table; a character here takes an escape and a septet.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How many parts a text is sent as: 160 septets alone or 153 in each part of several when GSM-7
/// can write it, else 70 UTF-16 units alone or 67 in each. A character is never cut in two.
#[must_use]
pub fn sms_parts(text: &str) -> usize {
    let gsm: Option<Vec<usize>> = text.chars().map(septets).collect();
    match gsm {
        Some(widths) => parts(&widths, 160, 153),
        None => parts(
            &text.chars().map(char::len_utf16).collect::<Vec<_>>(),
            70,
            67,
        ),
    }
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else {
        EXTENDED.contains(c).then_some(2)
    }
}

fn parts(widths: &[usize], alone: usize, in_each: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let mut parts = 1;
    let mut room = in_each;
    for width in widths {
        if *width > room {
            parts += 1;
            room = in_each;
        }
        room -= width;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::sms_parts;

    #[test]
    fn an_sms_is_billed_by_its_alphabet_and_length() {
        for (text, expected) in [
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ã".repeat(70), 1),
            ("ã".repeat(71), 2),
            ("ã".repeat(134), 2),
            ("ã".repeat(135), 3),
        ] {
            assert_eq!(
                sms_parts(&text),
                expected,
                "{} characters",
                text.chars().count()
            );
        }
    }

    #[test]
    fn a_character_of_two_units_is_not_cut_at_the_end_of_a_part() {
        let escape_at_the_seam = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        assert_eq!(sms_parts(&escape_at_the_seam), 3);
        let emoji_at_the_seam = format!("{}😀{}", "ã".repeat(66), "ã".repeat(66));
        assert_eq!(sms_parts(&emoji_at_the_seam), 3);
    }
}
