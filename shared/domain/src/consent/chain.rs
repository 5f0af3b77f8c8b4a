//! The chain that holds a history together: each entry carries the hash of the one before it, so that one
//! taken away or changed shows. How and why: `docs/decisions/0008`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::channel::Channel;
use crate::class::Class;
use crate::ids::{RecipientToken, TenantId};
use crate::seal::Sealed;

use super::event::{ConsentEvent, State};
use super::{Changed, ChannelConsents, Consents};

/// The end of a channel's chain, kept with the current consents and written with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many entries there are.
    pub length: u64,
    /// The last one's hash; empty where there is none.
    pub hash: String,
}

/// What ties an entry to the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its place in its channel's chain, from 1.
    pub number: u64,
    /// The hash of the entry before it; empty for the first.
    pub previous: String,
    /// SHA-256 of what [`covered`] says, in hex.
    pub hash: String,
    /// SHA-256 of the sealed evidence, in hex: it stays when an erasure takes the evidence away, and tells
    /// nothing of it.
    pub evidence: Option<String>,
    /// How each of its purposes stood after it.
    pub after: BTreeMap<Class, State>,
}

/// An event as the history holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// The event.
    pub event: ConsentEvent,
    /// Its place in the chain.
    pub link: Link,
}

impl HistoryEntry {
    /// Its sort key.
    #[must_use]
    pub fn sort_key(&self) -> String {
        self.event.sort_key()
    }
}

/// Where a chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Break {
    /// No entry has this number.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// Two entries have this number.
    #[error("entry {0} is there twice")]
    Twice(u64),
    /// The entry is not what its hash was made of, or not what the next one names as its predecessor.
    #[error("entry {0} was changed")]
    Changed(u64),
    /// The evidence is not what was sealed.
    #[error("the evidence of entry {0} was changed")]
    Evidence(u64),
    /// The last entry is not the one that the current consents name.
    #[error("entry {0} is not the last that was written")]
    Head(u64),
}

impl Break {
    /// The number of the entry.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Missing(number)
            | Self::Twice(number)
            | Self::Changed(number)
            | Self::Evidence(number)
            | Self::Head(number) => number,
        }
    }
}

impl ChannelConsents {
    /// Takes an event into the consents and the chain; answers the entry to write with them. Whether the
    /// history has the event already is for the store to know.
    #[must_use]
    pub fn take_in(
        &mut self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> (Changed, HistoryEntry) {
        let event = event.in_millis();
        let changed = self.apply(&event.purposes, event.consent);
        let stands = |purpose: &Class| {
            let held = self.purposes.get(purpose)?;
            Some((*purpose, held.state(event.received_at)))
        };
        let mut link = Link {
            number: self.head.length + 1,
            previous: self.head.hash.clone(),
            hash: String::new(),
            evidence: event.evidence.as_ref().map(evidence_digest),
            after: event.purposes.iter().filter_map(stands).collect(),
        };
        link.hash = sha256(&covered(tenant, recipient, &event, &link));
        self.head = Head {
            length: link.number,
            hash: link.hash.clone(),
        };
        (changed, HistoryEntry { event, link })
    }
}

/// What an entry's hash covers: a name and a value on each line, in this order, times in milliseconds since
/// 1970. Whoever has the history as the API shows it can make the same.
#[must_use]
pub fn covered(
    tenant: &TenantId,
    recipient: &RecipientToken,
    event: &ConsentEvent,
    link: &Link,
) -> String {
    let millis = |at: Timestamp| at.as_millisecond().to_string();
    let optional = |at: Option<Timestamp>| at.map(millis).unwrap_or_default();
    let purposes: Vec<&str> = event.purposes.iter().map(|class| class.name()).collect();
    let after = link.after.iter();
    let after: Vec<String> = after
        .map(|(purpose, state)| format!("{purpose}:{}", state.name()))
        .collect();
    let consent = &event.consent;
    let lines = [
        ("recado-consent", "1".to_owned()),
        ("tenant", tenant.to_string()),
        ("recipient", recipient.to_string()),
        ("channel", event.channel.to_string()),
        ("number", link.number.to_string()),
        ("previous", link.previous.clone()),
        ("id", event.digest.clone()),
        ("action", consent.action.name().to_owned()),
        ("purposes", purposes.join(",")),
        ("status_after", after.join(",")),
        ("source", consent.source.name().to_owned()),
        (
            "legal_basis",
            consent.basis.map_or("", |it| it.name()).to_owned(),
        ),
        ("captured_at", millis(consent.since)),
        ("received_at", millis(event.received_at)),
        ("double_opt_in_at", optional(consent.double_opt_in_at)),
        ("expires_at", optional(consent.expires_at)),
        ("evidence", link.evidence.clone().unwrap_or_default()),
    ];
    let line = |(name, value): (&str, String)| format!("{name}={value}\n");
    lines.map(line).concat()
}

/// What is to be said of a channel's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The end that the current consents name.
    pub head: Head,
    /// Whether it holds, or where it breaks first.
    pub holds: Result<(), Break>,
    /// How many entries had evidence that is gone. Only an erasure takes it.
    pub without_evidence: usize,
}

/// Whether each channel's entries are those that were written, all of them, unchanged. An entry whose
/// evidence is gone holds: its digest stands for it.
#[must_use]
pub fn verify<'a>(
    tenant: &TenantId,
    recipient: &RecipientToken,
    consents: &Consents,
    entries: impl IntoIterator<Item = &'a HistoryEntry>,
) -> BTreeMap<Channel, Verdict> {
    let mut chains: BTreeMap<Channel, Vec<&HistoryEntry>> = BTreeMap::new();
    for entry in entries {
        chains.entry(entry.event.channel).or_default().push(entry);
    }
    for channel in consents.0.keys() {
        chains.entry(*channel).or_default();
    }
    let mut verdicts = BTreeMap::new();
    for (channel, mut entries) in chains {
        entries.sort_by_key(|entry| entry.link.number);
        let head = consents.0.get(&channel);
        let head = head.map(|held| held.head.clone()).unwrap_or_default();
        let holds = verify_one(tenant, recipient, &head, &entries);
        let gone = |entry: &&&HistoryEntry| {
            entry.event.evidence.is_none() && entry.link.evidence.is_some()
        };
        let verdict = Verdict {
            without_evidence: entries.iter().filter(gone).count(),
            head,
            holds,
        };
        verdicts.insert(channel, verdict);
    }
    verdicts
}

fn verify_one(
    tenant: &TenantId,
    recipient: &RecipientToken,
    head: &Head,
    entries: &[&HistoryEntry],
) -> Result<(), Break> {
    let mut last = Head::default();
    for entry in entries {
        let (event, link) = (&entry.event, &entry.link);
        let number = last.length + 1;
        if link.number != number {
            return Err(if link.number < number {
                Break::Twice(link.number)
            } else {
                Break::Missing(number)
            });
        }
        let unchanged = sha256(&covered(tenant, recipient, event, link)) == link.hash;
        if !unchanged || link.previous != last.hash {
            return Err(Break::Changed(number));
        }
        let sealed = event.evidence.as_ref().map(evidence_digest);
        if sealed.is_some() && sealed != link.evidence {
            return Err(Break::Evidence(number));
        }
        last = Head {
            length: number,
            hash: link.hash.clone(),
        };
    }
    if last.length < head.length {
        return Err(Break::Missing(last.length + 1));
    }
    if last != *head {
        return Err(Break::Head(last.length));
    }
    Ok(())
}

/// A text's SHA-256, in hex.
#[must_use]
pub fn sha256(text: &str) -> String {
    hex(&[text.as_bytes()])
}

fn evidence_digest(sealed: &Sealed) -> String {
    hex(&[sealed.key.as_bytes(), b"\n", &sealed.bytes])
}

fn hex(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    data_encoding::HEXLOWER.encode(context.finish().as_ref())
}
