//! A file of vouchers to be issued: CSV or XLSX with the columns reference, enterprise and amount.
//!
//! Reading never stops at the first fault: every cell of every row is looked at. What is read, and
//! which rows are left out, follows from the bytes alone, so that the same file gives the same rows
//! at any time.

mod sheet;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::domain::{CreditCode, Fen, InlineText};

/// Most rows of a file.
pub const ROWS_MAX: usize = crate::engine::FILE_ROWS_MAX;

/// Most faults that are told; the rest is counted.
pub const FAULTS_MAX: usize = 10_000;

/// The columns, each with the names that a header may give it.
const COLUMNS: [(&str, &[&str]); 3] = [
    ("reference", &["reference", "编号", "外部编号"]),
    (
        "enterprise",
        &["enterprise", "企业", "信用代码", "统一社会信用代码"],
    ),
    ("amount", &["amount", "金额", "券额"]),
];

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Comma-separated values, UTF-8.
    Csv,
    /// A workbook of which the first sheet is read.
    Xlsx,
}

/// Whom a row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A unified social credit code.
    Code(CreditCode),
    /// An identifier of the ledger, still to be understood.
    Id(Box<str>),
}

/// A row that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Line of the file, from 1; the header is line 1.
    pub line: u32,
    /// The row's own reference.
    pub reference: InlineText<40>,
    /// To whom.
    pub enterprise: Named,
    /// How much.
    pub amount: Fen,
}

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// Name of the column, where it is one.
    pub column: Option<&'static str>,
    /// What stands there, shortened.
    pub value: String,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong with a cell, a row or a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The bytes are no CSV in UTF-8, or no workbook.
    Unreadable,
    /// The file has more rows or cells than are read, or unpacks to too much.
    TooLarge,
    /// A column is missing in the header.
    ColumnMissing,
    /// A column of the header is not known.
    ColumnUnknown,
    /// A column stands twice in the header.
    ColumnTwice,
    /// There is no row below the header.
    NoRows,
    /// The row has more cells than the header.
    TooManyCells,
    /// The cell is empty.
    Empty,
    /// The reference is longer than 40 bytes or has characters that cannot be shown.
    BadReference,
    /// The reference stands in an earlier line of the file.
    ReferenceTwice(u32),
    /// Neither a credit code nor an identifier.
    BadEnterprise,
    /// The workbook holds a number where a text of digits is meant: digits may be lost.
    NumberForText,
    /// No amount in yuan with at most two places.
    BadAmount,
    /// An amount of nothing.
    ZeroAmount,
}

/// What was read of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoucherFile {
    /// The rows that could be read, in order.
    pub rows: Vec<Row>,
    /// What is wrong, in order; at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// How much is wrong in all.
    pub fault_count: usize,
    /// Number of rows below the header, readable or not; empty ones do not count.
    pub row_count: usize,
    /// True if the file as a whole cannot be used, whatever becomes of its rows.
    pub unusable: bool,
}

/// A cell as it stands in the file.
enum Cell {
    Text(String),
    /// A number of a workbook, written in full.
    Number(String),
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Number(text) => text.trim(),
        }
    }
}

/// Reads a file of vouchers.
pub fn read_voucher_file(bytes: &[u8], kind: FileKind) -> VoucherFile {
    let mut reading = Reading::default();
    let read = match kind {
        FileKind::Csv => sheet::each_csv_row(bytes, |line, cells| reading.row(line, cells)),
        FileKind::Xlsx => sheet::each_xlsx_row(bytes, |line, cells| reading.row(line, cells)),
    };
    if let Err((line, wrong)) = read {
        reading.file.unusable = true;
        reading.fault(line, None, "", wrong);
    } else if reading.file.row_count == 0 && !reading.file.unusable {
        // Without a header there are no rows either.
        reading.file.unusable = true;
        reading.fault(0, None, "", Wrong::NoRows);
    }
    reading.file
}

#[derive(Default)]
struct Reading {
    file: VoucherFile,
    /// Which of [`COLUMNS`] stands in each column of the file.
    header: Option<Vec<Option<usize>>>,
    seen: HashMap<InlineText<40>, u32, RandomState>,
}

impl Reading {
    fn fault(&mut self, line: u32, column: Option<&'static str>, value: &str, what: Wrong) {
        self.file.fault_count += 1;
        if self.file.faults.len() < FAULTS_MAX {
            self.file.faults.push(Fault {
                line,
                column,
                value: value.chars().take(60).collect(),
                what,
            });
        }
    }

    /// Takes one line; stops at a file that cannot be used.
    fn row(&mut self, line: u32, cells: &[Cell]) -> Result<(), (u32, Wrong)> {
        if cells.iter().all(|cell| cell.text().is_empty()) {
            return Ok(());
        }
        let Some(header) = self.header.take() else {
            self.read_header(line, cells);
            return Ok(());
        };
        self.file.row_count += 1;
        if self.file.row_count > ROWS_MAX {
            return Err((line, Wrong::TooLarge));
        }
        if !self.file.unusable {
            self.read_row(line, &header, cells);
        }
        self.header = Some(header);
        Ok(())
    }

    fn read_header(&mut self, line: u32, cells: &[Cell]) {
        let mut places = Vec::with_capacity(cells.len());
        for cell in cells {
            let name = cell.text().trim_start_matches('\u{feff}').to_lowercase();
            let known = COLUMNS
                .iter()
                .position(|(_, names)| names.contains(&name.as_str()));
            match known {
                Some(place) if places.contains(&Some(place)) => {
                    self.file.unusable = true;
                    self.fault(line, Some(COLUMNS[place].0), &name, Wrong::ColumnTwice);
                }
                None if !name.is_empty() => {
                    self.file.unusable = true;
                    self.fault(line, None, &name, Wrong::ColumnUnknown);
                }
                _ => {}
            }
            places.push(known);
        }
        for (place, (name, _)) in COLUMNS.iter().enumerate() {
            if !places.contains(&Some(place)) {
                self.file.unusable = true;
                self.fault(line, Some(name), "", Wrong::ColumnMissing);
            }
        }
        self.header = Some(places);
    }

    fn read_row(&mut self, line: u32, header: &[Option<usize>], cells: &[Cell]) {
        let faults = self.file.fault_count;
        let mut found: [Option<&Cell>; 3] = [None; 3];
        for (at, cell) in cells.iter().enumerate() {
            match header.get(at) {
                Some(Some(place)) => found[*place] = Some(cell),
                // A column without a name holds nothing.
                _ if cell.text().is_empty() => {}
                _ => self.fault(line, None, cell.text(), Wrong::TooManyCells),
            }
        }
        let reference = self.cell(line, 0, found[0], reference);
        let enterprise = self.cell(line, 1, found[1], enterprise);
        let amount = self.cell(line, 2, found[2], amount);
        if let Some(reference) = reference {
            if let Some(first) = self.seen.get(&reference) {
                let what = Wrong::ReferenceTwice(*first);
                self.fault(line, Some(COLUMNS[0].0), reference.as_str(), what);
            } else {
                self.seen.insert(reference, line);
            }
        }
        if let (Some(reference), Some(enterprise), Some(amount)) = (reference, enterprise, amount)
            && faults == self.file.fault_count
        {
            self.file.rows.push(Row {
                line,
                reference,
                enterprise,
                amount,
            });
        }
    }

    fn cell<T>(
        &mut self,
        line: u32,
        place: usize,
        cell: Option<&Cell>,
        read: impl FnOnce(&Cell) -> Result<T, Wrong>,
    ) -> Option<T> {
        let column = Some(COLUMNS[place].0);
        let read = match cell {
            Some(cell) if !cell.text().is_empty() => read(cell),
            _ => Err(Wrong::Empty),
        };
        match read {
            Ok(value) => Some(value),
            Err(what) => {
                self.fault(line, column, cell.map_or("", Cell::text), what);
                None
            }
        }
    }
}

fn reference(cell: &Cell) -> Result<InlineText<40>, Wrong> {
    InlineText::parse(cell.text()).map_err(|_| Wrong::BadReference)
}

fn enterprise(cell: &Cell) -> Result<Named, Wrong> {
    if let Cell::Number(_) = cell {
        return Err(Wrong::NumberForText);
    }
    let text = cell.text();
    if let Ok(code) = CreditCode::parse(text) {
        return Ok(Named::Code(code));
    }
    let id = text.starts_with("EN-") && text.is_ascii() && text.len() <= 40;
    if id {
        Ok(Named::Id(text.into()))
    } else {
        Err(Wrong::BadEnterprise)
    }
}

fn amount(cell: &Cell) -> Result<Fen, Wrong> {
    match Fen::parse_yuan(cell.text()) {
        Ok(amount) if amount.is_zero() => Err(Wrong::ZeroAmount),
        Ok(amount) => Ok(amount),
        Err(_) => Err(Wrong::BadAmount),
    }
}
