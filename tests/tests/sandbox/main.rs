//! The reserved recipients where Recado is deployed: the sandbox function itself takes Meta's and the
//! carrier's place, over its own routes and its own queue, and its webhooks come back through the stack's
//! callback. The simulated Meta of the local stack sees none of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use recado_domain::phone::E164;
use recado_local::stack::Stack;
use recado_tests::{Bank, alert, drained, fresh_number, leg, settled, stack_with, time};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const LATE: &str = "not_delivered_in_time";
const FAILED: &str = "previous_failed";
/// Shows an SMS after two seconds where nothing was delivered.
const HASTY: &str = "test_alert";
/// The same after ten: longer than a receipt takes on a slow machine.
const PATIENT: &str = "test_patient";
/// No SMS follows.
const NEVER: Option<(&str, &str)> = None;

/// How a reserved recipient's notification ends.
struct Ending {
    recipient: u32,
    template: &'static str,
    status: &'static str,
    whatsapp: &'static str,
    /// Kind and code of WhatsApp's failure.
    failure: Option<(&'static str, u32)>,
    /// Status of the SMS and why it opened.
    sms: Option<(&'static str, &'static str)>,
}

const fn ends(
    recipient: u32,
    template: &'static str,
    (status, whatsapp): (&'static str, &'static str),
    failure: Option<(&'static str, u32)>,
    sms: Option<(&'static str, &'static str)>,
) -> Ending {
    Ending {
        recipient,
        template,
        status,
        whatsapp,
        failure,
        sms,
    }
}

const UNDELIVERABLE: Option<(&str, u32)> = Some(("permanent", 131_026));
const PAUSED: Option<(&str, u32)> = Some(("temporary", 132_015));

const ENDINGS: [Ending; 12] = [
    ends(1, PATIENT, ("read", "read"), None, NEVER),
    ends(2, PATIENT, ("delivered", "delivered"), None, NEVER),
    ends(
        3,
        HASTY,
        ("fallback_sent", "submitted"),
        None,
        Some(("sent", LATE)),
    ),
    ends(
        4,
        HASTY,
        ("fallback_sent", "failed"),
        UNDELIVERABLE,
        Some(("sent", FAILED)),
    ),
    ends(
        5,
        HASTY,
        ("fallback_sent", "failed"),
        PAUSED,
        Some(("sent", FAILED)),
    ),
    ends(6, PATIENT, ("delivered", "delivered"), None, NEVER),
    ends(7, PATIENT, ("delivered", "delivered"), None, NEVER),
    ends(
        8,
        HASTY,
        ("fallback_sent", "uncertain"),
        None,
        Some(("sent", LATE)),
    ),
    ends(9, PATIENT, ("read", "read"), None, NEVER),
    ends(
        10,
        HASTY,
        ("delivered", "delivered"),
        UNDELIVERABLE,
        Some(("sent", FAILED)),
    ),
    ends(
        11,
        HASTY,
        ("delivered", "delivered"),
        None,
        Some(("sent", LATE)),
    ),
    ends(
        12,
        HASTY,
        ("failed", "failed"),
        UNDELIVERABLE,
        Some(("failed", FAILED)),
    ),
];

fn number(recipient: u32) -> String {
    format!("+5511900000{recipient:03}")
}

async fn with_sandbox() -> Result<Stack> {
    stack_with(BTreeMap::from([
        ("Sandbox".to_owned(), "on".to_owned()),
        // After the hasty template's two seconds, on a slow machine too.
        ("SandboxLateDelivery".to_owned(), "8s".to_owned()),
    ]))
    .await
}

fn pair<A: Into<Value>, B: Into<Value>>(pair: Option<(A, B)>) -> Value {
    pair.map_or(Value::Null, |(a, b)| json!([a.into(), b.into()]))
}

async fn check(stack: &Stack, bank: &Bank, ending: &Ending) -> Result<Value> {
    let mut request = alert(&number(ending.recipient));
    request["template"] = json!(ending.template);
    let id = bank.send(&request).await?;
    bank.until_status(&id, ending.status).await?;
    settled(stack, &id).await?;
    let end = bank.notification(&id).await?;
    ensure!(end["status"] == ending.status, "{end}");
    let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
    let failure = &whatsapp["failure"];
    let told = match failure.is_null() {
        true => Value::Null,
        false => json!([failure["kind"], failure["code"]]),
    };
    ensure!(told == pair(ending.failure), "{end}");
    ensure!(whatsapp["status"] == ending.whatsapp, "{end}");
    let opened = match sms.is_null() {
        true => Value::Null,
        false => json!([sms["status"], sms["opened_because"]]),
    };
    // One device refuses the message, another takes it a second later: the SMS has usually gone by then,
    // and goes no more if it has not.
    let may_be_spared = ending.recipient == 10 && opened.is_null();
    ensure!(may_be_spared || opened == pair(ending.sms), "{end}");
    let both = ending.status == "delivered" && !sms.is_null();
    ensure!(end["delivered_twice"] == both, "{end}");
    match ending.recipient {
        6 => {
            // Twice refused for four seconds.
            let waited =
                time(&whatsapp["submitted_at"])?.duration_since(time(&end["accepted_at"])?);
            ensure!(waited.as_secs() >= 8, "{end}");
        }
        // Nobody ever heard that these left.
        7 | 8 => ensure!(whatsapp["submitted_at"].is_null(), "{end}"),
        9 => ensure!(whatsapp["delivered_at"] == whatsapp["read_at"], "{end}"),
        11 => ensure!(
            time(&whatsapp["delivered_at"])? > time(&sms["submitted_at"])?,
            "{end}"
        ),
        12 => ensure!(sms["failure"]["kind"] == "permanent", "{end}"),
        _ => {}
    }
    Ok(end)
}

#[tokio::test]
async fn every_reserved_recipient_ends_as_the_api_promises_without_the_simulated_meta() -> Result<()>
{
    let stack = Arc::new(with_sandbox().await?);
    let bank = Arc::new(Bank::of(&stack, 0).await?);
    let mut stories = JoinSet::new();
    for ending in &ENDINGS {
        let (stack, bank) = (Arc::clone(&stack), Arc::clone(&bank));
        stories.spawn(async move {
            let told = check(&stack, &bank, ending).await;
            told.with_context(|| number(ending.recipient))
        });
    }
    let mut failed = Vec::new();
    for told in stories.join_all().await {
        if let Err(error) = told {
            failed.push(format!("{error:#}"));
        }
    }
    assert_eq!(failed, [""; 0]);
    drained(&stack).await?;
    for recipient in 1..=12 {
        let inbox = bank.inbox(&number(recipient)).await?;
        assert_eq!(inbox, [Value::Null; 0], "a phone that must not exist rang");
    }
    let lines = stack.logs.lines();
    let queued = stack.aws.queues().history("recado-sandbox")?;
    let needles = [stack.ready.webhook.app_secret.as_str(), "sha256=", "EAAG"];
    for needle in needles {
        assert!(!queued.iter().any(|body| body.contains(needle)), "{needle}");
        assert!(!lines.iter().any(|line| line.contains(needle)), "{needle}");
    }
    assert!(!queued.is_empty(), "the webhooks came by another way");
    assert!(!lines.iter().any(|line| line.contains("11900000")));
    let stack = Arc::into_inner(stack).context("a story still runs")?;
    stack.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn everybody_else_is_metas_and_the_sandbox_serves_nobody_who_cannot_show_a_token()
-> Result<()> {
    let stack = with_sandbox().await?;
    let bank = Bank::of(&stack, 0).await?;
    let (on, off) = (fresh_number(), fresh_number());
    bank.agrees(&on).await?;
    bank.agrees(&off).await?;
    bank.phone(&off, json!({ "online": false })).await?;
    let (read, late) = (
        bank.send(&alert(&on)).await?,
        bank.send(&alert(&off)).await?,
    );
    bank.until_status(&read, "read").await?;
    bank.until_status(&late, "fallback_sent").await?;
    assert!(!bank.inbox(&on).await?.is_empty());
    assert_eq!(bank.channels(&off).await?, ["sms"]);

    let token = stack
        .sim
        .with(|meta, _| meta.settings().accounts[0].token.clone());
    let messages = format!("/sandbox/{}/messages", bank.phone_number_id);
    let ask = async |path: &str, token: &str, body: Value| -> Result<(StatusCode, Value)> {
        let request = bank.http.post(format!("{}{path}", stack.ready.api));
        let answer = request.bearer_auth(token).json(&body).send().await?;
        let status = answer.status();
        Ok((status, answer.json().await.unwrap_or_default()))
    };
    let text = |to: &str| json!({ "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": "x" } });
    let reserved = number(1);
    for wrong in ["", "x", &token[1..], &bank.token] {
        let (status, body) = ask(&messages, wrong, text(&reserved)).await?;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::UNAUTHORIZED, &json!(190))
        );
        let (status, _) = ask("/sandbox/sms", wrong, json!({ "to": reserved })).await?;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    // Who may send may not ask about SMS, and the other way round.
    let (status, _) = ask("/sandbox/sms", &token, json!({ "to": reserved })).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, body) = ask(&messages, &token, text(&on)).await?;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!(131_030))
    );
    assert!(!E164::parse(&on)?.is_reserved());
    drained(&stack).await?;
    stack.shutdown().await;
    Ok(())
}
