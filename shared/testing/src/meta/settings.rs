//! What a simulated Meta is given at construction.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::phones::Switches;

/// A WhatsApp Business Account: one bank's.
#[derive(Debug, Clone)]
pub struct Account {
    /// WABA id, also the portfolio that BSUIDs belong to.
    pub waba_id: String,
    /// The bearer token that sees this account and no other.
    pub token: String,
    /// Its business numbers, at least one.
    pub numbers: Vec<BusinessNumber>,
}

/// A number that a business sends from.
#[derive(Debug, Clone)]
pub struct BusinessNumber {
    /// `phone_number_id`.
    pub id: String,
    /// E.164.
    pub number: String,
    /// Verified name, which the phone shows.
    pub name: String,
}

/// Milliseconds from one step of a message to the next, drawn anew each time.
#[derive(Debug, Clone)]
pub struct Latency {
    /// Acceptance to `sent`, or to `failed`.
    pub sent: RangeInclusive<u64>,
    /// `sent` (or coming online) to `delivered`.
    pub delivered: RangeInclusive<u64>,
    /// `delivered` to `read`, for reserved recipients; other phones have their own switch.
    pub read: RangeInclusive<u64>,
    /// A customer's reply to its webhook.
    pub inbound: RangeInclusive<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            sent: 100..=400,
            delivered: 100..=400,
            read: 100..=400,
            inbound: 20..=80,
        }
    }
}

/// When a webhook that was not answered with 200 is posted again.
///
/// The first time at once, then after `second`, and each further time after `factor` times longer.
#[derive(Debug, Clone)]
pub struct Retries {
    /// Wait before the second repetition.
    pub second: Duration,
    /// Growth of the wait.
    pub factor: u32,
    /// Longest wait.
    pub longest: Duration,
    /// Age at which Meta gives up; its pages say 36 hours, and 7 days.
    pub give_up_after: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            second: Duration::from_secs(1),
            factor: 4,
            longest: Duration::from_secs(3600),
            give_up_after: Duration::from_secs(36 * 3600),
        }
    }
}

/// The app's id, unless another is set.
pub const APP_ID: &str = "600000000000001";

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed and the same calls give the same run.
    pub seed: u64,
    /// The app's id: samples are uploaded to it.
    pub app_id: String,
    /// The app's secret: key of `X-Hub-Signature-256`.
    pub app_secret: String,
    /// Known accounts and their tokens.
    pub accounts: Vec<Account>,
    /// Where the simulated Meta is reached from outside, without a slash at its end; begins the
    /// links of media.
    pub public_url: String,
    /// Pace of messages.
    pub latency: Latency,
    /// Duration of a template's review.
    pub approval_delay: Duration,
    /// Messages per second and business number, over which 130429 is answered. Meta gives 80, or
    /// 1,000 after an upgrade.
    pub throughput_per_second: u32,
    /// Messages to one person that may go at once, over which 131056 is answered.
    pub pair_burst: u32,
    /// Time after which one more message to the same person may go.
    pub pair_interval: Duration,
    /// Repetition of webhooks.
    pub retries: Retries,
    /// When a message to the reserved recipient 011 arrives though no SMS came before it.
    pub late_delivery_after: Duration,
    /// Switches of a phone that nobody touched.
    pub switches: Switches,
}

impl Settings {
    /// Settings with the defaults of the local stack.
    pub fn new(seed: u64, app_secret: &str, accounts: Vec<Account>) -> Self {
        Self {
            seed,
            app_id: APP_ID.to_owned(),
            app_secret: app_secret.to_owned(),
            accounts,
            public_url: String::new(),
            latency: Latency::default(),
            approval_delay: Duration::ZERO,
            throughput_per_second: 1000,
            pair_burst: 45,
            pair_interval: Duration::from_secs(6),
            retries: Retries::default(),
            late_delivery_after: Duration::from_secs(36),
            switches: Switches::default(),
        }
    }
}
