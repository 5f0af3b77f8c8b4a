//! PDF: a header, objects, and a trailer at the very end that says where to begin reading.

/// How far from the end the trailer may begin, in bytes (readers look no further).
const TRAILER: usize = 1_024;

const END: &str = "must end as a PDF does (startxref, its offset, %%EOF): it is cut short, or something is appended";

/// Checks a file that begins with `%PDF-`.
pub(super) fn read(bytes: &[u8]) -> Result<(), &'static str> {
    let version = bytes.get(5..8);
    let known = |version: &[u8]| {
        matches!(version, [b'1', b'.', minor] if minor.is_ascii_digit()) || version == b"2.0"
    };
    if !version.is_some_and(known) {
        return Err("must be of PDF version 1.0 to 1.9 or 2.0");
    }
    let begins = begins_at(bytes).ok_or(END)?;
    let table = bytes.get(begins..).unwrap_or_default();
    // A table, or since PDF 1.5 an object that holds one ("12 0 obj").
    if table.starts_with(b"xref") || table.first().is_some_and(u8::is_ascii_digit) {
        Ok(())
    } else {
        Err("must have its table of objects where its end says: it is damaged")
    }
}

/// What the trailer says: `startxref`, an offset, `%%EOF`, and white space at most.
fn begins_at(bytes: &[u8]) -> Option<usize> {
    let tail = &bytes[bytes.len().saturating_sub(TRAILER)..];
    let tail = trimmed(tail).strip_suffix(b"%%EOF")?;
    let tail = trimmed(tail);
    let digits = tail.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (head, offset) = tail.split_at(tail.len() - digits);
    trimmed(head).strip_suffix(b"startxref")?;
    std::str::from_utf8(offset).ok()?.parse().ok()
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b'\0' | b'\t' | b'\n' | 0x0c | b'\r' | b' ');
    let blanks = bytes.iter().rev().take_while(|b| blank(b)).count();
    &bytes[..bytes.len() - blanks]
}
