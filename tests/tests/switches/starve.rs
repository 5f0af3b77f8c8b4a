use anyhow::Result;
use std::time::Duration;
use crate::world::{AURORA, Cell, Handset, View, alert_of, turned};
static S: Cell = Cell::new();
#[tokio::test]
async fn starve() -> Result<()> {
    let stack = turned(&S, &[&["sms-budget", "set", "--per-minute", "2"], &["sms-budget", "set", AURORA, "--per-minute", "0"]]);
    let a = View::of(stack, 0).await?;
    let mut held = Vec::new();
    for _ in 0..4 {
        let to = a.customer(Handset::Off).await?;
        let id = a.sends(&alert_of("test_alert", &to)).await?;
        a.bank.until_status(&id, "submitted").await?;
        held.push((to, id));
    }
    for (_, id) in &held { a.sms_is_held(id, Duration::from_secs(2)).await?; }
    Ok(())
}
