//! `recado-operator`: see `--help`.

use std::io::Write as _;
use std::process::ExitCode;

use recado_operator::run;
use recado_runtime::{Process, ProcessEnv};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let outcome = run(arguments, &ProcessEnv, &Process::default()).await;
    let printed = std::io::stdout()
        .write_all(outcome.out.as_bytes())
        .and_then(|()| std::io::stderr().write_all(outcome.err.as_bytes()));
    // A reader that went away (`| head`) has what it wanted.
    match printed {
        Ok(()) | Err(_) => ExitCode::from(outcome.code),
    }
}
