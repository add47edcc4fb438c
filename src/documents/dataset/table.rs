//! One CSV file as a table of texts, with faults that say file, line and column.

use std::fmt;
use std::path::Path;

/// Most faults that are reported one by one; the rest is counted. A file whose every row is wrong
/// is understood long before.
pub const FAULTS_MAX: usize = 1_000;

/// Longest value that is shown in a fault.
const SHOWN_CHARS: usize = 40;

/// Something wrong in an input file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct RowFault {
    /// Name of the file.
    pub file: &'static str,
    /// Line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// Name of the column; empty for the row as a whole.
    pub column: String,
    /// The value, shortened.
    pub value: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ": {}", self.column)?;
        }
        if !self.value.is_empty() {
            write!(f, " `{}`", self.value)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Faults and warnings found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Faults {
    /// The first [`FAULTS_MAX`] faults.
    pub faults: Vec<RowFault>,
    /// Number of all faults.
    pub count: usize,
    /// What is odd but allowed.
    pub warnings: Vec<RowFault>,
}

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, fault: RowFault) {
        self.count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    /// Notes something odd.
    pub fn warn(&mut self, warning: RowFault) {
        if self.warnings.len() < FAULTS_MAX {
            self.warnings.push(warning);
        }
    }
}

/// A file as a table.
pub(super) struct Table {
    pub(super) file: &'static str,
    columns: &'static [&'static str],
    /// Line and values in the order of `columns`.
    records: Vec<(u64, Vec<String>)>,
}

/// One row while it is read.
pub(super) struct Record<'a> {
    pub(super) file: &'static str,
    pub(super) line: u64,
    columns: &'static [&'static str],
    values: &'a [String],
}

impl Table {
    /// Reads a file whose header names exactly these columns, in any order.
    pub(super) fn read(
        folder: &Path,
        file: &'static str,
        columns: &'static [&'static str],
        faults: &mut Faults,
    ) -> Table {
        let mut table = Table {
            file,
            columns,
            records: Vec::new(),
        };
        let whole = |problem: String| RowFault {
            file,
            line: 0,
            column: String::new(),
            value: String::new(),
            problem,
        };
        let bytes = match std::fs::read(folder.join(file)) {
            Ok(bytes) => bytes,
            Err(error) => {
                faults.add(whole(format!("cannot be read: {error}")));
                return table;
            }
        };
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect(),
            Err(error) => {
                faults.add(whole(format!("has no header that can be read: {error}")));
                return table;
            }
        };
        let Some(places) = places(&header, columns, &mut |problem| faults.add(whole(problem)))
        else {
            return table;
        };
        for record in reader.records() {
            match record {
                Ok(record) if record.len() == header.len() => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let values = places
                        .iter()
                        .map(|place| record[*place].to_owned())
                        .collect();
                    table.records.push((line, values));
                }
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let problem = format!(
                        "has {} fields where {} are needed",
                        record.len(),
                        header.len()
                    );
                    faults.add(RowFault {
                        line,
                        ..whole(problem)
                    });
                }
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    let problem = "is not UTF-8 text in CSV".to_owned();
                    faults.add(RowFault {
                        line,
                        ..whole(problem)
                    });
                }
            }
        }
        table
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records.iter().map(|(line, values)| Record {
            file: self.file,
            line: *line,
            columns: self.columns,
            values,
        })
    }
}

/// Where each column stands in the header.
fn places(
    header: &[String],
    columns: &'static [&'static str],
    complain: &mut impl FnMut(String),
) -> Option<Vec<usize>> {
    let mut good = true;
    for (i, name) in header.iter().enumerate() {
        if !columns.contains(&name.as_str()) {
            complain(format!("has an unknown column `{name}`"));
            good = false;
        } else if header[..i].contains(name) {
            complain(format!("names the column `{name}` twice"));
            good = false;
        }
    }
    let mut places = Vec::new();
    for column in columns {
        match header.iter().position(|name| name == column) {
            Some(place) => places.push(place),
            None => {
                complain(format!("lacks the column `{column}`"));
                good = false;
            }
        }
    }
    good.then_some(places)
}

impl Record<'_> {
    /// The text of a column.
    pub(super) fn text(&self, column: &'static str) -> &str {
        let place = self.columns.iter().position(|name| *name == column);
        place.map_or("", |place| self.values[place].as_str())
    }

    /// The value of a column; a fault is noted if it is none.
    pub(super) fn value<T, E: fmt::Display>(
        &self,
        column: &'static str,
        faults: &mut Faults,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(column)) {
            Ok(value) => Some(value),
            Err(error) => {
                faults.add(self.fault(column, error));
                None
            }
        }
    }

    /// The value of a column that may be empty.
    pub(super) fn optional<T, E: fmt::Display>(
        &self,
        column: &'static str,
        faults: &mut Faults,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        if self.text(column).is_empty() {
            return Some(None);
        }
        self.value(column, faults, parse).map(Some)
    }

    /// A fault of a column of this row.
    pub(super) fn fault(&self, column: &'static str, problem: impl fmt::Display) -> RowFault {
        let text = self.text(column);
        let mut value: String = text.chars().take(SHOWN_CHARS).collect();
        if value.len() < text.len() {
            value.push('…');
        }
        RowFault {
            file: self.file,
            line: self.line,
            column: column.to_owned(),
            value,
            problem: problem.to_string(),
        }
    }
}
