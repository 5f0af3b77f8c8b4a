//! I8: what was read before a message left, and whether it was true.

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, Consents, Keyword, MetaPreference, Source};
use recado_domain::hours::Zone;
use recado_domain::ids::{NotificationId, RecipientToken, TenantId};

use recado_domain::template::QuietHours;

use super::{Auditor, Promise};
use crate::history::Actor;
use crate::sim::time;

/// Two events closer to each other than this may count either way: replies come in whole seconds.
const SAME_MOMENT: i64 = 1_000;

/// A consent event that is stored.
pub(super) struct Stored {
    pub(super) tenant: TenantId,
    pub(super) recipient: RecipientToken,
    pub(super) channel: Channel,
    pub(super) purposes: Vec<Class>,
    pub(super) action: Action,
    pub(super) since: i64,
    pub(super) source: Source,
}

/// What somebody read, and how much was stored by then.
pub(super) struct Known {
    consents: Box<Consents>,
    stored: usize,
}

impl Auditor<'_> {
    pub(super) fn noted_question(
        &mut self,
        by: Actor,
        tenant: &TenantId,
        recipient: &RecipientToken,
        consents: &Consents,
    ) {
        let known = Known {
            consents: Box::new(consents.clone()),
            stored: self.consented.len(),
        };
        self.asked
            .insert((by, tenant.clone(), recipient.clone()), known);
    }

    /// An erasure revokes everything.
    pub(super) fn erased(&mut self, tenant: &TenantId, recipient: &RecipientToken) {
        let second = self.at.div_euclid(1_000);
        // What was written before an erasure and comes after it is not heeded: everything is revoked.
        self.words
            .retain(|(bank, written, _)| bank != tenant || *written > second);
        // With the conversation goes the note of what was confirmed.
        for (_, left) in self
            .unconfirmed
            .iter_mut()
            .filter(|((bank, _), _)| bank == tenant)
        {
            *left += 1;
        }
        for channel in Channel::ALL {
            let at = self.at;
            self.consented.push(Stored {
                tenant: tenant.clone(),
                recipient: recipient.clone(),
                channel,
                purposes: Class::ALL.to_vec(),
                action: Action::Revoke,
                since: at,
                source: Source::App,
            });
        }
    }

    /// A message is about to leave: its maker must have asked, been told that it may, and truly so.
    pub(super) fn is_permitted(&mut self, id: &NotificationId, by: Actor, channel: Channel) {
        let Some(case) = self.cases.get(id) else {
            return;
        };
        let (item, class) = (case.item, case.class());
        let key = (by, item.tenant.clone(), item.recipient.clone());
        let what = match self.asked.get(&key) {
            None => Some(format!("{channel} left and nobody had asked for consent")),
            Some(known) if !may(&known.consents, class, channel) => Some(format!(
                "{channel} left although what was read forbids it: {:?}",
                known.consents
            )),
            Some(known) => {
                let revoked = self.revoked(&key.1, &key.2, class, channel, known.stored);
                let matters = channel == Channel::Whatsapp
                    || matches!(class, Class::Transactional | Class::Servicing);
                (revoked && matters)
                    .then(|| format!("{channel} left although it had been revoked before"))
            }
        };
        if let Some(what) = what {
            self.broken(Promise::I8, Some(id), what);
        }
    }

    /// What heeds quiet hours does not leave in them.
    pub(super) fn is_awake(&mut self, id: &NotificationId) {
        if self.wakes(id, self.at) > self.at {
            self.broken(Promise::I8, Some(id), "sent in the recipient's quiet hours");
        }
    }

    /// The end of the quiet hours that hold for it at a moment; that moment, where none do.
    pub(super) fn wakes(&self, id: &NotificationId, at: i64) -> i64 {
        let Some(item) = self.cases.get(id).map(|case| case.item) else {
            return at;
        };
        let now = time(at);
        let hours = self.evidence.hours.get(&item.tenant);
        let zones = item.zone.map(Zone::time_zones).unwrap_or_default();
        let quiet = hours.and_then(|hours| hours.quiet(item.class, &zones, now));
        let heeds = item.quiet_hours != QuietHours::Ignored;
        quiet
            .filter(|quiet| heeds && quiet.holds(now))
            .map_or(at, |quiet| quiet.until.as_millisecond())
    }

    /// Whether the newest event stored by then is a revoke, beyond doubt.
    fn revoked(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        class: Class,
        channel: Channel,
        stored: usize,
    ) -> bool {
        let newest = |action: Action| {
            let events = self.consented[..stored].iter().filter(|event| {
                event.tenant == *tenant
                    && event.recipient == *recipient
                    && event.channel == channel
                    && event.action == action
                    && event.purposes.contains(&class)
            });
            events.map(|event| event.since).max()
        };
        match (newest(Action::Revoke), newest(Action::Grant)) {
            (Some(revoked), Some(granted)) => revoked > granted + SAME_MOMENT,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    pub(super) fn word(&mut self, tenant: &TenantId, keyword: Keyword) {
        for (named, most) in [(true, 1), (false, 2)] {
            let key = (tenant.clone(), named);
            *self.unconfirmed.entry(key).or_default() += most;
        }
        if !keyword.revokes().is_empty() {
            let second = self.at.div_euclid(1_000);
            self.words.push((tenant.clone(), second, keyword.source()));
        }
    }

    /// A word is confirmed once for each identity under which Meta delivers it, however often: the number,
    /// the user id of nobody known, and the same once we have learnt whose it is.
    pub(super) fn confirmed(&mut self, tenant: &TenantId, phone: &str, outcome: &str) {
        if matches!(outcome, "accepted" | "unknown" | "held") {
            let key = (tenant.clone(), !phone.is_empty());
            let left = self.unconfirmed.entry(key).or_default();
            *left -= 1;
            if *left < 0 {
                let what = "a customer's word was confirmed twice";
                self.broken(Promise::Conservation, None, what);
            }
        }
    }

    /// Every word that revokes and that Meta did not lose is a stored revoke in the end.
    pub(super) fn words_were_obeyed(&mut self) {
        for (tenant, second, source) in std::mem::take(&mut self.words) {
            // A grant of a clock ahead of ours moves the word's time on, never back.
            let obeyed = self.consented.iter().any(|event| {
                event.tenant == tenant
                    && event.action == Action::Revoke
                    && event.source == source
                    && event.since.div_euclid(1_000) >= second
            });
            if !obeyed {
                let what = format!("an opt-out word of second {second} was never stored");
                self.broken(Promise::I8, None, what);
            }
        }
    }
}

/// The table of the API's page on consents.
fn may(consents: &Consents, class: Class, channel: Channel) -> bool {
    let held = consents.0.get(&channel);
    let state = held
        .and_then(|held| held.purposes.get(&class))
        .map(|consent| consent.action);
    match channel {
        Channel::Whatsapp => {
            let stopped = held
                .and_then(|held| held.meta)
                .is_some_and(|(preference, _)| preference == MetaPreference::Stop);
            state == Some(Action::Grant) && !(class == Class::Marketing && stopped)
        }
        Channel::Sms | Channel::Voice => match class {
            Class::Authentication | Class::Security => true,
            Class::Transactional | Class::Servicing => state != Some(Action::Revoke),
            Class::Marketing => false,
        },
    }
}
