//! Meta: a number's limit, a pair's limit, an outage, and what becomes of a message on the way to the phone.

use std::time::Duration;

use recado_domain::delivery::{Event, Failure, FailureKind, PostOutcome};

use super::drive::{Doing, Said};
use super::{Happens, Told, World};
use crate::chance::About;
use crate::count::Limit;
use crate::wheel::SECOND;

/// What Meta's throttling is worth in rests, as `recado_whatsapp` has it: of the number, of the pair, of no
/// connection; and SNS's, as `recado_sms` has it.
const RESTS: [u64; 4] = [1, 4, 1, 2];

/// When a customer may be written to again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair(u32);

impl Pair {
    /// One message in so many seconds, and so many at once.
    fn take(&mut self, now: u32, (seconds, burst): (u32, u32)) -> bool {
        let interval = seconds * SECOND;
        let ahead = self.0.saturating_sub(now);
        let fits = ahead <= interval * burst.saturating_sub(1);
        if fits {
            self.0 = self.0.max(now) + interval;
        }
        fits
    }
}

impl World<'_> {
    /// The leg's POST begins: what the carrier will answer, and when.
    pub(super) fn post(&mut self, doing: u32) {
        let Doing {
            n,
            leg,
            not_after,
            said,
            ..
        } = self.doings[doing as usize];
        let (said, takes) = if self.now > not_after {
            (Said::TooLate, 0)
        } else if leg > 0 {
            self.publish()
        } else {
            self.send(n, said == Said::Accepted)
        };
        self.doings[doing as usize].said = said;
        self.later(doing, takes, Happens::Posted(doing));
    }

    fn send(&mut self, n: u32, first: bool) -> (Said, u32) {
        let scenario = self.scenario;
        let second = self.now / SECOND;
        if scenario.meta.down.is_some_and(|down| down.holds(second)) {
            return (Said::NoConnection, 10);
        }
        self.counts.posts += 1;
        let customer = self.customer(n);
        let number = &mut self.numbers[self.notes.number(n) as usize];
        // A POST that is tried again has its token already.
        if first {
            number.paced[0].count(second);
            number.paced[1].count(second / 60);
        }
        if !number.rate.take(self.now) {
            self.counts.meet(Limit::MetaNumber, self.now);
            return (Said::TooFast, 100);
        }
        if !self.pairs[customer as usize].take(self.now, scenario.meta.pair) {
            self.counts.meet(Limit::MetaPair, self.now);
            return (Said::PairTooFast, 100);
        }
        self.on_its_way(n, customer);
        let draw = self.chance.bits(About::Post, n.into());
        let slow = if draw.is_multiple_of(100) { 1_500 } else { 0 };
        let takes = 250 + slow + self.chance.below(About::Post, n.into(), 300);
        (Said::Accepted, takes)
    }

    fn customer(&self, n: u32) -> u32 {
        let many = self.scenario.customers.count;
        self.chance.below(About::Customer, n.into(), many)
    }

    /// What becomes of a message that Meta has taken, and what we hear of it. It stops trying when the SMS
    /// goes, because the template says so.
    fn on_its_way(&mut self, n: u32, customer: u32) {
        let customers = self.scenario.customers;
        let kind = self.chance.below(About::Phone, customer.into(), 1_000);
        if kind < customers.without {
            return self.tell(n, Told::Failed, self.now + SECOND);
        }
        self.tell(n, Told::Sent, self.now + 300);
        if kind < customers.without + customers.off {
            return;
        }
        let draw = self.chance.below(About::Delivery, n.into(), 10_000);
        let after = match draw {
            0..8_500 => 800 + draw / 6,
            8_500..9_500 => 3_000 + (draw - 8_500) * 7,
            _ => 10_000 + (draw - 9_500) * 36,
        };
        let delivered = self.now + after;
        self.tell(n, Told::Delivered, delivered);
        let read = self.chance.below(About::Read, n.into(), 1_000);
        if read < 700 {
            self.tell(n, Told::Read, delivered + 5 * SECOND + read * 170);
        }
    }

    fn tell(&mut self, n: u32, told: Told, at: u32) {
        let late = self.scenario.meta.late;
        let late = late.filter(|(stretch, _)| stretch.holds(at / SECOND));
        let at = at + late.map_or(0, |(_, seconds)| seconds * SECOND);
        self.wheel.put(at, Happens::Receipt { n, told, again: 0 });
    }

    /// The carrier has answered.
    pub(super) fn posted(&mut self, doing: u32) {
        let Doing {
            n,
            leg,
            said,
            batch,
            ..
        } = self.doings[doing as usize];
        let claim = self.notes.claim(n, leg);
        let outcome = match said {
            Said::Accepted if leg > 0 => {
                self.counts.sms_left(self.now);
                PostOutcome::Accepted { provider_id: None }
            }
            Said::Accepted => {
                self.counts.stage(self.now).submitted += 1;
                PostOutcome::Accepted { provider_id: None }
            }
            Said::TooFast => {
                let copy = self.batches[batch as usize].copy;
                let number = self.notes.number(n);
                let now = self.notes.at(self.now);
                let pacer = copy.map(|copy| &mut self.copies[copy as usize][number as usize]);
                pacer.into_iter().for_each(|pacer| pacer.calm_down(now));
                not_sent(RESTS[0], Some(130_429))
            }
            Said::PairTooFast => not_sent(RESTS[1], Some(131_056)),
            Said::NoConnection | Said::TooLate => not_sent(RESTS[2], None),
            Said::SmsTooFast => not_sent(RESTS[3], None),
        };
        self.carry(
            doing,
            Event::Posted {
                leg,
                claim,
                outcome,
            },
        );
    }
}

fn not_sent(seconds: u64, code: Option<u32>) -> PostOutcome {
    PostOutcome::NotSent {
        failure: Failure {
            kind: FailureKind::Temporary,
            code,
            title: "not now".to_owned(),
        },
        retry_after: Duration::from_secs(seconds),
    }
}
