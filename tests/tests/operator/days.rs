//! `reconcile` and `stuck`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::{
    Fact, LegFact, Notification, Rung, Value as Known, WhenQueueWaitExceeded,
};
use recado_domain::ids::{NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::Sealed;
use recado_domain::template::QuietHours;
use recado_local::aws::Outgoing;
use recado_ports::Notifications;
use recado_tests::{Bank, alert, drained, fresh_number, time};
use serde_json::{Value, json};

use crate::{DEAD_LETTERS, Operator, QUEUE, Shelf};

/// Far ahead, so that nothing is deleted for its age.
const DAY: &str = "2126-06-15";
const BEGINS: &str = "2126-06-15T03:00:00Z";

fn begins() -> Timestamp {
    BEGINS.parse().expect("a time")
}

fn id(number: u32) -> String {
    let letters: String = format!("{number:026}")
        .chars()
        .map(|digit| char::from(b'a' + u8::try_from(digit.to_digit(10).unwrap_or(0)).unwrap_or(0)))
        .collect();
    format!("ntf_{letters}")
}

/// Accepted so many seconds into the day, valid for ten minutes, nothing sent.
pub(crate) fn notification(number: u32, seconds: i64) -> Result<Notification> {
    let accepted_at = begins() + SignedDuration::from_secs(seconds);
    let rung = |channel, after| Rung {
        channel,
        after: Duration::from_secs(after),
    };
    Ok(Notification {
        id: NotificationId::parse(&id(number))?,
        tenant: TenantId::parse("banco-aurora")?,
        recipient: RecipientToken::parse("rcp_1_bbbbbbbbbbbbbbbbbbbbbbbbbb")?,
        to_masked: "+55 (11) *****-4321".to_owned(),
        template: TemplateName::parse("pix_received")?,
        template_version: 1,
        locale: Locale::PtBr,
        class: Class::Transactional,
        lane: Class::Transactional.lane(),
        reference: Some("secret-reference".to_owned()),
        digest: "cccccccccccccccccccccccccc".to_owned(),
        accepted_at,
        valid_until: accepted_at + SignedDuration::from_mins(10),
        ladder: vec![rung(Channel::Whatsapp, 0), rung(Channel::Sms, 30)],
        max_queue_wait: Duration::from_secs(60),
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: None,
        masked: BTreeMap::from([("amount".to_owned(), "R$ ***".to_owned())]),
        content: Some(Sealed {
            key: "k1".to_owned(),
            bytes: vec![7; 64],
        }),
        facts: Default::default(),
    })
}

/// The same, suppressed: an end that is whole.
fn ended(mut item: Notification) -> Notification {
    item.content = None;
    item.facts.insert(Fact::Suppressed, item.accepted_at.into());
    let why = Known::Text("no_consent".to_owned());
    item.facts.insert(Fact::SuppressedBecause, why);
    item
}

/// The operator's clock at so many seconds into the day.
fn at(shelf: &Shelf, seconds: u64) -> Operator {
    let now = recado_ports::Chance::now(&shelf.operator.clock);
    let until = Duration::try_from(begins().duration_since(now)).expect("that day is ahead");
    shelf.operator.later(until + Duration::from_secs(seconds))
}

fn reasons(misfit: &Value) -> Vec<&str> {
    let reasons = misfit["reasons"].as_array().into_iter().flatten();
    reasons
        .filter_map(|reason| reason["reason"].as_str())
        .collect()
}

/// A file that is gone when the test is over.
struct Ledger(PathBuf);

impl Ledger {
    fn of(name: &str, text: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("recado-{}-{name}", std::process::id()));
        std::fs::write(&path, text)?;
        Ok(Self(path))
    }

    fn path(&self) -> Result<&str> {
        self.0.to_str().context("a path that is text")
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

const RECONCILE: [&str; 5] = ["reconcile", "--tenant", "banco-aurora", "--day", DAY];

#[tokio::test]
async fn a_day_is_the_banks_own_day_and_every_page_of_the_table_is_read() -> Result<()> {
    let shelf = Shelf::open().await?;
    // Some of every size, so that the table has several pages.
    for number in 0..40 {
        let mut item = ended(notification(number, i64::from(number) * 60)?);
        item.masked.insert("padding".to_owned(), "x".repeat(50_000));
        shelf.store.create(&item).await?;
    }
    // The last millisecond before and the first one after; and another bank's.
    let mut before = ended(notification(100, 0)?);
    before.accepted_at = begins() - SignedDuration::from_millis(1);
    let mut after = ended(notification(101, 0)?);
    after.accepted_at = begins() + SignedDuration::from_hours(24);
    let mut other = ended(notification(102, 0)?);
    other.tenant = TenantId::parse("banco-boreal")?;
    for item in [&before, &after, &other] {
        shelf.store.create(item).await?;
    }
    let (code, text, answer) = at(&shelf, 7_200).asks(&RECONCILE).await?;
    assert_eq!(code, 0, "{text}");
    assert_eq!(answer["accepted"], 40, "{answer}");
    assert_eq!(answer["by_status"]["suppressed"], 40, "{answer}");
    assert_eq!(
        (&answer["open"], &answer["fits"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(answer["from"], "2126-06-15T03:00:00.000Z");
    assert_eq!(answer["until"], "2126-06-16T03:00:00.000Z");
    assert!(
        text.contains("America/Sao_Paulo") && text.contains("the day is not over"),
        "{text}"
    );
    assert!(text.contains("What is stored fits."), "{text}");
    // Nothing of a customer is told.
    for secret in ["4321", "secret-reference", "R$", "xxxx", "rcp_1_"] {
        assert!(
            !text.contains(secret) && !answer.to_string().contains(secret),
            "{secret}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_does_not_fit_is_named_with_its_reason() -> Result<()> {
    let shelf = Shelf::open().await?;
    let leg = |leg, fact| Fact::Leg(leg, fact);
    let late = notification(1, 0)?;
    let fresh = notification(2, 7_000)?;
    let mut kept = ended(notification(3, 0)?);
    kept.content.clone_from(&late.content);
    let mut never_claimed = notification(4, 7_000)?;
    let delivered = leg(0, LegFact::Delivered);
    never_claimed
        .facts
        .insert(delivered, never_claimed.accepted_at.into());
    never_claimed.content = None;
    for item in [
        &late,
        &fresh,
        &kept,
        &never_claimed,
        &ended(notification(5, 0)?),
    ] {
        shelf.store.create(item).await?;
    }
    shelf.store.create(&ended(notification(6, 0)?)).await?;
    shelf.tamper(&id(6), "v", json!({ "N": "9" })).await?;

    let (code, text, answer) = at(&shelf, 7_200).asks(&RECONCILE).await?;
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        (&answer["accepted"], &answer["open"]),
        (&json!(6), &json!(1)),
        "{answer}"
    );
    let misfits: BTreeMap<&str, Vec<&str>> = answer["misfits"]
        .as_array()
        .context("misfits")?
        .iter()
        .map(|one| {
            (
                one["notification"].as_str().unwrap_or_default(),
                reasons(one),
            )
        })
        .collect();
    let expected = [
        (id(1), vec!["never_ended"]),
        (id(3), vec!["content_kept"]),
        (id(4), vec!["never_claimed"]),
    ];
    let expected: BTreeMap<&str, Vec<&str>> = expected
        .iter()
        .map(|(id, reasons)| (id.as_str(), reasons.clone()))
        .collect();
    assert_eq!(misfits, expected, "{answer}");
    let unreadable = &answer["unreadable"];
    assert_eq!(unreadable.as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(unreadable[0]["key"], format!("NTF#{}", id(6)));
    assert_eq!(unreadable[0]["reason"], "a notification of version 9");
    for number in [1, 3, 4, 6] {
        assert!(text.contains(&id(number)), "{text}");
    }
    assert!(text.contains("The day does not fit."), "{text}");

    // The same without the days: what is stuck, and what happened to it last.
    let (code, text, answer) = at(&shelf, 7_200).asks(&["stuck"]).await?;
    assert_eq!(code, 1, "{text}");
    let stuck: BTreeSet<&str> = answer["stuck"]
        .as_array()
        .context("stuck")?
        .iter()
        .filter_map(|one| one["notification"].as_str())
        .collect();
    assert_eq!(
        stuck,
        BTreeSet::from([id(1).as_str(), id(3).as_str()]),
        "{answer}"
    );
    let first = answer["stuck"]
        .as_array()
        .and_then(|stuck| stuck.iter().find(|one| one["notification"] == id(1)));
    let first = first.context("the first one")?;
    assert_eq!(first["since"], "2126-06-15T03:10:00.000Z", "{first}");
    assert_eq!(first["last"]["what"], "accepted", "{first}");
    // Another bank's operator sees nothing but what may be anybody's.
    let other = ["stuck", "--tenant", "banco-boreal"];
    let (code, answer) = at(&shelf, 7_200).reads(&other).await?;
    assert_eq!((code, &answer["stuck"]), (0, &json!([])), "{answer}");
    // While the end may still be on its way, nothing is stuck.
    let early = at(&shelf, 1_490);
    let (_, answer) = early.reads(&["stuck"]).await?;
    assert_eq!(
        answer["stuck"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
    let (_, answer) = early.reads(&["stuck", "--grace", "5m"]).await?;
    assert_eq!(
        answer["stuck"].as_array().map(Vec::len),
        Some(2),
        "{answer}"
    );
    Ok(())
}

#[tokio::test]
async fn the_banks_list_tells_what_we_lost_and_what_the_bank_never_heard_of() -> Result<()> {
    let shelf = Shelf::open().await?;
    for number in 1..=3 {
        shelf.store.create(&ended(notification(number, 0)?)).await?;
    }
    let mut other_day = ended(notification(4, 0)?);
    other_day.accepted_at = begins() - SignedDuration::from_hours(1);
    let mut other_bank = ended(notification(5, 0)?);
    other_bank.tenant = TenantId::parse("banco-boreal")?;
    shelf.store.create(&other_day).await?;
    shelf.store.create(&other_bank).await?;
    let operator = at(&shelf, 7_200);
    let with = |ledger: &'static str| [&RECONCILE[..], &["--ledger", ledger]].concat();

    let same = format!(
        "notification_id,when\n{},x\n{},y\n{},z\n",
        id(1),
        id(2),
        id(3)
    );
    let ledger = Ledger::of("same.csv", &same)?;
    let path: &'static str = ledger.path()?.to_owned().leak();
    let (code, text, answer) = operator.asks(&with(path)).await?;
    assert_eq!(
        (code, &answer["ledger"]["listed"]),
        (0, &json!(3)),
        "{text}"
    );

    let differs = [1, 3, 4, 5, 9].map(id).join("\n");
    let ledger = Ledger::of("differs", &differs)?;
    let path: &'static str = ledger.path()?.to_owned().leak();
    let (code, text, answer) = operator.asks(&with(path)).await?;
    let told = &answer["ledger"];
    assert_eq!(code, 1, "{text}");
    assert_eq!(told["lost"], json!([id(9)]), "{told}");
    assert_eq!(told["unknown_to_the_bank"], json!([id(2)]), "{told}");
    let elsewhere: Vec<(&Value, &Value)> = told["elsewhere"]
        .as_array()
        .context("elsewhere")?
        .iter()
        .map(|one| (&one["notification"], &one["where"]))
        .collect();
    let expected = [
        (json!(id(4)), json!("other_day")),
        (json!(id(5)), json!("other_bank")),
    ];
    let expected: Vec<(&Value, &Value)> = expected.iter().map(|(id, place)| (id, place)).collect();
    assert_eq!(elsewhere, expected, "{told}");

    let ledger = Ledger::of("strange", &format!("{}\n+5511987654321\n", id(1)))?;
    let path: &'static str = ledger.path()?.to_owned().leak();
    let (code, text) = operator.tells(&with(path)).await;
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("line 2") && !text.contains("98765"), "{text}");
    let (code, text) = operator.tells(&with("/nowhere/at/all")).await;
    assert_eq!(code, 2, "{text}");
    Ok(())
}

#[tokio::test]
async fn a_dead_letter_does_not_fit_and_a_message_at_work_does() -> Result<()> {
    let shelf = Shelf::open().await?;
    let url = |queue: &str| shelf.aws.queues().url(queue);
    let (work, dead) = (url(QUEUE)?, url(DEAD_LETTERS)?);
    let line = ["stuck", "--queue", &work, "--dead-letters", &dead];
    shelf.aws.queues().send(QUEUE, Outgoing::new("at work"))?;
    let (code, text, answer) = shelf.operator.asks(&line).await?;
    assert_eq!(code, 0, "{text}");
    let depth = |visible| json!({ "visible": visible, "delayed": 0, "in_flight": 0 });
    let depths = |answer: &Value| {
        let one = |queue: &Value| json!({ "visible": queue["visible"], "delayed": queue["delayed"], "in_flight": queue["in_flight"] });
        let queues = answer["queues"].as_array().into_iter().flatten();
        queues.map(one).collect::<Vec<_>>()
    };
    assert_eq!(depths(&answer), [depth(1), depth(0)], "{answer}");
    shelf
        .aws
        .queues()
        .send(DEAD_LETTERS, Outgoing::new("dead"))?;
    let (code, text, answer) = shelf.operator.asks(&line).await?;
    assert_eq!(code, 1, "{text}");
    assert_eq!(depths(&answer), [depth(1), depth(1)], "{answer}");
    assert!(text.contains("dead letters"), "{text}");
    Ok(())
}

#[tokio::test]
async fn without_an_answer_nothing_is_said_to_fit() -> Result<()> {
    let shelf = Shelf::open().await?;
    let check = async |operator: &Operator, line: &[&str], said: &str| {
        let outcome = operator.run(line, &["--json"]).await;
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{line:?}");
        assert!(outcome.err.contains(said), "{line:?}: {}", outcome.err);
    };
    let nobody = ["reconcile", "--tenant", "banco-cometa", "--day", DAY];
    check(&shelf.operator, &nobody, "no bank banco-cometa").await;
    check(&shelf.operator, &["reconcile"], "--tenant is missing").await;
    let unknown = format!("{}/000000000000/nothing", shelf.aws.endpoint());
    check(&shelf.operator, &["stuck", "--queue", &unknown], "nothing").await;
    let no_table = Operator::at(shelf.aws.endpoint(), "elsewhere");
    check(&no_table, &["stuck"], "ResourceNotFoundException").await;
    let nowhere = Operator::at("http://127.0.0.1:1", crate::TABLE);
    check(&nowhere, &["stuck"], "unreachable").await;
    Ok(())
}

/// What the functions themselves wrote: sent, read, sent again by SMS, suppressed, cancelled too late.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_functions_wrote_fits() -> Result<()> {
    let stack = recado_tests::stack().await?;
    let bank = Bank::of(&stack, 0).await?;
    let customer = async |switches: Value| {
        let to = fresh_number();
        bank.agrees(&to).await?;
        bank.phone(&to, switches).await?;
        bank.send(&alert(&to)).await
    };
    let stranger = {
        let mut offer = alert(&fresh_number());
        offer["template"] = json!("test_offer");
        offer["params"] = json!({ "name": "Benedita Fagundes" });
        offer
    };
    let expected = [
        (customer(json!({})).await?, "read"),
        (
            customer(json!({ "read_receipts": false })).await?,
            "delivered",
        ),
        (customer(json!({ "online": false })).await?, "fallback_sent"),
        (
            customer(json!({ "on_whatsapp": false })).await?,
            "fallback_sent",
        ),
        (bank.send(&stranger).await?, "suppressed"),
    ];
    let mut days = BTreeSet::new();
    let zone = TimeZone::get("America/Sao_Paulo")?;
    for (id, status) in &expected {
        let end = bank.until_status(id, status).await?;
        let day = time(&end["accepted_at"])?.to_zoned(zone.clone()).date();
        days.insert(day.to_string());
    }
    drained(&stack).await?;
    let operator = Operator::at(stack.aws.endpoint(), "Table");
    let operator = operator.later(Duration::from_secs(48 * 3_600));
    // Midnight may have passed meanwhile: then it is two days.
    let (mut accepted, mut by_status) = (0, BTreeMap::<String, u64>::new());
    for day in &days {
        let line = ["reconcile", "--tenant", "banco-aurora", "--day", day];
        let (code, text, answer) = operator.asks(&line).await?;
        assert_eq!(code, 0, "{text}");
        accepted += answer["accepted"].as_u64().context("a count")?;
        for (status, count) in answer["by_status"].as_object().into_iter().flatten() {
            *by_status.entry(status.clone()).or_default() += count.as_u64().unwrap_or_default();
        }
    }
    assert_eq!(accepted, 5);
    by_status.retain(|_, count| *count > 0);
    let counted = [
        ("delivered", 1),
        ("fallback_sent", 2),
        ("read", 1),
        ("suppressed", 1),
    ];
    let counted = counted.map(|(status, count)| (status.to_owned(), count));
    assert_eq!(by_status, BTreeMap::from(counted));
    let (code, text) = operator.tells(&["stuck"]).await;
    assert_eq!(code, 0, "{text}");
    stack.shutdown().await;
    Ok(())
}
