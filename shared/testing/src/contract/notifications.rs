//! Notifications: I2, I3, I5, I6 and I10 rest on these.

use rand::SeedableRng;
use rand::rngs::StdRng;
use recado_domain::class::Class;
use recado_domain::delivery::{Condition, Content, Notification, change};
use recado_ports::{Created, Notifications, Written};

use super::changes::{KINDS, every_change};
use super::coverage::Coverage;
use super::situations::{Expected, Situation, all, claim, token};
use super::{id, notification, sealed};

pub(super) async fn check<S: Notifications>(store: &S) {
    a_notification_is_created_once_and_the_first_one_stays(store).await;
    a_missing_notification_is_told_from_a_refused_change(store).await;
    let mut coverage = Coverage::default();
    for situation in all() {
        check_situation(store, situation, &mut coverage).await;
    }
    assert_eq!(coverage.kinds().len(), KINDS.len());
    assert_eq!(
        coverage.left_open(),
        [""; 0],
        "no situation needs these lines"
    );
    a_change_of_nothing_asks_its_condition_only(store).await;
    what_was_released_can_be_claimed_again(store).await;
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
    let mut dice = StdRng::seed_from_u64(1);
    // Also where the condition would hold for an empty item: a write never creates one.
    for (kind, change) in every_change(&item, &mut dice) {
        let answer = store
            .write(&item.id, &change)
            .await
            .expect("the store answers");
        assert_eq!(answer, Written::Missing, "{kind}");
    }
    assert_eq!(store.read(&item.id).await.expect("the store answers"), None);
}

async fn check_situation<S: Notifications>(
    store: &S,
    situation: Situation,
    coverage: &mut Coverage,
) {
    let says = situation.says;
    let mut item = notification(&says, situation.class);
    for (fact, value) in situation.facts {
        item.facts.insert(fact, value);
    }
    if situation.content == Content::Drop {
        item.content = None;
    }
    let change = (situation.change)(&item);
    coverage.note(situation.kind, &change, &item);
    create(store, &item).await;
    let answer = store
        .write(&item.id, &change)
        .await
        .expect("the store answers");
    let after = match situation.expected {
        Expected::Applied(_) => change.apply(item.clone()),
        Expected::AlreadyWon | Expected::Refused => item.clone(),
    };
    let expected = match situation.expected {
        Expected::Applied(_) | Expected::AlreadyWon => Written::Applied(Box::new(after.clone())),
        Expected::Refused => Written::Refused(Box::new(after.clone())),
    };
    assert_eq!(answer, expected, "{says}");
    assert_eq!(
        read(store, &item).await,
        after,
        "{says}: what was answered is what is stored"
    );
    let keeps = situation.expected != Expected::Applied(Content::Drop);
    let kept = keeps && situation.content == Content::Keep;
    assert_eq!(after.content.is_some(), kept, "{says}: the content");
    for (fact, value) in item
        .facts
        .iter()
        .filter(|(fact, _)| !change.remove.contains(fact))
    {
        let overwritten = change.set.iter().any(|(set, _)| set == fact);
        if !overwritten {
            assert_eq!(after.facts.get(fact), Some(value), "{says}: {fact:?} stays");
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
