//! The rules of a language's texts: Meta's for WhatsApp, the carriers' for SMS.

use std::collections::BTreeSet;

use super::model::{Category, Header, ParamSpec, ParamType, Template, Texts, WhatsappText};
use super::text::{Segment, segments, variables};
use super::validate::Faults;
use crate::boleto;
use crate::locale::Locale;
use crate::money::{Currency, Money};
use crate::render::{
    BODY_MAX, HEADER_MAX, Medium, SMS_NAME_MAX, shown_date, shown_money, shown_time,
};
use crate::sms::{self, BANK_NAME_MAX};

/// What each of several SMS parts surely holds: 153 septets, of which one may be lost to a character of
/// two that does not fit any more.
pub(super) const SMS_PART: usize = 152;

/// The SMS' length in septets with its longest values; none where the language has no SMS.
pub(super) fn longest_sms(template: &Template, locale: Locale) -> Option<usize> {
    let text = template.locales.get(&locale)?.sms.as_ref()?;
    Some(Checker { template, locale }.longest(text, Medium::Sms))
}

/// Checks one language.
pub(super) fn check(template: &Template, locale: Locale, texts: &Texts, faults: &mut Faults) {
    let checker = Checker { template, locale };
    if let Some(text) = &texts.whatsapp {
        checker.whatsapp(text, faults);
    }
    if let Some(text) = &texts.sms {
        checker.sms(text, faults);
    }
    if let Some(text) = &texts.voice {
        let place = checker.place("voice");
        faults.require(!text.trim().is_empty(), &place, "must not be empty");
        checker.variables(&place, text, Bank::Allowed, faults);
    }
}

/// Whether `{{bank}}` is a variable here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bank {
    Allowed,
    /// On WhatsApp the sender's name says it.
    Unknown,
}

struct Checker<'a> {
    template: &'a Template,
    locale: Locale,
}

impl Checker<'_> {
    fn place(&self, part: &str) -> String {
        format!("locales.{}.{part}", self.locale)
    }

    fn whatsapp(&self, text: &WhatsappText, faults: &mut Faults) {
        match &text.header {
            Some(Header::Text(header)) => {
                let place = self.place("whatsapp.header");
                self.variables(&place, header, Bank::Unknown, faults);
                faults.require(
                    variables(header).len() <= 1,
                    &place,
                    "must have at most one variable",
                );
                faults.require(
                    !header.trim().is_empty() && !header.contains('\n'),
                    &place,
                    "must be one line",
                );
                let length = self.longest(header, Medium::Screen);
                faults.require(
                    length <= HEADER_MAX,
                    &place,
                    format!(
                        "must fit {HEADER_MAX} characters with its longest value, not {length}"
                    ),
                );
            }
            Some(Header::Document(name)) => {
                self.media("document", name, ParamType::Document, faults)
            }
            Some(Header::Image(name)) => self.media("image", name, ParamType::Image, faults),
            None => {}
        }
        self.body(&text.body, faults);
        if let Some(footer) = &text.footer {
            let place = self.place("whatsapp.footer");
            let length = footer.chars().count();
            faults.require(
                (1..=HEADER_MAX).contains(&length),
                &place,
                format!("must have 1 to {HEADER_MAX} characters, not {length}"),
            );
            faults.require(
                !footer.contains("{{") && !footer.contains('\n'),
                &place,
                "must be one line without variables",
            );
        }
    }

    fn media(&self, kind: &str, name: &str, wanted: ParamType, faults: &mut Faults) {
        let declared = self
            .template
            .params
            .get(name)
            .is_some_and(|spec| spec.kind == wanted);
        faults.require(
            declared,
            self.place("whatsapp.header"),
            format!("must name a parameter of type {kind}"),
        );
    }

    fn body(&self, body: &str, faults: &mut Faults) {
        let place = self.place("whatsapp.body");
        faults.require(!body.trim().is_empty(), &place, "must not be empty");
        faults.require(
            !body.contains('\t') && !body.contains("     "),
            &place,
            "must not have tabs or more than four spaces in a row",
        );
        faults.require(
            body.trim() == body,
            &place,
            "must not begin or end with blanks",
        );
        self.variables(&place, body, Bank::Unknown, faults);
        let names = variables(body);
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        faults.require(
            distinct.len() == names.len(),
            &place,
            "must use each variable once (Meta)",
        );
        let parts = segments(body).unwrap_or_default();
        let is_variable = |part: Option<&Segment<'_>>| matches!(part, Some(Segment::Variable(_)));
        faults.require(
            !is_variable(parts.first()) && !is_variable(parts.last()),
            &place,
            "must not begin or end with a variable (Meta 2388299)",
        );
        let adjacent = parts.windows(2).any(|pair| matches!(pair, [Segment::Variable(_), Segment::Variable(_)]))
            || parts.windows(3).any(|three| {
                matches!(three, [Segment::Variable(_), Segment::Words(words), Segment::Variable(_)] if words.trim().is_empty())
            });
        faults.require(!adjacent, &place, "must have words between its variables");
        let words = parts.iter().map(|part| match part {
            Segment::Words(words) => words
                .split_whitespace()
                .filter(|word| word.contains(char::is_alphanumeric))
                .count(),
            Segment::Variable(_) => 0,
        });
        faults.require(
            words.sum::<usize>() > 2 * names.len(),
            &place,
            "must have more words for so many variables (Meta 2388293)",
        );
        let length = self.longest(body, Medium::Screen);
        faults.require(
            length <= BODY_MAX,
            &place,
            format!("must fit {BODY_MAX} characters with its longest values, not {length}"),
        );
    }

    fn sms(&self, text: &str, faults: &mut Faults) {
        let place = self.place("sms");
        faults.require(
            text.starts_with("{{bank}}"),
            &place,
            "must begin with {{bank}}",
        );
        faults.require(
            sms::fold_exactly(text).is_some() && !text.contains('\n'),
            &place,
            "must be one line of characters that have a plain form",
        );
        self.variables(&place, text, Bank::Allowed, faults);
        let one_time = self.template.category == Category::Authentication;
        let says_code = variables(text)
            .iter()
            .any(|name| self.kind(name) == Some(ParamType::Code));
        faults.require(!one_time || says_code, &place, "must say the code");
        let room = match self.template.sms_parts {
            1 => 160,
            parts => SMS_PART * usize::try_from(parts).unwrap_or(1),
        };
        let length = self.longest(text, Medium::Sms);
        faults.require(
            length <= room,
            &place,
            format!("must fit {} SMS part(s) of {room} characters in all with its longest values, not {length}", self.template.sms_parts),
        );
    }

    fn kind(&self, name: &str) -> Option<ParamType> {
        self.template.params.get(name).map(|spec| spec.kind)
    }

    /// Variables that can be read, are declared, and stand for words.
    fn variables(&self, place: &str, text: &str, bank: Bank, faults: &mut Faults) {
        if let Err(error) = segments(text) {
            faults.add(place, error.to_string());
        }
        for name in variables(text) {
            match self.kind(name) {
                None if name == "bank" && bank == Bank::Allowed => {}
                None => faults.add(place, format!("uses {{{{{name}}}}}, which is no parameter")),
                Some(
                    ParamType::Document
                    | ParamType::Image
                    | ParamType::PixCode
                    | ParamType::UrlSuffix,
                ) => {
                    faults.add(place, format!("must not have {{{{{name}}}}} in its words: its type belongs to a header or a button"));
                }
                Some(_) => {}
            }
        }
    }

    /// A text's length with the longest values that a request may give.
    fn longest(&self, text: &str, medium: Medium) -> usize {
        let count = |words: &str| match medium {
            Medium::Sms => sms::septets(words),
            Medium::Screen | Medium::Voice => words.chars().count(),
        };
        let value = |name: &str| match self.template.params.get(name) {
            Some(spec) => {
                let otherwise = spec
                    .otherwise
                    .get(&self.locale)
                    .map_or(0, |words| count(words));
                longest_value(spec, self.locale, medium, count).max(otherwise)
            }
            None => BANK_NAME_MAX,
        };
        segments(text)
            .unwrap_or_default()
            .into_iter()
            .map(|part| match part {
                Segment::Words(words) => count(words),
                Segment::Variable(name) => value(name),
            })
            .sum()
    }
}

/// The longest form a parameter takes in a text.
fn longest_value(
    spec: &ParamSpec,
    locale: Locale,
    medium: Medium,
    count: impl Fn(&str) -> usize,
) -> usize {
    let longest = spec.longest().unwrap_or_default();
    match spec.kind {
        ParamType::Money => {
            let most = |currency| {
                count(&shown_money(
                    Money {
                        minor: -Money::LIMIT,
                        currency,
                    },
                    locale,
                ))
            };
            Currency::ALL
                .into_iter()
                .map(most)
                .max()
                .unwrap_or_default()
        }
        ParamType::Date => count(&shown_date(jiff::civil::date(2026, 12, 30), locale)),
        ParamType::Time => count(&shown_time(jiff::civil::time(22, 30, 0, 0), locale)),
        ParamType::PersonName if medium == Medium::Sms => SMS_NAME_MAX.min(longest),
        ParamType::CardLast4 => 4,
        ParamType::Account => "****234-5".len(),
        ParamType::Phone => "+55 (11) *****-4321".len(),
        // A short address grows by its mask: `a@b.co` is shown as `a***@b***.co`.
        ParamType::PixKey => longest + 7,
        ParamType::BoletoLine => boleto::LONGEST,
        ParamType::Iban => "DE** **** 3000".len(),
        ParamType::Cpf => "***.456.789-**".len(),
        ParamType::Cnpj => "12.***.***/0001-**".len(),
        ParamType::PersonName
        | ParamType::Code
        | ParamType::Url
        | ParamType::UrlSuffix
        | ParamType::Text => longest,
        ParamType::PixCode | ParamType::Document | ParamType::Image => 0,
    }
}
