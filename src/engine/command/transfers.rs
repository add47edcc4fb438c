//! What ends a proposal of a transfer, and what undoes a step.

use crate::domain::{Seq, TransferId};

/// The proposer takes a proposed transfer back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawTransfer {
    /// Which transfer.
    pub transfer: TransferId,
}

/// Undoes a step exactly, once; by a second person, who says why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReverseStep {
    /// Position of the event that the step left in the journal.
    pub step: Seq,
}
