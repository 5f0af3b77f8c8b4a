//! A file on its way to `POST /{phone number id}/media`.

use data_encoding::HEXLOWER;
use recado_domain::file::FileType;
use ring::digest;

/// The multipart body that uploads a file, behind its own media type. Holds the customer's data: never
/// logged, never stored.
#[must_use]
pub fn upload(kind: FileType, file: &[u8]) -> (String, Vec<u8>) {
    // The file's own digest: nobody can make a file that contains it.
    let digest = digest::digest(&digest::SHA256, file);
    let boundary = &HEXLOWER.encode(digest.as_ref());
    let field = |name: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let media_type = kind.media_type();
    let mut body = field("messaging_product", "whatsapp").into_bytes();
    body.extend_from_slice(field("type", media_type).as_bytes());
    body.extend_from_slice(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: {media_type}\r\n\r\n",
            file_name(kind)
        )
        .as_bytes(),
    );
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Meta asks for a name. Customers see the one that the message gives.
#[must_use]
pub fn file_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Pdf => "document.pdf",
        FileType::Jpeg => "image.jpg",
        FileType::Png => "image.png",
    }
}
