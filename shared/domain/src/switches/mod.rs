//! Switches: what an operator turns while everything runs, and what each turn means for one message.
//!
//! Off holds messages back, it never loses them: jobs and timers hop on until the switch is turned again
//! or the validity ends. Functions read the switches at least every [`KNOWN_FOR`].

mod budget;
mod gates;
mod word;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

pub use budget::{Counter, SmsBudget, Spending, Window};
pub use gates::{Breaker, Gates, Sending};

use crate::class::Lane;
use crate::delivery::Notification;
use crate::ids::{TemplateName, TenantId};

/// How long a function may go by what it read. Together with the shortest hop of what is held back it
/// keeps a turn in effect within 30 s.
pub const KNOWN_FOR: Duration = Duration::from_secs(10);

/// Whose messages an on/off switch holds back, by every leg.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A bank's.
    Tenant(TenantId),
    /// Those of one of a bank's templates.
    Template(TenantId, TemplateName),
    /// Those of a lane, of every bank.
    Lane(Lane),
}

/// How far a breaker or an SMS budget reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Every bank of the deployment.
    Everywhere,
    /// One bank.
    Tenant(TenantId),
}

/// What can be turned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Switch {
    /// Sending, on or off.
    Sending(Scope),
    /// The breaker: no message goes out again for want of a receipt alone.
    Breaker(Reach),
    /// How many SMS may leave.
    SmsBudget(Reach),
    /// How many requests a bank may make.
    Rate(TenantId),
}

/// Which way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// On or off.
    Sending(Scope, Sending),
    /// Open or closed.
    Breaker(Reach, Breaker),
    /// A budget, or none.
    SmsBudget(Reach, Option<SmsBudget>),
    /// Requests per second (at least 1), or no limit but the gateway's.
    Rate(TenantId, Option<u32>),
}

impl Turn {
    /// What is turned.
    #[must_use]
    pub fn switch(&self) -> Switch {
        match self {
            Self::Sending(scope, _) => Switch::Sending(scope.clone()),
            Self::Breaker(reach, _) => Switch::Breaker(reach.clone()),
            Self::SmsBudget(reach, _) => Switch::SmsBudget(reach.clone()),
            Self::Rate(tenant, _) => Switch::Rate(tenant.clone()),
        }
    }
}

/// A turn on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// What and which way.
    pub turn: Turn,
    /// When.
    pub at: Timestamp,
    /// Who, ≤ 100 characters.
    pub by: String,
    /// Why, ≤ 500 characters.
    pub why: String,
}

/// Every switch that was ever turned, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switchboard {
    sending: BTreeMap<Scope, (Sending, Timestamp)>,
    breakers: BTreeMap<Reach, Breaker>,
    budgets: BTreeMap<Reach, SmsBudget>,
    rates: BTreeMap<TenantId, u32>,
}

impl Switchboard {
    /// Takes a turn in.
    pub fn take(&mut self, turn: &Turn, at: Timestamp) {
        match turn {
            Turn::Sending(scope, sending) => {
                self.sending.insert(scope.clone(), (*sending, at));
            }
            Turn::Breaker(reach, breaker) => {
                self.breakers.insert(reach.clone(), *breaker);
            }
            Turn::SmsBudget(reach, Some(budget)) => {
                self.budgets.insert(reach.clone(), *budget);
            }
            Turn::SmsBudget(reach, None) => {
                self.budgets.remove(reach);
            }
            Turn::Rate(tenant, Some(per_second)) => {
                self.rates.insert(tenant.clone(), *per_second);
            }
            Turn::Rate(tenant, None) => {
                self.rates.remove(tenant);
            }
        }
    }

    /// A bank's requests per second, where they are limited.
    #[must_use]
    pub fn rate(&self, tenant: &TenantId) -> Option<u32> {
        self.rates.get(tenant).copied()
    }

    /// What stands in the way of one notification.
    #[must_use]
    pub fn gates(&self, item: &Notification) -> Gates {
        let (tenant, template) = (&item.tenant, &item.template);
        // The narrower budget first: where a bank has used up its own, nobody else's is asked.
        let reaches = [Reach::Tenant(tenant.clone()), Reach::Everywhere];
        let mut gates = self.sending([
            Scope::Tenant(tenant.clone()),
            Scope::Template(tenant.clone(), template.clone()),
            Scope::Lane(item.lane),
        ]);
        let mut turned = reaches.iter().filter_map(|reach| self.breakers.get(reach));
        if turned.any(|breaker| *breaker == Breaker::Open) {
            gates.breaker = Breaker::Open;
        }
        gates.budgets = reaches
            .iter()
            .filter_map(|reach| Some((reach.clone(), *self.budgets.get(reach)?)))
            .collect();
        gates
    }

    /// What stands in the way of an answer to a bank's customer.
    #[must_use]
    pub fn reply_gates(&self, tenant: &TenantId, lane: Lane) -> Gates {
        self.sending([Scope::Tenant(tenant.clone()), Scope::Lane(lane)])
    }

    fn sending<const N: usize>(&self, scopes: [Scope; N]) -> Gates {
        let mut gates = Gates::default();
        for (sending, at) in scopes.iter().filter_map(|scope| self.sending.get(scope)) {
            match sending {
                Sending::Off => {
                    gates.off_since = Some(gates.off_since.map_or(*at, |known| known.min(*at)))
                }
                Sending::On => {
                    gates.on_since = Some(gates.on_since.map_or(*at, |known| known.max(*at)))
                }
            }
        }
        gates
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod windows;
