//! What is counted while it runs.

use crate::wheel::SECOND;

/// What can stand in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// `BankApiRateLimit`: the bank is answered 429 and asks again.
    BankApi,
    /// `WebhookApiRateLimit`: Meta is answered 429 and repeats.
    WebhookApi,
    /// API Gateway's quota for the account.
    Gateway,
    /// Lambda's invocations per second, ten times its concurrency.
    LambdaRate,
    /// Lambda's concurrency.
    LambdaConcurrency,
    /// The table's write units.
    TableWrites,
    /// The table's read units.
    TableReads,
    /// One partition's read units: a template's standing, which every message reads.
    StandingReads,
    /// The critical lane's share of its number: a backlog waits for tokens.
    CriticalShare,
    /// The share of standard and bulk of their number.
    Share,
    /// `CriticalConcurrency`: a backlog, and the copies are busy with sending.
    CriticalCopies,
    /// `StandardConcurrency`, the same.
    StandardCopies,
    /// `BulkConcurrency`, the same.
    BulkCopies,
    /// `FallbackConcurrency`: more timers are due than there are copies for.
    TimerCopies,
    /// Meta's limit of a number (130429), in spite of the shares.
    MetaNumber,
    /// Meta's limit of one sender and one recipient (131056).
    MetaPair,
    /// SNS's SMS per second.
    Sns,
    /// The operator's SMS budget.
    Budget,
}

impl Limit {
    /// Every one, in the order of a message's way.
    pub const ALL: [Self; 18] = [
        Self::BankApi,
        Self::WebhookApi,
        Self::Gateway,
        Self::LambdaRate,
        Self::LambdaConcurrency,
        Self::TableWrites,
        Self::TableReads,
        Self::StandingReads,
        Self::CriticalShare,
        Self::Share,
        Self::CriticalCopies,
        Self::StandardCopies,
        Self::BulkCopies,
        Self::TimerCopies,
        Self::MetaNumber,
        Self::MetaPair,
        Self::Sns,
        Self::Budget,
    ];

    /// Its name, on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BankApi => "BankApiRateLimit",
            Self::WebhookApi => "WebhookApiRateLimit",
            Self::Gateway => "API Gateway's account quota",
            Self::LambdaRate => "Lambda's requests per second",
            Self::LambdaConcurrency => "Lambda's concurrency quota",
            Self::TableWrites => "the table's write units",
            Self::TableReads => "the table's read units",
            Self::StandingReads => "one partition's reads (a template's standing)",
            Self::CriticalShare => "the numbers' critical share",
            Self::Share => "the numbers' share of standard and bulk",
            Self::CriticalCopies => "CriticalConcurrency",
            Self::StandardCopies => "StandardConcurrency",
            Self::BulkCopies => "BulkConcurrency",
            Self::TimerCopies => "FallbackConcurrency",
            Self::MetaNumber => "Meta's limit of a number (130429)",
            Self::MetaPair => "Meta's limit of a pair (131056)",
            Self::Sns => "SNS's SMS per second",
            Self::Budget => "the SMS budget",
        }
    }
}

/// How often a limit was met, and when first and last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Refusals; of a share or of copies, seconds in which they were the bound.
    pub times: u64,
    /// The second of the first.
    pub first: u32,
    /// The second of the last.
    pub last: u32,
}

/// What is counted in ten minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Accepted from the bank.
    pub accepted: u64,
    /// Taken over by Meta.
    pub submitted: u64,
    /// Delivered by WhatsApp, as far as we have heard.
    pub delivered: u64,
    /// SMS taken over by SNS.
    pub sms: u64,
}

/// Counters of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// By ten minutes.
    pub stages: Vec<Stage>,
    met: [Met; Limit::ALL.len()],
    /// The bank's requests that were refused, each time.
    pub refused: u64,
    /// Invocations: notification-api, outbound-sender, webhook-receiver, fallback-timer.
    pub invocations: [u64; 4],
    /// Milliseconds that outbound-sender and fallback-timer ran.
    pub ran: [u64; 2],
    /// Requests that API Gateway took.
    pub requests: u64,
    /// Messages put into queues.
    pub sends: u64,
    /// Requests of the pollers that found something, with the ones that delete.
    pub polls: u64,
    /// POSTs to Meta.
    pub posts: u64,
    /// SMS, each of one part.
    pub sms: u64,
    /// SMS by the minute.
    pub sms_by_minute: Vec<u32>,
    /// Jobs that found no token and went back.
    pub busy: u64,
    /// Looks of timers that held back or found SNS throttled.
    pub hops: u64,
}

/// Seconds of a stage.
pub const STAGE: u32 = 600;

impl Counts {
    /// A limit was met.
    pub(crate) fn meet(&mut self, limit: Limit, now: u32) {
        let met = &mut self.met[limit as usize];
        let second = now / SECOND;
        if met.times == 0 {
            met.first = second;
        }
        met.times += 1;
        met.last = second;
    }

    /// How a limit was met.
    #[must_use]
    pub fn met(&self, limit: Limit) -> Met {
        self.met[limit as usize]
    }

    /// The limits that were met, the first one first.
    #[must_use]
    pub fn in_order(&self) -> Vec<(Limit, Met)> {
        let mut all: Vec<_> = Limit::ALL
            .into_iter()
            .map(|limit| (limit, self.met(limit)))
            .filter(|(_, met)| met.times > 0)
            .collect();
        all.sort_by_key(|(_, met)| met.first);
        all
    }

    pub(crate) fn stage(&mut self, now: u32) -> &mut Stage {
        let place = (now / SECOND / STAGE) as usize;
        if self.stages.len() <= place {
            self.stages.resize(place + 1, Stage::default());
        }
        &mut self.stages[place]
    }

    pub(crate) fn sms_left(&mut self, now: u32) {
        self.sms += 1;
        let minute = (now / SECOND / 60) as usize;
        if self.sms_by_minute.len() <= minute {
            self.sms_by_minute.resize(minute + 1, 0);
        }
        self.sms_by_minute[minute] += 1;
        self.stage(now).sms += 1;
    }
}
