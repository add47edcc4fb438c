//! Programmes, budgets, versions and agreements.

use crate::domain::{AgreementId, DraftNo, Fen, MemberId, ProgrammeCode, ProgrammeId, VersionNo};
use crate::engine::command::{DocumentNo, Name};
use crate::engine::terms::{AgreementTerms, VersionTerms};

/// A programme was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeCreated {
    /// Its id.
    pub programme: ProgrammeId,
    /// Its code.
    pub code: ProgrammeCode,
    /// Title.
    pub title: Name,
    /// Issuing city.
    pub city: MemberId,
    /// Budget year.
    pub budget_year: u16,
}

/// A budget was raised or cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetChanged {
    /// The programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub city: MemberId,
    /// By how much.
    pub amount: Fen,
    /// True if raised.
    pub raise: bool,
    /// Document that orders it.
    pub document_no: Option<DocumentNo>,
}

/// A version of a programme's rules was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPublished {
    /// The programme.
    pub programme: ProgrammeId,
    /// Number of the version, from 1.
    pub version: VersionNo,
    /// The rules.
    pub terms: Box<VersionTerms>,
    /// The draft that it was.
    pub draft: Option<DraftNo>,
}

/// A cost-sharing agreement was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRegistered {
    /// Its id.
    pub agreement: AgreementId,
    /// The agreement.
    pub terms: Box<AgreementTerms>,
    /// Document that states it.
    pub document_no: Option<DocumentNo>,
}
