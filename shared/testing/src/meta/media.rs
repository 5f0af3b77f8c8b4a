//! Media: upload, the five-minute link, download.

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use ring::digest;
use serde_json::{Value, json};

use super::errors::GraphError;

const LINK_LIVES: Duration = Duration::from_secs(5 * 60);
const UPLOAD_LIVES: Duration = Duration::from_secs(30 * 24 * 3600);

/// MIME types that Meta takes, and the largest file of each (bytes).
const LIMITS: [(&str, usize); 18] = [
    ("image/jpeg", 5 << 20),
    ("image/png", 5 << 20),
    ("image/webp", 500 << 10),
    ("audio/aac", 16 << 20),
    ("audio/amr", 16 << 20),
    ("audio/mpeg", 16 << 20),
    ("audio/mp4", 16 << 20),
    ("audio/ogg", 16 << 20),
    ("video/mp4", 16 << 20),
    ("video/3gpp", 16 << 20),
    ("text/plain", 100 << 20),
    ("application/pdf", 100 << 20),
    ("application/msword", 100 << 20),
    ("application/vnd.ms-excel", 100 << 20),
    ("application/vnd.ms-powerpoint", 100 << 20),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        100 << 20,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        100 << 20,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        100 << 20,
    ),
];

#[derive(Debug)]
pub(crate) struct Media {
    pub(crate) owner: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Vec<u8>,
    expires: Timestamp,
}

impl Media {
    /// Whether the bytes are of another kind than was declared: found out when the message is
    /// processed, and told by webhook (131053).
    pub(crate) fn is_mislabelled(&self) -> bool {
        const MAGIC: [(&str, &[u8]); 4] = [
            ("image/jpeg", b"\xff\xd8\xff"),
            ("image/png", b"\x89PNG"),
            ("application/pdf", b"%PDF"),
            ("audio/ogg", b"OggS"),
        ];
        MAGIC
            .iter()
            .any(|(mime, magic)| *mime == self.mime_type && !self.bytes.starts_with(magic))
    }
}

#[derive(Debug, Default)]
pub(crate) struct MediaStore {
    by_id: BTreeMap<String, Media>,
    uploaded: u64,
}

impl MediaStore {
    pub(crate) fn upload(
        &mut self,
        owner: &str,
        content_type: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, GraphError> {
        let parts = multipart(content_type.unwrap_or_default(), body)
            .ok_or_else(|| GraphError::invalid("The body must be multipart/form-data."))?;
        let part = |name: &str| {
            parts
                .iter()
                .find(|part| part.name == name)
                .ok_or_else(|| GraphError::invalid(format!("The parameter {name} is required.")))
        };
        if part("messaging_product")?.bytes != b"whatsapp" {
            return Err(GraphError::invalid(
                "Param messaging_product must be one of {WHATSAPP}.",
            ));
        }
        let file = part("file")?;
        let declared = match part("type") {
            Ok(kind) => String::from_utf8_lossy(kind.bytes).into_owned(),
            Err(_) => file.content_type.clone().unwrap_or_default(),
        };
        let mime_type = declared.split(';').next().unwrap_or_default().trim();
        let Some((_, max)) = LIMITS.iter().find(|(known, _)| *known == mime_type) else {
            return Err(GraphError::invalid(format!(
                "Param file must be a file with one of the supported types. Received file of type '{mime_type}'."
            )));
        };
        if file.bytes.is_empty() || file.bytes.len() > *max {
            return Err(GraphError::new(
                131_053,
                format!("The file must have between 1 and {max} bytes."),
            ));
        }
        self.uploaded += 1;
        let id = (910_000_000_000_000 + self.uploaded).to_string();
        self.by_id.insert(
            id.clone(),
            Media {
                owner: owner.to_owned(),
                mime_type: mime_type.to_owned(),
                bytes: file.bytes.to_vec(),
                expires: now + UPLOAD_LIVES,
            },
        );
        Ok(json!({ "id": id }))
    }

    /// Takes it that the number uploaded a file under this id, whose content nobody has seen.
    pub(crate) fn suppose(&mut self, owner: &str, id: &str, now: Timestamp) {
        self.by_id.insert(
            id.to_owned(),
            Media {
                owner: owner.to_owned(),
                mime_type: "application/octet-stream".to_owned(),
                bytes: Vec::new(),
                expires: now + UPLOAD_LIVES,
            },
        );
    }

    pub(crate) fn get(&self, id: &str, now: Timestamp) -> Option<&Media> {
        self.by_id.get(id).filter(|media| now < media.expires)
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    /// The node of a media id, with a link that lives five minutes.
    pub(crate) fn node(&self, id: &str, base: &str, now: Timestamp) -> Option<Value> {
        let media = self.get(id, now)?;
        let until = (now + LINK_LIVES).as_second();
        let hash = digest::digest(&digest::SHA256, &media.bytes);
        Some(json!({
            "messaging_product": "whatsapp",
            "id": id,
            "url": format!("{base}/media_download?mid={id}&ext={until}"),
            "mime_type": media.mime_type,
            "sha256": HEXLOWER.encode(hash.as_ref()),
            "file_size": media.bytes.len(),
        }))
    }
}

struct Part<'a> {
    name: String,
    content_type: Option<String>,
    bytes: &'a [u8],
}

/// The parts of a `multipart/form-data` body; `None` when it is not one.
fn multipart<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let boundary = content_type
        .strip_prefix("multipart/form-data")?
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("boundary="))?
        .trim_matches('"');
    let mark = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = &body[find(body, mark.as_bytes())? + mark.len()..];
    while let Some(inner) = rest.strip_prefix(b"\r\n") {
        let end = find(inner, format!("\r\n{mark}").as_bytes())?;
        let (part, after) = inner.split_at(end);
        let head = find(part, b"\r\n\r\n")?;
        let headers = String::from_utf8_lossy(&part[..head]);
        let header = |name: &str| {
            headers.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let name = header("content-disposition")?
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("name=").map(str::to_owned))?
            .trim_matches('"')
            .to_owned();
        parts.push(Part {
            name,
            content_type: header("content-type"),
            bytes: &part[head + 4..],
        });
        rest = &after[mark.len() + 2..];
    }
    Some(parts)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
