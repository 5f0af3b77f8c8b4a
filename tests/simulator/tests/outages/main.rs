//! What customers get while a part is away: one part at a time, in simulated time, to the second.
//!
//! A bank sends a code and an alert every other second for a minute and a half; customers are at hand. In the
//! end nobody got WhatsApp twice, who got both is who had to, and nobody went without or got an SMS twice but
//! by the one outage that leaves no choice: an SNS of which nobody knows what it did.

mod sns;
mod stage;

use recado_domain::delivery::Status;
use recado_domain::switches::Breaker;
use recado_simulator::weather::Fault;
use recado_testing::phones::Channel;

use stage::{Ending, Story, tell};

/// How many of one kind the bank sends: 13 before a part goes away at second 30, none when it is back two
/// minutes later.
const EACH: usize = 45;

fn everybody_got_it_once_by_a_channel(endings: &[Ending]) {
    for ending in endings {
        assert!(!ending.arrived.is_empty(), "lost: {ending:?}");
        assert!(ending.count(Channel::Sms) <= 1, "twice: {ending:?}");
    }
}

fn nobody_got_both(endings: &[Ending]) {
    let both: Vec<&Ending> = endings.iter().filter(|it| it.both()).collect();
    assert!(both.is_empty(), "{both:?}");
}

/// By which the slowest code and the slowest alert arrived, in seconds after it was sent.
fn within(endings: &[Ending], code: f64, alert: f64) {
    for ending in endings {
        let limit = if ending.is_code() { code } else { alert };
        let late = ending.first() - ending.sent as f64;
        assert!(late <= limit, "{late:.1} s: {ending:?}");
    }
}

/// How many codes and how many alerts came by a channel.
fn by(endings: &[Ending], channel: Channel) -> (usize, usize) {
    let of = |code: bool| {
        let of = endings.iter().filter(move |it| it.is_code() == code);
        of.filter(|it| it.count(channel) == 1).count()
    };
    (of(true), of(false))
}

#[test]
fn on_a_quiet_day_everything_comes_by_whatsapp_within_two_seconds() {
    let endings = tell(&Story::of("quiet", Fault::Crash, (200, 201)));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (EACH, EACH));
    assert_eq!(by(&endings, Channel::Sms), (0, 0));
    nobody_got_both(&endings);
    within(&endings, 2.0, 2.0);
    let delivered = |it: &Ending| it.status == Status::Delivered;
    assert!(endings.iter().all(delivered));
}

#[test]
fn while_the_store_throttles_for_ten_seconds_nothing_is_lost_and_nothing_comes_twice() {
    let endings = tell(&Story::of(
        "store throttled for 10 s",
        Fault::StoreThrottled,
        (30, 40),
    ));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (EACH, EACH));
    assert_eq!(by(&endings, Channel::Sms), (0, 0));
    nobody_got_both(&endings);
    within(&endings, 30.0, 60.0);
}

#[test]
fn while_meta_throttles_the_number_codes_go_by_sms_and_alerts_wait_or_go_by_sms() {
    let endings = tell(&Story::of(
        "Meta 130429 for 2 min",
        Fault::MetaNumberThrottled,
        (30, 150),
    ));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (13, 43));
    assert_eq!(by(&endings, Channel::Sms), (32, 2));
    nobody_got_both(&endings);
    within(&endings, 20.0, 155.0);
}

#[test]
fn while_meta_throttles_persons_codes_go_by_sms_and_alerts_wait_or_go_by_sms() {
    let endings = tell(&Story::of(
        "Meta 131056 for 2 min",
        Fault::MetaPairThrottled,
        (30, 150),
    ));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (13, 41));
    assert_eq!(by(&endings, Channel::Sms), (32, 4));
    nobody_got_both(&endings);
    within(&endings, 20.0, 155.0);
}

#[test]
fn while_meta_cannot_be_reached_codes_go_by_sms_and_alerts_wait_or_go_by_sms() {
    let endings = tell(&Story::of(
        "Meta unreachable for 2 min",
        Fault::MetaUnreachable,
        (30, 150),
    ));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (13, 43));
    assert_eq!(by(&endings, Channel::Sms), (32, 2));
    nobody_got_both(&endings);
    // What was tried again and again rests up to half a minute by then.
    within(&endings, 20.0, 155.0);
}

#[test]
fn while_meta_answers_5xx_nothing_is_repeated_and_sms_follows_after_the_wait() {
    let endings = tell(&Story::of("Meta 5xx for 2 min", Fault::MetaPage, (30, 150)));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (13, 13));
    assert_eq!(by(&endings, Channel::Sms), (32, 32));
    nobody_got_both(&endings);
    within(&endings, 33.0, 33.0);
}

/// The policy: an SMS goes after thirty seconds without a receipt. While none can come in, everybody
/// whose thirty seconds end before Meta's repetition is taken gets both, and nobody else.
#[test]
fn while_the_receiver_is_away_exactly_those_get_both_whose_receipt_came_too_late() {
    let endings = tell(&Story::of(
        "receiver unreachable for 2 min",
        Fault::ReceiverUnreachable,
        (30, 150),
    ));
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (EACH, EACH));
    assert_eq!(by(&endings, Channel::Sms), (33, 32));
    let mut both = 0;
    for ending in &endings {
        let submitted = ending.item.leg(0).submitted_at().expect("all were posted");
        let heard = ending.item.reached_at().expect("all were delivered");
        let waited = heard.duration_since(submitted).as_secs_f64();
        let too_late = ending
            .item
            .leg(1)
            .claimed_at()
            .is_some_and(|at| at <= heard);
        assert_eq!(ending.both(), too_late, "{ending:?}");
        assert_eq!(ending.both(), waited > 30.0, "{waited} s: {ending:?}");
        both += usize::from(ending.both());
    }
    // From a moment before the receiver went away until the bank stopped.
    assert!((55..=70).contains(&both), "{both} got both");
}

#[test]
fn with_the_breaker_open_only_codes_go_out_twice_while_the_receiver_is_away() {
    let endings = tell(&Story {
        breaker: Breaker::Open,
        ..Story::of(
            "receiver unreachable for 2 min, breaker open",
            Fault::ReceiverUnreachable,
            (30, 150),
        )
    });
    everybody_got_it_once_by_a_channel(&endings);
    assert_eq!(by(&endings, Channel::Whatsapp), (EACH, EACH));
    assert_eq!(by(&endings, Channel::Sms), (33, 0));
    assert!(endings.iter().any(|it| it.both()));
    for ending in &endings {
        assert!(!ending.both() || ending.is_code(), "{ending:?}");
    }
}
