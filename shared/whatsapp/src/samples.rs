//! Samples of media headers: what Meta's reviewers see where a message has its customer's own file.

use http::Method;
use http::header::CONTENT_TYPE;
use recado_domain::file::FileType;
use recado_domain::ids::AppId;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::json;
use crate::templates::ManageError;
use crate::token::AccessToken;
use crate::wire;

/// Longer than any session's or handle's name that Meta gives.
const LONGEST: usize = 4 * 1024;

/// What stands for an uploaded sample in the creation of a template (`header_handle`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleHandle(String);

impl SampleHandle {
    /// As the creation holds it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Client {
    /// Uploads a sample through Meta's Resumable Upload API, in one piece. One handle is good for any
    /// number of templates; uploading again does no harm.
    pub async fn upload_sample(
        &self,
        app: &AppId,
        token: &AccessToken,
        kind: FileType,
        file: &[u8],
    ) -> Result<SampleHandle, ManageError> {
        let path = format!("{app}/uploads?{}", announcement(kind, file.len()));
        let begun = self
            .asked(
                self.request(Method::POST, &path, token.header()),
                Vec::new(),
            )
            .await?;
        let begun: Session<'_> =
            serde_json::from_slice(&begun).map_err(|_| ManageError::Unavailable)?;
        let session = named(begun.id).filter(|id| id.starts_with("upload:"));
        let session = session.ok_or(ManageError::Unavailable)?;
        let whole = self
            .request(Method::POST, &session, token.oauth())
            .header(CONTENT_TYPE, kind.media_type())
            .header("file_offset", "0");
        let answer = self.asked(whole, file.to_vec()).await?;
        let file: Uploaded<'_> =
            serde_json::from_slice(&answer).map_err(|_| ManageError::Unavailable)?;
        named(file.h)
            .map(SampleHandle)
            .ok_or(ManageError::Unavailable)
    }
}

fn announcement(kind: FileType, length: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("file_name", wire::file_name(kind));
    query.append_pair("file_length", &length.to_string());
    query.append_pair("file_type", kind.media_type());
    query.finish()
}

#[derive(Deserialize)]
struct Session<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Uploaded<'a> {
    #[serde(borrow)]
    h: Option<&'a RawValue>,
}

/// A name as Meta wrote it: it goes back to Meta as it came.
fn named(raw: Option<&RawValue>) -> Option<String> {
    json::owned(raw)
        .filter(|name| name.len() <= LONGEST && name.bytes().all(|b| b.is_ascii_graphic()))
}
