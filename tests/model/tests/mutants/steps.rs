//! Steps that do one thing wrong.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a mutant breaks one thing and leaves all the rest as it is"
)]

use std::time::Duration;

use recado_domain::delivery::{
    self, Change, Condition, Content, Context, Effect, Event, Fact, Facts, Failure, Handoff,
    LegFact, Notification, Permission, PostOutcome, plus,
};
use recado_domain::switches::Gates;

/// `recado_domain::delivery::step`, or what pretends to be it.
pub(crate) type Step = fn(&Notification, &Event, &Context) -> Vec<Effect>;

fn real(item: &Notification, event: &Event, context: &Context) -> Vec<Effect> {
    delivery::step(item, event, context)
}

/// The condition without the parts that `forgotten` names.
fn without(condition: Condition, forgotten: fn(&Condition) -> bool) -> Condition {
    let kept = |parts: Vec<Condition>| -> Vec<Condition> {
        let parts = parts.into_iter().filter(|part| !forgotten(part));
        parts.map(|part| without(part, forgotten)).collect()
    };
    match condition {
        Condition::All(parts) => Condition::All(kept(parts)),
        Condition::Any(parts) => Condition::Any(kept(parts)),
        other => other,
    }
}

/// The real effects, their claims without the parts that `forgotten` names.
fn claims(effects: Vec<Effect>, forgotten: fn(&Condition) -> bool) -> Vec<Effect> {
    let careless = |effect| match effect {
        Effect::Claim { leg, claim, change } => Effect::Claim {
            leg,
            claim,
            change: Change {
                when: without(change.when, forgotten),
                ..change
            },
        },
        other => other,
    };
    effects.into_iter().map(careless).collect()
}

fn is_lacking(condition: &Condition, leg: u8, fact: LegFact) -> bool {
    *condition == Condition::Lacks(Fact::Leg(leg, fact))
}

/// What drops the content closes the same doors a second time.
fn is_seal(part: &Condition) -> bool {
    *part == Condition::Sealed
}

/// Every mutant: what it does wrong, the promise that breaks, in which case, and how.
pub(crate) fn steps() -> Vec<(&'static str, &'static str, &'static str, Step)> {
    vec![
        (
            "claims WhatsApp although it is closed",
            "I3",
            "fickle notice",
            |item, event, context| {
                claims(real(item, event, context), |part| {
                    is_lacking(part, 0, LegFact::Closed)
                })
            },
        ),
        (
            "claims WhatsApp although it is claimed",
            "I3",
            "code",
            |item, event, context| {
                claims(real(item, event, context), |part| {
                    is_lacking(part, 0, LegFact::Token)
                })
            },
        ),
        (
            "sends WhatsApp again when nobody knows",
            "I3",
            "notice",
            |item, event, context| real(item, &known_not_to_have_left(event), context),
        ),
        (
            "claims before the timer is durable",
            "I4",
            "notice",
            |item, event, context| {
                let mut effects = real(item, event, context);
                effects.reverse();
                effects
            },
        ),
        (
            "starts a POST whenever it likes",
            "I4",
            "late notice",
            |item, event, context| {
                let patient = |effect| match effect {
                    Effect::Post {
                        leg,
                        claim,
                        not_after,
                        pause,
                    } => Effect::Post {
                        leg,
                        claim,
                        not_after: plus(not_after, Duration::from_secs(3_600)),
                        pause,
                    },
                    other => other,
                };
                real(item, event, context)
                    .into_iter()
                    .map(patient)
                    .collect()
            },
        ),
        (
            "claims the SMS although WhatsApp was delivered",
            "I6",
            "notice",
            |item, event, context| {
                claims(real(item, event, context), |part| {
                    is_lacking(part, 0, LegFact::Delivered) || is_seal(part)
                })
            },
        ),
        (
            "claims after a cancel",
            "I5",
            "fickle notice",
            |item, event, context| {
                claims(real(item, event, context), |part| {
                    *part == Condition::Lacks(Fact::Cancelled) || is_seal(part)
                })
            },
        ),
        (
            "takes the SMS's lease while it runs",
            "I5",
            "code",
            |item, event, context| {
                let eager = Context {
                    now: plus(context.now, Duration::from_secs(60)),
                    ..context.clone()
                };
                match event {
                    Event::Timer { .. } if item.leg(1).token().is_some() => {
                        real(item, event, &eager)
                    }
                    _ => real(item, event, context),
                }
            },
        ),
        (
            "repeats the SMS as often as it likes",
            "I5",
            "code",
            |item, event, context| {
                let forgetful = with(item, Fact::Leg(1, LegFact::Attempt), 1);
                let effects = match item.leg(1).attempt() {
                    Some(2) => real(&forgetful, event, context),
                    _ => real(item, event, context),
                };
                claims(effects, |part| {
                    matches!(part, Condition::AtMost(Fact::Leg(1, LegFact::Attempt), _))
                })
            },
        ),
        (
            "repeats the SMS of a class that does not",
            "I5",
            "notice",
            |item, event, context| match event {
                Event::Posted {
                    leg: 1,
                    outcome: PostOutcome::Unknown,
                    ..
                } => real(item, &known_not_to_have_left(event), context),
                _ => real(item, event, context),
            },
        ),
        (
            "opens the SMS before its time",
            "I7",
            "notice",
            |item, event, context| match event {
                Event::Timer { .. } => {
                    let early = Context {
                        now: plus(context.now, Duration::from_secs(20)),
                        ..context.clone()
                    };
                    real(item, event, &early)
                }
                _ => real(item, event, context),
            },
        ),
        (
            "looks at no switch",
            "I7",
            "held",
            |item, event, context| {
                real(
                    item,
                    event,
                    &Context {
                        gates: Gates::default(),
                        ..context.clone()
                    },
                )
            },
        ),
        (
            "acknowledges a job that finds a live claim",
            "I9",
            "late notice",
            |item, event, context| match event {
                Event::Job { .. } if item.leg(0).until() > Some(context.now) => Vec::new(),
                _ => real(item, event, context),
            },
        ),
        (
            "heeds no quiet hours",
            "I8",
            "night",
            |item, event, context| real(item, event, &awake(context)),
        ),
        (
            "heeds quiet hours for WhatsApp alone",
            "I8",
            "evening",
            |item, event, context| match event {
                Event::Job { .. } => real(item, event, context),
                _ => real(item, event, &awake(context)),
            },
        ),
        (
            "does not read the consent for the SMS",
            "I8",
            "notice",
            |item, event, context| match event {
                Event::Claimed { leg, claim } if *leg > 0 => {
                    let unasked = Event::Permitted {
                        leg: *leg,
                        claim: claim.clone(),
                        permission: Permission::Granted,
                    };
                    real(item, &unasked, context)
                }
                _ => real(item, event, context),
            },
        ),
        (
            "reads the consent and does not obey",
            "I8",
            "fickle notice",
            |item, event, context| match event {
                Event::Permitted { leg, claim, .. } => {
                    let granted = Event::Permitted {
                        leg: *leg,
                        claim: claim.clone(),
                        permission: Permission::Granted,
                    };
                    real(item, &granted, context)
                }
                _ => real(item, event, context),
            },
        ),
        (
            "forgets the job that it owes",
            "I9",
            "offer",
            |item, event, context| {
                let mut effects = real(item, event, context);
                effects
                    .retain(|effect| !matches!(effect, Effect::HandOff(Handoff::Enqueue { .. })));
                effects
            },
        ),
        (
            "forgets to look again",
            "I9",
            "notice",
            |item, event, context| {
                let mut effects = real(item, event, context);
                if matches!(event, Event::Timer { .. }) && effects.len() == 1 {
                    effects.retain(|effect| !matches!(effect, Effect::HandOff(_)));
                }
                effects
            },
        ),
        (
            "keeps the content of what has expired",
            "I9",
            "late offer",
            |item, event, context| {
                let keeping = |effect| match effect {
                    Effect::Record(change) if change.set.is_empty() && change.remove.is_empty() => {
                        Effect::Record(Change {
                            content: Content::Keep,
                            ..change
                        })
                    }
                    other => other,
                };
                real(item, event, context)
                    .into_iter()
                    .map(keeping)
                    .collect()
            },
        ),
        (
            "never lets go of its message",
            "I9",
            "offer",
            |item, event, context| match real(item, event, context) {
                effects if effects.is_empty() => vec![Effect::Nap(Duration::ZERO)],
                effects => effects,
            },
        ),
    ]
}

fn known_not_to_have_left(event: &Event) -> Event {
    match event {
        Event::Posted {
            leg,
            claim,
            outcome: PostOutcome::Unknown,
        } => Event::Posted {
            leg: *leg,
            claim: claim.clone(),
            outcome: PostOutcome::NotSent {
                failure: Failure {
                    kind: delivery::FailureKind::Technical,
                    code: None,
                    title: String::new(),
                },
                retry_after: Duration::from_secs(1),
            },
        },
        other => other.clone(),
    }
}

fn with(item: &Notification, fact: Fact, number: i64) -> Notification {
    let mut facts: Facts = item.facts.clone();
    facts.insert(fact, delivery::Value::Number(number));
    Notification {
        facts,
        ..item.clone()
    }
}

/// The same at a time that is not quiet.
fn awake(context: &Context) -> Context {
    let mut awake = context.clone();
    awake.gates.quiet = None;
    awake
}
