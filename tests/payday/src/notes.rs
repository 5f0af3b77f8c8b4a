//! Five million notifications, each in a few bytes, and the item that the protocol reads in each of them.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::class::{Class, Lane};
use recado_domain::delivery::{
    Change, Claim, CloseReason, Fact, Facts, LegFact, Limits, Notification, OpenedBecause, Value,
    plus,
};
use recado_domain::ids::{ClaimToken, NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::Sealed;

use anyhow::{Context, Result, ensure};

use crate::chance::{About, Chance};

/// A time that has not come.
pub(crate) const NEVER: u32 = u32::MAX;
/// The longest ladder of a template in the mix.
const LEGS: usize = 2;

/// How a leg ended that was not, or not only, submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    None,
    Uncertain,
    Failed,
    Closed(CloseReason),
}

/// One leg's facts.
#[derive(Clone, Copy, Debug)]
struct LegNote {
    claimed: u32,
    submitted: u32,
    ended: u32,
    attempt: u8,
    end: End,
    opened: Option<OpenedBecause>,
}

/// One notification's facts, in milliseconds from the beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    asked: u32,
    accepted: u32,
    delivered: u32,
    legs: [LegNote; LEGS],
    template: u8,
    read: Seen,
    content: Kept,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    No,
    Yes,
}

/// All of them, and the items in which they are read.
pub(crate) struct Notes {
    notes: Vec<Note>,
    items: Vec<Option<Notification>>,
    numbers: u32,
    chance: Chance,
    start: Timestamp,
    limits: Limits,
}

impl Notes {
    /// `mix`: templates of the catalogue; `numbers`: as many banks.
    pub(crate) fn new(
        mix: &[(&'static str, u32)],
        numbers: u32,
        chance: Chance,
        start: Timestamp,
        limits: Limits,
    ) -> Result<Self> {
        let mut items = Vec::new();
        for (name, _) in mix {
            for number in 0..numbers {
                items.push(Some(item(name, &tenant(number)?, start)?));
            }
        }
        Ok(Self {
            notes: Vec::new(),
            items,
            numbers,
            chance,
            start,
            limits,
        })
    }

    /// One more, asked for at that moment.
    pub(crate) fn ask(&mut self, template: u8, asked: u32) -> u32 {
        let leg = LegNote {
            claimed: NEVER,
            submitted: NEVER,
            ended: NEVER,
            attempt: 0,
            end: End::None,
            opened: None,
        };
        self.notes.push(Note {
            asked,
            accepted: NEVER,
            delivered: NEVER,
            legs: [leg; LEGS],
            template,
            read: Seen::No,
            content: Kept::Yes,
        });
        u32::try_from(self.notes.len() - 1).unwrap_or(NEVER)
    }

    pub(crate) fn accept(&mut self, n: u32, now: u32) {
        self.notes[n as usize].accepted = now;
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.notes.len()).unwrap_or(NEVER)
    }

    /// Which of the bank's numbers, or of the banks, sends it.
    pub(crate) fn number(&self, n: u32) -> u32 {
        self.chance.below(About::Number, n.into(), self.numbers)
    }

    /// Its template's place in the mix.
    fn template(&self, n: u32) -> usize {
        self.notes[n as usize].template.into()
    }

    fn place(&self, n: u32) -> usize {
        self.template(n) * self.numbers as usize + self.number(n) as usize
    }

    /// Every item as it is before anything happened, to ask the switches about.
    pub(crate) fn blanks(&self) -> impl Iterator<Item = &Notification> {
        self.items.iter().flatten()
    }

    /// Its item's place among [`Notes::blanks`].
    pub(crate) fn blank(&self, n: u32) -> usize {
        self.place(n)
    }

    pub(crate) fn lane(&self, n: u32) -> Lane {
        self.items[self.place(n)]
            .as_ref()
            .map_or(Lane::Standard, |item| item.lane)
    }

    pub(crate) fn at(&self, ms: u32) -> Timestamp {
        plus(self.start, Duration::from_millis(ms.into()))
    }

    pub(crate) fn ms(&self, at: Timestamp) -> u32 {
        let ms = at.as_millisecond() - self.start.as_millisecond();
        u32::try_from(ms.max(0)).unwrap_or(NEVER)
    }

    /// The token of whoever holds something of the notification since that moment.
    pub(crate) fn token(&self, n: u32, ms: u32) -> ClaimToken {
        let whom = u64::from(n) << 32 | u64::from(ms);
        let half = self.chance.bits(About::Token, whom).to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&half);
        bytes[8..].copy_from_slice(&whom.to_be_bytes());
        ClaimToken::from_random(bytes)
    }

    /// The item as a store would give it. It must come back by [`Notes::put`].
    pub(crate) fn take(&mut self, n: u32) -> Option<Notification> {
        let place = self.place(n);
        let mut item = self.items[place].take()?;
        self.fill(&mut item, n);
        Some(item)
    }

    /// Puts the item back as it was read.
    pub(crate) fn put(&mut self, n: u32, item: Notification) {
        let place = self.place(n);
        self.items[place] = Some(item);
    }

    fn fill(&self, item: &mut Notification, n: u32) {
        let note = &self.notes[n as usize];
        let validity = item.valid_until.duration_since(item.accepted_at);
        item.accepted_at = self.at(note.accepted);
        item.valid_until = item
            .accepted_at
            .checked_add(validity)
            .unwrap_or(Timestamp::MAX);
        if note.content == Kept::No {
            item.content = None;
        } else if item.content.is_none() {
            item.content = Some(sealed());
        }
        let mut facts = Facts::default();
        for (leg, facts_of) in (0_u8..).zip(&note.legs) {
            self.leg_facts(&mut facts, n, leg, facts_of);
        }
        if note.delivered != NEVER {
            let at: Value = self.at(note.delivered).into();
            if note.read == Seen::Yes {
                facts.insert(Fact::Leg(0, LegFact::Read), at.clone());
            }
            facts.insert(Fact::Leg(0, LegFact::Delivered), at);
        }
        item.facts = facts;
    }

    fn leg_facts(&self, facts: &mut Facts, n: u32, leg: u8, note: &LegNote) {
        let mut insert = |fact, value: Value| facts.insert(Fact::Leg(leg, fact), value);
        if note.claimed != NEVER {
            let token = self.token(n, note.claimed);
            insert(LegFact::Token, token.as_str().into());
            insert(LegFact::Claimed, self.at(note.claimed).into());
            insert(LegFact::Until, self.until(leg, note.claimed).into());
        }
        if note.attempt > 0 {
            insert(LegFact::Attempt, Value::Number(note.attempt.into()));
        }
        if let Some(because) = note.opened {
            insert(LegFact::Opened, because.name().into());
        }
        if note.submitted != NEVER {
            insert(LegFact::Submitted, self.at(note.submitted).into());
        }
        let ended = || self.at(note.ended).into();
        match note.end {
            End::None => {}
            End::Uncertain => insert(LegFact::Uncertain, ended()),
            End::Failed => {
                insert(LegFact::Failed, ended());
            }
            End::Closed(reason) => {
                insert(LegFact::Closed, ended());
                insert(LegFact::ClosedBecause, reason.name().into());
            }
        }
    }

    /// How long a claim holds: as `step` makes it.
    fn until(&self, leg: u8, claimed: u32) -> Timestamp {
        let limits = self.limits;
        let held = if leg == 0 {
            limits.retry_window + limits.post_timeout
        } else {
            limits.lease
        };
        plus(self.at(claimed), held)
    }

    /// Writes a change that the item permits; the item is afterwards as it is stored.
    pub(crate) fn write(&mut self, n: u32, item: Notification, change: &Change) -> Notification {
        let item = change.apply(item);
        let keep = |facts: &Facts, leg, fact| facts.at(&Fact::Leg(leg, fact));
        let mut legs = self.notes[n as usize].legs;
        for (leg, note) in (0_u8..).zip(&mut legs) {
            let facts = item.leg(leg);
            let ms = |at: Option<Timestamp>| at.map_or(NEVER, |at| self.ms(at));
            let closed = keep(&item.facts, leg, LegFact::Closed);
            note.claimed = ms(facts.claimed_at());
            note.submitted = ms(facts.submitted_at());
            note.attempt = facts
                .attempt()
                .map_or(0, |attempt| u8::try_from(attempt).unwrap_or(u8::MAX));
            note.opened = facts.opened_because();
            (note.end, note.ended) = match (closed, facts.failed_at(), facts.uncertain_at()) {
                (Some(at), _, _) => (
                    End::Closed(facts.closed_because().unwrap_or(CloseReason::Guard)),
                    self.ms(at),
                ),
                (None, Some(at), _) => (End::Failed, self.ms(at)),
                (None, None, Some(at)) => (End::Uncertain, self.ms(at)),
                (None, None, None) => (End::None, NEVER),
            };
        }
        let delivered = item.leg(0).delivered_at().map_or(NEVER, |at| self.ms(at));
        let note = &mut self.notes[n as usize];
        note.legs = legs;
        note.delivered = delivered;
        if item.leg(0).read_at().is_some() {
            note.read = Seen::Yes;
        }
        if item.content.is_none() {
            note.content = Kept::No;
        }
        item
    }

    /// The claim of a leg, as its holder knows it.
    pub(crate) fn claim(&self, n: u32, leg: u8) -> Claim {
        let note = self.notes[n as usize].legs[usize::from(leg)];
        Claim {
            token: self.token(n, note.claimed),
            at: self.at(note.claimed),
            until: self.until(leg, note.claimed),
            attempt: note.attempt.into(),
            known_user: None,
        }
    }

    /// When it was asked for first, accepted, and submitted by WhatsApp, or [`NEVER`].
    pub(crate) fn times(&self, n: u32) -> [u32; 3] {
        let note = &self.notes[n as usize];
        [note.asked, note.accepted, note.legs[0].submitted]
    }
}

/// The bank that stands for a number.
pub(crate) fn tenant(number: u32) -> Result<TenantId> {
    TenantId::parse(&format!("banco-{}", number + 1)).context("a bank's id")
}

fn sealed() -> Sealed {
    Sealed {
        key: "k1".to_owned(),
        bytes: Vec::new(),
    }
}

/// A notification of a template of the catalogue, accepted at the start.
fn item(name: &str, tenant: &TenantId, start: Timestamp) -> Result<Notification> {
    let name = TemplateName::parse(name)?;
    let template = catalogue::find(&name, None).with_context(|| format!("no template {name}"))?;
    ensure!(template.ladder.len() <= LEGS, "{name} has too many legs");
    let first = template.ladder.first().map(|rung| rung.channel);
    ensure!(
        first == Some(Channel::Whatsapp),
        "{name} does not begin with WhatsApp"
    );
    Ok(Notification {
        id: NotificationId::parse(&format!("ntf_{}", "a".repeat(26)))?,
        tenant: tenant.clone(),
        recipient: RecipientToken::parse(&format!("rcp_1_{}", "a".repeat(26)))?,
        to_masked: String::new(),
        template_version: template.version,
        locale: Locale::PtBr,
        class: template.class,
        lane: template.lane(),
        reference: None,
        digest: String::new(),
        accepted_at: start,
        valid_until: plus(start, template.validity),
        ladder: template.ladder.clone(),
        max_queue_wait: template.max_queue_wait,
        when_queue_wait_exceeded: template.when_queue_wait_exceeded,
        quiet_hours: template.quiet_hours,
        zone: None,
        daily_cap: template.daily_cap.or(Class::daily_cap(template.class)),
        masked: std::collections::BTreeMap::new(),
        content: Some(sealed()),
        facts: Facts::default(),
        template: name,
    })
}
