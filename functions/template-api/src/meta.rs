//! Meta's template management with each tenant's access token.

use std::collections::BTreeMap;
use std::time::Duration;

use recado_domain::ids::{BusinessAccountId, TenantId};
use recado_domain::standing::Edition;
use recado_domain::template::Template;
use recado_whatsapp::{AccessToken, AtMeta, Client, ManageError, TokenError};

/// How long one question to Meta may take: finding and creating together stay under the gateway's limit.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(8);

/// Template management, for all tenants.
pub struct Meta {
    client: Client,
    tokens: BTreeMap<TenantId, AccessToken>,
}

impl Meta {
    /// Takes the client and the tokens.
    pub fn new(client: Client, tokens: BTreeMap<TenantId, String>) -> Result<Self, TokenError> {
        let parse = |(tenant, token): (TenantId, String)| Ok((tenant, AccessToken::parse(&token)?));
        Ok(Self {
            client,
            tokens: tokens.into_iter().map(parse).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn token(&self, tenant: &TenantId) -> Option<&AccessToken> {
        self.tokens.get(tenant)
    }

    /// One language as it stands at Meta, handed in where Meta does not have it yet.
    pub(crate) async fn hand_in(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
        template: &Template,
        edition: &Edition,
    ) -> Result<AtMeta, ManageError> {
        let find = || self.client.find_template(account, token, edition);
        if let Some(known) = find().await? {
            return Ok(known);
        }
        let payload = template.creation_payload(edition.locale);
        match self.client.create_template(account, token, &payload).await {
            // Somebody else has handed it in meanwhile.
            Err(ManageError::Exists) => find().await?.ok_or(ManageError::Unavailable),
            outcome => outcome,
        }
    }
}
