//! Carries out what the protocol decides: effects in the order given, their answers fed back.

use std::time::Duration;

use recado_domain::channel::Channel;
use recado_domain::delivery::{
    CapVerdict, Change, Claim, Context, Effect, Event, Failure, FailureKind, Handoff, Limits,
    Notification, Permission, PostOutcome, change, step,
};
use recado_domain::hours::Quiet;
use recado_domain::switches::Gates;
use thiserror::Error;

use crate::Chance;
use crate::queues::{Job, QueueError, Queues, TimerMessage};
use crate::spending;
use crate::store::{Notifications, StoreError, Written};
use crate::switches::Switches;

/// More rounds than any path of the protocol has; past it the message is left for later.
const MOST_ROUNDS: u32 = 64;

/// What a drive needs of the world.
#[derive(Clone, Debug)]
pub struct World<S, Q, C> {
    /// The notifications.
    pub store: S,
    /// The queues.
    pub queues: Q,
    /// Time and randomness.
    pub chance: C,
}

/// What only one of the functions can do.
pub trait Hands: Send + Sync {
    /// The times that its claims rest on.
    fn limits(&self) -> Limits;

    /// Takes a pacing token of the tenant's number.
    fn pace(&self, item: &Notification) -> impl Future<Output = Paced> + Send;

    /// Reads whether the leg may be sent to the recipient now (I8).
    fn permission(
        &self,
        item: &Notification,
        leg: u8,
    ) -> impl Future<Output = Result<Permission, StoreError>> + Send;

    /// The recipient's quiet hours, where the notification heeds them.
    fn quiet(
        &self,
        item: &Notification,
    ) -> impl Future<Output = Result<Option<Quiet>, StoreError>> + Send;

    /// Counts against the day's cap.
    fn count(
        &self,
        item: &Notification,
    ) -> impl Future<Output = Result<CapVerdict, StoreError>> + Send;

    /// A message that only waits to be sent.
    type Ready: Send;

    /// Opens and renders the leg's message. What fails here has not left: the error is that outcome, or
    /// the store's own.
    fn prepare(
        &self,
        item: &Notification,
        leg: u8,
    ) -> impl Future<Output = Result<Self::Ready, Unready>> + Send;

    /// Sends it, once.
    fn post(
        &self,
        item: &Notification,
        claim: &Claim,
        ready: Self::Ready,
    ) -> impl Future<Output = PostOutcome> + Send;

    /// Hears of everything that happened, in order, for the log.
    fn noticed(&self, item: &Notification, event: &Event);

    /// Hears of every write that took effect, with the item as it was known before and what stood in its
    /// way, for the metrics.
    fn wrote(&self, before: &Notification, after: &Notification, gates: &Gates);
}

/// Whether a number has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paced {
    /// A token was taken.
    Ready,
    /// Not for this long.
    Busy(Duration),
}

/// What becomes of the message that started the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is done with.
    Acknowledge,
    /// It must come back.
    Leave,
}

/// Why a message could not be made ready.
#[derive(Debug)]
pub enum Unready {
    /// What that means for the leg.
    Outcome(PostOutcome),
    /// What it is made of could not be read.
    Store(StoreError),
}

impl From<StoreError> for Unready {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why a drive broke off. The message comes back and the facts tell where it stood.
#[derive(Debug, Error)]
pub enum DriveError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue did not answer.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl DriveError {
    /// Whether it passes by itself.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Store(error) => error.passes(),
            Self::Queue(_) => true,
        }
    }
}

/// The rests between the tries of one write, beyond the store's own: together they fit beside a POST into
/// the function's timeout while the store refuses quickly, as it does when it throttles. A store that
/// does not answer at all may cost the invocation; its message comes back.
const PATIENCE: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(750),
    Duration::from_secs(2),
];

/// How soon a message is tried again whose store or queue was away. The critical lane's guard does not
/// wait for it.
pub const PUT_BACK: Duration = Duration::from_secs(5);

impl<S, Q: Queues, C: Chance> World<S, Q, C>
where
    S: Send + Sync,
{
    /// Puts a message of the protocol into its queue.
    pub async fn hand_off(&self, item: &Notification, handoff: &Handoff) -> Result<(), QueueError> {
        match handoff {
            Handoff::Arm { leg, kind, at } => {
                let timer = TimerMessage {
                    tenant: item.tenant.clone(),
                    notification: item.id.clone(),
                    leg: *leg,
                    kind: *kind,
                    at: *at,
                };
                self.queues.arm(&timer, self.chance.now()).await
            }
            Handoff::Enqueue { attempt, after } => {
                let job = Job::Send {
                    tenant: item.tenant.clone(),
                    lane: item.lane,
                    notification: item.id.clone(),
                    attempt: *attempt,
                };
                self.queues.enqueue(&job, *after).await
            }
        }
    }
}

impl<S: Notifications + Switches, Q: Queues, C: Chance> World<S, Q, C> {
    /// Drives one notification from `first` until nothing is left to do.
    pub async fn drive<H: Hands>(
        &self,
        hands: &H,
        item: Notification,
        first: Event,
    ) -> Result<Done, DriveError> {
        let mut item = item;
        let mut event = first.clone();
        let mut gates = self.store.switchboard().await?.gates(&item);
        gates.quiet = hands.quiet(&item).await?;
        for _ in 0..MOST_ROUNDS {
            hands.noticed(&item, &event);
            let context = Context {
                now: self.chance.now(),
                token: self.chance.token(),
                limits: hands.limits(),
                gates: gates.clone(),
            };
            let mut next = None;
            for effect in step(&item, &event, &context) {
                match self.carry_out(hands, &gates, &mut item, effect).await? {
                    Answer::Go => {}
                    Answer::Event(event) => next = Some(event),
                    Answer::Again => next = Some(first.clone()),
                    Answer::Gone => return Ok(Done::Acknowledge),
                }
                if next.is_some() {
                    break;
                }
            }
            match next {
                Some(answer) => event = answer,
                None => return Ok(Done::Acknowledge),
            }
        }
        Ok(Done::Leave)
    }

    /// Writes with patience: what is written here is known to nobody else, and a change may be
    /// repeated as often as one likes (its token tells the writer that it had won before). The item is
    /// afterwards as the store has it.
    async fn write<H: Hands>(
        &self,
        hands: &H,
        gates: &Gates,
        item: &mut Notification,
        change: &Change,
    ) -> Result<Outcome, StoreError> {
        let mut rests = PATIENCE.into_iter();
        let written = loop {
            match self.store.write(&item.id, change).await {
                Err(error) if error.passes() => match rests.next() {
                    Some(rest) => self.chance.rest(rest).await,
                    None => return Err(error),
                },
                outcome => break outcome?,
            }
        };
        Ok(match written {
            Written::Applied(now) => {
                hands.wrote(item, &now, gates);
                *item = *now;
                Outcome::Applied
            }
            Written::Refused(now) => {
                *item = *now;
                Outcome::Refused
            }
            Written::Missing => Outcome::Missing,
        })
    }

    async fn carry_out<H: Hands>(
        &self,
        hands: &H,
        gates: &Gates,
        item: &mut Notification,
        effect: Effect,
    ) -> Result<Answer, DriveError> {
        Ok(match effect {
            Effect::HandOff(handoff) => {
                self.hand_off(item, &handoff).await?;
                Answer::Go
            }
            Effect::Record(change) => match self.write(hands, gates, item, &change).await? {
                Outcome::Applied | Outcome::Refused => Answer::Go,
                Outcome::Missing => Answer::Gone,
            },
            Effect::Require(change) => match self.write(hands, gates, item, &change).await? {
                Outcome::Applied => Answer::Go,
                Outcome::Refused => Answer::Again,
                Outcome::Missing => Answer::Gone,
            },
            Effect::Claim { leg, claim, change } => {
                match self.write(hands, gates, item, &change).await? {
                    Outcome::Applied => Answer::Event(Event::Claimed { leg, claim }),
                    Outcome::Refused => Answer::Again,
                    Outcome::Missing => Answer::Gone,
                }
            }
            Effect::Pace {
                attempt,
                known_user,
            } => Answer::Event(match hands.pace(item).await {
                Paced::Ready => Event::Paced {
                    attempt,
                    known_user,
                },
                Paced::Busy(after) => Event::Busy { attempt, after },
            }),
            Effect::Count { leg, claim } => Answer::Event(match hands.count(item).await {
                Ok(verdict) => Event::Counted {
                    leg,
                    claim,
                    verdict,
                },
                Err(error) => self.stalled(hands, gates, item, error, leg, claim).await?,
            }),
            Effect::Spend {
                leg,
                attempt,
                because,
            } => Answer::Event(Event::Spent {
                leg,
                attempt,
                because,
                spending: spending::spend(&self.store, gates, self.chance.now()).await,
            }),
            Effect::GiveBack { at } => {
                spending::give_back(&self.store, gates, at).await;
                Answer::Go
            }
            Effect::AskConsent { leg, claim } => {
                Answer::Event(match hands.permission(item, leg).await {
                    Ok(permission) => Event::Permitted {
                        leg,
                        claim,
                        permission,
                    },
                    Err(error) => self.stalled(hands, gates, item, error, leg, claim).await?,
                })
            }
            Effect::Post {
                leg,
                claim,
                not_after,
                pause,
            } => {
                if !pause.is_zero() {
                    self.chance.rest(pause).await;
                }
                let outcome = match hands.prepare(item, leg).await {
                    Ok(_) if self.chance.now() > not_after => stalled_before_sending(),
                    Ok(ready) => hands.post(item, &claim, ready).await,
                    Err(Unready::Outcome(outcome)) => outcome,
                    Err(Unready::Store(error)) => {
                        let stalled = self.stalled(hands, gates, item, error, leg, claim).await?;
                        return Ok(Answer::Event(stalled));
                    }
                };
                Answer::Event(Event::Posted {
                    leg,
                    claim,
                    outcome,
                })
            }
            Effect::Nap(duration) => {
                self.chance.rest(duration).await;
                match self.store.read(&item.id).await? {
                    Some(now) => {
                        *item = now;
                        Answer::Again
                    }
                    None => Answer::Gone,
                }
            }
        })
    }

    /// Nothing left, since what it needs could not be read: the claim is given back, and what an SMS was
    /// counted for. What does not pass by itself, as an item of a newer version, leaves the message to the
    /// dead letters.
    async fn stalled<H: Hands>(
        &self,
        hands: &H,
        gates: &Gates,
        item: &mut Notification,
        error: StoreError,
        leg: u8,
        claim: Claim,
    ) -> Result<Event, DriveError> {
        if error.passes() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                leg,
                "stalled before sending"
            );
            return Ok(Event::Stalled { leg, claim });
        }
        let release = change::release(leg, &claim.token);
        self.write(hands, gates, item, &release).await?;
        let rung = item.ladder.get(usize::from(leg));
        if leg > 0 && rung.is_some_and(|rung| rung.channel == Channel::Sms) {
            spending::give_back(&self.store, gates, claim.at).await;
        }
        Err(error.into())
    }
}

enum Outcome {
    Applied,
    Refused,
    Missing,
}

enum Answer {
    Go,
    Event(Event),
    Again,
    Gone,
}

fn stalled_before_sending() -> PostOutcome {
    PostOutcome::NotSent {
        failure: Failure {
            kind: FailureKind::Technical,
            code: None,
            title: "stalled before sending".to_owned(),
        },
        retry_after: Duration::from_secs(1),
    }
}
