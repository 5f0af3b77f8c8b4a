//! What happens to templates, the account and its numbers at Meta.

use jiff::Timestamp;
use recado_domain::ids::BusinessAccountId;
use recado_domain::standing::Edition;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::words::{
    AccountEvent, BanState, Category, Decision, NumberEvent, PinEvent, Quality, Restriction,
    Severity, TemplateEvent, TemplateReason,
};
use super::{Ignored, Strange, Update};
use crate::json;

/// Something happened to one language of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateUpdate {
    /// The account it belongs to.
    pub account: BusinessAccountId,
    /// Which one.
    pub edition: Edition,
    /// What happened.
    pub change: TemplateChange,
    /// When, by Meta's clock.
    pub at: Option<Timestamp>,
}

/// What happened to a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateChange {
    /// Its state changed.
    Status {
        /// What it is now.
        event: TemplateEvent,
        /// Why.
        reason: TemplateReason,
        /// The category it has, where Meta tells it: not always the one that was asked for.
        category: Option<Category>,
    },
    /// Its quality changed.
    Quality {
        /// What it is now.
        now: Quality,
    },
    /// Meta will put it into another category, in a day.
    CategoryImpending {
        /// Which.
        to: Category,
    },
    /// Meta has put it into another category.
    Category {
        /// Which.
        now: Category,
    },
    /// Its text was changed, here or by somebody in Meta's manager.
    Edited,
}

/// Something happened to the account or a number of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountUpdate {
    /// The account.
    pub account: BusinessAccountId,
    /// What happened.
    pub change: AccountChange,
    /// When, by Meta's clock.
    pub at: Option<Timestamp>,
}

/// What happened to the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// It may not do these things.
    Restricted(Vec<Restriction>),
    /// It is banned, or no longer.
    Ban(BanState),
    /// Another event of the account's life.
    Account(AccountEvent),
    /// Its review ended.
    Review(Decision),
    /// Meta raises an alert.
    Alert(Severity),
    /// A number's limits changed.
    Number(NumberEvent),
    /// A number's displayed name was reviewed.
    Name(Decision),
    /// A number's PIN changed or was asked for: somebody may be taking it over.
    Pin(PinEvent),
    /// How many customers may be written to changed.
    Capability,
}

/// Fields of every account-level value that is read; what a field lacks stays empty.
#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    decision: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    message_template_name: Option<&'a RawValue>,
    #[serde(borrow)]
    message_template_language: Option<&'a RawValue>,
    #[serde(borrow)]
    message_template_category: Option<&'a RawValue>,
    #[serde(borrow)]
    new_quality_score: Option<&'a RawValue>,
    #[serde(borrow)]
    new_category: Option<&'a RawValue>,
    #[serde(borrow)]
    correct_category: Option<&'a RawValue>,
    #[serde(borrow)]
    restriction_info: Option<&'a RawValue>,
    #[serde(borrow)]
    ban_info: Option<&'a RawValue>,
    #[serde(borrow)]
    alert_info: Option<&'a RawValue>,
    #[serde(borrow)]
    alert_severity: Option<&'a RawValue>,
    #[serde(borrow)]
    waba_ban_state: Option<&'a RawValue>,
    #[serde(borrow)]
    restriction_type: Option<&'a RawValue>,
}

/// Whom and when an account-level value is about.
pub(super) struct Frame<'a> {
    pub(super) account: Option<&'a RawValue>,
    pub(super) time: Option<&'a RawValue>,
}

/// What an account-level change comes to.
pub(super) enum Read {
    Update(Update),
    Ignored(Ignored),
}

pub(super) fn read(field: &str, frame: &Frame<'_>, value: &RawValue) -> Result<Read, Strange> {
    if !is_known(field) {
        return Ok(Read::Ignored(Ignored::of(field)));
    }
    let value: Value<'_> = json::object(Some(value)).ok_or(Strange::Account)?;
    let account = json::text(frame.account)
        .as_deref()
        .and_then(|id| BusinessAccountId::parse(id).ok())
        .ok_or(Strange::Account)?;
    let at = super::timestamp(frame.time);
    if let Some(change) = template_change(field, &value) {
        let (Some(name), Some(language)) = (
            json::text(value.message_template_name),
            json::text(value.message_template_language),
        ) else {
            return Err(Strange::Template);
        };
        // Made by somebody else in the same account.
        let Some(edition) = Edition::parse(&name, &language) else {
            return Ok(Read::Ignored(Ignored::ForeignTemplate));
        };
        return Ok(Read::Update(Update::Template(TemplateUpdate {
            account,
            edition,
            change,
            at,
        })));
    }
    let change = account_change(field, &value).ok_or(Strange::Account)?;
    Ok(Read::Update(Update::Account(AccountUpdate {
        account,
        change,
        at,
    })))
}

fn is_known(field: &str) -> bool {
    matches!(
        field,
        "message_template_status_update"
            | "message_template_quality_update"
            | "message_template_components_update"
            | "template_category_update"
            | "account_update"
            | "account_review_update"
            | "account_alerts"
            | "phone_number_quality_update"
            | "phone_number_name_update"
            | "business_capability_update"
            | "security"
    )
}

fn template_change(field: &str, value: &Value<'_>) -> Option<TemplateChange> {
    match field {
        // Meta's own sample names the quality's field as the status's.
        "message_template_status_update" | "message_template_quality_update"
            if value.new_quality_score.is_some() || field == "message_template_quality_update" =>
        {
            Some(TemplateChange::Quality {
                now: Quality::read(value.new_quality_score),
            })
        }
        "message_template_status_update" => Some(TemplateChange::Status {
            event: TemplateEvent::read(value.event),
            reason: value.reason.map_or(TemplateReason::None, |reason| {
                TemplateReason::read(Some(reason))
            }),
            category: value
                .message_template_category
                .map(|category| Category::read(Some(category))),
        }),
        // With `correct_category`, `new_category` is still the present one.
        "template_category_update" if value.correct_category.is_some() => {
            Some(TemplateChange::CategoryImpending {
                to: Category::read(value.correct_category),
            })
        }
        "template_category_update" => Some(TemplateChange::Category {
            now: Category::read(value.new_category),
        }),
        "message_template_components_update" => Some(TemplateChange::Edited),
        _ => None,
    }
}

fn account_change(field: &str, value: &Value<'_>) -> Option<AccountChange> {
    match field {
        "account_update" => Some(account_event(value)),
        "account_review_update" => Some(AccountChange::Review(Decision::read(value.decision))),
        "account_alerts" => {
            let inner = json::object::<Value<'_>>(value.alert_info);
            let severity = inner
                .and_then(|info| info.alert_severity)
                .or(value.alert_severity);
            Some(AccountChange::Alert(Severity::read(severity)))
        }
        "phone_number_quality_update" => {
            Some(AccountChange::Number(NumberEvent::read(value.event)))
        }
        "phone_number_name_update" => Some(AccountChange::Name(Decision::read(value.decision))),
        "business_capability_update" => Some(AccountChange::Capability),
        "security" => Some(AccountChange::Pin(PinEvent::read(value.event))),
        _ => None,
    }
}

fn account_event(value: &Value<'_>) -> AccountChange {
    match AccountEvent::read(value.event) {
        AccountEvent::Restriction => {
            let all = json::list(value.restriction_info).unwrap_or_default();
            let kind =
                |raw| json::object::<Value<'_>>(Some(raw)).and_then(|info| info.restriction_type);
            AccountChange::Restricted(
                all.into_iter()
                    .map(|raw| Restriction::read(kind(raw)))
                    .collect(),
            )
        }
        AccountEvent::Ban => {
            let state =
                json::object::<Value<'_>>(value.ban_info).and_then(|info| info.waba_ban_state);
            AccountChange::Ban(BanState::read(state))
        }
        event @ (AccountEvent::Deleted
        | AccountEvent::Violation
        | AccountEvent::Offboarded
        | AccountEvent::Reconnected
        | AccountEvent::Other) => AccountChange::Account(event),
    }
}

#[cfg(test)]
mod tests;
