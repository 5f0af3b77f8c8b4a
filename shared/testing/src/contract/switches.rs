//! The switches: turned once, seen by whoever asks, on record for ever; and the counters of what they
//! limit, which never pass the limit.

use recado_domain::class::Lane;
use recado_domain::ids::TemplateName;
use recado_domain::switches::{
    Breaker, Counter, Reach, Scope, Sending, SmsBudget, Spending, Switch, Switchboard, Turn,
    Turned, Window,
};
use recado_ports::Switchgear;
use tokio::task::JoinSet;

use super::{at, tenant};

/// What a counter allows here.
const LIMIT: u32 = 5;

/// Exercises switches of which none was ever turned.
///
/// # Panics
/// Where the switches break the contract.
pub async fn switches_contract<S: Switchgear + Clone + 'static>(store: &S) {
    every_turn_is_seen_and_on_record(store).await;
    a_counter_never_passes_its_limit(store).await;
    each_counter_counts_for_itself(store).await;
    what_is_given_back_can_be_taken_again(store).await;
}

/// Exercises switches whose answers are lost. `lose(n)` has the next `n` requests that write carried out
/// and not answered.
///
/// # Panics
/// Where a turn is on record twice, or a counter passes its limit.
pub async fn lost_turns_contract<S: Switchgear + Clone + 'static>(store: &S, lose: impl Fn(u32)) {
    let turned = turned(Turn::Breaker(Reach::Everywhere, Breaker::Open), 1);
    lose(4);
    while let Err(error) = store.turn(&turned).await {
        assert!(error.passes(), "{error}");
    }
    let record = store.turns(&turned.turn.switch()).await;
    assert_eq!(record.expect("the store answers"), [turned]);

    let counter = counter("banco-aurora", 1);
    let mut within = 0;
    for _ in 0..LIMIT {
        lose(1);
        match store.tally(&counter, LIMIT).await {
            Ok(Spending::Within) => within += 1,
            Ok(Spending::Exceeded) => {}
            Err(error) => assert!(error.passes(), "{error}"),
        }
    }
    lose(0);
    assert!(within <= LIMIT, "{within}");
    let after = store.tally(&counter, LIMIT).await;
    assert_eq!(after.expect("the store answers"), Spending::Exceeded);
}

fn turned(turn: Turn, seconds: i64) -> Turned {
    Turned {
        turn,
        at: at(seconds),
        by: "an operator".to_owned(),
        why: "é \"a reason\" | #".to_owned(),
    }
}

fn counter(bank: &str, minute: i64) -> Counter {
    Counter {
        switch: Switch::SmsBudget(Reach::Tenant(tenant(bank))),
        window: Window::Minute(minute),
    }
}

fn every_turn() -> Vec<Turn> {
    let bank = || tenant("banco-aurora");
    let template = || TemplateName::parse("pix_received").expect("a template's name");
    let mut turns = Vec::new();
    for sending in [Sending::Off, Sending::On] {
        turns.push(Turn::Sending(Scope::Tenant(bank()), sending));
        turns.push(Turn::Sending(Scope::Template(bank(), template()), sending));
        turns.extend(Lane::ALL.map(|lane| Turn::Sending(Scope::Lane(lane), sending)));
    }
    for reach in [Reach::Everywhere, Reach::Tenant(bank())] {
        for breaker in [Breaker::Open, Breaker::Closed] {
            turns.push(Turn::Breaker(reach.clone(), breaker));
        }
        for (per_minute, per_day) in [(Some(1), None), (None, Some(0)), (Some(u32::MAX), Some(9))] {
            let budget = SmsBudget {
                per_minute,
                per_day,
            };
            turns.push(Turn::SmsBudget(reach.clone(), Some(budget)));
        }
        turns.push(Turn::SmsBudget(reach, None));
    }
    turns.extend([Some(40), None, Some(1)].map(|rate| Turn::Rate(bank(), rate)));
    turns
}

async fn every_turn_is_seen_and_on_record<S: Switchgear>(store: &S) {
    let board = async || {
        let board = store.switchboard().await;
        Switchboard::clone(&board.expect("the store answers"))
    };
    let mut expected = Switchboard::default();
    assert_eq!(board().await, expected);
    assert_eq!(store.switches().await.expect("the store answers"), []);
    let mut all: Vec<Turned> = Vec::new();
    for (seconds, turn) in (0..).zip(every_turn()) {
        let turned = turned(turn, seconds);
        store.turn(&turned).await.expect("the store answers");
        expected.take(&turned.turn, turned.at);
        assert_eq!(board().await, expected, "after {turned:?}");
        all.push(turned);
        let of_this = |other: &&Turned| {
            let newest = all.last().expect("just pushed");
            other.turn.switch() == newest.turn.switch()
        };
        let record: Vec<Turned> = all.iter().filter(of_this).cloned().collect();
        let switch = record[0].turn.switch();
        let read = store.turns(&switch).await.expect("the store answers");
        assert_eq!(read, record, "{switch:?}");
    }
    let mut last = store.switches().await.expect("the store answers");
    last.sort_by_key(|turned| turned.at);
    let superseded = |turned: &Turned| {
        let later = all.iter().filter(|other| other.at > turned.at);
        later
            .map(|other| other.turn.switch())
            .any(|switch| switch == turned.turn.switch())
    };
    let expected: Vec<&Turned> = all.iter().filter(|turned| !superseded(turned)).collect();
    assert_eq!(last.iter().collect::<Vec<_>>(), expected);
}

async fn a_counter_never_passes_its_limit<S: Switchgear + Clone + 'static>(store: &S) {
    let mut writers = JoinSet::new();
    for _ in 0..4 * LIMIT {
        let store = store.clone();
        writers.spawn(async move {
            let counted = store.tally(&counter("banco-aurora", 10), LIMIT).await;
            counted.expect("the store answers")
        });
    }
    let answers = writers.join_all().await;
    let within = answers.iter().filter(|answer| **answer == Spending::Within);
    assert_eq!(within.count(), 5);
    // A limit that is raised has room again, and no more than that.
    for expected in [Spending::Within, Spending::Exceeded] {
        let counted = store.tally(&counter("banco-aurora", 10), LIMIT + 1).await;
        assert_eq!(counted.expect("the store answers"), expected);
    }
}

async fn each_counter_counts_for_itself<S: Switchgear>(store: &S) {
    let second = Counter {
        window: Window::Second(20),
        ..counter("banco-aurora", 20)
    };
    let everywhere = Counter {
        switch: Switch::SmsBudget(Reach::Everywhere),
        ..counter("banco-aurora", 20)
    };
    let counters = [
        counter("banco-aurora", 20),
        counter("banco-aurora", 21),
        counter("banco-boreal", 20),
        second,
        everywhere,
    ];
    for expected in [Spending::Within, Spending::Exceeded] {
        for counter in &counters {
            let counted = store.tally(counter, 1).await.expect("the store answers");
            assert_eq!(counted, expected, "{counter:?}");
        }
    }
    let none = store.tally(&counter("banco-aurora", 22), 0).await;
    assert_eq!(none.expect("the store answers"), Spending::Exceeded);
}

async fn what_is_given_back_can_be_taken_again<S: Switchgear>(store: &S) {
    let counter = counter("banco-aurora", 30);
    let tally = async || store.tally(&counter, 1).await.expect("the store answers");
    let untally = async || store.untally(&counter).await.expect("the store answers");
    untally().await;
    assert_eq!(tally().await, Spending::Within);
    assert_eq!(tally().await, Spending::Exceeded);
    untally().await;
    assert_eq!(tally().await, Spending::Within);
    assert_eq!(tally().await, Spending::Exceeded);
    // Nothing goes below nothing.
    for _ in 0..3 {
        untally().await;
    }
    assert_eq!(tally().await, Spending::Within);
    assert_eq!(tally().await, Spending::Exceeded);
}
