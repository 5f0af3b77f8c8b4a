//! SMS: the operator's budget, as `recado_ports` counts it, and SNS.

use jiff::Timestamp;
use recado_domain::switches::{Counter, Spending};

use super::World;
use super::drive::Said;
use crate::count::Limit;

/// What a Publish takes, and a refusal of SNS's, in milliseconds.
const PUBLISH: (u32, u32) = (100, 20);

impl World<'_> {
    /// Counts one SMS against every budget over it, all or none.
    pub(super) fn spend(&mut self, n: u32, at: u32) -> Spending {
        let counters = self.counters(n, self.notes.at(at));
        let full = |(counter, limit): &(Counter, u32)| {
            self.tally.get(counter).copied().unwrap_or_default() >= *limit
        };
        if counters.iter().any(full) {
            self.counts.meet(Limit::Budget, at);
            return Spending::Exceeded;
        }
        for (counter, _) in counters {
            // What nobody answers counts as used up.
            if self.writes.take(at, 1.0).is_none() {
                return Spending::Exceeded;
            }
            *self.tally.entry(counter).or_default() += 1;
        }
        Spending::Within
    }

    /// Gives back what an SMS was counted for, as far as it surely was.
    pub(super) fn give_back(&mut self, n: u32, at: Timestamp) {
        for (counter, _) in self.counters(n, at) {
            if counter.window.surely_holds(at)
                && let Some(counted) = self.tally.get_mut(&counter)
            {
                *counted = counted.saturating_sub(1);
            }
        }
    }

    fn counters(&self, n: u32, at: Timestamp) -> Vec<(Counter, u32)> {
        let budgets = &self.gates[self.notes.blank(n)].budgets;
        budgets
            .iter()
            .flat_map(|(reach, budget)| budget.counters(reach, at))
            .collect()
    }

    /// SNS takes it or says that it is too fast.
    pub(super) fn publish(&mut self) -> (Said, u32) {
        if self.sns.take(self.now) {
            (Said::Accepted, PUBLISH.0)
        } else {
            self.counts.meet(Limit::Sns, self.now);
            (Said::SmsTooFast, PUBLISH.1)
        }
    }
}
