//! `import-consents`: hands a file to the banks' API piece by piece. What breaks off is begun again where it
//! stood; what is handed over twice changes nothing.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Request;
use recado_http::Http;
use recado_ports::Chance;
use recado_runtime::Env;
use serde_json::{Value, json};

use crate::chunks::{Chunk, Form, chunks};
use crate::errors::OperatorError;
use crate::output::{Answer, Fits};

/// Lines of a piece: well below the API's 5,000, so that little is repeated.
const LINES: usize = 2_000;
/// Bytes of a piece: below the API's 2 MB with a header.
const BYTES: usize = 1_500_000;
/// How often a piece is handed over before the command gives up.
const TRIES: u32 = 6;
/// The rest between two tries; the second is twice as long, and so on.
const REST: Duration = Duration::from_secs(1);
/// One try: longer than the gateway waits.
const PATIENCE: Duration = Duration::from_secs(40);
/// Larger than a report of a piece whose every line is bad.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
const TOKEN: &str = "RECADO_TOKEN";

/// What is handed over, and where its state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Importing {
    /// The file.
    pub(crate) file: PathBuf,
    /// The API's address.
    pub(crate) api: String,
    /// Holds the next line's number while the import is under way.
    pub(crate) position: Option<PathBuf>,
    /// Gets the bad lines, as they are found.
    pub(crate) bad_lines: Option<PathBuf>,
}

#[derive(Default)]
struct Tally {
    taken: u64,
    unchanged: u64,
    refused: u64,
    /// Line, field and rule.
    bad: Vec<(usize, String, String)>,
}

pub(crate) async fn run<C: Chance>(
    importing: &Importing,
    env: &dyn Env,
    chance: &C,
) -> Result<Answer, OperatorError> {
    let form = Form::of(&importing.file).ok_or_else(|| {
        OperatorError::Usage("the file's name must end in .csv, .ndjson or .jsonl".to_owned())
    })?;
    let token = env
        .get(TOKEN)
        .ok_or_else(|| OperatorError::Usage(format!("the variable {TOKEN} is missing")))?;
    let file =
        std::fs::read(&importing.file).map_err(|error| unreadable(&importing.file, error))?;
    let from = match &importing.position {
        Some(path) => read_position(path)?,
        None => 1,
    };
    let http = Http::new();
    let address = format!(
        "{}/v1/consents/imports",
        importing.api.trim_end_matches('/')
    );
    let ask = async |chunk: &Chunk| {
        let asked = Request::post(&address)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", form.media_type());
        let answer = http
            .ask(asked, chunk.body.clone(), PATIENCE, MAX_ANSWER)
            .await;
        let Ok(answer) = answer else {
            return Said::Later(Value::Null);
        };
        let said = serde_json::from_slice(answer.body()).unwrap_or_default();
        Said::read(answer.status().as_u16(), said)
    };
    let mut tally = Tally::default();
    for chunk in chunks(form, &file, from, LINES, BYTES) {
        let known = tally.bad.len();
        hand_over(&ask, &chunk, &mut tally, chance).await?;
        // The bad lines first: a crash in between names some twice and none never.
        if let Some(path) = &importing.bad_lines {
            append(path, &tally.bad[known..])?;
        }
        if let Some(path) = &importing.position {
            let text = format!("{}\n", chunk.next);
            std::fs::write(path, text).map_err(|error| unreadable(path, error))?;
        }
    }
    if let Some(path) = &importing.position {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(unreadable(path, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(tally.answer())
}

impl Tally {
    fn answer(self) -> Answer {
        let Self {
            taken,
            unchanged,
            refused,
            bad,
        } = self;
        let mut text = format!("taken {taken}, unchanged {unchanged}, refused {refused}\n");
        for (line, field, rule) in &bad {
            text.push_str(&format!("line {line}: {field}: {rule}\n"));
        }
        let errors: Vec<Value> = bad
            .into_iter()
            .map(|(line, field, rule)| json!({ "line": line, "field": field, "rule": rule }))
            .collect();
        Answer {
            text,
            json: json!({
                "taken": taken, "unchanged": unchanged, "refused": refused, "errors": errors,
            }),
            verdict: Fits::when(refused == 0),
        }
    }
}

/// What the API said of a piece.
enum Said {
    /// Every line was looked at.
    Report(Value),
    /// Worth another try, with what was done.
    Later(Value),
    /// In vain.
    No(String),
}

impl Said {
    fn read(status: u16, body: Value) -> Self {
        match status {
            200 => Self::Report(body),
            429 | 500.. => Self::Later(body["import"].clone()),
            _ => {
                let errors = body["errors"].as_array().into_iter().flatten();
                let rules = errors.filter_map(|it| {
                    Some(format!(
                        "; {} {}",
                        it["field"].as_str()?,
                        it["rule"].as_str()?
                    ))
                });
                let title = body["title"].as_str().or(body["message"].as_str());
                let rules: String = rules.collect();
                Self::No(format!("{status} {}{rules}", title.unwrap_or_default()))
            }
        }
    }
}

async fn hand_over<C: Chance>(
    ask: &impl AsyncFn(&Chunk) -> Said,
    chunk: &Chunk,
    tally: &mut Tally,
    chance: &C,
) -> Result<(), OperatorError> {
    let stopped = |why: &str| OperatorError::Import {
        line: chunk.first,
        why: why.to_owned(),
    };
    let mut before = 0;
    for tries in 1..=TRIES {
        let count = |report: &Value, name: &str| report[name].as_u64().unwrap_or_default();
        match ask(chunk).await {
            Said::Report(report) => {
                // What an earlier try took is unchanged in this one.
                tally.taken += count(&report, "taken") + before;
                tally.unchanged += count(&report, "unchanged").saturating_sub(before);
                tally.refused += count(&report, "refused");
                let errors = report["errors"].as_array();
                tally
                    .bad
                    .extend(errors.into_iter().flatten().filter_map(|bad| {
                        let line = usize::try_from(bad["line"].as_u64()?).ok()?;
                        let text = |name: &str| Some(bad[name].as_str()?.to_owned());
                        Some((chunk.line(line), text("field")?, text("rule")?))
                    }));
                return Ok(());
            }
            Said::Later(report) => {
                before += count(&report, "taken");
                if tries < TRIES {
                    chance.rest(REST * tries).await;
                }
            }
            Said::No(why) => return Err(stopped(&why)),
        }
    }
    Err(stopped("the API did not take it"))
}

fn unreadable(path: &Path, source: std::io::Error) -> OperatorError {
    OperatorError::File {
        path: path.display().to_string(),
        source,
    }
}

/// The line to begin at: the first, unless an earlier run broke off.
fn read_position(path: &Path) -> Result<usize, OperatorError> {
    match std::fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(|_| {
            OperatorError::Usage("the file of --position holds no line's number".to_owned())
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(1),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// Adds bad lines: `line,field,rule`, the rule quoted.
fn append(path: &Path, bad: &[(usize, String, String)]) -> Result<(), OperatorError> {
    let mut text = String::new();
    for (line, field, rule) in bad {
        let rule = rule.replace('"', "\"\"");
        text.push_str(&format!("{line},{field},\"{rule}\"\n"));
    }
    let opened: Result<File, _> = OpenOptions::new().create(true).append(true).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| unreadable(path, error))
}
