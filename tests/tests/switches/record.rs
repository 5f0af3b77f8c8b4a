//! Who turned what, when and why.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::off::stack;
use crate::world::{operator, turn};

/// What the operator is shown for programs.
async fn shown(line: &[&str]) -> Result<Vec<Value>> {
    let outcome = operator(stack(), &[line, &["--json"]].concat()).await;
    let answer: Value = serde_json::from_str(&outcome.out)
        .with_context(|| format!("{line:?}: {} {}", outcome.out, outcome.err))?;
    Ok(answer["switches"].as_array().cloned().unwrap_or_default())
}

fn fields<'a>(turned: &'a Value, names: [&str; 3]) -> [&'a str; 3] {
    names.map(|name| turned[name].as_str().unwrap_or_default())
}

#[tokio::test]
async fn every_turn_is_on_record_with_who_when_and_why() -> Result<()> {
    let switch = "sending/template/banco-aurora/test_guard";
    let scope = ["template", "banco-aurora", "test_guard"];
    let before = stack().sim.with(|_, now| now);
    let off = ["--who", "bruno", "--why", "ticket 12: a wrong amount"];
    let outcome = operator(stack(), &[&["off"], &scope[..], &off].concat()).await;
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    turn(stack(), &[&["on"], &scope[..]].concat()).await?;

    let turns = shown(&["history", switch]).await?;
    let told: Vec<_> = turns
        .iter()
        .map(|turned| fields(turned, ["stands", "by", "why"]))
        .collect();
    assert_eq!(
        told,
        [
            ["off", "bruno", "ticket 12: a wrong amount"],
            ["on", "ana", "ticket 4711"]
        ]
    );
    let mut last = before;
    for turned in &turns {
        let since = recado_tests::time(&turned["since"])?;
        assert!(since >= last, "{turns:?}");
        last = since;
    }
    // Beside those that stand since this stack was started, as people read it.
    let outcome = operator(stack(), &[]).await;
    let row = |switch: &str| -> Vec<&str> {
        let mut lines = outcome.out.lines().map(columns);
        lines.find(|row| row[0] == switch).unwrap_or_default()
    };
    let ours = row(switch);
    assert_eq!(ours.len(), 5, "{}", outcome.out);
    assert_eq!([ours[1], ours[3], ours[4]], ["on", "ana", "ticket 4711"]);
    let lasting = row("sending/template/banco-aurora/test_outage_alert");
    assert_eq!(lasting.get(1), Some(&"off"), "{}", outcome.out);
    Ok(())
}

/// The cells of a row.
fn columns(row: &str) -> Vec<&str> {
    let cells = row.split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}
