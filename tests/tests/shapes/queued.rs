//! Jobs and timers, and what a message carries to Meta and back.

use std::fmt::Debug;

use anyhow::{Context, Result, ensure};
use recado_domain::carried::{Carried, WindowMark};
use recado_domain::class::Lane;
use recado_domain::consent::Keyword;
use recado_domain::delivery::TimerKind;
use recado_domain::ids::{Callback, PhoneNumberId};
use recado_ports::{Job, Reply, TimerMessage};
use recado_sqs::{decode_job, decode_timer, encode_job, encode_timer};
use serde_json::{Value, json};

use crate::specimens::{at, notification_id, recipient, tenant};
use crate::{Fixtures, WHAT_TO_DO, fixtures, hold, releases};

const FILE: &str = "queued.json";

fn jobs() -> Vec<(String, Job)> {
    let send = [Lane::Critical, Lane::Standard, Lane::Bulk].map(|lane| {
        let job = Job::Send {
            tenant: tenant(),
            notification: notification_id(1),
            lane,
            attempt: 2,
        };
        (format!("job: send, {}", lane.name()), job)
    });
    let reply = Keyword::ALL.map(|keyword| {
        let reply = Reply {
            tenant: tenant(),
            recipient: recipient(1),
            entry: "001795269845123#digest".to_owned(),
            from: PhoneNumberId::parse("106012345678901").expect("a specimen"),
            keyword,
        };
        (format!("job: reply, {}", keyword.name()), Job::Reply(reply))
    });
    send.into_iter().chain(reply).collect()
}

fn timers() -> Vec<(String, TimerMessage)> {
    [("open", TimerKind::Open), ("guard", TimerKind::Guard)]
        .map(|(name, kind)| {
            let timer = TimerMessage {
                tenant: tenant(),
                notification: notification_id(1),
                leg: 1,
                kind,
                at: at(30),
            };
            (format!("timer: {name}"), timer)
        })
        .into()
}

fn carried() -> Vec<(String, Carried)> {
    let attempt = Carried::Attempt(Callback {
        notification: notification_id(1),
        attempt: 2,
    });
    let window = Carried::Window(WindowMark {
        recipient: recipient(1),
        until: at(86_400),
    });
    [("attempt", attempt), ("window", window)]
        .map(|(name, carried)| (format!("carried by a message: {name}"), carried))
        .into()
}

#[test]
fn what_today_puts_into_a_queue_is_what_the_current_release_does() -> Result<()> {
    let json = |body: &str| -> Result<Value> { Ok(serde_json::from_str(body)?) };
    let mut written = Fixtures::new();
    for (name, job) in jobs() {
        written.insert(name, json(&encode_job(&job))?);
    }
    for (name, timer) in timers() {
        written.insert(name, json(&encode_timer(&timer))?);
    }
    for (name, carried) in carried() {
        written.insert(name, json!(carried.to_string()));
    }
    hold(FILE, &written)
}

#[test]
fn today_reads_what_every_release_put_into_a_queue() -> Result<()> {
    for release in releases()? {
        let fixtures = fixtures(&release, FILE)?;
        for (name, job) in jobs() {
            check(&release, &fixtures, &name, &job, |body| {
                decode_job(&body.to_string())
            })?;
        }
        for (name, timer) in timers() {
            check(&release, &fixtures, &name, &timer, |body| {
                decode_timer(&body.to_string())
            })?;
        }
        for (name, carried) in carried() {
            check(&release, &fixtures, &name, &carried, |body| {
                Carried::parse(body.as_str().unwrap_or_default())
            })?;
        }
    }
    Ok(())
}

fn check<T: Debug + PartialEq, E: Debug>(
    release: &str,
    fixtures: &Fixtures,
    name: &str,
    expected: &T,
    read: impl Fn(&Value) -> std::result::Result<T, E>,
) -> Result<()> {
    let body = fixtures.get(name);
    let body = body.with_context(|| format!("{release} has no {name}\n\n{WHAT_TO_DO}"))?;
    let found = read(body);
    ensure!(
        found.as_ref().ok() == Some(expected),
        "{name} of {release} reads as {found:?}\n\n{WHAT_TO_DO}"
    );
    Ok(())
}
