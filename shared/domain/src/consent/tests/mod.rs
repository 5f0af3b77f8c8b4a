//! Which event counts, and what it permits.

mod chains;
mod double_opt_in;

use std::time::Duration;

use super::*;
use crate::delivery::plus;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("time")
}

/// What the marketing of these consents rests on.
fn held(consents: &ChannelConsents) -> Option<Action> {
    let marketing = consents.purposes.get(&Class::Marketing);
    marketing.map(|consent| consent.action)
}

fn event(action: Action, second: i64) -> PurposeConsent {
    PurposeConsent::new(action, at(second), Source::App)
}

#[test]
fn a_source_is_read_back_from_its_word_and_no_other_word_is_one() {
    for source in Source::ALL {
        assert_eq!(Source::parse(source.name()), Some(source));
    }
    assert_eq!(Source::parse("App"), None);
}

#[test]
fn the_newest_event_counts_and_a_revoke_wins_a_tie() {
    let check = |events: &[(Action, i64)], expected: Action| {
        for order in [events.to_vec(), events.iter().rev().copied().collect()] {
            let mut consents = ChannelConsents::default();
            for (action, second) in order {
                let _changed = consents.apply(&[Class::Marketing], event(action, second));
            }
            assert_eq!(held(&consents), Some(expected), "{events:?}");
        }
    };
    check(&[(Action::Grant, 1), (Action::Revoke, 2)], Action::Revoke);
    check(&[(Action::Revoke, 1), (Action::Grant, 2)], Action::Grant);
    check(&[(Action::Grant, 5), (Action::Revoke, 5)], Action::Revoke);
    let mut consents = ChannelConsents::default();
    assert_eq!(
        consents.apply(&[Class::Marketing], event(Action::Grant, 1)),
        Changed::Yes
    );
    assert_eq!(
        consents.apply(&[Class::Marketing], event(Action::Grant, 1)),
        Changed::No
    );
}

fn by_reply(action: Action, second: i64) -> PurposeConsent {
    PurposeConsent {
        source: Source::WhatsappReply,
        ..event(action, second)
    }
}

#[test]
fn a_word_outdoes_a_grant_from_earlier_in_the_same_second() {
    let moment = |ms: i64| PurposeConsent {
        since: Timestamp::from_millisecond(ms).expect("time"),
        ..event(Action::Grant, 0)
    };
    let check = |grant: PurposeConsent, expected: Action| {
        let word = by_reply(Action::Revoke, 5);
        for order in [[grant, word], [word, grant]] {
            let mut consents = ChannelConsents::default();
            for event in order {
                let _changed = consents.apply(&[Class::Marketing], event);
            }
            assert_eq!(held(&consents), Some(expected));
        }
    };
    check(moment(4_999), Action::Revoke);
    check(moment(5_000), Action::Revoke);
    check(moment(5_700), Action::Revoke);
    check(moment(6_000), Action::Grant);
    check(by_reply(Action::Grant, 6), Action::Grant);
}

#[test]
fn an_opt_in_word_restores_what_a_word_revoked_and_nothing_else() {
    let check = |before: PurposeConsent, expected: &[Class]| {
        let mut consents = ChannelConsents::default();
        let _changed = consents.apply(&[Class::Marketing], before);
        for second in [7, 8] {
            let _changed = consents.apply(&[Class::Marketing], by_reply(Action::Revoke, second));
        }
        assert_eq!(consents.revoked_by_reply(), expected);
        // The word's time counts all the same: a grant from before it comes too late.
        let late = consents.apply(&[Class::Marketing], event(Action::Grant, 6));
        assert_eq!(late, Changed::No);
    };
    check(event(Action::Grant, 5), &[Class::Marketing]);
    check(event(Action::Revoke, 5), &[]);
}

#[test]
fn consent_decides_per_class_and_channel() {
    let none = Consents::default();
    let with = |channel, class, action| {
        let mut consents = ChannelConsents::default();
        let _changed = consents.apply(&[class], event(action, 1));
        Consents(BTreeMap::from([(channel, consents)]))
    };
    let around = Permission::NotThisLeg(CloseReason::NoWhatsappConsent);
    for class in [Class::Authentication, Class::Security, Class::Transactional] {
        assert_eq!(none.permission(class, Channel::Whatsapp, at(9)), around);
        assert_eq!(
            with(Channel::Whatsapp, class, Action::Revoke).permission(
                class,
                Channel::Whatsapp,
                at(9)
            ),
            around
        );
        let granted = with(Channel::Whatsapp, class, Action::Grant);
        assert_eq!(
            granted.permission(class, Channel::Whatsapp, at(9)),
            Permission::Granted
        );
        assert_eq!(
            none.permission(class, Channel::Sms, at(9)),
            Permission::Granted
        );
    }
    for class in [Class::Servicing, Class::Marketing] {
        let suppressed = Permission::NotAtAll(SuppressReason::NoConsent);
        assert_eq!(none.permission(class, Channel::Whatsapp, at(9)), suppressed);
        let revoked = with(Channel::Whatsapp, class, Action::Revoke);
        assert_eq!(
            revoked.permission(class, Channel::Whatsapp, at(9)),
            Permission::NotAtAll(SuppressReason::OptedOut)
        );
    }
    let stopped = Permission::NotThisLeg(CloseReason::OptedOut);
    for class in [Class::Transactional, Class::Servicing] {
        assert_eq!(
            with(Channel::Sms, class, Action::Revoke).permission(class, Channel::Sms, at(9)),
            stopped
        );
    }
    for class in [Class::Authentication, Class::Security] {
        let revoked = with(Channel::Sms, class, Action::Revoke);
        assert_eq!(
            revoked.permission(class, Channel::Sms, at(9)),
            Permission::Granted
        );
    }
    assert_eq!(
        with(Channel::Sms, Class::Marketing, Action::Grant).permission(
            Class::Marketing,
            Channel::Sms,
            at(9)
        ),
        stopped
    );
}

#[test]
fn metas_own_stop_ends_marketing_and_nothing_else() {
    let mut whatsapp = ChannelConsents::default();
    let _changed = whatsapp.apply(&Class::ALL, event(Action::Grant, 1));
    whatsapp.meta = Some((MetaPreference::Stop, at(2)));
    let consents = Consents(BTreeMap::from([(Channel::Whatsapp, whatsapp)]));
    let refused = Permission::NotAtAll(SuppressReason::OptedOut);
    assert_eq!(
        consents.permission(Class::Marketing, Channel::Whatsapp, at(9)),
        refused
    );
    assert_eq!(
        consents.permission(Class::Servicing, Channel::Whatsapp, at(9)),
        Permission::Granted
    );
}

/// Whatever order the events come in.
fn settled(events: [PurposeConsent; 2]) -> ChannelConsents {
    let take = |events: [PurposeConsent; 2]| {
        let mut consents = ChannelConsents::default();
        for event in events {
            let _changed = consents.apply(&[Class::Marketing], event);
        }
        consents
    };
    let [first, second] = events;
    let consents = take([first, second]);
    assert_eq!(held(&consents), held(&take([second, first])));
    consents
}

fn moment(action: Action, source: Source, ms: i64) -> PurposeConsent {
    let since = Timestamp::from_millisecond(ms).expect("time");
    PurposeConsent::new(action, since, source)
}

#[test]
fn only_a_word_that_revokes_and_only_its_bare_second_counts_to_the_seconds_end() {
    use Action::{Grant, Revoke};
    use Source::{App, WhatsappReply};
    let check = |first: PurposeConsent, second: PurposeConsent, expected: Action| {
        let consents = settled([first, second]);
        assert_eq!(held(&consents), Some(expected), "{first:?} {second:?}");
    };
    let grant = moment(Grant, App, 5_700);
    check(moment(Revoke, WhatsappReply, 5_000), grant, Revoke);
    check(moment(Revoke, WhatsappReply, 5_200), grant, Grant);
    check(moment(Revoke, App, 5_000), grant, Grant);
    check(moment(Revoke, App, 5_200), grant, Grant);
    let back = moment(Grant, WhatsappReply, 5_000);
    check(back, moment(Revoke, App, 5_500), Revoke);
}

#[test]
fn a_word_after_a_revoke_keeps_its_second_and_leaves_the_revoke_the_banks() {
    let revoke = moment(Action::Revoke, Source::Branch, 3_000);
    let word = moment(Action::Revoke, Source::WhatsappReply, 5_000);
    let mut consents = settled([revoke, word]);
    assert!(consents.revoked_by_reply().is_empty());
    let late = moment(Action::Grant, Source::App, 5_500);
    assert_eq!(consents.apply(&[Class::Marketing], late), Changed::No);
}

#[test]
fn what_somebody_else_revoked_is_brought_back_by_no_word() {
    let word = moment(Action::Revoke, Source::WhatsappReply, 3_000);
    let wrong = moment(Action::Revoke, Source::WrongPerson, 5_000);
    let again = moment(Action::Revoke, Source::WhatsappReply, 7_000);
    let consents = settled([word, wrong]);
    assert!(consents.revoked_by_reply().is_empty());
    assert_eq!(consents.revoked_by_phone(), [Class::Marketing]);
    assert!(consents.is_another_persons() && !settled([word, again]).is_another_persons());
    assert!(settled([wrong, again]).revoked_by_reply().is_empty());
    // By Meta's whole seconds, as a word.
    let grant = moment(Action::Grant, Source::App, 5_700);
    assert_eq!(held(&settled([grant, wrong])), Some(Action::Revoke));
    let later = moment(Action::Grant, Source::Branch, 8_000);
    assert_eq!(
        held(&settled([wrong, later])),
        Some(Action::Grant),
        "the bank corrects it"
    );
}

#[test]
fn a_banks_own_revoke_after_a_word_is_not_undone_by_a_word() {
    let word = moment(Action::Revoke, Source::WhatsappReply, 3_000);
    let mut consents = ChannelConsents::default();
    let _changed = consents.apply(&[Class::Marketing], word);
    assert_eq!(consents.revoked_by_reply(), [Class::Marketing]);
    let revoke = moment(Action::Revoke, Source::Branch, 5_000);
    let _changed = consents.apply(&[Class::Marketing], revoke);
    assert!(consents.revoked_by_reply().is_empty());
}

#[test]
fn the_words_of_the_api_are_these() {
    let actions: Vec<&str> = Action::ALL.into_iter().map(Action::name).collect();
    assert_eq!(
        actions,
        ["grant", "grant_unconfirmed", "confirm", "refresh", "revoke"]
    );
    let states: Vec<&str> = State::ALL.into_iter().map(State::name).collect();
    assert_eq!(states, ["granted", "pending", "expired", "revoked"]);
    let sources: Vec<&str> = Source::ALL.into_iter().map(Source::name).collect();
    assert_eq!(
        sources,
        [
            "app",
            "web",
            "branch",
            "call",
            "whatsapp_reply",
            "wrong_person",
            "import"
        ]
    );
}
