//! The checks beside the protocol itself: random stories with lost answers, crashes, duplicates, receipts in
//! any order and dead letters. Nothing that the protocol writes may look like a fault, and no letter that a
//! notification still needs may be dropped.

use std::time::Duration;

use recado_domain::class::Class;
use recado_domain::delivery::{
    CapVerdict, Claim, CloseReason, Context, Event, Failure, FailureKind, Limits, Notification,
    Permission, PostOutcome, Receipts, SuppressReason, WhenQueueWaitExceeded, accepted, change,
    plus, receipt_failed,
};
use recado_domain::hours::Quiet;
use recado_domain::switches::Gates;
use recado_ports::drive::{Done, Hands, Paced, Unready, World as Drive};
use recado_ports::{Chance, Job, Notifications, StoreError};
use recado_testing::twin::{Body, Fault, Message, QueueFault, Queues, Store, StoreCall, World};

use crate::contradictions::contradictions;
use crate::specimen::{at, notification};
use crate::unfinished::unfinished;
use crate::verdict::{Letter, Subject, Verdict, verdict};

const STORIES: u64 = 1_500;
/// How long a message that was not acknowledged stays hidden.
const VISIBILITY: Duration = Duration::from_secs(180);

const LIMITS: Limits = Limits {
    post_timeout: Duration::from_secs(8),
    retry_window: Duration::from_secs(2),
    lease: Duration::from_secs(60),
};

/// A function's hands: consent, cap and carrier answer as chance has it.
struct Clumsy(World);

impl Clumsy {
    fn one_in(&self, n: u64) -> bool {
        self.0.below(n) == 0
    }

    fn consent(&self) -> Permission {
        match self.0.below(12) {
            0 => Permission::NotThisLeg(CloseReason::NoWhatsappConsent),
            1 => Permission::NotThisLeg(CloseReason::OptedOut),
            2 => Permission::NotAtAll(SuppressReason::NoConsent),
            _ => Permission::Granted,
        }
    }
}

fn failure() -> Failure {
    Failure {
        kind: FailureKind::Permanent,
        code: Some(131_026),
        title: "undeliverable".to_owned(),
    }
}

impl Hands for Clumsy {
    fn limits(&self) -> Limits {
        LIMITS
    }

    async fn pace(&self, _item: &Notification) -> Paced {
        if self.one_in(6) {
            Paced::Busy(Duration::from_secs(1 + self.0.below(60)))
        } else {
            Paced::Ready
        }
    }

    async fn permission(&self, _item: &Notification, _leg: u8) -> Result<Permission, StoreError> {
        if self.one_in(10) {
            return Err(StoreError::Unavailable("away".to_owned(), None));
        }
        Ok(self.consent())
    }

    async fn quiet(&self, _item: &Notification) -> Result<Option<Quiet>, StoreError> {
        Ok(None)
    }

    async fn count(&self, _item: &Notification) -> Result<CapVerdict, StoreError> {
        Ok(if self.one_in(6) {
            CapVerdict::Exceeded
        } else {
            CapVerdict::Within
        })
    }

    type Ready = ();

    async fn prepare(&self, item: &Notification, leg: u8) -> Result<(), Unready> {
        assert!(
            item.content.is_some(),
            "leg {leg} without content: {:?}",
            item.facts
        );
        Ok(())
    }

    async fn post(&self, _item: &Notification, _claim: &Claim, (): ()) -> PostOutcome {
        self.0.advance(Duration::from_millis(self.0.below(8_000)));
        match self.0.below(10) {
            0 => PostOutcome::Unknown,
            1 => PostOutcome::Rejected(failure()),
            2 => PostOutcome::Held,
            3 | 4 => PostOutcome::NotSent {
                failure: failure(),
                retry_after: Duration::from_millis(self.0.below(5_000)),
            },
            _ => PostOutcome::Accepted { provider_id: None },
        }
    }

    fn noticed(&self, _item: &Notification, _event: &Event) {}

    fn wrote(&self, _before: &Notification, _after: &Notification, _gates: &Gates) {}
}

struct Story {
    seed: u64,
    world: World,
    drive: Drive<Store, Queues, World>,
    hands: Clumsy,
    first: Notification,
    dead: Vec<Message>,
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let world = World::new(seed, at(0));
        let (store, queues) = (Store::new(), Queues::new(&world));
        let class = Class::ALL[usize::try_from(world.below(5)).unwrap()];
        let mut first = notification(class);
        if world.below(3) == 0 {
            first.when_queue_wait_exceeded = WhenQueueWaitExceeded::Expire;
        }
        match world.below(3) {
            0 => first.ladder.truncate(1),
            1 => first.valid_until = plus(at(0), Duration::from_secs(20 + world.below(100))),
            _ => {}
        }
        let drive = Drive {
            store,
            queues,
            chance: world.clone(),
        };
        drive.store.create(&first).await.unwrap();
        for handoff in accepted(&first) {
            drive.hand_off(&first, &handoff).await.unwrap();
        }
        let (calls, sends) = (world.clone(), world.clone());
        drive
            .store
            .break_calls(move |call| match (call, calls.below(24)) {
                (StoreCall::Write, 0) => Some(Fault::Before),
                (StoreCall::Write, 1) => Some(Fault::After),
                _ => None,
            });
        drive.queues.break_sending(move |_| match sends.below(40) {
            0 => Some(QueueFault::Before),
            1 => Some(QueueFault::After),
            2 => Some(QueueFault::Twice),
            _ => None,
        });
        Self {
            seed,
            hands: Clumsy(world.clone()),
            world,
            drive,
            first,
            dead: Vec::new(),
        }
    }

    fn item(&self) -> Notification {
        self.drive.store.notification(&self.first.id).unwrap()
    }

    fn look(&self) {
        let item = self.item();
        assert_eq!(
            contradictions(&item),
            [],
            "story {}: {:?}",
            self.seed,
            item.facts
        );
        let kept = unfinished(&item, self.world.now(), Duration::from_secs(90_000));
        assert_eq!(kept, [], "story {}: {:?}", self.seed, item.facts);
    }

    /// Plays until every queue is empty. `dying`: one in how many messages becomes a dead letter.
    async fn play(&mut self, dying: Option<u64>) {
        for _ in 0..400 {
            let Some(due) = self.drive.queues.next_due() else {
                return;
            };
            self.world.advance_to(due);
            for message in self.drive.queues.take_due(self.world.now()) {
                if dying.is_some_and(|dying| self.hands.one_in(dying)) {
                    self.dead.push(message);
                    continue;
                }
                if self.hands.one_in(12) {
                    self.drive.queues.duplicate(&message);
                }
                self.handle(message).await;
                self.look();
                self.meanwhile().await;
                self.look();
            }
        }
        panic!("story {}: messages without end", self.seed);
    }

    async fn handle(&self, message: Message) {
        let event = match &message.body {
            Body::Job(Job::Send { attempt, .. }) => Event::Job {
                attempt: *attempt,
                permission: self.hands.consent(),
                known_user: None,
            },
            Body::Job(Job::Reply(_)) => panic!("nobody answers here"),
            Body::Timer(timer) => Event::Timer {
                leg: timer.leg,
                kind: timer.kind,
            },
        };
        let outcome = self.drive.drive(&self.hands, self.item(), event).await;
        if !matches!(outcome, Ok(Done::Acknowledge)) {
            let again = plus(self.world.now(), VISIBILITY);
            self.drive.queues.put_back(message, again);
        }
    }

    /// Receipts of a message that may have left, and a bank that changes its mind.
    async fn meanwhile(&self) {
        let (item, now) = (self.item(), self.world.now());
        let may_have_left =
            item.leg(0).submitted_at().is_some() || item.leg(0).uncertain_at().is_some();
        let change = match self.world.below(24) {
            0 => Some(change::cancel(&item, now)),
            1 | 2 if may_have_left => change::receipts(
                &item.tenant,
                &Receipts {
                    delivered: true,
                    ..Receipts::default()
                },
                now,
            ),
            3 if may_have_left => Some(change::respond(&item.tenant, "digest", "dispute", now)),
            4 | 5 if may_have_left => {
                let content = change::content_after_failure(&item, 0);
                let attempt = item.leg(0).attempt().unwrap_or(1);
                Some(change::failed(0, attempt, &failure(), now, content))
            }
            _ => None,
        };
        if let Some(change) = change {
            // A webhook or request that breaks comes again; here, never.
            if self.drive.store.write(&item.id, &change).await.is_err() {
                return;
            }
        }
        let item = self.item();
        for handoff in receipt_failed(&item, item.leg(0).attempt().unwrap_or(1), now) {
            while self.drive.hand_off(&item, &handoff).await.is_err() {}
        }
    }

    /// What `redrive --send` does.
    fn redrive(&mut self) -> usize {
        let (item, now) = (self.item(), self.world.now());
        let context = Context {
            now,
            token: self.world.token(),
            limits: LIMITS,
            gates: Gates::default(),
        };
        let dead = std::mem::take(&mut self.dead);
        let mut sent = 0;
        for message in dead {
            let body = match &message.body {
                Body::Job(job) => recado_sqs::encode_job(job),
                Body::Timer(timer) => recado_sqs::encode_timer(timer),
            };
            let subject = Subject::Found(Box::new(item.clone()));
            match verdict(&Letter::read(&body), &subject, &context) {
                Verdict::Send(_) => {
                    self.drive.queues.put_back(message, now);
                    sent += 1;
                }
                Verdict::Drop(_) => {}
                Verdict::Keep(because) => panic!("story {}: {because:?}", self.seed),
            }
        }
        sent
    }
}

#[tokio::test]
async fn nothing_that_the_protocol_writes_looks_like_a_fault() {
    for seed in 0..STORIES {
        let mut story = Story::begin(seed).await;
        story.play(None).await;
        over(&story);
    }
}

#[tokio::test]
async fn no_letter_that_is_still_needed_is_dropped() {
    let (mut died, mut sent) = (0, 0);
    for seed in 0..STORIES {
        let mut story = Story::begin(seed).await;
        story.play(Some(5)).await;
        died += story.dead.len();
        // Somebody looks at once, or hours later.
        let later = [0, 10, 300, 7_200][usize::try_from(story.world.below(4)).unwrap()];
        story.world.advance(Duration::from_secs(later));
        sent += story.redrive();
        story.play(None).await;
        over(&story);
    }
    assert!(died > sent && sent > 100, "{died} died, {sent} were sent");
}

/// Nothing is left of a notification after its validity.
fn over(story: &Story) {
    let item = story.item();
    let end = plus(item.valid_until, Duration::from_secs(1));
    let owed = unfinished(&item, end.max(story.world.now()), Duration::ZERO);
    assert!(owed.is_empty(), "story {}: {owed:?} {item:?}", story.seed);
}
