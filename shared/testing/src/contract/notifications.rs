//! Notifications: I2, I3, I5, I6 and I10 rest on these.

use recado_domain::class::Class;
use recado_domain::delivery::{Condition, Content, LegFact, Notification, change};
use recado_ports::{Created, Notifications, Written};
use tokio::task::JoinSet;

use super::situations::{Expected, Situation, all, claim, token};
use super::{at, id, notification, sealed};

pub(super) async fn check<S: Notifications + Clone + 'static>(store: &S) {
    a_notification_is_created_once_and_the_first_one_stays(store).await;
    a_missing_notification_is_told_from_a_refused_change(store).await;
    for situation in all() {
        check_situation(store, situation).await;
    }
    a_change_of_nothing_asks_its_condition_only(store).await;
    what_was_released_can_be_claimed_again(store).await;
    of_many_claims_at_once_one_wins(store).await;
    of_many_creations_at_once_one_is_new(store).await;
}

async fn create<S: Notifications>(store: &S, item: &Notification) {
    let created = store.create(item).await.expect("the store answers");
    assert_eq!(created, Created::New, "{:?} is new", item.reference);
}

async fn read<S: Notifications>(store: &S, item: &Notification) -> Notification {
    let found = store.read(&item.id).await.expect("the store answers");
    found.expect("a stored notification is there")
}

async fn a_notification_is_created_once_and_the_first_one_stays<S: Notifications>(store: &S) {
    let first = notification("created once", Class::Transactional);
    assert_eq!(
        store.read(&first.id).await.expect("the store answers"),
        None
    );
    create(store, &first).await;
    let mut second = first.clone();
    second.digest = "of other content".to_owned();
    second.content = Some(sealed(2));
    let answer = store.create(&second).await.expect("the store answers");
    assert_eq!(answer, Created::Already(Box::new(first.clone())));
    assert_eq!(read(store, &first).await, first);

    let mut bare = notification("created bare", Class::Marketing);
    bare.reference = None;
    bare.content = None;
    bare.masked.clear();
    bare.ladder.truncate(1);
    create(store, &bare).await;
    assert_eq!(read(store, &bare).await, bare);
}

async fn a_missing_notification_is_told_from_a_refused_change<S: Notifications>(store: &S) {
    let item = notification("never created", Class::Transactional);
    // Also where the condition would hold for an empty item: a write never creates one.
    for change in [
        change::claim_first(&item, &claim(1, 0, 1)),
        change::submitted(&item, 0, at(0), None),
    ] {
        let answer = store
            .write(&item.id, &change)
            .await
            .expect("the store answers");
        assert_eq!(answer, Written::Missing);
    }
    assert_eq!(store.read(&item.id).await.expect("the store answers"), None);
}

async fn check_situation<S: Notifications>(store: &S, situation: Situation) {
    let says = situation.says;
    let mut item = notification(says, situation.class);
    for (fact, value) in situation.facts {
        item.facts.insert(fact, value);
    }
    create(store, &item).await;
    let change = (situation.change)(&item);
    let answer = store
        .write(&item.id, &change)
        .await
        .expect("the store answers");
    let expected = match situation.expected {
        Expected::Applied(_) => Written::Applied(Box::new(change.apply(item.clone()))),
        Expected::AlreadyWon => Written::Applied(Box::new(item.clone())),
        Expected::Refused => Written::Refused(Box::new(item.clone())),
    };
    assert_eq!(answer, expected, "{says}");
    let stored = read(store, &item).await;
    let (Written::Applied(answered) | Written::Refused(answered)) = answer else {
        unreachable!("compared above");
    };
    assert_eq!(
        stored, *answered,
        "{says}: what was answered is what is stored"
    );
    let keeps = situation.expected != Expected::Applied(Content::Drop);
    assert_eq!(stored.content.is_some(), keeps, "{says}: the content");
    for (fact, value) in item
        .facts
        .iter()
        .filter(|(fact, _)| !change.remove.contains(fact))
    {
        let overwritten = change.set.iter().any(|(set, _)| set == fact);
        if !overwritten {
            assert_eq!(
                stored.facts.get(fact),
                Some(value),
                "{says}: {fact:?} stays"
            );
        }
    }
}

async fn a_change_of_nothing_asks_its_condition_only<S: Notifications>(store: &S) {
    let item = notification("a change of nothing", Class::Transactional);
    create(store, &item).await;
    let mut nothing = change::release(0, &token(1));
    nothing.remove.clear();
    nothing.when = Condition::All(Vec::new());
    let answer = store
        .write(&item.id, &nothing)
        .await
        .expect("the store answers");
    assert_eq!(answer, Written::Applied(Box::new(item.clone())));
    nothing.when = Condition::Any(Vec::new());
    let answer = store
        .write(&item.id, &nothing)
        .await
        .expect("the store answers");
    assert_eq!(answer, Written::Refused(Box::new(item.clone())));
    let missing = store
        .write(&id("a change of nothing at all"), &nothing)
        .await;
    assert_eq!(missing.expect("the store answers"), Written::Missing);
}

async fn what_was_released_can_be_claimed_again<S: Notifications>(store: &S) {
    let item = notification("claimed again", Class::Transactional);
    create(store, &item).await;
    let steps = [
        change::claim_first(&item, &claim(1, 1, 1)),
        change::release(0, &token(1)),
        change::claim_first(&item, &claim(2, 2, 2)),
    ];
    for step in steps {
        let answer = store
            .write(&item.id, &step)
            .await
            .expect("the store answers");
        assert!(matches!(answer, Written::Applied(_)), "{answer:?}");
    }
    let stored = read(store, &item).await;
    assert_eq!(stored.leg(0).token(), Some(token(2)));
    assert_eq!(stored.leg(0).attempt(), Some(2));
    let late = store.write(&item.id, &change::release(0, &token(1))).await;
    assert_eq!(
        late.expect("the store answers"),
        Written::Refused(Box::new(stored))
    );
}

async fn of_many_claims_at_once_one_wins<S: Notifications + Clone + 'static>(store: &S) {
    let item = notification("many claims", Class::Transactional);
    create(store, &item).await;
    let mut writers = JoinSet::new();
    for holder in 0..20 {
        let (store, item) = (store.clone(), item.clone());
        writers.spawn(async move {
            let change = change::claim_first(&item, &claim(holder, 1, 1));
            let answer = store
                .write(&item.id, &change)
                .await
                .expect("the store answers");
            matches!(answer, Written::Applied(_)).then_some(holder)
        });
    }
    let winners: Vec<u8> = writers.join_all().await.into_iter().flatten().collect();
    let [winner] = winners[..] else {
        panic!("one claim wins, not {winners:?}")
    };
    let stored = read(store, &item).await;
    assert_eq!(stored.leg(0).token(), Some(token(winner)));
    assert!(
        !stored
            .facts
            .has(&recado_domain::delivery::Fact::Leg(0, LegFact::Submitted))
    );
}

async fn of_many_creations_at_once_one_is_new<S: Notifications + Clone + 'static>(store: &S) {
    let mut writers = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        writers.spawn(async move {
            let item = notification("many creations", Class::Transactional);
            store.create(&item).await.expect("the store answers")
        });
    }
    let answers = writers.join_all().await;
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == Created::New)
            .count(),
        1
    );
}
