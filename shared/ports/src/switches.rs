//! What operators turn while everything runs.

use std::sync::Arc;

use recado_domain::switches::{Counter, Spending, Switch, Switchboard, Turned};

use crate::store::StoreError;

/// The switches, and the counters of what they limit.
pub trait Switches: Send + Sync {
    /// Every switch as it stands; may be as old as `recado_domain::switches::KNOWN_FOR`, older only while
    /// the store does not answer.
    fn switchboard(&self) -> impl Future<Output = Result<Arc<Switchboard>, StoreError>> + Send;

    /// Counts one more in the counter's window unless its limit is reached. Never more than the limit,
    /// however many count at once; one whose answer is lost may be counted twice.
    fn tally(
        &self,
        counter: &Counter,
        limit: u32,
    ) -> impl Future<Output = Result<Spending, StoreError>> + Send;

    /// Takes one back that [`Switches::tally`] counted. Never more than one, however often the request
    /// is repeated.
    fn untally(&self, counter: &Counter) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What an operator's tools need of the switches.
pub trait Switchgear: Switches {
    /// Turns a switch and keeps who did so, when and why, in one write.
    fn turn(&self, turned: &Turned) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every switch that was ever turned, by its last turn.
    fn switches(&self) -> impl Future<Output = Result<Vec<Turned>, StoreError>> + Send;

    /// Every turn of one switch, oldest first.
    fn turns(
        &self,
        switch: &Switch,
    ) -> impl Future<Output = Result<Vec<Turned>, StoreError>> + Send;
}
