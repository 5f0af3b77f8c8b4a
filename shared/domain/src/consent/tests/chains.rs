//! A history whose entries hold together.

use super::*;
use crate::ids::{RecipientToken, TenantId};
use crate::seal::Sealed;

fn whose() -> (TenantId, RecipientToken) {
    (
        TenantId::parse("aurora").expect("a tenant"),
        RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("a token"),
    )
}

/// Four events of one person on WhatsApp and one by SMS.
fn written() -> (Consents, Vec<HistoryEntry>) {
    let (tenant, recipient) = whose();
    let mut consents = Consents::default();
    let said = [
        (Channel::Whatsapp, Action::Grant, 5),
        (Channel::Whatsapp, Action::Revoke, 3),
        (Channel::Sms, Action::Revoke, 4),
        (Channel::Whatsapp, Action::Revoke, 7),
        (Channel::Whatsapp, Action::Grant, 8),
    ];
    let mut entries = Vec::new();
    for (place, (channel, action, second)) in said.into_iter().enumerate() {
        let event = ConsentEvent {
            channel,
            purposes: vec![Class::Servicing, Class::Marketing],
            consent: event(action, second),
            digest: format!("event {place}"),
            received_at: at(100 + second),
            evidence: Some(Sealed {
                key: "k1".to_owned(),
                bytes: vec![u8::try_from(place).expect("a small number"); 40],
            }),
        };
        let held = consents.0.entry(channel).or_default();
        let (_, entry) = held.take_in(&tenant, &recipient, &event);
        entries.push(entry);
    }
    // As a store gives them: by the time of capture.
    entries.sort_by_key(HistoryEntry::sort_key);
    (consents, entries)
}

#[test]
fn an_event_is_kept_under_its_moment_in_milliseconds_and_its_digest() {
    let (_, entries) = written();
    let keys: Vec<String> = entries.iter().map(|entry| entry.event.sort_key()).collect();
    assert_eq!(keys[0], "000000000003000#event 1");
    assert!(keys.is_sorted(), "{keys:?}");
}

fn verdict(consents: &Consents, entries: &[HistoryEntry]) -> Result<(), Break> {
    let (tenant, recipient) = whose();
    let verdicts = verify(&tenant, &recipient, consents, entries);
    assert_eq!(
        verdicts[&Channel::Sms].holds,
        Ok(()),
        "each channel for itself"
    );
    verdicts[&Channel::Whatsapp].holds
}

fn at_place(entries: &mut [HistoryEntry], number: u64) -> &mut HistoryEntry {
    let whatsapp = |entry: &&mut HistoryEntry| entry.event.channel == Channel::Whatsapp;
    let mut found = entries.iter_mut().filter(whatsapp);
    found
        .find(|entry| entry.link.number == number)
        .expect("it is there")
}

#[test]
fn a_chain_holds_as_it_was_written_with_its_evidence_or_without() {
    let (consents, mut entries) = written();
    assert_eq!(verdict(&consents, &entries), Ok(()));
    assert_eq!(consents.0[&Channel::Whatsapp].head.length, 4);
    for entry in &mut entries {
        entry.event.evidence = None;
    }
    assert_eq!(verdict(&consents, &entries), Ok(()), "after an erasure");
}

#[test]
fn whatever_is_taken_away_changed_or_put_between_shows() {
    let check = |expected: Break, tamper: &dyn Fn(&mut Consents, &mut Vec<HistoryEntry>)| {
        let (mut consents, mut entries) = written();
        tamper(&mut consents, &mut entries);
        assert_eq!(verdict(&consents, &entries), Err(expected));
    };
    for number in 1..=4 {
        check(Break::Missing(number), &|_, entries| {
            entries
                .retain(|entry| entry.event.channel == Channel::Sms || entry.link.number != number);
        });
        let change = |tamper: &dyn Fn(&mut HistoryEntry)| {
            check(Break::Changed(number), &|_, entries| {
                tamper(at_place(entries, number));
            });
        };
        change(&|entry| {
            entry.event.consent.action = match entry.event.consent.action {
                Action::Revoke => Action::Grant,
                Action::Grant | Action::GrantUnconfirmed | Action::Confirm | Action::Refresh => {
                    Action::Revoke
                }
            };
        });
        change(&|entry| entry.event.purposes.truncate(1));
        change(&|entry| entry.event.consent.since = at(1));
        change(&|entry| entry.event.consent.source = Source::Branch);
        change(&|entry| entry.event.consent.expires_at = Some(at(1)));
        change(&|entry| entry.event.consent.double_opt_in_at = Some(at(1)));
        change(&|entry| entry.event.consent.basis = Some(LegalBasis::Contract));
        change(&|entry| entry.event.received_at = at(1));
        change(&|entry| entry.event.digest.push('x'));
        change(&|entry| entry.link.previous.push('0'));
        change(&|entry| entry.link.hash.push('0'));
        change(&|entry| entry.link.evidence = None);
        change(&|entry| entry.link.after.clear());
        check(Break::Evidence(number), &|_, entries| {
            let evidence = at_place(entries, number).event.evidence.as_mut();
            evidence.expect("it has one").bytes[20] ^= 1;
        });
    }
    check(Break::Twice(4), &|_, entries| {
        let again = at_place(entries, 4).clone();
        entries.push(again);
    });
    // Somebody who makes the hashes anew is told by the head.
    check(Break::Head(4), &|_, entries| {
        let (tenant, recipient) = whose();
        let last = at_place(entries, 4);
        last.event.consent.action = Action::Revoke;
        last.link.hash = sha256(&covered(&tenant, &recipient, &last.event, &last.link));
    });
    check(Break::Changed(3), &|_, entries| {
        let (tenant, recipient) = whose();
        let second = at_place(entries, 2);
        second.event.consent.source = Source::Call;
        second.link.hash = sha256(&covered(&tenant, &recipient, &second.event, &second.link));
    });
}

#[test]
fn an_entry_of_another_person_or_bank_does_not_hold() {
    let (consents, entries) = written();
    let (tenant, recipient) = whose();
    let other = TenantId::parse("boreal").expect("a tenant");
    let verdicts = verify(&other, &recipient, &consents, &entries);
    assert_eq!(verdicts[&Channel::Whatsapp].holds, Err(Break::Changed(1)));
    let verdicts = verify(&tenant, &recipient, &consents, &[]);
    assert_eq!(verdicts[&Channel::Sms].holds, Err(Break::Missing(1)));
}

#[test]
fn what_a_hash_covers_reads_as_the_page_on_it_says() {
    let (_, mut entries) = written();
    let (tenant, recipient) = whose();
    let entry = at_place(&mut entries, 2);
    let expected = format!(
        "recado-consent=1\ntenant=aurora\nrecipient={recipient}\nchannel=whatsapp\nnumber=2\n\
         previous={}\nid=event 1\naction=revoke\npurposes=servicing,marketing\n\
         status_after=servicing:granted,marketing:granted\nsource=app\nlegal_basis=\ncaptured_at=3000\n\
         received_at=103000\ndouble_opt_in_at=\nexpires_at=\nevidence={}\n",
        entry.link.previous,
        entry.link.evidence.clone().expect("it has one"),
    );
    assert_eq!(
        covered(&tenant, &recipient, &entry.event, &entry.link),
        expected
    );
    // As any other program makes it.
    assert_eq!(
        sha256("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
