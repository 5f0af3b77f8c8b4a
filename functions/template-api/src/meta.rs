//! Meta's template management with each tenant's access token.

use std::time::Duration;

use recado_domain::ids::{AppId, BusinessAccountId, TenantId};
use recado_domain::standing::Edition;
use recado_domain::template::Template;
use recado_runtime::Tokens;
use recado_whatsapp::{AccessToken, AtMeta, Client, ManageError, Reviewer};

/// How long one question to Meta may take: finding, the two of a sample's upload, and creating together
/// stay under the gateway's limit.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(6);

/// Template management, for all tenants.
pub struct Meta {
    client: Client,
    app: AppId,
    tokens: Tokens<AccessToken>,
}

impl Meta {
    /// Takes the client, the app and the tokens.
    #[must_use]
    pub fn new(client: Client, app: AppId, tokens: Tokens<AccessToken>) -> Self {
        Self {
            client,
            app,
            tokens,
        }
    }

    /// What hands in one version: its languages share the sample of their header. None for a bank without
    /// an access token.
    pub(crate) fn reviewer<'a>(
        &'a self,
        tenant: &'a TenantId,
        account: &'a BusinessAccountId,
    ) -> Option<HandingIn<'a>> {
        self.tokens.get(tenant)?;
        Some(HandingIn {
            tokens: &self.tokens,
            tenant,
            reviewer: Reviewer::new(&self.client, &self.app, account),
        })
    }
}

/// Hands the languages of one version in with the bank's token, whichever it is by now.
pub(crate) struct HandingIn<'a> {
    tokens: &'a Tokens<AccessToken>,
    tenant: &'a TenantId,
    reviewer: Reviewer<'a>,
}

impl HandingIn<'_> {
    /// One language as it stands at Meta, handed in where Meta does not have it yet.
    pub(crate) async fn hand_in(
        &self,
        template: &Template,
        edition: &Edition,
    ) -> Result<AtMeta, ManageError> {
        let hand_in =
            async |token: AccessToken| self.reviewer.hand_in(&token, template, edition).await;
        let refused = |answer: &Result<_, ManageError>| {
            answer.as_ref().is_err_and(ManageError::refuses_token)
        };
        let answer = self.tokens.ask(self.tenant, hand_in, refused).await;
        // A bank whose token was taken out of the secret meanwhile.
        answer.unwrap_or(Err(ManageError::Unavailable))
    }
}
