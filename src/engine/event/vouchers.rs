//! Vouchers, consents and transfers.

use crate::domain::{
    ApplicationId, ConsentId, Day, EnterpriseId, Fen, MemberId, ProgrammeId, ProviderId, Ratio,
    TransferId, VersionNo, VoucherId,
};
use crate::engine::command::DocumentNo;
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::TransferKind;
use serde::{Deserialize, Serialize};

/// A voucher was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherIssued {
    /// Its id.
    pub voucher: VoucherId,
    /// Under which programme.
    pub programme: ProgrammeId,
    /// Version whose issue terms it has.
    pub version: VersionNo,
    /// Issuing city.
    pub issuer: MemberId,
    /// Holder.
    pub enterprise: EnterpriseId,
    /// Amount.
    pub amount: Fen,
    /// Last contract date.
    pub use_by: Day,
    /// Last filing date.
    pub cash_by: Day,
    /// The application it answers.
    pub application: Option<ApplicationId>,
    /// The voucher whose money it is issued for again.
    pub replaces: Option<VoucherId>,
}

/// An issue was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherRefused {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// To whom.
    pub enterprise: EnterpriseId,
    /// Amount asked for.
    pub amount: Fen,
    /// Why.
    pub code: RefusalCode,
}

/// A consent was given or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentGiven {
    /// Its id.
    pub consent: ConsentId,
    /// Which voucher.
    pub voucher: VoucherId,
    /// True if a provider gave it, false if the holder did.
    pub by_provider: bool,
    /// For which provider; `None` for any.
    pub provider: Option<ProviderId>,
    /// Up to which amount.
    pub up_to: Fen,
    /// Last day of filing.
    pub until: Day,
}

/// A voucher was frozen or unfrozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeSet {
    /// Which voucher.
    pub voucher: VoucherId,
    /// True if frozen.
    pub frozen: bool,
}

/// A voucher was revoked; what was free went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherRevoked {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// What went back.
    pub amount: Fen,
    /// True if it went to the account `lapsed` (after the year-end close), else to `available`.
    pub to_lapsed: bool,
}

/// What was free on a voucher lapsed after its `cash_by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherLapsed {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// What went back.
    pub amount: Fen,
    /// True if it went to the account `lapsed`, else to `available`.
    pub to_lapsed: bool,
}

/// A transfer was proposed and its amount held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferProposed {
    /// Its id.
    pub transfer: TransferId,
    /// From which voucher.
    pub voucher: VoucherId,
    /// The voucher's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Kind.
    pub kind: TransferKind,
    /// Receiver; the holder itself in a relocation.
    pub to: EnterpriseId,
    /// New home city, in a relocation or move.
    pub to_city: Option<MemberId>,
    /// Share of used caps that goes along, in a succession or incorporation.
    pub cap_share: Option<Ratio>,
    /// Amount held; zero in a relocation that moves no money.
    pub amount: Fen,
    /// Document that the transfer rests on.
    pub document_no: Option<DocumentNo>,
    /// Programme of the new home city, in a move.
    pub to_programme: Option<ProgrammeId>,
    /// Last day on which it can be approved, if one was set.
    pub expires_on: Option<Day>,
}

/// A transfer was approved: the held amount became a child voucher, or the firm moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferApproved {
    /// Which transfer.
    pub transfer: TransferId,
    /// The parent's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// The child; `None` in a relocation.
    pub child: Option<VoucherId>,
    /// Amount that left the hold.
    pub amount: Fen,
    /// What of the predecessor's issued amount is counted for the successor from now on.
    pub issued_moved: Fen,
    /// What of the predecessor's used amount is counted for the successor from now on.
    pub used_moved: Fen,
}

/// A transfer was refused: the hold was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferDeclined {
    /// Which transfer.
    pub transfer: TransferId,
    /// The parent's programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Amount released.
    pub amount: Fen,
    /// Where it went: the voucher, or (after `cash_by` or a revocation) the programme.
    pub returned: ReturnedTo,
}

/// Where money goes that becomes free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ReturnedTo {
    /// To the voucher.
    Voucher = 0,
    /// To what the programme has available: the voucher's `cash_by` has passed, or it was revoked.
    Available = 1,
    /// To the account `lapsed`: besides, the programme's year is closed.
    Lapsed = 2,
}
