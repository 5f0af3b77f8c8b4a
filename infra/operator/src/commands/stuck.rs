//! `stuck`: whose time is over and whose end nobody wrote; how deep the queues are.

use recado_domain::delivery::Status;
use recado_domain::ids::{NotificationId, TenantId};
use recado_dynamodb::UnreadableItem;
use recado_ports::Chance;
use recado_sqs::Depth;
use serde_json::{Value, json};

use super::{unreadable_json, unreadable_text};
use crate::arguments::Reading;
use crate::connection::Clients;
use crate::errors::OperatorError;
use crate::output::{Answer, Fits, table, utc};
use crate::unfinished::{Unfinished, last_fact, unfinished};

/// What a queue is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Work,
    DeadLetters,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::DeadLetters => "dead letters",
        }
    }
}

struct Stuck {
    id: NotificationId,
    tenant: TenantId,
    template: String,
    status: Status,
    owed: Vec<Unfinished>,
    since: String,
    last: (String, String),
}

struct Queue {
    name: String,
    kind: Kind,
    depth: Depth,
}

impl Queue {
    fn total(&self) -> u64 {
        self.depth.visible + self.depth.delayed + self.depth.in_flight
    }
}

pub(crate) async fn run<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    tenant: Option<&TenantId>,
    queues: &[String],
    dead_letters: &[String],
    reading: Reading,
) -> Result<Answer, OperatorError> {
    let mut depths = Vec::new();
    let work = queues.iter().map(|url| (url, Kind::Work));
    for (url, kind) in work.chain(dead_letters.iter().map(|url| (url, Kind::DeadLetters))) {
        let queue = clients.queue(url);
        depths.push(Queue {
            name: queue.name().to_owned(),
            kind,
            depth: queue.depth().await?,
        });
    }
    let now = clients.chance.now();
    let (mut stuck, mut unreadable) = (Vec::new(), Vec::new());
    clients
        .each_page(reading, |notifications, strange| {
            for item in notifications {
                let owed = unfinished(&item, now, reading.grace);
                if owed.is_empty() || tenant.is_some_and(|tenant| *tenant != item.tenant) {
                    continue;
                }
                let (at, what) = last_fact(&item);
                stuck.push(Stuck {
                    status: item.status(now),
                    // Content that stays after an end is owed since that end, not since the validity's.
                    since: utc(if now < item.valid_until {
                        at
                    } else {
                        item.valid_until
                    }),
                    last: (what, utc(at)),
                    id: item.id,
                    tenant: item.tenant,
                    template: item.template.to_string(),
                    owed,
                });
            }
            let of_the_bank = |item: &UnreadableItem| {
                tenant.is_none() || item.tenant.is_none() || item.tenant.as_ref() == tenant
            };
            unreadable.extend(strange.into_iter().filter(of_the_bank));
        })
        .await?;
    let dead: u64 = depths
        .iter()
        .filter(|queue| queue.kind == Kind::DeadLetters)
        .map(Queue::total)
        .sum();
    Ok(Answer {
        text: text(&stuck, &unreadable, &depths),
        json: json!({
            "as_of": utc(now),
            "stuck": stuck.iter().map(stuck_json).collect::<Value>(),
            "unreadable": unreadable_json(&unreadable),
            "queues": depths.iter().map(queue_json).collect::<Value>(),
        }),
        verdict: Fits::when(stuck.is_empty() && unreadable.is_empty() && dead == 0),
    })
}

fn stuck_json(stuck: &Stuck) -> Value {
    let owed = stuck
        .owed
        .iter()
        .map(|owed| json!({ "reason": owed.word(), "text": owed.to_string() }));
    json!({
        "notification": stuck.id, "tenant": stuck.tenant, "template": stuck.template,
        "status": stuck.status.name(), "since": stuck.since, "reasons": owed.collect::<Value>(),
        "last": { "what": stuck.last.0, "at": stuck.last.1 },
    })
}

fn queue_json(queue: &Queue) -> Value {
    json!({
        "queue": queue.name, "kind": queue.kind.name(), "visible": queue.depth.visible,
        "delayed": queue.depth.delayed, "in_flight": queue.depth.in_flight,
    })
}

fn text(stuck: &[Stuck], unreadable: &[UnreadableItem], queues: &[Queue]) -> String {
    let mut text = format!("stuck: {}\n", stuck.len());
    if !stuck.is_empty() {
        let rows: Vec<[String; 7]> = stuck
            .iter()
            .map(|one| {
                let owed: Vec<String> = one.owed.iter().map(ToString::to_string).collect();
                [
                    one.id.to_string(),
                    one.tenant.to_string(),
                    one.template.clone(),
                    one.status.name().to_owned(),
                    one.since.clone(),
                    format!("{} {}", one.last.0, one.last.1),
                    owed.join("; "),
                ]
            })
            .collect();
        let titles = [
            "notification",
            "tenant",
            "template",
            "status",
            "since",
            "last fact",
            "because",
        ];
        text.push_str(&table(titles, &rows));
    }
    text.push_str(&unreadable_text(unreadable));
    if !queues.is_empty() {
        let rows: Vec<[String; 5]> = queues
            .iter()
            .map(|queue| {
                [
                    queue.name.clone(),
                    queue.kind.name().to_owned(),
                    queue.depth.visible.to_string(),
                    queue.depth.delayed.to_string(),
                    queue.depth.in_flight.to_string(),
                ]
            })
            .collect();
        let titles = ["queue", "holds", "visible", "delayed", "in flight"];
        text.push('\n');
        text.push_str(&table(titles, &rows));
    }
    text
}
