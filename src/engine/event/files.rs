//! Vouchers issued from a file.

use crate::domain::{EnterpriseId, Fen, MemberId, ProgrammeId, VoucherFileId};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::FileMode;

/// The issue of vouchers from a file was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherFileApproved {
    /// Its id.
    pub file: VoucherFileId,
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
    pub chunks: Box<[u128]>,
}

/// A chunk of an approved file was worked through. What became of its rows follows: the vouchers
/// that were issued, and the rows that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRowsIssued {
    /// Which file.
    pub file: VoucherFileId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Which chunk, from 0.
    pub chunk: u32,
    /// Number of vouchers issued.
    pub issued: u32,
    /// Number of rows refused.
    pub refused: u32,
    /// Number of rows whose voucher was there before, under the same reference.
    pub unchanged: u32,
    /// Sum of the vouchers issued.
    pub amount: Fen,
}

/// A row of an approved file was refused; its reference stays free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRowRefused {
    /// Which file.
    pub file: VoucherFileId,
    /// Line of the file, from 1.
    pub line: u32,
    /// Under which programme.
    pub programme: ProgrammeId,
    /// To whom; `None` if nobody has the credit code.
    pub enterprise: Option<EnterpriseId>,
    /// Amount asked for.
    pub amount: Fen,
    /// Why.
    pub code: RefusalCode,
}
