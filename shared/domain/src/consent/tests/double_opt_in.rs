//! The second word, and the end of a grant.

use super::*;
use Action::{Confirm, Grant, GrantUnconfirmed, Refresh, Revoke};

fn after(events: &[PurposeConsent]) -> ChannelConsents {
    let mut consents = ChannelConsents::default();
    for event in events {
        let _changed = consents.apply(&[Class::Marketing], *event);
    }
    consents
}

fn state(events: &[PurposeConsent], second: i64) -> Option<State> {
    after(events).state(Class::Marketing, at(second))
}

#[test]
fn a_grant_that_waits_for_its_second_word_permits_nothing_until_it_comes() {
    let waits = event(GrantUnconfirmed, 1);
    let permission = |events: &[PurposeConsent]| {
        let consents = Consents(BTreeMap::from([(Channel::Whatsapp, after(events))]));
        consents.permission(Class::Marketing, Channel::Whatsapp, at(9))
    };
    let refused = Permission::NotAtAll(SuppressReason::NoConsent);
    assert_eq!(permission(&[waits]), refused);
    assert_eq!(permission(&[waits, event(Confirm, 2)]), Permission::Granted);
    let confirmed = after(&[waits, event(Confirm, 2)]).purposes[&Class::Marketing];
    assert_eq!(confirmed.double_opt_in_at, Some(at(2)));
    assert_eq!(confirmed.since, at(1), "it is the grant's own time");
    // The bank tells both at once.
    let both = PurposeConsent {
        double_opt_in_at: Some(at(2)),
        ..event(Grant, 1)
    };
    for order in [[waits, both], [both, waits]] {
        assert_eq!(permission(&order), Permission::Granted);
    }
}

#[test]
fn a_second_word_confirms_nothing_but_what_waits_for_it() {
    let check = |events: &[PurposeConsent], expected: Option<State>| {
        assert_eq!(state(events, 9), expected, "{events:?}");
    };
    check(&[event(Confirm, 2)], None);
    check(
        &[event(GrantUnconfirmed, 3), event(Confirm, 2)],
        Some(State::Pending),
    );
    check(&[event(Revoke, 1), event(Confirm, 2)], Some(State::Revoked));
    let (waits, word, no) = (
        event(GrantUnconfirmed, 1),
        event(Confirm, 5),
        event(Revoke, 3),
    );
    // A revoke from between the two, whenever it arrives.
    check(&[waits, no, word], Some(State::Revoked));
    check(&[waits, word, no], Some(State::Revoked));
}

#[test]
fn whoever_agreed_for_good_is_not_asked_again_until_that_ends() {
    let again = event(GrantUnconfirmed, 5);
    assert_eq!(state(&[event(Grant, 1), again], 9), Some(State::Granted));
    let short = PurposeConsent {
        expires_at: Some(at(4)),
        ..event(Grant, 1)
    };
    assert_eq!(state(&[short, again], 9), Some(State::Pending));
}

#[test]
fn a_grant_ends_at_its_moment_unless_it_was_prolonged() {
    let until = |action, second, end: Option<i64>| PurposeConsent {
        expires_at: end.map(at),
        ..event(action, second)
    };
    let grant = until(Grant, 1, Some(10));
    let check = |events: &[PurposeConsent], second: i64, expected: State| {
        assert_eq!(state(events, second), Some(expected), "{events:?} {second}");
    };
    check(&[grant], 9, State::Granted);
    check(&[grant], 10, State::Expired);
    let longer = until(Refresh, 5, Some(20));
    check(&[grant, longer], 19, State::Granted);
    check(&[grant, longer], 20, State::Expired);
    check(&[grant, until(Refresh, 5, Some(8))], 9, State::Granted);
    check(&[grant, until(Refresh, 15, Some(30))], 20, State::Granted);
    check(&[grant, until(Refresh, 5, None)], 99, State::Granted);
    // It prolongs a grant and is none.
    check(
        &[until(GrantUnconfirmed, 1, Some(10)), longer],
        5,
        State::Pending,
    );
    assert_eq!(state(&[longer], 6), None);
    // A revoke from before the refresh outdoes it, whenever it arrives.
    check(&[grant, event(Revoke, 3), longer], 9, State::Revoked);
    check(&[grant, longer, event(Revoke, 3)], 9, State::Revoked);

    let consents = Consents(BTreeMap::from([(Channel::Whatsapp, after(&[grant]))]));
    let over = consents.permission(Class::Marketing, Channel::Whatsapp, at(10));
    assert_eq!(over, Permission::NotAtAll(SuppressReason::NoConsent));
}

#[test]
fn a_bank_says_which_purposes_need_a_second_word_and_when_a_grant_ends() {
    let policy = ConsentPolicy {
        double_opt_in: [Class::Marketing].into(),
        days: [(Class::Servicing, 30), (Class::Marketing, 30)].into(),
    };
    let day = 24 * 60 * 60;
    let end = |days: u64| Some(plus(at(1), Duration::from_secs(days * day)));
    let grant = event(Grant, 1);
    let meant = policy.apply(
        &[
            Class::Security,
            Class::Transactional,
            Class::Servicing,
            Class::Marketing,
        ],
        grant,
    );
    let ending = |action| PurposeConsent {
        action,
        expires_at: end(30),
        ..grant
    };
    let expected = [
        (vec![Class::Security, Class::Transactional], grant),
        (vec![Class::Servicing], ending(Grant)),
        (vec![Class::Marketing], ending(GrantUnconfirmed)),
    ];
    assert_eq!(meant, expected);
    // What the event says itself counts.
    let whole = PurposeConsent {
        expires_at: end(3),
        double_opt_in_at: Some(at(2)),
        ..grant
    };
    let both = [Class::Servicing, Class::Marketing];
    assert_eq!(policy.apply(&both, whole), [(both.to_vec(), whole)]);
    let no = event(Revoke, 1);
    assert_eq!(policy.apply(&both, no), [(both.to_vec(), no)]);
    let refresh = policy.apply(&[Class::Marketing], event(Refresh, 1));
    assert_eq!(refresh, [(vec![Class::Marketing], ending(Refresh))]);
}
