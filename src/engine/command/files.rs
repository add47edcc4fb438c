//! Vouchers issued from a file: what is approved, and the rows that follow.

use super::{EnterpriseKey, ExternalRef};
use crate::domain::{Fen, ProgrammeId};
use crate::engine::terms::FileMode;

/// Approves the issue of vouchers from a file: exactly these rows, in this order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ApproveVoucherFile {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// All or nothing, or chunk by chunk.
    pub mode: FileMode,
    /// Number of rows that are issued.
    pub rows: u32,
    /// Sum of their amounts.
    pub total: Fen,
    /// Fingerprints of the [`IssueFileRows`] that the file consists of, in their order. The engine
    /// lets no other row through.
    pub chunks: Box<[u128]>,
}

/// Issues one chunk of an approved file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueFileRows {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Which chunk, from 0.
    pub chunk: u32,
    /// The rows.
    pub rows: Box<[FileRow]>,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Line of the file, from 1.
    pub line: u32,
    /// The row's own reference, of whoever sent the file to be approved.
    pub reference: ExternalRef,
    /// Fingerprint of the issue that the row stands for: what the reference is compared by. It
    /// follows from the rest and is no part of the canonical form.
    pub fingerprint: u128,
    /// To whom.
    pub enterprise: EnterpriseKey,
    /// How much.
    pub amount: Fen,
}
