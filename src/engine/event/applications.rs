//! Applications for vouchers, and extensions.

use crate::domain::{ApplicationId, Day, EnterpriseId, Fen, MemberId, ProgrammeId, VoucherId};
use crate::engine::command::Purpose;
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{DeclineCode, Evidence};

/// A voucher was applied for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationFiled {
    /// Its id.
    pub application: ApplicationId,
    /// Under which programme.
    pub programme: ProgrammeId,
    /// The city that reviews and issues.
    pub issuer: MemberId,
    /// For whom.
    pub enterprise: EnterpriseId,
    /// Amount asked for.
    pub amount: Fen,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Documents.
    pub documents: Box<[Evidence]>,
    /// What an issue of the amount would have been refused for on that day.
    pub issue_fault: Option<RefusalCode>,
}

/// An application that was returned was sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationResubmitted {
    /// Which application.
    pub application: ApplicationId,
    /// Amount asked for now.
    pub amount: Fen,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Documents.
    pub documents: Box<[Evidence]>,
    /// What an issue of the amount would have been refused for on that day.
    pub issue_fault: Option<RefusalCode>,
}

/// An application was taken into review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationReviewBegun {
    /// Which application.
    pub application: ApplicationId,
}

/// An application was returned for completion; the envelope says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationReturned {
    /// Which application.
    pub application: ApplicationId,
}

/// An application was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationApproved {
    /// Which application.
    pub application: ApplicationId,
    /// Up to which amount; if it is less than what was asked for, the envelope says why.
    pub amount: Fen,
}

/// An application was declined; the envelope says why in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationDeclined {
    /// Which application.
    pub application: ApplicationId,
    /// Why.
    pub code: DeclineCode,
}

/// An application was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationWithdrawn {
    /// Which application.
    pub application: ApplicationId,
}

/// A voucher got later deadlines; the envelope says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherExtended {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Last contract date.
    pub use_by: Day,
    /// Last filing date.
    pub cash_by: Day,
}
