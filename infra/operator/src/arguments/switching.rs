//! The words after `switches`.

use recado_domain::class::Lane;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::switches::{Breaker, Reach, Scope, Sending, SmsBudget, Switch, Turn};

use super::{Given, required, usage};
use crate::errors::OperatorError;

/// What is asked of the switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Switching {
    /// How they stand.
    Show,
    /// Who turned one, when and why.
    History(Switch),
    /// A turn of one.
    Turn {
        /// What and which way.
        turn: Turn,
        /// Who turns it; else the process's user.
        who: Option<String>,
        /// Why.
        why: String,
    },
}

/// Who turned a switch, in characters.
const LONGEST_NAME: usize = 100;
/// Why, in characters.
const LONGEST_REASON: usize = 500;

pub(super) fn switching(given: &Given) -> Result<Switching, OperatorError> {
    let words: Vec<&str> = given.words.iter().map(String::as_str).collect();
    let turn = match words.as_slice() {
        [] => return Ok(Switching::Show),
        ["history", name] => {
            let switch = Switch::parse(name);
            let form = "no such switch; `switches` names those that were ever turned";
            return switch.map_or_else(|| usage(form), |switch| Ok(Switching::History(switch)));
        }
        ["off", scope @ ..] => Turn::Sending(read_scope(scope)?, Sending::Off),
        ["on", scope @ ..] => Turn::Sending(read_scope(scope)?, Sending::On),
        ["breaker", "open", reach @ ..] => Turn::Breaker(read_reach(reach)?, Breaker::Open),
        ["breaker", "close", reach @ ..] => Turn::Breaker(read_reach(reach)?, Breaker::Closed),
        ["sms-budget", "set", reach @ ..] => {
            let budget = SmsBudget {
                per_minute: given.per_minute,
                per_day: given.per_day,
            };
            if budget.per_minute.is_none() && budget.per_day.is_none() {
                return usage("--per-minute or --per-day is missing");
            }
            Turn::SmsBudget(read_reach(reach)?, Some(budget))
        }
        ["sms-budget", "lift", reach @ ..] => Turn::SmsBudget(read_reach(reach)?, None),
        ["rate", "set", tenant] => {
            let per_second = required(given.per_second, "--per-second")?;
            Turn::Rate(read_tenant(tenant)?, Some(per_second))
        }
        ["rate", "lift", tenant] => Turn::Rate(read_tenant(tenant)?, None),
        _ => return usage("switches does not know these words; --help has them"),
    };
    only_its_limits(&turn, given)?;
    if let Some(who) = &given.who {
        fits("--who", who, LONGEST_NAME)?;
    }
    let why = required(given.why.clone(), "--why")?;
    fits("--why", &why, LONGEST_REASON)?;
    Ok(Switching::Turn {
        turn,
        who: given.who.clone(),
        why,
    })
}

/// A limit that belongs to another switch was meant for it: nothing is turned.
fn only_its_limits(turn: &Turn, given: &Given) -> Result<(), OperatorError> {
    let (budget, rate) = match turn {
        Turn::SmsBudget(_, Some(_)) => (true, false),
        Turn::Rate(_, Some(_)) => (false, true),
        Turn::SmsBudget(_, None) | Turn::Rate(_, None) | Turn::Sending(..) | Turn::Breaker(..) => {
            (false, false)
        }
    };
    if (given.per_minute.is_some() || given.per_day.is_some()) && !budget {
        return usage("--per-minute and --per-day belong to `sms-budget set`");
    }
    if given.per_second.is_some() && !rate {
        return usage("--per-second belongs to `rate set`");
    }
    Ok(())
}

fn fits(option: &str, text: &str, longest: usize) -> Result<(), OperatorError> {
    if text.trim().is_empty() || text.chars().count() > longest {
        return usage(&format!("{option} must have 1 to {longest} characters"));
    }
    Ok(())
}

fn read_scope(words: &[&str]) -> Result<Scope, OperatorError> {
    match words {
        ["tenant", tenant] => Ok(Scope::Tenant(read_tenant(tenant)?)),
        ["template", tenant, name] => match TemplateName::parse(name) {
            Ok(name) => Ok(Scope::Template(read_tenant(tenant)?, name)),
            Err(_) => usage("that is no template's name"),
        },
        ["lane", lane] => match Lane::parse(lane) {
            Some(lane) => Ok(Scope::Lane(lane)),
            None => usage("the lanes are critical, standard and bulk"),
        },
        _ => usage("what? tenant TENANT, template TENANT NAME, or lane LANE"),
    }
}

fn read_reach(words: &[&str]) -> Result<Reach, OperatorError> {
    match words {
        [] => Ok(Reach::Everywhere),
        [tenant] => Ok(Reach::Tenant(read_tenant(tenant)?)),
        _ => usage("one bank, or none for all of them"),
    }
}

fn read_tenant(text: &str) -> Result<TenantId, OperatorError> {
    TenantId::parse(text).or_else(|_| usage("that is no bank's id"))
}
