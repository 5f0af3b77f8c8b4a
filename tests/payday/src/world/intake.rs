//! The bank's requests and Meta's, through API Gateway, Lambda and the table.

use std::time::Duration;

use recado_domain::delivery::{Failure, FailureKind, Receipts, accepted, change, receipt_failed};

use super::{Happens, Told, World};
use crate::chance::About;
use crate::count::Limit;
use crate::wheel::SECOND;

/// How long notification-api and webhook-receiver are at work: `billed_ms` of `infra/prices.toml`.
const WORKS: u32 = 15;
/// After how long the bank asks again at first, and at most; twice as long each time.
const ASKS_AGAIN: (u32, u32) = (SECOND, 30 * SECOND);
/// After how long Meta repeats a webhook at first, and at most.
const TOLD_AGAIN: (u32, u32) = (5 * SECOND, 600 * SECOND);

impl World<'_> {
    /// A new notification, at some moment of the second.
    pub(super) fn comes(&mut self, second: u32) {
        let n = self.notes.len();
        let of_thousand = self.chance.below(About::Template, n.into(), 1_000);
        let mut sum = 0;
        let found = self.scenario.mix.iter().position(|(_, share)| {
            sum += share;
            of_thousand < sum
        });
        let template = u8::try_from(found.unwrap_or_default()).unwrap_or_default();
        let at = second * SECOND + self.chance.below(About::Asks, n.into(), SECOND);
        let n = self.notes.ask(template, at);
        self.wheel.put(at, Happens::Ask { n, again: 0 });
    }

    /// The bank asks: stored with its guard and its job, or refused and asked for again.
    pub(super) fn ask(&mut self, n: u32, again: u8) {
        if let Err(limit) = self.enters(Limit::BankApi, 0).and_then(|()| self.stored()) {
            self.counts.meet(limit, self.now);
            self.counts.refused += 1;
            let whom = u64::from(n) << 8 | u64::from(again);
            let rest = backoff(ASKS_AGAIN, again);
            let jitter = self.chance.below(About::AsksAgain, whom, rest / 2);
            let again = again.saturating_add(1);
            self.wheel
                .put(self.now + rest + jitter, Happens::Ask { n, again });
            return;
        }
        self.notes.accept(n, self.now);
        self.counts.stage(self.now).accepted += 1;
        let Some(item) = self.notes.take(n) else {
            return;
        };
        for handoff in accepted(&item) {
            self.hand_off(n, item.lane, &handoff, self.now);
        }
        self.notes.put(n, item);
    }

    /// Through the gateway to a copy of the function.
    fn enters(&mut self, own: Limit, function: usize) -> Result<(), Limit> {
        let rate = if own == Limit::WebhookApi {
            &mut self.webhook_api
        } else {
            &mut self.bank_api
        };
        if !rate.take(self.now) {
            return Err(own);
        }
        if !self.gateway.take(self.now) {
            return Err(Limit::Gateway);
        }
        self.counts.requests += 1;
        if !self.lambda.take(self.now) {
            return Err(Limit::LambdaRate);
        }
        if !self.has_place() {
            return Err(Limit::LambdaConcurrency);
        }
        self.short.add(WORKS);
        self.counts.invocations[function] += 1;
        Ok(())
    }

    /// One write, tried again by the client within the request only.
    fn stored(&mut self) -> Result<(), Limit> {
        let written = [0, 100]
            .into_iter()
            .any(|rest| self.writes.take_at(self.now + rest, 1.0));
        if written {
            Ok(())
        } else {
            Err(Limit::TableWrites)
        }
    }

    /// Meta tells something, each status in a POST of its own.
    pub(super) fn receipt(&mut self, n: u32, told: Told, again: u8) {
        let entered = self.enters(Limit::WebhookApi, 2);
        let stored = match told {
            // Counted only.
            Told::Sent => entered,
            Told::Delivered | Told::Read | Told::Failed => entered.and_then(|()| self.stored()),
        };
        if let Err(limit) = stored {
            self.counts.meet(limit, self.now);
            let at = self.now + backoff(TOLD_AGAIN, again);
            let again = again.saturating_add(1);
            self.wheel.put(at, Happens::Receipt { n, told, again });
            return;
        }
        match told {
            Told::Sent => {}
            Told::Delivered | Told::Read => self.heard(n, told),
            Told::Failed => self.heard_of_failure(n),
        }
    }

    fn heard(&mut self, n: u32, told: Told) {
        let Some(item) = self.notes.take(n) else {
            return;
        };
        let receipts = Receipts {
            delivered: told == Told::Delivered,
            read: told == Told::Read,
            failed: None,
        };
        let first_news = item.leg(0).delivered_at().is_none();
        let change = change::receipts(&item.tenant, &receipts, self.notes.at(self.now));
        let item = match change {
            Some(change) if change.permits(&item) => {
                if first_news {
                    self.counts.stage(self.now).delivered += 1;
                }
                self.notes.write(n, item, &change)
            }
            Some(_) | None => item,
        };
        self.notes.put(n, item);
    }

    fn heard_of_failure(&mut self, n: u32) {
        let Some(mut item) = self.notes.take(n) else {
            return;
        };
        let now = self.notes.at(self.now);
        let attempt = item.leg(0).attempt().unwrap_or(1);
        let failure = Failure {
            kind: FailureKind::Permanent,
            code: Some(131_026),
            title: "cannot be reached by WhatsApp".to_owned(),
        };
        let content = change::content_after_failure(&item, 0);
        let change = change::failed(0, attempt, &failure, now, content);
        if change.permits(&item) {
            item = self.notes.write(n, item, &change);
        }
        for handoff in receipt_failed(&item, attempt, now) {
            self.hand_off(n, item.lane, &handoff, self.now);
        }
        self.notes.put(n, item);
    }
}

fn backoff((first, most): (u32, u32), again: u8) -> u32 {
    first
        .saturating_mul(1 << u32::from(again.min(10)))
        .min(most)
}

/// In whole seconds, rounded up, 900 at most, as `recado_sqs` hands a delay to SQS.
pub(super) fn delay(delay: Duration) -> u32 {
    let ms = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
    ms.div_ceil(SECOND).min(900) * SECOND
}
