//! The rules of WhatsApp's buttons (Meta: 10 in all, 2 addresses, 1 number, 1 copied code).

use std::collections::{BTreeMap, BTreeSet};

use super::model::{AndroidApp, Autofill, Button, Category, ParamType, Presence, Template};
use super::validate::Faults;
use crate::consent::Keyword;
use crate::ids::PressPayload;
use crate::locale::Locale;
use crate::params::is_https;
use crate::phone::E164;

const LABEL_MAX: usize = 25;
const URL_MAX: usize = 2_000;
const COPIED_CODE_MAX: usize = 20;
const ITEM_MAX: usize = 60;
const APPS_MAX: usize = 5;
const PACKAGE_MAX: usize = 224;
const SIGNATURE_HASH: usize = 11;

/// Checks a template's buttons.
pub(super) fn check(template: &Template, faults: &mut Faults) {
    let count =
        |is: fn(&Button) -> bool| template.buttons.iter().filter(|button| is(button)).count();
    let place = "buttons";
    faults.require(template.buttons.len() <= 10, place, "must be at most 10");
    faults.require(
        count(|button| matches!(button, Button::Url { .. })) <= 2,
        place,
        "must have at most 2 addresses",
    );
    faults.require(
        count(|button| matches!(button, Button::PhoneNumber { .. })) <= 1,
        place,
        "must have at most 1 number",
    );
    faults.require(
        count(|button| matches!(button, Button::CopyCode { .. })) <= 1,
        place,
        "must have at most 1 copied code",
    );
    let quick: Vec<bool> = template
        .buttons
        .iter()
        .map(|button| matches!(button, Button::QuickReply { .. }))
        .collect();
    let groups = quick
        .chunk_by(|a, b| a == b)
        .filter(|group| group[0])
        .count();
    faults.require(groups <= 1, place, "must keep the quick replies together");
    let one_time = count(|button| matches!(button, Button::OneTimeCode { .. }));
    let payments = count(|button| matches!(button, Button::OrderDetails { .. }));
    let alone = template.buttons.len() == 1;
    if template.category == Category::Authentication {
        faults.require(
            one_time == 1 && alone,
            place,
            "must be one one_time_code and nothing else",
        );
    } else {
        faults.require(
            one_time == 0,
            place,
            "must not have a one_time_code: it belongs to authentication templates",
        );
        faults.require(
            payments == 0 || alone,
            place,
            "must not have others beside order_details",
        );
    }
    let mut actions = BTreeSet::new();
    for (at, button) in template.buttons.iter().enumerate() {
        let place = format!("buttons[{at}]");
        if let Button::QuickReply { action, .. } = button {
            faults.require(
                actions.insert(action),
                format!("{place}.action"),
                "must differ from the others'",
            );
        }
        check_one(template, button, &place, faults);
    }
    for locale in template.locales.keys() {
        let labels: Vec<&str> = template
            .buttons
            .iter()
            .filter_map(|button| button.label(*locale))
            .collect();
        let distinct: BTreeSet<&&str> = labels.iter().collect();
        faults.require(
            distinct.len() == labels.len(),
            place,
            format!("must have different labels in {locale}"),
        );
    }
}

fn check_one(template: &Template, button: &Button, place: &str, faults: &mut Faults) {
    let is = |name: &str, kind: ParamType| {
        template
            .params
            .get(name)
            .is_some_and(|spec| spec.kind == kind)
    };
    match button {
        Button::QuickReply { action, labels } => {
            let payload = format!("ntf_{}:{action}", "a".repeat(26));
            faults.require(
                PressPayload::parse(&payload).is_ok(),
                format!("{place}.action"),
                "must be 1 to 64 lower-case letters, digits and underscores",
            );
            check_words(
                template,
                labels,
                LABEL_MAX,
                &format!("{place}.labels"),
                faults,
            );
            for (locale, label) in labels {
                let word = Keyword::read(label);
                faults.require(
                    word.is_none_or(|word| word.name() == action),
                    format!("{place}.labels.{locale}"),
                    "must not be a word that revokes or restores consent, unless the action is opt_out or opt_in: \
                     pressing it counts as that word",
                );
            }
        }
        Button::Url {
            base,
            suffix,
            labels,
        } => {
            let path = base
                .strip_prefix("https://")
                .is_some_and(|rest| rest.contains('/'));
            faults.require(
                path && is_https(base),
                format!("{place}.base"),
                "must be an https address with a path, so that a suffix cannot change its host",
            );
            let room = suffix
                .as_ref()
                .and_then(|name| template.params.get(name)?.longest())
                .unwrap_or_default();
            faults.require(
                base.len() + room <= URL_MAX,
                format!("{place}.base"),
                format!("must fit {URL_MAX} characters with its suffix"),
            );
            if let Some(name) = suffix {
                faults.require(
                    is(name, ParamType::UrlSuffix),
                    format!("{place}.suffix"),
                    "must name a parameter of type url_suffix",
                );
            }
            check_words(
                template,
                labels,
                LABEL_MAX,
                &format!("{place}.labels"),
                faults,
            );
        }
        Button::CopyCode { code } => {
            let fits = template
                .params
                .get(code)
                .and_then(|spec| spec.longest())
                .is_some_and(|most| most <= COPIED_CODE_MAX);
            faults.require(
                is(code, ParamType::Text) && fits,
                format!("{place}.code"),
                format!("must name a text of at most {COPIED_CODE_MAX} characters"),
            );
        }
        Button::OneTimeCode {
            code,
            labels,
            autofill,
        } => {
            faults.require(
                is(code, ParamType::Code),
                format!("{place}.code"),
                "must name a parameter of type code",
            );
            check_words(
                template,
                labels,
                LABEL_MAX,
                &format!("{place}.labels"),
                faults,
            );
            if let Some(autofill) = autofill {
                check_autofill(template, autofill, &format!("{place}.autofill"), faults);
            }
        }
        Button::OrderDetails {
            pix_code,
            total,
            pix_key,
            items,
            labels,
        } => {
            faults.require(
                is(pix_code, ParamType::PixCode),
                format!("{place}.pix_code"),
                "must name a parameter of type pix_code",
            );
            faults.require(
                is(total, ParamType::Money),
                format!("{place}.total"),
                "must name a parameter of type money",
            );
            if let Some(name) = pix_key {
                let optional = template
                    .params
                    .get(name)
                    .is_some_and(|spec| spec.presence == Presence::Optional);
                faults.require(
                    is(name, ParamType::PixKey) && optional,
                    format!("{place}.pix_key"),
                    "must name an optional parameter of type pix_key",
                );
            }
            check_words(template, items, ITEM_MAX, &format!("{place}.items"), faults);
            check_words(
                template,
                labels,
                LABEL_MAX,
                &format!("{place}.labels"),
                faults,
            );
        }
        Button::PhoneNumber {
            phone_number,
            labels,
        } => {
            faults.require(
                E164::parse(phone_number).is_ok(),
                format!("{place}.phone_number"),
                "must be a number in E.164",
            );
            check_words(
                template,
                labels,
                LABEL_MAX,
                &format!("{place}.labels"),
                faults,
            );
        }
    }
}

/// The apps that may take a one-time code, as Meta wants them named.
fn check_autofill(template: &Template, autofill: &Autofill, place: &str, faults: &mut Faults) {
    check_words(
        template,
        &autofill.labels,
        LABEL_MAX,
        &format!("{place}.labels"),
        faults,
    );
    faults.require(
        (1..=APPS_MAX).contains(&autofill.apps.len()),
        format!("{place}.apps"),
        format!("must be 1 to {APPS_MAX}"),
    );
    for (at, app) in autofill.apps.iter().enumerate() {
        let AndroidApp {
            package_name,
            signature_hash,
        } = app;
        let segment = |segment: &str| {
            segment.starts_with(|c: char| c.is_ascii_alphabetic())
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        faults.require(
            package_name.len() <= PACKAGE_MAX
                && package_name.contains('.')
                && package_name.split('.').all(segment),
            format!("{place}.apps[{at}].package_name"),
            format!(
                "must be an Android package of at most {PACKAGE_MAX} characters, as in br.example.bank"
            ),
        );
        faults.require(
            signature_hash.len() == SIGNATURE_HASH
                && signature_hash
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')),
            format!("{place}.apps[{at}].signature_hash"),
            format!("must be the {SIGNATURE_HASH} characters of the app's signature hash"),
        );
    }
}

/// Words in exactly the template's languages, on one line, without variables.
fn check_words(
    template: &Template,
    words: &BTreeMap<Locale, String>,
    most: usize,
    place: &str,
    faults: &mut Faults,
) {
    faults.require(
        words.keys().eq(template.locales.keys()),
        place,
        "must be in the languages of the texts, all and no others",
    );
    for (locale, text) in words {
        let length = text.chars().count();
        faults.require(
            (1..=most).contains(&length),
            format!("{place}.{locale}"),
            format!("must have 1 to {most} characters, not {length}"),
        );
        let plain = text.trim() == text && !text.contains(['\n', '\t', '{', '}']);
        faults.require(
            plain,
            format!("{place}.{locale}"),
            "must be one line without variables",
        );
    }
}
