//! The switches: read afresh at every call, so that a test sees a turn at once.

use std::sync::Arc;

use recado_domain::switches::{Counter, Spending, Switch, Switchboard, Turned};
use recado_ports::{StoreError, Switches, Switchgear};

use super::store::{Store, StoreCall};
use super::whole_millis;

impl Switches for Store {
    async fn switchboard(&self) -> Result<Arc<Switchboard>, StoreError> {
        self.call(StoreCall::Switchboard, |state| {
            let mut board = Switchboard::default();
            for turned in &state.turns {
                board.take(&turned.turn, turned.at);
            }
            Arc::new(board)
        })
        .await
    }

    async fn tally(&self, counter: &Counter, limit: u32) -> Result<Spending, StoreError> {
        self.call(StoreCall::Tally, |state| {
            let counted = state.tallies.entry(counter.clone()).or_default();
            if *counted < limit {
                *counted += 1;
                Spending::Within
            } else {
                Spending::Exceeded
            }
        })
        .await
    }

    async fn untally(&self, counter: &Counter) -> Result<(), StoreError> {
        self.call(StoreCall::Untally, |state| {
            if let Some(counted) = state.tallies.get_mut(counter) {
                *counted = counted.saturating_sub(1);
            }
        })
        .await
    }
}

impl Switchgear for Store {
    async fn turn(&self, turned: &Turned) -> Result<(), StoreError> {
        self.call(StoreCall::Turn, |state| {
            let turned = Turned {
                at: whole_millis(turned.at),
                ..turned.clone()
            };
            // One whose answer was lost may come again.
            if !state.turns.contains(&turned) {
                state.turns.push(turned);
            }
        })
        .await
    }

    async fn switches(&self) -> Result<Vec<Turned>, StoreError> {
        self.call(StoreCall::Turns, |state| {
            let last: std::collections::BTreeMap<Switch, Turned> = state
                .turns
                .iter()
                .map(|turned| (turned.turn.switch(), turned.clone()))
                .collect();
            last.into_values().collect()
        })
        .await
    }

    async fn turns(&self, switch: &Switch) -> Result<Vec<Turned>, StoreError> {
        self.call(StoreCall::Turns, |state| {
            let of = |turned: &&Turned| turned.turn.switch() == *switch;
            state.turns.iter().filter(of).cloned().collect()
        })
        .await
    }
}
