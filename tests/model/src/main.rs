//! Explores the delivery protocol with bounds of one's own.

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;
use recado_model::{Bounds, Case, HEAD, Real, Receipts, Situation, Times, Until, explore};

const HELP: &str = "\
Explores the delivery protocol exhaustively within bounds.

  cargo run --release -p recado-model -- [OPTIONS]

Without options: what the tests explore. What is given replaces that bound in every case.

  --case NAME       only this case (again for more)
  --faults N        crashes, duplicates, lost answers, unknown outcomes: so many in all (at most 4)
  --lates N         how often time passes although something could happen
  --drives N        functions at work at the same time (1 to 4)
  --cancels N       1: the bank may cancel each notification, once
  --revokes N       1: the customer may revoke everything
  --turns N         turns of a switch
  --receipts WHICH  none, some or all
  --times WHICH     present or exact: what is kept of the times of facts that decide by being there
  --most-states N   stop there
  --first           stop at the first broken promise
  --situations      print how often each situation was met
";

/// Bounds that replace a case's own.
#[derive(Default)]
struct Given {
    faults: Option<u8>,
    lates: Option<u8>,
    drives: Option<u8>,
    cancels: Option<u8>,
    revokes: Option<u8>,
    turns: Option<u8>,
    receipts: Option<Receipts>,
    times: Option<Times>,
    most_states: Option<usize>,
}

impl Given {
    fn instead_of(&self, own: Bounds) -> Bounds {
        Bounds {
            faults: self.faults.unwrap_or(own.faults),
            lates: self.lates.unwrap_or(own.lates),
            drives: self.drives.unwrap_or(own.drives),
            cancels: self.cancels.unwrap_or(own.cancels),
            revokes: self.revokes.unwrap_or(own.revokes),
            turns: self.turns.unwrap_or(own.turns),
            receipts: self.receipts.unwrap_or(own.receipts),
            times: self.times.unwrap_or(own.times),
            most_states: self.most_states.unwrap_or(own.most_states),
        }
    }
}

/// What is printed besides the table.
#[derive(PartialEq, Eq)]
enum Printed {
    Table,
    Situations,
}

struct Wanted {
    cases: Vec<Case>,
    until: Until,
    printed: Printed,
}

fn main() -> Result<ExitCode> {
    let Some(wanted) = arguments()? else {
        print!("{HELP}\nCases:\n");
        for (name, about) in abouts() {
            println!("  {name:<10} {about}");
        }
        return Ok(ExitCode::SUCCESS);
    };
    println!("{HEAD}");
    let mut all_held = true;
    for case in wanted.cases {
        let report = explore(&case, &Real, wanted.until);
        println!("{report}");
        all_held &= report.violations.is_empty();
        if wanted.printed == Printed::Situations {
            for situation in Situation::ALL {
                println!(
                    "{:>12}  {}",
                    report.seen.times(*situation),
                    situation.words()
                );
            }
        }
    }
    Ok(if all_held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn arguments() -> Result<Option<Wanted>> {
    let mut parser = lexopt::Parser::from_env();
    let mut names: Vec<String> = Vec::new();
    let mut given = Given::default();
    let (mut until, mut printed) = (Until::Done, Printed::Table);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("case") => names.push(parser.value()?.string()?),
            Long("faults") => given.faults = Some(up_to(4, &mut parser)?),
            Long("lates") => given.lates = Some(up_to(9, &mut parser)?),
            Long("drives") => given.drives = Some(up_to(4, &mut parser)?.max(1)),
            Long("cancels") => given.cancels = Some(up_to(1, &mut parser)?),
            Long("revokes") => given.revokes = Some(up_to(1, &mut parser)?),
            Long("turns") => given.turns = Some(up_to(9, &mut parser)?),
            Long("receipts") => {
                given.receipts = Some(match parser.value()?.string()?.as_str() {
                    "none" => Receipts::None,
                    "some" => Receipts::Some,
                    "all" => Receipts::All,
                    other => bail!("--receipts {other}: none, some or all"),
                });
            }
            Long("times") => {
                given.times = Some(match parser.value()?.string()?.as_str() {
                    "present" => Times::Present,
                    "exact" => Times::Exact,
                    other => bail!("--times {other}: present or exact"),
                });
            }
            Long("most-states") => given.most_states = Some(parser.value()?.parse()?),
            Long("first") => until = Until::Broken,
            Long("situations") => printed = Printed::Situations,
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    Ok(Some(Wanted {
        cases: cases(&names, &given)?,
        until,
        printed,
    }))
}

/// What every case is, each once.
fn abouts() -> Vec<(&'static str, &'static str)> {
    let mut abouts = Vec::new();
    for case in Case::gate() {
        if !abouts.contains(&(case.name, case.about)) {
            abouts.push((case.name, case.about));
        }
    }
    abouts
}

fn up_to(most: u8, parser: &mut lexopt::Parser) -> Result<u8> {
    let number: u8 = parser.value()?.parse()?;
    if number > most {
        bail!("{number} is too many: at most {most}");
    }
    Ok(number)
}

/// The cases of these names, each once for every two bounds that differ.
fn cases(names: &[String], given: &Given) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for mut case in Case::gate() {
        case.bounds = given.instead_of(case.bounds);
        if !known.contains(&case.name) {
            known.push(case.name);
        }
        let is_wanted = names.is_empty() || names.iter().any(|name| name == case.name);
        let is_there = cases
            .iter()
            .any(|there| (there.name, there.bounds) == (case.name, case.bounds));
        if is_wanted && !is_there {
            cases.push(case);
        }
    }
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("--case {name}: there is {}", known.join(", "));
    }
    Ok(cases)
}
