//! Vouchers issued from a file. What is approved is a list of fingerprints, one per chunk of rows;
//! a chunk is let through only if its own fingerprint stands there, and only in its turn. So every
//! row is decided exactly once, whoever sends it and however often.

use std::collections::BTreeMap;

use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::domain::{EnterpriseId, Fen, ProgrammeId, VoucherFileId, VoucherId};
use crate::engine::command::{
    ApproveVoucherFile, EnterpriseKey, FileRow, IssueFileRows, RefSource,
};
use crate::engine::event::{
    Event, FileRowRefused, FileRowsIssued, VoucherFileApproved, VoucherIssued,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{State, VoucherFileRow};
use crate::engine::tables::Hash128;
use crate::engine::terms::{FileMode, Role};

/// Most rows of one file: ten times the largest year of a city.
pub const FILE_ROWS_MAX: usize = 1_000_000;

/// Most rows of a file that is issued as one step.
pub const ATOMIC_FILE_ROWS_MAX: usize = 10_000;

/// Most rows of a chunk: some five milliseconds of deciding, so that a claim that comes in between
/// waits for that and for one commit. A million rows are a thousand fingerprints of 17 bytes.
pub const FILE_CHUNK_ROWS: usize = 1_000;

/// What rows of a file have been given, before any of it is in the books.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    by_enterprise: BTreeMap<EnterpriseId, Fen>,
    total: Fen,
}

impl Planned {
    /// What an enterprise has been given, and all of them together.
    pub(super) fn of(&self, enterprise: EnterpriseId) -> (Fen, Fen) {
        let own = self.by_enterprise.get(&enterprise).copied();
        (own.unwrap_or_default(), self.total)
    }

    fn add(&mut self, enterprise: EnterpriseId, amount: Fen) {
        // A sum that does not fit is above every cap and every budget: it was refused before.
        let own = self.by_enterprise.entry(enterprise).or_default();
        *own = own.checked_add(amount).unwrap_or(Fen::MAX);
        self.total = self.total.checked_add(amount).unwrap_or(Fen::MAX);
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// A voucher is issued.
    Issue(EnterpriseId),
    /// Its voucher is there, under the same reference.
    Unchanged,
    /// A rule refuses it; the enterprise is `None` if nobody has the credit code.
    Refused(Option<EnterpriseId>, RefusalCode),
}

impl State {
    /// What becomes of a row of a file after the rows before it, which `planned` has counted.
    pub fn plan_row(
        &self,
        programme: ProgrammeId,
        row: &FileRow,
        planned: &mut Planned,
    ) -> RowOutcome {
        let enterprise = match row.enterprise {
            EnterpriseKey::Id(id) => self.enterprises.get(id.index()).map(|_| id),
            EnterpriseKey::Code(code) => self.enterprise_by_code(code),
        };
        if let Some(known) = self.find_ref(row.reference.key) {
            return if known.fingerprint == Hash128::from(row.fingerprint) {
                RowOutcome::Unchanged
            } else {
                RowOutcome::Refused(enterprise, RefusalCode::RowReferenceTaken)
            };
        }
        let Some(enterprise) = enterprise else {
            return RowOutcome::Refused(None, RefusalCode::RowEnterpriseUnknown);
        };
        let version = self
            .programmes
            .get(programme.index())
            .and_then(|row| row.version_in_force(*self.business_date));
        let fault = match version {
            Some((_, terms)) if terms.application_required => {
                Some(RefusalCode::ApplicationRequired)
            }
            Some((_, terms)) => {
                self.issue_fault_after(programme, enterprise, row.amount, terms, planned)
            }
            None => Some(RefusalCode::NoVersionInForce),
        };
        match fault {
            Some(code) => RowOutcome::Refused(Some(enterprise), code),
            None => {
                planned.add(enterprise, row.amount);
                RowOutcome::Issue(enterprise)
            }
        }
    }
}

impl Execution<'_> {
    pub(super) fn approve_voucher_file(&mut self, c: &ApproveVoucherFile) -> Decision {
        let issuer = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, issuer)?;
        let most = match c.mode {
            FileMode::Atomic => ATOMIC_FILE_ROWS_MAX,
            FileMode::Chunks => FILE_ROWS_MAX,
        };
        let rows = c.rows as usize;
        valid(
            (1..=most).contains(&rows),
            "rows",
            "are too few or too many",
        )?;
        let chunks = match c.mode {
            FileMode::Atomic => 1,
            FileMode::Chunks => rows.div_ceil(FILE_CHUNK_ROWS),
        };
        valid(
            c.chunks.len() == chunks,
            "chunks",
            "are not as many as the rows need",
        )?;
        if self
            .state
            .voucher_file_by_hash(c.sha256, c.programme)
            .is_some()
        {
            return Err(Rejection::Exists("this file under this programme").into());
        }
        let file = VoucherFileId::from_index(self.state.voucher_files.len())
            .ok_or(Rejection::Full("files"))?;
        self.emit(Event::VoucherFileApproved(Box::new(VoucherFileApproved {
            file,
            programme: c.programme,
            issuer,
            sha256: c.sha256,
            mode: c.mode,
            rows: c.rows,
            total: c.total,
            chunks: c.chunks.clone(),
        })));
        Ok(())
    }

    pub(super) fn issue_file_rows(&mut self, c: &IssueFileRows) -> Decision {
        let issuer = self.city_of(c.programme)?;
        self.require_officer(Role::ScienceOfficer, issuer)?;
        let id = self.state.voucher_file_by_hash(c.sha256, c.programme);
        let id = id.ok_or(Rejection::NotFound("approved file"))?;
        let file = self.state.voucher_files[id.index()].clone();
        self.check_chunk(c, &file)?;
        let (version, use_by, cash_by) = self.issue_terms(c.programme)?;
        let mut planned = Planned::default();
        let plan: Vec<RowOutcome> = c
            .rows
            .iter()
            .map(|row| self.state.plan_row(c.programme, row, &mut planned))
            .collect();
        let refused = count(&plan, |one| matches!(one, RowOutcome::Refused(..)));
        let whole = file.mode == FileMode::Chunks || refused == 0;
        refuse_if(!whole, RefusalCode::FileHasFaults)?;
        let amount = file.amount.checked_add(planned.total);
        let approved = amount.is_some_and(|amount| amount <= file.total);
        refuse_if(!approved, RefusalCode::FileRowsNotApproved)?;
        let issued = count(&plan, |one| matches!(one, RowOutcome::Issue(_)));
        let last = self.state.vouchers.len() + issued as usize;
        VoucherId::from_index(last).ok_or(Rejection::Full("vouchers"))?;
        self.emit(Event::FileRowsIssued(Box::new(FileRowsIssued {
            file: id,
            programme: c.programme,
            issuer,
            chunk: c.chunk,
            issued,
            refused,
            unchanged: count(&plan, |one| *one == RowOutcome::Unchanged),
            amount: planned.total,
        })));
        for (row, outcome) in c.rows.iter().zip(plan) {
            match outcome {
                RowOutcome::Unchanged => {}
                RowOutcome::Issue(enterprise) => {
                    let voucher = VoucherId::from_index(self.state.vouchers.len())
                        .expect("there is room for all rows of the chunk");
                    let issue = VoucherIssued {
                        voucher,
                        programme: c.programme,
                        version,
                        issuer,
                        enterprise,
                        amount: row.amount,
                        use_by,
                        cash_by,
                        application: None,
                        replaces: None,
                    };
                    let named = (&row.reference, row.fingerprint);
                    self.emit_named(Event::VoucherIssued(issue), named);
                }
                RowOutcome::Refused(enterprise, code) => {
                    self.emit(Event::FileRowRefused(Box::new(FileRowRefused {
                        file: id,
                        line: row.line,
                        programme: c.programme,
                        enterprise,
                        amount: row.amount,
                        code,
                    })));
                }
            }
        }
        Ok(())
    }

    /// A chunk is exactly what was approved, in its turn, and each of its references is of whoever
    /// sent the file first, once.
    fn check_chunk(&self, c: &IssueFileRows, file: &VoucherFileRow) -> Decision {
        refuse_if(c.chunk < file.done, RefusalCode::FileRowsDone)?;
        valid(c.chunk == file.done, "chunk", "is not the next one")?;
        let approved = file.chunks.get(c.chunk as usize);
        let own = Hash128::from(self.submission.fingerprint);
        refuse_if(approved != Some(&own), RefusalCode::FileRowsNotApproved)?;
        let before = c.chunk as usize * FILE_CHUNK_ROWS;
        let rows = match file.mode {
            FileMode::Atomic => file.rows as usize,
            FileMode::Chunks => (file.rows as usize - before).min(FILE_CHUNK_ROWS),
        };
        valid(
            c.rows.len() == rows,
            "rows",
            "are not as many as the chunk has",
        )?;
        let source = RefSource::Principal(file.sent_by);
        let theirs = c.rows.iter().all(|row| row.reference.source == source);
        valid(theirs, "rows", "have references of another sender")?;
        let positive = c.rows.iter().all(|row| !row.amount.is_zero());
        valid(positive, "rows", "have an amount of more than zero")?;
        let mut keys: Vec<u128> = c.rows.iter().map(|row| row.reference.key).collect();
        keys.sort_unstable();
        let once = keys.windows(2).all(|pair| pair[0] != pair[1]);
        valid(once, "rows", "have a reference each")
    }
}

fn count(plan: &[RowOutcome], of: impl Fn(&RowOutcome) -> bool) -> u32 {
    let count = plan.iter().filter(|one| of(one)).count();
    u32::try_from(count).expect("a chunk is bounded")
}
