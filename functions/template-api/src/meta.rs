//! Meta's template management with each tenant's access token.

use std::collections::BTreeMap;
use std::time::Duration;

use recado_domain::ids::{AppId, BusinessAccountId, TenantId};
use recado_whatsapp::{AccessToken, Client, Reviewer, TokenError};

/// How long one question to Meta may take: finding, the two of a sample's upload, and creating together
/// stay under the gateway's limit.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(6);

/// Template management, for all tenants.
pub struct Meta {
    client: Client,
    app: AppId,
    tokens: BTreeMap<TenantId, AccessToken>,
}

impl Meta {
    /// Takes the client, the app and the tokens.
    pub fn new(
        client: Client,
        app: AppId,
        tokens: BTreeMap<TenantId, String>,
    ) -> Result<Self, TokenError> {
        Ok(Self {
            client,
            app,
            tokens: AccessToken::parse_all(tokens)?,
        })
    }

    /// What hands in one version: its languages share the sample of their header.
    pub(crate) fn reviewer<'a>(
        &'a self,
        tenant: &TenantId,
        account: &'a BusinessAccountId,
    ) -> Option<Reviewer<'a>> {
        let token = self.tokens.get(tenant)?;
        Some(Reviewer::new(&self.client, &self.app, account, token))
    }
}
