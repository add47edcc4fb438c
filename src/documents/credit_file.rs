//! Credit flags as a CSV file, in and out: `docs/API.md`, "Credit flags and block list".
//!
//! A file is read whole and every fault in it is told; nothing of a file with a fault is done.

use std::collections::BTreeMap;

use crate::domain::{
    CreditCode, Day, DivisionCode, EnterpriseId, IdKind, InlineText, LedgerTag, MemberId,
    PrincipalId, ProviderId, PublicId,
};
use crate::engine::command::{
    Command, DocumentNo, FlagCode, FlagLevel, Payee, RaiseCreditFlag, Reason, RefSource, Submission,
};
use crate::engine::event::{Event, Recorded};
use crate::engine::state::CreditFlagRow;
use crate::engine::{IdText, State};
use crate::journal::codec;

/// Columns that a file must have; their order is free.
pub const COLUMNS: [&str; 9] = [
    "external_ref",
    "party",
    "code",
    "level",
    "from",
    "until",
    "city",
    "document_no",
    "reason",
];

/// Columns that an export has besides. A row with a day in `lifted_on` is not taken.
pub const MORE_COLUMNS: [&str; 2] = ["id", "lifted_on"];

/// Most rows of a file: what one atomic bulk takes.
pub const ROWS_MAX: usize = 10_000;

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LineFault {
    /// Line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// Column; empty for the line as a whole.
    pub column: &'static str,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl LineFault {
    fn new(line: u64, column: &'static str, problem: impl ToString) -> LineFault {
        LineFault {
            line,
            column,
            problem: problem.to_string(),
        }
    }
}

/// One row, every text of which was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagRow {
    /// Line, from 1.
    pub line: u64,
    external_ref: InlineText<40>,
    party: String,
    code: FlagCode,
    level: FlagLevel,
    from: Day,
    until: Option<Day>,
    city: DivisionCode,
    document_no: Option<DocumentNo>,
    reason: Option<Reason>,
}

/// A row of a file while it is read.
struct Fields<'a> {
    line: u64,
    columns: &'a BTreeMap<&'a str, usize>,
    record: &'a csv::StringRecord,
    faults: &'a mut Vec<LineFault>,
}

impl Fields<'_> {
    fn text(&self, column: &str) -> &str {
        let place = self.columns.get(column);
        place
            .and_then(|place| self.record.get(*place))
            .unwrap_or("")
            .trim()
    }

    fn take<T, E: ToString>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(column)) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.faults
                    .push(LineFault::new(self.line, column, problem.to_string()));
                None
            }
        }
    }

    /// `None` for a text that was not understood, `Some(None)` for one that is not there.
    fn maybe<T, E: ToString>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        self.take(column, |text| match text {
            "" => Ok(None),
            text => parse(text).map(Some),
        })
    }

    fn row(&mut self) -> Option<FlagRow> {
        let words = |text: &str, all: Vec<&str>| format!("{text:?} is none of {}", all.join(", "));
        let code = |text: &str| {
            let all = || FlagCode::ALL.iter().map(|code| code.as_str()).collect();
            FlagCode::parse(text).ok_or_else(|| words(text, all()))
        };
        let level = |text: &str| {
            FlagLevel::parse(text).ok_or_else(|| words(text, vec!["warning", "block"]))
        };
        let party = |text: &str| match text {
            "" => Err("is an identifier or a credit code"),
            text => Ok(text.to_owned()),
        };
        // Every column is looked at, so that all faults of a line are told.
        let external_ref = self.take("external_ref", InlineText::parse);
        let party = self.take("party", party);
        let code = self.take("code", code);
        let level = self.take("level", level);
        let from = self.take("from", Day::parse);
        let until = self.maybe("until", Day::parse);
        let city = self.take("city", DivisionCode::parse);
        let document_no = self.maybe("document_no", DocumentNo::parse);
        let reason = self.maybe("reason", Reason::parse);
        Some(FlagRow {
            line: self.line,
            external_ref: external_ref?,
            party: party?,
            code: code?,
            level: level?,
            from: from?,
            until: until?,
            city: city?,
            document_no: document_no?,
            reason: reason?,
        })
    }
}

/// The rows of a file, and how many were passed over as lifted.
///
/// # Errors
/// Everything that is wrong with any row.
pub fn read(bytes: &[u8]) -> Result<(Vec<FlagRow>, usize), Vec<LineFault>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let whole = |problem: String| vec![LineFault::new(0, "", problem)];
    let header = reader
        .headers()
        .map_err(|error| whole(error.to_string()))?
        .clone();
    let columns: BTreeMap<&str, usize> = header.iter().map(str::trim).zip(0..).collect();
    let missing: Vec<&str> = COLUMNS
        .into_iter()
        .filter(|column| !columns.contains_key(column))
        .collect();
    if !missing.is_empty() {
        return Err(whole(format!(
            "the header lacks {}; it is {}",
            missing.join(", "),
            COLUMNS.join(",")
        )));
    }
    let (mut rows, mut faults, mut lifted) = (Vec::new(), Vec::new(), 0);
    let mut refs: BTreeMap<InlineText<40>, u64> = BTreeMap::new();
    for (n, record) in (2..).zip(reader.records()) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(LineFault::new(n, "", error));
                continue;
            }
        };
        let line = record.position().map_or(n, csv::Position::line);
        let mut fields = Fields {
            line,
            columns: &columns,
            record: &record,
            faults: &mut faults,
        };
        if !fields.text("lifted_on").is_empty() {
            lifted += 1;
            continue;
        }
        let Some(row) = fields.row() else {
            continue;
        };
        if let Some(first) = refs.insert(row.external_ref, line) {
            let problem = format!("stands in line {first} already");
            faults.push(LineFault::new(line, "external_ref", problem));
        }
        rows.push(row);
    }
    if rows.len() > ROWS_MAX {
        faults.push(LineFault::new(
            0,
            "",
            format!("has more than {ROWS_MAX} rows; cut it into several files"),
        ));
    }
    if faults.is_empty() {
        Ok((rows, lifted))
    } else {
        Err(faults)
    }
}

/// An enterprise or provider by identifier, by credit code, or by `enterprise:CODE` and
/// `provider:CODE`. A bare code that is both names the enterprise: a flag holds for both roles.
fn party(state: &State, tag: LedgerTag, text: &str) -> Option<Payee> {
    let (role, text) = match text.split_once(':') {
        Some((role, text)) => (role, text),
        None => ("", text),
    };
    if let Ok(code) = CreditCode::parse(text) {
        let firm = state.enterprise_by_code(code).map(Payee::Enterprise);
        let lab = state.provider_by_code(code).map(Payee::Provider);
        return match role {
            "" => firm.or(lab),
            "enterprise" => firm,
            "provider" => lab,
            _ => None,
        };
    }
    let serial = |kind, canonical: &dyn Fn(u32) -> Option<IdText>| {
        let id = PublicId::parse(text, kind, tag).ok()?;
        let serial = u32::try_from(id.serial).ok()?;
        (canonical(serial)? == id.format(tag)).then_some(serial)
    };
    let firm = serial(IdKind::Enterprise, &|id| {
        state.enterprise_id(EnterpriseId(id), tag)
    });
    let lab = serial(IdKind::Provider, &|id| {
        state.provider_id(ProviderId(id), tag)
    });
    let firm = firm.map(|id| Payee::Enterprise(EnterpriseId(id)));
    firm.or(lab.map(|id| Payee::Provider(ProviderId(id))))
}

/// What becomes of the rows of a file.
#[derive(Debug, Default)]
pub struct Intake {
    /// Commands for the rows that are new, with their lines.
    pub new: Vec<(u64, Submission)>,
    /// Rows that were taken before.
    pub known: usize,
}

/// The commands of the rows that are new.
///
/// # Errors
/// Everything that the ledger does not know, and references that name other content.
pub fn intake(
    state: &State,
    tag: LedgerTag,
    principal: PrincipalId,
    source: RefSource,
    rows: &[FlagRow],
) -> Result<Intake, Vec<LineFault>> {
    let (mut intake, mut faults) = (Intake::default(), Vec::new());
    for row in rows {
        let found = party(state, tag, &row.party);
        if found.is_none() {
            let problem = format!("the ledger knows no {}", row.party);
            faults.push(LineFault::new(row.line, "party", problem));
        }
        let city: Option<MemberId> = state.member_by_code(row.city);
        if city.is_none() {
            let problem = format!("the ledger knows no city {}", row.city);
            faults.push(LineFault::new(row.line, "city", problem));
        }
        let (Some(party), Some(city)) = (found, city) else {
            continue;
        };
        let command = Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
            party,
            code: row.code,
            level: row.level,
            from: row.from,
            until: row.until,
            city,
            document_no: row.document_no.clone(),
            document_sha256: None,
        }));
        let reference = codec::external_ref(command.kind(), source, row.external_ref)
            .expect("a flag takes references");
        let fingerprint = codec::fingerprint(&command);
        match state.reference_fits(reference.key, fingerprint) {
            Some(true) => intake.known += 1,
            Some(false) => faults.push(LineFault::new(
                row.line,
                "external_ref",
                "names a flag with other content",
            )),
            None => {
                let submission = Submission {
                    fingerprint,
                    external_ref: Some(Box::new(reference)),
                    reason: row.reason.clone(),
                    ..Submission::new(principal, command)
                };
                intake.new.push((row.line, submission));
            }
        }
    }
    if faults.is_empty() {
        Ok(intake)
    } else {
        Err(faults)
    }
}

/// A flag as a row of an export.
#[derive(Clone, Debug)]
pub struct FlagOut {
    /// Identifier, party, code, level, from, until, city, lifted on.
    texts: [String; 8],
    /// True if the reason and the document may be told.
    pub told: bool,
}

/// The row of a flag, but for what stands in its event.
pub fn row_out(
    state: &State,
    tag: LedgerTag,
    id: &str,
    row: &CreditFlagRow,
    told: bool,
) -> FlagOut {
    let code = |code: crate::engine::Hash128| {
        let known = (code != crate::engine::Hash128::default())
            .then(|| CreditCode::from_u128(code.into()))
            .flatten();
        known.map(|code| code.to_string())
    };
    let (role, code, id_text) = match row.party {
        Payee::Enterprise(id) => (
            "enterprise",
            state.enterprise(id).and_then(|row| code(row.code)),
            state.enterprise_id(id, tag),
        ),
        Payee::Provider(id) => (
            "provider",
            state.provider(id).and_then(|row| code(row.code)),
            state.provider_id(id, tag),
        ),
    };
    // A team has no code; its identifier is this ledger's alone.
    let party = match code {
        Some(code) => format!("{role}:{code}"),
        None => id_text.map(|id| id.to_string()).unwrap_or_default(),
    };
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let city = state.member(row.city).map(|row| row.code.to_string());
    FlagOut {
        texts: [
            id.to_owned(),
            party,
            row.code.as_str().to_owned(),
            row.level.as_str().to_owned(),
            row.from.to_string(),
            day(row.until),
            city.unwrap_or_default(),
            day(row.lifted_on),
        ],
        told,
    }
}

/// Writes rows with what stands in their events.
pub fn write(rows: &[(FlagOut, Option<Recorded>)]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = COLUMNS.iter().chain(&MORE_COLUMNS);
    let mut lines: Vec<Vec<String>> = vec![header.map(|name| (*name).to_owned()).collect()];
    for (row, recorded) in rows {
        let meta = recorded.as_ref().map(|recorded| &recorded.meta);
        let reference = meta.and_then(|meta| meta.external_ref.as_ref());
        let told = recorded.as_ref().filter(|_| row.told);
        let document_no = told.and_then(|recorded| match &recorded.event {
            Event::CreditFlagRaised(e) => e.document_no.as_ref().map(|no| no.as_str()),
            _ => None,
        });
        let reason = told.and_then(|recorded| recorded.meta.reason.as_ref());
        let [id, party, code, level, from, until, city, lifted] = &row.texts;
        lines.push(vec![
            reference.map_or_else(|| id.clone(), |reference| reference.text.to_string()),
            party.clone(),
            code.clone(),
            level.clone(),
            from.clone(),
            until.clone(),
            city.clone(),
            document_no.unwrap_or("").to_owned(),
            reason
                .map(|reason| reason.as_str())
                .unwrap_or("")
                .to_owned(),
            id.clone(),
            lifted.clone(),
        ]);
    }
    for line in lines {
        writer
            .write_record(&line)
            .expect("writing to memory cannot fail, and all rows have the same columns");
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "external_ref,party,code,level,from,until,city,document_no,reason\n";

    #[test]
    fn every_fault_of_a_file_is_told_with_its_line_and_column() {
        let file = format!(
            "{HEADER}A-1,91310117MADEM00114,collusion,block,2025-01-01,,310117,,\n\
             A-1,,bad,block,2025-13-01,x,31,,\n"
        );
        let faults = read(file.as_bytes()).expect_err("faults");
        let places: Vec<_> = faults.iter().map(|f| (f.line, f.column)).collect();
        let columns = ["party", "code", "from", "until", "city"];
        assert_eq!(places, columns.map(|column| (3, column)));
        let twice = format!(
            "{HEADER}A-1,91310117MADEM00114,collusion,block,2025-01-01,,310117,,\n\
             A-1,91310117MADEM00114,collusion,block,2025-01-01,,310117,,\n"
        );
        let faults = read(twice.as_bytes()).expect_err("a reference twice");
        assert_eq!((faults[0].line, faults[0].column), (3, "external_ref"));
    }

    #[test]
    fn a_header_that_lacks_a_column_is_told_before_any_row() {
        let faults = read(b"party,code\nx,y\n").expect_err("no header");
        assert_eq!(faults.len(), 1);
        assert!(faults[0].problem.contains("external_ref"), "{faults:?}");
        assert!(read(b"").is_err());
    }

    #[test]
    fn rows_of_flags_that_were_lifted_are_passed_over() {
        let file = "external_ref,party,code,level,from,until,city,document_no,reason,id,lifted_on\n\
             A-1,91310117MADEM00114,collusion,block,2025-01-01,2025-12-31,310117,D,why,,\n\
             A-2,91310117MADEM00114,collusion,block,2025-01-01,,310117,,,,2025-02-01\n";
        let (rows, lifted) = read(file.as_bytes()).expect("a good file");
        assert_eq!((rows.len(), lifted), (1, 1));
        assert_eq!(rows[0].until, Day::parse("2025-12-31").ok());
    }
}
