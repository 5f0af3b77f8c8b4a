//! The product's own templates against Meta's rules of creation.

use recado_domain::catalogue;
use recado_domain::locale::Locale;

use super::*;

/// A template's creations, in every language.
fn creations() -> Vec<(String, Locale, Value)> {
    let templates = catalogue::names()
        .into_iter()
        .filter_map(|name| catalogue::find(&name, None));
    templates
        .flat_map(|template| {
            Locale::ALL.map(|locale| {
                let name = template.name.to_string();
                (name, locale, template.creation_payload(locale))
            })
        })
        .collect()
}

#[test]
fn meta_takes_every_template_of_the_catalogue_in_every_language() {
    let creations = creations();
    assert!(creations.len() >= 4 * 40, "{}", creations.len());
    for (name, locale, creation) in creations {
        let created = MetaTemplate::from_creation(&creation)
            .unwrap_or_else(|error| panic!("{name} in {locale}: {error:?}"));
        assert_eq!(created.language, locale.code(), "{name}");
        assert_eq!(
            Some(created.category.name()),
            creation["category"].as_str(),
            "{name}"
        );
        let ttl = creation["message_send_ttl_seconds"].as_u64();
        assert_eq!(Some(created.ttl_seconds()), ttl, "{name}");
    }
}

#[test]
fn a_one_tap_button_names_its_apps_as_android_does() {
    let (.., good) = creations()
        .into_iter()
        .find(|(name, ..)| name == "one_time_code_autofill")
        .expect("the catalogue has it");
    let check = |field: &str, value: Value| {
        let mut creation = good.clone();
        let apps = "/components/2/buttons/0/supported_apps/0";
        creation.pointer_mut(apps).expect("an app")[field] = value;
        assert!(MetaTemplate::from_creation(&creation).is_err(), "{field}");
    };
    for package in ["banco", "br..banco", "br.1banco", "br.ban co"] {
        check("package_name", package.into());
    }
    for hash in ["K8a/AINcGX", "K8a/AINcGX77", "K8a/AINcGX!"] {
        check("signature_hash", hash.into());
    }
}
