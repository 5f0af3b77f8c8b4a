//! SNS is away, for customers whom only it reaches: not to be connected to, answering 5xx, or not answering.
//!
//! In the latter two nobody knows what it did with a Publish. A code and a warning are published once more,
//! when the lease has run out; any other message is `uncertain` and never published again.

use recado_domain::class::{Class, WhenUncertain};
use recado_domain::delivery::{LegStatus, Status};
use recado_simulator::weather::Fault;
use recado_testing::phones::Channel;

use super::stage::{Customers, Ending, Publish, Story, tell};
use super::{EACH, everybody_got_it_once_by_a_channel, nobody_got_both, within};

/// A claim's lease, and with it the rest before a repetition.
const LEASE: f64 = 60.0;
/// What a claim takes to become a Publish at the most.
const SLACK: f64 = 1.0;
/// What a Publish takes to reach SNS at the most.
const ON_ITS_WAY: f64 = 0.1;
/// Within which a timer that is due is received …
const SOON: f64 = 3.0;
/// … and while every timer before it waits five seconds for SNS, four batches at once.
const BEHIND_OTHERS: f64 = 45.0;

/// What SNS has done with a Publish of which it said nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Did {
    Nothing,
    TookIt,
}

/// SMS to customers without WhatsApp: a code, a warning and an alert every other second.
fn by_sms_alone(name: &'static str, fault: Fault, between: (i64, i64)) -> Story {
    Story {
        customers: Customers::WithoutWhatsapp,
        sends: &["one_time_code", "unusual_activity", "pix_received"],
        ..Story::of(name, fault, between)
    }
}

/// Checks each against what its class promises, a repetition at most `late` after its lease; answers, for
/// authentication, security and the rest, how many phones hold no SMS, one and two.
fn reached(story: &Story, did: Did, late: f64) -> [[usize; 3]; 3] {
    let (from, to) = (story.between.0 as f64, story.between.1 as f64);
    let struck = |publish: &Publish| publish.outcome == Some("unknown");
    let endings = tell(story);
    nobody_got_both(&endings);
    let mut held = [[0; 3]; 3];
    for ending in &endings {
        let repeats = ending.item.class.when_uncertain() == WhenUncertain::RepeatOnce;
        let (first, last) = match ending.published.as_slice() {
            [only] => (only, only),
            [first, last] => (first, last),
            other => panic!("{} attempts: {ending:?}", other.len()),
        };
        let twice = ending.published.len() == 2;
        assert_eq!(twice, repeats && struck(first), "{ending:?}");
        if twice {
            let rest = last.at - first.at;
            assert!(
                (LEASE - SLACK..LEASE + late).contains(&rest),
                "repeated after {rest} s: {ending:?}"
            );
        }
        for publish in &ending.published {
            let meets = (from - ON_ITS_WAY..to).contains(&publish.at);
            let surely = (from..to - ON_ITS_WAY).contains(&publish.at);
            let right = match publish.outcome {
                Some("unknown") => meets,
                Some("accepted") => !surely,
                _ => false,
            };
            assert!(right, "{publish:?}: {ending:?}");
        }
        let sms = ending.count(Channel::Sms);
        let arrived = ending.published.iter();
        let arrived = arrived.filter(|it| did == Did::TookIt || !struck(it));
        assert_eq!(sms, arrived.count(), "{ending:?}");
        let (leg, status) = if struck(last) {
            (LegStatus::Uncertain, Status::Unknown)
        } else {
            (LegStatus::Sent, Status::FallbackSent)
        };
        assert_eq!(ending.item.leg_status(1), leg, "{ending:?}");
        assert_eq!(ending.status, status, "{ending:?}");
        let class = match ending.item.class {
            Class::Authentication => 0,
            Class::Security => 1,
            Class::Transactional | Class::Servicing | Class::Marketing => 2,
        };
        held[class][sms] += 1;
    }
    assert!(held.iter().all(|of| of.iter().sum::<usize>() == EACH));
    held
}

#[test]
fn while_sns_cannot_be_connected_to_its_messages_wait_and_come_once() {
    let story = by_sms_alone(
        "SNS unreachable for 2 min",
        Fault::SmsUnreachable,
        (30, 150),
    );
    let endings = tell(&story);
    everybody_got_it_once_by_a_channel(&endings);
    nobody_got_both(&endings);
    let by_sms = |it: &Ending| {
        let once = it.count(Channel::Sms) == 1 && it.item.leg(1).attempt() == Some(1);
        once && it.status == Status::FallbackSent
    };
    assert!(endings.iter().all(by_sms));
    within(&endings, 125.0, 125.0);
}

#[test]
fn an_sns_that_answers_5xx_for_less_than_a_lease_costs_no_code_and_no_warning() {
    let story = by_sms_alone("SNS 5xx for 40 s", Fault::SmsPage, (30, 70));
    let held = reached(&story, Did::Nothing, SOON);
    assert_eq!(held, [[0, 45, 0], [0, 45, 0], [20, 25, 0]]);
}

#[test]
fn while_sns_answers_5xx_and_takes_nothing_only_what_is_repeated_after_it_arrives() {
    let story = by_sms_alone("SNS 5xx for 2 min", Fault::SmsPage, (30, 150));
    let held = reached(&story, Did::Nothing, SOON);
    assert_eq!(held, [[30, 15, 0], [30, 15, 0], [32, 13, 0]]);
}

#[test]
fn while_sns_answers_5xx_and_takes_all_codes_and_warnings_come_twice_and_alerts_once() {
    let story = by_sms_alone(
        "SNS 5xx for 2 min, all taken",
        Fault::SmsPageAfterAccept,
        (30, 150),
    );
    let held = reached(&story, Did::TookIt, SOON);
    assert_eq!(held, [[0, 13, 32], [0, 13, 32], [0, 45, 0]]);
}

#[test]
fn while_nothing_reaches_sns_and_nothing_answers_only_what_is_repeated_after_it_arrives() {
    let story = by_sms_alone("SNS silent for 2 min", Fault::SmsRequestLost, (30, 150));
    let held = reached(&story, Did::Nothing, BEHIND_OTHERS);
    assert_eq!(held, [[29, 16, 0], [27, 18, 0], [32, 13, 0]]);
}

#[test]
fn while_sns_takes_all_and_does_not_answer_codes_and_warnings_come_twice_and_alerts_once() {
    let story = by_sms_alone(
        "SNS silent for 2 min, all taken",
        Fault::SmsAnswerLost,
        (30, 150),
    );
    let held = reached(&story, Did::TookIt, BEHIND_OTHERS);
    assert_eq!(held, [[0, 13, 32], [0, 13, 32], [0, 45, 0]]);
}
