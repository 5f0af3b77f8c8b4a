//! Profiles, caps, aliases, and what an erasure leaves.

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, Changed, MetaPreference, verify};
use recado_domain::delivery::CapVerdict;
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::locale::Locale;
use recado_domain::window::Window;
use recado_ports::{Conversations, ErasureReport, Profile, ProfileUpdate, Recipient, Recipients};

use super::consents::event;
use super::conversations::entry;
use super::{at, id, person, sealed, tenant};

pub(super) async fn check<S: Recipients + Conversations>(store: &S) {
    nobody_knows_a_stranger(store).await;
    a_profile_keeps_its_number_and_its_later_window(store).await;
    a_refused_window_stays_closed_and_a_newer_one_open(store).await;
    a_cap_counts_each_notification_once(store).await;
    an_alias_leads_to_the_last_one_it_was_given(store).await;
    an_erased_person_leaves_history_and_revokes_and_nothing_else(store).await;
    a_stranger_can_be_erased(store).await;
}

async fn found<S: Recipients>(store: &S, whose: &TenantId, who: &RecipientToken) -> Recipient {
    store
        .recipient(whose, who)
        .await
        .expect("the store answers")
}

async fn nobody_knows_a_stranger<S: Recipients>(store: &S) {
    let stranger = found(store, &tenant("banco-aurora"), &person("a stranger")).await;
    assert_eq!(stranger, Recipient::default());
}

async fn a_profile_keeps_its_number_and_its_later_window<S: Recipients>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("a profile"));
    let change = async |update: ProfileUpdate| {
        store
            .update_profile(&bank, &who, &update)
            .await
            .expect("the store answers");
        found(store, &bank, &who)
            .await
            .profile
            .expect("there is a profile")
    };
    let none = ProfileUpdate::default;
    let first = change(ProfileUpdate {
        phone: Some(sealed(1)),
        window_until: Some(at(100)),
        ..none()
    })
    .await;
    let expected = Profile {
        phone: Some(sealed(1)),
        window_until: Some(at(100)),
        ..Profile::default()
    };
    assert_eq!(first, expected);

    let second = change(ProfileUpdate {
        phone: Some(sealed(2)),
        locale: Some(Locale::Fr),
        user_digest: Some("user".to_owned()),
        window_until: Some(at(50)),
    })
    .await;
    assert_eq!(second.phone, Some(sealed(1)), "the number is kept");
    assert_eq!(second.window_until, Some(at(100)), "a window never shrinks");
    assert_eq!(
        second.locale,
        Some(Locale::Fr),
        "the rest is stored with it"
    );
    assert_eq!(second.user_digest.as_deref(), Some("user"));

    let third = change(ProfileUpdate {
        locale: Some(Locale::De),
        window_until: Some(at(150)),
        ..none()
    })
    .await;
    assert_eq!(third.window_until, Some(at(150)));
    assert_eq!(third.locale, Some(Locale::De));
    assert_eq!(
        third.user_digest.as_deref(),
        Some("user"),
        "what is not named stays"
    );
    assert_eq!(change(none()).await, third);

    let elsewhere = found(store, &tenant("banco-boreal"), &who).await;
    assert_eq!(elsewhere.profile, None, "another bank knows nothing of it");
}

async fn a_refused_window_stays_closed_and_a_newer_one_open<S: Recipients>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("a window"));
    let wrote = async |until: i64| {
        let update = ProfileUpdate {
            window_until: Some(at(until)),
            ..ProfileUpdate::default()
        };
        let stored = store.update_profile(&bank, &who, &update).await;
        stored.expect("the store answers");
    };
    let refused = async |until: i64| {
        let refused = store.refuse_window(&bank, &who, at(until)).await;
        refused.expect("the store answers")
    };
    let window = async || {
        let profile = found(store, &bank, &who).await.profile;
        profile.map(|profile| profile.window(at(10)))
    };
    let open = |until: i64| Some(Window::Open { until: at(until) });

    assert_eq!(refused(100).await, Changed::No);
    assert_eq!(window().await, None, "a refusal makes no profile");
    wrote(100).await;
    assert_eq!(window().await, open(100));
    assert_eq!(refused(90).await, Changed::Yes);
    assert_eq!(
        window().await,
        open(100),
        "an older one's refusal is not its"
    );
    assert_eq!(refused(100).await, Changed::Yes);
    assert_eq!(window().await, Some(Window::Closed));
    assert_eq!(refused(100).await, Changed::No);
    assert_eq!(refused(95).await, Changed::No);
    wrote(100).await;
    assert_eq!(
        window().await,
        Some(Window::Closed),
        "a repeated webhook opens nothing"
    );
    wrote(101).await;
    assert_eq!(window().await, open(101));
    assert_eq!(refused(100).await, Changed::No);
    assert_eq!(window().await, open(101));
    let boreal = tenant("banco-boreal");
    let elsewhere = store.refuse_window(&boreal, &who, at(200)).await;
    assert_eq!(elsewhere.expect("the store answers"), Changed::No);
    assert_eq!(window().await, open(101));
}

async fn a_cap_counts_each_notification_once<S: Recipients>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("a cap"));
    let count = async |day: &str, purpose: Class, case: &str, cap: u32| {
        store
            .count(&bank, &who, day, purpose, &id(case), cap)
            .await
            .expect("the store answers")
    };
    let day = "2026-11-21";
    assert_eq!(
        count(day, Class::Marketing, "one", 2).await,
        CapVerdict::Within
    );
    assert_eq!(
        count(day, Class::Marketing, "one", 2).await,
        CapVerdict::Within
    );
    assert_eq!(
        count(day, Class::Marketing, "two", 2).await,
        CapVerdict::Within
    );
    assert_eq!(
        count(day, Class::Marketing, "three", 2).await,
        CapVerdict::Exceeded
    );
    assert_eq!(
        count(day, Class::Marketing, "two", 2).await,
        CapVerdict::Within,
        "counted already"
    );
    assert_eq!(
        count(day, Class::Servicing, "three", 2).await,
        CapVerdict::Within
    );
    assert_eq!(
        count("2026-11-22", Class::Marketing, "three", 2).await,
        CapVerdict::Within
    );
    assert_eq!(
        count("2026-11-23", Class::Marketing, "three", 0).await,
        CapVerdict::Exceeded
    );
    let recipient = found(store, &bank, &who).await;
    assert_eq!(
        recipient,
        Recipient::default(),
        "a count is no profile and no consent"
    );
}

async fn an_alias_leads_to_the_last_one_it_was_given<S: Recipients>(store: &S) {
    let bank = tenant("banco-aurora");
    let digest = "alias of somebody";
    let lookup =
        async |bank: &TenantId| store.alias(bank, digest).await.expect("the store answers");
    assert_eq!(lookup(&bank).await, None);
    for who in ["first owner", "first owner", "second owner"] {
        store
            .put_alias(&bank, digest, &person(who))
            .await
            .expect("the store answers");
        assert_eq!(lookup(&bank).await, Some(person(who)));
    }
    assert_eq!(lookup(&tenant("banco-boreal")).await, None);
    // An erasure takes away only what still leads to the erased.
    store
        .erase(&bank, &person("first owner"), at(0))
        .await
        .expect("the store answers");
    assert_eq!(lookup(&bank).await, Some(person("second owner")));
}

async fn an_erased_person_leaves_history_and_revokes_and_nothing_else<S>(store: &S)
where
    S: Recipients + Conversations,
{
    let (bank, who) = (tenant("banco-aurora"), person("erased"));
    let bystander = person("not erased");
    for who in [&who, &bystander] {
        let update = ProfileUpdate {
            phone: Some(sealed(1)),
            locale: Some(Locale::En),
            user_digest: Some("user".to_owned()),
            window_until: Some(at(100)),
        };
        store
            .update_profile(&bank, who, &update)
            .await
            .expect("the store answers");
        let refused = store.refuse_window(&bank, who, at(90)).await;
        assert_eq!(refused.expect("the store answers"), Changed::Yes);
        // The second one was captured by a clock ahead of the erasure's.
        for (seconds, digest) in [(1, "grant"), (5_000, "grant of the future")] {
            let mut grant = event(Action::Grant, seconds, digest);
            grant.evidence = Some(sealed(9));
            store
                .consent(&bank, who, &grant)
                .await
                .expect("the store answers");
        }
        store
            .put_alias(&bank, &format!("wa {who}"), who)
            .await
            .expect("the store answers");
        store
            .put_alias(&bank, &format!("user {who}"), who)
            .await
            .expect("the store answers");
        for message in 0..30 {
            let entry = entry(message, "text");
            store
                .put_chat(&bank, who, &entry)
                .await
                .expect("the store answers");
        }
    }

    let report = store
        .erase(&bank, &who, at(2_000))
        .await
        .expect("the store answers");
    // The profile, two aliases, thirty messages, two pieces of evidence.
    assert_eq!(report, ErasureReport { items: 35 });

    let left = found(store, &bank, &who).await;
    let profile = Profile {
        erased_at: Some(at(2_000)),
        ..Profile::default()
    };
    assert_eq!(left.profile, Some(profile));
    for channel in Channel::ALL {
        let consents = &left.consents.0[&channel].purposes;
        assert_eq!(consents.len(), Class::ALL.len(), "{channel}");
        assert!(
            consents
                .values()
                .all(|consent| consent.action == Action::Revoke),
            "{channel}"
        );
    }
    for digest in ["wa", "user"] {
        let alias = store.alias(&bank, &format!("{digest} {who}")).await;
        assert_eq!(alias.expect("the store answers"), None);
    }
    assert_eq!(
        store
            .conversation(&bank, &who)
            .await
            .expect("the store answers"),
        []
    );
    let history = store
        .history(&bank, &who, None, 100)
        .await
        .expect("the store answers");
    let digests = history
        .entries
        .iter()
        .map(|entry| entry.event.digest.as_str());
    assert!(
        digests.clone().any(|digest| digest == "grant"),
        "history stays"
    );
    assert_eq!(
        digests
            .filter(|digest| digest.starts_with("erasure-"))
            .count(),
        3
    );
    assert!(
        history
            .entries
            .iter()
            .all(|entry| entry.event.evidence.is_none())
    );

    let verdicts = verify(&bank, &who, &left.consents, &history.entries);
    for (channel, verdict) in &verdicts {
        assert_eq!(verdict.holds, Ok(()), "{channel}");
    }
    assert_eq!(verdicts[&Channel::Whatsapp].without_evidence, 2);

    let again = store
        .erase(&bank, &who, at(3_000))
        .await
        .expect("the store answers");
    assert_eq!(again, ErasureReport { items: 0 });
    let same = store
        .history(&bank, &who, None, 100)
        .await
        .expect("the store answers");
    assert_eq!(same, history, "a repetition adds nothing");

    let other = found(store, &bank, &bystander).await;
    assert_eq!(
        other.profile.and_then(|profile| profile.phone),
        Some(sealed(1))
    );
    let alias = store.alias(&bank, &format!("wa {bystander}")).await;
    assert_eq!(alias.expect("the store answers"), Some(bystander.clone()));
    let chat = store
        .conversation(&bank, &bystander)
        .await
        .expect("the store answers");
    assert_eq!(chat.len(), 30);

    // The person comes back.
    let update = ProfileUpdate {
        phone: Some(sealed(3)),
        ..ProfileUpdate::default()
    };
    store
        .update_profile(&bank, &who, &update)
        .await
        .expect("the store answers");
    let grant = event(Action::Grant, 9_000, "grant again");
    store
        .consent(&bank, &who, &grant)
        .await
        .expect("the store answers");
    let back = found(store, &bank, &who).await;
    let profile = back.profile.expect("there is a profile");
    assert_eq!(profile.phone, Some(sealed(3)));
    assert_eq!(profile.erased_at, Some(at(3_000)));
    let marketing = back.consents.0[&Channel::Whatsapp].purposes[&Class::Marketing];
    assert_eq!(marketing.action, Action::Grant);
}

async fn a_stranger_can_be_erased<S: Recipients>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("an erased stranger"));
    let report = store
        .erase(&bank, &who, at(1))
        .await
        .expect("the store answers");
    assert_eq!(report, ErasureReport { items: 0 });
    let left = found(store, &bank, &who).await;
    assert_eq!(
        left.profile.and_then(|profile| profile.erased_at),
        Some(at(1))
    );
    store
        .meta_preference(&bank, &who, MetaPreference::Resume, at(2))
        .await
        .expect("the store answers");
    let left = found(store, &bank, &who).await;
    let consents = &left.consents.0[&Channel::Whatsapp].purposes;
    assert!(
        consents
            .values()
            .all(|consent| consent.action == Action::Revoke)
    );
}
