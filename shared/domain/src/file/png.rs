//! PNG: a signature, then chunks with their lengths, from `IHDR` to `IEND`.

use super::{COLOURS, four};

const BROKEN: &str = "must be a whole PNG (IHDR, IDAT, IEND at its very end): it is cut short or damaged, or something is appended";
/// Length, name and check sum.
const AROUND: usize = 12;

/// Checks a file that begins with PNG's signature.
pub(super) fn read(bytes: &[u8]) -> Result<(), &'static str> {
    let mut rest = bytes.get(8..).ok_or(BROKEN)?;
    let (name, header) = chunk(&mut rest).ok_or(BROKEN)?;
    if name != b"IHDR" {
        return Err(BROKEN);
    }
    colours(header)?;
    let mut pixels = 0;
    loop {
        match chunk(&mut rest).ok_or(BROKEN)? {
            (b"IDAT", data) => pixels += data.len(),
            (b"IHDR", _) => return Err(BROKEN),
            (b"IEND", []) if rest.is_empty() && pixels > 0 => return Ok(()),
            (b"IEND", _) => return Err(BROKEN),
            (_, _) => {}
        }
    }
}

/// The next chunk, its check sum passed over: that it is where it is says that nothing is missing.
fn chunk<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let length = four(rest)?;
    let all = rest.get(..AROUND.checked_add(length)?)?;
    *rest = &rest[all.len()..];
    Some((&all[4..8], &all[8..8 + length]))
}

fn colours(header: &[u8]) -> Result<(), &'static str> {
    let [.., depth, colour, 0, 0, 0 | 1] = header else {
        return Err(BROKEN);
    };
    let size = (four(header), four(header.get(4..).unwrap_or_default()));
    if header.len() != 13
        || size.0.is_none_or(|width| width == 0)
        || size.1.is_none_or(|it| it == 0)
    {
        return Err(BROKEN);
    }
    match (depth, colour) {
        (8, 2 | 6) => Ok(()),
        _ => Err(COLOURS),
    }
}
