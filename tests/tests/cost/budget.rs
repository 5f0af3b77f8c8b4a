//! What a notification may take of what is paid by the request. A change that takes more says so here, with
//! its reason, or does not pass.

use anyhow::{Result, ensure};
use recado_domain::class::Class;
use recado_local::cost::{Access, Counted};
use recado_tests::counted::TEN;

use crate::units::Weighed;

/// One notification's requests of one kind, as measured, and the most there may be.
pub(crate) struct Budget {
    pub(crate) what: &'static str,
    pub(crate) most: f64,
    pub(crate) measured: f64,
}

/// SQS requests of the happy path where every message travels alone: job and timer, each sent, received and
/// deleted.
const ALONE: f64 = 6.0;
/// The same where ten travel together: ten jobs come by ten requests of the bank's; everything else is shared.
const OF_TEN: f64 = 1.6;
/// The critical lane's guard: one message more, sent, received and deleted.
const GUARD: f64 = 3.0;
/// Writes of the happy path: accepted, claimed, submitted, delivered, read.
const WRITES: f64 = 5.0;
/// Reads of the happy path: the sender reads notification, recipient and what Meta says of the template, the
/// timer the notification. Each is one strongly consistent request.
const READS: f64 = 4.0;
/// The guard reads the notification that it guards.
const GUARD_READS: f64 = 1.0;
/// Writes of the fallback beyond those of the happy path: the SMS claimed and sent, and a failure or a closed
/// leg before it.
const FALLBACK_WRITES: f64 = 3.0;
/// The SMS leg's consent is read at its own moment (I8).
const FALLBACK_READS: f64 = 1.0;

/// What was counted.
pub(crate) struct Measured {
    /// An alert, accepted, delivered and read.
    pub(crate) happy: Counted,
    /// An alert that went by SMS.
    pub(crate) fallback: Counted,
    /// A one-time code on the happy path.
    pub(crate) code: Counted,
    /// Ten at a time on the happy path, all of them.
    pub(crate) ten: Counted,
}

/// Every budget with what it was measured at.
pub(crate) fn budgets(measured: &Measured) -> Vec<Budget> {
    let Measured {
        happy,
        fallback,
        code,
        ten,
    } = measured;
    let queues = |counted: &Counted| number(counted.queue_requests());
    let writes = |counted: &Counted| number(counted.table_requests(Access::Write));
    let reads = |counted: &Counted| number(counted.table_requests(Access::Read));
    let of_ten = |count: f64| count / f64::from(TEN);
    let budget = |what, most, measured| Budget {
        what,
        most,
        measured,
    };
    vec![
        budget("SQS requests, happy, one at a time", ALONE, queues(happy)),
        budget(
            "SQS requests, happy, ten at a time",
            OF_TEN,
            of_ten(queues(ten)),
        ),
        budget(
            "SQS requests, a one-time code with its guard",
            ALONE + GUARD,
            queues(code),
        ),
        budget(
            "SQS requests, fallback, one at a time",
            ALONE,
            queues(fallback),
        ),
        budget("writes to the table, happy", WRITES, writes(happy)),
        budget(
            "writes to the table, happy, ten at a time",
            WRITES,
            of_ten(writes(ten)),
        ),
        budget("writes to the table, a one-time code", WRITES, writes(code)),
        budget(
            "writes to the table, fallback",
            WRITES + FALLBACK_WRITES,
            writes(fallback),
        ),
        budget("reads of the table, happy", READS, reads(happy)),
        budget(
            "reads of the table, happy, ten at a time",
            READS,
            of_ten(reads(ten)),
        ),
        budget(
            "reads of the table, a one-time code with its guard",
            READS + GUARD_READS,
            reads(code),
        ),
        budget(
            "reads of the table, fallback",
            READS + FALLBACK_READS,
            reads(fallback),
        ),
    ]
}

/// The classes of nearly all messages. Each of their writes is one write unit, on the happy path and on the
/// fallback's, with the parameters that their templates give as examples.
const COMMON: [Class; 3] = [Class::Transactional, Class::Authentication, Class::Security];

/// Refuses a common template that grew past a write unit.
pub(crate) fn hold_units(all: &[Weighed]) -> Result<()> {
    for weighed in all {
        let Weighed {
            template,
            happy,
            fallback,
            ..
        } = weighed;
        let ways = std::iter::once(happy).chain(fallback);
        for way in ways.filter(|_| COMMON.contains(&template.class)) {
            ensure!(
                way.is_one_each(),
                "{} takes {:?} write units at {} bytes",
                template.name,
                way.units,
                way.bytes()?
            );
        }
    }
    Ok(())
}

/// Refuses what exceeds its budget.
pub(crate) fn hold(budgets: &[Budget]) -> Result<()> {
    for Budget {
        what,
        most,
        measured,
    } in budgets
    {
        ensure!(
            measured <= most,
            "{what}: {measured}, and the budget is {most}"
        );
    }
    Ok(())
}

fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
