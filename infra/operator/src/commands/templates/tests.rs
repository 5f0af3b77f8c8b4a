use super::*;

fn names() -> Vec<String> {
    catalogue::names().iter().map(ToString::to_string).collect()
}

/// A file of this test's own, gone when it is.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("recado-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // A file that stays behind harms nobody.
        fs::remove_file(&self.0).ok();
    }
}

const GOOD: &str = r#"
name = "note"
version = 1
class = "servicing"
category = "UTILITY"
validity = "1h"
max_queue_wait = "10s"
when_queue_wait_exceeded = "expire"

[[ladder]]
channel = "whatsapp"

[[buttons]]
kind = "url"
base = "https://conta.bancoaurora.example/a"
labels = { pt_BR = "Ver" }

[locales.pt_BR.whatsapp]
body = "Seu extrato está pronto."
"#;

fn linted(name: &str, text: &str, hosts: &[&str]) -> Answer {
    let file = File::new(name, text);
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    lint(std::slice::from_ref(&file.0), &hosts).unwrap()
}

/// Places and rules.
fn faults(answer: &Answer) -> Vec<String> {
    let faults = answer.json["faults"].as_array().unwrap();
    faults
        .iter()
        .map(|fault| {
            format!(
                "{} {}",
                fault["place"].as_str().unwrap(),
                fault["rule"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn every_template_is_listed_once_with_its_parts() {
    let answer = run(Inspecting::List).unwrap();
    let listed = answer.json["templates"].as_array().unwrap();
    let found: Vec<&str> = listed
        .iter()
        .map(|template| template["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, names());
    let line = |name: &str| {
        let line = answer.text.lines().find(|line| line.starts_with(name));
        line.unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        line("pix_received "),
        "pix_received 1 transactional UTILITY pt_BR en fr de 1"
    );
    assert_eq!(
        line("loan_preapproved "),
        "loan_preapproved 1 marketing MARKETING pt_BR en fr de -"
    );
}

#[test]
fn the_catalogue_has_no_fault() {
    let answer = lint(&[], &[]).unwrap();
    assert_eq!((answer.verdict, faults(&answer)), (Fits::Yes, vec![]));
    assert_eq!(
        answer.text,
        format!("{} templates, no fault\n", names().len())
    );
}

#[test]
fn a_fault_of_a_file_is_named_with_its_place_and_its_rule() {
    let good = linted("good.toml", GOOD, &[]);
    assert_eq!((good.verdict, faults(&good)), (Fits::Yes, vec![]));
    let check = |name: &str, from: &str, to: &str, expected: &[&str]| {
        let answer = linted(name, &GOOD.replace(from, to), &[]);
        assert_eq!(
            (answer.verdict, faults(&answer)),
            (Fits::No, expected.iter().map(ToString::to_string).collect())
        );
        assert!(answer.text.contains(name), "{}", answer.text);
    };
    check(
        "promo.toml",
        "Seu extrato está pronto.",
        "Sua oferta está pronta.",
        &[
            "locales.pt_BR.whatsapp.body must not say \"oferta\" in a template of the category UTILITY",
        ],
    );
    check(
        "host.toml",
        "conta.bancoaurora.example",
        "golpe.example",
        &["buttons[0].base must not lead to golpe.example, which is none of the bank's hosts"],
    );
    check(
        "misspelt.toml",
        "validity = \"1h\"",
        "validty = \"1h\"",
        &[
            "line 6 unknown field `validty`, expected one of `name`, `version`, `class`, `category`, `lane`, `ladder`, `validity`, `max_queue_wait`, `when_queue_wait_exceeded`, `quiet_hours`, `daily_cap`, `sms_parts`, `authentication`, `params`, `buttons`, `locales`",
        ],
    );
}

#[test]
fn a_bank_names_its_own_hosts() {
    let answer = linted("hosts.toml", GOOD, &["banco.example"]);
    assert_eq!(
        faults(&answer),
        [
            "buttons[0].base must not lead to conta.bancoaurora.example, which is none of the bank's hosts"
        ]
    );
    let text = GOOD.replace("conta.bancoaurora.example", "banco.example");
    assert_eq!(
        linted("own.toml", &text, &["banco.example"]).verdict,
        Fits::Yes
    );
}

#[test]
fn a_file_or_a_folder_that_is_not_there_is_no_answer() {
    let nowhere = std::env::temp_dir().join("recado-nowhere.toml");
    assert!(matches!(
        lint(&[nowhere], &[]),
        Err(OperatorError::File { .. })
    ));
}

#[test]
fn a_template_is_shown_in_every_language_on_every_channel_or_on_the_one_asked_for() {
    let name = |name: &str| TemplateName::parse(name).unwrap();
    let asked = |name, locale, channel| {
        run(Inspecting::Render {
            name,
            locale,
            channel,
        })
    };
    let answer = asked(name("pix_received"), None, None).unwrap();
    let heads: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| line.starts_with("---"))
        .collect();
    assert_eq!(heads.len(), 12, "{heads:?}");
    let sms = asked(name("pix_received"), Some(Locale::PtBr), Some(Channel::Sms)).unwrap();
    assert_eq!(
        sms.text,
        "--- pt_BR, sms, 1 part\nBanco Aurora: voce recebeu um Pix de R$ 200,00 de Joao. Saldo atual: R$ 1.500,00.\n"
    );
    let whatsapp = asked(name("pix_sent"), Some(Locale::De), Some(Channel::Whatsapp)).unwrap();
    assert!(
        whatsapp.text.ends_with("[Das war ich nicht]\n"),
        "{}",
        whatsapp.text
    );
    // An offer has no SMS, and what is not there is not shown as if it were.
    assert!(asked(name("loan_preapproved"), None, Some(Channel::Sms)).is_err());
    assert!(asked(name("no_such_template"), None, None).is_err());
}

#[test]
fn every_template_can_be_shown() {
    for name in catalogue::names() {
        show(&name, None, None).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
