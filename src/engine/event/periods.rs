//! Periods and settlement payments.

use crate::domain::{BankRef, Day, Fen, InstructionId, LineId, MemberId, Month, PeriodId};
use crate::engine::command::DocumentNo;
use crate::engine::terms::SettlementMode;

/// An operator asked for the early close of the open period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRequested {
    /// Which period.
    pub period: PeriodId,
}

/// What one party is owed and owes in a closed period; stands before [`PeriodClosed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionFixed {
    /// Which period.
    pub period: PeriodId,
    /// Which party.
    pub member: MemberId,
    /// What others owe it.
    pub receivable: Fen,
    /// What it owes others.
    pub payable: Fen,
}

/// A period was closed and the next one opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodClosed {
    /// Which period.
    pub period: PeriodId,
    /// Its month.
    pub month: Month,
    /// The period open from now on.
    pub next: PeriodId,
    /// Sum of its lines.
    pub gross: Fen,
    /// Number of parties with a position.
    pub parties: u16,
    /// Number of cells (debtor, creditor, programme) of the gross matrix.
    pub cells: u32,
    /// Day from which silence counts as agreement.
    pub deemed_on: Day,
}

/// A member agreed to its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementConfirmed {
    /// Which period.
    pub period: PeriodId,
    /// Who.
    pub member: MemberId,
    /// Which revision.
    pub revision: u16,
}

/// One gross cell of an agreed period went from the bilateral accounts to the clearing account;
/// stands before [`PeriodAgreed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellAgreed {
    /// Which period.
    pub period: PeriodId,
    /// Who owes.
    pub debtor: MemberId,
    /// Who is owed.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
}

/// All parties of a period agreed, by word or by silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodAgreed {
    /// Which period.
    pub period: PeriodId,
    /// Revision agreed.
    pub revision: u16,
    /// True if at least one party agreed by silence.
    pub deemed: bool,
}

/// A settlement payment to be made; stands before [`PeriodInstructed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructionIssued {
    /// Its id.
    pub instruction: InstructionId,
    /// Which period.
    pub period: PeriodId,
    /// Its order within the period, from 1.
    pub order: u16,
    /// Who pays.
    pub debtor: MemberId,
    /// Who is paid.
    pub creditor: MemberId,
    /// Amount.
    pub amount: Fen,
}

/// The payments of a period were determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodInstructed {
    /// Which period.
    pub period: PeriodId,
    /// How.
    pub mode: SettlementMode,
    /// Document that names the hub.
    pub document_no: Option<DocumentNo>,
    /// Number of payments.
    pub instructions: u16,
    /// Their sum.
    pub total: Fen,
    /// Last day to pay.
    pub pay_by: Day,
}

/// A settlement payment was made, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructionPaid {
    /// Which payment.
    pub instruction: InstructionId,
    /// Which period.
    pub period: PeriodId,
    /// Who paid.
    pub debtor: MemberId,
    /// Who was paid.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment.
    pub paid_on: Day,
}

/// What a party had not paid by the pay-by day became a line in the open period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrearsCarried {
    /// The payment that was not made in full.
    pub instruction: InstructionId,
    /// The period it was for.
    pub period: PeriodId,
    /// The new line.
    pub line: LineId,
    /// Who owes.
    pub debtor: MemberId,
    /// Who is owed.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
    /// The period that the line stands in.
    pub into: PeriodId,
}

/// Everything of a period is paid or carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodSettled {
    /// Which period.
    pub period: PeriodId,
    /// What was carried; zero if everything was paid.
    pub carried: Fen,
}
