//! Parts of the world broken on purpose: whoever audits must notice each of them, by the right name.

use crate::audit::Promise;

/// What is broken. Not a fault that the product has to bear, but a promise that its surroundings, or it
/// itself, no longer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sabotage {
    /// A conditional write takes effect whatever its condition says.
    WritesUnconditionally,
    /// The store forgets one write in ten that it confirmed.
    ForgetsWrites,
    /// The store takes every notification for a new one.
    ForgetsKeys,
    /// Nobody who reads or claims sees that a message was delivered, read or answered, nor that its
    /// content is gone.
    HidesDelivery,
    /// Consent is read as it was at the beginning.
    ConsentIsStale,
    /// The day's cap counts nothing.
    CountsNothing,
    /// The timers' queue confirms messages and loses some.
    LosesTimers,
    /// The lanes confirm jobs and lose some.
    LosesJobs,
    /// A record that failed is acknowledged.
    AcknowledgesFailures,
    /// Each publish is made twice.
    PublishesTwice,
    /// Some POSTs to Meta are made twice.
    PostsTwice,
    /// A POST of which nobody knows what became of it is called one that never left.
    CallsUnknownNotSent,
    /// A queue's message carries the recipient's number.
    WritesNumbers,
    /// Sealed content is never removed.
    KeepsContent,
    /// Half of the invocations see a clock that runs twenty seconds ahead.
    ClocksDiffer,
    /// The receiver answers 200 to some webhooks that it does not store.
    SwallowsReceipts,
    /// The switches are never read.
    IgnoresSwitches,
    /// Anybody may sign a webhook.
    BelievesAnybody,
    /// The banks' sending hours are read as if there were none.
    KnowsNoNight,
}

impl Sabotage {
    /// Every one of them.
    pub const ALL: [Self; 19] = [
        Self::WritesUnconditionally,
        Self::ForgetsWrites,
        Self::ForgetsKeys,
        Self::HidesDelivery,
        Self::ConsentIsStale,
        Self::CountsNothing,
        Self::LosesTimers,
        Self::LosesJobs,
        Self::AcknowledgesFailures,
        Self::PublishesTwice,
        Self::PostsTwice,
        Self::CallsUnknownNotSent,
        Self::WritesNumbers,
        Self::KeepsContent,
        Self::ClocksDiffer,
        Self::SwallowsReceipts,
        Self::IgnoresSwitches,
        Self::BelievesAnybody,
        Self::KnowsNoNight,
    ];

    /// The promises of which it breaks at least one.
    #[must_use]
    pub fn breaks(self) -> &'static [Promise] {
        match self {
            Self::WritesUnconditionally => &[Promise::I10],
            Self::ForgetsWrites | Self::PostsTwice | Self::CallsUnknownNotSent => &[Promise::I3],
            Self::ForgetsKeys => &[Promise::I2],
            Self::HidesDelivery => &[Promise::I6],
            Self::ConsentIsStale | Self::CountsNothing | Self::KnowsNoNight => &[Promise::I8],
            Self::LosesTimers => &[Promise::I4],
            Self::LosesJobs => &[Promise::I1],
            Self::AcknowledgesFailures => &[Promise::I9],
            Self::PublishesTwice => &[Promise::I5],
            Self::WritesNumbers | Self::KeepsContent => &[Promise::I11],
            Self::ClocksDiffer => &[Promise::I7],
            Self::SwallowsReceipts => &[Promise::Conservation],
            Self::IgnoresSwitches => &[Promise::Switches],
            Self::BelievesAnybody => &[Promise::I12],
        }
    }
}
