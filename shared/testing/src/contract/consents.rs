//! Consent: idempotent, in any order, with its history.

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, Changed, ChannelConsents, ConsentEvent, HistoryEntry, MetaPreference, PurposeConsent,
    Source, verify,
};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{Intake, Recipients};
use tokio::task::JoinSet;

use super::{at, person, sealed, tenant};

pub(super) async fn check<S: Recipients + Clone + 'static>(store: &S) {
    an_event_counts_once_and_the_newest_wins_in_any_order(store).await;
    each_channel_and_bank_has_consents_of_its_own(store).await;
    many_events_at_once_all_count(store).await;
    metas_preference_is_the_newest_and_stands_beside_the_consents(store).await;
    history_comes_in_pages_oldest_first(store).await;
    many_are_taken_in_at_once_each_as_it_would_be_alone(store).await;
    a_number_is_kept_once_and_not_of_somebody_erased(store).await;
}

pub(super) fn event(action: Action, seconds: i64, digest: &str) -> ConsentEvent {
    ConsentEvent {
        channel: Channel::Whatsapp,
        purposes: vec![Class::Transactional, Class::Marketing],
        consent: PurposeConsent::new(action, at(seconds), Source::Web),
        digest: digest.to_owned(),
        received_at: at(seconds + 1),
        evidence: Some(sealed(5)),
    }
}

async fn take_in<S: Recipients>(
    store: &S,
    who: &RecipientToken,
    event: &ConsentEvent,
) -> (Changed, ChannelConsents) {
    let bank = tenant("banco-aurora");
    store
        .consent(&bank, who, event)
        .await
        .expect("the store answers")
}

async fn consents<S: Recipients>(
    store: &S,
    bank: &TenantId,
    who: &RecipientToken,
    channel: Channel,
) -> ChannelConsents {
    let recipient = store.recipient(bank, who).await.expect("the store answers");
    recipient
        .consents
        .0
        .get(&channel)
        .cloned()
        .unwrap_or_default()
}

async fn an_event_counts_once_and_the_newest_wins_in_any_order<S: Recipients>(store: &S) {
    let bank = tenant("banco-aurora");
    let events = [
        event(Action::Grant, 10, "grant"),
        event(Action::Revoke, 20, "revoke"),
        event(Action::Grant, 20, "grant at the same moment"),
        event(Action::Grant, 5, "older grant"),
    ];
    for (case, order) in [
        ("in order", [0, 1, 2, 3]),
        ("backwards", [3, 2, 1, 0]),
        ("mixed", [2, 0, 3, 1]),
    ] {
        let who = person(case);
        for index in order {
            let (_, now) = take_in(store, &who, &events[index]).await;
            assert_eq!(
                now,
                consents(store, &bank, &who, Channel::Whatsapp).await,
                "{case}"
            );
        }
        let before = consents(store, &bank, &who, Channel::Whatsapp).await;
        let transactional = before.purposes[&Class::Transactional];
        assert_eq!(transactional, events[1].consent, "{case}");
        assert_eq!(before.purposes.len(), 2, "{case}");
        for event in &events {
            let repeated = take_in(store, &who, event).await;
            assert_eq!(
                repeated,
                (Changed::No, before.clone()),
                "{case}: {}",
                event.digest
            );
        }
        let history = store
            .history(&bank, &who, None, 100)
            .await
            .expect("the store answers");
        let digests: Vec<&str> = history
            .entries
            .iter()
            .map(|entry| entry.event.digest.as_str())
            .collect();
        let by_time = ["older grant", "grant", "grant at the same moment", "revoke"];
        assert_eq!(
            digests, by_time,
            "{case}: each event once, the outdone ones too"
        );
    }
    let who = person("changed or not");
    assert_eq!(take_in(store, &who, &events[0]).await.0, Changed::Yes);
    assert_eq!(take_in(store, &who, &events[0]).await.0, Changed::No);
    assert_eq!(take_in(store, &who, &events[3]).await.0, Changed::No);
    assert_eq!(take_in(store, &who, &events[1]).await.0, Changed::Yes);
}

async fn each_channel_and_bank_has_consents_of_its_own<S: Recipients>(store: &S) {
    let who = person("of several banks");
    let mut sms = event(Action::Revoke, 3, "sms");
    sms.channel = Channel::Sms;
    sms.purposes = vec![Class::Servicing];
    take_in(store, &who, &sms).await;
    take_in(store, &who, &event(Action::Grant, 4, "whatsapp")).await;
    let (aurora, boreal) = (tenant("banco-aurora"), tenant("banco-boreal"));
    let on_sms = consents(store, &aurora, &who, Channel::Sms).await;
    assert_eq!(
        on_sms.purposes.keys().collect::<Vec<_>>(),
        [&Class::Servicing]
    );
    let on_whatsapp = consents(store, &aurora, &who, Channel::Whatsapp).await;
    assert_eq!(on_whatsapp.purposes.len(), 2);
    let elsewhere = consents(store, &boreal, &who, Channel::Whatsapp).await;
    assert_eq!(elsewhere, ChannelConsents::default());
    let history = store
        .history(&boreal, &who, None, 10)
        .await
        .expect("the store answers");
    assert_eq!(history.entries, []);
}

async fn many_events_at_once_all_count<S: Recipients + Clone + 'static>(store: &S) {
    let mut writers = JoinSet::new();
    for (index, purpose) in Class::ALL.into_iter().enumerate() {
        let store = store.clone();
        writers.spawn(async move {
            let mut event = event(Action::Grant, 1, &format!("at once {index}"));
            event.purposes = vec![purpose];
            take_in(&store, &person("at once"), &event).await.0
        });
    }
    let answers = writers.join_all().await;
    assert!(
        answers.iter().all(|changed| *changed == Changed::Yes),
        "{answers:?}"
    );
    let bank = tenant("banco-aurora");
    let now = consents(store, &bank, &person("at once"), Channel::Whatsapp).await;
    assert_eq!(
        now.purposes.len(),
        Class::ALL.len(),
        "none is lost to another"
    );
}

async fn metas_preference_is_the_newest_and_stands_beside_the_consents<S: Recipients>(store: &S) {
    use MetaPreference::{Resume, Stop};
    let bank = tenant("banco-aurora");
    let check =
        async |case: &str, said: &[(MetaPreference, i64)], expected: (MetaPreference, i64)| {
            let who = person(case);
            take_in(store, &who, &event(Action::Grant, 1, "before")).await;
            for (preference, seconds) in said {
                let told = store
                    .meta_preference(&bank, &who, *preference, at(*seconds))
                    .await;
                told.expect("the store answers");
            }
            let (_, after) = take_in(store, &who, &event(Action::Revoke, 2, "after")).await;
            assert_eq!(after.meta, Some((expected.0, at(expected.1))), "{case}");
            assert_eq!(
                after,
                consents(store, &bank, &who, Channel::Whatsapp).await,
                "{case}"
            );
            assert_eq!(
                after.purposes[&Class::Marketing].action,
                Action::Revoke,
                "{case}"
            );
        };
    check("stop then resume", &[(Stop, 1), (Resume, 2)], (Resume, 2)).await;
    check(
        "resume before its stop",
        &[(Resume, 2), (Stop, 1)],
        (Resume, 2),
    )
    .await;
    check(
        "stop and resume at once",
        &[(Stop, 2), (Resume, 2)],
        (Stop, 2),
    )
    .await;
    check(
        "resume and stop at once",
        &[(Resume, 2), (Stop, 2)],
        (Stop, 2),
    )
    .await;
    check("stop twice", &[(Stop, 2), (Stop, 2)], (Stop, 2)).await;

    let who = person("meta before any consent");
    store
        .meta_preference(&bank, &who, Stop, at(1))
        .await
        .expect("the store answers");
    let (changed, now) = take_in(store, &who, &event(Action::Grant, 1, "first")).await;
    assert_eq!((changed, now.meta), (Changed::Yes, Some((Stop, at(1)))));
}

async fn history_comes_in_pages_oldest_first<S: Recipients>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("pages"));
    let events: Vec<ConsentEvent> = (0..6)
        .map(|second| event(Action::Grant, second, &format!("page {second}")))
        .collect();
    for index in [3, 0, 5, 1, 4, 2] {
        take_in(store, &who, &events[index]).await;
    }
    for limit in [1, 2, 3, 4, 6, 100] {
        let mut walked = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = store.history(&bank, &who, after.as_deref(), limit).await;
            let page = page.expect("the store answers");
            assert!(
                !page.entries.is_empty(),
                "no page but the only one is empty"
            );
            assert!(page.entries.len() <= usize::try_from(limit).expect("a small number"));
            let last = page.entries.last().map(HistoryEntry::sort_key);
            assert!(page.next.is_none() || page.next == last);
            walked.extend(page.entries.into_iter().map(|entry| entry.event));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(walked, events, "pages of {limit}");
    }
    let nobody = store.history(&bank, &person("no pages"), None, 10).await;
    assert_eq!(
        nobody.expect("the store answers"),
        recado_ports::HistoryPage::default()
    );
}

fn intake(who: &RecipientToken, event: &ConsentEvent, phone: u8) -> Intake {
    Intake {
        recipient: who.clone(),
        event: event.clone(),
        phone: Some(sealed(phone)),
    }
}

async fn many_are_taken_in_at_once_each_as_it_would_be_alone<S: Recipients>(store: &S) {
    let bank = tenant("banco-aurora");
    let who = |number: usize| person(&format!("taken in {number}"));
    let grant = event(Action::Grant, 10, "grant");
    let revoke = event(Action::Revoke, 20, "revoke");
    let late = event(Action::Grant, 5, "late");
    // More than one transaction holds, and two of whom several things are said.
    let mut intakes: Vec<Intake> = (0..70)
        .map(|number| intake(&who(number), &grant, 1))
        .collect();
    intakes.insert(3, intake(&who(2), &revoke, 2));
    intakes.push(intake(&who(2), &late, 2));
    intakes.push(intake(&who(69), &grant, 2));
    let changed = store.take_in(&bank, &intakes).await;
    let mut expected = vec![Changed::Yes; 71];
    expected.extend([Changed::No, Changed::No]);
    assert_eq!(changed.expect("the store answers"), expected);
    let again = store.take_in(&bank, &intakes).await;
    assert_eq!(again.expect("the store answers"), vec![Changed::No; 73]);

    let alone = person("taken in alone");
    for event in [&grant, &revoke, &late] {
        take_in(store, &alone, event).await;
    }
    let expected = consents(store, &bank, &alone, Channel::Whatsapp).await;
    let found = consents(store, &bank, &who(2), Channel::Whatsapp).await;
    assert_eq!(found.purposes, expected.purposes);
    for number in [0, 2, 32, 33, 69] {
        let found = store.recipient(&bank, &who(number)).await;
        let found = found.expect("the store answers");
        let phone = found.profile.as_ref().and_then(|it| it.phone.clone());
        assert_eq!(phone, Some(sealed(1)), "{number}: the first one is kept");
        let history = store.history(&bank, &who(number), None, 100).await;
        let entries = history.expect("the store answers").entries;
        assert_eq!(entries.len(), if number == 2 { 3 } else { 1 }, "{number}");
        let verdicts = verify(&bank, &who(number), &found.consents, &entries);
        assert_eq!(verdicts[&Channel::Whatsapp].holds, Ok(()), "{number}");
    }
}

async fn a_number_is_kept_once_and_not_of_somebody_erased<S: Recipients>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("comes back"));
    let phone = async |event: &ConsentEvent, phone: u8| {
        let intakes = [intake(&who, event, phone)];
        let taken = store.take_in(&bank, &intakes).await;
        taken.expect("the store answers");
        let found = store.recipient(&bank, &who).await;
        let profile = found.expect("the store answers").profile;
        profile.and_then(|profile| profile.phone)
    };
    let grant = event(Action::Grant, 10, "grant");
    assert_eq!(phone(&grant, 1).await, Some(sealed(1)));
    let erased = store.erase(&bank, &who, at(100)).await;
    erased.expect("the store answers");
    assert_eq!(phone(&grant, 2).await, None, "the same event again");
    let older = event(Action::Grant, 5, "older");
    assert_eq!(phone(&older, 3).await, None, "an older one");
    let revoke = event(Action::Revoke, 200, "no");
    assert_eq!(phone(&revoke, 4).await, None, "a later no");
    let anew = event(Action::Grant, 300, "anew");
    assert_eq!(phone(&anew, 5).await, Some(sealed(5)));
    assert_eq!(phone(&anew, 6).await, Some(sealed(5)));
}
