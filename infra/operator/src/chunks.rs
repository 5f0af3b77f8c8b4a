//! A file of consents in pieces that the API takes, each knowing where in the file its lines stand.

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Comma-separated values; the first line that is not blank is the header.
    Csv,
    /// A JSON object on each line.
    JsonLines,
}

impl Form {
    /// By the name's ending: `.csv`, `.ndjson`, `.jsonl`.
    #[must_use]
    pub(crate) fn of(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// The media type that the API knows it by.
    #[must_use]
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::JsonLines => "application/x-ndjson",
        }
    }
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// What is sent: for comma-separated values with the header before it.
    pub(crate) body: Vec<u8>,
    /// The line of the file, from 1, that the body's first line of its own is.
    pub(crate) first: usize,
    /// How many lines of the body are the header's.
    header: usize,
    /// The line of the file after the last one.
    pub(crate) next: usize,
}

impl Chunk {
    /// The line of the file that a line of the body is.
    #[must_use]
    pub(crate) fn line(&self, of_body: usize) -> usize {
        match of_body.checked_sub(self.header + 1) {
            Some(after) => self.first + after,
            // The header's own.
            None => 1,
        }
    }
}

/// Cuts a file from a line on into pieces of at most so many lines and bytes; a longer line is a piece of
/// its own.
pub(crate) fn chunks(
    form: Form,
    file: &[u8],
    from: usize,
    lines: usize,
    bytes: usize,
) -> impl Iterator<Item = Chunk> {
    let mut all = file.split_inclusive(|b| *b == b'\n').zip(1..).peekable();
    let mut header = Vec::new();
    if form == Form::Csv {
        let blank = |line: &[u8]| line.trim_ascii().is_empty();
        while all.next_if(|(line, _)| blank(line)).is_some() {}
        if let Some((line, _)) = all.next() {
            header.extend_from_slice(line);
        }
    }
    let mut rest = all.skip_while(move |(_, number)| *number < from).peekable();
    std::iter::from_fn(move || {
        let (_, first) = *rest.peek()?;
        let mut chunk = Chunk {
            body: header.clone(),
            first,
            header: usize::from(!header.is_empty()),
            next: first,
        };
        let fits = |chunk: &Chunk, line: &[u8]| {
            let begun = chunk.next > first;
            !begun || (chunk.next - first < lines && chunk.body.len() + line.len() <= bytes)
        };
        while let Some((line, number)) = rest.next_if(|(line, _)| fits(&chunk, line)) {
            chunk.body.extend_from_slice(line);
            chunk.next = number + 1;
        }
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(
        form: Form,
        file: &str,
        from: usize,
        lines: usize,
        bytes: usize,
    ) -> Vec<(String, Vec<usize>)> {
        let told = |chunk: Chunk| {
            let body = String::from_utf8(chunk.body.clone()).unwrap();
            let count = body.lines().count();
            assert_eq!(chunk.next, chunk.line(count) + 1);
            let own = chunk.header + 1..=count;
            (body, own.map(|line| chunk.line(line)).collect())
        };
        chunks(form, file.as_bytes(), from, lines, bytes)
            .map(told)
            .collect()
    }

    #[test]
    fn every_piece_has_the_header_and_knows_its_lines() {
        let file = "\nto,actor\na\n\nb\nc";
        let check = |from, lines, bytes, expected: &[(&str, &[usize])]| {
            let expected: Vec<(String, Vec<usize>)> = expected
                .iter()
                .map(|(body, lines)| ((*body).to_owned(), lines.to_vec()))
                .collect();
            assert_eq!(cut(Form::Csv, file, from, lines, bytes), expected);
        };
        check(1, 9, 99, &[("to,actor\na\n\nb\nc", &[3, 4, 5, 6])]);
        check(
            1,
            2,
            99,
            &[("to,actor\na\n\n", &[3, 4]), ("to,actor\nb\nc", &[5, 6])],
        );
        check(5, 2, 99, &[("to,actor\nb\nc", &[5, 6])]);
        check(7, 2, 99, &[]);
        // A line that is too long goes all the same, alone: the API says what it thinks of it.
        check(5, 9, 1, &[("to,actor\nb\n", &[5]), ("to,actor\nc", &[6])]);
        assert_eq!(
            cut(Form::JsonLines, "{}\n{}\n", 1, 1, 99),
            [("{}\n".to_owned(), vec![1]), ("{}\n".to_owned(), vec![2])]
        );
        assert_eq!(cut(Form::Csv, "", 1, 1, 99), []);
    }

    #[test]
    fn a_files_name_says_how_it_is_written() {
        let form = |name: &str| Form::of(std::path::Path::new(name));
        assert_eq!(form("a/b.csv"), Some(Form::Csv));
        assert_eq!(form("b.ndjson"), Some(Form::JsonLines));
        assert_eq!(form("b.jsonl"), Some(Form::JsonLines));
        assert_eq!(form("b.xlsx"), None);
        assert_eq!(form("csv"), None);
    }
}
