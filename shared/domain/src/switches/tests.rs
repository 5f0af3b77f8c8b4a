use std::collections::BTreeSet;

use super::*;
use crate::delivery::{WhenQueueWaitExceeded, plus};
use crate::ids::ClaimToken;

fn at(second: u64) -> Timestamp {
    plus(
        Timestamp::from_second(1_790_000_040).expect("time"),
        Duration::from_secs(second),
    )
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("tenant")
}

fn template(name: &str) -> TemplateName {
    TemplateName::parse(name).expect("name")
}

fn every_switch() -> Vec<Switch> {
    let bank = || tenant("banco-aurora");
    let mut all = vec![
        Switch::Sending(Scope::Tenant(bank())),
        Switch::Sending(Scope::Template(bank(), template("pix_received"))),
        Switch::Breaker(Reach::Everywhere),
        Switch::Breaker(Reach::Tenant(bank())),
        Switch::SmsBudget(Reach::Everywhere),
        Switch::SmsBudget(Reach::Tenant(bank())),
        Switch::Rate(bank()),
    ];
    all.extend(Lane::ALL.map(|lane| Switch::Sending(Scope::Lane(lane))));
    all
}

fn pix() -> Notification {
    crate::delivery::tests::pix()
}

#[test]
fn every_switch_has_a_name_of_its_own_that_reads_back() {
    let all = every_switch();
    let names: BTreeSet<String> = all.iter().map(Switch::to_string).collect();
    assert_eq!(names.len(), all.len());
    for switch in all {
        assert_eq!(Switch::parse(&switch.to_string()), Some(switch));
    }
    for other in [
        "",
        "sending",
        "sending/tenant",
        "sending/lane/fast",
        "breaker/",
        "breaker/a/b",
        "rate",
        "sending/template/banco-aurora",
        "sending/tenant/Banco",
    ] {
        assert_eq!(Switch::parse(other), None, "{other}");
    }
}

#[test]
fn off_holds_back_a_bank_a_template_or_a_lane_and_nothing_else() {
    let item = pix();
    let scopes = [
        (Scope::Tenant(item.tenant.clone()), true),
        (Scope::Tenant(tenant("banco-boreal")), false),
        (
            Scope::Template(item.tenant.clone(), item.template.clone()),
            true,
        ),
        (
            Scope::Template(item.tenant.clone(), template("statement_ready")),
            false,
        ),
        (
            Scope::Template(tenant("banco-boreal"), item.template.clone()),
            false,
        ),
        (Scope::Lane(item.lane), true),
        (Scope::Lane(Lane::Bulk), false),
    ];
    for (scope, holds) in scopes {
        let mut board = Switchboard::default();
        assert_eq!(board.gates(&item), Gates::default());
        board.take(&Turn::Sending(scope.clone(), Sending::Off), at(5));
        let since = holds.then(|| at(5));
        assert_eq!(board.gates(&item).off_since, since, "{scope:?}");
        board.take(&Turn::Sending(scope, Sending::On), at(9));
        let gates = board.gates(&item);
        assert_eq!(
            (gates.off_since, gates.on_since),
            (None, holds.then(|| at(9)))
        );
    }
}

#[test]
fn two_switches_over_one_message_hold_it_until_both_are_on() {
    let item = pix();
    let mut board = Switchboard::default();
    let lane = || Scope::Lane(item.lane);
    let bank = || Scope::Tenant(item.tenant.clone());
    board.take(&Turn::Sending(lane(), Sending::Off), at(10));
    board.take(&Turn::Sending(bank(), Sending::Off), at(5));
    assert_eq!(board.gates(&item).off_since, Some(at(5)));
    board.take(&Turn::Sending(bank(), Sending::On), at(20));
    assert_eq!(board.gates(&item).off_since, Some(at(10)));
    board.take(&Turn::Sending(lane(), Sending::On), at(30));
    let gates = board.gates(&item);
    assert_eq!((gates.off_since, gates.on_since), (None, Some(at(30))));
}

#[test]
fn answers_to_customers_are_held_back_with_their_bank_and_their_lane() {
    let bank = tenant("banco-aurora");
    let mut board = Switchboard::default();
    board.take(&Turn::Sending(Scope::Lane(Lane::Bulk), Sending::Off), at(0));
    assert_eq!(board.reply_gates(&bank, Lane::Standard), Gates::default());
    board.take(
        &Turn::Sending(Scope::Tenant(bank.clone()), Sending::Off),
        at(1),
    );
    assert_eq!(
        board.reply_gates(&bank, Lane::Standard).off_since,
        Some(at(1))
    );
}

#[test]
fn a_breaker_and_a_budget_reach_one_bank_or_every_one() {
    let item = pix();
    let own = || Reach::Tenant(item.tenant.clone());
    let minute = SmsBudget {
        per_minute: Some(5),
        per_day: None,
    };
    let day = SmsBudget {
        per_minute: None,
        per_day: Some(9),
    };
    let mut board = Switchboard::default();
    board.take(
        &Turn::Breaker(Reach::Tenant(tenant("banco-boreal")), Breaker::Open),
        at(0),
    );
    board.take(
        &Turn::SmsBudget(Reach::Tenant(tenant("banco-boreal")), Some(minute)),
        at(0),
    );
    assert_eq!(board.gates(&item), Gates::default());
    for reach in [own(), Reach::Everywhere] {
        board.take(&Turn::Breaker(reach.clone(), Breaker::Open), at(1));
        assert_eq!(board.gates(&item).breaker, Breaker::Open, "{reach:?}");
        board.take(&Turn::Breaker(reach, Breaker::Closed), at(2));
        assert_eq!(board.gates(&item).breaker, Breaker::Closed);
    }
    board.take(&Turn::SmsBudget(own(), Some(day)), at(3));
    board.take(&Turn::SmsBudget(Reach::Everywhere, Some(minute)), at(3));
    let budgets = board.gates(&item).budgets;
    assert_eq!(budgets, [(own(), day), (Reach::Everywhere, minute)]);
    board.take(&Turn::SmsBudget(own(), None), at(4));
    assert_eq!(board.gates(&item).budgets, [(Reach::Everywhere, minute)]);
}

#[test]
fn a_rate_is_a_bank_s_own_until_it_is_lifted() {
    let bank = tenant("banco-aurora");
    let mut board = Switchboard::default();
    board.take(&Turn::Rate(bank.clone(), Some(40)), at(0));
    assert_eq!(board.rate(&bank), Some(40));
    assert_eq!(board.rate(&tenant("banco-boreal")), None);
    board.take(&Turn::Rate(bank.clone(), None), at(1));
    assert_eq!(board.rate(&bank), None);
}

#[test]
fn a_budget_is_counted_by_the_minute_and_by_the_day() {
    let budget = SmsBudget {
        per_minute: Some(5),
        per_day: Some(100),
    };
    let reach = Reach::Everywhere;
    let now = Timestamp::from_second(86_400 * 20_000 + 125).expect("time");
    let counters = budget.counters(&reach, now);
    let windows: Vec<(Window, u32)> = counters
        .iter()
        .map(|(counter, limit)| (counter.window, *limit))
        .collect();
    assert_eq!(
        windows,
        [
            (Window::Minute(1_440 * 20_000 + 2), 5),
            (Window::Day(20_000), 100)
        ]
    );
    let none = SmsBudget {
        per_minute: None,
        per_day: None,
    };
    assert!(none.counters(&reach, now).is_empty());
    assert!(windows.iter().all(|(window, _)| window.ends() > now));
    assert_eq!(windows[0].0.ends().as_second(), 86_400 * 20_000 + 180);
    assert_eq!(windows[1].0.ends().as_second(), 86_400 * 20_001);
    let request = Counter::requests(&tenant("banco-aurora"), now);
    assert_eq!(request.window.ends().as_second(), now.as_second() + 1);
}

#[test]
fn a_turn_is_in_effect_within_half_a_minute_and_what_it_held_comes_spread() {
    let tokens = (0..200_u8).map(|n| ClaimToken::from_random([n; 16]));
    let hops: Vec<Duration> = tokens.map(|token| Gates::hop(&token)).collect();
    let (least, most) = (hops.iter().min(), hops.iter().max());
    let (least, most) = (*least.expect("some"), *most.expect("some"));
    assert!(KNOWN_FOR + most <= Duration::from_secs(30), "{most:?}");
    assert!(most - least >= Duration::from_secs(5), "{least:?}-{most:?}");
}

#[test]
fn what_the_budget_holds_back_comes_in_the_next_minute_not_all_at_once() {
    let now = at(17);
    let (next, minute) = (at(60), Window::Minute(at(60).as_second().div_euclid(60)));
    let times: BTreeSet<Timestamp> = (0..100_u8)
        .map(|n| Gates::next_minute(now, &ClaimToken::from_random([n; 16])))
        .collect();
    assert!(
        times
            .iter()
            .all(|time| (next..plus(next, Duration::from_secs(60))).contains(time))
    );
    assert!(times.len() > 50);
    assert!(
        times.iter().all(|time| minute.surely_holds(*time)),
        "what was counted then and did not leave is given back"
    );
    let late = |time: &&Timestamp| **time > plus(next, Duration::from_secs(30));
    assert!(
        times.iter().filter(late).count() > 25,
        "all over the minute"
    );
}

#[test]
fn time_held_back_does_not_count_as_time_waited_for_whatsapp() {
    let mut item = pix();
    item.when_queue_wait_exceeded = WhenQueueWaitExceeded::NextLeg;
    let after = |seconds| plus(item.accepted_at, Duration::from_secs(seconds));
    let waits = |on_since| {
        Gates {
            on_since,
            ..Gates::default()
        }
        .waits_until(&item)
    };
    let usual = plus(item.accepted_at, item.max_queue_wait);
    assert_eq!(waits(None), usual);
    assert_eq!(
        waits(Some(item.accepted_at)),
        usual,
        "turned on before it came"
    );
    let (turned, longest_hop) = (1_000, 28);
    let expected = plus(after(turned + longest_hop), item.max_queue_wait);
    assert_eq!(waits(Some(after(turned))), expected);
}

#[test]
fn only_what_surely_was_counted_in_a_window_is_given_back_to_it() {
    let start = Timestamp::from_second(86_400 * 20_000).expect("time");
    let after = |seconds| plus(start, Duration::from_secs(seconds));
    let minute = Window::Minute(1_440 * 20_000);
    let day = Window::Day(20_000);
    for (second, in_minute, in_day) in [
        (0, false, false),
        (4, false, false),
        (5, true, true),
        (59, true, true),
        (60, false, true),
        (86_399, false, true),
        (86_400, false, false),
    ] {
        let held = (
            minute.surely_holds(after(second)),
            day.surely_holds(after(second)),
        );
        assert_eq!(held, (in_minute, in_day), "{second}");
    }
}
