//! Programmes, budgets, versions and agreements.

use serde::{Deserialize, Serialize};

use super::{DocumentNo, Name};
use crate::domain::{Fen, MemberId, ProgrammeCode, ProgrammeId};
use crate::engine::terms::{AgreementTerms, VersionTerms};

/// Creates a programme: one city, one budget year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProgramme {
    /// Code, unique.
    pub code: ProgrammeCode,
    /// Title.
    pub title: Name,
    /// Issuing city.
    pub city: MemberId,
    /// Budget year.
    pub budget_year: u16,
}

/// Loads, raises or cuts the budget of a programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeBudget {
    /// The programme.
    pub programme: ProgrammeId,
    /// By how much.
    pub amount: Fen,
    /// True to raise, false to cut.
    pub raise: bool,
    /// Document that orders it.
    pub document_no: Option<DocumentNo>,
}

/// Publishes the next version of a programme's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishVersion {
    /// The programme.
    pub programme: ProgrammeId,
    /// The rules.
    pub terms: Box<VersionTerms>,
}

/// Registers a cost-sharing agreement between two cities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterAgreement {
    /// The agreement.
    pub terms: Box<AgreementTerms>,
    /// Document that states it.
    pub document_no: Option<DocumentNo>,
}
