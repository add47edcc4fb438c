//! Moves between cities, the end of proposals, and steps that are undone.

use super::vouchers::ReturnedTo;
use crate::domain::{
    BankRef, ConsentId, Day, EnterpriseId, Fen, InstructionId, MemberId, PeriodId, ProgrammeId,
    Seq, TransferId, VersionNo, VoucherId,
};

/// One of the two cities of a move has approved it; the other one decides next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferEndorsed {
    /// Which transfer.
    pub transfer: TransferId,
    /// Which city.
    pub member: MemberId,
}

/// A firm moved to another city and took an amount along: it was revoked under the old programme
/// and issued under the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferMoved {
    /// Which transfer.
    pub transfer: TransferId,
    /// The parent's programme.
    pub programme: ProgrammeId,
    /// The city that had issued the parent.
    pub issuer: MemberId,
    /// Amount that left the hold.
    pub amount: Fen,
    /// True if it went to the old programme's account `lapsed`, else to `available`.
    pub to_lapsed: bool,
    /// The voucher that was issued.
    pub child: VoucherId,
    /// The firm.
    pub enterprise: EnterpriseId,
    /// The programme that it was issued under.
    pub to_programme: ProgrammeId,
    /// The city that issued it: the firm's home from now on.
    pub to_city: MemberId,
    /// Version whose issue terms it has.
    pub version: VersionNo,
    /// Last contract date.
    pub use_by: Day,
    /// Last filing date.
    pub cash_by: Day,
}

/// A proposal ended without a decision: the hold was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferReleased {
    /// Which transfer.
    pub transfer: TransferId,
    /// The parent's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Amount released.
    pub amount: Fen,
    /// Where it went.
    pub returned: ReturnedTo,
    /// True if its last day had passed, false if the proposer took it back.
    pub expired: bool,
}

/// A step was undone: the exact mirror of the event it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReversed {
    /// Position of the event that was undone.
    pub step: Seq,
    /// The city whose step it was: the one that issued the voucher, or owed the payment.
    pub city: MemberId,
    /// What was undone.
    pub undone: Undone,
}

/// What was undone, with all that is needed to apply and to post the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The revocation of a voucher.
    Revocation(RevocationUndone),
    /// A change of a budget.
    Budget(BudgetUndone),
    /// A transfer that had made a child voucher.
    Transfer(TransferUndone),
    /// A relocation that had moved no money.
    Relocation(RelocationUndone),
    /// A consent.
    Consent(ConsentUndone),
    /// A settlement payment that was confirmed.
    Payment(PaymentUndone),
    /// The extension of a voucher.
    Extension(ExtensionUndone),
}

/// What was revoked came back to the voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationUndone {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// What came back.
    pub amount: Fen,
    /// True if it came from the account `lapsed`, else from `available`.
    pub from_lapsed: bool,
    /// What counts as issued again, at whom it did before.
    pub issued: Fen,
}

/// A load, raise or cut of a budget was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetUndone {
    /// Which programme.
    pub programme: ProgrammeId,
    /// Amount.
    pub amount: Fen,
    /// True if it had been a raise, false for a cut.
    pub raise: bool,
}

/// What a child voucher had received went back to its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferUndone {
    /// Which transfer.
    pub transfer: TransferId,
    /// The voucher that has its amount again.
    pub parent: VoucherId,
    /// The voucher that has nothing now.
    pub child: VoucherId,
    /// How much.
    pub amount: Fen,
    /// What counts as issued to the predecessor again.
    pub issued_moved: Fen,
    /// What counts as used by the predecessor again.
    pub used_moved: Fen,
}

/// A firm has its former home city again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelocationUndone {
    /// Which transfer.
    pub transfer: TransferId,
    /// The firm.
    pub enterprise: EnterpriseId,
    /// Its home city from now on.
    pub home: MemberId,
}

/// What was left of a consent was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentUndone {
    /// Which consent.
    pub consent: ConsentId,
    /// Of which voucher.
    pub voucher: VoucherId,
    /// What was left.
    pub left: Fen,
}

/// A settlement payment counts as not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentUndone {
    /// Which payment.
    pub instruction: InstructionId,
    /// Which period.
    pub period: PeriodId,
    /// Who was to pay.
    pub debtor: MemberId,
    /// Who was to be paid.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
    /// The bank's reference, which may be given again.
    pub bank_ref: BankRef,
}

/// A voucher has its former deadlines again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionUndone {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Last day of a contract.
    pub use_by: Day,
    /// Last day of a claim.
    pub cash_by: Day,
}
