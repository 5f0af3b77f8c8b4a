//! `templates`: which there are, whether they follow the rules, and what one shows. It needs no AWS.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::ids::TemplateName;
use recado_domain::locale::Locale;
use recado_domain::params;
use recado_domain::render::{self, Preview, RenderError};
use recado_domain::template::Template;
use serde_json::{Value, json};

use crate::arguments::Inspecting;
use crate::errors::OperatorError;
use crate::output::{Answer, Fits, table};

/// Stands for the bank's name in what is shown.
const BANK: &str = "Banco Aurora";

pub(crate) fn run(asked: Inspecting) -> Result<Answer, OperatorError> {
    match asked {
        Inspecting::List => Ok(list()),
        Inspecting::Lint { paths, hosts } => lint(&paths, &hosts),
        Inspecting::Render {
            name,
            locale,
            channel,
        } => show(&name, locale, channel),
    }
}

fn all() -> impl Iterator<Item = Arc<Template>> {
    catalogue::names()
        .into_iter()
        .filter_map(|name| catalogue::find(&name, None))
}

fn list() -> Answer {
    let rows: Vec<[String; 6]> = all().map(|template| row(&template)).collect();
    let json = all().map(|template| {
        let [.., parts] = row(&template);
        json!({
            "name": template.name, "version": template.version, "class": template.class,
            "category": template.category, "locales": template.locales.keys().collect::<Vec<_>>(),
            "worst_sms_parts": parts.parse::<u32>().ok(),
        })
    });
    Answer {
        text: table(
            [
                "name",
                "version",
                "class",
                "category",
                "languages",
                "sms parts",
            ],
            &rows,
        ),
        json: json!({ "templates": json.collect::<Value>() }),
        verdict: Fits::Yes,
    }
}

fn row(template: &Template) -> [String; 6] {
    let locales: Vec<&str> = template
        .locales
        .keys()
        .map(|locale| locale.code())
        .collect();
    let parts = template
        .locales
        .keys()
        .filter_map(|locale| template.worst_sms_parts(*locale))
        .max();
    [
        template.name.to_string(),
        template.version.to_string(),
        template.class.to_string(),
        template.category.name().to_owned(),
        locales.join(" "),
        parts.map_or_else(|| "-".to_owned(), |parts| parts.to_string()),
    ]
}

/// A rule that is broken: where the template stands, the place in it, and the rule.
struct Found {
    template: String,
    place: String,
    rule: String,
}

fn lint(paths: &[PathBuf], hosts: &[String]) -> Result<Answer, OperatorError> {
    let hosts: Vec<&str> = if hosts.is_empty() {
        catalogue::HOSTS.to_vec()
    } else {
        hosts.iter().map(String::as_str).collect()
    };
    let mut found = Vec::new();
    let mut looked_at = 0_usize;
    if paths.is_empty() {
        for template in all() {
            looked_at += 1;
            check(template.name.as_str(), &template, &hosts, &mut found);
        }
    } else {
        looked_at = files(paths)?.len();
        found = read(paths, &hosts)?.1;
    }
    let text = if found.is_empty() {
        format!("{looked_at} templates, no fault\n")
    } else {
        let rows: Vec<[String; 3]> = found
            .iter()
            .map(|fault| {
                [
                    fault.template.clone(),
                    fault.place.clone(),
                    fault.rule.clone(),
                ]
            })
            .collect();
        format!(
            "{}\n{looked_at} templates, {} faults\n",
            table(["template", "place", "rule"], &rows),
            found.len()
        )
    };
    let faults = found.iter().map(
        |fault| json!({ "template": fault.template, "place": fault.place, "rule": fault.rule }),
    );
    Ok(Answer {
        text,
        json: json!({ "templates": looked_at, "faults": faults.collect::<Value>() }),
        verdict: Fits::when(found.is_empty()),
    })
}

fn check(label: &str, template: &Template, hosts: &[&str], found: &mut Vec<Found>) {
    let faults = template.validate().err().unwrap_or_default();
    for fault in faults.into_iter().chain(template.foreign_hosts(hosts)) {
        found.push(Found {
            template: label.to_owned(),
            place: fault.place,
            rule: fault.rule,
        });
    }
}

/// The templates of TOML files, or of folders of them, for a bank with these hosts: every one without fault.
pub(crate) fn read_for(
    paths: &[PathBuf],
    hosts: &[String],
) -> Result<Vec<Template>, OperatorError> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (templates, found) = read(paths, &hosts)?;
    if found.is_empty() {
        return Ok(templates);
    }
    let faults = found
        .iter()
        .map(|fault| format!("\n  {}: {}: {}", fault.template, fault.place, fault.rule));
    let faults: String = faults.collect();
    Err(OperatorError::Usage(format!("--templates:{faults}")))
}

fn read(paths: &[PathBuf], hosts: &[&str]) -> Result<(Vec<Template>, Vec<Found>), OperatorError> {
    let (mut templates, mut found) = (Vec::new(), Vec::new());
    for file in files(paths)? {
        let label = file.display().to_string();
        let text = fs::read_to_string(&file).map_err(|source| unreadable(&file, source))?;
        match toml::from_str::<Template>(&text) {
            Ok(template) => {
                check(&label, &template, hosts, &mut found);
                templates.push(template);
            }
            Err(error) => found.push(Found {
                template: label,
                place: line_of(&text, &error),
                rule: error.message().to_owned(),
            }),
        }
    }
    Ok((templates, found))
}

/// The TOML files named, and those of the folders named, in order.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, OperatorError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).map_err(|source| unreadable(path, source))? {
            let file = entry.map_err(|source| unreadable(path, source))?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            return Err(OperatorError::Usage(format!(
                "{} holds no TOML file",
                path.display()
            )));
        }
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}

fn unreadable(path: &Path, source: std::io::Error) -> OperatorError {
    OperatorError::File {
        path: path.display().to_string(),
        source,
    }
}

fn line_of(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    before.map_or_else(
        || "the file".to_owned(),
        |before| format!("line {}", before.matches('\n').count() + 1),
    )
}

fn show(
    name: &TemplateName,
    locale: Option<Locale>,
    channel: Option<Channel>,
) -> Result<Answer, OperatorError> {
    let refuse = |text: String| OperatorError::Usage(text);
    let template = catalogue::find(name, None).ok_or_else(|| {
        refuse("the catalogue has no such template; `templates` names them".to_owned())
    })?;
    let mut shown = Vec::new();
    for known in template.locales.keys().copied() {
        if locale.is_some_and(|wanted| wanted != known) {
            continue;
        }
        let given = template.example_params(known);
        let params = params::parse(&template, &given).map_err(|_| {
            refuse("its examples break its rules; `templates lint` says which".to_owned())
        })?;
        for medium in Channel::ALL {
            if channel.is_some_and(|wanted| wanted != medium) {
                continue;
            }
            match render::preview_on(&template, known, &params, BANK, medium) {
                Ok(preview) => shown.push((known, preview)),
                Err(RenderError::Channel(_)) => {}
                Err(error) => return Err(refuse(error.to_string())),
            }
        }
    }
    if shown.is_empty() {
        return Err(refuse(
            "it says nothing in that language on that channel".to_owned(),
        ));
    }
    let json = shown.iter().map(|(locale, preview)| {
        let mut value = json!(preview);
        value["locale"] = json!(locale);
        value
    });
    Ok(Answer {
        text: shown
            .iter()
            .map(|(locale, preview)| text(*locale, preview))
            .collect::<Vec<_>>()
            .join("\n"),
        json: json!({ "template": name, "previews": json.collect::<Value>() }),
        verdict: Fits::Yes,
    })
}

fn text(locale: Locale, preview: &Preview) -> String {
    let parts = preview
        .parts
        .map(|parts| format!(", {parts} part"))
        .unwrap_or_default();
    let buttons: String = preview
        .buttons
        .iter()
        .map(|label| format!("[{label}]\n"))
        .collect();
    format!(
        "--- {locale}, {}{parts}\n{}\n{buttons}",
        preview.channel, preview.text
    )
}

#[cfg(test)]
mod tests;
