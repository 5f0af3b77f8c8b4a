//! A recipient as items: `PROFILE` and one `CONSENT#<channel>`.
//!
//! | item | attribute | holds |
//! |---|---|---|
//! | profile | `ph`, `lo` | sealed number, language |
//! | 〃 | `ud`, `wu`, `wr` | digest of the user id, end of the window, latest end that Meta refused (milliseconds) |
//! | 〃 | `er` | when the person was erased (milliseconds) |
//! | 〃 | `al` | digests of the WhatsApp ids that lead here: an erasure must find them |
//! | consent | `rv` | revision: raised by every write |
//! | 〃 | a purpose's name | `granted\|<milliseconds>\|<source>\|<digest of its evidence's event>` |
//! | 〃 | `mt`, `ma` | Meta's own preference and since when (milliseconds) |

use std::collections::BTreeMap;

use jiff::Timestamp;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, Changed, ChannelConsents, MetaPreference, PurposeConsent, Source,
};
use recado_domain::locale::Locale;
use recado_ports::{ConsentEvent, Profile, StoreError};

use crate::attributes::{CURRENT, Item, Reader, VERSION, millis, number, put, text};
use crate::keys::Key;

pub(crate) const PHONE: &str = "ph";
pub(crate) const LOCALE: &str = "lo";
pub(crate) const USER: &str = "ud";
pub(crate) const WINDOW: &str = "wu";
pub(crate) const REFUSED: &str = "wr";
pub(crate) const ERASED: &str = "er";
pub(crate) const ALIASES: &str = "al";
pub(crate) const REVISION: &str = "rv";
pub(crate) const META: &str = "mt";
pub(crate) const META_AT: &str = "ma";

/// Reads a profile.
pub(crate) fn profile(item: &Item) -> Result<Profile, StoreError> {
    let aliases = aliases(item)?;
    let item = Reader::new("a profile", item)?;
    Ok(Profile {
        phone: item.optional_sealed(PHONE)?,
        locale: item.optional_parsed(LOCALE, Locale::parse)?,
        user_digest: item.optional_text(USER)?.map(str::to_owned),
        window_until: item.optional_time(WINDOW)?,
        window_refused: item.optional_time(REFUSED)?,
        aliases,
        erased_at: item.optional_time(ERASED)?,
    })
}

/// The digests of the WhatsApp ids that lead to this profile.
pub(crate) fn aliases(item: &Item) -> Result<Vec<String>, StoreError> {
    Reader::new("a profile", item)?.set(ALIASES)
}

/// The current consents of one channel, as their item holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ConsentState {
    /// Counted from 1; 0 where there is no item yet.
    pub(crate) revision: i64,
    pub(crate) consents: ChannelConsents,
    /// The event that each purpose's state rests on, by digest.
    evidence: BTreeMap<Class, String>,
}

impl ConsentState {
    pub(crate) fn from_item(item: &Item) -> Result<Self, StoreError> {
        let item = Reader::new("a consent", item)?;
        let mut state = Self {
            revision: item.number(REVISION)?,
            ..Self::default()
        };
        for purpose in Class::ALL {
            if let Some((consent, digest)) = item.optional_parsed(purpose.name(), read_purpose)? {
                state.consents.purposes.insert(purpose, consent);
                state.evidence.insert(purpose, digest);
            }
        }
        if let Some(meta) = item.optional_parsed(META, read_preference)? {
            state.consents.meta = Some((meta, item.time(META_AT)?));
        }
        Ok(state)
    }

    pub(crate) fn to_item(&self, key: &Key) -> Item {
        let mut item = key.item();
        item.insert(VERSION.to_owned(), number(CURRENT));
        item.insert(REVISION.to_owned(), number(self.revision));
        for (purpose, consent) in &self.consents.purposes {
            let digest = self.evidence.get(purpose).map_or("", String::as_str);
            item.insert(
                purpose.name().to_owned(),
                text(purpose_text(*consent, digest)),
            );
        }
        if let Some((preference, at)) = self.consents.meta {
            put(&mut item, META, Some(text(preference_name(preference))));
            put(&mut item, META_AT, Some(millis(at)));
        }
        item
    }

    /// Takes an event in, and notes for which purposes it is the evidence.
    pub(crate) fn apply(&mut self, event: &ConsentEvent) -> Changed {
        let before = self.consents.purposes.clone();
        let consent = PurposeConsent {
            since: whole_millis(event.consent.since),
            ..event.consent
        };
        let changed = self.consents.apply(&event.purposes, consent);
        for purpose in &event.purposes {
            if self.consents.purposes.get(purpose) != before.get(purpose) {
                self.evidence.insert(*purpose, event.digest.clone());
            }
        }
        if changed == Changed::Yes {
            self.revision += 1;
        }
        changed
    }
}

/// A time as it is stored: whole milliseconds.
pub(crate) fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

pub(crate) fn preference_name(preference: MetaPreference) -> &'static str {
    match preference {
        MetaPreference::Stop => "stop",
        MetaPreference::Resume => "resume",
    }
}

fn read_preference(text: &str) -> Option<MetaPreference> {
    [MetaPreference::Stop, MetaPreference::Resume]
        .into_iter()
        .find(|preference| preference_name(*preference) == text)
}

pub(crate) fn read_action(text: &str) -> Option<Action> {
    [Action::Grant, Action::Revoke]
        .into_iter()
        .find(|action| action.state() == text)
}

pub(crate) fn read_source(text: &str) -> Option<Source> {
    Source::ALL.into_iter().find(|source| source.name() == text)
}

fn purpose_text(consent: PurposeConsent, digest: &str) -> String {
    let since = consent.since.as_millisecond();
    format!(
        "{}|{since}|{}|{digest}",
        consent.action.state(),
        consent.source.name()
    )
}

fn read_purpose(text: &str) -> Option<(PurposeConsent, String)> {
    let mut parts = text.splitn(4, '|');
    let action = read_action(parts.next()?)?;
    let since = Timestamp::from_millisecond(parts.next()?.parse().ok()?).ok()?;
    let source = read_source(parts.next()?)?;
    Some((
        PurposeConsent {
            action,
            since,
            source,
        },
        parts.next()?.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use recado_domain::channel::Channel;
    use recado_domain::ids::{RecipientToken, TenantId};

    use super::*;

    fn event(action: Action, second: i64, digest: &str) -> ConsentEvent {
        let since = Timestamp::from_second(second).unwrap();
        ConsentEvent {
            channel: Channel::Whatsapp,
            purposes: vec![Class::Security, Class::Marketing],
            consent: PurposeConsent {
                action,
                since,
                source: Source::WhatsappReply,
            },
            digest: digest.to_owned(),
            received_at: since,
            evidence: None,
        }
    }

    #[test]
    fn consents_read_back_as_they_were_written_with_the_evidence_they_rest_on() {
        let key = Key::consent(
            &TenantId::parse("aurora").unwrap(),
            &RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(),
            Channel::Whatsapp,
        );
        let mut state = ConsentState::default();
        assert_eq!(state.apply(&event(Action::Grant, 5, "first")), Changed::Yes);
        assert_eq!(
            state.apply(&event(Action::Revoke, 3, "outdone")),
            Changed::No
        );
        state.consents.meta = Some((MetaPreference::Stop, Timestamp::from_second(9).unwrap()));
        let item = state.to_item(&key);
        assert_eq!(item["security"], text("granted|5000|whatsapp_reply|first"));
        assert_eq!(ConsentState::from_item(&item).unwrap(), state);
    }
}
