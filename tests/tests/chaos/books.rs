//! The accounting: what each notification was promised, against its facts, what Meta took, and what the phones
//! hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use recado_domain::delivery::{LegStatus, Status};
use recado_testing::phones::{Arrival, Channel, Ticks};

use crate::case::{Case, OVER_CAP};
use crate::doubts::{self, Doubt, Heard, Printed};
use crate::items::read_all;
use crate::plan::{Kind, mark_in};
use crate::storm::Damage;
use crate::world::World;

/// Every so many notifications the API is asked, too.
const SAMPLE: usize = 20;
/// More broken rules than this are not told one by one.
const TOLD: usize = 20;
/// How many offers a customer gets on one day.
const OFFERS_A_DAY: u64 = 3;

/// The books of a run.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) statuses: BTreeMap<&'static str, u64>,
    /// What the phones hold, by notification.
    pub(crate) reached: BTreeMap<&'static str, u64>,
    /// Why a phone holds nothing.
    pub(crate) nothing: BTreeMap<&'static str, u64>,
    /// Why it is not over, though nobody has anything left to do.
    pub(crate) at_rest: BTreeMap<&'static str, u64>,
    /// SMS that came twice, each with its reason.
    pub(crate) doubled: Vec<String>,
    /// How many attempts at an SMS were in doubt, by what their holders lived to log.
    pub(crate) doubted: BTreeMap<&'static str, u64>,
    /// Attempts at an SMS of which the facts do not say what became of them.
    pub(crate) doubts: Vec<Doubt>,
    /// SMS that were published, and are on no phone.
    pub(crate) unarrived: u64,
    pub(crate) whatsapp: usize,
    pub(crate) whatsapp_doubled: usize,
    pub(crate) sms: usize,
    /// Rules that were broken.
    pub(crate) broken: Vec<String>,
    /// From acceptance to the first arrival on the phone, in milliseconds, sorted.
    pub(crate) waits: Vec<i64>,
}

impl Books {
    /// Closes the books of a world that has come to rest. `ids` in the plan's order.
    pub(crate) async fn close(world: &World, ids: &[String], damage: &Damage) -> Result<Self> {
        let inboxes: BTreeMap<String, Vec<Arrival>> = world.stack.sim.with(|meta, _| {
            let phones = meta.phones().iter();
            phones
                .map(|phone| (phone.number.clone(), phone.inbox.clone()))
                .collect()
        });
        let mut by_id: BTreeMap<&str, Vec<&Arrival>> = BTreeMap::new();
        let mut by_mark: BTreeMap<u64, Vec<&Arrival>> = BTreeMap::new();
        let mut books = Self::default();
        for arrival in inboxes.values().flatten() {
            match (arrival.channel, &arrival.notification) {
                (Channel::Whatsapp, Some(id)) => {
                    books.whatsapp += 1;
                    by_id.entry(id).or_default().push(arrival);
                }
                (Channel::Sms, _) => {
                    books.sms += 1;
                    let mark = mark_in(&arrival.screen.text).unwrap_or_default();
                    by_mark.entry(mark).or_default().push(arrival);
                }
                (Channel::Whatsapp | Channel::Voice, _) => {
                    books.broken.push(format!("nobody asked for {arrival:?}"));
                }
            }
        }
        books.check_whole(world, ids, &by_id)?;
        let printed = Printed::by(world)?;
        let mut offers: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        let items = read_all(world, ids).await?;
        let now: Timestamp = recado_tests::now().parse()?;
        for (place, (planned, item)) in world.plan.notifications.iter().zip(items).enumerate() {
            let customer = &world.plan.customers[planned.customer];
            let id = ids[place].as_str();
            let case = Case {
                planned,
                handset: customer.handset,
                item,
                taken: world.ledger().accepted.get(id).copied().unwrap_or(0),
                whatsapp: by_id.remove(id).unwrap_or_default(),
                sms: by_mark.remove(&planned.mark).unwrap_or_default(),
            };
            for arrival in case.whatsapp.iter().chain(&case.sms) {
                let here = inboxes[&customer.number]
                    .iter()
                    .any(|own| own.id == arrival.id);
                books.hold(&case, here, "it reached somebody else");
            }
            books.enter(&case, now);
            books.enter_sms(world, &case, &printed);
            if planned.kind == Kind::Offer {
                let (all, capped) = offers.entry(planned.customer).or_default();
                *all += 1;
                *capped += u64::from(case.why_nothing() == Some(OVER_CAP));
            }
            if place % SAMPLE == 0 {
                let told = world.banks[customer.bank].notification(id).await?;
                let same = told["status"] == case.item.status(now).name();
                books.hold(&case, same, &format!("the API tells otherwise: {told}"));
            }
        }
        for (mark, _) in by_mark {
            books
                .broken
                .push(format!("nobody asked for an SMS with {mark}"));
        }
        for (all, capped) in offers.into_values() {
            books.bound(
                "offers over a customer's cap",
                capped,
                all.saturating_sub(OFFERS_A_DAY),
            );
        }
        books.balance(world, damage, printed);
        books.waits.sort_unstable();
        Ok(books)
    }

    /// What concerns all of them together.
    fn check_whole(
        &mut self,
        world: &World,
        ids: &[String],
        arrived: &BTreeMap<&str, Vec<&Arrival>>,
    ) -> Result<()> {
        let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        ensure!(known.len() == ids.len(), "two keys, one notification");
        let ledger = world.ledger();
        ensure!(ledger.missed == 0, "{} events were missed", ledger.missed);
        let taken = ledger.accepted.keys().map(String::as_str);
        for id in taken.chain(arrived.keys().copied()) {
            if !known.contains(id) {
                self.broken.push(format!("nobody was told of {id}"));
            }
        }
        let table = world.stack.aws.dump_table()?;
        let stored = table.iter().filter_map(|item| item["pk"]["S"].as_str());
        let stored = stored.filter(|pk| pk.starts_with("NTF#")).count();
        ensure!(
            stored == ids.len(),
            "{stored} notifications are stored, {} were accepted",
            ids.len()
        );
        for letter in world.dead_letters()? {
            self.broken.push(format!("a dead letter: {letter}"));
        }
        Ok(())
    }

    fn hold(&mut self, case: &Case<'_>, holds: bool, rule: &str) {
        if !holds {
            self.broken.push(case.told(rule));
        }
    }

    /// Every rule, for one notification.
    fn enter(&mut self, case: &Case<'_>, now: Timestamp) {
        let status = case.item.status(now);
        *self.statuses.entry(status.name()).or_default() += 1;
        let (first, later) = (case.item.leg(0), case.item.leg(1));
        let has_sms_leg = case.item.legs() > 1;

        // WhatsApp: once at most, never without a claim, and never beside a closed leg (I3).
        self.whatsapp_doubled += usize::from(case.taken > 1 || case.whatsapp.len() > 1);
        self.hold(case, case.taken <= 1, "WhatsApp took it twice");
        self.hold(
            case,
            case.whatsapp.len() <= 1,
            "it arrived twice on WhatsApp",
        );
        if case.taken > 0 {
            let told = first
                .submitted_at()
                .or(first.uncertain_at())
                .or(first.failed_at());
            let claimed = first.claimed_at().is_some() && first.closed_because().is_none();
            self.hold(case, claimed, "sent without a claim");
            let known = told.is_some() || first.delivered_at().is_some();
            self.hold(case, known, "sent, and no fact says so");
        }
        let taken = first.submitted_at().is_none() || case.taken == 1;
        self.hold(case, taken, "submitted, but WhatsApp knows nothing of it");
        // What Meta tells is stored (it repeats until it is).
        let arrived = !case.whatsapp.is_empty();
        self.hold(
            case,
            arrived == first.delivered_at().is_some(),
            "delivered, says one of phone and facts",
        );
        let read = case.whatsapp.iter().any(|it| it.ticks == Some(Ticks::Read));
        self.hold(
            case,
            read == first.read_at().is_some(),
            "read, says one of phone and facts",
        );

        let right = |it: &&Arrival| digits(it).contains(&case.planned.mark.to_string());
        self.hold(
            case,
            case.whatsapp.iter().all(right),
            "another's words on WhatsApp",
        );

        // Its end (I9), and nothing sealed after it (I11).
        let ends = case.item.status(case.item.valid_until).has_ended();
        self.hold(case, ends, "it will never end");
        self.hold(case, status != Status::Expired, "it expired");
        if !status.has_ended() {
            let last = case.item.legs() - 1;
            match (case.item.leg_status(last), has_sms_leg) {
                (LegStatus::Uncertain, true) => self.rests("SMS uncertain"),
                (LegStatus::Uncertain, false) => self.rests("WhatsApp alone, uncertain"),
                (LegStatus::Submitted, false) => self.rests("WhatsApp alone, no receipt"),
                _ => self.hold(
                    case,
                    false,
                    "it has not ended, and nobody is left to end it",
                ),
            }
        }
        self.hold(
            case,
            case.item.content.is_none(),
            "its content is still there",
        );

        let ways = match (arrived, case.sms.is_empty()) {
            (true, true) => "WhatsApp",
            (false, false) => "SMS",
            (true, false) => "WhatsApp and SMS",
            (false, true) => "nothing",
        };
        *self.reached.entry(ways).or_default() += 1;
        if ways == "nothing" {
            match case.why_nothing() {
                Some(why) => *self.nothing.entry(why).or_default() += 1,
                None => self.hold(case, false, "LOST"),
            }
        }
        let arrivals = case.whatsapp.iter().chain(&case.sms).map(|it| it.at);
        if let Some(at) = arrivals.min() {
            let wait = at.as_millisecond() - case.item.accepted_at.as_millisecond();
            self.waits.push(wait);
        }
        let sms_known = later.submitted_at().is_none() || !case.sms.is_empty();
        self.hold(case, sms_known, "an SMS was sent, say the facts alone");
    }

    fn rests(&mut self, why: &'static str) {
        *self.at_rest.entry(why).or_default() += 1;
    }

    /// The SMS: in its time, and once, or twice where the class repeats what nobody knows of (I5, I6, I7).
    fn enter_sms(&mut self, world: &World, case: &Case<'_>, printed: &Printed) {
        for rule in case.broken(&world.times) {
            self.hold(case, false, &rule);
        }
        let (id, later) = (case.item.id.as_str(), case.item.leg(1));
        let attempts = later.attempt().unwrap_or(0);
        // A living holder says so before its claim's end, and only of a Publish.
        if later.uncertain_at() < later.until()
            && later.uncertain_at().is_some()
            && printed.heard(id, attempts) != Heard::Lost
        {
            self.hold(case, false, "uncertain, and nobody published it");
        }
        let heard = (1..=attempts).map(|attempt| printed.heard(id, attempt));
        let published = heard.filter(|heard| *heard != Heard::Nothing).count();
        self.unarrived += published.saturating_sub(case.sms.len()) as u64;
        self.doubts
            .extend(doubts::doubts(case, printed, &world.times));
        if let [first, second] = case.sms.as_slice() {
            let gap = second.at.as_millisecond() - first.at.as_millisecond();
            self.doubled.push(format!(
                "{id} {} {}: attempt {attempts}, second SMS {gap} ms after the first; {}",
                case.item.class,
                case.item.leg_status(1).name(),
                printed.heard(id, 1).told()
            ));
        }
    }

    /// The books as text.
    pub(crate) fn told(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, what: String| {
            writeln!(text, "  {name:<26} {what}").expect("a string takes everything");
        };
        line("by status", listed(&self.statuses));
        line("phones hold", listed(&self.reached));
        line("nothing, because", listed(&self.nothing));
        line("at rest without an end", listed(&self.at_rest));
        line("WhatsApp messages", self.whatsapp.to_string());
        line("SMS", self.sms.to_string());
        line("WhatsApp doubled", self.whatsapp_doubled.to_string());
        line("SMS in doubt", listed(&self.doubted));
        line("SMS doubled", self.doubled.len().to_string());
        for doubled in &self.doubled {
            line("", doubled.clone());
        }
        let at = |percent: usize| {
            let place = (self.waits.len() * percent / 100).min(self.waits.len().saturating_sub(1));
            self.waits.get(place).copied().unwrap_or(0)
        };
        let shown = format!("{} / {} / {} ms", at(50), at(99), at(100));
        line(
            "first arrival after",
            format!("{shown} (median, 99 %, longest)"),
        );
        text
    }

    /// Fails if a rule was broken.
    pub(crate) fn check(&self) -> Result<()> {
        let told: Vec<&str> = self.broken.iter().take(TOLD).map(String::as_str).collect();
        ensure!(
            self.broken.is_empty(),
            "{} rules broken, the first:\n{}",
            self.broken.len(),
            told.join("\n")
        );
        Ok(())
    }
}

fn digits(arrival: &Arrival) -> String {
    arrival
        .screen
        .text
        .chars()
        .filter(char::is_ascii_digit)
        .collect()
}

fn listed<K: AsRef<str>>(counts: &BTreeMap<K, u64>) -> String {
    let each = counts
        .iter()
        .map(|(what, count)| format!("{} {count}", what.as_ref()));
    each.collect::<Vec<_>>().join(", ")
}

/// Counts by a word, in one line.
pub(crate) fn summed<K: AsRef<str>>(counts: &BTreeMap<K, u64>) -> String {
    format!("{}: {}", counts.values().sum::<u64>(), listed(counts))
}
