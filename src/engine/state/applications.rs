//! Rows of applications, and of what was reissued.

use crate::domain::{EnterpriseId, Fen, PrincipalId, ProgrammeId, Seq, VoucherId};
use serde::{Deserialize, Serialize};

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApplicationStatus {
    /// Waits for the review.
    Submitted,
    /// Under review.
    InReview,
    /// Returned to the applicant for completion.
    Returned,
    /// Approved; waits for the issue.
    Approved,
    /// Declined.
    Declined,
    /// Taken back by the applicant.
    Withdrawn,
    /// Its voucher is issued.
    Issued,
}

impl ApplicationStatus {
    /// All of them.
    pub const ALL: [ApplicationStatus; 7] = [
        ApplicationStatus::Submitted,
        ApplicationStatus::InReview,
        ApplicationStatus::Returned,
        ApplicationStatus::Approved,
        ApplicationStatus::Declined,
        ApplicationStatus::Withdrawn,
        ApplicationStatus::Issued,
    ];

    /// The word the outside uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            ApplicationStatus::Submitted => "submitted",
            ApplicationStatus::InReview => "in_review",
            ApplicationStatus::Returned => "returned",
            ApplicationStatus::Approved => "approved",
            ApplicationStatus::Declined => "declined",
            ApplicationStatus::Withdrawn => "withdrawn",
            ApplicationStatus::Issued => "issued",
        }
    }

    /// True while the applicant can take it back.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            ApplicationStatus::Submitted
                | ApplicationStatus::InReview
                | ApplicationStatus::Returned
                | ApplicationStatus::Approved
        )
    }
}

/// An application for a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationRow {
    /// Amount asked for.
    pub amount: Fen,
    /// Amount approved; zero before.
    pub approved: Fen,
    /// Event of the newest submission.
    pub details: Seq,
    /// For whom.
    pub enterprise: EnterpriseId,
    /// Who submitted it last.
    pub submitted_by: PrincipalId,
    /// Who approved it.
    pub approved_by: Option<PrincipalId>,
    /// The voucher that was issued on it.
    pub voucher: Option<VoucherId>,
    /// Under which programme.
    pub programme: ProgrammeId,
    /// Year of the first submission.
    pub year: i16,
    /// Where it stands.
    pub status: ApplicationStatus,
}

/// What was issued again of what came back of a voucher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReissuedRow {
    /// In all.
    pub amount: Fen,
    /// The vouchers, oldest first.
    pub vouchers: Vec<VoucherId>,
}
