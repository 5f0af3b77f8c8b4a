//! Cognito, as far as an operator makes a bank's client in a pool. The local stack's own tokens do not come from
//! here: its issuer's clients are named when it starts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::wire::{self, Protocol};
use crate::ids;

/// Clients of every pool that was ever named, by pool and id.
#[derive(Default)]
pub(super) struct Pools(Mutex<BTreeMap<(String, String), Value>>);

impl Pools {
    pub(super) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let (pool, mut clients) = (
            text("UserPoolId"),
            self.0.lock().unwrap_or_else(PoisonError::into_inner),
        );
        let answer = match operation {
            "ListUserPoolClients" => {
                let ours = clients.iter().filter(|((of, _), _)| *of == pool);
                let brief = ours.map(|(_, client)| {
                    let (id, name) = (&client["ClientId"], &client["ClientName"]);
                    json!({ "ClientId": id, "ClientName": name, "UserPoolId": pool })
                });
                json!({ "UserPoolClients": brief.collect::<Vec<_>>() })
            }
            "CreateUserPoolClient" => {
                let mut client = request.clone();
                let id = ids::hex::<13>();
                client["ClientId"] = json!(id);
                client["ClientSecret"] = json!(ids::hex::<26>());
                clients.insert((pool, id), client.clone());
                json!({ "UserPoolClient": client })
            }
            "DescribeUserPoolClient" => match clients.get(&(pool, text("ClientId"))) {
                Some(client) => json!({ "UserPoolClient": client }),
                None => return refusal("ResourceNotFoundException"),
            },
            _ => return refusal("UnknownOperationException"),
        };
        wire::json(Protocol::Json11, &answer)
    }
}

fn refusal(kind: &str) -> Response {
    let message = "The local stack has no such client or operation.";
    wire::json_error(Protocol::Json11, StatusCode::BAD_REQUEST, kind, message)
}
