//! Answers that are lost: what was asked for has happened, and whoever asked does not know. He asks again,
//! as the AWS clients do by themselves and the functions do after them, and must come to the same end.

use std::fmt::Debug;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, MetaPreference};
use recado_domain::delivery::{CapVerdict, Change, LegFact, Notification, OpenedBecause, change};
use recado_ports::{
    ChatRecord, Conversations, Created, Notifications, ProfileUpdate, Recipients, StoreError,
    Written,
};
use tokio::task::JoinSet;

use super::changes::{blank, bring_to, every_change};
use super::consents::event;
use super::conversations::entry;
use super::coverage::{Decides, lines};
use super::situations::{claim, held, timed, token};
use super::{at, id, notification, person, sealed, tenant};

/// How many answers in a row are lost: one, which a client of AWS bears by itself, and more than it bears.
const LOST: [u32; 2] = [1, 4];
/// More than any case loses, should one asker meet them all.
const PATIENCE: u32 = 24;

/// Exercises a store whose answers are lost. `lose(n)` has the next `n` requests that write carried out and
/// not answered.
///
/// # Panics
/// Where a write that is repeated is not known for one's own, or counts twice.
pub async fn lost_answers_contract<S>(store: &S, lose: impl Fn(u32))
where
    S: Notifications + Recipients + Conversations + Clone + 'static,
{
    for lost in LOST {
        let lose = || lose(lost);
        a_claim_is_known_by_its_token(store, &lose, lost).await;
        a_creation_is_there_already_with_its_own_digest(store, &lose, lost).await;
        a_count_counts_once(store, &lose, lost).await;
        an_answers_claim_is_known_by_its_token(store, &lose, lost).await;
        consents_and_people_are_as_if_asked_once(store, &lose, lost).await;
        an_erasure_comes_to_its_end(store, &lose, lost).await;
    }
    every_change_takes_effect_once(store, || lose(1)).await;
    of_many_claims_one_wins_and_knows_it(store, || lose(20)).await;
}

/// Asks until there is an answer.
async fn ask<T: Debug, A: Future<Output = Result<T, StoreError>>>(mut ask: impl FnMut() -> A) -> T {
    for _ in 1..PATIENCE {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(error.passes(), "{error}"),
        }
    }
    ask().await.expect("the store answers in the end")
}

async fn write<S: Notifications>(store: &S, item: &Notification, change: &Change) -> Written {
    ask(|| store.write(&item.id, change)).await
}

async fn stored<S: Notifications>(store: &S, item: &Notification) -> Notification {
    let found = store.read(&item.id).await.expect("the store answers");
    found.expect("a stored notification is there")
}

async fn create<S: Notifications>(store: &S, item: &Notification) {
    let created = store.create(item).await.expect("the store answers");
    assert_eq!(created, Created::New, "{:?}", item.reference);
}

async fn a_claim_is_known_by_its_token<S: Notifications>(store: &S, lose: impl Fn(), lost: u32) {
    let mut later = notification(&format!("a later claim, lost {lost}"), Class::Security);
    let (fact, value) = timed(0, LegFact::Closed, 5);
    later.facts.insert(fact, value);
    let first = notification(&format!("a claim, lost {lost}"), Class::Transactional);
    let because = OpenedBecause::NotDeliveredInTime;
    let claims = |item: &Notification, leg, holder| match leg {
        0 => change::claim_first(item, &claim(holder, 10, 1)),
        leg => change::claim_later(item, leg, &claim(holder, 10, 1), because),
    };
    for (item, leg) in [(first, 0), (later, 1)] {
        create(store, &item).await;
        let own = claims(&item, leg, 1);
        lose();
        let after = own.apply(item.clone());
        let won = Written::Applied(Box::new(after.clone()));
        assert_eq!(write(store, &item, &own).await, won);
        let another = write(store, &item, &claims(&item, leg, 2)).await;
        assert_eq!(another, Written::Refused(Box::new(after.clone())));
        // The bank cancelled before the writer asked again: the claim is its own all the same.
        let cancelled = write(store, &item, &change::cancel(&item, at(11))).await;
        let Written::Applied(cancelled) = cancelled else {
            panic!("a claim does not forbid to cancel: {cancelled:?}");
        };
        assert_eq!(write(store, &item, &own).await, Written::Applied(cancelled));
    }
}

async fn a_creation_is_there_already_with_its_own_digest<S: Notifications>(
    store: &S,
    lose: impl Fn(),
    lost: u32,
) {
    let item = notification(&format!("a creation, lost {lost}"), Class::Authentication);
    lose();
    let answer = ask(|| store.create(&item)).await;
    assert_eq!(answer, Created::Already(Box::new(item.clone())));
    assert_eq!(stored(store, &item).await, item);
}

async fn a_count_counts_once<S: Recipients>(store: &S, lose: impl Fn(), lost: u32) {
    let (bank, who) = (
        tenant("banco-aurora"),
        person(&format!("a count, lost {lost}")),
    );
    let count = async |case: &str| {
        let id = id(case);
        let day = "2026-11-21";
        ask(|| store.count(&bank, &who, day, Class::Servicing, &id, 2)).await
    };
    for message in ["the first", "the second"] {
        lose();
        assert_eq!(count(message).await, CapVerdict::Within, "{message}");
        assert_eq!(count(message).await, CapVerdict::Within, "{message} again");
    }
    assert_eq!(count("the third").await, CapVerdict::Exceeded);
}

async fn an_answers_claim_is_known_by_its_token<S: Conversations>(
    store: &S,
    lose: impl Fn(),
    lost: u32,
) {
    let (bank, who) = (
        tenant("banco-aurora"),
        person(&format!("an answer, lost {lost}")),
    );
    let entry = entry(1, "opt_out");
    lose();
    // Whether it is new is not known any more; webhook-receiver goes on either way.
    let put = ask(|| store.put_chat(&bank, &who, &entry)).await;
    assert_eq!(put, ChatRecord::Repeated);
    let read = store.chat_entry(&bank, &who, &entry.sort_key).await;
    assert_eq!(read.expect("the store answers"), Some(entry.clone()));
    lose();
    let claimed = async |holder| {
        let token = token(holder);
        ask(|| store.claim_reply(&bank, &who, &entry.sort_key, &token)).await
    };
    assert_eq!(claimed(1).await, ChatRecord::New);
    assert_eq!(claimed(2).await, ChatRecord::Repeated);
    assert_eq!(claimed(1).await, ChatRecord::New);
}

async fn consents_and_people_are_as_if_asked_once<S: Recipients>(
    store: &S,
    lose: impl Fn(),
    lost: u32,
) {
    let (bank, who) = (
        tenant("banco-aurora"),
        person(&format!("somebody, lost {lost}")),
    );
    let grant = event(Action::Grant, 10, "grant");
    let outdone = event(Action::Revoke, 5, "outdone");
    for (event, expected) in [(&grant, grant.consent), (&outdone, grant.consent)] {
        lose();
        let (_, now) = ask(|| store.consent(&bank, &who, event)).await;
        assert_eq!(now.purposes[&Class::Marketing], expected);
    }
    lose();
    ask(|| store.meta_preference(&bank, &who, MetaPreference::Stop, at(20))).await;
    let update = ProfileUpdate {
        phone: Some(sealed(1)),
        user_digest: Some("user".to_owned()),
        window_until: Some(at(100)),
        ..ProfileUpdate::default()
    };
    lose();
    ask(|| store.update_profile(&bank, &who, &update)).await;
    lose();
    ask(|| store.refuse_window(&bank, &who, at(90))).await;
    let digest = format!("alias, lost {lost}");
    lose();
    ask(|| store.put_alias(&bank, &digest, &who)).await;

    let found = store
        .recipient(&bank, &who)
        .await
        .expect("the store answers");
    let whatsapp = &found.consents.0[&Channel::Whatsapp];
    assert_eq!(whatsapp.purposes[&Class::Transactional], grant.consent);
    assert_eq!(whatsapp.meta, Some((MetaPreference::Stop, at(20))));
    let profile = found.profile.expect("there is a profile");
    assert_eq!(profile.phone, Some(sealed(1)));
    assert_eq!(profile.window_until, Some(at(100)));
    assert_eq!(profile.window_refused, Some(at(90)));
    assert_eq!(profile.aliases, [digest.as_str()]);
    let alias = store.alias(&bank, &digest).await;
    assert_eq!(alias.expect("the store answers"), Some(who.clone()));
    let history = store.history(&bank, &who, None, 100).await;
    assert_eq!(history.expect("the store answers").entries.len(), 2);
}

async fn an_erasure_comes_to_its_end<S>(store: &S, lose: impl Fn(), lost: u32)
where
    S: Recipients + Conversations,
{
    let (bank, who) = (
        tenant("banco-aurora"),
        person(&format!("erased, lost {lost}")),
    );
    let update = ProfileUpdate {
        phone: Some(sealed(1)),
        ..ProfileUpdate::default()
    };
    ask(|| store.update_profile(&bank, &who, &update)).await;
    let digest = format!("alias of the erased, lost {lost}");
    ask(|| store.put_alias(&bank, &digest, &who)).await;
    let grant = event(Action::Grant, 10, "grant");
    ask(|| store.consent(&bank, &who, &grant)).await;
    let text = entry(1, "text");
    ask(|| store.put_chat(&bank, &who, &text)).await;
    lose();
    ask(|| store.erase(&bank, &who, at(50))).await;
    let found = store
        .recipient(&bank, &who)
        .await
        .expect("the store answers");
    let profile = found.profile.expect("the erasure is known");
    assert_eq!((profile.phone, profile.erased_at), (None, Some(at(50))));
    assert!(profile.aliases.is_empty());
    for (channel, consents) in &found.consents.0 {
        let revoked = consents.purposes.values();
        let mut revoked = revoked.map(|consent| consent.action == Action::Revoke);
        assert!(revoked.all(|revoked| revoked), "{channel}");
    }
    let alias = store.alias(&bank, &digest).await;
    assert_eq!(alias.expect("the store answers"), None);
    let chat = store.conversation(&bank, &who).await;
    assert_eq!(chat.expect("the store answers"), []);
    let history = store.history(&bank, &who, None, 100).await;
    let history = history.expect("the store answers").entries;
    assert_eq!(history.len(), 1 + Channel::ALL.len());
    assert!(history.iter().all(|entry| entry.event.evidence.is_none()));
}

/// A change that is no claim may be refused when it is asked for again; it has taken effect once.
async fn every_change_takes_effect_once<S: Notifications>(store: &S, lose: impl Fn()) {
    let mut dice = StdRng::seed_from_u64(1);
    let blank_one = blank("x", Class::Transactional, 2, &mut dice);
    for (number, (kind, change)) in every_change(&blank_one, &mut dice).into_iter().enumerate() {
        let case = format!("lost change {number}: {kind}");
        let mut item = blank(&case, Class::Transactional, 2, &mut dice);
        let line = dice.random_range(0..lines(&change.when).len());
        bring_to(&mut item, &change, line, Decides::Permits, &mut dice);
        if !change.permits(&item) {
            continue;
        }
        create(store, &item).await;
        lose();
        let after = change.apply(item.clone());
        let answered = match write(store, &item, &change).await {
            Written::Applied(item) | Written::Refused(item) => *item,
            Written::Missing => panic!("{case}: it is there"),
        };
        assert_eq!(answered, after, "{case}");
        assert_eq!(stored(store, &item).await, after, "{case}");
    }
}

async fn of_many_claims_one_wins_and_knows_it<S>(store: &S, lose: impl Fn())
where
    S: Notifications + Clone + 'static,
{
    let mut item = notification("many claims, many lost", Class::Security);
    let lease = held(1, 99, 40, 1);
    for (fact, value) in lease.into_iter().chain([timed(0, LegFact::Closed, 5)]) {
        item.facts.insert(fact, value);
    }
    create(store, &item).await;
    lose();
    let mut writers = JoinSet::new();
    for holder in 0..12 {
        let (store, item) = (store.clone(), item.clone());
        writers.spawn(async move {
            let claim = claim(holder, 60, 2);
            let because = OpenedBecause::NotDeliveredInTime;
            let change = change::claim_later(&item, 1, &claim, because);
            (holder, write(&store, &item, &change).await)
        });
    }
    let answers = writers.join_all().await;
    let stored = stored(store, &item).await;
    for (holder, answer) in answers {
        let expected = if stored.leg(1).token() == Some(token(holder)) {
            Written::Applied(Box::new(stored.clone()))
        } else {
            Written::Refused(Box::new(stored.clone()))
        };
        assert_eq!(answer, expected, "{holder}");
    }
}
