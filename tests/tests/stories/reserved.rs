//! The recipients that need no phone: `+55 11 90000-0001` to `-0012`.

use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use recado_tests::{leg, time};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{META, World};

/// How a reserved recipient's notification ends.
struct Ending {
    /// The last digits of the number.
    recipient: u32,
    /// Where no SMS is expected, the wait is long enough for the receipts of a slow machine.
    template: &'static str,
    status: &'static str,
    whatsapp: &'static str,
    /// Kind and code of WhatsApp's failure.
    failure: Option<(&'static str, u32)>,
    /// Status of the SMS and why it opened.
    sms: Option<(&'static str, &'static str)>,
    /// What the phone shows, oldest first.
    phone: &'static [&'static str],
}

const LATE: &str = "not_delivered_in_time";
const FAILED: &str = "previous_failed";

const ENDINGS: [Ending; 11] = [
    Ending {
        recipient: 1,
        template: "test_patient",
        status: "read",
        whatsapp: "read",
        failure: None,
        sms: None,
        phone: &["whatsapp"],
    },
    Ending {
        recipient: 2,
        template: "test_patient",
        status: "delivered",
        whatsapp: "delivered",
        failure: None,
        sms: None,
        phone: &["whatsapp"],
    },
    Ending {
        recipient: 3,
        template: "test_alert",
        status: "fallback_sent",
        whatsapp: "submitted",
        failure: None,
        sms: Some(("sent", LATE)),
        phone: &["sms"],
    },
    Ending {
        recipient: 4,
        template: "test_alert",
        status: "fallback_sent",
        whatsapp: "failed",
        failure: Some(("permanent", 131_026)),
        sms: Some(("sent", FAILED)),
        phone: &["sms"],
    },
    Ending {
        recipient: 5,
        template: "test_alert",
        status: "fallback_sent",
        whatsapp: "failed",
        failure: Some(("temporary", 132_015)),
        sms: Some(("sent", FAILED)),
        phone: &["sms"],
    },
    Ending {
        recipient: 6,
        template: "test_patient",
        status: "delivered",
        whatsapp: "delivered",
        failure: None,
        sms: None,
        phone: &["whatsapp"],
    },
    Ending {
        recipient: 7,
        template: "test_patient",
        status: "delivered",
        whatsapp: "delivered",
        failure: None,
        sms: None,
        phone: &["whatsapp"],
    },
    Ending {
        recipient: 8,
        template: "test_alert",
        status: "fallback_sent",
        whatsapp: "uncertain",
        failure: None,
        sms: Some(("sent", LATE)),
        phone: &["sms"],
    },
    Ending {
        recipient: 9,
        template: "test_patient",
        status: "read",
        whatsapp: "read",
        failure: None,
        sms: None,
        phone: &["whatsapp"],
    },
    Ending {
        recipient: 11,
        template: "test_alert",
        status: "delivered",
        whatsapp: "delivered",
        failure: None,
        sms: Some(("sent", LATE)),
        phone: &["sms", "whatsapp"],
    },
    Ending {
        recipient: 12,
        template: "test_alert",
        status: "failed",
        whatsapp: "failed",
        failure: Some(("permanent", 131_026)),
        sms: Some(("failed", FAILED)),
        phone: &[],
    },
];

/// An alert over an amount of the recipient's own.
fn alert(template: &str, recipient: u32) -> Value {
    json!({
        "template": template, "locale": "pt_BR", "to": number(recipient),
        "params": { "name": "Benedita Fagundes", "amount": { "minor": amount(recipient), "currency": "BRL" } },
    })
}

fn number(recipient: u32) -> String {
    format!("+5511900000{recipient:03}")
}

fn amount(recipient: u32) -> u32 {
    4_400 + recipient
}

/// The channels by which the alert has reached the phone, oldest first.
async fn phone(world: &World, recipient: u32) -> Result<Vec<String>> {
    let mine = format!("44,{recipient:02}");
    let inbox = world.bank.inbox(&number(recipient)).await?;
    let arrived = inbox.iter().filter(|message| {
        message["text"]
            .as_str()
            .is_some_and(|text| text.contains(&mine))
    });
    Ok(arrived
        .filter_map(|message| message["channel"].as_str().map(str::to_owned))
        .collect())
}

async fn check(world: &World, ending: &Ending) -> Result<Value> {
    let together = META.read().await;
    let id = world
        .bank
        .send(&alert(ending.template, ending.recipient))
        .await?;
    world.bank.until_status(&id, ending.status).await?;
    drop(together);
    let end = world.ended(&id, &number(ending.recipient)).await?;
    let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
    assert_eq!(end["status"], ending.status, "{end}");
    assert_eq!(whatsapp["status"], ending.whatsapp, "{end}");
    assert_eq!(whatsapp["opened_because"], "first", "{end}");
    let failure = ending
        .failure
        .map_or(Value::Null, |(kind, code)| json!([kind, code]));
    let told = &whatsapp["failure"];
    assert_eq!(
        if told.is_null() {
            Value::Null
        } else {
            json!([told["kind"], told["code"]])
        },
        failure,
        "{end}"
    );
    let opened = ending
        .sms
        .map_or(Value::Null, |(status, because)| json!([status, because]));
    assert_eq!(
        if sms.is_null() {
            Value::Null
        } else {
            json!([sms["status"], sms["opened_because"]])
        },
        opened,
        "{end}"
    );
    let twice = ending.phone.len() > 1;
    assert_eq!(end["delivered_twice"], twice, "{end}");
    assert_eq!(phone(world, ending.recipient).await?, ending.phone, "{end}");
    Ok(end)
}

#[tokio::test]
async fn every_reserved_recipient_ends_as_the_api_promises() -> Result<()> {
    let world = Arc::new(World::open().await?);
    let mut stories = JoinSet::new();
    for ending in &ENDINGS {
        let world = Arc::clone(&world);
        stories.spawn(async move {
            let end = check(&world, ending)
                .await
                .with_context(|| number(ending.recipient))?;
            anyhow::Ok((ending.recipient, end))
        });
    }
    for told in stories.join_all().await {
        let (recipient, end) = told?;
        let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
        match recipient {
            // Read implies delivered, whether Meta says so or not.
            9 => assert_eq!(whatsapp["delivered_at"], whatsapp["read_at"], "{end}"),
            // Twice four seconds later: a throttled message is not given up, and its wait has not begun.
            6 => {
                let waited =
                    time(&whatsapp["submitted_at"])?.duration_since(time(&end["accepted_at"])?);
                assert!(waited >= SignedDuration::from_secs(8), "{end}");
            }
            // Nobody ever heard that these left.
            7 | 8 => assert!(whatsapp["submitted_at"].is_null(), "{end}"),
            3 | 11 => {
                let waited =
                    time(&sms["submitted_at"])?.duration_since(time(&whatsapp["submitted_at"])?);
                assert!(waited >= SignedDuration::from_secs(2), "{end}");
            }
            12 => assert_eq!(sms["failure"]["kind"], "permanent", "{end}"),
            _ => {}
        }
    }
    Ok(())
}

/// One device refuses the message, another takes it a second later. The SMS has usually gone by then; if
/// it has not, it must not go any more.
#[tokio::test]
async fn a_message_that_failed_and_then_arrived_counts_as_delivered() -> Result<()> {
    let world = World::open().await?;
    let together = META.read().await;
    let id = world.bank.send(&alert("test_alert", 10)).await?;
    world.bank.until_status(&id, "delivered").await?;
    drop(together);
    let end = world.ended(&id, &number(10)).await?;
    let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
    assert_eq!(end["status"], "delivered", "{end}");
    assert_eq!(whatsapp["status"], "delivered", "{end}");
    assert_eq!(whatsapp["failure"]["code"], 131_026, "{end}");
    let mut arrived = phone(&world, 10).await?;
    arrived.sort();
    if sms.is_null() {
        assert_eq!(
            (arrived, &end["delivered_twice"]),
            (vec!["whatsapp".to_owned()], &json!(false)),
            "{end}"
        );
    } else {
        assert_eq!(
            (&sms["status"], &sms["opened_because"]),
            (&json!("sent"), &json!(FAILED)),
            "{end}"
        );
        assert_eq!(
            (arrived, &end["delivered_twice"]),
            (vec!["sms".to_owned(), "whatsapp".to_owned()], &json!(true)),
            "{end}"
        );
    }
    Ok(())
}
