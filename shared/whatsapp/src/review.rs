//! Hands the languages of a template in for Meta's review, with the sample that a media header needs.

use recado_domain::file::FileType;
use recado_domain::ids::{AppId, BusinessAccountId};
use recado_domain::locale::Locale;
use recado_domain::standing::{Aspect, Edition, Note, Said};
use recado_domain::template::{Header, Template};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::client::Client;
use crate::samples::SampleHandle;
use crate::templates::{AtMeta, ManageError};
use crate::token::AccessToken;

/// What a reviewer sees of a document header.
const DOCUMENT: &[u8] = include_bytes!("../samples/document.pdf");
/// What a reviewer sees of an image header.
const IMAGE: &[u8] = include_bytes!("../samples/image.png");

/// Hands languages of templates in; those with a header of the same kind share its sample.
pub struct Reviewer<'a> {
    client: &'a Client,
    app: &'a AppId,
    account: &'a BusinessAccountId,
    document: OnceCell<SampleHandle>,
    image: OnceCell<SampleHandle>,
}

impl<'a> Reviewer<'a> {
    /// For one account. Samples are uploaded to the app, whose tokens the questions are asked with.
    #[must_use]
    pub fn new(client: &'a Client, app: &'a AppId, account: &'a BusinessAccountId) -> Self {
        Self {
            client,
            app,
            account,
            document: OnceCell::new(),
            image: OnceCell::new(),
        }
    }

    /// One language as it stands at Meta, handed in where Meta does not have it yet.
    ///
    /// # Errors
    /// What Meta answers; it may be asked for again.
    pub async fn hand_in(
        &self,
        token: &AccessToken,
        template: &Template,
        edition: &Edition,
    ) -> Result<AtMeta, ManageError> {
        match self.find(token, edition).await? {
            Some(known) => Ok(known),
            None => self.create(token, template, edition).await,
        }
    }

    /// The same for one that Meta was found not to have: one question less.
    ///
    /// # Errors
    /// What Meta answers; it may be asked for again.
    pub async fn create(
        &self,
        token: &AccessToken,
        template: &Template,
        edition: &Edition,
    ) -> Result<AtMeta, ManageError> {
        let mut payload = template.creation_payload(edition.locale);
        if let Some(sample) = self.sample(token, template, edition.locale).await? {
            payload["components"][0]["example"]["header_handle"] = json!([sample.as_str()]);
        }
        let created = self.client.create_template(self.account, token, &payload);
        match created.await {
            // Somebody else has handed it in meanwhile.
            Err(ManageError::Exists) => self
                .find(token, edition)
                .await?
                .ok_or(ManageError::Unavailable),
            outcome => outcome,
        }
    }

    async fn find(
        &self,
        token: &AccessToken,
        edition: &Edition,
    ) -> Result<Option<AtMeta>, ManageError> {
        self.client
            .find_template(self.account, token, edition)
            .await
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
        let upload = || self.client.upload_sample(self.app, token, kind, file);
        cell.get_or_try_init(upload).await.map(Some)
    }
}

impl AtMeta {
    /// What an answer is noted as. The category before the state: nothing leaves as what it is not.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let aspects = [
            self.category.map(Aspect::Category),
            self.quality.map(Aspect::Quality),
            self.review
                .map(|review| Aspect::Review(review, self.reason)),
        ];
        let said = Said::Asked;
        let aspects = aspects.into_iter().flatten();
        aspects.map(|aspect| Note { aspect, said }).collect()
    }
}

#[cfg(test)]
mod tests {
    use recado_domain::file;

    use super::*;

    #[test]
    fn the_samples_are_what_a_bank_might_send() {
        for (kind, sample) in [(FileType::Pdf, DOCUMENT), (FileType::Png, IMAGE)] {
            assert_eq!(file::check(kind, sample), Ok(()), "{kind:?}");
        }
    }
}
