//! The names of switches, in the store and on the command line.

use std::fmt;

use super::{Reach, Scope, Switch};
use crate::class::Lane;
use crate::ids::{TemplateName, TenantId};

impl fmt::Display for Switch {
    /// As in `sending/tenant/banco-aurora`, `breaker`, `sms-budget/banco-aurora`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = |f: &mut fmt::Formatter<'_>, word: &str, reach: &Reach| match reach {
            Reach::Everywhere => f.write_str(word),
            Reach::Tenant(tenant) => write!(f, "{word}/{tenant}"),
        };
        match self {
            Self::Sending(Scope::Tenant(tenant)) => write!(f, "sending/tenant/{tenant}"),
            Self::Sending(Scope::Template(tenant, name)) => {
                write!(f, "sending/template/{tenant}/{name}")
            }
            Self::Sending(Scope::Lane(lane)) => write!(f, "sending/lane/{}", lane.name()),
            Self::Breaker(over) => reach(f, "breaker", over),
            Self::SmsBudget(over) => reach(f, "sms-budget", over),
            Self::Rate(tenant) => write!(f, "rate/{tenant}"),
        }
    }
}

impl Switch {
    /// Reads what [`Switch`] prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let tenant = |text: &str| TenantId::parse(text).ok();
        match parts.as_slice() {
            ["sending", "tenant", name] => Some(Self::Sending(Scope::Tenant(tenant(name)?))),
            ["sending", "template", owner, name] => {
                let name = TemplateName::parse(name).ok()?;
                Some(Self::Sending(Scope::Template(tenant(owner)?, name)))
            }
            ["sending", "lane", lane] => Some(Self::Sending(Scope::Lane(Lane::parse(lane)?))),
            ["breaker"] => Some(Self::Breaker(Reach::Everywhere)),
            ["breaker", name] => Some(Self::Breaker(Reach::Tenant(tenant(name)?))),
            ["sms-budget"] => Some(Self::SmsBudget(Reach::Everywhere)),
            ["sms-budget", name] => Some(Self::SmsBudget(Reach::Tenant(tenant(name)?))),
            ["rate", name] => Some(Self::Rate(tenant(name)?)),
            _ => None,
        }
    }
}
