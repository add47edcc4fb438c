//! What becomes of the rows of a file, and everything that is wrong with it, told in words.

use serde_json::{Value, json};

use crate::api::problem::{Lang, Problem, text};
use crate::api::render::yuan;
use crate::documents::voucher_file::{FAULTS_MAX, Fault, Named, Row, VoucherFile, Wrong};
use crate::domain::{
    EnterpriseId, Fen, IdKind, LedgerTag, PrincipalId, ProgrammeId, PublicId, hex,
};
use crate::engine::command::{
    Command, CommandKind, EnterpriseKey, FileMode, FileRow, IssueVoucher, RefSource,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::{FILE_CHUNK_ROWS, Planned, RowOutcome, State};
use crate::journal::codec;
use crate::node::Node;

/// What is wrong, and what to do: key, English, what to do, Chinese, what to do.
const TEXTS: &str = include_str!("texts.txt");

/// Under which programme rows are judged, and whose their references are.
pub(super) struct Asker {
    pub(super) programme: ProgrammeId,
    pub(super) references_of: PrincipalId,
}

/// What is wrong with a row: with how it is written, or by a rule.
enum Told {
    Written(Wrong),
    Unknown,
    Rule(RefusalCode),
}

struct RowFault {
    line: u32,
    column: Option<&'static str>,
    value: String,
    told: Told,
}

/// The rows of a file that can be sent, and what is wrong with it.
#[derive(Default)]
pub(super) struct Judged {
    /// All rows that could be read, also those that a rule will refuse.
    pub(super) rows: Vec<FileRow>,
    pub(super) total: Fen,
    pub(super) fault_count: usize,
    /// True if the file cannot be issued even without its faulty rows.
    pub(super) unusable: bool,
    faults: Vec<RowFault>,
    row_count: usize,
    issuable: usize,
    issuable_total: Fen,
    unchanged: usize,
}

/// Judges rows a chunk at a time, so that nobody waits for the state long. Without `rules` only
/// what is written is looked at: an approved file is judged as it is issued.
pub(super) async fn judge(
    node: &Node,
    asker: &Asker,
    rows: &[Row],
    rules: bool,
) -> Result<Judged, Problem> {
    let mut judged = Judged::default();
    let mut planned = Planned::default();
    let tag = node.ledger_tag();
    for chunk in rows.chunks(FILE_CHUNK_ROWS) {
        // Hashes are made before the state is locked; only what it knows of a row is asked inside.
        let keys: Vec<_> = node.peek(|state| {
            let key = |row: &Row| key(state, tag, &row.enterprise);
            chunk.iter().map(key).collect()
        })?;
        let sent: Vec<_> = chunk
            .iter()
            .zip(keys)
            .map(|(row, key)| key.map(|(key, found)| file_row(asker, row, key, found)))
            .collect();
        node.peek(|state| {
            for (row, sent) in chunk.iter().zip(sent) {
                judged.take(state, asker, row, sent, rules.then_some(&mut planned));
            }
        })?;
        // Others of this thread get their turn as well.
        tokio::task::yield_now().await;
    }
    Ok(judged)
}

impl Judged {
    fn take(
        &mut self,
        state: &State,
        asker: &Asker,
        row: &Row,
        sent: Result<FileRow, Told>,
        planned: Option<&mut Planned>,
    ) {
        let value = match &row.enterprise {
            Named::Code(code) => code.as_str(),
            Named::Id(id) => id,
        };
        let sent = match sent {
            Ok(sent) => sent,
            Err(told) => {
                // Whether the ledger knows an identifier may change; the rows of a file may not.
                self.unusable |= matches!(told, Told::Unknown);
                self.fault(row.line, Some("enterprise"), value, told);
                return;
            }
        };
        if let Some(planned) = planned {
            match state.plan_row(asker.programme, &sent, planned) {
                RowOutcome::Issue(_) => {
                    self.issuable += 1;
                    self.issuable_total = sum(self.issuable_total, sent.amount);
                }
                RowOutcome::Unchanged => self.unchanged += 1,
                RowOutcome::Refused(_, code) => {
                    let (column, value) = match code {
                        RefusalCode::RowReferenceTaken => ("reference", row.reference.as_str()),
                        RefusalCode::RowEnterpriseUnknown | RefusalCode::NotHomeCity => {
                            ("enterprise", value)
                        }
                        _ => ("amount", ""),
                    };
                    self.fault(row.line, Some(column), value, Told::Rule(code));
                }
            }
        }
        self.total = sum(self.total, sent.amount);
        self.rows.push(sent);
    }

    fn fault(&mut self, line: u32, column: Option<&'static str>, value: &str, told: Told) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(RowFault {
                line,
                column,
                value: value.to_owned(),
                told,
            });
        }
    }

    /// Adds what was wrong with how the file is written.
    pub(super) fn take_faults_of(&mut self, file: &VoucherFile) {
        let told = |fault: &Fault| RowFault {
            line: fault.line,
            column: fault.column,
            value: fault.value.clone(),
            told: Told::Written(fault.what),
        };
        self.faults.extend(file.faults.iter().map(told));
        self.faults.sort_by_key(|fault| fault.line);
        self.faults.truncate(FAULTS_MAX);
        self.fault_count += file.fault_count;
        self.row_count = file.row_count;
        self.unusable |= file.unusable;
    }

    /// What would become of the file now.
    pub(super) fn preview(&self, lang: Lang, sha256: [u8; 32], mode: FileMode) -> Value {
        let faults = self.faults.iter().map(|fault| fault.tell(lang));
        json!({
            "sha256": hex(&sha256),
            "mode": mode.as_str(),
            "rows": self.row_count,
            "issuable": self.issuable,
            "unchanged": self.unchanged,
            "total": yuan(self.issuable_total),
            "usable": !self.unusable && !self.rows.is_empty(),
            "fault_count": self.fault_count,
            "faults": faults.collect::<Value>(),
        })
    }
}

fn sum(a: Fen, b: Fen) -> Fen {
    a.checked_add(b).unwrap_or(Fen::MAX)
}

/// The enterprise that an identifier names.
fn identifier(state: &State, tag: LedgerTag, text: &str) -> Result<EnterpriseId, Told> {
    let bad = Told::Written(Wrong::BadEnterprise);
    let Ok(id) = PublicId::parse(text, IdKind::Enterprise, tag) else {
        return Err(bad);
    };
    let Ok(serial) = u32::try_from(id.serial) else {
        return Err(bad);
    };
    match state.enterprise_id(EnterpriseId(serial), tag) {
        Some(own) if own == id.format(tag) => Ok(EnterpriseId(serial)),
        _ => Err(Told::Unknown),
    }
}

/// How a row names its enterprise, and which one that is, if there is one.
fn key(
    state: &State,
    tag: LedgerTag,
    named: &Named,
) -> Result<(EnterpriseKey, Option<EnterpriseId>), Told> {
    match named {
        Named::Code(code) => Ok((EnterpriseKey::Code(*code), state.enterprise_by_code(*code))),
        Named::Id(id) => identifier(state, tag, id).map(|id| (EnterpriseKey::Id(id), Some(id))),
    }
}

fn file_row(
    asker: &Asker,
    row: &Row,
    enterprise: EnterpriseKey,
    found: Option<EnterpriseId>,
) -> FileRow {
    // The same content sent as a single issue has the same fingerprint: it names an id.
    let issue = IssueVoucher {
        programme: asker.programme,
        enterprise: found.map_or(enterprise, EnterpriseKey::Id),
        amount: row.amount,
        application: None,
    };
    let source = RefSource::Principal(asker.references_of);
    FileRow {
        line: row.line,
        reference: codec::external_ref(CommandKind::IssueVoucher, source, row.reference)
            .expect("an issue takes a reference"),
        fingerprint: codec::fingerprint(&Command::IssueVoucher(issue)),
        enterprise,
        amount: row.amount,
    }
}

impl RowFault {
    fn tell(&self, lang: Lang) -> Value {
        let (code, problem, remedy) = match self.told {
            Told::Rule(code) => match words(code.as_str(), lang, 0) {
                (key, problem, _) if problem.is_empty() => (key, text(key, lang).to_owned(), ""),
                told => told,
            },
            Told::Unknown => words("ENTERPRISE_UNKNOWN", lang, 0),
            Told::Written(wrong) => written(wrong, lang),
        };
        json!({
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "code": code,
            "problem": problem,
            "remedy": remedy,
        })
    }
}

fn written(wrong: Wrong, lang: Lang) -> (&'static str, String, &'static str) {
    let (key, line) = match wrong {
        Wrong::Unreadable => ("UNREADABLE", 0),
        Wrong::TooLarge => ("TOO_LARGE", 0),
        Wrong::ColumnMissing => ("COLUMN_MISSING", 0),
        Wrong::ColumnUnknown => ("COLUMN_UNKNOWN", 0),
        Wrong::ColumnTwice => ("COLUMN_TWICE", 0),
        Wrong::NoRows => ("NO_ROWS", 0),
        Wrong::TooManyCells => ("TOO_MANY_CELLS", 0),
        Wrong::Empty => ("EMPTY", 0),
        Wrong::BadReference => ("BAD_REFERENCE", 0),
        Wrong::ReferenceTwice(line) => ("REFERENCE_TWICE", line),
        Wrong::BadEnterprise => ("BAD_ENTERPRISE", 0),
        Wrong::NumberForText => ("NUMBER_FOR_TEXT", 0),
        Wrong::BadAmount => ("BAD_AMOUNT", 0),
        Wrong::ZeroAmount => ("ZERO_AMOUNT", 0),
    };
    words(key, lang, line)
}

/// The words of a key; `#` stands for a line.
fn words(key: &'static str, lang: Lang, line: u32) -> (&'static str, String, &'static str) {
    let found = TEXTS.lines().find_map(|one| {
        let mut fields = one.split('\t');
        (fields.next()? == key).then(|| fields.collect::<Vec<&str>>())
    });
    let fields = found.unwrap_or_default();
    let at = match lang {
        Lang::En => 0,
        Lang::Zh => 2,
    };
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let problem = field(at).replace('#', &line.to_string());
    (key, problem, field(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What can be told of a row by rule.
    const RULES: [RefusalCode; 10] = [
        RefusalCode::YearEnded,
        RefusalCode::NoVersionInForce,
        RefusalCode::ApplicationRequired,
        RefusalCode::NotHomeCity,
        RefusalCode::PartyBlocked,
        RefusalCode::PartyDissolved,
        RefusalCode::IssueCapExceeded,
        RefusalCode::BudgetExhausted,
        RefusalCode::RowReferenceTaken,
        RefusalCode::RowEnterpriseUnknown,
    ];

    #[test]
    fn every_fault_has_words_in_both_languages() {
        let all = [
            Wrong::Unreadable,
            Wrong::TooLarge,
            Wrong::ColumnMissing,
            Wrong::ColumnUnknown,
            Wrong::ColumnTwice,
            Wrong::NoRows,
            Wrong::TooManyCells,
            Wrong::Empty,
            Wrong::BadReference,
            Wrong::ReferenceTwice(7),
            Wrong::BadEnterprise,
            Wrong::NumberForText,
            Wrong::BadAmount,
            Wrong::ZeroAmount,
        ];
        let both = |lang| {
            let written = all.map(|wrong| written(wrong, lang));
            let rules = RULES.map(|code| words(code.as_str(), lang, 0));
            written
                .into_iter()
                .chain([words("ENTERPRISE_UNKNOWN", lang, 0)])
                .chain(rules)
        };
        for (key, problem, remedy) in both(Lang::En) {
            assert!(problem.is_ascii() && !problem.is_empty(), "{key}");
            assert!(!remedy.is_empty(), "{key}");
        }
        for (key, problem, remedy) in both(Lang::Zh) {
            assert!(!problem.is_ascii() && !remedy.is_ascii(), "{key}");
        }
        assert_eq!(TEXTS.lines().count(), all.len() + 1 + RULES.len());
        assert!(written(Wrong::ReferenceTwice(7), Lang::Zh).1.contains('7'));
    }
}
