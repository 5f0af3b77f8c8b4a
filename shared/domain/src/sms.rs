//! Text messages: GSM-7, folding, and how many parts a text takes.
//!
//! Brazilian carriers mangle accents and concatenation, so every SMS is folded to plain letters and the
//! templates are checked to fit their parts in the worst case.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest bank name for which the templates' SMS texts are checked, in characters.
pub const BANK_NAME_MAX: usize = 20;

/// Whether a bank's name fits every template's SMS: by its length on the air, where `€` is three letters and
/// `[` takes two places.
#[must_use]
pub fn fits_as_bank_name(name: &str) -> bool {
    (1..=BANK_NAME_MAX).contains(&septets(name))
}

/// GSM 03.38's basic table, without its escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table: each takes two septets.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How an SMS is coded on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// Seven bits: 160 characters, or 153 in each of several parts.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// Sixteen bits: 70 characters, or 67 in each of several parts.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

/// A text as it goes to the carrier. Holds the customer's data: prints without it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsText {
    /// The text.
    pub text: String,
    /// How many parts it is billed as.
    pub parts: u32,
    /// How it is coded.
    pub encoding: Encoding,
}

impl SmsText {
    /// Measures a text as it stands.
    #[must_use]
    pub fn measure(text: impl Into<String>) -> Self {
        let text = text.into();
        let gsm: Option<Vec<usize>> = text.chars().map(septets_of).collect();
        let (parts, encoding) = match gsm {
            Some(units) => (parts(&units, 160, 153), Encoding::Gsm7),
            None => {
                let units: Vec<usize> = text.chars().map(char::len_utf16).collect();
                (parts(&units, 70, 67), Encoding::Ucs2)
            }
        };
        Self {
            text,
            parts,
            encoding,
        }
    }

    /// Folds a text to GSM-7 and measures it.
    #[must_use]
    pub fn folded(text: &str) -> Self {
        Self::measure(fold(text))
    }
}

impl fmt::Debug for SmsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsText")
            .field("text", &"…")
            .field("parts", &self.parts)
            .field("encoding", &self.encoding)
            .finish()
    }
}

fn septets_of(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// How many parts hold characters of these widths; a character is never torn in two.
fn parts(widths: &[usize], single: usize, each: usize) -> u32 {
    if widths.iter().sum::<usize>() <= single {
        return 1;
    }
    let (mut parts, mut used) = (1, 0);
    for width in widths {
        if used + width > each {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    parts
}

/// Septets of the folded text: its length in an SMS.
#[must_use]
pub fn septets(text: &str) -> usize {
    fold(text).chars().map(|c| septets_of(c).unwrap_or(1)).sum()
}

/// The text in plain letters, always GSM-7: `ã` → `a`, `€` → `EUR`, a no-break space → a space. What has
/// no Latin form becomes `?`, as on the handset: an alert with a strange name still arrives.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if !fold_char(c, &mut folded) {
            folded.push('?');
        }
    }
    folded
}

/// The folded text, or nothing if some character has no Latin form.
#[must_use]
pub fn fold_exactly(text: &str) -> Option<String> {
    let mut folded = String::with_capacity(text.len());
    text.chars()
        .all(|c| fold_char(c, &mut folded))
        .then_some(folded)
}

/// Appends the character's plain form; false if it has none.
fn fold_char(c: char, to: &mut String) -> bool {
    if let Some(plain) = plain(c) {
        to.push_str(plain);
        return true;
    }
    if c == '\n' || c.is_ascii_graphic() {
        to.push(c);
        return true;
    }
    if c.is_whitespace() {
        to.push(' ');
        return true;
    }
    if is_invisible(c) || is_combining_mark(c) {
        return true;
    }
    let mut whole = true;
    for part in std::iter::once(c)
        .nfkd()
        .filter(|part| !is_combining_mark(*part))
    {
        match plain(part) {
            Some(plain) => to.push_str(plain),
            None if part.is_ascii_graphic() || part == ' ' => to.push(part),
            None => whole = false,
        }
    }
    whole
}

/// Characters that Unicode does not decompose to what a reader would write instead.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '€' => "EUR",
        '£' => "GBP",
        '¥' => "JPY",
        '`' | '‘' | '’' | '‚' | '‛' | '´' | 'ʼ' => "'",
        '“' | '”' | '„' | '«' | '»' | '‟' => "\"",
        '‹' => "<",
        '›' => ">",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '•' | '\u{2043}' => "-",
        '·' => ".",
        '⁄' | '∕' => "/",
        'ä' => "ae",
        'Ä' => "Ae",
        'ö' => "oe",
        'Ö' => "Oe",
        'ü' => "ue",
        'Ü' => "Ue",
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ħ' => "h",
        'ı' => "i",
        '¿' => "?",
        '¡' => "!",
        '°' => "o",
        '×' => "x",
        '©' => "(c)",
        '®' => "(R)",
        _ => return None,
    })
}

/// Characters that take no room on the screen and only disturb.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_banks_name_is_measured_as_it_is_on_the_air() {
        let check = |name: &str, fits: bool| {
            assert_eq!(fits_as_bank_name(name), fits, "{name}");
        };
        check("Banco Aurora", true);
        check(&"ã".repeat(BANK_NAME_MAX), true);
        check(&"B".repeat(BANK_NAME_MAX + 1), false);
        check(&"[".repeat(11), false);
        check("", false);
    }

    #[test]
    fn a_folded_text_reads_the_same_without_its_accents() {
        let check = |text: &str, expected: &str| assert_eq!(fold(text), expected, "{text}");
        check(
            "Você recebeu um Pix de João: ação, Ç!",
            "Voce recebeu um Pix de Joao: acao, C!",
        );
        check("R$\u{a0}1.234,56", "R$ 1.234,56");
        check("1\u{202f}234,56\u{a0}€", "1 234,56 EUR");
        check("“Olá” – d’água…", "\"Ola\" - d'agua...");
        check("Straße, Œuvre, Ærø, Łódź", "Strasse, OEuvre, AEro, Lodz");
        check("1º e 2ª", "1o e 2a");
        check("cafe\u{301}", "cafe");
        check("a\u{200b}b", "ab");
        check("uma linha\noutra", "uma linha\noutra");
        check("李明 👍", "?? ?");
        assert_eq!(fold_exactly("João"), Some("Joao".to_owned()));
        assert_eq!(fold_exactly("👍"), None);
    }

    #[test]
    fn what_unicode_does_not_take_apart_is_written_as_a_reader_would() {
        let check = |text: &str, plain: &str| {
            assert_eq!(fold_exactly(text).as_deref(), Some(plain), "{text}");
        };
        check("£ ¥ €", "GBP JPY EUR");
        check("ä ö ü Ä Ö Ü", "ae oe ue Ae Oe Ue");
        check("Änderung für Jörg Müller", "Aenderung fuer Joerg Mueller");
        check("`‘’‚‛´ʼ “”„«»‟ ‹›", "''''''' \"\"\"\"\"\" <>");
        check("‐‑‒–—―−•⁃ · ⁄∕", "--------- . //");
        check("ß ẞ æ Æ œ Œ ø Ø", "ss SS ae AE oe OE o O");
        check("ł Ł đ ð Đ Ð þ Þ ħ ı", "l L d d D D th Th h i");
        check("¿ ¡ ° × © ®", "? ! o x (c) (R)");
    }

    #[test]
    fn parts_are_counted_as_carriers_bill_them() {
        let check = |text: String, parts, encoding| {
            let sms = SmsText::measure(text);
            assert_eq!((sms.parts, sms.encoding), (parts, encoding), "{}", sms.text);
        };
        check(String::new(), 1, Encoding::Gsm7);
        check("a".repeat(160), 1, Encoding::Gsm7);
        check("a".repeat(161), 2, Encoding::Gsm7);
        check("a".repeat(306), 2, Encoding::Gsm7);
        check("a".repeat(307), 3, Encoding::Gsm7);
        check("€".repeat(80), 1, Encoding::Gsm7);
        check("€".repeat(81), 2, Encoding::Gsm7);
        check("€".repeat(152), 2, Encoding::Gsm7);
        check("€".repeat(153), 3, Encoding::Gsm7);
        check("ã".repeat(70), 1, Encoding::Ucs2);
        check("ã".repeat(71), 2, Encoding::Ucs2);
        check("👍".repeat(35), 1, Encoding::Ucs2);
        check("👍".repeat(66), 2, Encoding::Ucs2);
        check("👍".repeat(67), 3, Encoding::Ucs2);
    }

    #[test]
    fn an_sms_does_not_print_what_it_says() {
        let printed = format!("{:?}", SmsText::folded("Seu código: 482913"));
        assert!(
            !printed.contains("482913") && printed.contains("parts: 1"),
            "{printed}"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_folded_is_gsm_7(text in "\\PC*") {
            let sms = SmsText::folded(&text);
            prop_assert_eq!(sms.encoding, Encoding::Gsm7);
            prop_assert_eq!(fold(&sms.text), sms.text);
        }
    }
}
