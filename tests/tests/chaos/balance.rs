//! What the books excuse, beside the faults that were made.

use crate::books::Books;
use crate::case::{OFFER_UNCERTAIN, REFUSED};
use crate::doubts::{BATCH, Doubt, Heard, Printed, unexplained};
use crate::storm::{CUT, Damage, ERROR, NEVER_ARRIVES};
use crate::world::World;

impl Books {
    /// Nothing is excused more often than faults were made that excuse it.
    pub(crate) fn balance(&mut self, world: &World, damage: &Damage, printed: Printed) {
        let sns = |kind: &str| {
            damage
                .aws
                .get(&format!("Publish {kind}"))
                .copied()
                .unwrap_or(0)
        };
        let slow = sns(NEVER_ARRIVES);
        let unanswered = slow + sns(CUT) + sns(ERROR);
        for doubt in &self.doubts {
            *self.doubted.entry(doubt.heard.told()).or_default() += 1;
        }
        let (lost, stopped): (Vec<Doubt>, Vec<Doubt>) = std::mem::take(&mut self.doubts)
            .into_iter()
            .partition(|doubt| doubt.heard == Heard::Lost);
        self.bound("SMS whose answer was lost", lost.len() as u64, unanswered);
        self.bound("SMS published that are on no phone", self.unarrived, slow);
        let mut setbacks = printed.setbacks;
        setbacks.extend(&damage.timers_killed);
        for doubt in unexplained(stopped, setbacks) {
            self.broken.push(doubt.told());
        }
        let ledger = world.ledger();
        let meta = |words: &[&str]| {
            let happened = ledger.happened.iter();
            let fits = |what: &str| words.iter().any(|word| what.contains(word));
            happened
                .filter(|(what, _)| fits(what))
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        let senders = damage.kills.iter();
        let senders = senders.filter(|(name, _)| name.starts_with("OutboundSender"));
        let killed: u64 = senders.map(|(_, kills)| kills).sum();
        let excused = |why| self.nothing.get(why).copied().unwrap_or(0);
        let (refused, uncertain) = (excused(REFUSED), excused(OFFER_UNCERTAIN));
        let refusals = meta(&["refused with", "then failed with"]);
        let unsaid = meta(&["answered with a page", "answer lost"]) + killed * BATCH;
        drop(ledger);
        self.bound("offers refused", refused, refusals);
        self.bound("offers uncertain", uncertain, unsaid);
    }

    pub(crate) fn bound(&mut self, what: &str, count: u64, most: u64) {
        if count > most {
            self.broken
                .push(format!("{count} {what}, and {most} reasons for it"));
        }
    }
}
