//! `docs/SCALE.md`: its figures, and the names that an operator takes from it.

use std::collections::BTreeSet;
use std::path::Path;

use recado_payday::document::{figures, hold, text};
use recado_payday::parameters::{Whose, parameters};
use recado_payday::scenarios::all;
use recado_payday::settings::Settings;

/// A file of the project.
fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(file)).expect(file)
}

/// What stands between each two of the marks.
fn between(text: &str, mark: char) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|line| line.split(mark).skip(1).step_by(2))
        .collect()
}

/// Written as the template writes the names of parameters, metrics and alarms.
fn is_name(word: &str) -> bool {
    let capitals = word.chars().filter(char::is_ascii_uppercase).count();
    let letters = word.chars().all(|c| c.is_ascii_alphabetic());
    letters
        && capitals >= 2
        && capitals < word.len()
        && word.starts_with(|c: char| c.is_uppercase())
}

/// The names of the template's parameters.
fn of_template() -> BTreeSet<String> {
    let template = read("infra/template.yaml");
    let (_, rest) = template.split_once("\nParameters:\n").expect("parameters");
    let (part, _) = rest.split_once("\nRules:\n").expect("rules");
    let names = part.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.strip_suffix(':')?;
        (!name.starts_with(' ')).then(|| name.to_owned())
    });
    names.collect()
}

#[test]
fn the_page_says_what_the_simulation_says() {
    hold(&figures().expect("figures")).expect("docs/SCALE.md");
}

#[test]
fn every_parameter_of_the_table_is_the_template_s_and_every_switch_the_operator_s() {
    let (template, help) = (of_template(), read("infra/operator/src/arguments/help.rs"));
    let parameters = parameters(&Settings::of_template().expect("settings"));
    assert!(parameters.iter().any(|it| it.whose == Whose::Switch));
    for parameter in parameters {
        match parameter.whose {
            Whose::Template => assert!(template.contains(parameter.name), "{parameter:?}"),
            Whose::Switch => {
                let usage = format!("recado-operator switches {}", parameter.name);
                assert!(help.contains(&usage), "{parameter:?}");
            }
            Whose::Quota | Whose::Aws | Whose::Meta => {}
        }
    }
}

#[test]
fn every_name_on_the_page_exists() {
    let (page, template) = (text().expect("the page"), of_template());
    let (metrics, alarms) = (read("docs/LOGGING.md"), read("docs/RUNBOOK.md"));
    let code = between(&page, '`').into_iter().filter(|word| is_name(word));
    let mut known = 0;
    for name in code {
        let metric = metrics.contains(&format!("| `{name}` |"));
        assert!(
            metric || template.contains(name) || name == "Pacer",
            "`{name}`"
        );
        known += 1;
    }
    for name in between(&page, '*').into_iter().filter(|word| is_name(word)) {
        assert!(alarms.contains(&format!("\n### {name}\n")), "*{name}*");
        known += 1;
    }
    assert!(known > 20, "{known} names found");
}

#[test]
fn the_settings_to_copy_are_the_recommended_ones() {
    let page = text().expect("the page");
    let parameters = parameters(&Settings::of_template().expect("settings"));
    let set = parameters
        .iter()
        .filter(|it| it.whose == Whose::Template && page.contains(&format!("\"{}=", it.name)));
    let mut found = 0;
    for parameter in set {
        let line = format!("\"{}={}\"", parameter.name, parameter.recommended);
        assert!(page.contains(&line), "{line}");
        found += 1;
    }
    let differing = parameters
        .iter()
        .filter(|it| it.whose == Whose::Template && it.first != it.recommended);
    assert!(found >= differing.count(), "{found} to copy");
}

#[test]
fn every_command_on_the_page_is_the_operator_s() {
    let (page, help) = (
        text().expect("the page"),
        read("infra/operator/src/arguments/help.rs"),
    );
    let arguments = read("infra/operator/src/arguments.rs");
    let commands: Vec<&str> = between(&page, '`')
        .into_iter()
        .filter_map(|code| code.strip_prefix("recado-operator "))
        .collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        let mut words = command.split_whitespace();
        let name = words.next().expect("a command");
        let usage: Vec<&str> = help
            .lines()
            .filter(|line| line.starts_with(&format!("recado-operator {name}")))
            .collect();
        assert!(!usage.is_empty(), "{command}");
        // `--why "…"` and what stands for a value are not the operator's words.
        for word in words {
            let option = word.strip_prefix("--");
            let known = option.is_some_and(|option| arguments.contains(&format!("\"{option}\"")));
            let is_word =
                word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && option.is_none();
            let told = usage.iter().any(|line| {
                let mut told = line.split(|c: char| !c.is_ascii_lowercase() && c != '-');
                told.any(|told| told == word)
            });
            assert!(
                known || (option.is_none() && (!is_word || told)),
                "{command}: {word}"
            );
        }
    }
}

#[test]
fn every_scenario_that_the_page_names_is_one() {
    let (page, settings) = (text().expect("the page"), Settings::of_template());
    let names: BTreeSet<String> = all(&settings.expect("settings"))
        .into_iter()
        .map(|planned| planned.scenario.name)
        .collect();
    let asked = page.split("--scenario \"").skip(1);
    for asked in asked.map(|rest| rest.split('"').next().unwrap_or_default()) {
        assert!(names.contains(asked), "{asked}");
    }
    // What the prose names in passing is a row of the tables.
    for name in [
        "Lambda's quota as at first",
        "any idle copy",
        "Meta down 10 minutes",
    ] {
        assert!(page.contains(&format!("*{name}*")), "{name} is not told of");
        assert!(names.contains(name), "{name}");
    }
}
