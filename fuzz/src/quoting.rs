//! Whether what is said of an input gives the input away.

/// The examples that rules give; a value may happen to be one of them.
const EXAMPLES: [&str; 2] = ["2026-11-21T15:04:05Z", "2026-11-21"];

/// How many of a text's characters are digits.
pub(crate) fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Whether the value stands in what is said, where it has digits enough to be somebody's.
pub(crate) fn quotes(said: &str, value: &str) -> bool {
    let said = EXAMPLES
        .iter()
        .fold(said.to_owned(), |said, example| said.replace(example, ""));
    digits(value) >= 6 && said.contains(value.trim())
}
