//! Files from which vouchers are issued.

use crate::domain::{Fen, MemberId, PrincipalId, ProgrammeId, Seq, VoucherFileId};
use crate::engine::state::State;
use crate::engine::tables::Hash128;
use crate::engine::terms::FileMode;
use serde::{Deserialize, Serialize};

/// A file whose issue was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherFileRow {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// All or nothing, or chunk by chunk.
    pub mode: FileMode,
    /// Number of rows.
    pub rows: u32,
    /// Sum of their amounts.
    pub total: Fen,
    /// Fingerprints of the chunks.
    pub chunks: Box<[Hash128]>,
    /// Number of chunks done; the next one has this number.
    pub done: u32,
    /// Vouchers issued.
    pub issued: u32,
    /// Rows refused.
    pub refused: u32,
    /// Rows whose voucher was there before.
    pub unchanged: u32,
    /// Sum of the vouchers issued.
    pub amount: Fen,
    /// Who sent it; the references of the rows are theirs.
    pub sent_by: PrincipalId,
    /// Its event.
    pub details: Seq,
}

impl VoucherFileRow {
    /// True if every row has been decided.
    pub fn is_done(&self) -> bool {
        self.done as usize >= self.chunks.len()
    }
}

impl State {
    /// The approved file with this hash under a programme.
    pub fn voucher_file_by_hash(
        &self,
        sha256: [u8; 32],
        programme: ProgrammeId,
    ) -> Option<VoucherFileId> {
        self.voucher_file_ids.get(&(sha256, programme)).copied()
    }

    /// The approved files with this hash, by programme.
    pub fn voucher_files_by_hash(&self, sha256: [u8; 32]) -> impl Iterator<Item = VoucherFileId> {
        let (first, last) = (ProgrammeId(0), ProgrammeId(u16::MAX));
        let found = self
            .voucher_file_ids
            .range((sha256, first)..=(sha256, last));
        found.map(|(_, id)| *id)
    }

    /// An approved file.
    pub fn voucher_file(&self, id: VoucherFileId) -> Option<&VoucherFileRow> {
        self.voucher_files.get(id.index())
    }
}
