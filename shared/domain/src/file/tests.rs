use super::*;

/// A page without anything on it.
fn pdf() -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".to_vec();
    let table = file.len();
    file.extend_from_slice(b"xref\n0 2\ntrailer\n<< /Size 2 /Root 1 0 R >>\n");
    file.extend_from_slice(format!("startxref\n{table}\n%%EOF\n").as_bytes());
    file
}

fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("short");
    [&length.to_be_bytes()[..], name, data, b"sum."].concat()
}

/// A pixel of this depth and kind of colour.
fn png_of(depth: u8, colour: u8) -> Vec<u8> {
    let header = [0, 0, 0, 1, 0, 0, 0, 1, depth, colour, 0, 0, 0];
    let chunks = [
        chunk(b"IHDR", &header),
        chunk(b"tEXt", b"Author\0nobody"),
        chunk(b"IDAT", b"pixels"),
        chunk(b"IEND", b""),
    ];
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat()
}

fn png() -> Vec<u8> {
    png_of(8, 6)
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("short");
    [&[0xff, marker][..], &length.to_be_bytes(), data].concat()
}

/// A pixel of so many bits and components.
fn jpeg_of(precision: u8, components: u8) -> Vec<u8> {
    let frame = [precision, 0, 1, 0, 1, components, 1, 0x11, 0];
    [
        &b"\xff\xd8"[..],
        &segment(0xe0, b"JFIF\0"),
        // A thumbnail inside a segment ends nothing.
        &segment(0xe1, b"Exif\0\0\xff\xd8\xff\xd9"),
        &segment(0xc0, &frame),
        &segment(0xc4, b"table"),
        &segment(0xda, b"scan"),
        // Compressed data: an FF of its own, and a restart.
        b"\x12\xff\x00\x34\xff\xd0\x56",
        b"\xff\xd9",
    ]
    .concat()
}

fn jpeg() -> Vec<u8> {
    jpeg_of(8, 3)
}

fn of(kind: FileType) -> Vec<u8> {
    match kind {
        FileType::Pdf => pdf(),
        FileType::Jpeg => jpeg(),
        FileType::Png => png(),
    }
}

/// The beginning of the rule that the file breaks; empty if none.
fn broken(kind: FileType, bytes: &[u8]) -> String {
    match check(kind, bytes) {
        Ok(()) => String::new(),
        Err(fault) => {
            assert_eq!(fault.field, "body");
            fault.rule
        }
    }
}

#[test]
fn whole_files_are_taken() {
    for kind in FileType::ALL {
        assert_eq!(broken(kind, &of(kind)), "", "{kind:?}");
    }
    assert_eq!(broken(FileType::Png, &png_of(8, 2)), "");
    let many_blanks = [pdf(), b"\r\n \0".to_vec()].concat();
    assert_eq!(broken(FileType::Pdf, &many_blanks), "");
}

#[test]
fn a_file_that_is_cut_short_anywhere_is_refused() {
    for kind in FileType::ALL {
        let whole = of(kind);
        // A PDF may lack the line's end behind its last word.
        let needed = whole.len() - usize::from(kind == FileType::Pdf);
        for length in 0..needed {
            assert_ne!(broken(kind, &whole[..length]), "", "{kind:?} of {length}");
        }
    }
}

#[test]
fn a_renamed_file_is_not_what_it_is_called() {
    for kind in FileType::ALL {
        for other in FileType::ALL.into_iter().filter(|other| *other != kind) {
            let rule = broken(kind, &of(other));
            assert!(rule.ends_with("as its Content-Type says"), "{rule}");
        }
        for bytes in [&b"PK\x03\x04 a workbook"[..], b"<html>", b"GIF89a", b"MZ"] {
            let rule = broken(kind, bytes);
            assert!(rule.ends_with("as its Content-Type says"), "{rule}");
        }
        assert_eq!(broken(kind, b""), "must not be empty");
    }
}

#[test]
fn a_file_that_is_another_one_besides_is_refused() {
    let archive = b"PK\x03\x04 an archive is read from its end PK\x05\x06";
    for kind in FileType::ALL {
        let whole = of(kind);
        let behind = [&whole[..], archive].concat();
        assert_ne!(broken(kind, &behind), "", "{kind:?} with an archive behind");
        let before = [&archive[..], &whole].concat();
        assert_ne!(broken(kind, &before), "", "{kind:?} with an archive before");
        // A PDF behind a PDF is how one is changed: the last trailer counts.
        let ends_alike = |other: &FileType| kind == FileType::Pdf && *other == kind;
        for other in FileType::ALL.into_iter().filter(|it| !ends_alike(it)) {
            let both = [&whole[..], &of(other)].concat();
            assert_ne!(broken(kind, &both), "", "{kind:?} with {other:?} behind");
        }
    }
}

#[test]
fn a_pdfs_end_leads_to_its_table() {
    let check = |file: &str, expected: &str| {
        let rule = broken(FileType::Pdf, file.as_bytes());
        assert!(rule.contains(expected), "{file:?}: {rule}");
    };
    let version = "must be of PDF version";
    check("%PDF-", version);
    check("%PDF-3.0 startxref 0 %%EOF", version);
    check("%PDF-1.x startxref 0 %%EOF", version);
    check("%PDF-2.1 startxref 0 %%EOF", version);
    let end = "must end as a PDF does";
    check("%PDF-1.4 xref startxref %%EOF", end);
    check("%PDF-1.4 xref 9 %%EOF", end);
    check("%PDF-1.4 xref startxref 99999999999999999999999 %%EOF", end);
    let table = "must have its table of objects";
    check("%PDF-1.4 xref startxref 4000 %%EOF", table);
    check("%PDF-1.4 xref startxref 0 %%EOF", table);
    assert_eq!(
        broken(FileType::Pdf, b"%PDF-2.0 12 0 obj startxref 9 %%EOF"),
        ""
    );
}

#[test]
fn an_image_has_8_bits_per_channel_in_rgb_or_rgba() {
    for (depth, colour) in [(16, 2), (16, 6), (8, 0), (8, 3), (8, 4), (1, 0), (4, 3)] {
        let rule = broken(FileType::Png, &png_of(depth, colour));
        assert_eq!(rule, COLOURS, "{depth} bits of {colour}");
    }
    for (precision, components) in [(12, 3), (8, 1), (8, 4)] {
        let rule = broken(FileType::Jpeg, &jpeg_of(precision, components));
        assert_eq!(rule, COLOURS, "{components} components of {precision}");
    }
}

#[test]
fn an_image_without_size_pixels_or_frame_is_none() {
    let with = |mut file: Vec<u8>, place: usize, byte: u8| {
        file[place] = byte;
        file
    };
    // Width, height, compression, filter, interlace.
    for (place, byte) in [(19, 0), (23, 0), (26, 1), (27, 1), (28, 2)] {
        assert_ne!(
            broken(FileType::Png, &with(png(), place, byte)),
            "",
            "{place}"
        );
    }
    let empty = [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]),
        &chunk(b"IDAT", b""),
        &chunk(b"IEND", b""),
    ];
    assert_ne!(broken(FileType::Png, &empty.concat()), "");
    let frame = segment(0xc0, &[8, 0, 0, 0, 1, 3]);
    let no_height = [&b"\xff\xd8"[..], &frame, b"\xff\xd9"];
    assert_ne!(broken(FileType::Jpeg, &no_height.concat()), "");
    let no_frame = [&b"\xff\xd8"[..], &segment(0xda, b"scan"), b"\xff\xd9"];
    assert_ne!(broken(FileType::Jpeg, &no_frame.concat()), "");
    let no_scan = [
        &b"\xff\xd8"[..],
        &segment(0xc0, &[8, 0, 1, 0, 1, 3]),
        b"\xff\xd9",
    ];
    assert_ne!(broken(FileType::Jpeg, &no_scan.concat()), "");
}

#[test]
fn a_length_that_leads_nowhere_is_refused_and_nothing_panics() {
    for kind in FileType::ALL {
        let whole = of(kind);
        for place in 0..whole.len() {
            for byte in [0x00, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[place] = byte;
                // Whatever it says of the change: it ends, and it echoes nothing.
                assert!(broken(kind, &changed).is_ascii());
            }
        }
    }
}

#[test]
fn a_media_type_is_read_as_http_writes_it() {
    for kind in FileType::ALL {
        assert_eq!(FileType::of_media_type(kind.media_type()), Some(kind));
    }
    let of = FileType::of_media_type;
    assert_eq!(of("Image/JPEG; q=1"), Some(FileType::Jpeg));
    assert_eq!(of(" application/pdf "), Some(FileType::Pdf));
    for other in ["", "image/jpg", "image/*", "application/octet-stream"] {
        assert_eq!(of(other), None, "{other}");
    }
}
