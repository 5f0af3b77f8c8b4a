//! A file of consents, line by line: comma-separated values with a header, or a JSON object on each line.
//! A line is an event; what is wrong with it is said of it alone.

use recado_domain::fault::Fault;
use serde_json::{Map, Value};

use crate::event::{EVIDENCE, FIELDS};

/// How the lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `text/csv`: the first line names the columns; separated by commas, or by semicolons where the
    /// header has no comma; quoted as RFC 4180 says, but a value has no line break: a line is an event.
    Csv,
    /// `application/x-ndjson`: each line is a body of `POST /v1/consents`.
    JsonLines,
}

/// A line that is not blank: its number in the body, from 1, and the event it tells.
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) event: Result<Value, Vec<Fault>>,
}

/// Reads every line.
///
/// # Errors
/// Where the header of comma-separated values does not name the columns: no line says anything then.
pub(crate) fn read(form: Form, body: &[u8]) -> Result<Vec<Line>, Vec<Fault>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let lines = body.split(|b| *b == b'\n').enumerate();
    let mut lines = lines
        .map(|(place, line)| (place + 1, line.strip_suffix(b"\r").unwrap_or(line)))
        .filter(|(_, line)| !line.trim_ascii().is_empty());
    match form {
        Form::Csv => {
            let header = Header::read(lines.next().map(|(_, line)| line))?;
            Ok(header.events(&lines.collect::<Vec<_>>()))
        }
        Form::JsonLines => Ok(lines
            .map(|(number, line)| Line {
                number,
                event: utf8(line).and_then(json),
            })
            .collect()),
    }
}

fn utf8(line: &[u8]) -> Result<&str, Vec<Fault>> {
    std::str::from_utf8(line).map_err(|_| whole("must be UTF-8"))
}

/// A fault of a whole line.
fn whole(rule: impl Into<String>) -> Vec<Fault> {
    vec![Fault::new("line", rule)]
}

fn json(text: &str) -> Result<Value, Vec<Fault>> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(from_an_import(value)),
        Ok(_) | Err(_) => Err(whole("must be a JSON object")),
    }
}

/// What says nothing of its source was brought over from another system.
fn from_an_import(mut event: Value) -> Value {
    if let Some(evidence) = event.get_mut("evidence").and_then(Value::as_object_mut) {
        let source = || Value::String("import".to_owned());
        evidence.entry("source").or_insert_with(source);
    }
    event
}

struct Header {
    columns: Vec<&'static str>,
    separator: char,
}

impl Header {
    fn read(line: Option<&[u8]>) -> Result<Self, Vec<Fault>> {
        let text = line.and_then(|line| std::str::from_utf8(line).ok());
        let text = text.ok_or_else(|| vec![Fault::new("header", "is required, in UTF-8")])?;
        let separator = if text.contains(',') { ',' } else { ';' };
        let names =
            split(text, separator).map_err(|fault| vec![Fault::new("header", fault.rule())])?;
        let mut columns: Vec<&'static str> = Vec::new();
        let mut faults = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let mut known = FIELDS.into_iter().chain(EVIDENCE);
            // Not by its name: without a header this is somebody's number.
            let field = format!("header[{place}]");
            match known.find(|known| known == &name.trim()) {
                None => faults.push(Fault::new(field, "is not the name of a column")),
                Some(known) if columns.contains(&known) => {
                    faults.push(Fault::new(field, "must not be named twice"));
                }
                Some(known) => columns.push(known),
            }
        }
        if faults.is_empty() {
            Ok(Self { columns, separator })
        } else {
            Err(faults)
        }
    }

    /// Every line's event. The lines that a value with a line break takes up are told of with one rule and
    /// never read by themselves: what stands inside quotes is no event, whatever it looks like.
    fn events(&self, lines: &[(usize, &[u8])]) -> Vec<Line> {
        let mut events = Vec::with_capacity(lines.len());
        let mut rest = lines;
        while let [(number, line), after @ ..] = rest {
            let broken = self.broken(rest);
            for (number, _) in &rest[..broken] {
                let event = Err(whole(QuoteFault::Open.rule()));
                let number = *number;
                events.push(Line { number, event });
            }
            rest = if broken == 0 {
                let event = utf8(line).and_then(|text| self.event(text));
                let number = *number;
                events.push(Line { number, event });
                after
            } else {
                &rest[broken..]
            };
        }
        events
    }

    /// How many of these lines, from the first on, one event takes up whose values have line breaks: none
    /// where the first is a line by itself. A quote that only lacks its end harms its own line: the lines up
    /// to the next quote are a value only where all of them together are a line as the header has it.
    fn broken(&self, lines: &[(usize, &[u8])]) -> usize {
        let text = |line: &[u8]| std::str::from_utf8(line).map(str::to_owned);
        let Some(Ok(mut whole)) = lines.first().map(|(_, line)| text(line)) else {
            return 0;
        };
        if split(&whole, self.separator) != Err(QuoteFault::Open) {
            return 0;
        }
        for (place, (_, line)) in lines.iter().enumerate().skip(1) {
            let Ok(line) = text(line) else {
                return 0;
            };
            whole.push('\n');
            whole.push_str(&line);
            // An odd number of quotes ends what an odd number began.
            if line.matches('"').count() % 2 == 1 {
                let columns = split(&whole, self.separator).map(|values| values.len());
                let fits = columns == Ok(self.columns.len());
                return if fits { place + 1 } else { 0 };
            }
        }
        0
    }

    /// The event of a line. An empty value is none; purposes stand beside each other, separated by `|`.
    fn event(&self, text: &str) -> Result<Value, Vec<Fault>> {
        let values = split(text, self.separator).map_err(|fault| whole(fault.rule()))?;
        if values.len() != self.columns.len() {
            let rule = format!(
                "must have {} columns, as the header has",
                self.columns.len()
            );
            return Err(whole(rule));
        }
        let (mut event, mut evidence) = (Map::new(), Map::new());
        for (column, value) in self.columns.iter().zip(values) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let name = (*column).to_owned();
            let text = |text: &str| Value::String(text.to_owned());
            if *column == "purposes" {
                let purposes = value.split('|').map(|purpose| text(purpose.trim()));
                event.insert(name, purposes.collect());
            } else if FIELDS.contains(column) {
                event.insert(name, text(value));
            } else {
                evidence.insert(name, text(value));
            }
        }
        event.insert("evidence".to_owned(), Value::Object(evidence));
        Ok(from_an_import(Value::Object(event)))
    }
}

/// What is wrong with a line's quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuoteFault {
    /// One stands inside a bare value, or something stands after a quoted one.
    OutOfPlace,
    /// A quoted value does not end on its line.
    Open,
}

impl QuoteFault {
    fn rule(self) -> &'static str {
        match self {
            Self::OutOfPlace => "has a quote out of place",
            Self::Open => "must not have a line break inside quotes, nor a quote that does not end",
        }
    }
}

/// The values of a line.
fn split(text: &str, separator: char) -> Result<Vec<String>, QuoteFault> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = rest.find(separator).unwrap_or(rest.len());
                let bare = &rest[..end];
                if bare.contains('"') {
                    return Err(QuoteFault::OutOfPlace);
                }
                (bare.to_owned(), &rest[end..])
            }
        };
        values.push(value);
        if after.is_empty() {
            return Ok(values);
        }
        rest = after
            .strip_prefix(separator)
            .ok_or(QuoteFault::OutOfPlace)?;
    }
}

/// A quoted value, its opening quote taken off, and what follows its closing one.
fn unquote(text: &str) -> Result<(String, &str), QuoteFault> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"').ok_or(QuoteFault::Open)?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                value.push('"');
                rest = more;
            }
            None => return Ok((value, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn events(form: Form, body: &str) -> Vec<(usize, Result<Value, String>)> {
        let lines = read(form, body.as_bytes()).expect("a header");
        let told = |faults: Vec<Fault>| format!("{}: {}", faults[0].field, faults[0].rule);
        lines
            .into_iter()
            .map(|line| (line.number, line.event.map_err(told)))
            .collect()
    }

    #[test]
    fn a_line_of_values_is_the_event_that_its_header_says() {
        let whole = json!({
            "to": "+5511987654321", "channel": "whatsapp", "purposes": ["servicing", "marketing"],
            "action": "grant",
            "evidence": { "captured_at": "2026-03-04T10:11:12Z", "source": "app", "wording": "Sim, \"quero\"; já" },
        });
        let comma = "to,channel,purposes,action,captured_at,source,wording\n\
            +5511987654321,whatsapp,servicing|marketing,grant,2026-03-04T10:11:12Z,app,\"Sim, \"\"quero\"\"; já\"\n";
        assert_eq!(events(Form::Csv, comma), [(2, Ok(whole.clone()))]);
        // As a spreadsheet writes it, with its mark at the beginning.
        let semicolon = "\u{feff}to;channel;purposes;action;captured_at;source;wording\r\n\r\n\
            +5511987654321;whatsapp;servicing | marketing;grant;2026-03-04T10:11:12Z;app;\"Sim, \"\"quero\"\"; já\"\r\n";
        assert_eq!(events(Form::Csv, semicolon), [(3, Ok(whole))]);
        let bare = json!({ "to": "x", "evidence": { "source": "import" } });
        assert_eq!(events(Form::Csv, "to,ip\nx,"), [(2, Ok(bare))]);
    }

    #[test]
    fn a_line_that_does_not_read_harms_itself_alone() {
        let check = |line: &str, expected: &str| {
            let body = format!("to,actor\na,b\n{line}\nc,d\n");
            let read = events(Form::Csv, &body);
            let numbers: Vec<usize> = read.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [2, 3, 4], "{line}");
            assert_eq!(read[1].1, Err(expected.to_owned()), "{line}");
            assert!(read[0].1.is_ok() && read[2].1.is_ok(), "{line}");
        };
        let quote = "line: has a quote out of place";
        check("a\"b,c", quote);
        check("\"a\"b,c", quote);
        check("\"a,b", OPEN);
        check("a,\"", OPEN);
        let columns = "line: must have 2 columns, as the header has";
        check("a", columns);
        check("a,b,c", columns);
        let lines = read(Form::Csv, b"to,actor\na,Jo\xe3o\nc,d").expect("a header");
        let read = lines.iter().map(|line| line.event.is_ok());
        assert_eq!(read.collect::<Vec<_>>(), [false, true]);
        let objects = "{\"evidence\":{}}\n[1]\n{\n\n{}";
        let whole = Err("line: must be a JSON object".to_owned());
        assert_eq!(
            events(Form::JsonLines, objects),
            [
                (1, Ok(json!({ "evidence": { "source": "import" } }))),
                (2, whole.clone()),
                (3, whole),
                (5, Ok(json!({}))),
            ]
        );
    }

    const OPEN: &str =
        "line: must not have a line break inside quotes, nor a quote that does not end";

    #[test]
    fn a_value_with_a_line_break_is_told_of_as_such_and_what_it_holds_is_no_event() {
        let check = |body: &str, broken: &[usize], good: &[usize]| {
            let (mut told, mut taken) = (Vec::new(), Vec::new());
            for (number, event) in events(Form::Csv, &format!("to,wording\n{body}")) {
                match event {
                    Ok(_) => taken.push(number),
                    Err(rule) => {
                        assert_eq!(rule, OPEN, "{body}");
                        told.push(number);
                    }
                }
            }
            assert_eq!(
                (told.as_slice(), taken.as_slice()),
                (broken, good),
                "{body}"
            );
        };
        check("a,\"one\ntwo\"\nb,c", &[2, 3], &[4]);
        check("a,\"one\r\ntwo\r\nthree\"\r\nb,c", &[2, 3, 4], &[5]);
        check("a,\"one\n\ntwo\"\nb,c", &[2, 4], &[5]);
        check("a,\"one \"\"two\"\"\nthree\"\nb,c", &[2, 3], &[4]);
        // What a customer may have written, inside the quotes.
        check("a,\"one\nx,y\ntwo\"\nb,c", &[2, 3, 4], &[5]);
        check("\"one\ntwo\",\"three\nfour\"\nb,c", &[2, 3, 4], &[5]);
        // A quote that was forgotten harms its own line.
        check("a,\"one\nb,c\nd,\"e\"", &[2], &[3, 4]);
        check("a,\"one\nb,c", &[2], &[3]);
        check("a,\"one\nb,\"two\nc,d", &[2, 3], &[4]);
    }

    #[test]
    fn a_header_that_is_none_is_not_echoed() {
        let check = |body: &str, expected: &[&str]| {
            let faults = read(Form::Csv, body.as_bytes()).err().unwrap_or_default();
            let told = faults.iter().map(|it| format!("{} {}", it.field, it.rule));
            assert_eq!(told.collect::<Vec<_>>(), expected, "{body}");
        };
        check("", &["header is required, in UTF-8"]);
        check(
            "to,+5511987654321,to\n",
            &[
                "header[1] is not the name of a column",
                "header[2] must not be named twice",
            ],
        );
        check("to,\"x\"y\n", &["header has a quote out of place"]);
        let open = OPEN.replace("line: ", "header ");
        check("to,\"x\n", &[&open]);
    }
}
