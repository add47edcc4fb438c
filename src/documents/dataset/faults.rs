//! What is wrong or odd in the input files, said by file, line and column.

use std::fmt;

/// The ten input files, each after those that its rows name.
pub const FILES: [&str; 10] = [
    "cities.csv",
    "programmes.csv",
    "versions.csv",
    "rates.csv",
    "recognition.csv",
    "agreements.csv",
    "enterprises.csv",
    "providers.csv",
    "vouchers.csv",
    "claims.csv",
];

/// Most faults, and most warnings, that are reported one by one; the rest is counted. A file whose
/// every row is wrong is understood long before.
pub const FAULTS_MAX: usize = 1_000;

/// Longest value that is shown in a fault, in characters: room for any key of the files.
const SHOWN_CHARS: usize = 40;

/// Something wrong in an input file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RowFault {
    /// Name of the file.
    pub file: &'static str,
    /// Line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// Name of the column; empty for the row as a whole.
    pub column: String,
    /// The value, shortened, control characters replaced.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What to do; empty where the problem says it.
    pub hint: String,
}

impl RowFault {
    /// A fault of a row as a whole, or with line 0 of a file as a whole.
    pub(super) fn of_row(file: &'static str, line: u64, problem: impl fmt::Display) -> RowFault {
        RowFault {
            file,
            line,
            column: String::new(),
            value: String::new(),
            problem: problem.to_string(),
            hint: String::new(),
        }
    }

    /// The same fault of one column with its value.
    pub(super) fn at(self, column: &str, value: &str) -> RowFault {
        RowFault {
            column: column.to_owned(),
            value: shown(value),
            ..self
        }
    }

    /// The same fault with what to do.
    pub(super) fn hint(self, hint: impl fmt::Display) -> RowFault {
        RowFault {
            hint: hint.to_string(),
            ..self
        }
    }
}

/// A value as a fault shows it: one line, not too long.
fn shown(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
    let mut value: String = text.chars().take(SHOWN_CHARS).map(printable).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        value.push('…');
    }
    value
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
        write!(f, ": {}", self.problem)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

/// Faults and warnings found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Faults {
    /// The first [`FAULTS_MAX`] faults.
    pub faults: Vec<RowFault>,
    /// Number of all faults.
    pub count: usize,
    /// The first [`FAULTS_MAX`] things that are odd but allowed.
    pub warnings: Vec<RowFault>,
    /// Number of all warnings.
    pub warning_count: usize,
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
        self.warning_count += 1;
        if self.warnings.len() < FAULTS_MAX {
            self.warnings.push(warning);
        }
    }

    /// Puts faults and warnings in the order of [`FILES`] and lines, so that a cause comes before
    /// what follows from it.
    pub(super) fn sort(&mut self) {
        let place = |fault: &RowFault| {
            let file = FILES.iter().position(|name| *name == fault.file);
            (file, fault.line)
        };
        self.faults.sort_by_key(place);
        self.warnings.sort_by_key(place);
    }
}
