use recado_domain::class::Lane;
use recado_domain::ids::TemplateName;
use recado_domain::switches::{Breaker, Reach, Scope, Sending, SmsBudget, Switch, Turn};

use super::*;

fn read(line: &str) -> Result<Option<Request>, String> {
    parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
}

fn command(line: &str) -> Command {
    read(line).unwrap().unwrap().command
}

#[test]
fn every_command_reads_its_options() {
    let tenant = TenantId::parse("banco-aurora").unwrap();
    let reading = Reading {
        grace: Duration::from_secs(900),
        pages_per_second: 8,
    };
    assert_eq!(
        command("reconcile --tenant banco-aurora --day 2026-11-21 --ledger ids.csv"),
        Command::Reconcile {
            tenant: tenant.clone(),
            day: jiff::civil::date(2026, 11, 21),
            ledger: Some(PathBuf::from("ids.csv")),
            reading,
        }
    );
    assert_eq!(
        command(
            "stuck --tenant banco-aurora --queue a --queue b --dead-letters c --grace 0s --pages-per-second 1"
        ),
        Command::Stuck {
            tenant: Some(tenant),
            queues: vec!["a".to_owned(), "b".to_owned()],
            dead_letters: vec!["c".to_owned()],
            reading: Reading {
                grace: Duration::ZERO,
                pages_per_second: 1,
            },
        }
    );
    assert_eq!(
        command("import-consents --file a.csv --api http://x --position p --bad-lines b"),
        Command::ImportConsents(Importing {
            file: PathBuf::from("a.csv"),
            api: "http://x".to_owned(),
            position: Some(PathBuf::from("p")),
            bad_lines: Some(PathBuf::from("b")),
        })
    );
    assert_eq!(
        command("redrive --from a --to b"),
        Command::Redrive {
            from: "a".to_owned(),
            to: "b".to_owned(),
            mode: Mode::DryRun,
            limit: None,
        }
    );
    assert_eq!(
        command("redrive --from a --to b --send --limit 3"),
        Command::Redrive {
            from: "a".to_owned(),
            to: "b".to_owned(),
            mode: Mode::Send,
            limit: Some(3),
        }
    );
    let request = read("stuck --table t --endpoint-url=http://127.0.0.1:1 --json");
    let request = request.unwrap().unwrap();
    assert_eq!(request.format, Format::Json);
    assert_eq!(
        request.connection,
        Connection {
            table: Some("t".to_owned()),
            endpoint: Some("http://127.0.0.1:1".to_owned()),
        }
    );
}

#[test]
fn help_is_given_wherever_it_is_asked_for() {
    for line in ["--help", "-h", "stuck --help", "redrive --from a -h"] {
        assert_eq!(read(line), Ok(None), "{line}");
    }
}

#[test]
fn a_line_that_cannot_be_carried_out_says_why_and_quotes_no_value() {
    let check = |line: &str, said: &str| {
        let error = read(line).unwrap_err();
        assert!(error.contains(said), "{line}: {error}");
        assert!(!error.contains("98765"), "{line}: {error}");
    };
    check("", "which command");
    check("--json", "which command");
    check("purge", "no command purge");
    check("reconcile --day 2026-11-21", "--tenant is missing");
    check("reconcile --tenant banco-aurora", "--day is missing");
    check(
        "reconcile --tenant +5511987654321 --day x",
        "--tenant must be",
    );
    check(
        "reconcile --tenant b --day 2026-02-30",
        "--day must be a date",
    );
    check("reconcile --send", "reconcile has no option --send");
    check("redrive --tenant b", "redrive has no option --tenant");
    check("redrive --from a", "--to is missing");
    check("redrive --from a --to b --limit 0", "--limit must be");
    check("stuck --grace soon", "--grace must be a duration");
    check("stuck --pages-per-second 0", "--pages-per-second must be");
    check("stuck --queue", "missing argument");
}

fn words(line: &[&str]) -> Result<Switching, String> {
    let line = ["switches"].iter().chain(line).map(OsString::from);
    let request = parse(line).map_err(|error| error.to_string())?.unwrap();
    match request.command {
        Command::Switches(switching) => Ok(switching),
        Command::Reconcile { .. }
        | Command::Stuck { .. }
        | Command::ImportConsents(_)
        | Command::Onboard(_)
        | Command::Check(_)
        | Command::Secrets(_)
        | Command::Redrive { .. }
        | Command::Templates(_) => {
            panic!("{:?}", request.command)
        }
    }
}

#[test]
fn every_switch_is_turned_by_its_words() {
    let tenant = || TenantId::parse("banco-aurora").unwrap();
    let template = TemplateName::parse("pix_received").unwrap();
    let bank = || Reach::Tenant(tenant());
    let budget = |per_minute, per_day| {
        Some(SmsBudget {
            per_minute,
            per_day,
        })
    };
    let check = |line: &[&str], turn: Turn| {
        let line = [line, &["--why", "ticket 7", "--who", "ana"]].concat();
        let expected = Switching::Turn {
            turn,
            who: Some("ana".to_owned()),
            why: "ticket 7".to_owned(),
        };
        assert_eq!(words(&line), Ok(expected), "{line:?}");
    };
    let off = |scope| Turn::Sending(scope, Sending::Off);
    check(
        &["off", "tenant", "banco-aurora"],
        off(Scope::Tenant(tenant())),
    );
    check(
        &["off", "template", "banco-aurora", "pix_received"],
        off(Scope::Template(tenant(), template)),
    );
    check(&["off", "lane", "bulk"], off(Scope::Lane(Lane::Bulk)));
    check(
        &["on", "lane", "critical"],
        Turn::Sending(Scope::Lane(Lane::Critical), Sending::On),
    );
    check(
        &["breaker", "open"],
        Turn::Breaker(Reach::Everywhere, Breaker::Open),
    );
    check(
        &["breaker", "close", "banco-aurora"],
        Turn::Breaker(bank(), Breaker::Closed),
    );
    check(
        &["sms-budget", "set", "--per-minute", "60"],
        Turn::SmsBudget(Reach::Everywhere, budget(Some(60), None)),
    );
    check(
        &[
            "sms-budget",
            "set",
            "banco-aurora",
            "--per-minute",
            "0",
            "--per-day",
            "9",
        ],
        Turn::SmsBudget(bank(), budget(Some(0), Some(9))),
    );
    check(
        &["sms-budget", "lift"],
        Turn::SmsBudget(Reach::Everywhere, None),
    );
    check(
        &["rate", "set", "banco-aurora", "--per-second", "5"],
        Turn::Rate(tenant(), Some(5)),
    );
    check(
        &["rate", "lift", "banco-aurora"],
        Turn::Rate(tenant(), None),
    );
    assert_eq!(words(&[]), Ok(Switching::Show));
    for switch in ["sending/lane/bulk", "breaker", "rate/banco-aurora"] {
        let parsed = Switch::parse(switch).unwrap();
        assert_eq!(words(&["history", switch]), Ok(Switching::History(parsed)));
    }
}

#[test]
fn a_switch_is_not_turned_by_half_a_line() {
    let long = "x".repeat(501);
    let check = |line: &[&str], said: &str| {
        let error = words(line).unwrap_err();
        assert!(error.contains(said), "{line:?}: {error}");
    };
    check(&["breaker", "open"], "--why is missing");
    check(&["breaker", "open", "--why", " "], "--why must have");
    check(&["breaker", "open", "--why", &long], "--why must have");
    check(
        &["breaker", "open", "--why", "x", "--who", &long],
        "--who must have",
    );
    check(
        &["breaker", "half", "--why", "x"],
        "does not know these words",
    );
    check(&["breaker", "open", "a", "b", "--why", "x"], "one bank");
    check(&["breaker", "open", "+55", "--why", "x"], "no bank's id");
    check(&["off", "--why", "x"], "what? tenant");
    check(&["off", "lane", "fast", "--why", "x"], "the lanes are");
    check(
        &["off", "template", "b", "Pix", "--why", "x"],
        "no template's name",
    );
    check(
        &["sms-budget", "set", "--why", "x"],
        "--per-minute or --per-day",
    );
    check(
        &["sms-budget", "lift", "--per-day", "1", "--why", "x"],
        "belong to",
    );
    check(
        &["rate", "set", "b", "--why", "x"],
        "--per-second is missing",
    );
    check(
        &["rate", "set", "b", "--per-second", "0", "--why", "x"],
        "whole number from 1",
    );
    check(
        &["rate", "lift", "b", "--per-second", "1", "--why", "x"],
        "belongs to",
    );
    check(
        &["rate", "set", "--per-second", "1", "--why", "x"],
        "does not know",
    );
    check(&["history"], "does not know");
    check(&["history", "sending"], "no such switch");
}

#[test]
fn templates_are_listed_linted_and_rendered() {
    let check = |line: &str, expected: Inspecting| {
        assert_eq!(command(line), Command::Templates(expected), "{line}");
    };
    check("templates", Inspecting::List);
    let lint = |paths: &[&str], hosts: &[&str]| Inspecting::Lint {
        paths: paths.iter().map(PathBuf::from).collect(),
        hosts: hosts.iter().map(ToString::to_string).collect(),
    };
    check("templates lint", lint(&[], &[]));
    check(
        "templates lint a.toml b --host Banco.example --host c.example",
        lint(&["a.toml", "b"], &["banco.example", "c.example"]),
    );
    let render = |locale, channel| Inspecting::Render {
        name: TemplateName::parse("pix_received").unwrap(),
        locale,
        channel,
    };
    check("templates render pix_received", render(None, None));
    check(
        "templates render pix_received --locale pt_BR --channel sms",
        render(Some(Locale::PtBr), Some(Channel::Sms)),
    );
}

#[test]
fn templates_are_not_looked_at_by_half_a_line() {
    let check = |line: &str, expected: &str| {
        let refused = read(line).unwrap_err();
        assert!(refused.contains(expected), "{line}: {refused}");
    };
    check("templates render", "does not know these words");
    check("templates render Pix", "no template's name");
    check("templates send", "does not know these words");
    check("templates --host a.example", "belongs to `templates lint`");
    check("templates lint --locale en", "belong to `templates render`");
    check("templates render a --locale es", "pt_BR, en, fr or de");
    check("templates render a --channel fax", "whatsapp, sms or voice");
    check("switches --host a.example", "has no option");
}

#[test]
fn a_bank_is_set_up_only_with_what_belongs_together() {
    let bank = |line: &str| {
        let Command::Onboard(onboarding) = command(line) else {
            panic!("{line}");
        };
        *onboarding
    };
    let plain = bank("onboard --bank b.toml");
    assert_eq!(
        (plain.course, &plain.client),
        (Course::DryRun, &ApiClient::Unnamed)
    );
    assert_eq!(plain.token, SecretFrom::Variable);
    let pool = bank(
        "onboard --bank b.toml --user-pool-id p --secret-file s --webhook-url https://x/y --stdin --apply",
    );
    assert_eq!(pool.course, Course::Apply);
    assert_eq!(pool.token, SecretFrom::StandardInput);
    let expected = ApiClient::Pool {
        id: "p".to_owned(),
        secret_file: Some(PathBuf::from("s")),
    };
    assert_eq!(pool.client, expected);
    let refused = |line: &str, said: &str| {
        let error = read(line).expect_err(line);
        assert!(error.contains(said), "{line}: {error}");
    };
    refused("onboard", "--bank is missing");
    refused(
        "onboard --bank b --client-id a --user-pool-id p",
        "not both",
    );
    refused(
        "onboard --bank b --client-id a --secret-file s",
        "belongs to --user-pool-id",
    );
    refused("onboard --bank b --webhook-url http://x/y", "https");
    refused("onboard --bank b --tenant t", "no option --tenant");
    refused("check", "--tenant is missing");
    refused("secrets rotate", "does not know");
    refused("secrets use-sealing-key", "does not know");
    refused("secrets add-sealing-key --stdin", "--stdin belongs to");
    refused("secrets init --app-id x", "--app-id must be decimal digits");
}
