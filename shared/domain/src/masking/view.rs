//! A text as a detector should see it: every script's digits as ASCII, nothing invisible, no accents,
//! and each character's place in the original.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::spoken;
use crate::sms::is_invisible;

/// The zeros of the scripts whose digits Unicode's compatibility forms leave as they are (general
/// category Nd, Unicode 16); nine more digits follow each.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0,
    0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0,
    0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1,
    0x1e950,
];

/// The ones of digits that have no zero beside them: circled ones, Ethiopic, Rumi, Brahmi; eight more
/// follow each.
const ONES: &[u32] = &[0x1369, 0x24f5, 0x2776, 0x2780, 0x278a, 0x10e60, 0x11052];

/// Chinese and Japanese numerals, from zero on.
const HAN: &str = "〇一二三四五六七八九";

/// Cyrillic, Greek and Armenian letters that look like Latin ones, each before the one it looks like.
const LOOKALIKES: &str = "аaвbеeкkмmнhоoрpсcтtуyхxіiѕsјjԁdԛqѵvАAВBЕEКKМMНHОOРPСCТTУYХXІIЅSЈJΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXαaοoιiνvρpυuոnѕs";

/// One character of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// The plain character, its case kept.
    pub(super) c: char,
    /// Whether it wears an accent in the original: `é` and `e` are two words.
    pub(super) accented: bool,
    /// Where the original character begins, in bytes.
    pub(super) from: usize,
    /// Where it ends.
    pub(super) to: usize,
}

/// The text as detectors see it.
pub(super) struct View {
    pub(super) seen: Vec<Seen>,
}

impl View {
    pub(super) fn of(text: &str) -> Self {
        let mut seen = Vec::with_capacity(text.len());
        for (from, original) in text.char_indices() {
            let to = from + original.len_utf8();
            if original.is_ascii() {
                seen.push(Seen {
                    c: original,
                    accented: false,
                    from,
                    to,
                });
                continue;
            }
            for part in std::iter::once(original).nfkd() {
                if let Some(c) = plain(part) {
                    seen.push(Seen {
                        c,
                        accented: false,
                        from,
                        to,
                    });
                } else if is_combining_mark(part)
                    && let Some(last) = seen.last_mut()
                {
                    last.accented = true;
                }
            }
        }
        Self {
            seen: spoken::as_digits(seen),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn at(&self, place: usize) -> Option<char> {
        self.seen.get(place).map(|seen| seen.c)
    }

    /// Whether the character at a place wears an accent.
    pub(super) fn is_accented(&self, place: usize) -> bool {
        self.seen.get(place).is_some_and(|seen| seen.accented)
    }

    /// The character before a place.
    pub(super) fn before(&self, place: usize) -> Option<char> {
        place.checked_sub(1).and_then(|before| self.at(before))
    }

    /// The plain text of some places.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        let mut text = String::with_capacity(to - from);
        text.extend(self.seen[from..to].iter().map(|seen| seen.c));
        text
    }

    /// The bytes of the original that some places (at least one) cover.
    pub(super) fn bytes(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        self.seen[from].from..self.seen[to - 1].to
    }

    /// The view in lower case, one character per place: letters whose lower case is longer stay.
    pub(super) fn lower(&self) -> Vec<char> {
        let lower = |c: char| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        };
        self.seen.iter().map(|seen| lower(seen.c)).collect()
    }
}

/// The character as it is compared: none for marks and what is invisible.
fn plain(c: char) -> Option<char> {
    if is_combining_mark(c) || is_invisible(c) {
        return None;
    }
    if c.is_whitespace() || c == '\u{2800}' {
        return Some(' ');
    }
    if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}') {
        return Some('-');
    }
    if matches!(c, '\u{24ff}' | '\u{1f10b}' | '\u{1f10c}') {
        return Some('0');
    }
    if let Some(value) = HAN.chars().position(|han| han == c) {
        return char::from_digit(u32::try_from(value).unwrap_or_default(), 10);
    }
    let mut letters = LOOKALIKES.chars();
    while let (Some(foreign), Some(latin)) = (letters.next(), letters.next()) {
        if foreign == c {
            return Some(latin);
        }
    }
    let code = u32::from(c);
    // The only digits of their scripts' that stand by themselves: New Tai Lue, and four of Kharosthi.
    if code == 0x19da {
        return Some('1');
    }
    if let Some(value) = code
        .checked_sub(0x10a3f)
        .filter(|value| (1..=4).contains(value))
    {
        return char::from_digit(value, 10);
    }
    let one = ONES.iter().find(|one| (**one..**one + 9).contains(&code));
    let one = one.map(|one| code - one + 1);
    let zero = ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code));
    let zero = zero.map(|zero| code - zero);
    let digit = one.or(zero).and_then(|value| char::from_digit(value, 10));
    Some(digit.unwrap_or(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_s_digits_are_digits() {
        let check = |text: &str, expected: &str| {
            let view = View::of(text);
            assert_eq!(view.text(0, view.len()), expected, "{text}");
        };
        check("４１１１", "4111");
        check("٤١١١", "4111");
        check("४१११", "4111");
        check("𝟒𝟏𝟏𝟏", "4111");
        check("4️⃣1️⃣1️⃣1️⃣", "4111");
        check("❹➀➊⓵ ፩\u{10e60}𑁒⓿🄌", "4111 11100");
        check("四一一〇 \u{19da}\u{10a40}\u{10a43}", "4110 114");
        check("сvv ЅЕΝНА", "cvv SENHA");
        check("4\u{2800}1", "4 1");
        check("4\u{200b}1\u{332}1\u{ad}1", "4111");
        check("Código – ação\u{a0}ﬁnal", "Codigo - acao final");
        check(
            "4111\u{2028}1111\u{1680}1111\u{85}1111",
            "4111 1111 1111 1111",
        );
        // What follows a script's nine is no digit.
        check("٩٪ ९॰", "9٪ 9॰");
    }

    #[test]
    fn a_place_in_the_view_is_a_place_in_the_text() {
        let text = "é ４\u{200b}2 ﬁm";
        let view = View::of(text);
        assert_eq!(view.text(0, view.len()), "e 42 fim");
        assert_eq!(&text[view.bytes(2, 4)], "４\u{200b}2");
        assert_eq!(&text[view.bytes(5, 8)], "ﬁm");
    }
}
