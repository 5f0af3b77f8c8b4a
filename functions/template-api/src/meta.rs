//! Meta's template management with each tenant's access token.

use std::time::Duration;

use recado_domain::file::FileType;
use recado_domain::ids::{AppId, BusinessAccountId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::standing::Edition;
use recado_domain::template::{Header, Template};
use recado_runtime::Tokens;
use recado_whatsapp::{AccessToken, AtMeta, Client, ManageError, SampleHandle};
use serde_json::json;
use tokio::sync::OnceCell;

/// How long one question to Meta may take: finding, the two of a sample's upload, and creating together
/// stay under the gateway's limit.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(6);

/// What a reviewer sees of a document header.
const DOCUMENT: &[u8] = include_bytes!("../samples/document.pdf");
/// What a reviewer sees of an image header.
const IMAGE: &[u8] = include_bytes!("../samples/image.png");

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
    ) -> Option<Reviewer<'a>> {
        self.tokens.get(tenant)?;
        Some(Reviewer {
            meta: self,
            tenant,
            account,
            document: OnceCell::new(),
            image: OnceCell::new(),
        })
    }
}

/// Hands the languages of one version in.
pub(crate) struct Reviewer<'a> {
    meta: &'a Meta,
    tenant: &'a TenantId,
    account: &'a BusinessAccountId,
    document: OnceCell<SampleHandle>,
    image: OnceCell<SampleHandle>,
}

impl Reviewer<'_> {
    /// One language as it stands at Meta, handed in where Meta does not have it yet.
    pub(crate) async fn hand_in(
        &self,
        template: &Template,
        edition: &Edition,
    ) -> Result<AtMeta, ManageError> {
        let hand_in = async |token: AccessToken| self.hand_in_with(&token, template, edition).await;
        let refused = |answer: &Result<_, ManageError>| {
            answer.as_ref().is_err_and(ManageError::refuses_token)
        };
        let answer = self.meta.tokens.ask(self.tenant, hand_in, refused).await;
        // A bank whose token was taken out of the secret meanwhile.
        answer.unwrap_or(Err(ManageError::Unavailable))
    }

    async fn hand_in_with(
        &self,
        token: &AccessToken,
        template: &Template,
        edition: &Edition,
    ) -> Result<AtMeta, ManageError> {
        let client = &self.meta.client;
        let find = || client.find_template(self.account, token, edition);
        if let Some(known) = find().await? {
            return Ok(known);
        }
        let mut payload = template.creation_payload(edition.locale);
        if let Some(sample) = self.sample(token, template, edition.locale).await? {
            payload["components"][0]["example"]["header_handle"] = json!([sample.as_str()]);
        }
        let created = client.create_template(self.account, token, &payload);
        match created.await {
            // Somebody else has handed it in meanwhile.
            Err(ManageError::Exists) => find().await?.ok_or(ManageError::Unavailable),
            outcome => outcome,
        }
    }

    /// The uploaded sample of a media header, which is a creation's first component.
    async fn sample(
        &self,
        token: &AccessToken,
        template: &Template,
        locale: Locale,
    ) -> Result<Option<&SampleHandle>, ManageError> {
        let texts = template.locales.get(&locale);
        let header = texts
            .and_then(|texts| texts.whatsapp.as_ref())
            .and_then(|text| text.header.as_ref());
        let (cell, kind, file) = match header {
            Some(Header::Document(_)) => (&self.document, FileType::Pdf, DOCUMENT),
            Some(Header::Image(_)) => (&self.image, FileType::Png, IMAGE),
            Some(Header::Text(_)) | None => return Ok(None),
        };
        let Meta { client, app, .. } = self.meta;
        let upload = || client.upload_sample(app, token, kind, file);
        cell.get_or_try_init(upload).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use recado_domain::file::{self, FileType};

    #[test]
    fn the_samples_are_what_a_bank_might_send() {
        for (kind, sample) in [
            (FileType::Pdf, super::DOCUMENT),
            (FileType::Png, super::IMAGE),
        ] {
            assert_eq!(file::check(kind, sample), Ok(()), "{kind:?}");
        }
    }
}
