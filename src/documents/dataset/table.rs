//! One CSV file, row by row as texts.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use super::faults::{Faults, RowFault};

/// Largest input file: 1 GiB is some seven million claims of 150 bytes. A file is held in memory
/// while it is read.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// A file by its name and the columns that its header must name.
pub(super) struct Source<'a> {
    pub(super) folder: &'a Path,
    pub(super) file: &'static str,
    pub(super) columns: &'static [&'static str],
}

/// One row while it is read.
pub(super) struct Record<'a> {
    pub(super) file: &'static str,
    pub(super) line: u64,
    columns: &'static [&'static str],
    /// Where each column stands in the file.
    places: &'a [usize],
    fields: &'a csv::StringRecord,
}

/// How the texts of a column become values, and what to do if one does not.
pub(super) struct Kind<T, E> {
    pub(super) parse: fn(&str) -> Result<T, E>,
    pub(super) hint: &'static str,
}

impl Source<'_> {
    /// Hands every row to `take`. False if the file as a whole cannot be used: then nothing is
    /// known of its rows.
    pub(super) fn scan(
        &self,
        faults: &mut Faults,
        mut take: impl FnMut(&Record<'_>, &mut Faults),
    ) -> bool {
        let bytes = match self.bytes() {
            Ok(bytes) => bytes,
            Err(fault) => {
                faults.add(fault);
                return false;
            }
        };
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut lines = Lines {
            bytes,
            at: 0,
            line: 1,
        };
        let mut fields = csv::ByteRecord::new();
        let mut places: Option<Vec<usize>> = None;
        // Reading from memory with rows of any length cannot fail.
        while reader.read_byte_record(&mut fields).unwrap_or(false) {
            let line = lines.of(fields.position());
            let Some(places) = &places else {
                places = self.places(&fields, faults);
                if places.is_none() {
                    return false;
                }
                continue;
            };
            if let Some(fields) = self.row(&fields, places, line, faults) {
                let record = Record {
                    file: self.file,
                    line,
                    columns: self.columns,
                    places,
                    fields: &fields,
                };
                take(&record, faults);
            }
        }
        if places.is_none() {
            let empty = RowFault::of_row(self.file, 0, "is empty");
            faults.add(empty.hint(format!("begin with the header {}", self.columns.join(","))));
        }
        places.is_some()
    }

    /// The whole file.
    fn bytes(&self) -> Result<Vec<u8>, RowFault> {
        let whole = |problem: String| RowFault::of_row(self.file, 0, problem);
        let file = match std::fs::File::open(self.folder.join(self.file)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(whole("is missing".to_owned())
                    .hint("a data set has ten files; one without rows has its header alone"));
            }
            Err(error) => return Err(whole(format!("cannot be opened: {error}"))),
        };
        let mut bytes = Vec::new();
        let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        match read.map(|length| u64::try_from(length).unwrap_or(u64::MAX)) {
            Ok(length) if length <= FILE_BYTES_MAX => Ok(bytes),
            Ok(_) => Err(whole("is larger than 1 GiB".to_owned())
                .hint("import the vouchers and claims of each month from a folder of its own")),
            Err(error) => Err(whole(format!("cannot be read: {error}"))),
        }
    }

    /// Where each column stands in the header.
    fn places(&self, header: &csv::ByteRecord, faults: &mut Faults) -> Option<Vec<usize>> {
        let before = faults.count;
        let names: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
        let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        let mut complain = |name: &str, problem: &str| {
            let fault = RowFault::of_row(self.file, 1, problem).at(name, "");
            faults.add(fault.hint(format!("the columns are {}", self.columns.join(","))));
        };
        for (i, name) in names.iter().enumerate() {
            if !self.columns.contains(name) {
                complain(name, "is no column of this file");
            } else if names[..i].contains(name) {
                complain(name, "is named twice in the header");
            }
        }
        let mut places = Vec::new();
        for column in self.columns {
            match names.iter().position(|name| name == column) {
                Some(place) => places.push(place),
                None => complain(column, "is missing in the header"),
            }
        }
        (faults.count == before).then_some(places)
    }

    /// The fields of a row as text, if there are as many as columns.
    fn row(
        &self,
        fields: &csv::ByteRecord,
        places: &[usize],
        line: u64,
        faults: &mut Faults,
    ) -> Option<csv::StringRecord> {
        if fields.len() != self.columns.len() {
            let problem = format!(
                "has {} fields where {} are needed",
                fields.len(),
                self.columns.len()
            );
            let fault = RowFault::of_row(self.file, line, problem);
            let runs_on = fields.iter().any(|field| field.contains(&b'\n'));
            let hint = if runs_on {
                "it runs over several lines: is a quotation mark left open?"
            } else {
                "a text with a comma stands in quotation marks"
            };
            faults.add(fault.hint(hint));
            return None;
        }
        let text = csv::StringRecord::from_byte_record(fields.clone());
        if text.is_err() {
            for (column, place) in self.columns.iter().zip(places) {
                if std::str::from_utf8(&fields[*place]).is_err() {
                    let value = String::from_utf8_lossy(&fields[*place]);
                    let fault = RowFault::of_row(self.file, line, "is not UTF-8");
                    faults.add(fault.at(column, &value).hint("save the file as UTF-8"));
                }
            }
        }
        text.ok()
    }
}

/// Counts lines up to a row. The `csv` crate's own count is one too low after `\r\n` and after
/// blank lines: it takes a row to begin where the row before ended.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position.and_then(|p| usize::try_from(p.byte()).ok());
        let begin = begin.unwrap_or(self.at).clamp(self.at, self.bytes.len());
        let is_break = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let begin = begin + self.bytes[begin..].iter().take_while(is_break).count();
        let passed = &self.bytes[self.at..begin];
        let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = begin;
        self.line += u64::try_from(breaks).unwrap_or(0);
        self.line
    }
}

impl Record<'_> {
    /// The text of a column.
    pub(super) fn text(&self, column: &'static str) -> &str {
        let place = self.columns.iter().position(|name| *name == column);
        place
            .and_then(|place| self.fields.get(self.places[place]))
            .unwrap_or("")
    }

    /// The value of a column; a fault is noted if it is none.
    pub(super) fn value<T, E: fmt::Display>(
        &self,
        column: &'static str,
        faults: &mut Faults,
        kind: &Kind<T, E>,
    ) -> Option<T> {
        match (kind.parse)(self.text(column)) {
            Ok(value) => Some(value),
            Err(error) => {
                faults.add(self.fault(column, error).hint(kind.hint));
                None
            }
        }
    }

    /// The value of a column that may be empty.
    pub(super) fn optional<T, E: fmt::Display>(
        &self,
        column: &'static str,
        faults: &mut Faults,
        kind: &Kind<T, E>,
    ) -> Option<Option<T>> {
        if self.text(column).is_empty() {
            return Some(None);
        }
        self.value(column, faults, kind).map(Some)
    }

    /// The value of a column, without a word if it is none.
    pub(super) fn key<T, E>(&self, column: &'static str, kind: &Kind<T, E>) -> Option<T> {
        (kind.parse)(self.text(column)).ok()
    }

    /// A fault of a column of this row.
    pub(super) fn fault(&self, column: &'static str, problem: impl fmt::Display) -> RowFault {
        RowFault::of_row(self.file, self.line, problem).at(column, self.text(column))
    }
}
