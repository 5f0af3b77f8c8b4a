//! Every state that the delivery protocol can reach within the gate's bounds.

use std::collections::BTreeMap;
use std::sync::Mutex;

use recado_domain::delivery::Status;
use recado_model::Situation::{self, *};
use recado_model::{Case, HEAD, Real, Report, Until, explore};

/// What every case with an SMS must have met, so that nothing is proved of an empty world.
const ALWAYS: [Situation; 9] = [
    WhatsappLeft,
    WhatsappUncertain,
    SmsLeft,
    SmsUncertain,
    LostClaim,
    MetOwnToken,
    DiedHolding,
    RequestRepeated,
    TwoAtWork,
];
/// And where Meta tells something.
const TOLD: [Situation; 3] = [DeliveredTwice, FailedThenDelivered, WebhookDied];

/// What a case must have met besides.
fn wanted(case: &str) -> Vec<Situation> {
    let special: &[Situation] = match case {
        "code" => &[
            SmsRepeated,
            GuardClosed,
            QueueWaitClosed,
            Released,
            OldAttemptFailed,
            TimedOut,
            TooLateToPost,
            Expired,
            Napped,
        ],
        "alert" => &[
            SmsRepeated,
            GuardClosed,
            Released,
            OldAttemptFailed,
            WentAround,
            ReadAlone,
            CancelledWhileClaimed,
            CancelRefused,
        ],
        "notice" => &[
            AcknowledgedByTwin,
            QueueWaitClosed,
            Released,
            OldAttemptFailed,
            WentAround,
            LegClosedByRevoke,
            SuppressedByRevoke,
            ReadAlone,
            CancelledWhileClaimed,
            CancelRefused,
            TimedOut,
            TooLateToPost,
            Expired,
            Napped,
        ],
        "reminder" => &[
            OverCap,
            Released,
            OldAttemptFailed,
            LegClosedByRevoke,
            SuppressedByRevoke,
        ],
        "ladder" => &[ThirdLegLeft, SmsRepeated, GuardClosed],
        "held" => &[OverBudget, Expired, QueueWaitClosed],
        "mixed" => &[SmsRepeated, GuardClosed],
        "evening" => &[LeftInTheMorning, Released],
        "silence" => {
            return vec![
                WhatsappLeft,
                LegClosedByNight,
                SuppressedByNight,
                WhatsappUncertain,
                TooLateToPost,
            ];
        }
        "night" => return vec![WhatsappLeft, LeftInTheMorning, WhatsappUncertain, LostClaim],
        "offer" => {
            return vec![
                WhatsappLeft,
                WhatsappUncertain,
                LostClaim,
                MetOwnToken,
                Released,
                DiedHolding,
                OverCap,
                SuppressedByRevoke,
                Expired,
                TimedOut,
                TooLateToPost,
            ];
        }
        "pair" => return vec![WhatsappLeft, WhatsappUncertain, OverCap, Expired],
        other => panic!("nothing is asked of {other}"),
    };
    let told: &[Situation] = if case == "mixed" { &[] } else { &TOLD };
    [&ALWAYS[..], told, special].concat()
}

#[test]
fn every_story_within_the_bounds_keeps_the_promises_and_ends() {
    let reports = explore_all(Case::gate());
    println!("{HEAD}");
    for report in &reports {
        println!("{report}");
    }
    let states: usize = reports.iter().map(|report| report.states).sum();
    println!("{states} states in all");
    for report in &reports {
        let again = report.command();
        assert!(report.violations.is_empty(), "{report}\nagain: {again}");
        assert!(report.whole, "not every state was looked at: {again}");
    }
    for (case, reports) in by_case(&reports) {
        let times = |situation| -> u64 { reports.iter().map(|it| it.seen.times(situation)).sum() };
        for situation in wanted(case) {
            let words = situation.words();
            assert!(
                times(situation) > 0,
                "{case}: it never came to this: {words}"
            );
        }
    }
    for status in Status::ALL.into_iter().filter(|status| status.has_ended()) {
        let ended: u64 = reports.iter().map(|report| report.seen.ended(status)).sum();
        assert!(ended > 0, "no story ended as {status:?}");
    }
}

fn by_case(reports: &[Report]) -> BTreeMap<&str, Vec<&Report>> {
    let mut by_case: BTreeMap<&str, Vec<&Report>> = BTreeMap::new();
    for report in reports {
        by_case.entry(report.case).or_default().push(report);
    }
    by_case
}

/// Two at a time, the reports in the cases' order.
fn explore_all(cases: Vec<Case>) -> Vec<Report> {
    let waiting = Mutex::new(cases.into_iter().enumerate());
    let next = || waiting.lock().expect("no explorer panicked").next();
    let work = || {
        let mut reports = Vec::new();
        while let Some((place, case)) = next() {
            reports.push((place, explore(&case, &Real, Until::Done)));
        }
        reports
    };
    let mut reports = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut reports = work();
        reports.extend(other.join().expect("the explorer panicked"));
        reports
    });
    reports.sort_by_key(|(place, _)| *place);
    reports.into_iter().map(|(_, report)| report).collect()
}
