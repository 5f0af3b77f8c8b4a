//! Words that sell: Meta files a template with one of them under MARKETING, whatever it was submitted as.
//!
//! A template filed otherwise costs more, needs another consent and, repeated, closes the account to
//! utility templates; so such words are refused before Meta reads them. They were chosen to be words
//! that an alert or a reminder never needs.

use super::model::{Button, Category, Header, Template};
use super::text::{Segment, segments};
use super::validate::Faults;
use crate::locale::Locale;
use crate::sms;

/// Words and phrases in plain lower case; compared as whole words.
fn promotional(locale: Locale) -> &'static [&'static str] {
    match locale {
        Locale::PtBr => &[
            "aproveite",
            "black friday",
            "bonus",
            "brinde",
            "brindes",
            "cashback",
            "compre ja",
            "condicao especial",
            "condicoes especiais",
            "conheca tambem",
            "contrate ja",
            "cupom",
            "cupons",
            "desconto",
            "descontos",
            "ganhe",
            "garanta ja",
            "gratis",
            "imperdiveis",
            "imperdivel",
            "indique e ganhe",
            "novidade",
            "novidades",
            "oferta",
            "ofertas",
            "pre aprovada",
            "pre aprovadas",
            "pre aprovado",
            "pre aprovados",
            "promo",
            "promocao",
            "promocional",
            "promocoes",
            "sorteio",
            "ultima chance",
            "vantagens exclusivas",
        ],
        Locale::En => &[
            "act now",
            "black friday",
            "bonus",
            "buy now",
            "cash back",
            "cashback",
            "coupon",
            "coupons",
            "deal",
            "deals",
            "discount",
            "discounts",
            "don t miss",
            "exclusive",
            "for free",
            "giveaway",
            "last chance",
            "limited time",
            "offer",
            "offers",
            "pre approved",
            "preapproved",
            "prize",
            "promo",
            "promotion",
            "promotional",
            "promotions",
            "special conditions",
            "voucher",
            "vouchers",
        ],
        Locale::Fr => &[
            "black friday",
            "bon d achat",
            "bons d achat",
            "bonus",
            "cadeau",
            "cadeaux",
            "cashback",
            "conditions speciales",
            "decouvrez",
            "derniere chance",
            "exclusif",
            "exclusive",
            "exclusivite",
            "gratuit",
            "gratuite",
            "ne manquez pas",
            "offre",
            "offres",
            "pre accorde",
            "pre approuve",
            "profitez",
            "promo",
            "promotion",
            "promotionnel",
            "promotionnelle",
            "promotions",
            "rabais",
            "reduction",
            "reductions",
        ],
        Locale::De => &[
            "aktionspreis",
            "angebot",
            "angebote",
            "black friday",
            "bonus",
            "cashback",
            "exklusiv",
            "exklusive",
            "exklusives",
            "gewinnspiel",
            "gratis",
            "gutschein",
            "gutscheine",
            "jetzt sichern",
            "kostenlos",
            "letzte chance",
            "nur noch heute",
            "rabatt",
            "rabatte",
            "sonderangebot",
            "sonderkonditionen",
            "sparen sie",
            "vorab genehmigt",
            "vorabgenehmigt",
        ],
    }
}

/// Checks every word of a template that must not persuade.
pub(super) fn check(template: &Template, faults: &mut Faults) {
    match template.category {
        Category::Marketing => return,
        Category::Utility | Category::Authentication => {}
    }
    for (place, locale, text) in words(template) {
        for found in promotional_in(text, locale) {
            faults.add(
                place.clone(),
                format!(
                    "must not say \"{found}\" in a template of the category {}",
                    template.category.name()
                ),
            );
        }
    }
}

/// The promotional words of a text.
fn promotional_in(text: &str, locale: Locale) -> Vec<&'static str> {
    let plain: Vec<String> = segments(text)
        .unwrap_or_else(|_| vec![Segment::Words(text)])
        .into_iter()
        .filter_map(|segment| match segment {
            Segment::Words(words) => Some(plain(words)),
            Segment::Variable(_) => None,
        })
        .collect();
    promotional(locale)
        .iter()
        .copied()
        .filter(|phrase| {
            plain
                .iter()
                .any(|words| words.contains(&format!(" {phrase} ")))
        })
        .collect()
}

/// The words alone, in plain lower case, each between blanks.
fn plain(text: &str) -> String {
    let folded = sms::fold(text).to_lowercase();
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    format!(" {} ", words.join(" "))
}

/// Everything that is said, with its place and language.
pub(super) fn words(template: &Template) -> Vec<(String, Locale, &str)> {
    let mut words = Vec::new();
    for (locale, texts) in &template.locales {
        let mut say =
            |part: &str, text| words.push((format!("locales.{locale}.{part}"), *locale, text));
        if let Some(text) = &texts.whatsapp {
            match &text.header {
                Some(Header::Text(header)) => say("whatsapp.header", header.as_str()),
                Some(Header::Document(_) | Header::Image(_)) | None => {}
            }
            say("whatsapp.body", &text.body);
            if let Some(footer) = &text.footer {
                say("whatsapp.footer", footer);
            }
        }
        if let Some(text) = &texts.sms {
            say("sms", text);
        }
        if let Some(text) = &texts.voice {
            say("voice", text);
        }
        for (at, button) in template.buttons.iter().enumerate() {
            if let Some(label) = button.label(*locale) {
                words.push((format!("buttons[{at}].labels.{locale}"), *locale, label));
            }
            if let Button::OrderDetails { items, .. } = button
                && let Some(item) = items.get(locale)
            {
                words.push((format!("buttons[{at}].items.{locale}"), *locale, item));
            }
        }
        for (name, spec) in &template.params {
            if let Some(otherwise) = spec.otherwise.get(locale) {
                words.push((format!("params.{name}.otherwise"), *locale, otherwise));
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::validate::tests::{faults_after, good};

    #[test]
    fn a_word_is_found_whole_without_its_accents_and_in_any_case() {
        let check = |locale, text: &str, expected: &[&str]| {
            assert_eq!(promotional_in(text, locale), expected, "{text}");
        };
        check(Locale::PtBr, "PROMOÇÃO só hoje", &["promocao"]);
        check(
            Locale::PtBr,
            "Crédito pré-aprovado para você",
            &["pre aprovado"],
        );
        check(
            Locale::PtBr,
            "Não perca: última\nchance!",
            &["ultima chance"],
        );
        check(Locale::PtBr, "A conferta do ofertante e o descontado", &[]);
        check(Locale::PtBr, "Para {{oferta}} até amanhã", &[]);
        check(Locale::PtBr, "última {{name}} chance", &[]);
        check(
            Locale::En,
            "Don’t miss our offers",
            &["don t miss", "offers"],
        );
        check(Locale::En, "We offered a promotion", &["promotion"]);
        check(Locale::En, "Officer Coffer", &[]);
        check(
            Locale::Fr,
            "Profitez d’une réduction",
            &["profitez", "reduction"],
        );
        check(Locale::Fr, "Votre solde a été réduit", &[]);
        check(
            Locale::De,
            "Jetzt sichern: Ihr Angebot",
            &["angebot", "jetzt sichern"],
        );
        check(Locale::De, "Die Transaktion", &[]);
        // Each language has its own: a French word in a German text is no German one.
        check(Locale::De, "offre", &[]);
    }

    #[test]
    fn every_list_is_plain_sorted_and_without_doubles() {
        for locale in Locale::ALL {
            let list = promotional(locale);
            assert!(list.is_sorted_by(|a, b| a < b), "{locale}");
            for phrase in list {
                assert_eq!(plain(phrase), format!(" {phrase} "), "{locale}");
            }
        }
    }

    #[test]
    fn it_must_not_stand_anywhere_in_a_utility_template() {
        let check = |path: &str, text: serde_json::Value, place: &str| {
            let rule =
                format!("{place} must not say \"oferta\" in a template of the category UTILITY");
            assert_eq!(faults_after(&good(), &[(path, text)]), [rule.as_str()]);
        };
        check(
            "/locales/pt_BR/whatsapp/header",
            json!({ "text": "Oferta" }),
            "locales.pt_BR.whatsapp.header",
        );
        check(
            "/locales/pt_BR/whatsapp/body",
            json!("Olá, {{name}}, temos uma oferta para você: {{note}}, até logo."),
            "locales.pt_BR.whatsapp.body",
        );
        check(
            "/locales/pt_BR/whatsapp/footer",
            json!("Oferta do banco"),
            "locales.pt_BR.whatsapp.footer",
        );
        check(
            "/locales/pt_BR/sms",
            json!("{{bank}}: {{note}} para {{name}}, oferta."),
            "locales.pt_BR.sms",
        );
        check(
            "/locales/pt_BR/voice",
            json!("{{bank}}: oferta para {{name}}."),
            "locales.pt_BR.voice",
        );
        check(
            "/buttons/0/labels",
            json!({ "pt_BR": "Ver oferta" }),
            "buttons[0].labels.pt_BR",
        );
    }

    #[test]
    fn a_marketing_template_may_say_what_it_is() {
        let changes = [
            ("/category", json!("MARKETING")),
            ("/class", json!("marketing")),
            ("/quiet_hours", json!("deferred")),
            ("/when_queue_wait_exceeded", json!("expire")),
            ("/ladder", json!([{ "channel": "whatsapp" }])),
            ("/locales/pt_BR/sms", serde_json::Value::Null),
            ("/locales/pt_BR/whatsapp/footer", json!("Oferta do banco")),
        ];
        assert_eq!(faults_after(&good(), &changes), Vec::<String>::new());
    }
}
