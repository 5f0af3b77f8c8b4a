//! The end of the run: everything has ended, nothing waits, and the phones hold what the facts say.

use std::collections::BTreeMap;

use recado_domain::class::Class;
use recado_domain::delivery::{LegFact, Status, Value};
use recado_domain::ids::{NotificationId, RecipientToken};
use recado_testing::phones::Channel;

use super::case::Case;
use super::{Auditor, Promise};
use crate::history::{About, Event, Told};
use crate::queues::holds;
use crate::run::Went;
use crate::sim::time;

/// São Paulo is three hours behind.
const ZONE: i64 = 3 * 3_600_000;
const DAY: i64 = 24 * 3_600_000;

impl Auditor<'_> {
    pub(super) fn finish(&mut self) {
        let evidence = self.evidence;
        self.at = evidence.ended;
        if evidence.went == Went::Endless {
            self.broken(Promise::I9, None, "the run did not come to an end");
        }
        for (place, about) in &evidence.waiting {
            let what = format!("{about:?} still waits in {place:?}");
            self.broken(Promise::I9, about.notification(), what);
        }
        for (place, about) in &evidence.dead {
            if *about != About::Poison {
                let what = format!("{about:?} is a dead letter in {place:?}");
                self.broken(Promise::I9, about.notification(), what);
            }
        }
        let ids: Vec<NotificationId> = self.cases.keys().cloned().collect();
        for id in &ids {
            self.ended(id);
            self.phones_agree(id);
        }
        self.everything_is_someones();
        self.nothing_leaked();
        self.what_was_erased_stays_so();
        self.caps_were_kept();
        // Meta repeats a webhook until it is answered 200; what it lost itself nobody can know.
        let lost = |event: &Event| *event == Event::WebhookLost;
        if !evidence.history.iter().any(|(_, event)| lost(event)) {
            self.words_were_obeyed();
            self.receipts_were_stored();
        }
    }

    fn ended(&mut self, id: &NotificationId) {
        let (now, calm) = (time(self.at), self.is_calm());
        let mut broken = Vec::new();
        let Some(case) = self.cases.get(id) else {
            return;
        };
        let item = case.item;
        let held: BTreeMap<_, Value> = item
            .facts
            .iter()
            .map(|(fact, value)| (fact.clone(), value.clone()))
            .collect();
        if held != case.facts {
            broken.push((Promise::I10, "the item is not what was written".to_owned()));
        }
        let status = item.status(now);
        if !status.has_ended() {
            broken.push((Promise::I9, format!("it has not ended: {}", status.name())));
        }
        let gone = case.accepted || case.job_sent;
        if gone && item.content.is_some() {
            let what = format!("its content is still there: {}", status.name());
            broken.push((Promise::I11, what));
        }
        for leg in 0..case.legs() {
            let open = case.leg_has(leg, LegFact::Token)
                && !case.leg_is_done(leg)
                && !case.leg_has(leg, LegFact::Uncertain);
            if open && !(leg == 0 && case.reached()) {
                let what = format!("leg {leg} is claimed and nobody says what became of it");
                broken.push((Promise::I9, what));
            }
        }
        let late_end = matches!(status, Status::Expired | Status::Unknown);
        let hurried = item.sendable_until() < item.valid_until
            || item.valid_until.duration_since(item.accepted_at).as_secs() < 300;
        if calm && status == Status::Expired && !hurried {
            broken.push((Promise::I9, "it expired on a calm day".to_owned()));
        }
        let stopped = case.decided_otherwise() || case.leg_has(1, LegFact::Closed);
        if calm && late_end && case.legs() > 1 && !hurried && !stopped {
            broken.push((Promise::I9, format!("{} on a calm day", status.name())));
        }
        for (promise, what) in broken {
            self.broken(promise, Some(id), what);
        }
    }

    /// What this notification's phone holds, what the carriers took and what the facts say.
    fn phones_agree(&mut self, id: &NotificationId) {
        let calm = self.is_calm();
        let evidence = self.evidence;
        let mut broken = Vec::new();
        let Some(case) = self.cases.get(id) else {
            return;
        };
        let all = evidence.phones.iter().flat_map(|phone| &phone.inbox);
        let whatsapp = all
            .filter(|arrival| arrival.notification.as_deref() == Some(id.as_str()))
            .count();
        let order = evidence.orders.iter().find(|order| order.id == *id);
        let mut sms = 0;
        if let Some(order) = order {
            let inbox = evidence.phones.iter().find(|phone| {
                order
                    .contents
                    .iter()
                    .any(|content| content.phone == phone.number)
            });
            let texts: Vec<&str> = order
                .contents
                .iter()
                .filter_map(|content| content.sms.as_deref())
                .collect();
            let arrivals = inbox.into_iter().flat_map(|phone| &phone.inbox);
            sms = arrivals
                .filter(|arrival| arrival.channel == Channel::Sms)
                .filter(|arrival| texts.contains(&arrival.screen.text.as_str()))
                .count();
        }
        if whatsapp > 1 {
            broken.push((
                Promise::I3,
                format!("the phone has {whatsapp} WhatsApp messages"),
            ));
        }
        if sms != usize::try_from(case.taken_by_carrier).unwrap_or(usize::MAX) {
            let what = format!("{sms} SMS on the phone, {} taken", case.taken_by_carrier);
            broken.push((Promise::Conservation, what));
        }
        let unnoted = unnoted(case, &mut broken, calm);
        let twice = whatsapp > 0 && sms > 0;
        for (promise, what) in broken {
            self.broken(promise, Some(id), what);
        }
        let tally = &mut self.findings.tally;
        tally.delivered_twice += u64::from(twice);
        tally.unnoted_whatsapp += u64::from(unnoted.0);
        tally.unnoted_sms += u64::from(unnoted.1);
    }

    /// No phone holds anything that no bank ordered.
    fn everything_is_someones(&mut self) {
        let evidence = self.evidence;
        for phone in &evidence.phones {
            for arrival in &phone.inbox {
                let known = match arrival.channel {
                    Channel::Whatsapp => arrival.notification.as_deref().is_none_or(|id| {
                        evidence.orders.iter().any(|order| order.id.as_str() == id)
                    }),
                    Channel::Sms => evidence.orders.iter().any(|order| {
                        let texts = order.contents.iter().filter_map(|it| it.sms.as_deref());
                        texts.into_iter().any(|text| text == arrival.screen.text)
                    }),
                    Channel::Voice => false,
                };
                if !known {
                    let what = format!("something on a phone that nobody ordered: {arrival:?}");
                    self.broken(Promise::Conservation, None, what);
                }
            }
        }
    }

    fn receipts_were_stored(&mut self) {
        let mut missing = Vec::new();
        for (id, case) in &self.cases {
            let told = [
                (Told::Delivered, LegFact::Delivered),
                (Told::Read, LegFact::Read),
                (Told::Failed, LegFact::Failed),
            ];
            for (what, fact) in told {
                if case.told.contains(&what) && !case.leg_has(0, fact) {
                    missing.push((
                        id.clone(),
                        format!("Meta said {what:?} and nobody noted it"),
                    ));
                }
            }
        }
        for (id, what) in missing {
            self.broken(Promise::Conservation, Some(&id), what);
        }
    }

    /// What somebody wrote before an erasure is not kept after it.
    fn what_was_erased_stays_so(&mut self) {
        let evidence = self.evidence;
        for person in &evidence.people {
            let erased = person
                .profile
                .as_ref()
                .and_then(|profile| profile.erased_at);
            let Some(erased) = erased else {
                continue;
            };
            // Meta tells the time of a message in whole seconds.
            let before = erased.as_second() * 1_000;
            let came_back = person.chat.keys().any(|key| {
                let written = key.split('#').next().and_then(|ms| ms.parse::<i64>().ok());
                written.is_some_and(|written| written < before)
            });
            if came_back {
                let what = "a message from before an erasure is kept after it";
                self.broken(Promise::I11, None, what);
            }
        }
    }

    /// Nothing of a customer's is in a log line, nor open in an item.
    fn nothing_leaked(&mut self) {
        let evidence = self.evidence;
        let phones = evidence.phones.iter().map(|phone| phone.number.as_str());
        let phones = phones.map(|phone| phone.trim_start_matches('+'));
        let contents = evidence.orders.iter().flat_map(|order| &order.contents);
        let needles: Vec<&str> = contents
            .clone()
            .flat_map(|content| content.needles.iter().map(String::as_str))
            .chain(contents.filter_map(|content| content.sms.as_deref()))
            .chain(phones)
            .chain(["wamid."])
            .collect();
        let mut leaks = Vec::new();
        let mut look = |place: &str, text: &str| {
            for needle in &needles {
                if holds(text, needle) {
                    leaks.push(format!("{needle:?} in {place}: {text}"));
                }
            }
        };
        for line in &evidence.logs {
            look("a log line", line);
        }
        if !evidence.logs.is_empty() {
            for item in evidence.items.values() {
                look("an item", &format!("{:?} {item:?}", item.masked));
            }
        }
        for leak in leaks {
            self.broken(Promise::I11, None, leak);
        }
    }

    /// Of the messages with a cap of so many or fewer, no more than so many left on one day: each was counted
    /// when fewer had been.
    fn caps_were_kept(&mut self) {
        let mut days: BTreeMap<(RecipientToken, Class, i64), Vec<u32>> = BTreeMap::new();
        for case in self.cases.values() {
            for (cap, at) in case
                .item
                .daily_cap
                .into_iter()
                .flat_map(|cap| case.accepted_by_meta.iter().map(move |at| (cap, at)))
            {
                let day = (at - ZONE).div_euclid(DAY);
                let key = (case.item.recipient.clone(), case.class(), day);
                days.entry(key).or_default().push(cap);
            }
        }
        for ((recipient, class, _), caps) in days {
            for cap in &caps {
                let count = caps.iter().filter(|other| *other <= cap).count();
                if count > usize::try_from(*cap).unwrap_or(usize::MAX) {
                    let what = format!(
                        "{recipient} got {count} messages of {class} on a day capped at {cap}"
                    );
                    self.broken(Promise::I8, None, what);
                    break;
                }
            }
        }
    }
}

/// Which messages left and are not noted as submitted: in doubt, or the store was away.
fn unnoted(case: &Case<'_>, broken: &mut Vec<(Promise, String)>, calm: bool) -> (bool, bool) {
    let submitted = |leg| case.leg_has(leg, LegFact::Submitted);
    let whatsapp = !case.accepted_by_meta.is_empty() && !submitted(0);
    let sms = case.taken_by_carrier > 0 && !submitted(1);
    // Some reserved recipients lose Meta's answer on the calmest day.
    let known = case
        .posts
        .iter()
        .any(|post| post.outcome == Some("accepted"));
    if calm && ((whatsapp && known) || sms) {
        let what = "a message left and its submission is not noted".to_owned();
        broken.push((Promise::Conservation, what));
    }
    (whatsapp, sms)
}
