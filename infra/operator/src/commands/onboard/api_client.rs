//! The bank's API client: named, or made in the stack's own pool.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use recado_ports::{Chance, Registry};
use recado_setup::{Pool, PoolClient};

use super::steps::Steps;
use super::{Scene, owned};
use crate::arguments::ApiClient;
use crate::errors::OperatorError;

/// The resource server's name in front of each scope, and its scopes (`infra/template.yaml`).
const SCOPES: [&str; 6] = [
    "recado/notifications.write",
    "recado/notifications.read",
    "recado/consents.write",
    "recado/consents.read",
    "recado/templates.write",
    "recado/templates.read",
];
/// How many audiences API Gateway's authorizer takes.
const AUDIENCES: usize = 50;

impl<C: Chance + Clone + 'static> Scene<'_, C> {
    /// The client that the command line names.
    pub(super) fn named_client(&self) -> Option<&str> {
        match &self.onboarding.client {
            ApiClient::Named(id) => Some(id),
            ApiClient::Unnamed | ApiClient::Pool { .. } => None,
        }
    }

    pub(super) async fn api_client(&self, steps: &mut Steps) -> Result<(), OperatorError> {
        match &self.onboarding.client {
            ApiClient::Unnamed => Ok(()),
            ApiClient::Named(id) => {
                self.register_client(id, steps).await?;
                let what = format!(
                    "the API answers 401 unless the stack's parameter JwtAudience (at most {AUDIENCES}) has what this \
                     client's tokens carry in aud; where they carry none: {id}"
                );
                steps.told("audience", what);
                Ok(())
            }
            ApiClient::Pool { id, secret_file } => {
                let pool = self.services.pool(id);
                self.pool_client(&pool, secret_file.as_deref(), steps).await
            }
        }
    }

    async fn register_client(&self, id: &str, steps: &mut Steps) -> Result<(), OperatorError> {
        let (store, tenant) = (&self.clients.store, &self.bank.tenant);
        let known = store.clients_of(tenant).await?;
        // Its entry and its place beside the bank's: what broke off between the two is completed.
        if known.iter().any(|known| known == id) && store.client(id).await?.is_some() {
            steps.same("client", format!("{id} is the bank's"));
        } else if steps.change("client", format!("{id} is the bank's")) {
            store.put_client(id, tenant).await.map_err(owned)?;
        }
        Ok(())
    }

    /// The client of the bank's name in the pool.
    async fn pool_client(
        &self,
        pool: &Pool,
        secret_file: Option<&Path>,
        steps: &mut Steps,
    ) -> Result<(), OperatorError> {
        let (tenant, now) = (&self.bank.tenant, self.clients.chance.now());
        let mut clients = pool.clients(now).await?;
        let id = match clients.get(tenant.as_str()) {
            Some(id) => {
                let id = id.clone();
                let owner = self.clients.store.client(&id).await?;
                if let Some(owner) = owner.filter(|owner| owner != tenant) {
                    let text =
                        format!("the pool's client {tenant} belongs to {owner} in the registry");
                    return Err(OperatorError::Usage(text));
                }
                steps.same("pool", format!("has the client {id}"));
                // A run that broke off after it had made the client may have kept no secret.
                if let Some(path) = secret_file.filter(|path| !path.exists())
                    && steps.change("secret file", format!("gets the secret of {id}"))
                {
                    keep(path, &pool.client(&id, now).await?)?;
                }
                id
            }
            None if clients.len() >= AUDIENCES => {
                let text = format!(
                    "the pool has {} clients, and API Gateway's authorizer takes {AUDIENCES} audiences: another \
                     stack, or an issuer of the banks' own",
                    clients.len()
                );
                return Err(OperatorError::Usage(text));
            }
            None => {
                let path = secret_file.ok_or_else(|| {
                    OperatorError::Usage(
                        "--secret-file is missing: the client gets a secret".to_owned(),
                    )
                })?;
                if path.exists() {
                    let text = "--secret-file exists already; name one that does not";
                    return Err(OperatorError::Usage(text.to_owned()));
                }
                if !steps.change(
                    "pool",
                    format!("gets a client {tenant}; its secret goes to --secret-file"),
                ) {
                    return Ok(());
                }
                let client = pool.create(tenant, &SCOPES, now).await?;
                keep(path, &client)?;
                steps.told("pool", format!("the client's id is {}", client.id));
                clients.insert(tenant.to_string(), client.id.clone());
                client.id
            }
        };
        self.register_client(&id, steps).await?;
        let audience: Vec<&str> = clients.values().map(String::as_str).collect();
        let what = format!(
            "deploy the stack with JwtAudience={} unless it has it; until then the API answers this client 401",
            audience.join(",")
        );
        steps.told("audience", what);
        Ok(())
    }
}

/// Writes a client's id and secret where nothing was, for this user alone.
fn keep(path: &Path, client: &PoolClient) -> Result<(), OperatorError> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let PoolClient { id, secret } = client;
    opened
        .and_then(|mut file| {
            file.write_all(format!("client_id={id}\nclient_secret={secret}\n").as_bytes())
        })
        .map_err(|source| {
            let source = if source.kind() == ErrorKind::AlreadyExists {
                std::io::Error::new(source.kind(), "it exists already")
            } else {
                source
            };
            OperatorError::File {
                path: path.display().to_string(),
                source,
            }
        })
}
