//! The words after `onboard`, `check` and `secrets`.

use std::path::PathBuf;

use recado_domain::ids::{AppId, TenantId};

use super::{Given, required, usage};
use crate::errors::OperatorError;

/// Where secrets and Meta are; else the functions' own variables say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// `KEYS_SECRET_ID`.
    pub(crate) keys_secret: Option<String>,
    /// `WHATSAPP_SECRET_ID`.
    pub(crate) whatsapp_secret: Option<String>,
    /// `WHATSAPP_URL`.
    pub(crate) whatsapp_url: Option<String>,
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It only tells.
    DryRun,
    /// It is carried out.
    Apply,
}

/// Where a secret of Meta's is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretFrom {
    /// A variable of the environment.
    Variable,
    /// The standard input.
    StandardInput,
}

/// What the bank calls the API with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ApiClient {
    /// Nothing new.
    Unnamed,
    /// A client of an issuer from outside, or of the local stack.
    Named(String),
    /// A client of the stack's own pool, made where there is none.
    Pool {
        /// The pool.
        id: String,
        /// What gets the client's secret.
        secret_file: Option<PathBuf>,
    },
}

/// A bank to be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Onboarding {
    pub(crate) places: Places,
    /// The bank's file.
    pub(crate) bank: PathBuf,
    pub(crate) course: Course,
    pub(crate) client: ApiClient,
    /// Where the app's webhooks are to go; else they stay.
    pub(crate) webhook_url: Option<String>,
    /// Versions of the bank's own.
    pub(crate) templates: Vec<PathBuf>,
    pub(crate) token: SecretFrom,
    /// Who does it; else the process's user.
    pub(crate) who: Option<String>,
}

/// A bank to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checking {
    pub(crate) places: Places,
    pub(crate) tenant: TenantId,
}

/// What is asked of the secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keeping {
    pub(crate) places: Places,
    pub(crate) course: Course,
    pub(crate) from: SecretFrom,
    pub(crate) what: SecretChange,
}

/// A change of the secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretChange {
    /// None: what they hold.
    Show,
    /// The first values.
    Init {
        /// Meta's app.
        app: Option<AppId>,
    },
    /// Another sealing key, for opening.
    AddSealingKey,
    /// Another one seals.
    UseSealingKey(String),
    /// Another app secret is accepted.
    AddAppSecret,
    /// The one with this fingerprint no longer.
    DropAppSecret(String),
    /// A bank's access token.
    SetToken(TenantId),
}

pub(super) fn onboarding(given: Given) -> Result<Onboarding, OperatorError> {
    let client = match (given.client_id, given.user_pool_id) {
        (Some(_), Some(_)) => return usage("--client-id or --user-pool-id, not both"),
        (None, None) => ApiClient::Unnamed,
        (Some(id), None) => {
            if id.is_empty() || id.len() > 128 || !id.bytes().all(|b| b.is_ascii_graphic()) {
                return usage("--client-id must be 1 to 128 visible characters without spaces");
            }
            ApiClient::Named(id)
        }
        (None, Some(id)) => ApiClient::Pool {
            id,
            secret_file: given.secret_file.clone(),
        },
    };
    if given.secret_file.is_some() && !matches!(client, ApiClient::Pool { .. }) {
        return usage("--secret-file belongs to --user-pool-id");
    }
    let secure = |url: &String| url.starts_with("https://") || url.starts_with("http://127.0.0.1:");
    if given.webhook_url.as_ref().is_some_and(|url| !secure(url)) {
        return usage("--webhook-url must be an https address");
    }
    Ok(Onboarding {
        places: given.places,
        bank: required(given.bank, "--bank")?,
        course: course(given.apply),
        client,
        webhook_url: given.webhook_url,
        templates: given.templates,
        token: from(given.stdin),
        who: given.who,
    })
}

pub(super) fn checking(given: Given) -> Result<Checking, OperatorError> {
    Ok(Checking {
        tenant: required(given.tenant, "--tenant")?,
        places: given.places,
    })
}

pub(super) fn keeping(given: Given) -> Result<Keeping, OperatorError> {
    let words: Vec<&str> = given.words.iter().map(String::as_str).collect();
    let what = match words.as_slice() {
        [] => SecretChange::Show,
        ["init"] => SecretChange::Init { app: given.app_id },
        ["add-sealing-key"] => SecretChange::AddSealingKey,
        ["use-sealing-key", id] => SecretChange::UseSealingKey((*id).to_owned()),
        ["add-app-secret"] => SecretChange::AddAppSecret,
        ["drop-app-secret", which] => SecretChange::DropAppSecret((*which).to_owned()),
        ["set-token", tenant] => match TenantId::parse(tenant) {
            Ok(tenant) => SecretChange::SetToken(tenant),
            Err(_) => return usage("that is no bank's id"),
        },
        _ => return usage("secrets does not know these words; --help has them"),
    };
    let reads = matches!(
        what,
        SecretChange::Init { .. } | SecretChange::AddAppSecret | SecretChange::SetToken(_)
    );
    if given.stdin && !reads {
        return usage("--stdin belongs to init, add-app-secret and set-token");
    }
    Ok(Keeping {
        places: given.places,
        course: course(given.apply),
        from: from(given.stdin),
        what,
    })
}

fn course(apply: bool) -> Course {
    if apply { Course::Apply } else { Course::DryRun }
}

fn from(stdin: bool) -> SecretFrom {
    if stdin {
        SecretFrom::StandardInput
    } else {
        SecretFrom::Variable
    }
}
