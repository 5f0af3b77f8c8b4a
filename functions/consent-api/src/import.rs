//! `POST /v1/consents/imports`: many consents at once, each line for itself. The same lines again change
//! nothing, so that a bank repeats what broke off.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use recado_domain::consent::Changed;
use recado_domain::delivery::plus;
use recado_domain::fault::Fault;
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{Chance, Conversations, Intake, Recipients, Registry, StoreError};
use recado_runtime::problem::Problem;
use recado_runtime::tenant;
use serde::Serialize;
use serde_json::json;

use crate::event::event;
use crate::lines::{Form, read};
use crate::{Deps, Shared};

/// The largest body, in bytes. Lambda takes 6 MB with everything around it, and in Base64.
pub(crate) const LARGEST_IMPORT: usize = 2 * 1024 * 1024;
/// The most lines of a body: as many as are stored in a fraction of [`PATIENCE`].
pub(crate) const MOST_LINES: usize = 5_000;
/// Lines that are stored by one request.
const TOGETHER: usize = 33;
/// Requests under way at once.
const AT_ONCE: usize = 4;
/// How often a request that the store did not answer is made.
const TRIES: u32 = 3;
const REST: Duration = Duration::from_millis(300);
/// After this long nothing more is begun: the function has 25 s, the gateway 29 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// What became of the lines.
#[derive(Default, Serialize)]
struct Report {
    /// All that are not blank, the header not among them.
    lines: usize,
    /// Those that changed a consent.
    taken: usize,
    /// Those that were known, or are outdone by a newer event.
    unchanged: usize,
    /// Those that break a rule.
    refused: usize,
    /// Those that were not reached.
    left: usize,
    /// Every rule that a line breaks.
    errors: Vec<BadLine>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct BadLine {
    line: usize,
    field: String,
    rule: String,
}

/// What is stored by one request: the numbers of the lines, and what they say.
type Group = Vec<(usize, Intake)>;

pub(crate) async fn import<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let form = form(&headers)?;
    if body.len() > LARGEST_IMPORT {
        return Err(Problem::TooLarge {
            limit: LARGEST_IMPORT,
        });
    }
    let lines = read(form, &body).map_err(Problem::Invalid)?;
    if lines.len() > MOST_LINES {
        let rule = format!("must be at most {MOST_LINES}");
        return Err(Problem::Invalid(vec![Fault::new("lines", rule)]));
    }
    let now = deps.chance.now();
    let policy = deps.policy(&tenant).await?;
    let mut report = Report {
        lines: lines.len(),
        ..Report::default()
    };
    let mut good = Vec::new();
    for line in lines {
        match line.event.and_then(|value| event(value, now)) {
            Ok(request) => {
                let intakes = deps.intakes(&tenant, &policy, &request, now)?;
                good.extend(intakes.into_iter().map(|intake| (line.number, intake)));
            }
            Err(faults) => report.refuse(form, line.number, faults),
        }
    }
    let import = Import {
        tenant: &tenant,
        ends: plus(now, PATIENCE),
        stopped: AtomicBool::new(false),
    };
    report.add(import.store(&deps, good).await);
    let Report {
        lines,
        taken,
        refused,
        left,
        ..
    } = report;
    tracing::info!(tenant.id = %tenant, lines, taken, refused, left, "import");
    Ok(report.into_response())
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next());
    match essence.map(|essence| essence.trim().to_ascii_lowercase()) {
        Some(essence) if essence == "text/csv" => Ok(Form::Csv),
        Some(essence) if essence == "application/x-ndjson" => Ok(Form::JsonLines),
        Some(_) | None => Err(Problem::MediaType),
    }
}

/// What became of a line that keeps the rules. Of a line for several purposes, the greatest counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Became {
    Unchanged,
    Taken,
    /// What the store holds of this person does not read.
    Unreadable,
    Left,
}

/// An import under way.
struct Import<'a> {
    tenant: &'a TenantId,
    /// After this nothing more is begun.
    ends: Timestamp,
    /// The store does not answer: nothing more is begun either.
    stopped: AtomicBool,
}

impl Import<'_> {
    /// Stores what keeps the rules, each person's events in their order.
    async fn store<S: Recipients, C: Chance>(
        &self,
        deps: &Deps<S, C>,
        good: Group,
    ) -> BTreeMap<usize, Became> {
        let mut became: BTreeMap<usize, Became> = BTreeMap::new();
        for round in rounds(good) {
            let mut answers = stream::iter(in_groups(round))
                .map(|group| self.store_group(deps, group))
                .buffer_unordered(AT_ONCE);
            while let Some(answer) = answers.next().await {
                for (line, what) in answer {
                    let known = became.entry(line).or_insert(what);
                    *known = (*known).max(what);
                }
            }
        }
        became
    }

    async fn store_group<S: Recipients, C: Chance>(
        &self,
        deps: &Deps<S, C>,
        group: Group,
    ) -> Vec<(usize, Became)> {
        let (lines, intakes): (Vec<usize>, Vec<Intake>) = group.into_iter().unzip();
        let mut became = Vec::with_capacity(lines.len());
        match self.take_in(deps, &intakes).await {
            Ok(changed) => became.extend(changed),
            Err(StoreError::Unreadable(_)) => {
                // One that does not read harms itself alone.
                for intake in &intakes {
                    let alone = self.take_in(deps, std::slice::from_ref(intake)).await;
                    became.push(match alone {
                        Ok(changed) => changed.into_iter().max().unwrap_or(Became::Unchanged),
                        Err(StoreError::Unreadable(what)) => {
                            tracing::error!(tenant.id = %self.tenant, what, "unreadable in an import");
                            Became::Unreadable
                        }
                        Err(error) => self.stop(&error),
                    });
                }
            }
            Err(error) => {
                let left = self.stop(&error);
                became.resize(lines.len(), left);
            }
        }
        lines.into_iter().zip(became).collect()
    }

    fn stop(&self, error: &StoreError) -> Became {
        // What failed is told once; whatever is not begun for it fails with it.
        if !self.stopped.swap(true, Ordering::Relaxed) {
            tracing::error!(error = error as &dyn std::error::Error, "store");
        }
        Became::Left
    }

    /// Asks a few times: a throttled store answers in the end.
    async fn take_in<S: Recipients, C: Chance>(
        &self,
        deps: &Deps<S, C>,
        intakes: &[Intake],
    ) -> Result<Vec<Became>, StoreError> {
        let mut tries = 1;
        loop {
            if self.stopped.load(Ordering::Relaxed) || deps.chance.now() > self.ends {
                let what = "the time for an import is over".to_owned();
                return Err(StoreError::Unavailable(what, None));
            }
            match deps.store.take_in(self.tenant, intakes).await {
                Ok(changed) => {
                    let became = changed.into_iter().map(|changed| match changed {
                        Changed::Yes => Became::Taken,
                        Changed::No => Became::Unchanged,
                    });
                    return Ok(became.collect());
                }
                Err(error) if error.passes() && tries < TRIES => {
                    deps.chance.rest(REST * tries).await;
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Each person's first event, each person's second, and so on: those of one round go in any order.
fn rounds(good: Group) -> Vec<Group> {
    let mut seen: HashMap<RecipientToken, usize> = HashMap::new();
    let mut rounds: Vec<Group> = Vec::new();
    for (line, intake) in good {
        let place = seen.entry(intake.recipient.clone()).or_default();
        if rounds.len() == *place {
            rounds.push(Group::new());
        }
        rounds[*place].push((line, intake));
        *place += 1;
    }
    rounds
}

fn in_groups(round: Group) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut rest = round.into_iter().peekable();
    while rest.peek().is_some() {
        groups.push(rest.by_ref().take(TOGETHER).collect());
    }
    groups
}

impl Report {
    fn refuse(&mut self, form: Form, line: usize, faults: Vec<Fault>) {
        self.refused += 1;
        self.errors.extend(faults.into_iter().map(|fault| {
            let field = match form {
                // A column has no path.
                Form::Csv => fault.field.trim_start_matches("evidence.").to_owned(),
                Form::JsonLines => fault.field,
            };
            BadLine {
                line,
                field,
                rule: fault.rule,
            }
        }));
    }

    fn add(&mut self, became: BTreeMap<usize, Became>) {
        for (line, what) in became {
            match what {
                Became::Unchanged => self.unchanged += 1,
                Became::Taken => self.taken += 1,
                Became::Left => self.left += 1,
                Became::Unreadable => {
                    self.refused += 1;
                    self.errors.push(BadLine {
                        line,
                        field: "line".to_owned(),
                        rule: "could not be taken for a reason of ours".to_owned(),
                    });
                }
            }
        }
        self.errors.sort();
    }
}

impl IntoResponse for Report {
    fn into_response(self) -> Response {
        if self.left == 0 {
            return Json(self).into_response();
        }
        let problem = json!({
            "type": "urn:recado:problem:unavailable",
            "title": "Unavailable for the moment",
            "status": StatusCode::SERVICE_UNAVAILABLE.as_u16(),
            "detail": "Some lines were not reached. Repeat the request: what was taken changes nothing.",
            "import": self,
        });
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::RETRY_AFTER, "1"),
        ];
        (StatusCode::SERVICE_UNAVAILABLE, headers, Json(problem)).into_response()
    }
}
