//! Several writers at once: their answers are those of the same writes one after another, in some order.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, verify};
use recado_domain::delivery::{
    CapVerdict, Change, Fact, LegFact, Notification, OpenedBecause, Receipts, change,
};
use recado_domain::window::Window;
use recado_ports::{
    ChatRecord, Conversations, Created, Notifications, ProfileUpdate, Recipients, StoreError,
    Written,
};
use tokio::task::JoinSet;

use super::changes::{blank, bring_to, every_change};
use super::consents::event;
use super::conversations::entry;
use super::coverage::{Decides, lines};
use super::differential::verdict;
use super::situations::{claim, held, timed, token};
use super::{at, id, notification, person, tenant};

/// Writers of one item at once.
const WRITERS: u8 = 12;

/// Exercises a store with many writers at once.
///
/// # Panics
/// Where two writers both got what only one can have, where a fact was overwritten, and where answers do
/// not fit together.
pub async fn races_contract<S>(store: &S, seed: u64)
where
    S: Notifications + Recipients + Conversations + Clone + 'static,
{
    of_many_claims_of_whatsapp_one_wins(store).await;
    of_many_successors_of_a_crashed_holder_one_wins(store).await;
    receipts_presses_and_cancellation_are_written_once(store).await;
    random_changes_at_once_have_an_order(store, seed).await;
    of_many_creations_one_is_new_and_all_see_it(store).await;
    a_cap_is_never_exceeded(store).await;
    an_answer_is_claimed_by_one_token(store).await;
    the_newest_consent_stays_and_every_event_is_history(store).await;
    a_window_only_grows(store).await;
    a_refusal_never_closes_what_came_after_it(store).await;
}

/// Writes all changes at once; answers are in the order of the changes.
async fn write_at_once<S>(store: &S, item: &Notification, changes: &[Change]) -> Vec<Written>
where
    S: Notifications + Clone + 'static,
{
    let mut writers = JoinSet::new();
    for (index, change) in changes.iter().cloned().enumerate() {
        let (store, id) = (store.clone(), item.id.clone());
        writers.spawn(async move { (index, store.write(&id, &change).await) });
    }
    let mut answers = writers.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    let answer = |(_, answer): (usize, Result<Written, StoreError>)| answer;
    answers
        .into_iter()
        .map(|all| answer(all).expect("the store answers"))
        .collect()
}

/// Writes at once and fails unless the answers and what is stored at the end are those of some order.
/// Answers who won.
async fn race<S>(store: &S, item: &Notification, changes: &[Change], case: &str) -> Vec<usize>
where
    S: Notifications + Clone + 'static,
{
    let created = store.create(item).await.expect("the store answers");
    assert_eq!(created, Created::New, "{case}");
    let answers = write_at_once(store, item, changes).await;
    let stored = store.read(&item.id).await.expect("the store answers");
    let stored = stored.expect("a stored notification is there");
    let open: Vec<(&Change, &Written)> = changes.iter().zip(&answers).collect();
    assert!(have_an_order(item, &open, &stored), "{case}: {answers:#?}");
    let won = |(_, answer): &(usize, &Written)| matches!(answer, Written::Applied(_));
    let winners = answers.iter().enumerate().filter(won);
    winners.map(|(index, _)| index).collect()
}

/// Whether the answers that are still open can follow one another from `now` on and end at `end`.
fn have_an_order(now: &Notification, open: &[(&Change, &Written)], end: &Notification) -> bool {
    let fits = |(change, answer): &(&Change, &Written)| verdict(now, change) == **answer;
    let changes_nothing = |(_, answer): &(&Change, &Written)| match answer {
        Written::Refused(_) => true,
        Written::Applied(after) => **after == *now,
        Written::Missing => false,
    };
    // Whose turn changes nothing can have it now.
    let mut left = open.to_vec();
    left.retain(|each| !(changes_nothing(each) && fits(each)));
    if left.is_empty() {
        return now == end;
    }
    (0..left.len()).any(|index| match left[index].1 {
        Written::Applied(after) if fits(&left[index]) => {
            let mut rest = left.clone();
            rest.remove(index);
            have_an_order(after, &rest, end)
        }
        Written::Applied(_) | Written::Refused(_) | Written::Missing => false,
    })
}

async fn of_many_claims_of_whatsapp_one_wins<S>(store: &S)
where
    S: Notifications + Clone + 'static,
{
    let case = "many claims of whatsapp";
    let item = notification(case, Class::Transactional);
    let changes: Vec<Change> = (0..WRITERS)
        .map(|holder| change::claim_first(&item, &claim(holder, 1, 1)))
        .collect();
    let winners = race(store, &item, &changes, case).await;
    let [winner] = winners[..] else {
        panic!("{case}: one wins, not {winners:?}")
    };
    let stored = store.read(&item.id).await.expect("the store answers");
    let holder = stored.and_then(|item| item.leg(0).token());
    let expected = token(u8::try_from(winner).expect("a writer's number"));
    assert_eq!(holder, Some(expected));
}

async fn of_many_successors_of_a_crashed_holder_one_wins<S>(store: &S)
where
    S: Notifications + Clone + 'static,
{
    let case = "many successors";
    let mut item = notification(case, Class::Security);
    let lease = held(1, 99, 40, 1);
    for (fact, value) in lease.into_iter().chain([timed(0, LegFact::Closed, 5)]) {
        item.facts.insert(fact, value);
    }
    let changes: Vec<Change> = (0..WRITERS)
        .map(|holder| {
            let claim = claim(holder, 60, 2);
            change::claim_later(&item, 1, &claim, OpenedBecause::NotDeliveredInTime)
        })
        .collect();
    let winners = race(store, &item, &changes, case).await;
    assert_eq!(winners.len(), 1, "{case}: {winners:?}");
}

async fn receipts_presses_and_cancellation_are_written_once<S>(store: &S)
where
    S: Notifications + Clone + 'static,
{
    let case = "everything is said at once";
    let bank = tenant("banco-aurora");
    let mut item = notification(case, Class::Transactional);
    for (fact, value) in held(0, 1, 1, 1) {
        item.facts.insert(fact, value);
    }
    let mut changes = Vec::new();
    for seconds in 10..14 {
        for (delivered, read) in [(true, false), (false, true), (true, true)] {
            let said = Receipts {
                delivered,
                read,
                ..Receipts::default()
            };
            changes.extend(change::receipts(&bank, &said, at(seconds)));
        }
        for inbound in ["one press", "another press"] {
            changes.push(change::respond(&bank, inbound, "confirm", at(seconds)));
        }
        changes.push(change::cancel(&item, at(seconds)));
    }
    race(store, &item, &changes, case).await;
    let stored = store.read(&item.id).await.expect("the store answers");
    let stored = stored.expect("a stored notification is there");
    assert_eq!(stored.responses().len(), 2, "{case}");
    assert!(stored.leg(0).read_at().is_some(), "{case}");
    assert!(stored.facts.has(&Fact::Answered), "{case}");
    assert_eq!(stored.content, None, "{case}");
    // The same again changes nothing.
    let answers = write_at_once(store, &item, &changes).await;
    let known = Written::Refused(Box::new(stored));
    assert!(answers.iter().all(|answer| *answer == known), "{case}");
}

async fn random_changes_at_once_have_an_order<S>(store: &S, seed: u64)
where
    S: Notifications + Clone + 'static,
{
    let mut dice = StdRng::seed_from_u64(seed);
    for number in 0..40 {
        let case = format!("race of seed {seed} number {number}");
        let class = [Class::Transactional, Class::Security][usize::from(dice.random_bool(0.5))];
        let mut item = blank(&case, class, dice.random_range(1..=3), &mut dice);
        let all = every_change(&item, &mut dice);
        let mut changes = Vec::new();
        for _ in 0..6 {
            changes.push(all[dice.random_range(0..all.len())].1.clone());
        }
        let line = dice.random_range(0..lines(&changes[0].when).len());
        bring_to(&mut item, &changes[0], line, Decides::Permits, &mut dice);
        race(store, &item, &changes, &case).await;
    }
}

async fn of_many_creations_one_is_new_and_all_see_it<S>(store: &S)
where
    S: Notifications + Clone + 'static,
{
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let mut item = notification("many creations of one", Class::Transactional);
            item.digest = format!("digest of {writer}");
            let answer = store.create(&item).await.expect("the store answers");
            (item, answer)
        });
    }
    let answers = writers.join_all().await;
    let new = answers.iter().filter(|(_, said)| *said == Created::New);
    let new: Vec<&Notification> = new.map(|(item, _)| item).collect();
    let [winner] = new[..] else {
        panic!("{} are new", new.len())
    };
    let seen = Created::Already(Box::new(winner.clone()));
    let others = answers.iter().filter(|(_, said)| *said != Created::New);
    for (_, answer) in others {
        assert_eq!(*answer, seen);
    }
    let stored = store.read(&winner.id).await.expect("the store answers");
    assert_eq!(stored.as_ref(), Some(winner));
}

async fn a_cap_is_never_exceeded<S>(store: &S)
where
    S: Recipients + Clone + 'static,
{
    const CAP: u32 = 5;
    let count = async |store: S, case: String, cap: u32| {
        let (bank, who) = (tenant("banco-aurora"), person("a raced cap"));
        let day = "2026-11-21";
        let id = id(&case);
        let answer = store.count(&bank, &who, day, Class::Marketing, &id, cap);
        answer.await.expect("the store answers")
    };
    let mut writers = JoinSet::new();
    for message in 0..WRITERS {
        // A job that came twice counts twice at once.
        for _ in 0..2 {
            let (store, case) = (store.clone(), format!("counted {message}"));
            writers.spawn(async move { (message, count(store, case, CAP).await) });
        }
    }
    let answers = writers.join_all().await;
    let within = |(_, verdict): &&(u8, CapVerdict)| *verdict == CapVerdict::Within;
    let messages: BTreeSet<u8> = answers.iter().filter(within).map(|(who, _)| *who).collect();
    assert_eq!(messages.len(), 5, "{answers:?}");
    let counted = answers.iter().filter(within).count();
    assert_eq!(
        counted, 10,
        "each is counted once, and told twice: {answers:?}"
    );
    // What was counted is five ids: one more place is one more message.
    let more = count(store.clone(), "one more".to_owned(), CAP + 1).await;
    assert_eq!(more, CapVerdict::Within);
    let too_many = count(store.clone(), "too many".to_owned(), CAP + 1).await;
    assert_eq!(too_many, CapVerdict::Exceeded);
}

async fn an_answer_is_claimed_by_one_token<S>(store: &S)
where
    S: Conversations + Clone + 'static,
{
    let (bank, who) = (tenant("banco-aurora"), person("a raced answer"));
    let entry = entry(1, "opt_out");
    let mut messages = JoinSet::new();
    for _ in 0..WRITERS {
        let (store, bank, who, entry) = (store.clone(), bank.clone(), who.clone(), entry.clone());
        messages.spawn(async move { store.put_chat(&bank, &who, &entry).await });
    }
    let stored = messages.join_all().await;
    let new = |answer: &&Result<ChatRecord, StoreError>| matches!(answer, Ok(ChatRecord::New));
    assert_eq!(stored.iter().filter(new).count(), 1, "{stored:?}");

    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        for _ in 0..2 {
            let (store, bank, who) = (store.clone(), bank.clone(), who.clone());
            let key = entry.sort_key.clone();
            writers.spawn(async move {
                let claimed = store.claim_reply(&bank, &who, &key, &token(writer)).await;
                (writer, claimed.expect("the store answers"))
            });
        }
    }
    let answers = writers.join_all().await;
    let won = answers.iter().filter(|(_, said)| *said == ChatRecord::New);
    let winners: Vec<u8> = won.map(|(writer, _)| *writer).collect();
    assert!(
        matches!(winners[..], [one, same] if one == same),
        "one token, both times it asks: {winners:?}"
    );
}

async fn the_newest_consent_stays_and_every_event_is_history<S>(store: &S)
where
    S: Recipients + Clone + 'static,
{
    let (bank, who) = (tenant("banco-aurora"), person("raced consents"));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, bank, who) = (store.clone(), bank.clone(), who.clone());
        let action = [Action::Grant, Action::Revoke][usize::from(writer % 2)];
        let event = event(action, i64::from(writer), &format!("raced {writer}"));
        writers.spawn(async move {
            // Who lost every race for the item is told so, and asks again.
            while let Err(error) = store.consent(&bank, &who, &event).await {
                assert!(error.passes(), "{error}");
            }
        });
    }
    writers.join_all().await;
    let found = store.recipient(&bank, &who).await;
    let consents = found.expect("the store answers").consents;
    let newest = event(Action::Revoke, i64::from(WRITERS) - 1, "").consent;
    for (purpose, consent) in &consents.0[&Channel::Whatsapp].purposes {
        assert_eq!(*consent, newest, "{purpose}");
    }
    let history = store.history(&bank, &who, None, 100).await;
    let history = history.expect("the store answers").entries;
    assert_eq!(history.len(), usize::from(WRITERS));
    let verdicts = verify(&bank, &who, &consents, &history);
    assert_eq!(verdicts[&Channel::Whatsapp].holds, Ok(()));
}

async fn a_window_only_grows<S>(store: &S)
where
    S: Recipients + Clone + 'static,
{
    let (bank, who) = (tenant("banco-aurora"), person("raced windows"));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, bank, who) = (store.clone(), bank.clone(), who.clone());
        writers.spawn(async move {
            let update = ProfileUpdate {
                window_until: Some(at(i64::from(writer))),
                ..ProfileUpdate::default()
            };
            let changed = store.update_profile(&bank, &who, &update).await;
            changed.expect("the store answers");
        });
    }
    writers.join_all().await;
    let found = store.recipient(&bank, &who).await;
    let profile = found.expect("the store answers").profile;
    let window = profile.and_then(|profile| profile.window_until);
    assert_eq!(window, Some(at(i64::from(WRITERS) - 1)));
}

async fn a_refusal_never_closes_what_came_after_it<S>(store: &S)
where
    S: Recipients + Clone + 'static,
{
    let (bank, who) = (tenant("banco-aurora"), person("raced refusals"));
    let mut writers = JoinSet::new();
    for writer in 1..WRITERS {
        let (store, bank, who) = (store.clone(), bank.clone(), who.clone());
        writers.spawn(async move {
            let update = ProfileUpdate {
                window_until: Some(at(i64::from(writer))),
                ..ProfileUpdate::default()
            };
            let changed = store.update_profile(&bank, &who, &update).await;
            changed.expect("the store answers");
            let older = at(i64::from(writer) - 1);
            let refused = store.refuse_window(&bank, &who, older).await;
            refused.expect("the store answers");
        });
    }
    writers.join_all().await;
    let found = store.recipient(&bank, &who).await;
    let profile = found.expect("the store answers").profile;
    let until = at(i64::from(WRITERS) - 1);
    let window = profile.map(|profile| profile.window(at(0)));
    assert_eq!(window, Some(Window::Open { until }));
}
