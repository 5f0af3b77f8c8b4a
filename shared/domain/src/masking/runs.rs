//! Runs of digits that belong together though a person wrote separators between them.

use super::view::View;

/// At most this many separators stand between two digits of a run, as in `(11) 98765 - 4321`.
pub(super) const MOST_SEPARATORS: usize = 3;

/// Digits that belong together.
pub(super) struct Run {
    /// The digits in ASCII.
    pub(super) digits: Vec<u8>,
    /// Each digit's place in the view.
    pub(super) places: Vec<usize>,
    /// The index of each group's first digit; a group has no separator inside.
    groups: Vec<usize>,
}

/// A part of a run that begins and ends where groups do.
pub(super) struct Window<'a> {
    pub(super) run: &'a Run,
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Window<'_> {
    pub(super) fn digits(&self) -> &[u8] {
        &self.run.digits[self.from..self.to]
    }

    /// The places it covers, separators included.
    pub(super) fn span(&self) -> (usize, usize) {
        (self.run.places[self.from], self.run.places[self.to - 1] + 1)
    }
}

impl Run {
    /// Every run of the text.
    pub(super) fn all(view: &View) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        // None after anything but a digit or a separator: what follows is a run of its own.
        let mut separators: Option<usize> = None;
        for place in 0..view.len() {
            let Some(c) = view.at(place) else { break };
            if c.is_ascii_digit() {
                let Ok(digit) = u8::try_from(c) else { continue };
                match (runs.last_mut(), separators) {
                    (Some(run), Some(gap)) if gap <= MOST_SEPARATORS => {
                        if gap > 0 {
                            run.groups.push(run.digits.len());
                        }
                        run.digits.push(digit);
                        run.places.push(place);
                    }
                    _ => runs.push(Self {
                        digits: vec![digit],
                        places: vec![place],
                        groups: vec![0],
                    }),
                }
                separators = Some(0);
            } else if is_separator(c) {
                let second_break = c == '\n' && view.before(place) == Some('\n');
                separators = separators.filter(|_| !second_break).map(|count| count + 1);
            } else {
                separators = None;
            }
        }
        runs
    }

    /// Every part that begins and ends where groups do and whose length is asked for.
    pub(super) fn windows(&self, wanted: impl Fn(usize) -> bool) -> Vec<Window<'_>> {
        let ends: Vec<usize> = self
            .groups
            .iter()
            .skip(1)
            .copied()
            .chain([self.digits.len()])
            .collect();
        let mut windows = Vec::new();
        for (group, from) in self.groups.iter().enumerate() {
            for to in ends[group..].iter().take_while(|to| **to - from <= 48) {
                if wanted(to - from) {
                    windows.push(Window {
                        run: self,
                        from: *from,
                        to: *to,
                    });
                }
            }
        }
        windows
    }

    /// The groups as parts of their own.
    pub(super) fn groups(&self) -> impl Iterator<Item = Window<'_>> {
        let ends = self
            .groups
            .iter()
            .skip(1)
            .copied()
            .chain([self.digits.len()]);
        self.groups
            .iter()
            .copied()
            .zip(ends)
            .map(|(from, to)| Window {
                run: self,
                from,
                to,
            })
    }
}

pub(super) fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '.'
            | '-'
            | '/'
            | '\n'
            | '\r'
            | '\t'
            | '('
            | ')'
            | ','
            | '_'
            | '*'
            | '|'
            | '\''
            | '\u{b7}'
            | '\u{2019}'
            | '\u{2022}'
    )
}
