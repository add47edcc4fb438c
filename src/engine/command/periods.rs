//! Periods, settlement payments and the business date.

use super::DocumentNo;
use crate::domain::{BankRef, Day, Fen, InstructionId, MemberId, PeriodId};
use crate::engine::terms::SettlementMode;

/// Closes the open period ahead of its calendar: one operator requests, a second one closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosePeriod {
    /// Which period.
    pub period: PeriodId,
}

/// A member agrees to its statement of a closed period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmStatement {
    /// Which period.
    pub period: PeriodId,
    /// Who agrees.
    pub member: MemberId,
    /// Which revision of the statement.
    pub revision: u16,
}

/// Turns the agreed positions of a period into payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructPeriod {
    /// Which period.
    pub period: PeriodId,
    /// How.
    pub mode: SettlementMode,
    /// Document that names the hub.
    pub document_no: Option<DocumentNo>,
}

/// Records a settlement payment, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmInstruction {
    /// Which payment.
    pub instruction: InstructionId,
    /// How much of it was paid.
    pub amount: Fen,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment, not after today.
    pub paid_on: Day,
}

/// Sets the days of the settlement calendar, for periods closed from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Calendar {
    /// Days after the close until silence counts as agreement; 0 agrees at the close.
    pub confirm_days: u8,
    /// Days after the instruction until what is unpaid is carried.
    pub pay_days: u8,
}

/// Moves the business date forward; every timer of every day passed runs, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceDate {
    /// The new business date.
    pub to: Day,
}
