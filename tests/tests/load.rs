//! A thousand notifications at once, half of them to phones that are off: each customer is reached, none
//! twice, and nothing of it stays behind anywhere.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use recado_local::stack::Stack;
use recado_tests::{Bank, find_anywhere, leg, sealed_notifications, shared, time};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const CUSTOMERS: usize = 1_000;
/// Requests of the bank that are under way at once.
const AT_ONCE: usize = 64;
/// Far more than the slowest machine needs.
const PATIENCE: Duration = Duration::from_secs(600);

fn number(customer: usize) -> String {
    format!("+551198888{customer:04}")
}

fn is_off(customer: usize) -> bool {
    customer % 2 == 1
}

fn alert(customer: usize) -> Value {
    json!({
        "template": "test_load", "locale": "pt_BR", "to": number(customer),
        "params": {
            "name": "Benedita Quaresmeira",
            "amount": { "minor": 98_765_432_000_u64 + customer as u64, "currency": "BRL" },
        },
    })
}

/// What a number, a name, an amount and a text may look like where they must not stand.
const TRACES: [&str; 14] = [
    // With and without the ninth digit, as people write them.
    "551198888",
    "55118888",
    "1198888",
    "(11) 9",
    "98888-",
    "Quaresmeira",
    "QUARESMEIRA",
    "987.654.32",
    "987,654,32",
    "987654.32",
    "98765432",
    "Olá, B",
    "carga para B",
    // Meta's ids hold the number.
    "wamid.",
];
/// Stands masked ("Benedita Q***") in the notification's own item, and nowhere else.
const FIRST_NAME: &str = "Benedita";

/// Does something for every customer, a few at a time; answers in the customers' order.
async fn each<T, F>(bank: &Bank, act: impl Fn(Bank, usize) -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for customer in 0..CUSTOMERS {
        let (slots, work) = (Arc::clone(&slots), act(bank.clone(), customer));
        tasks.spawn(async move {
            let _slot = slots.acquire().await?;
            anyhow::Ok((
                customer,
                work.await.with_context(|| format!("customer {customer}"))?,
            ))
        });
    }
    let mut all = tasks
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    all.sort_by_key(|(customer, _)| *customer);
    Ok(all.into_iter().map(|(_, answer)| answer).collect())
}

/// Waits until no queue, and no dead-letter queue, holds anything.
async fn empty(stack: &Stack) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let queues = stack.aws.queues();
        let mut held = 0;
        for name in queues.names() {
            held += queues.depth(name)?.total();
        }
        if held == 0 {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{held} messages are still queued");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Median, 99th of a hundred, longest.
fn spread(mut waits: Vec<SignedDuration>) -> String {
    waits.sort();
    let at = |percent: usize| {
        waits.get((waits.len() * percent / 100).min(waits.len().saturating_sub(1)))
    };
    let shown = |wait: Option<&SignedDuration>| wait.map_or(0.0, SignedDuration::as_secs_f64);
    format!(
        "{:.2} / {:.2} / {:.2} s",
        shown(at(50)),
        shown(at(99)),
        shown(at(100))
    )
}

fn print_costs(stack: &Stack) {
    let report = stack.aws.report();
    let per = |count: &Value| count.as_f64().unwrap_or_default() / CUSTOMERS as f64;
    for service in ["dynamodb", "sqs"] {
        let requests = report[service]["requests"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let shown: Vec<String> = requests
            .iter()
            .map(|(name, count)| format!("{name} {:.2}", per(count)))
            .collect();
        println!("per notification: {service} {}", shown.join(", "));
    }
    let units = &report["dynamodb"];
    println!(
        "per notification: {:.2} read units, {:.2} write units",
        per(&units["read_units"]),
        per(&units["write_units"])
    );
}

#[tokio::test]
async fn a_thousand_customers_are_reached_once_each_and_leave_no_trace() -> Result<()> {
    let stack = shared();
    let bank = Bank::of(stack, 0).await?;
    let begun = Instant::now();
    each(&bank, |bank, customer| async move {
        let to = number(customer);
        bank.consent(&to, "whatsapp", &["transactional"], "grant")
            .await?;
        bank.phone(&to, json!({ "online": !is_off(customer) }))
            .await
    })
    .await?;
    println!(
        "{CUSTOMERS} customers agreed in {:.1} s",
        begun.elapsed().as_secs_f64()
    );

    // As Meta does when much happens at once.
    bank.faults(json!({ "webhooks": { "batch": { "size": 50, "ms": 250 } } }))
        .await?;
    stack.aws.reset_counts();
    let begun = Instant::now();
    let ids = each(&bank, |bank, customer| async move {
        bank.send(&alert(customer)).await
    })
    .await?;
    println!(
        "{CUSTOMERS} notifications accepted in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    empty(stack).await?;
    println!(
        "every queue empty after {:.1} s, of which 21 s are the timers' wait",
        begun.elapsed().as_secs_f64()
    );
    print_costs(stack);

    let ids = Arc::new(ids);
    let ends = each(&bank, |bank, customer| {
        let ids = Arc::clone(&ids);
        async move {
            Ok((
                bank.notification(&ids[customer]).await?,
                bank.channels(&number(customer)).await?,
            ))
        }
    })
    .await?;
    let (mut submitted, mut delivered, mut fell_back) = (Vec::new(), Vec::new(), Vec::new());
    for (customer, (end, arrived)) in ends.iter().enumerate() {
        let (whatsapp, sms) = (leg(end, "whatsapp"), leg(end, "sms"));
        let left = time(&whatsapp["submitted_at"])?;
        submitted.push(left.duration_since(time(&end["accepted_at"])?));
        assert_eq!(end["delivered_twice"], false, "{end}");
        if is_off(customer) {
            assert_eq!(arrived, &["sms"], "{end}");
            assert_eq!(end["status"], "fallback_sent", "{end}");
            assert_eq!(whatsapp["status"], "submitted", "{end}");
            let wait = time(&sms["submitted_at"])?.duration_since(left);
            assert!(wait >= SignedDuration::from_secs(20), "{end}");
            fell_back.push(wait);
        } else {
            assert_eq!(arrived, &["whatsapp"], "{end}");
            assert_eq!(end["status"], "read", "{end}");
            assert!(sms.is_null(), "{end}");
            delivered.push(time(&whatsapp["delivered_at"])?.duration_since(left));
        }
    }
    println!("median / 99 % / longest");
    println!("  accepted to WhatsApp   {}", spread(submitted));
    println!("  WhatsApp to delivered  {}", spread(delivered));
    println!("  WhatsApp to SMS (20 s) {}", spread(fell_back));

    let report = stack.aws.report();
    assert_eq!(report["sns"]["published"], CUSTOMERS / 2, "{report}");
    empty(stack).await?;
    assert_eq!(sealed_notifications(stack)?.len(), 0);
    let found = find_anywhere(stack, &TRACES)?;
    assert!(
        found.is_empty(),
        "{} traces, the first: {}",
        found.len(),
        found[0]
    );
    let named = find_anywhere(stack, &[FIRST_NAME])?;
    let outside = |trace: &&String| !trace.contains(" in the table: ") || !trace.contains("\"NTF#");
    assert_eq!(named.iter().find(outside), None);
    Ok(())
}
