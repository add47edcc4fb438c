//! The life of a voucher around its use: application and review before, extension and reissue
//! after.

use super::EnterpriseKey;
use crate::domain::{ApplicationId, Day, Fen, PersonalText, ProgrammeId, Text, VoucherId};
use crate::engine::terms::{DeclineCode, Evidence};
use serde::{Deserialize, Serialize};

/// What a voucher is to be used for: a firm's words are public, a team's are personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Words of a legal person, at most 600 bytes: 200 Chinese characters.
    Public(Text<600>),
    /// Words of a team of natural persons.
    Personal(PersonalText),
}

/// What an applicant asks for; it may be changed when the application was returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherRequest {
    /// Amount, more than zero.
    pub amount: Fen,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Documents, by hash.
    pub documents: Box<[Evidence]>,
}

/// An enterprise, or the office that registers it, applies for a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyForVoucher {
    /// Under which programme.
    pub programme: ProgrammeId,
    /// For whom.
    pub enterprise: EnterpriseKey,
    /// What is asked for.
    pub request: VoucherRequest,
}

/// Sends an application again that was returned for completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResubmitApplication {
    /// Which application.
    pub application: ApplicationId,
    /// What is asked for now.
    pub request: VoucherRequest,
}

/// A step of the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewStep {
    /// Takes the application into review.
    Begin,
    /// Returns it for completion.
    Return,
    /// Approves it.
    Approve {
        /// Up to which amount; less than was asked for needs a reason.
        amount: Fen,
    },
    /// Declines it.
    Decline {
        /// Why, as a code; the words are the reason of the command.
        code: DeclineCode,
    },
}

/// The issuing city reviews an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewApplication {
    /// Which application.
    pub application: ApplicationId,
    /// What is done.
    pub step: ReviewStep,
}

/// The applicant takes an application back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawApplication {
    /// Which application.
    pub application: ApplicationId,
}

/// Gives a voucher later deadlines. What has lapsed stays lapsed; what becomes free from now on
/// stays with the voucher up to the new `cash_by`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendVoucher {
    /// Which voucher.
    pub voucher: VoucherId,
    /// Last contract date.
    pub use_by: Day,
    /// Last filing date.
    pub cash_by: Day,
}

/// Issues a new voucher to the same holder for what came back of an old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReissueVoucher {
    /// The old voucher, revoked or lapsed.
    pub voucher: VoucherId,
    /// Amount, more than zero and at most what came back and was not reissued yet.
    pub amount: Fen,
}
