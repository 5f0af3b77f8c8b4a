//! `redrive`: what becomes of dead letters, and, when asked, makes it so.
//!
//! Letter by letter: first sent, then deleted. A crash in between leaves the letter in both queues, which
//! every consumer bears.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::delivery::{Context, Limits, Status};
use recado_domain::switches::Gates;
use recado_ports::{Chance, Notifications, StoreError};
use recado_sqs::{RawMessage, RawQueue};
use serde_json::{Value, json};

use crate::arguments::Mode;
use crate::connection::Clients;
use crate::errors::OperatorError;
use crate::output::{Answer, Fits, table};
use crate::verdict::{Letter, Subject, Verdict, verdict};

/// How long a letter is hidden while it is looked at. Each is shown again at the end of the run; after a
/// crash it shows by itself after this.
const HIDDEN: Duration = Duration::from_secs(60);
/// A verdict rests on facts and the time; how long a claim lasts makes no difference to it.
const NO_LIMITS: Limits = Limits {
    post_timeout: Duration::ZERO,
    retry_window: Duration::ZERO,
    lease: Duration::ZERO,
};

/// Received and neither sent nor dropped, by id: the newest receipt of each.
type Held = BTreeMap<String, RawMessage>;

struct Judged {
    message: String,
    letter: Letter,
    status: Option<Status>,
    verdict: Verdict,
}

pub(crate) async fn run<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    from: &str,
    to: &str,
    mode: Mode,
    limit: Option<usize>,
) -> Result<Answer, OperatorError> {
    let (from, to) = (clients.queue(from), clients.queue(to));
    belong_together(&from, &to).await?;
    let mut held = Held::new();
    let outcome = each_letter(clients, (&from, &to), mode, limit, &mut held).await;
    // Also after an error: nothing is hidden for longer than it must.
    let mut hidden = 0;
    for message in held.values() {
        if from.put_back(message).await.is_err() {
            hidden += 1;
        }
    }
    let judged = outcome?;
    let stays = |one: &Judged| mode == Mode::DryRun || matches!(one.verdict, Verdict::Keep(_));
    Ok(Answer {
        text: text(&judged, mode, hidden),
        json: json!({
            "mode": match mode { Mode::DryRun => "dry_run", Mode::Send => "send" },
            "letters": judged.iter().map(to_json).collect::<Value>(),
            "hidden": hidden,
        }),
        verdict: Fits::when(!judged.iter().any(stays)),
    })
}

/// Jobs in the timers' queue would only die again: the queue must be the one whose failures go there.
async fn belong_together(from: &RawQueue, to: &RawQueue) -> Result<(), OperatorError> {
    let target = to.dead_letter_target().await?;
    if target.as_deref().and_then(|arn| arn.rsplit(':').next()) == Some(from.name()) {
        return Ok(());
    }
    Err(OperatorError::Usage(format!(
        "the dead letters of {} do not go to {}",
        to.name(),
        from.name()
    )))
}

async fn each_letter<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    (from, to): (&RawQueue, &RawQueue),
    mode: Mode,
    limit: Option<usize>,
    held: &mut Held,
) -> Result<Vec<Judged>, OperatorError> {
    let mut judged: Vec<Judged> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut stale = 0;
    let full = |judged: &[Judged]| limit.is_some_and(|limit| judged.len() >= limit);
    // What stays shows again when it was hidden for long; once round without a new one is the end.
    while !full(&judged) && stale <= seen.len() {
        let messages = from.receive(HIDDEN).await?;
        if messages.is_empty() {
            break;
        }
        let mut first = Vec::new();
        for message in messages {
            if seen.contains(&message.id) {
                stale += 1;
                held.insert(message.id.clone(), message);
            } else {
                stale = 0;
                seen.insert(message.id.clone());
                first.push(message);
            }
        }
        let mut left = first.into_iter();
        while let Some(message) = left.next() {
            if full(&judged) {
                held.insert(message.id.clone(), message);
                continue;
            }
            match one_letter(clients, (from, to), mode, message, held).await {
                Ok(one) => judged.push(one),
                Err(error) => {
                    held.extend(left.map(|message| (message.id.clone(), message)));
                    return Err(error);
                }
            }
        }
    }
    Ok(judged)
}

async fn one_letter<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    (from, to): (&RawQueue, &RawQueue),
    mode: Mode,
    message: RawMessage,
    held: &mut Held,
) -> Result<Judged, OperatorError> {
    let letter = Letter::read(&message.body);
    let subject = match read(clients, &letter).await {
        Ok(subject) => subject,
        Err(error) => {
            held.insert(message.id.clone(), message);
            return Err(error);
        }
    };
    let now: Timestamp = clients.chance.now();
    let context = Context {
        now,
        token: clients.chance.token(),
        limits: NO_LIMITS,
        // Whatever is held now is looked at again when the letter arrives.
        gates: Gates::default(),
    };
    let judged = Judged {
        message: message.id.clone(),
        status: match &subject {
            Subject::Found(item) => Some(item.status(now)),
            Subject::Missing | Subject::Unreadable(_) | Subject::None => None,
        },
        verdict: verdict(&letter, &subject, &context),
        letter,
    };
    let outcome = match (mode, &judged.verdict, judged.letter.tenant()) {
        (Mode::Send, Verdict::Send(_), Some(tenant)) => {
            match to.send(tenant, &message.body).await {
                Ok(()) => from.delete(&message).await,
                Err(error) => Err(error),
            }
        }
        (Mode::Send, Verdict::Drop(_), _) => from.delete(&message).await,
        (Mode::Send, Verdict::Send(_) | Verdict::Keep(_), _) | (Mode::DryRun, _, _) => {
            held.insert(message.id.clone(), message);
            return Ok(judged);
        }
    };
    if let Err(error) = outcome {
        held.insert(message.id.clone(), message);
        return Err(error.into());
    }
    Ok(judged)
}

async fn read<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    letter: &Letter,
) -> Result<Subject, OperatorError> {
    let Some(id) = letter.notification() else {
        return Ok(Subject::None);
    };
    match clients.store.read(id).await {
        Ok(Some(item)) => Ok(Subject::Found(Box::new(item))),
        Ok(None) => Ok(Subject::Missing),
        Err(StoreError::Unreadable(reason)) => Ok(Subject::Unreadable(reason)),
        Err(error) => Err(error.into()),
    }
}

fn to_json(one: &Judged) -> Value {
    json!({
        "message": one.message, "kind": one.letter.word(), "what": one.letter.to_string(),
        "notification": one.letter.notification(), "status": one.status.map(Status::name),
        "verdict": one.verdict.word(), "because": one.verdict.because(),
    })
}

fn text(judged: &[Judged], mode: Mode, hidden: usize) -> String {
    if judged.is_empty() {
        return "no dead letters\n".to_owned();
    }
    let dash = || "-".to_owned();
    let rows: Vec<[String; 6]> = judged
        .iter()
        .map(|one| {
            let id = one.letter.notification();
            [
                one.message.clone(),
                one.letter.to_string(),
                id.map_or_else(dash, ToString::to_string),
                one.status
                    .map_or_else(dash, |status| status.name().to_owned()),
                one.verdict.word().to_owned(),
                one.verdict.because(),
            ]
        })
        .collect();
    let done = match mode {
        Mode::DryRun => "would",
        Mode::Send => "done",
    };
    let titles = ["message", "what", "notification", "status", done, "because"];
    let count = |word: &str| {
        judged
            .iter()
            .filter(|one| one.verdict.word() == word)
            .count()
    };
    let mut text = table(titles, &rows);
    text.push_str(&format!(
        "\n{} letters: {} to send, {} to drop, {} to keep{}\n",
        judged.len(),
        count("send"),
        count("drop"),
        count("keep"),
        match mode {
            Mode::DryRun => "; nothing was changed, --send does it",
            Mode::Send => "; done",
        }
    ));
    if hidden > 0 {
        text.push_str(&format!(
            "{hidden} letters show again within {} s\n",
            HIDDEN.as_secs()
        ));
    }
    text
}
