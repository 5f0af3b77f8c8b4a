//! Who asked for what: the functions' roles are enforced, and what each function used is kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::asked;
use super::dynamodb::Units;
use super::front::Service;
use super::wire::{self, Protocol};
use super::{ACCOUNT, sns};
use crate::policy::{Asked, Decision, Role};

/// What a function used, or was refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Use {
    /// The function, by its logical id.
    pub function: String,
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// The ARN of what was acted on.
    pub resource: String,
    /// For items of the table the kind of their partition, which is its key up to the first `#`, that one
    /// included: `NTF#`. Empty for everything else.
    pub kind: String,
}

/// The requests of one function that do the same to items of the same kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requests {
    /// The function, by its logical id.
    pub function: String,
    /// The operation with its service in front: `dynamodb:TransactWriteItems`.
    pub operation: String,
    /// The kinds of partitions in it, in order, each once: `RCP#+RCPH#`.
    pub kinds: String,
}

/// How many requests, and what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Tally {
    /// Requests, whatever came of them.
    pub requests: u64,
    /// DynamoDB read units.
    pub read_units: f64,
    /// DynamoDB write units.
    pub write_units: f64,
}

/// The roles by access key, and what was asked with them.
#[derive(Default)]
pub(super) struct Guard(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    roles: BTreeMap<String, Role>,
    used: BTreeMap<Use, u64>,
    refused: BTreeMap<Use, u64>,
    requests: BTreeMap<Requests, Tally>,
}

impl Guard {
    /// From now on requests signed with these access keys may do what their roles say, and no more.
    pub(super) fn enforce(&self, roles: BTreeMap<String, Role>) {
        self.kept().roles = roles;
    }

    /// Notes what is asked for. The refusal, if the signer's role does not allow all of it; a signer
    /// without a role may do everything.
    pub(super) fn admit(
        &self,
        signer: Option<&str>,
        service: Service,
        wanted: &[Asked],
    ) -> Result<(), Box<Response>> {
        let mut kept = self.kept();
        let Some((function, role)) = signer.and_then(|key| kept.roles.get_key_value(key)) else {
            return Ok(());
        };
        let function = function.clone();
        let refusal = wanted.iter().find_map(|asked| match role.decide(asked) {
            Decision::Allowed => None,
            Decision::NotAllowed => Some((asked, "no identity-based policy allows it")),
            Decision::Denied => Some((asked, "an identity-based policy denies it")),
        });
        if let Some((asked, why)) = refusal {
            for refused in uses(&function, asked) {
                *kept.refused.entry(refused).or_default() += 1;
            }
            return Err(Box::new(access_denied(service, &function, asked, why)));
        }
        for used in wanted.iter().flat_map(|asked| uses(&function, asked)) {
            *kept.used.entry(used).or_default() += 1;
        }
        Ok(())
    }

    /// Notes what was used without a request.
    pub(super) fn note(&self, function: &str, asked: &Asked) {
        let mut kept = self.kept();
        for used in uses(function, asked) {
            *kept.used.entry(used).or_default() += 1;
        }
    }

    /// Counts a request of a function that was carried out.
    pub(super) fn count(
        &self,
        signer: Option<&str>,
        (service, operation): (Service, &str),
        wanted: &[Asked],
        units: Units,
    ) {
        let mut kept = self.kept();
        let Some(function) = signer.filter(|key| kept.roles.contains_key(*key)) else {
            return;
        };
        let mut kinds: Vec<String> = wanted.iter().flat_map(kinds).collect();
        kinds.sort();
        kinds.dedup();
        let requests = Requests {
            function: function.to_owned(),
            operation: format!("{}:{operation}", asked::prefix(service)),
            kinds: kinds.join("+"),
        };
        let tally = kept.requests.entry(requests).or_default();
        tally.requests += 1;
        tally.read_units += units.read;
        tally.write_units += units.write;
    }

    pub(super) fn used(&self) -> BTreeMap<Use, u64> {
        self.kept().used.clone()
    }

    pub(super) fn refused(&self) -> BTreeMap<Use, u64> {
        self.kept().refused.clone()
    }

    pub(super) fn requests(&self) -> BTreeMap<Requests, Tally> {
        self.kept().requests.clone()
    }

    pub(super) fn reset(&self) {
        let mut kept = self.kept();
        kept.used.clear();
        kept.refused.clear();
        kept.requests.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kind of a partition: what stands before its id. Ids and pseudonyms are not kept.
fn kind(leading_key: &str) -> String {
    match leading_key.split_once('#') {
        Some((kind, _)) => format!("{kind}#"),
        None => leading_key.to_owned(),
    }
}

fn kinds(asked: &Asked) -> impl Iterator<Item = String> + use<'_> {
    asked.leading_keys.iter().map(|key| kind(key))
}

fn uses(function: &str, asked: &Asked) -> Vec<Use> {
    let of = |kind: String| Use {
        function: function.to_owned(),
        action: asked.action.clone(),
        resource: asked.resource.clone(),
        kind,
    };
    if asked.leading_keys.is_empty() {
        return vec![of(String::new())];
    }
    kinds(asked).map(of).collect()
}

/// The refusal as the service writes it.
fn access_denied(service: Service, function: &str, asked: &Asked, why: &str) -> Response {
    let Asked {
        action, resource, ..
    } = asked;
    let message = format!(
        "User: arn:aws:sts::{ACCOUNT}:assumed-role/{function}/{function} is not authorized to perform: \
         {action} on resource: {resource} because {why}"
    );
    let json = |protocol, kind| wire::json_error(protocol, StatusCode::BAD_REQUEST, kind, &message);
    match service {
        Service::DynamoDb => json(
            Protocol::Json10,
            "com.amazon.coral.service#AccessDeniedException",
        ),
        Service::Sqs => wire::with_query_error(
            json(
                Protocol::Json10,
                "com.amazon.coral.service#AccessDeniedException",
            ),
            "AccessDenied",
        ),
        Service::Sns => sns::authorization_error(&message),
        Service::SecretsManager => json(Protocol::Json11, "AccessDeniedException"),
    }
}
