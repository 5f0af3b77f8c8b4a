//! Cards that a run of digits does not hold: parted in even groups by whatever the writer found, and the
//! security number behind one.

use super::context::Spans;
use super::detect::Search;
use super::payment::is_card;
use super::view::View;

/// The farthest that two groups of a card's number stand apart, in characters.
const FARTHEST: usize = 12;
/// The longest of the same words between every two groups.
const LONGEST_WORDS: usize = 8;
/// The longest card number, in digits.
const MOST: usize = 19;
/// The farthest that a security number stands behind its card, in characters.
const SECURITY_REACH: usize = 20;

/// Card numbers in even groups, as a card shows them or digit by digit. Between the groups stands
/// anything but letters and digits, or every time the same: `4111:1111:1111:1111`, a blank line,
/// `4111<br>1111<br>1111<br>1111`.
pub(super) fn in_groups(view: &View) -> Spans {
    let groups = groups(view);
    let mut spans = Vec::new();
    for first in 0..groups.len() {
        let mut digits = Vec::with_capacity(MOST);
        let mut gaps: Vec<String> = Vec::new();
        for (at, (from, to)) in groups[first..].iter().copied().enumerate() {
            if digits.len() + to - from > MOST {
                break;
            }
            if at > 0 {
                let (_, before) = groups[first + at - 1];
                if from - before > FARTHEST {
                    break;
                }
                gaps.push(view.text(before, from));
            }
            digits.extend(view.text(from, to).bytes());
            let last = first + at + 1;
            let shown = &groups[first..last];
            if at > 0 && is_shown_so(shown) && parts(shown, &gaps) && is_card(&digits) {
                spans.push((groups[first].0, to));
            }
        }
    }
    spans
}

/// The places of the digits that stand together.
fn groups(view: &View) -> Spans {
    super::detect::tokens(view, |c| c.is_ascii_digit())
}

/// Whether groups of these sizes are a card's: as large as each other but for the last, or American
/// Express's and Diners'.
fn is_shown_so(groups: &[(usize, usize)]) -> bool {
    let size = |group: &(usize, usize)| group.1 - group.0;
    let first = size(&groups[0]);
    let even = groups[1..groups.len() - 1]
        .iter()
        .all(|group| size(group) == first)
        && groups.last().is_some_and(|last| size(last) <= first);
    even || (groups.len() == 3
        && first == 4
        && size(&groups[1]) == 6
        && matches!(size(&groups[2]), 4 | 5))
}

fn parts(groups: &[(usize, usize)], gaps: &[String]) -> bool {
    // Dates and times are pairs of digits with this and that between them.
    let may_be_times = matches!(groups[0].1 - groups[0].0, 2 | 3);
    let wordless = |gap: &String| !gap.chars().any(char::is_alphanumeric);
    let short = |gap: &String| gap.chars().count() <= LONGEST_WORDS;
    (!may_be_times && gaps.iter().all(wordless))
        || gaps.iter().all(|gap| gap == &gaps[0] && short(gap))
}

/// The three or four digits behind a card's number, where at most an expiry date stands between.
pub(super) fn security_numbers(search: &Search<'_>, cards: &[(usize, usize)]) -> Spans {
    let groups = groups(search.view);
    let mut spans = Vec::new();
    for (_, end) in cards.iter().copied() {
        let behind = groups.partition_point(|(from, _)| *from < end);
        let mut before = end;
        for (from, to) in groups[behind..].iter().copied() {
            let plain = |place: usize| search.view.at(place).is_some_and(char::is_alphanumeric);
            if to > end + SECURITY_REACH || (before..from).any(plain) {
                break;
            }
            if search.is_ordinary(from, to) {
                before = to;
                continue;
            }
            if matches!(to - from, 3 | 4) && !plain(to) {
                spans.push((from, to));
            }
            break;
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::{Forbidden, for_transcript, forbidden};

    #[test]
    fn a_number_in_even_groups_is_found_whatever_parts_them() {
        let check = |text: &str| {
            assert_eq!(forbidden(text), [Forbidden::CardNumber], "{text}");
            let masked = for_transcript(text);
            assert!(masked.contains("**** 1111"), "{masked}");
        };
        for gap in [
            ":",
            ";",
            "+",
            "=",
            "~",
            "・",
            "⋅",
            "\u{b}",
            "\u{0}",
            "][",
            "💳",
            "<br>",
            "\n\n",
            " e ",
            "    ",
            "  -  ",
            "x",
            " / ",
            "\u{2003}\u{2003}\u{2003}\u{2003}",
        ] {
            check(
                &["4111"; 1]
                    .iter()
                    .chain(&["1111"; 3])
                    .copied()
                    .collect::<Vec<_>>()
                    .join(gap),
            );
        }
        check("4111 1111\n\n1111 1111");
        check("4:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1");
        check("41111111; 11111111");
        check("quatro um um um, um um um um, um um um um, um um um um");
        assert_eq!(for_transcript("3782:822463:10005"), "**** 0005");
    }

    #[test]
    fn uneven_groups_and_what_adds_up_by_chance_stay() {
        for text in [
            "4111:11111:111:1111",
            "4111 de 1111 ou 1111 e 1111",
            "1234: 5678: 1234: 5670",
            "4111             1111             1111             1111",
        ] {
            assert_eq!(for_transcript(text), text);
        }
    }

    #[test]
    fn a_security_number_behind_its_card_is_hidden() {
        let check =
            |text: &str, expected: &str| assert_eq!(for_transcript(text), expected, "{text}");
        check("4111 1111 1111 1111 12/28 123", "**** 1111 12/28 ***");
        check(
            "4111111111111111, 12/2028, 123 ok",
            "**** 1111, 12/2028, *** ok",
        );
        check("4111111111111111 123 ok", "**** 1111 *** ok");
        check("4111 1111 1111 1111 val 12/28", "**** 1111 val 12/28");
        check("4111 1111 1111 1111 em 12 vezes", "**** 1111 em 12 vezes");
    }
}
