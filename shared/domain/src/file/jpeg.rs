//! JPEG: segments behind markers, from SOI to EOI; between them, what was compressed.

use super::{COLOURS, two};

const BROKEN: &str = "must be a whole JPEG (from SOI to EOI at its very end): it is cut short or damaged, or something is appended";

const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// Whether the segment tells size and colours (SOF): C0 to CF but for the tables and the extension.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Checks a file that begins with SOI and another marker.
pub(super) fn read(bytes: &[u8]) -> Result<(), &'static str> {
    let mut rest = &bytes[2..];
    let (mut framed, mut scanned) = (false, false);
    loop {
        let marker = marker(&mut rest).ok_or(BROKEN)?;
        if marker == EOI {
            return if framed && scanned && rest.is_empty() {
                Ok(())
            } else {
                Err(BROKEN)
            };
        }
        let segment = segment(&mut rest).ok_or(BROKEN)?;
        if is_frame(marker) {
            colours(segment)?;
            framed = true;
        }
        if marker == SOS {
            scanned = true;
            rest = behind_the_scan(rest).ok_or(BROKEN)?;
        }
    }
}

/// The next marker; FF may be repeated in front of it.
fn marker(rest: &mut &[u8]) -> Option<u8> {
    let fill = rest.iter().take_while(|b| **b == 0xff).count();
    let marker = rest.get(fill).copied().filter(|_| fill > 0)?;
    *rest = &rest[fill + 1..];
    // 00 is no marker; 01 and D0 to D8 have no place between segments.
    (!matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8)).then_some(marker)
}

/// The segment behind a marker, without its length.
fn segment<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let all = rest.get(..two(rest)?)?;
    *rest = &rest[all.len()..];
    all.get(2..)
}

/// Passes over what was compressed: an FF in it is followed by 00, or by a restart (D0 to D7).
fn behind_the_scan(bytes: &[u8]) -> Option<&[u8]> {
    let next = bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7))?;
    Some(&bytes[next..])
}

fn colours(frame: &[u8]) -> Result<(), &'static str> {
    let [precision, h1, h0, w1, w0, components, ..] = frame else {
        return Err(BROKEN);
    };
    if (*h1, *h0) == (0, 0) || (*w1, *w0) == (0, 0) {
        return Err(BROKEN);
    }
    if (*precision, *components) == (8, 3) {
        Ok(())
    } else {
        Err(COLOURS)
    }
}
