//! A switch's items: its state and each of its turns alike.
//!
//! | attribute | holds |
//! |---|---|
//! | `sw`, `st` | which switch, which way |
//! | `pm`, `pd`, `ps` | SMS per minute and per day, requests per second |
//! | `at`, `by`, `wy` | when (milliseconds), who, why |

use recado_domain::switches::{Breaker, Sending, SmsBudget, Switch, Turn, Turned};
use recado_ports::StoreError;

use crate::attributes::{CURRENT, Item, Reader, VERSION, millis, number, put, text};
use crate::keys::Key;

pub(crate) fn switch_item(key: &Key, turned: &Turned) -> Item {
    let mut item = key.item();
    let (word, budget, rate) = match &turned.turn {
        Turn::Sending(_, Sending::On) => ("on", None, None),
        Turn::Sending(_, Sending::Off) => ("off", None, None),
        Turn::Breaker(_, Breaker::Open) => ("open", None, None),
        Turn::Breaker(_, Breaker::Closed) => ("closed", None, None),
        Turn::SmsBudget(_, Some(budget)) => ("set", Some(budget), None),
        Turn::Rate(_, Some(rate)) => ("set", None, Some(*rate)),
        Turn::SmsBudget(_, None) | Turn::Rate(_, None) => ("lifted", None, None),
    };
    put(&mut item, VERSION, Some(number(CURRENT)));
    put(
        &mut item,
        "sw",
        Some(text(turned.turn.switch().to_string())),
    );
    put(&mut item, "st", Some(text(word)));
    put(
        &mut item,
        "pm",
        budget.and_then(|budget| budget.per_minute).map(number),
    );
    put(
        &mut item,
        "pd",
        budget.and_then(|budget| budget.per_day).map(number),
    );
    put(&mut item, "ps", rate.map(number));
    put(&mut item, "at", Some(millis(turned.at)));
    put(&mut item, "by", Some(text(&turned.by)));
    put(&mut item, "wy", Some(text(&turned.why)));
    item
}

pub(crate) fn turned(item: &Item) -> Result<Turned, StoreError> {
    let item = Reader::new("a switch", item)?;
    let switch = item.parsed("sw", Switch::parse)?;
    let turn = match (switch, item.text("st")?) {
        (Switch::Sending(scope), "on") => Turn::Sending(scope, Sending::On),
        (Switch::Sending(scope), "off") => Turn::Sending(scope, Sending::Off),
        (Switch::Breaker(reach), "open") => Turn::Breaker(reach, Breaker::Open),
        (Switch::Breaker(reach), "closed") => Turn::Breaker(reach, Breaker::Closed),
        (Switch::SmsBudget(reach), "set") => {
            let budget = SmsBudget {
                per_minute: limit(&item, "pm")?,
                per_day: limit(&item, "pd")?,
            };
            Turn::SmsBudget(reach, Some(budget))
        }
        (Switch::SmsBudget(reach), "lifted") => Turn::SmsBudget(reach, None),
        (Switch::Rate(tenant), "set") => Turn::Rate(tenant, Some(item.number("ps")?)),
        (Switch::Rate(tenant), "lifted") => Turn::Rate(tenant, None),
        (Switch::Sending(_) | Switch::Breaker(_) | Switch::SmsBudget(_) | Switch::Rate(_), _) => {
            return Err(StoreError::Unreadable(
                "a switch turned neither way".to_owned(),
            ));
        }
    };
    Ok(Turned {
        turn,
        at: item.time("at")?,
        by: item.text("by")?.to_owned(),
        why: item.text("wy")?.to_owned(),
    })
}

fn limit(item: &Reader<'_>, name: &str) -> Result<Option<u32>, StoreError> {
    let number = item.optional_number(name)?;
    let unreadable = |_| StoreError::Unreadable(format!("a switch with {name} out of range"));
    number.map(u32::try_from).transpose().map_err(unreadable)
}
