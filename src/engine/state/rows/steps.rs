//! Transfers, shares of caps, and steps that can be undone.

use crate::domain::{
    BankRef, CategoryId, ConsentId, Day, EnterpriseId, Fen, InstructionId, MemberId, PrincipalId,
    ProgrammeId, Ratio, Seq, TransferId, UsageId, VoucherId,
};
use crate::engine::state::ContractKey;
use crate::engine::terms::TransferKind;
use serde::{Deserialize, Serialize};

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferStatus {
    /// Waits for a second person.
    Proposed,
    /// Approved.
    Approved,
    /// Refused.
    Declined,
    /// Taken back by its proposer.
    Withdrawn,
    /// Not decided by its last day.
    Expired,
    /// Approved, and undone.
    Reversed,
}

impl TransferStatus {
    /// The word the outside uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            TransferStatus::Proposed => "proposed",
            TransferStatus::Approved => "approved",
            TransferStatus::Declined => "declined",
            TransferStatus::Withdrawn => "withdrawn",
            TransferStatus::Expired => "expired",
            TransferStatus::Reversed => "reversed",
        }
    }
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRow {
    /// From which voucher.
    pub voucher: VoucherId,
    /// Kind.
    pub kind: TransferKind,
    /// Receiver; the holder itself in a relocation or move.
    pub to: EnterpriseId,
    /// New home city, in a relocation or move.
    pub to_city: Option<MemberId>,
    /// Programme of the new home city, in a move.
    pub to_programme: Option<ProgrammeId>,
    /// Share of used caps, in a succession or incorporation.
    pub cap_share: Option<Ratio>,
    /// Amount.
    pub amount: Fen,
    /// Where it stands.
    pub status: TransferStatus,
    /// Who proposed it.
    pub proposed_by: PrincipalId,
    /// The city that has approved a move, and who did, while the other city has not.
    pub endorsed: Option<(MemberId, PrincipalId)>,
    /// Last day on which it can be approved.
    pub last_day: Day,
    /// The child voucher.
    pub child: Option<VoucherId>,
    /// Year of the proposal.
    pub year: i16,
    /// Event of the proposal.
    pub details: Seq,
    /// Event that ended the proposal.
    pub decision: Option<Seq>,
}

/// Shares, in millionths, of what one enterprise has had and used under one programme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapShares {
    /// Declared by transfers that are proposed or approved.
    pub declared: u32,
    /// Of these, moved by transfers that are approved.
    pub moved: u32,
}

impl CapShares {
    /// What a share takes along of an amount of which others have taken their shares before: the
    /// part of what is left that the share is of the shares that are left.
    pub(in crate::engine) fn part(self, amount: Fen, share: Option<Ratio>) -> Fen {
        let share = share.map_or(0, Ratio::millionths);
        let left = i128::from(Ratio::SCALE - self.moved);
        if share == 0 || left == 0 {
            return Fen::ZERO;
        }
        let part = i128::from(amount.get()) * i128::from(share) / left;
        Fen::from_i128(part).expect("declared shares are at most what is left")
    }
}

/// A step that can be undone, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRow {
    /// What it did.
    pub what: Step,
    /// Who did it.
    pub by: PrincipalId,
    /// The event that undid it.
    pub reversed: Option<Seq>,
}

/// What a step did, as far as its mirror needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// A voucher was revoked.
    Revocation {
        /// Which voucher.
        voucher: VoucherId,
        /// What went back.
        amount: Fen,
        /// True if it went to the account `lapsed`.
        to_lapsed: bool,
        /// At whom it counted as issued, and how much.
        issued: Vec<(UsageId, Fen)>,
        /// What had come back of the voucher then, with this.
        returned: Fen,
    },
    /// A budget was changed.
    Budget {
        /// Which programme.
        programme: ProgrammeId,
        /// How much.
        amount: Fen,
        /// True if it was raised.
        raise: bool,
    },
    /// A transfer made a child voucher.
    Transfer {
        /// Which transfer.
        transfer: TransferId,
        /// Issued amount that moved.
        issued_moved: Fen,
        /// Used amount that moved.
        used_moved: Fen,
        /// What of the issued amount is of each lot.
        lots: Vec<(Seq, Fen)>,
        /// What of it was used in each category.
        categories: Vec<(CategoryId, Fen)>,
        /// What of it was used on each contract.
        contracts: Vec<(ContractKey, Fen)>,
        /// When.
        on: Day,
    },
    /// A firm got another home city.
    Relocation {
        /// Which transfer.
        transfer: TransferId,
        /// Its home before.
        from: MemberId,
    },
    /// A consent was given.
    Consent {
        /// Which consent.
        consent: ConsentId,
    },
    /// A settlement payment was confirmed.
    Payment {
        /// Which instruction.
        instruction: InstructionId,
        /// How much.
        amount: Fen,
        /// The bank's reference.
        bank_ref: BankRef,
    },
    /// A voucher got later deadlines.
    Extension {
        /// Which voucher.
        voucher: VoucherId,
        /// The last days of use and of filing before.
        before: (Day, Day),
        /// Those since.
        after: (Day, Day),
    },
}
