//! Vouchers, consents and transfers.

use serde::{Deserialize, Serialize};

use super::{DocumentNo, EnterpriseKey};
use crate::domain::{
    ApplicationId, Day, EnterpriseId, Fen, MemberId, ProgrammeId, ProviderId, Ratio, TransferId,
    VoucherId,
};

/// Issues a voucher to an enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueVoucher {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// To whom.
    pub enterprise: EnterpriseKey,
    /// Amount set aside, more than zero.
    pub amount: Fen,
    /// The approved application that it answers.
    pub application: Option<ApplicationId>,
}

/// The holder consents to redemption at a provider (payee is the provider), or a provider
/// confirms a service it was paid for (payee is the enterprise). A newer consent for the same
/// voucher and provider replaces the older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveConsent {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Who gives it.
    pub giver: ConsentGiver,
    /// Up to which amount in all.
    pub up_to: Fen,
    /// Last day of filing.
    pub until: Day,
}

/// Who gives a consent, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentGiver {
    /// The holder, for one provider or for any.
    Holder(Option<ProviderId>),
    /// A provider, for itself.
    Provider(ProviderId),
}

/// Freezes or unfreezes a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetFreeze {
    /// Which voucher.
    pub voucher: VoucherId,
    /// True to freeze.
    pub frozen: bool,
}

/// Takes back what is free on a voucher, and closes it to redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeVoucher {
    /// Which voucher.
    pub voucher: VoucherId,
}

/// Proposes a transfer; the amount is held until a second person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposeTransfer {
    /// From which voucher.
    pub voucher: VoucherId,
    /// Kind, receiver and what comes with the kind.
    pub kind: TransferRequest,
    /// Amount, more than zero; zero for a relocation that moves no money.
    pub amount: Fen,
    /// Document that the transfer rests on.
    pub document_no: Option<DocumentNo>,
    /// Last day on which it can be approved; the voucher's `cash_by` if that is earlier.
    pub expires_on: Option<Day>,
}

/// What is transferred to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferRequest {
    /// Merger, split or renaming: the successor also takes this share of the used caps.
    Succession {
        /// The successor.
        to: EnterpriseId,
        /// Share of what the predecessor has had and used under the programme.
        cap_share: Ratio,
    },
    /// To any enterprise of the issuing city.
    Open {
        /// The receiver.
        to: EnterpriseId,
    },
    /// The firm moves to another member city; issuer, voucher and liability stay.
    Relocation {
        /// The new home city.
        to_city: MemberId,
    },
    /// A team becomes a firm of the issuing city, which also takes this share of the used caps.
    Incorporation {
        /// The firm.
        to: EnterpriseId,
        /// Share of what the team has had and used under the programme.
        cap_share: Ratio,
    },
    /// To an enterprise of the same controller group.
    Affiliate {
        /// The receiver.
        to: EnterpriseId,
    },
    /// The firm moves to another member city, and the amount with it: revoked here, issued there.
    Move {
        /// The new home city.
        to_city: MemberId,
        /// The programme of that city under which it is issued.
        programme: ProgrammeId,
    },
}

/// Approves or refuses a proposed transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideTransfer {
    /// Which transfer.
    pub transfer: TransferId,
    /// True to approve.
    pub approve: bool,
}
