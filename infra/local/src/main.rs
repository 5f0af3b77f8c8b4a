//! `cargo run`: the whole product on one machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use recado_domain::phone::E164;
use recado_local::demo::{self, Bank};
use recado_local::stack::{OnlyMeta, Options, Stack};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

const USAGE: &str = "\
Runs Recado on this machine: the functions, AWS stand-ins, a simulated Meta, the customers' phones.

cargo run -- [options]
  --once                 the demonstration alone; exit 0 if everything in it happened, else 1
  --no-demo              no demonstration, only serve
  --only-meta URL        the simulated Meta and the phones alone; its webhooks go to URL
  --port N               the port of everything (8080; 0 takes a free one)
  --data-dir DIR         where data outlives the run (in memory otherwise)
  --ready-file FILE      written once everything answers: JSON for programs
  --whatsapp-url URL     another Cloud API than the simulated one
  --templates PATH       message templates beside the catalogue: a TOML file or a folder of them
  --parameter NAME=VALUE a parameter of infra/template.yaml
  --seed N               the simulated world's seed
";

enum Play {
    ThenServe,
    Once,
    Never,
    /// Meta alone; its webhooks go to this address.
    OnlyMeta(String),
}

struct Arguments {
    options: Options,
    play: Play,
    ready_file: Option<PathBuf>,
}

fn arguments() -> Result<Option<Arguments>> {
    let mut arguments = Arguments {
        options: Options {
            port: 8080,
            seed: 1,
            ..Options::default()
        },
        play: Play::ThenServe,
        ready_file: None,
    };
    let mut port_given = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("once") => arguments.play = Play::Once,
            Long("no-demo") => arguments.play = Play::Never,
            Long("only-meta") => {
                arguments.play = Play::OnlyMeta(parser.value()?.string()?);
            }
            Long("port") => port_given = Some(parser.value()?.parse()?),
            Long("data-dir") => arguments.options.data_dir = Some(parser.value()?.into()),
            Long("ready-file") => arguments.ready_file = Some(parser.value()?.into()),
            Long("whatsapp-url") => {
                arguments.options.whatsapp_url = Some(parser.value()?.string()?)
            }
            Long("templates") => arguments.options.templates.push(parser.value()?.into()),
            Long("seed") => arguments.options.seed = parser.value()?.parse()?,
            Long("parameter") => {
                let pair = parser.value()?.string()?;
                let (name, value) = pair
                    .split_once('=')
                    .context("--parameter needs NAME=VALUE")?;
                arguments
                    .options
                    .parameters
                    .insert(name.to_owned(), value.to_owned());
            }
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    // The demonstration alone needs no known address.
    let default_port = if matches!(arguments.play, Play::Once) {
        0
    } else {
        8080
    };
    arguments.options.port = port_given.unwrap_or(default_port);
    Ok(Some(arguments))
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("recado: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let Some(arguments) = arguments()? else {
        print!("{USAGE}");
        return Ok(());
    };
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stopped = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::pin!(stopped);
    if let Play::OnlyMeta(callback) = &arguments.play {
        let meta = OnlyMeta::start(&arguments.options, callback).await?;
        announce(arguments.ready_file.as_deref(), &meta.ready)?;
        println!("The simulated Meta is running: {}", meta.ready.whatsapp_url);
        stopped.await;
        return Ok(());
    }
    let stack = tokio::select! {
        stack = Stack::start(arguments.options) => stack?,
        () = &mut stopped => bail!("stopped before everything had started"),
    };
    announce(arguments.ready_file.as_deref(), &stack.ready)?;
    let outcome = tokio::select! {
        outcome = live(&stack, &arguments.play) => outcome,
        () = &mut stopped => Ok(()),
    };
    stack.shutdown().await;
    outcome
}

/// Writes the ready file, where one is wanted.
fn announce(path: Option<&Path>, ready: &impl Serialize) -> Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let text = serde_json::to_string_pretty(ready)?;
    // Written beside it first, so that whoever waits for the file never reads half of it.
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text)
        .and_then(|()| std::fs::rename(&partial, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

async fn live(stack: &Stack, play: &Play) -> Result<()> {
    let bank = Bank::connect(&stack.ready).await?;
    println!("Recado is running.");
    println!("  page    {}", stack.ready.page);
    println!("  API     {}/v1", stack.ready.api);
    println!("  phones  {}", stack.ready.phones);
    println!("  costs   {}", stack.ready.aws);
    println!("  logs    {}", stack.ready.logs);
    let told = tell_as_it_happens(stack);
    match play {
        Play::Once => {
            let outcome = demo::play(stack).await;
            told.abort();
            return outcome;
        }
        Play::ThenServe => {
            if let Err(error) = demo::play(stack).await {
                println!("\nThe demonstration did not come to its end: {error:#}");
            }
        }
        Play::Never | Play::OnlyMeta(_) => {}
    }
    println!("\nSend one of your own:\n\n{}\n", bank.curl());
    println!("Ctrl-C stops everything.\n");
    told.await?;
    Ok(())
}

/// The live timeline: a line for everything that happens.
fn tell_as_it_happens(stack: &Stack) -> tokio::task::JoinHandle<()> {
    let mut entries = stack.timeline.subscribe();
    tokio::spawn(async move {
        loop {
            match entries.recv().await {
                Ok(entry) => {
                    let id = entry.notification.unwrap_or_default();
                    let phone = entry.phone.and_then(|phone| E164::parse(&phone).ok());
                    let phone = phone.map(|phone| phone.masked()).unwrap_or_default();
                    println!("{:.3}  {id:<30} {phone:<20} {}", entry.at, entry.what);
                }
                Err(RecvError::Lagged(missed)) => println!("… {missed} more"),
                Err(RecvError::Closed) => return,
            }
        }
    })
}
