//! Parts of the world broken on purpose: whoever audits must notice each of them, by the right name.

/// What is broken. Not a fault that the product has to bear, but a promise that its surroundings, or it
/// itself, no longer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sabotage {
    /// A conditional write takes effect whatever its condition says.
    WritesUnconditionally,
    /// The store forgets one write in ten that it confirmed.
    ForgetsWrites,
    /// A read shows the item as it was at its creation.
    ReadsStale,
    /// Consent is read as it was a minute ago.
    ConsentIsStale,
    /// The timers' queue confirms a message and loses it.
    LosesTimers,
    /// The lanes confirm a job and lose it.
    LosesJobs,
    /// A timer comes a quarter of its delay too early, and says that it is due.
    AcknowledgesFailures,
    /// Each publish is made twice.
    PublishesTwice,
    /// Each POST to Meta is made twice.
    PostsTwice,
    /// A lost answer to a POST is reported as one that never left.
    CallsUnknownNotSent,
    /// A queue's message carries the recipient's number.
    WritesNumbers,
    /// Sealed content is never removed.
    KeepsContent,
    /// A record that fails takes its batch with it.
    FailsWholeBatch,
    /// A job that was accepted is answered before it is stored.
    AnswersTooSoon,
    /// A late wait is cut short: the clock that the timer sees runs ahead by ten seconds.
    ClockRunsAhead,
}

impl Sabotage {
    /// Every one of them.
    pub const ALL: [Self; 15] = [
        Self::WritesUnconditionally,
        Self::ForgetsWrites,
        Self::ReadsStale,
        Self::ConsentIsStale,
        Self::LosesTimers,
        Self::LosesJobs,
        Self::AcknowledgesFailures,
        Self::PublishesTwice,
        Self::PostsTwice,
        Self::CallsUnknownNotSent,
        Self::WritesNumbers,
        Self::KeepsContent,
        Self::FailsWholeBatch,
        Self::AnswersTooSoon,
        Self::ClockRunsAhead,
    ];
}
