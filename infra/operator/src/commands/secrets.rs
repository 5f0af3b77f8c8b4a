//! `secrets`: what the two secrets hold, their first values, and what changes in them. Never prints a value.

use std::io::Read as _;

use recado_runtime::Env;
use serde_json::{Value, json};

use crate::arguments::{Course, Keeping, SecretChange, SecretFrom};
use crate::connection::Services;
use crate::errors::OperatorError;
use crate::output::{Answer, Fits, table};
use crate::secret_text::{Refusal, Text, fingerprint};
use crate::vault::{Held, Vault};

/// The variable with the app's secret.
const APP_SECRET: &str = "RECADO_APP_SECRET";
/// The variable with a bank's access token.
pub(crate) const ACCESS_TOKEN: &str = "RECADO_ACCESS_TOKEN";
/// Longer than any secret of Meta's, with room for what is pasted around it.
const LONGEST: u64 = 4_096;

/// One line of the answer: which secret, and what became of it or what it holds.
struct Line {
    secret: &'static str,
    what: String,
    fingerprint: String,
}

pub(crate) async fn run(
    services: &Services,
    keeping: &Keeping,
    env: &dyn Env,
) -> Result<Answer, OperatorError> {
    let mut lines = Vec::new();
    let mut complete = true;
    match &keeping.what {
        SecretChange::Show => {
            for vault in [services.keys()?, services.whatsapp()?] {
                match vault.read().await? {
                    Held::Nothing => {
                        complete = false;
                        lines.push(line(&vault, "no value yet: `secrets init`"));
                    }
                    Held::Unusable(Refusal(why)) => {
                        complete = false;
                        lines.push(line(&vault, why));
                    }
                    Held::Value { text, .. } => {
                        lines.extend(text.holds().into_iter().map(|(what, fingerprint)| Line {
                            secret: vault.what(),
                            what,
                            fingerprint,
                        }));
                    }
                }
            }
        }
        SecretChange::Init { app } => {
            let keys = services.keys()?;
            init(&keys, keeping.course, &mut lines, || {
                Text::new_keys().map(Some)
            })
            .await?;
            let whatsapp = services.whatsapp()?;
            let first = || match (app, secret(env, APP_SECRET, keeping.from)) {
                (Some(app), Ok(secret)) => Text::new_whatsapp(app, &secret).map(Some),
                (Some(_) | None, _) => Ok(None),
            };
            complete = init(&whatsapp, keeping.course, &mut lines, first).await?;
        }
        SecretChange::AddSealingKey => {
            let change = |text: &mut Text| {
                let id = text.add_sealing_key()?;
                Ok(Some(format!(
                    "sealing key {id} opens; once every function has read it: `secrets use-sealing-key {id}`"
                )))
            };
            lines.push(changed(&services.keys()?, keeping.course, change).await?);
        }
        SecretChange::UseSealingKey(id) => {
            let change = |text: &mut Text| {
                let before = text.text();
                text.use_sealing_key(id)?;
                Ok((text.text() != before).then(|| format!("sealing key {id} seals")))
            };
            lines.push(changed(&services.keys()?, keeping.course, change).await?);
        }
        SecretChange::AddAppSecret => {
            let secret = secret(env, APP_SECRET, keeping.from)?;
            let change = |text: &mut Text| {
                let new = text.add_app_secret(&secret)?;
                Ok(new.then(|| format!("app secret {} is accepted", fingerprint(&secret))))
            };
            lines.push(changed(&services.whatsapp()?, keeping.course, change).await?);
        }
        SecretChange::DropAppSecret(which) => {
            let change = |text: &mut Text| {
                text.drop_app_secret(which)?;
                Ok(Some(format!("app secret {which} is accepted no longer")))
            };
            lines.push(changed(&services.whatsapp()?, keeping.course, change).await?);
        }
        SecretChange::SetToken(tenant) => {
            let secret = secret(env, ACCESS_TOKEN, keeping.from)?;
            let change = |text: &mut Text| {
                let new = text.set_token(tenant, &secret)?;
                let which = fingerprint(&secret);
                Ok(new.then(|| format!("access token of {tenant} is {which}")))
            };
            lines.push(changed(&services.whatsapp()?, keeping.course, change).await?);
        }
    }
    Ok(answer(&lines, complete))
}

/// A secret of Meta's, from where it is said to be.
pub(crate) fn secret(
    env: &dyn Env,
    variable: &str,
    from: SecretFrom,
) -> Result<String, OperatorError> {
    let text = match from {
        SecretFrom::Variable => env.get(variable),
        SecretFrom::StandardInput => {
            let mut text = String::new();
            let input = std::io::stdin()
                .lock()
                .take(LONGEST)
                .read_to_string(&mut text);
            input.ok().map(|_| text)
        }
    };
    let text = text.map(|text| text.trim().to_owned());
    text.filter(|text| !text.is_empty()).ok_or_else(|| {
        let from = match from {
            SecretFrom::Variable => format!("the variable {variable} is missing"),
            SecretFrom::StandardInput => "the standard input holds nothing".to_owned(),
        };
        OperatorError::Usage(from)
    })
}

/// Writes a first value where there is none. Answers whether there is one now, or would be.
async fn init(
    vault: &Vault,
    course: Course,
    lines: &mut Vec<Line>,
    first: impl FnOnce() -> Result<Option<Text>, Refusal>,
) -> Result<bool, OperatorError> {
    match vault.read().await? {
        Held::Value { .. } => lines.push(line(vault, "has a value, and keeps it")),
        Held::Unusable(Refusal(why)) => {
            lines.push(line(vault, format!("has a value, and keeps it: {why}")));
        }
        Held::Nothing => {
            let Some(text) = first().map_err(|refusal| refused(vault, refusal))? else {
                let lacks =
                    format!("no value yet: --app-id and {APP_SECRET} (or --stdin) are missing");
                lines.push(line(vault, lacks));
                return Ok(false);
            };
            match course {
                Course::DryRun => lines.push(line(vault, "would get its first value")),
                Course::Apply => {
                    vault.write(&text, None).await?;
                    lines.extend(text.holds().into_iter().map(|(what, fingerprint)| Line {
                        secret: vault.what(),
                        what,
                        fingerprint,
                    }));
                }
            }
        }
    }
    Ok(true)
}

/// Changes a secret; a change that answers nothing was made before.
async fn changed(
    vault: &Vault,
    course: Course,
    change: impl FnOnce(&mut Text) -> Result<Option<String>, Refusal>,
) -> Result<Line, OperatorError> {
    let (mut text, version) = match vault.read().await? {
        Held::Value { text, version } => (text, version),
        Held::Nothing => {
            let why = "it has no value yet: `secrets init` first".to_owned();
            return Err(refused(vault, Refusal(why)));
        }
        Held::Unusable(refusal) => return Err(refused(vault, refusal)),
    };
    let what = change(&mut text).map_err(|refusal| refused(vault, refusal))?;
    Ok(match (what, course) {
        (None, _) => line(vault, "is so already"),
        (Some(what), Course::DryRun) => line(vault, format!("would be: {what}")),
        (Some(what), Course::Apply) => {
            vault.write(&text, Some(&version)).await?;
            line(vault, what)
        }
    })
}

/// The same error that a vault itself gives.
pub(crate) fn refused(vault: &Vault, Refusal(why): Refusal) -> OperatorError {
    OperatorError::Secret {
        what: vault.what(),
        why,
    }
}

fn line(vault: &Vault, what: impl Into<String>) -> Line {
    Line {
        secret: vault.what(),
        what: what.into(),
        fingerprint: "-".to_owned(),
    }
}

fn answer(lines: &[Line], complete: bool) -> Answer {
    let rows: Vec<[String; 3]> = lines
        .iter()
        .map(|line| {
            let fingerprint = line.fingerprint.clone();
            [line.secret.to_owned(), line.what.clone(), fingerprint]
        })
        .collect();
    let json = lines.iter().map(
        |line| json!({ "secret": line.secret, "what": line.what, "fingerprint": line.fingerprint }),
    );
    Answer {
        text: table(["secret", "what", "fingerprint"], &rows),
        json: json!({ "secrets": json.collect::<Value>() }),
        verdict: Fits::when(complete),
    }
}
