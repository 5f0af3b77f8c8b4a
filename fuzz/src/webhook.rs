//! What Meta posts: read as far as it can be, entry by entry (I12).

use recado_domain::carried::Carried;
use recado_domain::ids::PhoneNumberId;
use recado_whatsapp::webhook::{Notice, Person, Receipt, ReceiptStatus, Update, fold, parse};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Two receipts that stand on either side of what is put between them.
const KNOWN: [&str; 2] = [
    "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa.1",
    "ntf_bbbbbbbbbbbbbbbbbbbbbbbbbb.2",
];

/// The number of ours that the known receipts are about.
const NUMBER: &str = "700000000000001";

/// A POST's body. Whatever is JSON is read; each entry, change and member is read as if it were alone;
/// nothing vanishes without being counted; what stands beside junk is read all the same.
pub fn webhook_body(data: &[u8]) {
    let raw = serde_json::from_slice::<&RawValue>(data).ok();
    let notice = parse(data).ok();
    assert_eq!(
        notice.is_some(),
        raw.is_some(),
        "JSON and nothing else is read"
    );
    let (Some(notice), Some(raw)) = (notice, raw) else {
        return;
    };
    bounded(&notice, data.len());
    notice.updates.iter().for_each(well_formed);
    folds_alike_in_any_order(&notice.updates);
    same_as_alone(&notice, raw);
    neighbours_survive(raw.get());
    members_are_counted(raw.get());
}

/// How many things were read or counted.
fn told(notice: &Notice) -> usize {
    let counts = notice.strange.values().chain(notice.ignored.values());
    notice.updates.len() + counts.map(|count| *count as usize).sum::<usize>()
}

/// Nothing is read out of nothing: a member takes two bytes and a comma at least; a change of nothing
/// but lists that are none is counted once for each of four.
fn bounded(notice: &Notice, length: usize) {
    assert!(told(notice) <= 4 + length, "more is told than was written");
}

fn well_formed(update: &Update) {
    match update {
        Update::Receipt(receipt) => {
            number_reads_back(&receipt.number);
            if let Some(carried) = &receipt.carried {
                assert_eq!(Carried::parse(&carried.to_string()).as_ref(), Ok(carried));
            }
            receipt.contact.iter().for_each(person_is_masked);
        }
        Update::Inbound(inbound) => {
            number_reads_back(&inbound.number);
            assert!(
                !inbound.id.expose().is_empty(),
                "an id is what tells a repetition"
            );
            person_is_masked(&inbound.from);
        }
        Update::Preference(preference) => {
            number_reads_back(&preference.number);
            person_is_masked(&preference.from);
        }
        Update::SystemError(error) => {
            number_reads_back(&error.number);
            assert!(
                error.failure.code.is_some(),
                "an error without a code is strange"
            );
        }
        Update::Template(template) => assert!(!template.account.as_str().is_empty()),
        Update::Account(account) => assert!(!account.account.as_str().is_empty()),
    }
}

fn number_reads_back(number: &PhoneNumberId) {
    assert_eq!(PhoneNumberId::parse(number.as_str()).as_ref(), Ok(number));
}

#[allow(
    clippy::disallowed_methods,
    reason = "the number is looked for where it must not stand"
)]
fn person_is_masked(person: &Person) {
    assert!(
        person.phone.is_some() || person.user.is_some(),
        "somebody is named"
    );
    let printed = format!("{person:?}");
    if let Some(phone) = &person.phone {
        assert!(!printed.contains(&phone.expose()[1..]), "{printed}");
    }
    if let Some(user) = person.user.as_ref().filter(|user| user.as_str().len() > 8) {
        assert!(!printed.contains(user.as_str()), "{printed}");
    }
}

/// The order of arrival decides nothing, and a receipt that comes twice says nothing new.
fn folds_alike_in_any_order(updates: &[Update]) {
    let folded = fold(updates);
    let reversed: Vec<Update> = updates.iter().rev().cloned().collect();
    assert!(
        folded == fold(&reversed),
        "the order of receipts decides something"
    );
    let twice = fold(&[updates, &reversed].concat());
    assert!(
        folded.receipts == twice.receipts,
        "a repetition says something new"
    );
    let receipts = updates
        .iter()
        .filter(|update| matches!(update, Update::Receipt(_)))
        .count();
    let counted = (folded.sent + folded.foreign + folded.other) as usize;
    assert!(counted + folded.receipts.len() <= receipts);
    assert!(
        receipts == 0 || counted + folded.receipts.len() > 0,
        "a receipt vanishes"
    );
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
    #[serde(borrow)]
    entry: Vec<&'a RawValue>,
}

/// A POST is the sum of its entries.
fn same_as_alone(whole: &Notice, raw: &RawValue) {
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(raw.get()) else {
        return;
    };
    let mut sum = Notice::default();
    for entry in &envelope.entry {
        let body = format!(
            r#"{{"object":{},"entry":[{}]}}"#,
            envelope.object.get(),
            entry.get()
        );
        let Ok(alone) = parse(body.as_bytes()) else {
            panic!("an entry that was JSON among others is JSON alone");
        };
        add(&mut sum, alone);
    }
    // Without entries, or as somebody else's, the envelope itself is what is strange.
    let ours = serde_json::from_str::<String>(envelope.object.get())
        .is_ok_and(|object| object == "whatsapp_business_account");
    if ours {
        assert!(*whole == sum, "an entry is read otherwise beside others");
    } else {
        assert!(
            whole.updates.is_empty(),
            "what is not a WhatsApp account's is not read"
        );
    }
}

fn add(sum: &mut Notice, more: Notice) {
    sum.updates.extend(more.updates);
    for (what, count) in more.strange {
        *sum.strange.entry(what).or_default() += count;
    }
    for (what, count) in more.ignored {
        *sum.ignored.entry(what).or_default() += count;
    }
}

fn status(callback: &str) -> String {
    format!(
        r#"{{"status":"delivered","timestamp":"1793400012","biz_opaque_callback_data":"{callback}"}}"#
    )
}

/// A value of the field `messages`, with a list of what is given.
fn value(list: &str, members: &str) -> String {
    format!(r#"{{"metadata":{{"phone_number_id":"{NUMBER}"}},"{list}":[{members}]}}"#)
}

fn change(value: &str) -> String {
    format!(r#"{{"field":"messages","value":{value}}}"#)
}

fn entry(changes: &str) -> String {
    format!(r#"{{"id":"800000000000001","changes":[{changes}]}}"#)
}

fn post(entries: &str) -> Notice {
    let body = format!(r#"{{"object":"whatsapp_business_account","entry":[{entries}]}}"#);
    let Ok(notice) = parse(body.as_bytes()) else {
        panic!("JSON between JSON is JSON")
    };
    notice
}

/// Puts the junk between the two known receipts, as a status, a change and an entry.
fn neighbours_survive(junk: &str) {
    let [first, last] = KNOWN.map(status);
    let beside = |(left, right): (String, String)| format!("{left},{junk},{right}");
    let changes = |text: &String| change(&value("statuses", text));
    let entries = |text: &String| entry(&changes(text));
    for (place, notice) in [
        (
            "status",
            post(&entry(&changes(&beside((first.clone(), last.clone()))))),
        ),
        (
            "change",
            post(&entry(&beside((changes(&first), changes(&last))))),
        ),
        ("entry", post(&beside((entries(&first), entries(&last))))),
    ] {
        let [Update::Receipt(left), .., Update::Receipt(right)] = notice.updates.as_slice() else {
            panic!("as a {place}, junk costs its neighbours");
        };
        for (receipt, callback) in [(left, KNOWN[0]), (right, KNOWN[1])] {
            assert!(
                is_known(receipt, callback),
                "as a {place}, junk changes its neighbours"
            );
        }
    }
}

fn is_known(receipt: &Receipt, callback: &str) -> bool {
    receipt.number.as_str() == NUMBER
        && receipt.carried.as_ref().map(ToString::to_string).as_deref() == Some(callback)
        && receipt.status == ReceiptStatus::Delivered
        && receipt.at.is_some_and(|at| at.as_second() == 1_793_400_012)
}

/// Each member of a list is one update or is counted once; only an object can be an update.
fn members_are_counted(junk: &str) {
    for list in ["statuses", "messages", "user_preferences", "errors"] {
        let notice = post(&entry(&change(&value(list, junk))));
        assert_eq!(told(&notice), 1, "a member of {list} vanishes or doubles");
        assert!(
            notice.ignored.is_empty(),
            "a member of {list} is ignored as if it were a field"
        );
        assert!(
            junk.starts_with('{') || notice.updates.is_empty(),
            "something is read out of what is no object"
        );
    }
}
