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
    tokens: BTreeMap<TenantId, AccessToken>,
}

impl Meta {
    /// Takes the client and the tokens.
    pub fn new(client: Client, tokens: BTreeMap<TenantId, String>) -> Result<Self, TokenError> {
        Ok(Self {
            client,
            tokens: AccessToken::parse_all(tokens)?,
        })
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
            Some(token) => self.client.send(from, token, to, message, carried).await,
            None => PostOutcome::Rejected(Failure {
                kind: FailureKind::Technical,
                code: None,
                title: "no access token for the tenant".to_owned(),
            }),
        }
    }
}
