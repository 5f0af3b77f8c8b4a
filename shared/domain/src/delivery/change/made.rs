//! Every change of the protocol.

use jiff::Timestamp;

use super::super::facts::{Fact, LegFact, Value};
use super::super::notification::Notification;
use super::super::outcome::{Failure, Receipts};
use super::super::reason::{CloseReason, OpenedBecause, SuppressReason};
use super::{Change, Condition, Content};
use crate::class::WhenUncertain;
use crate::ids::{ClaimToken, TenantId};

const CLAIM: [LegFact; 4] = [
    LegFact::Token,
    LegFact::Claimed,
    LegFact::Until,
    LegFact::Attempt,
];

fn has(leg: u8, fact: LegFact) -> Condition {
    Condition::Has(Fact::Leg(leg, fact))
}

fn lacks(leg: u8, fact: LegFact) -> Condition {
    Condition::Lacks(Fact::Leg(leg, fact))
}

/// Nothing was delivered, read, answered, cancelled or suppressed: a leg may be claimed (I6, I8).
fn undecided(legs: u8) -> Vec<Condition> {
    let mut all = vec![
        Condition::Lacks(Fact::Cancelled),
        Condition::Lacks(Fact::Suppressed),
        Condition::Lacks(Fact::Answered),
    ];
    for leg in 0..legs {
        all.push(lacks(leg, LegFact::Delivered));
        all.push(lacks(leg, LegFact::Read));
    }
    all
}

fn leg_count(item: &Notification) -> u8 {
    u8::try_from(item.ladder.len()).unwrap_or(u8::MAX)
}

fn content_after(item: &Notification, leg: u8) -> Content {
    if leg + 1 < leg_count(item) {
        Content::Keep
    } else {
        Content::Drop
    }
}

/// The claim that [`claim_first`] and [`claim_later`] put down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The holder.
    pub token: ClaimToken,
    /// Now.
    pub at: Timestamp,
    /// After this moment the holder can no longer act.
    pub until: Timestamp,
    /// WhatsApp: the job's attempt. A later leg: 1, or 2 for its one repetition.
    pub attempt: u32,
    /// WhatsApp: digest of the user id under which the recipient is known, so that a receipt which
    /// names the same one costs no further read.
    pub known_user: Option<String>,
}

impl Claim {
    fn facts(&self, leg: u8, because: OpenedBecause) -> Vec<(Fact, Value)> {
        let mut facts = vec![
            (Fact::Leg(leg, LegFact::Token), self.token.as_str().into()),
            (Fact::Leg(leg, LegFact::Claimed), self.at.into()),
            (Fact::Leg(leg, LegFact::Until), self.until.into()),
            (
                Fact::Leg(leg, LegFact::Attempt),
                Value::Number(self.attempt.into()),
            ),
            (Fact::Leg(leg, LegFact::Opened), because.name().into()),
        ];
        facts.extend(
            self.known_user
                .as_deref()
                .map(|user| (Fact::Leg(leg, LegFact::KnownUser), user.into())),
        );
        facts
    }
}

/// Claims WhatsApp (I3): never claimed, never closed, no later leg touched. The claim never expires.
#[must_use]
pub fn claim_first(item: &Notification, claim: &Claim) -> Change {
    let mut when = undecided(leg_count(item));
    when.extend([Condition::ValidAt(claim.at), Condition::Sealed]);
    when.extend([
        lacks(0, LegFact::Token),
        lacks(0, LegFact::Closed),
        lacks(0, LegFact::Failed),
    ]);
    when.extend(
        (1..leg_count(item))
            .flat_map(|leg| [lacks(leg, LegFact::Token), lacks(leg, LegFact::Closed)]),
    );
    Change {
        when: Condition::All(when),
        set: claim.facts(0, OpenedBecause::First),
        set_once: Vec::new(),
        remove: Vec::new(),
        content: Content::Keep,
    }
}

/// Claims a later leg (I5, I6): the leg before it closed, failed or overdue; its own claim absent, or
/// run out without the repetition that its class permits.
#[must_use]
pub fn claim_later(item: &Notification, leg: u8, claim: &Claim, because: OpenedBecause) -> Change {
    let before = leg - 1;
    let overdue = claim.at.as_millisecond() - millis(item.ladder[usize::from(leg)].after);
    let mut when = undecided(leg_count(item));
    when.extend([Condition::ValidAt(claim.at), Condition::Sealed]);
    when.push(Condition::Any(vec![
        has(before, LegFact::Closed),
        has(before, LegFact::Failed),
        Condition::AtMost(Fact::Leg(before, LegFact::Submitted), overdue),
        Condition::All(vec![
            lacks(before, LegFact::Submitted),
            Condition::AtMost(Fact::Leg(before, LegFact::Uncertain), overdue),
        ]),
        Condition::All(vec![
            lacks(before, LegFact::Submitted),
            lacks(before, LegFact::Uncertain),
            Condition::AtMost(Fact::Leg(before, LegFact::Until), overdue),
        ]),
    ]));
    when.extend([
        lacks(leg, LegFact::Submitted),
        lacks(leg, LegFact::Failed),
        lacks(leg, LegFact::Closed),
    ]);
    when.extend(
        (leg + 1..leg_count(item))
            .flat_map(|later| [lacks(later, LegFact::Token), lacks(later, LegFact::Closed)]),
    );
    when.push(match item.class.when_uncertain() {
        WhenUncertain::LeaveAndReport => lacks(leg, LegFact::Token),
        WhenUncertain::RepeatOnce => Condition::Any(vec![
            lacks(leg, LegFact::Token),
            Condition::All(vec![
                Condition::AtMost(Fact::Leg(leg, LegFact::Until), claim.at.as_millisecond()),
                Condition::AtMost(
                    Fact::Leg(leg, LegFact::Attempt),
                    i64::from(claim.attempt) - 1,
                ),
            ]),
        ]),
    });
    Change {
        when: Condition::All(when),
        set: claim.facts(leg, because),
        set_once: Vec::new(),
        remove: vec![Fact::Leg(leg, LegFact::Uncertain)],
        content: Content::Keep,
    }
}

/// Gives a claim back: by its token, and only when the message is known not to have left. A later leg
/// keeps its attempt, so that its one repetition stays one.
#[must_use]
pub fn release(leg: u8, token: &ClaimToken) -> Change {
    Change {
        when: Condition::All(vec![
            Condition::Is(Fact::Leg(leg, LegFact::Token), token.as_str().into()),
            lacks(leg, LegFact::Submitted),
            lacks(leg, LegFact::Uncertain),
        ]),
        set: Vec::new(),
        set_once: Vec::new(),
        remove: CLAIM
            .into_iter()
            .chain([LegFact::Opened])
            .filter(|fact| leg == 0 || *fact != LegFact::Attempt)
            .map(|fact| Fact::Leg(leg, fact))
            .collect(),
        content: Content::Keep,
    }
}

/// Closes an unclaimed leg, or one that `held` holds and has not sent: nothing leaves by it any more.
#[must_use]
pub fn close(
    item: &Notification,
    leg: u8,
    reason: CloseReason,
    at: Timestamp,
    held: Option<&ClaimToken>,
) -> Change {
    let mine =
        |token: &ClaimToken| Condition::Is(Fact::Leg(leg, LegFact::Token), token.as_str().into());
    let free = held.map_or_else(
        || vec![lacks(leg, LegFact::Token), Condition::Sealed],
        |token| vec![mine(token)],
    );
    Change {
        when: Condition::All(vec![
            Condition::All(free),
            lacks(leg, LegFact::Closed),
            lacks(leg, LegFact::Submitted),
            lacks(leg, LegFact::Failed),
        ]),
        set: vec![
            (Fact::Leg(leg, LegFact::Closed), at.into()),
            (Fact::Leg(leg, LegFact::ClosedBecause), reason.name().into()),
        ],
        set_once: Vec::new(),
        // A later leg's attempt says that an earlier one may have left.
        remove: held.map_or_else(Vec::new, |_| {
            CLAIM
                .into_iter()
                .filter(|fact| leg == 0 || *fact != LegFact::Attempt)
                .map(|fact| Fact::Leg(leg, fact))
                .collect()
        }),
        content: content_after(item, leg),
    }
}

/// Decides that nothing is sent. `held`: the leg whose unsent claim the writer holds and gives back.
#[must_use]
pub fn suppress(
    item: &Notification,
    reason: SuppressReason,
    at: Timestamp,
    held: Option<(u8, &ClaimToken)>,
) -> Change {
    let mut when = vec![
        Condition::Lacks(Fact::Suppressed),
        Condition::Lacks(Fact::Cancelled),
    ];
    let mut remove = Vec::new();
    for leg in 0..leg_count(item) {
        match held {
            Some((mine, token)) if mine == leg => {
                when.push(Condition::Is(
                    Fact::Leg(leg, LegFact::Token),
                    token.as_str().into(),
                ));
                remove.extend(CLAIM.into_iter().map(|fact| Fact::Leg(leg, fact)));
            }
            Some(_) | None => when.push(lacks(leg, LegFact::Token)),
        }
        when.push(lacks(leg, LegFact::Submitted));
    }
    Change {
        when: Condition::All(when),
        set: vec![
            (Fact::Suppressed, at.into()),
            (Fact::SuppressedBecause, reason.name().into()),
        ],
        set_once: Vec::new(),
        remove,
        content: Content::Drop,
    }
}

/// Notes that the leg's carrier accepted the message.
#[must_use]
pub fn submitted(item: &Notification, leg: u8, at: Timestamp, provider_id: Option<&str>) -> Change {
    let mut set = vec![(Fact::Leg(leg, LegFact::Submitted), at.into())];
    set.extend(provider_id.map(|id| (Fact::Leg(leg, LegFact::ProviderId), id.into())));
    Change {
        when: lacks(leg, LegFact::Submitted),
        set,
        set_once: Vec::new(),
        remove: Vec::new(),
        content: content_after(item, leg),
    }
}

/// Notes that nobody knows whether the leg's message left.
#[must_use]
pub fn uncertain(item: &Notification, leg: u8, at: Timestamp) -> Change {
    let may_repeat = leg > 0 && item.may_repeat(leg);
    // Of this holder, not of one that has succeeded it meanwhile.
    let holder = item.facts.text(&Fact::Leg(leg, LegFact::Token));
    Change {
        when: Condition::All(vec![
            Condition::Is(
                Fact::Leg(leg, LegFact::Token),
                holder.unwrap_or_default().into(),
            ),
            lacks(leg, LegFact::Submitted),
            lacks(leg, LegFact::Failed),
            lacks(leg, LegFact::Uncertain),
        ]),
        set: vec![(Fact::Leg(leg, LegFact::Uncertain), at.into())],
        set_once: Vec::new(),
        remove: Vec::new(),
        content: if may_repeat {
            Content::Keep
        } else {
            content_after(item, leg)
        },
    }
}

/// Notes that an attempt failed for good; an older attempt's failure is no fact of the current one.
#[must_use]
pub fn failed(leg: u8, attempt: u32, failure: &Failure, at: Timestamp, content: Content) -> Change {
    Change {
        when: Condition::All(vec![
            Condition::Is(
                Fact::Leg(leg, LegFact::Attempt),
                Value::Number(attempt.into()),
            ),
            lacks(leg, LegFact::Failed),
        ]),
        set: vec![
            (Fact::Leg(leg, LegFact::Failed), at.into()),
            (
                Fact::Leg(leg, LegFact::Failure),
                Value::Text(failure.encode()),
            ),
        ],
        set_once: Vec::new(),
        remove: Vec::new(),
        content,
    }
}

/// Whether a failure of the leg leaves anything to send.
#[must_use]
pub fn content_after_failure(item: &Notification, leg: u8) -> Content {
    content_after(item, leg)
}

/// Stores what Meta says of the WhatsApp message, each fact once; refused when it is all known already.
#[must_use]
pub fn receipts(tenant: &TenantId, receipts: &Receipts, at: Timestamp) -> Option<Change> {
    let mut facts = Vec::new();
    if receipts.delivered {
        facts.push(LegFact::Delivered);
    }
    if receipts.read {
        facts.push(LegFact::Read);
    }
    if facts.is_empty() {
        return None;
    }
    Some(Change {
        when: Condition::All(vec![
            Condition::OwnedBy(tenant.clone()),
            Condition::Any(facts.iter().map(|fact| lacks(0, *fact)).collect()),
        ]),
        set: Vec::new(),
        set_once: facts
            .into_iter()
            .map(|fact| (Fact::Leg(0, fact), at.into()))
            .collect(),
        remove: Vec::new(),
        content: Content::Drop,
    })
}

/// Stores a button's press once, under the inbound message's digest.
#[must_use]
pub fn respond(tenant: &TenantId, inbound: &str, action: &str, at: Timestamp) -> Change {
    let response = Fact::Response(inbound.to_owned());
    Change {
        when: Condition::All(vec![
            Condition::OwnedBy(tenant.clone()),
            Condition::Lacks(response.clone()),
        ]),
        set: vec![(
            response,
            Value::Text(format!("{}|{action}", at.as_millisecond())),
        )],
        set_once: vec![(Fact::Answered, at.into())],
        remove: Vec::new(),
        content: Content::Drop,
    }
}

/// Cancels: no leg is claimed after it. Refused where the notification has ended otherwise.
#[must_use]
pub fn cancel(item: &Notification, at: Timestamp) -> Change {
    let mut when = undecided(leg_count(item));
    when.extend((1..leg_count(item)).map(|leg| lacks(leg, LegFact::Submitted)));
    Change {
        when: Condition::All(when),
        set: vec![(Fact::Cancelled, at.into())],
        set_once: Vec::new(),
        remove: Vec::new(),
        content: Content::Drop,
    }
}

/// Ends a notification that waited too long for WhatsApp, its validity not yet over: whoever claims it
/// meanwhile keeps it.
#[must_use]
pub fn expire_waiting(item: &Notification) -> Change {
    let untouched = (0..leg_count(item)).flat_map(|leg| {
        [
            lacks(leg, LegFact::Token),
            lacks(leg, LegFact::Submitted),
            lacks(leg, LegFact::Closed),
        ]
    });
    Change {
        when: Condition::All(untouched.collect()),
        set: Vec::new(),
        set_once: Vec::new(),
        remove: Vec::new(),
        content: Content::Drop,
    }
}

/// Removes the sealed content of a notification whose validity is over.
#[must_use]
pub fn expire(item: &Notification) -> Change {
    Change {
        when: Condition::OwnedBy(item.tenant.clone()),
        set: Vec::new(),
        set_once: Vec::new(),
        remove: Vec::new(),
        content: Content::Drop,
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
