//! `switches`: what is turned is what the functions read.

use anyhow::Result;
use recado_domain::switches::{Breaker, SmsBudget, Switch};
use recado_ports::{Switches, Switchgear};
use serde_json::{Value, json};

use crate::Shelf;

fn stands(answer: &Value) -> Vec<(&str, &str)> {
    let switches = answer["switches"].as_array().into_iter().flatten();
    switches
        .filter_map(|one| Some((one["switch"].as_str()?, one["stands"].as_str()?)))
        .collect()
}

#[tokio::test]
async fn a_turn_is_kept_with_who_and_why_and_the_functions_read_it() -> Result<()> {
    let shelf = Shelf::open().await?;
    let operator = &shelf.operator;
    let (code, text) = operator.tells(&["switches"]).await;
    assert_eq!((code, text.as_str()), (0, "no switch was ever turned\n"));
    let lines: [&[&str]; 6] = [
        &["off", "tenant", "banco-aurora"],
        &["off", "template", "banco-aurora", "pix_received"],
        &["off", "lane", "bulk"],
        &["breaker", "open"],
        &[
            "sms-budget",
            "set",
            "banco-aurora",
            "--per-minute",
            "3",
            "--per-day",
            "9",
        ],
        &["rate", "set", "banco-aurora", "--per-second", "5"],
    ];
    for line in lines {
        let line = [&["switches"], line, &["--why", "ticket 7"]].concat();
        let (code, text) = operator.tells(&line).await;
        assert_eq!(code, 0, "{line:?}: {text}");
        assert!(text.contains("ticket 7"), "{text}");
    }
    let why = ["--why", "over", "--who", "bruno"];
    let on = [&["switches", "on", "tenant", "banco-aurora"][..], &why].concat();
    assert_eq!(operator.tells(&on).await.0, 0);

    let (code, text, answer) = operator.asks(&["switches"]).await?;
    assert_eq!(code, 0, "{text}");
    let expected = [
        ("sending/tenant/banco-aurora", "on"),
        ("sending/template/banco-aurora/pix_received", "off"),
        ("sending/lane/bulk", "off"),
        ("breaker", "open"),
        ("sms-budget/banco-aurora", "3 a minute, 9 a day"),
        ("rate/banco-aurora", "5 a second"),
    ];
    assert_eq!(stands(&answer), expected, "{text}");
    let line = ["switches", "history", "sending/tenant/banco-aurora"];
    let (_, answer) = operator.reads(&line).await?;
    assert_eq!(
        stands(&answer),
        [
            ("sending/tenant/banco-aurora", "off"),
            ("sending/tenant/banco-aurora", "on")
        ]
    );
    let people: Vec<(&Value, &Value)> = answer["switches"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (&one["by"], &one["why"]))
        .collect();
    let (ana, bruno) = (
        (json!("ana"), json!("ticket 7")),
        (json!("bruno"), json!("over")),
    );
    assert_eq!(people, [(&ana.0, &ana.1), (&bruno.0, &bruno.1)]);

    // As a function sees it.
    let item = crate::days::notification(1, 0)?;
    let board = shelf.store.switchboard().await?;
    let gates = board.gates(&item);
    assert!(gates.off_since.is_some(), "the template is off");
    assert_eq!(gates.breaker, Breaker::Open);
    let budget = SmsBudget {
        per_minute: Some(3),
        per_day: Some(9),
    };
    assert_eq!(
        gates
            .budgets
            .iter()
            .map(|(_, budget)| *budget)
            .collect::<Vec<_>>(),
        [budget]
    );
    assert_eq!(board.rate(&item.tenant), Some(5));
    let lift = [
        "switches",
        "sms-budget",
        "lift",
        "banco-aurora",
        "--why",
        "x",
    ];
    assert_eq!(operator.tells(&lift).await.0, 0);
    let switch = Switch::parse("sms-budget/banco-aurora").expect("a switch");
    assert_eq!(shelf.store.turns(&switch).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_switch_of_nobody_is_not_turned() -> Result<()> {
    let shelf = Shelf::open().await?;
    let check = async |line: &[&str], said: &str| {
        let line = [&["switches"], line, &["--why", "x"]].concat();
        let (code, text) = shelf.operator.tells(&line).await;
        assert_eq!(code, 2, "{line:?}: {text}");
        assert!(text.contains(said), "{line:?}: {text}");
    };
    check(&["off", "tenant", "banco-auora"], "no bank banco-auora").await;
    check(
        &["off", "template", "banco-aurora", "pix_recieved"],
        "no template",
    )
    .await;
    check(&["breaker", "open", "banco-auora"], "no bank").await;
    check(
        &["rate", "set", "banco-auora", "--per-second", "1"],
        "no bank",
    )
    .await;
    check(
        &["sms-budget", "set", "banco-auora", "--per-day", "1"],
        "no bank",
    )
    .await;
    assert_eq!(shelf.store.switches().await?, []);
    Ok(())
}
