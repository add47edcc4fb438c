//! Rows of cells out of CSV and XLSX.

use std::io::{Cursor, Read as _};

use calamine::{Data, DataRef, Reader as _, Xlsx};

use super::{Cell, Wrong};

/// Most columns that are looked at; the file has three.
const COLUMNS_MAX: usize = 64;

/// Longest cell that is looked at, in bytes.
const CELL_BYTES_MAX: usize = 1_024;

/// Most bytes that a workbook unpacks to: a million rows of some 250 bytes.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;

type Stopped = (u32, Wrong);

/// Hands every record of a CSV file on with its line.
pub(super) fn each_csv_row(
    bytes: &[u8],
    mut row: impl FnMut(u32, &[Cell]) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut cells = Vec::new();
    let mut lines = Lines {
        bytes,
        at: 0,
        line: 1,
    };
    loop {
        let read = reader.read_record(&mut record);
        let line = |lines: &mut Lines<'_>, position: Option<&csv::Position>| {
            lines.of(position.map_or(0, csv::Position::byte))
        };
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                return Err((line(&mut lines, error.position()), Wrong::Unreadable));
            }
        }
        let line = line(&mut lines, record.position());
        if record.len() > COLUMNS_MAX || record.as_slice().len() > COLUMNS_MAX * CELL_BYTES_MAX {
            return Err((line, Wrong::TooLarge));
        }
        cells.clear();
        cells.extend(record.iter().map(|text| Cell::Text(text.to_owned())));
        row(line, &cells)?;
    }
}

/// Lines of a text by byte. A record is said to begin where the one before it ended: at what is
/// left of its line, and at empty lines after it.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line on which what begins at a byte, or behind line ends there, stands. Bytes ascend.
    fn of(&mut self, byte: u64) -> u32 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.bytes.get(self.at) {
            if self.at >= byte && !matches!(next, b'\r' | b'\n') {
                break;
            }
            self.line = self.line.saturating_add(u32::from(*next == b'\n'));
            self.at += 1;
        }
        self.line
    }
}

/// Hands every row of the first sheet of a workbook on with its line.
pub(super) fn each_xlsx_row(
    bytes: &[u8],
    mut row: impl FnMut(u32, &[Cell]) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    unpacks_to_little(bytes)?;
    let unreadable = |line| move |_| (line, Wrong::Unreadable);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable(0))?;
    let name = book.sheet_names().first().cloned();
    let name = name.ok_or((0, Wrong::Unreadable))?;
    let mut reader = book.worksheet_cells_reader(&name).map_err(unreadable(0))?;
    let mut cells: Vec<Cell> = Vec::new();
    let mut line = 0;
    while let Some(found) = reader.next_cell().map_err(unreadable(line))? {
        let (at, column) = found.get_position();
        let at = at.saturating_add(1);
        if at != line {
            if at < line {
                return Err((line, Wrong::Unreadable));
            }
            row(line, &cells)?;
            cells.clear();
            line = at;
        }
        let column = column as usize;
        if column >= COLUMNS_MAX {
            return Err((line, Wrong::TooLarge));
        }
        if column < cells.len() {
            return Err((line, Wrong::Unreadable));
        }
        cells.resize_with(column, || Cell::Text(String::new()));
        cells.push(cell(found.get_value()));
    }
    row(line, &cells)
}

/// Unpacks a workbook into nothing first, so that none can unpack to more than memory holds.
fn unpacks_to_little(bytes: &[u8]) -> Result<(), Stopped> {
    let unreadable = (0, Wrong::Unreadable);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable)?;
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| unreadable)?;
        let most = left + 1;
        let unpacked = std::io::copy(&mut entry.take(most), &mut std::io::sink());
        let unpacked = unpacked.map_err(|_| unreadable)?;
        left = left.checked_sub(unpacked).ok_or((0, Wrong::TooLarge))?;
    }
    Ok(())
}

/// A cell of a workbook. A number is written with the fewest digits that give it back, which are
/// the ones that were typed.
fn cell(value: &DataRef<'_>) -> Cell {
    match Data::from(value.clone()) {
        Data::Int(number) => Cell::Number(number.to_string()),
        Data::Float(number) => Cell::Number(number.to_string()),
        Data::Empty => Cell::Text(String::new()),
        Data::String(mut text) => {
            if text.len() > CELL_BYTES_MAX {
                text = text.chars().take(CELL_BYTES_MAX / 4).collect();
            }
            Cell::Text(text)
        }
        other => Cell::Text(other.to_string()),
    }
}
