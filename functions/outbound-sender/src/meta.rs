//! Meta's client with each tenant's access token.

use std::collections::BTreeMap;

use recado_domain::carried::Carried;
use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use recado_domain::ids::{PhoneNumberId, TenantId};
use recado_domain::message::{Addressee, Outgoing};
use recado_ports::WhatsappChannel;
use recado_whatsapp::{AccessToken, Client, TokenError};

/// The Cloud API, for all tenants.
pub struct Meta {
    client: Client,
    /// The same API of the sandbox, which stands in for Meta where the recipient is a reserved one.
    sandbox: Option<Client>,
    tokens: BTreeMap<TenantId, AccessToken>,
}

impl Meta {
    /// Takes the client and the tokens.
    pub fn new(client: Client, tokens: BTreeMap<TenantId, String>) -> Result<Self, TokenError> {
        Ok(Self {
            client,
            sandbox: None,
            tokens: AccessToken::parse_all(tokens)?,
        })
    }

    /// With a sandbox for the recipients that need no phone; without one they are Meta's like any other.
    #[must_use]
    pub fn with_sandbox(self, sandbox: Option<Client>) -> Self {
        Self { sandbox, ..self }
    }

    fn client_for(&self, to: &Addressee) -> &Client {
        match (&self.sandbox, to) {
            (Some(sandbox), Addressee::Phone(phone)) if phone.is_reserved() => sandbox,
            (Some(_) | None, Addressee::Phone(_) | Addressee::User(_)) => &self.client,
        }
    }
}

impl WhatsappChannel for Meta {
    async fn send(
        &self,
        tenant: &TenantId,
        from: &PhoneNumberId,
        to: &Addressee,
        message: &Outgoing,
        carried: &Carried,
    ) -> PostOutcome {
        match self.tokens.get(tenant) {
            Some(token) => {
                let client = self.client_for(to);
                client.send(from, token, to, message, carried).await
            }
            None => PostOutcome::Rejected(Failure {
                kind: FailureKind::Technical,
                code: None,
                title: "no access token for the tenant".to_owned(),
            }),
        }
    }
}
