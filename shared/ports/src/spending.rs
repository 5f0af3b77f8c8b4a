//! SMS budgets: counted before the claim, all or none, and given back when nothing left.

use std::error::Error;

use jiff::Timestamp;
use recado_domain::switches::{Counter, Gates, Reach, SmsBudget, Spending};

use crate::switches::Switches;

/// Counts one SMS against every budget over it. A counter that does not answer counts as used up: what
/// may not wait for a budget does not wait for its counter either.
pub(crate) async fn spend<S: Switches>(store: &S, gates: &Gates, now: Timestamp) -> Spending {
    let mut taken = Vec::new();
    for (counter, limit) in counters(gates, now) {
        match store.tally(&counter, limit).await {
            Ok(Spending::Within) => taken.push(counter),
            Ok(Spending::Exceeded) => {
                untally(store, &taken).await;
                return Spending::Exceeded;
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "budget not counted");
                untally(store, &taken).await;
                return Spending::Exceeded;
            }
        }
    }
    Spending::Within
}

/// Gives back what an SMS was counted for just before `at`, as far as it surely was.
pub(crate) async fn give_back<S: Switches>(store: &S, gates: &Gates, at: Timestamp) {
    let taken: Vec<Counter> = counters(gates, at)
        .map(|(counter, _)| counter)
        .filter(|counter| counter.window.surely_holds(at))
        .collect();
    untally(store, &taken).await;
}

/// What is not given back was counted in vain: fewer SMS leave, never more.
async fn untally<S: Switches>(store: &S, taken: &[Counter]) {
    for counter in taken {
        if let Err(error) = store.untally(counter).await {
            tracing::warn!(error = &error as &dyn Error, "budget not given back");
        }
    }
}

fn counters(gates: &Gates, at: Timestamp) -> impl Iterator<Item = (Counter, u32)> + '_ {
    let each = move |(reach, budget): &(Reach, SmsBudget)| budget.counters(reach, at);
    gates.budgets.iter().flat_map(each)
}
