use std::io::{Cursor, Write as _};

use super::*;

const CODE: &str = "91310117MADEM00114";

fn csv(text: &str) -> VoucherFile {
    read_voucher_file(text.as_bytes(), FileKind::Csv)
}

/// What is wrong, by line and column.
fn wrongs(file: &VoucherFile) -> Vec<(u32, Option<&'static str>, Wrong)> {
    let faults = file.faults.iter();
    faults
        .map(|fault| (fault.line, fault.column, fault.what))
        .collect()
}

/// A workbook with one sheet, whose rows are given as the XML of their cells.
fn workbook(rows: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" \
                 Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>\
                 <sheet name=\"券\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" \
                 Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    for (name, text) in parts {
        archive.start_file(name, options).expect("a part");
        archive.write_all(text.as_bytes()).expect("a part");
    }
    archive.finish().expect("a workbook").into_inner()
}

fn text_cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[test]
fn rows_are_read_whatever_the_order_of_the_columns_and_the_language_of_their_names() {
    let file = csv(&format!(
        "\u{feff}金额,编号,企业\r\n12345.6, R-1 ,{CODE}\r\n\r\n1,R-2,EN-X\r\n"
    ));
    assert_eq!(file.faults, []);
    let row = |line, reference, enterprise, fen| Row {
        line,
        reference: InlineText::parse(reference).expect("a reference"),
        enterprise,
        amount: Fen::try_new(fen).expect("an amount"),
    };
    let code = Named::Code(CreditCode::parse(CODE).expect("a code"));
    let expected = [
        row(2, "R-1", code, 1_234_560),
        row(4, "R-2", Named::Id("EN-X".into()), 100),
    ];
    assert_eq!(file.rows, expected);
    assert_eq!((file.row_count, file.unusable), (2, false));
}

#[test]
fn every_fault_of_every_row_is_told_with_its_place() {
    let long = "x".repeat(41);
    let file = csv(&format!(
        "reference,enterprise,amount\n,{CODE},1\nR-1,abc,1.234\nR-2,{CODE},0\n{long},{CODE},1\n\
         R-3,{CODE},1\nR-3,{CODE},2\nR-4,{CODE},1,more\n"
    ));
    let (reference, enterprise, amount) = (Some("reference"), Some("enterprise"), Some("amount"));
    assert_eq!(
        wrongs(&file),
        [
            (2, reference, Wrong::Empty),
            (3, enterprise, Wrong::BadEnterprise),
            (3, amount, Wrong::BadAmount),
            (4, amount, Wrong::ZeroAmount),
            (5, reference, Wrong::BadReference),
            (7, reference, Wrong::ReferenceTwice(6)),
            (8, None, Wrong::TooManyCells),
        ]
    );
    let lines: Vec<u32> = file.rows.iter().map(|row| row.line).collect();
    assert_eq!((lines, file.row_count, file.fault_count), (vec![6], 7, 7));
}

#[test]
fn a_header_that_lacks_a_column_makes_the_file_unusable() {
    let file = csv("reference,amount,amount,colour\nR-1,1,2,3\n");
    assert!(file.unusable && file.rows.is_empty());
    assert_eq!(
        wrongs(&file),
        [
            (1, Some("amount"), Wrong::ColumnTwice),
            (1, None, Wrong::ColumnUnknown),
            (1, Some("enterprise"), Wrong::ColumnMissing),
        ]
    );
    for empty in ["", "reference,enterprise,amount\n"] {
        assert_eq!(wrongs(&csv(empty)), [(0, None, Wrong::NoRows)]);
    }
    let latin = read_voucher_file(b"reference,enterprise,amount\nR-1,\xb1,1\n", FileKind::Csv);
    assert!(latin.unusable);
    assert_eq!(wrongs(&latin), [(2, None, Wrong::Unreadable)]);
}

#[test]
fn a_workbook_gives_the_rows_of_its_first_sheet_and_amounts_as_they_were_typed() {
    let header = [("A1", "reference"), ("B1", "enterprise"), ("C1", "amount")];
    let header: String = header
        .iter()
        .map(|(at, name)| text_cell(at, name))
        .collect();
    let (first, code) = (text_cell("A2", "R-1"), text_cell("B2", CODE));
    let rows = format!(
        "<row r=\"1\">{header}</row>\
         <row r=\"2\">{first}{code}<c r=\"C2\"><v>12345.67</v></c></row>\
         <row r=\"5\"><c r=\"A5\"><v>77</v></c><c r=\"B5\"><v>913101170000000000</v></c>\
         <c r=\"C5\"><v>0.1</v></c></row>"
    );
    let file = read_voucher_file(&workbook(&rows), FileKind::Xlsx);
    assert_eq!(
        wrongs(&file),
        [(5, Some("enterprise"), Wrong::NumberForText)]
    );
    assert_eq!(file.rows.len(), 1);
    assert_eq!(
        (file.rows[0].line, file.rows[0].amount.get()),
        (2, 1_234_567)
    );
    let broken = read_voucher_file(b"PK\x03\x04 no workbook", FileKind::Xlsx);
    assert_eq!(wrongs(&broken), [(0, None, Wrong::Unreadable)]);
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_not_unpacked() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let zeros = vec![0; 1 << 20];
    archive
        .start_file("xl/sharedStrings.xml", options)
        .expect("a part");
    for _ in 0..257 {
        archive.write_all(&zeros).expect("zeros");
    }
    let bomb = archive.finish().expect("an archive").into_inner();
    assert!(bomb.len() < 2 << 20);
    let file = read_voucher_file(&bomb, FileKind::Xlsx);
    assert_eq!(wrongs(&file), [(0, None, Wrong::TooLarge)]);
}

#[test]
fn a_workbook_of_a_spreadsheet_program_is_read_as_it_was_typed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/vouchers.xlsx");
    let bytes = std::fs::read(path).expect("the fixture");
    let file = read_voucher_file(&bytes, FileKind::Xlsx);
    assert_eq!(wrongs(&file), []);
    let read: Vec<_> = file
        .rows
        .iter()
        .map(|row| {
            (
                row.line,
                row.reference.as_str().to_owned(),
                row.amount.get(),
            )
        })
        .collect();
    let row = |line, reference: &str, fen| (line, reference.to_owned(), fen);
    let expected = [
        row(2, "X-001", 1_234_567),
        row(3, "X-002", 100_000),
        row(4, "X-003", 25_050),
    ];
    assert_eq!(read, expected);
}
