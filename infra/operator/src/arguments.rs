//! The command line.

mod help;
mod inspecting;
mod onboarding;
mod switching;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use lexopt::prelude::*;
use recado_domain::channel::Channel;
use recado_domain::ids::{AppId, TenantId};
use recado_domain::locale::Locale;
use recado_runtime::parse_duration;

use crate::commands::import::Importing;
use crate::errors::OperatorError;
use crate::unfinished::GRACE;
use inspecting::inspecting;
use onboarding::{checking, keeping, onboarding};
use switching::switching;

pub(crate) use help::USAGE;
pub(crate) use inspecting::Inspecting;
pub(crate) use onboarding::{
    ApiClient, Checking, Course, Keeping, Onboarding, Places, SecretChange, SecretFrom,
};
pub(crate) use switching::Switching;

/// A command line that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Which AWS and table.
    pub(crate) connection: Connection,
    /// How the answer is printed.
    pub(crate) format: Format,
    /// What is asked.
    pub(crate) command: Command,
}

/// Which AWS and table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    /// The table; else the environment says.
    pub(crate) table: Option<String>,
    /// Where every service answers; else AWS's own addresses.
    pub(crate) endpoint: Option<String>,
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Does a bank's day fit?
    Reconcile {
        /// The bank.
        tenant: TenantId,
        /// The day, in its zone.
        day: Date,
        /// The bank's own list.
        ledger: Option<PathBuf>,
        /// How the table is read.
        reading: Reading,
    },
    /// Is anything stuck?
    Stuck {
        /// One bank; else all.
        tenant: Option<TenantId>,
        /// Queues whose depth is told.
        queues: Vec<String>,
        /// Dead-letter queues, which should be empty.
        dead_letters: Vec<String>,
        /// How the table is read.
        reading: Reading,
    },
    /// How do the switches stand, or one of them turned.
    Switches(Switching),
    /// What do the templates say, and do they follow the rules?
    Templates(Inspecting),
    /// A bank, set up.
    Onboard(Box<Onboarding>),
    /// What does a bank lack?
    Check(Checking),
    /// What do the secrets hold, or a change of them.
    Secrets(Keeping),
    /// A bank's existing consents, into the API.
    ImportConsents(Importing),
    /// What becomes of dead letters?
    Redrive {
        /// The dead-letter queue's address.
        from: String,
        /// The address of the queue that they died in.
        to: String,
        /// Whether anything is changed.
        mode: Mode,
        /// At most so many letters.
        limit: Option<usize>,
    },
}

/// Whether a redrive changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It only tells.
    DryRun,
    /// It sends and drops.
    Send,
}

/// How the table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How long after its validity an end may still be on its way.
    pub(crate) grace: Duration,
    /// Pages per second, so that the functions' own reads are not throttled.
    pub(crate) pages_per_second: u32,
}

/// Every option, as far as given.
#[derive(Default)]
struct Given {
    connection: Connection,
    json: bool,
    tenant: Option<TenantId>,
    day: Option<Date>,
    ledger: Option<PathBuf>,
    file: Option<PathBuf>,
    api: Option<String>,
    position: Option<PathBuf>,
    bad_lines: Option<PathBuf>,
    queues: Vec<String>,
    dead_letters: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    send: bool,
    limit: Option<usize>,
    grace: Option<Duration>,
    pages_per_second: Option<u32>,
    words: Vec<String>,
    who: Option<String>,
    why: Option<String>,
    per_minute: Option<u32>,
    per_day: Option<u32>,
    per_second: Option<u32>,
    hosts: Vec<String>,
    locale: Option<Locale>,
    channel: Option<Channel>,
    places: Places,
    bank: Option<PathBuf>,
    apply: bool,
    client_id: Option<String>,
    user_pool_id: Option<String>,
    secret_file: Option<PathBuf>,
    webhook_url: Option<String>,
    templates: Vec<PathBuf>,
    stdin: bool,
    app_id: Option<AppId>,
}

/// Reads the arguments, the program's own name not among them; none: help was asked for.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Option<Request>, OperatorError> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let name = match parser.next()? {
        Some(Value(name)) => name.string()?,
        Some(Long("help") | Short('h')) => return Ok(None),
        Some(Long(_) | Short(_)) | None => {
            return usage(
                "which command? onboard, check, secrets, reconcile, stuck, redrive, import-consents, switches or templates; --help tells more",
            );
        }
    };
    let own: &[&str] = match name.as_str() {
        "reconcile" => &["tenant", "day", "ledger", "grace", "pages-per-second"],
        "stuck" => &[
            "tenant",
            "queue",
            "dead-letters",
            "grace",
            "pages-per-second",
        ],
        "redrive" => &["from", "to", "send", "limit"],
        "import-consents" => &["file", "api", "position", "bad-lines"],
        "switches" => &["who", "why", "per-minute", "per-day", "per-second"],
        "templates" => &["host", "locale", "channel"],
        "onboard" => &[
            "keys-secret",
            "whatsapp-secret",
            "whatsapp-url",
            "bank",
            "apply",
            "client-id",
            "user-pool-id",
            "secret-file",
            "webhook-url",
            "templates",
            "stdin",
            "who",
        ],
        "check" => &["keys-secret", "whatsapp-secret", "whatsapp-url", "tenant"],
        "secrets" => &["keys-secret", "whatsapp-secret", "app-id", "apply", "stdin"],
        _ => return usage(&format!("no command {name}; --help names them")),
    };
    let mut given = Given::default();
    while let Some(argument) = parser.next()? {
        let option = match argument {
            Long("help") | Short('h') => return Ok(None),
            Long(option) => option.to_owned(),
            Value(word) if matches!(name.as_str(), "switches" | "templates" | "secrets") => {
                given.words.push(word.string()?);
                continue;
            }
            Short(_) | Value(_) => return Err(argument.unexpected().into()),
        };
        let general = ["table", "endpoint-url", "json"];
        if !general.contains(&option.as_str()) && !own.contains(&option.as_str()) {
            return usage(&format!("{name} has no option --{option}"));
        }
        take(&mut given, &option, &mut parser)?;
    }
    let command = match name.as_str() {
        "reconcile" => Command::Reconcile {
            tenant: required(given.tenant, "--tenant")?,
            day: required(given.day, "--day")?,
            ledger: given.ledger,
            reading: reading(given.grace, given.pages_per_second),
        },
        "stuck" => Command::Stuck {
            tenant: given.tenant,
            queues: given.queues,
            dead_letters: given.dead_letters,
            reading: reading(given.grace, given.pages_per_second),
        },
        "onboard" | "check" | "secrets" => {
            let connection = given.connection.clone();
            let format = format(given.json);
            let command = match name.as_str() {
                "onboard" => Command::Onboard(Box::new(onboarding(given)?)),
                "check" => Command::Check(checking(given)?),
                _ => Command::Secrets(keeping(given)?),
            };
            return Ok(Some(Request {
                connection,
                format,
                command,
            }));
        }
        "switches" => Command::Switches(switching(&given)?),
        "templates" => Command::Templates(inspecting(&given)?),
        "import-consents" => Command::ImportConsents(Importing {
            file: required(given.file, "--file")?,
            api: required(given.api, "--api")?,
            position: given.position,
            bad_lines: given.bad_lines,
        }),
        _ => Command::Redrive {
            from: required(given.from, "--from")?,
            to: required(given.to, "--to")?,
            mode: if given.send { Mode::Send } else { Mode::DryRun },
            limit: given.limit,
        },
    };
    Ok(Some(Request {
        connection: given.connection,
        format: format(given.json),
        command,
    }))
}

fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Table }
}

fn take(given: &mut Given, option: &str, parser: &mut lexopt::Parser) -> Result<(), OperatorError> {
    match option {
        "json" => given.json = true,
        "send" => given.send = true,
        "apply" => given.apply = true,
        "stdin" => given.stdin = true,
        "bank" => given.bank = Some(parser.value()?.into()),
        "secret-file" => given.secret_file = Some(parser.value()?.into()),
        "templates" => given.templates.push(parser.value()?.into()),
        "ledger" => given.ledger = Some(parser.value()?.into()),
        "file" => given.file = Some(parser.value()?.into()),
        "position" => given.position = Some(parser.value()?.into()),
        "bad-lines" => given.bad_lines = Some(parser.value()?.into()),
        _ => {
            let text = parser.value()?.string()?;
            match option {
                "table" => given.connection.table = Some(text),
                "endpoint-url" => given.connection.endpoint = Some(text),
                "tenant" => given.tenant = Some(value(option, TenantId::parse(&text).ok())?),
                "day" => given.day = Some(value(option, text.parse().ok())?),
                "queue" => given.queues.push(text),
                "dead-letters" => given.dead_letters.push(text),
                "api" => given.api = Some(text),
                "from" => given.from = Some(text),
                "to" => given.to = Some(text),
                "limit" => {
                    let limit = text.parse().ok().filter(|limit| *limit > 0);
                    given.limit = Some(value(option, limit)?);
                }
                "keys-secret" => given.places.keys_secret = Some(text),
                "whatsapp-secret" => given.places.whatsapp_secret = Some(text),
                "whatsapp-url" => given.places.whatsapp_url = Some(text),
                "client-id" => given.client_id = Some(text),
                "user-pool-id" => given.user_pool_id = Some(text),
                "webhook-url" => given.webhook_url = Some(text),
                "app-id" => given.app_id = Some(value(option, AppId::parse(&text).ok())?),
                "grace" => given.grace = Some(value(option, parse_duration(&text))?),
                "host" => given.hosts.push(text.to_lowercase()),
                "locale" => given.locale = Some(value(option, Locale::parse(&text))?),
                "channel" => given.channel = Some(value(option, Channel::parse(&text))?),
                "who" => given.who = Some(text),
                "why" => given.why = Some(text),
                // None at all is a limit, too.
                "per-minute" => given.per_minute = Some(value(option, text.parse().ok())?),
                "per-day" => given.per_day = Some(value(option, text.parse().ok())?),
                "per-second" => {
                    let limit = text.parse().ok().filter(|limit| *limit > 0);
                    given.per_second = Some(value(option, limit)?);
                }
                _ => {
                    let pages = text.parse().ok().filter(|pages| *pages > 0);
                    given.pages_per_second = Some(value(option, pages)?);
                }
            }
        }
    }
    Ok(())
}

fn reading(grace: Option<Duration>, pages_per_second: Option<u32>) -> Reading {
    Reading {
        grace: grace.unwrap_or(GRACE),
        pages_per_second: pages_per_second.unwrap_or(8),
    }
}

fn usage<T>(text: &str) -> Result<T, OperatorError> {
    Err(OperatorError::Usage(text.to_owned()))
}

fn required<T>(value: Option<T>, option: &str) -> Result<T, OperatorError> {
    value.ok_or_else(|| OperatorError::Usage(format!("{option} is missing")))
}

/// A value that reads. It is not quoted: it may have been meant for something else.
fn value<T>(option: &str, value: Option<T>) -> Result<T, OperatorError> {
    let form = match option {
        "tenant" => "a bank's id: lower-case letters, digits and hyphens",
        "day" => "a date such as 2026-11-21",
        "grace" => "a duration such as 15m or 0s",
        "app-id" => "decimal digits, as the app's dashboard shows them",
        "locale" => "pt_BR, en, fr or de",
        "channel" => "whatsapp, sms or voice",
        "per-minute" | "per-day" => "a whole number",
        _ => "a whole number from 1 on",
    };
    value.ok_or_else(|| OperatorError::Usage(format!("--{option} must be {form}")))
}

#[cfg(test)]
mod tests;
