//! Meta's client with each tenant's access token.

use std::time::Duration;

use recado_domain::carried::Carried;
use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use recado_domain::ids::{PhoneNumberId, TenantId};
use recado_domain::message::{Addressee, Outgoing};
use recado_ports::WhatsappChannel;
use recado_runtime::Tokens;
use recado_whatsapp::errors::refuses_token;
use recado_whatsapp::{AccessToken, Client};

/// The Cloud API, for all tenants.
pub struct Meta {
    client: Client,
    /// The same API of the sandbox, which stands in for Meta where the recipient is a reserved one.
    sandbox: Option<Client>,
    tokens: Tokens<AccessToken>,
}

impl Meta {
    /// Takes the client and the tokens.
    #[must_use]
    pub fn new(client: Client, tokens: Tokens<AccessToken>) -> Self {
        Self {
            client,
            sandbox: None,
            tokens,
        }
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
    /// What Meta refused for a token that has been exchanged meanwhile has not left, and is worth another
    /// try at once: within the limits that the protocol sets to every try.
    async fn send(
        &self,
        tenant: &TenantId,
        from: &PhoneNumberId,
        to: &Addressee,
        message: &Outgoing,
        carried: &Carried,
    ) -> PostOutcome {
        let Some(token) = self.tokens.get(tenant) else {
            return PostOutcome::Rejected(Failure {
                kind: FailureKind::Technical,
                code: None,
                title: "no access token for the tenant".to_owned(),
            });
        };
        let client = self.client_for(to);
        let outcome = client.send(from, &token, to, message, carried).await;
        if let PostOutcome::Rejected(failure) = &outcome
            && refuses_token(failure)
            && self.tokens.has_another(tenant, &token).await
        {
            return PostOutcome::NotSent {
                failure: failure.clone(),
                retry_after: Duration::ZERO,
            };
        }
        outcome
    }
}
