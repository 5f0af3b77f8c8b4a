//! SMS budgets: so many in a minute and no more; what is over waits, codes do not.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use recado_local::stack::Stack;
use recado_testing::phones::Channel;

use crate::windows::{fit, span};
use crate::world::{AURORA, BOREAL, Cell, Handset, View, alert_of, code_of, turned};

static LIMITED: Cell = Cell::new();
static SHARED: Cell = Cell::new();

const PER_MINUTE: usize = 2;
/// How many alerts want an SMS at once: more than two minutes' worth.
const ALERTS: usize = 6;
/// The wait of `test_alert`.
const WAIT: Duration = Duration::from_secs(2);
/// How long `fallback-timer` may run: an SMS was counted at most this long before it left.
const LONGEST_RUN: Duration = Duration::from_secs(20);

/// Of the second bank no SMS may leave, and it may make two requests a second.
pub(crate) fn stack() -> &'static Stack {
    turned(
        &LIMITED,
        &[
            &["sms-budget", "set", AURORA, "--per-minute", "2"],
            &["sms-budget", "set", BOREAL, "--per-minute", "0"],
            &["rate", "set", BOREAL, "--per-second", "2"],
        ],
    )
}

#[tokio::test]
async fn a_budget_lets_so_many_sms_leave_in_a_minute_and_others_in_the_next() -> Result<()> {
    let view = View::of(stack(), 0).await?;
    let mut alerts = Vec::new();
    for _ in 0..ALERTS {
        alerts.push((view.customer(Handset::Off).await?, String::new()));
    }
    for (to, id) in &mut alerts {
        *id = view.sends(&alert_of("test_alert", to)).await?;
    }
    let sent = || -> Vec<(usize, Timestamp)> {
        let inboxes = alerts.iter().map(|(to, _)| view.inbox(to)).enumerate();
        inboxes
            .flat_map(|(place, inbox)| inbox.into_iter().map(move |one| (place, one.at)))
            .collect()
    };
    view.until("two minutes' worth of SMS has left", || {
        Ok(sent().len() >= 2 * PER_MINUTE)
    })
    .await?;

    let mut spans = Vec::new();
    for (place, at) in sent() {
        let (to, id) = &alerts[place];
        assert_eq!(view.channels(to), [Channel::Sms]);
        view.bank.until_status(id, "fallback_sent").await?;
        let due = view.sms_due(id, WAIT).await?;
        spans.push(span(due.max(at - LONGEST_RUN), at, 60));
    }
    assert!(fit(&spans, PER_MINUTE), "SMS by the minute: {spans:?}");
    Ok(())
}

#[tokio::test]
async fn a_budget_of_none_holds_an_alert_s_sms_and_not_a_code_s() -> Result<()> {
    let view = View::of(stack(), 1).await?;
    let to = view.customer(Handset::Off).await?;
    let code_to = view.customer(Handset::Off).await?;
    let id = view.sends(&alert_of("test_alert", &to)).await?;
    view.bank.until_status(&id, "submitted").await?;
    let code = view.sends(&code_of("test_code", &code_to)).await?;
    view.shows(&code_to, &[Channel::Sms]).await?;
    view.bank.until_status(&code, "fallback_sent").await?;
    view.sms_is_held(&id, WAIT).await?;
    view.is_unseen(&id, &to, "submitted").await
}

#[tokio::test]
async fn a_bank_that_has_used_up_its_own_budget_leaves_the_common_one_to_the_others() -> Result<()>
{
    let turns: &[&[&str]] = &[
        &["sms-budget", "set", "--per-minute", "2"],
        &["sms-budget", "set", AURORA, "--per-minute", "0"],
    ];
    let stack = turned(&SHARED, turns);
    let (view, other) = (View::of(stack, 0).await?, View::of(stack, 1).await?);
    let mut held = Vec::new();
    for _ in 0..3 {
        let to = view.customer(Handset::Off).await?;
        let id = view.sends(&alert_of("test_alert", &to)).await?;
        view.bank.until_status(&id, "submitted").await?;
        held.push((id, to));
    }
    for (id, _) in &held {
        view.sms_is_held(id, WAIT).await?;
    }
    let to = other.customer(Handset::Off).await?;
    let id = other.sends(&alert_of("test_alert", &to)).await?;
    other.shows(&to, &[Channel::Sms]).await?;
    let due = other.sms_due(&id, WAIT).await?;
    assert_eq!(other.timers_after(&id, due)?, 0, "it waited for a budget");
    for (id, to) in &held {
        view.is_unseen(id, to, "submitted").await?;
    }
    Ok(())
}
