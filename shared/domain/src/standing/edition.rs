//! One language of one version: what is a template of its own at Meta.

use crate::channel::Channel;
use crate::delivery::Notification;
use crate::ids::{TemplateName, version_suffix};
use crate::locale::Locale;
use crate::template::Template;

/// One language of one version of a template: a template of its own at Meta.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition {
    /// The template.
    pub name: TemplateName,
    /// Its version, counted from 1.
    pub version: u32,
    /// The language.
    pub locale: Locale,
}

impl Edition {
    /// The one in which a notification is written.
    #[must_use]
    pub fn of(item: &Notification) -> Self {
        Self {
            name: item.template.clone(),
            version: item.template_version,
            locale: item.locale,
        }
    }

    /// Every language of a version that leaves by WhatsApp; none where it does not.
    pub fn each_of(template: &Template) -> impl Iterator<Item = Self> {
        let by_whatsapp = template.uses(Channel::Whatsapp);
        let edition = |locale| Self {
            name: template.name.clone(),
            version: template.version,
            locale,
        };
        let locales = template.locales.keys().copied();
        locales.filter(move |_| by_whatsapp).map(edition)
    }

    /// The name at Meta, where every version has one of its own: `pix_received`, then `pix_received_v2`.
    #[must_use]
    pub fn meta_name(&self) -> String {
        meta_name(&self.name, self.version)
    }

    /// Reads a name and a language as Meta writes them. Nothing, where Recado makes no such name or does
    /// not speak the language: then it is somebody else's template in the same account.
    #[must_use]
    pub fn parse(meta_name: &str, language: &str) -> Option<Self> {
        let locale = Locale::parse(language)?;
        let (name, version) = match version_suffix(meta_name) {
            None => (meta_name, 1),
            Some((name, digits)) => {
                // Only as `meta_name` writes it: no `_v1`, no `_v02`.
                let canonical = !digits.starts_with('0');
                let version = digits.parse().ok().filter(|version| *version > 1);
                (name, version.filter(|_| canonical)?)
            }
        };
        Some(Self {
            name: TemplateName::parse(name).ok()?,
            version,
            locale,
        })
    }
}

pub(crate) fn meta_name(name: &TemplateName, version: u32) -> String {
    match version {
        1 => name.to_string(),
        version => format!("{name}_v{version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(name: &str, version: u32, locale: Locale) -> Edition {
        Edition {
            name: TemplateName::parse(name).expect("a template's name"),
            version,
            locale,
        }
    }

    #[test]
    fn every_edition_reads_back_from_its_name_at_meta() {
        for name in ["pix_received", "a", "_v", "v2", "card_v2x", "x_v"] {
            for version in [1, 2, 10, u32::MAX] {
                for locale in Locale::ALL {
                    let one = edition(name, version, locale);
                    let read = Edition::parse(&one.meta_name(), locale.code());
                    assert_eq!(read, Some(one));
                }
            }
        }
    }

    #[test]
    fn a_name_that_recado_never_makes_is_somebody_elses() {
        let check = |name: &str, language: &str| {
            assert_eq!(Edition::parse(name, language), None, "{name} in {language}");
        };
        check("pix_received_v1", "pt_BR");
        check("pix_received_v02", "pt_BR");
        check("pix_received_v0", "pt_BR");
        check("pix_received_v4294967296", "pt_BR");
        check("pix_received_v2_v3", "pt_BR");
        check("_v2", "pt_BR");
        check("Pix Received", "pt_BR");
        check("pix_received", "en_US");
        assert_eq!(
            Edition::parse("pix_received_v2", "pt-BR"),
            Some(edition("pix_received", 2, Locale::PtBr))
        );
    }

    #[test]
    fn no_template_is_named_as_another_ones_version() {
        for name in ["pix_received_v2", "pix_received_v1", "x_v10"] {
            assert!(TemplateName::parse(name).is_err(), "{name}");
        }
    }
}
