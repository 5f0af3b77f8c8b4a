//! Texts with variables, written `{{name}}`, and the texts that Meta fixes.

use std::fmt::Write as _;

use thiserror::Error;

use super::model::{Authentication, SecurityAdvice};
use crate::locale::Locale;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// Words as they are.
    Words(&'a str),
    /// A variable's name.
    Variable(&'a str),
}

/// Why a text's variables cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum SegmentError {
    /// Braces that do not pair.
    #[error("has a {{{{ without its }}}} or the other way round")]
    Unpaired,
    /// A name that is none.
    #[error("has a variable that is not lower_case_with_underscores")]
    Name,
}

/// Whether a variable may be called so.
pub(crate) fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 40
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Takes a text apart.
pub(crate) fn segments(text: &str) -> Result<Vec<Segment<'_>>, SegmentError> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some((words, behind)) = rest.split_once("{{") {
        let (name, behind) = behind.split_once("}}").ok_or(SegmentError::Unpaired)?;
        if words.contains("}}") {
            return Err(SegmentError::Unpaired);
        }
        if !is_variable_name(name) {
            return Err(SegmentError::Name);
        }
        if !words.is_empty() {
            segments.push(Segment::Words(words));
        }
        segments.push(Segment::Variable(name));
        rest = behind;
    }
    if rest.contains("}}") {
        return Err(SegmentError::Unpaired);
    }
    if !rest.is_empty() {
        segments.push(Segment::Words(rest));
    }
    Ok(segments)
}

/// The variables in order of appearance; none of a text that cannot be read.
pub(crate) fn variables(text: &str) -> Vec<&str> {
    let name = |segment| match segment {
        Segment::Variable(name) => Some(name),
        Segment::Words(_) => None,
    };
    segments(text)
        .unwrap_or_default()
        .into_iter()
        .filter_map(name)
        .collect()
}

/// Puts values in the variables' places. The first variable without a value is the error.
pub(crate) fn fill<'a, E>(
    text: &'a str,
    mut value: impl FnMut(&'a str) -> Result<String, E>,
) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len() + 64);
    for segment in segments(text).unwrap_or_else(|_| vec![Segment::Words(text)]) {
        match segment {
            Segment::Words(words) => filled.push_str(words),
            Segment::Variable(name) => filled.push_str(&value(name)?),
        }
    }
    Ok(filled)
}

/// What Meta shows around a one-time code. The wording is Meta's own translation and may change there;
/// it is used for previews and transcripts, never sent.
pub(crate) struct AuthenticationText {
    /// The body, with `{{code}}`, which Meta shows in bold.
    pub(crate) body: String,
    /// The footer.
    pub(crate) footer: String,
}

impl AuthenticationText {
    pub(crate) fn of(authentication: &Authentication, code: &str, locale: Locale) -> Self {
        let code = format!("{{{{{code}}}}}");
        let minutes = authentication.expires_in_minutes;
        let (mut body, advice, footer) = match locale {
            Locale::PtBr => (
                format!("{code} é seu código de verificação."),
                "Para sua segurança, não o compartilhe.",
                format!("Este código expira em {minutes} minutos."),
            ),
            Locale::En => (
                format!("{code} is your verification code."),
                "For your security, do not share this code.",
                format!("This code expires in {minutes} minutes."),
            ),
            Locale::Fr => (
                format!("{code} est votre code de vérification."),
                "Pour votre sécurité, ne le partagez pas.",
                format!("Ce code expire dans {minutes} minutes."),
            ),
            Locale::De => (
                format!("{code} ist dein Verifizierungscode."),
                "Gib diesen Code zu deiner Sicherheit nicht weiter.",
                format!("Dieser Code läuft in {minutes} Minuten ab."),
            ),
        };
        match authentication.security_advice {
            SecurityAdvice::Shown => write!(body, " {advice}").expect("a String takes everything"),
            SecurityAdvice::Omitted => {}
        }
        Self { body, footer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_apart_into_words_and_variables() {
        let check = |text, expected: Result<Vec<Segment<'_>>, SegmentError>| {
            assert_eq!(segments(text), expected)
        };
        check("", Ok(vec![]));
        check("Olá", Ok(vec![Segment::Words("Olá")]));
        check(
            "Olá, {{name}}: {{amount}}!",
            Ok(vec![
                Segment::Words("Olá, "),
                Segment::Variable("name"),
                Segment::Words(": "),
                Segment::Variable("amount"),
                Segment::Words("!"),
            ]),
        );
        check("{{name", Err(SegmentError::Unpaired));
        check("name}}", Err(SegmentError::Unpaired));
        check("a }} b {{name}}", Err(SegmentError::Unpaired));
        check("{{ name }}", Err(SegmentError::Name));
        check("{{1}}", Err(SegmentError::Name));
        check("{{Name}}", Err(SegmentError::Name));
        check("{{}}", Err(SegmentError::Name));
    }
}
