//! Files that a bank hands over for a message's header: what one is, is read from its content alone,
//! never from its name or from what somebody says that it is.
//!
//! Each reader walks through the file's own structure to its end: a file that was cut short, renamed,
//! or that is another kind of file besides (something in front of it or behind it) is refused here,
//! where the bank reads why, instead of at Meta minutes later (131053).

mod jpeg;
mod pdf;
mod png;

use crate::fault::Fault;

/// The largest file taken, in bytes. Lambda takes 6 MB a request, in which a file is a third longer
/// (base64) and not alone. Meta's own limits are above it: 5 MB an image, 100 MB a document.
pub const LARGEST: usize = 4_500_000;

/// What an image must be for Meta.
const COLOURS: &str = "must have 8 bits per channel in RGB or RGBA";

/// A kind of file that Meta takes and a template's header can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileType {
    /// A document.
    Pdf,
    /// An image.
    Jpeg,
    /// An image.
    Png,
}

impl FileType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Jpeg, Self::Png];

    /// The type that a media type names; parameters behind it and its case say nothing.
    #[must_use]
    pub fn of_media_type(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|kind| essence.eq_ignore_ascii_case(kind.media_type()))
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The type of a template's parameter that takes it.
    #[must_use]
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Pdf => "document",
            Self::Jpeg | Self::Png => "image",
        }
    }

    fn magic(self) -> &'static [u8] {
        match self {
            Self::Pdf => b"%PDF-",
            Self::Jpeg => b"\xff\xd8\xff",
            Self::Png => b"\x89PNG\r\n\x1a\n",
        }
    }

    /// The rule for a file that does not begin as its type does.
    fn beginning(self) -> &'static str {
        match self {
            Self::Pdf => "must be a PDF from its first byte, as its Content-Type says",
            Self::Jpeg => "must be a JPEG from its first byte, as its Content-Type says",
            Self::Png => "must be a PNG from its first byte, as its Content-Type says",
        }
    }
}

/// Checks a file against the type that it is said to have. The fault's field is `body`: the request's.
pub fn check(declared: FileType, bytes: &[u8]) -> Result<(), Fault> {
    let fault = |rule: &str| Err(Fault::new("body", rule));
    if bytes.is_empty() {
        return fault("must not be empty");
    }
    if !bytes.starts_with(declared.magic()) {
        return fault(declared.beginning());
    }
    let read = match declared {
        FileType::Pdf => pdf::read(bytes),
        FileType::Jpeg => jpeg::read(bytes),
        FileType::Png => png::read(bytes),
    };
    read.or_else(fault)
}

/// Two bytes as a number, the most significant first.
fn two(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.first_chunk::<2>()?;
    Some(usize::from(u16::from_be_bytes(*bytes)))
}

/// Four bytes as a number, the most significant first.
fn four(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.first_chunk::<4>()?;
    usize::try_from(u32::from_be_bytes(*bytes)).ok()
}

#[cfg(test)]
mod tests;
