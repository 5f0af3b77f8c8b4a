//! The operator's command line: does a day fit, is anything stuck, what becomes of dead letters, how do
//! the switches stand, what do the templates say; a bank set up, the secrets changed.
//!
//! It works with the functions' own adapters and with the protocol's own words; what it decides is decided
//! by pure functions ([`contradictions`], [`unfinished`], [`reconcile`], [`verdict`]). It never prints a
//! customer's number, a text, a code or an amount, and no secret.

mod arguments;
mod bank;
mod chunks;
mod commands;
mod connection;
pub mod contradictions;
mod errors;
mod findings;
pub mod ledger;
mod output;
pub mod reconcile;
mod secret_text;
#[cfg(test)]
mod specimen;
#[cfg(test)]
mod stories;
pub mod unfinished;
mod vault;
pub mod verdict;

use std::ffi::OsString;

use recado_ports::Chance;
use recado_runtime::Env;

use arguments::{Command, Format, Request, USAGE, parse};
use commands::{
    check, import, onboard, reconcile as reconciling, redrive, secrets, stuck, switches, templates,
};
use connection::{Clients, Services};
use errors::OperatorError;
use output::{Answer, Fits};

/// What the process prints and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// 0: all fits; 1: something does not fit; 2: no answer.
    pub code: u8,
    /// For stdout.
    pub out: String,
    /// For stderr.
    pub err: String,
}

/// Carries a command line out. `arguments`: without the program's own name.
pub async fn run<C: Chance + Clone + 'static>(
    arguments: impl IntoIterator<Item = OsString>,
    env: &dyn Env,
    chance: &C,
) -> Outcome {
    let answered = match parse(arguments) {
        Ok(Some(request)) => {
            let format = request.format;
            answer(request, env, chance)
                .await
                .map(|answer| (answer, format))
        }
        Ok(None) => {
            return Outcome {
                code: 0,
                out: USAGE.to_owned(),
                err: String::new(),
            };
        }
        Err(error) => Err(error),
    };
    match answered {
        Ok((answer, format)) => Outcome {
            code: match answer.verdict {
                Fits::Yes => 0,
                Fits::No => 1,
            },
            out: match format {
                Format::Table => answer.text,
                Format::Json => format!("{:#}\n", answer.json),
            },
            err: String::new(),
        },
        Err(error) => Outcome {
            code: 2,
            out: String::new(),
            err: format!("recado-operator: {error}\n"),
        },
    }
}

async fn answer<C: Chance + Clone + 'static>(
    request: Request,
    env: &dyn Env,
    chance: &C,
) -> Result<Answer, OperatorError> {
    let connect = || Clients::connect(&request.connection, env, chance);
    match request.command {
        Command::Templates(asked) => templates::run(asked),
        Command::Onboard(onboarding) => {
            let services = Services::connect(&request.connection, &onboarding.places, env)?;
            onboard::run(&connect()?, &services, &onboarding, env).await
        }
        Command::Check(checking) => {
            let services = Services::connect(&request.connection, &checking.places, env)?;
            check::run(&connect()?, &services, &checking).await
        }
        Command::Secrets(keeping) => {
            let services = Services::connect(&request.connection, &keeping.places, env)?;
            secrets::run(&services, &keeping, env).await
        }
        Command::ImportConsents(importing) => import::run(&importing, env, chance).await,
        Command::Reconcile {
            tenant,
            day,
            ledger,
            reading,
        } => reconciling::run(&connect()?, tenant, day, ledger.as_deref(), reading).await,
        Command::Stuck {
            tenant,
            queues,
            dead_letters,
            reading,
        } => {
            stuck::run(
                &connect()?,
                tenant.as_ref(),
                &queues,
                &dead_letters,
                reading,
            )
            .await
        }
        Command::Redrive {
            from,
            to,
            mode,
            limit,
        } => redrive::run(&connect()?, &from, &to, mode, limit).await,
        Command::Switches(switching) => switches::run(&connect()?, switching, env).await,
    }
}
