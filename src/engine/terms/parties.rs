//! Closed sets and terms of the registers of parties: admission, recognition, credit flags.

use serde::{Deserialize, Serialize};

use crate::domain::{MemberId, ProviderId, Text};

closed_set! {
    /// What was decided of an application for admission.
    AdmissionDecision {
        /// The check was passed: publicity begins.
        Passed = 0, "passed";
        /// Sent back to be mended.
        Returned = 1, "returned";
        /// Turned down: by the check, or because an objection was upheld.
        Declined = 2, "declined";
        /// Taken back by the applicant.
        Withdrawn = 3, "withdrawn";
        /// An objection was dismissed.
        Dismissed = 4, "objection_dismissed";
    }
}

closed_set! {
    /// Why somebody objects to an admission.
    ObjectionReason {
        /// Something stated in the application is untrue.
        FalseStatement = 0, "false_statement";
        /// The provider lacks a qualification, a place, or people.
        NotQualified = 1, "not_qualified";
        /// The provider's credit record speaks against it.
        CreditRecord = 2, "credit_record";
        /// Whoever checked has an interest in the provider.
        ConflictOfInterest = 3, "conflict_of_interest";
        /// Anything else; the reason says what.
        Other = 4, "other";
    }
}

closed_set! {
    /// How a city stands to what another city admitted or certified.
    RecognitionStance {
        /// It recognises it, whatever its programmes say of host cities.
        Recognises = 0, "recognises";
        /// It does not recognise it, whatever its programmes say.
        Refuses = 1, "refuses";
        /// It says nothing more from this day on.
        Silent = 2, "silent";
    }
}

closed_set! {
    /// How two parties are related.
    RelationKind {
        /// One holds a share of the other.
        Investment = 0, "investment";
        /// One controls the other, or both have one controller.
        Control = 1, "control";
        /// Family of owners or managers.
        Family = 2, "family";
        /// Common managers or staff.
        SharedStaff = 3, "shared_staff";
        /// Anything else; the reason says what.
        Other = 4, "other";
    }
}

closed_set! {
    /// What a credit flag is about.
    FlagCode {
        /// A claim or its evidence was false.
        FalseClaim = 0, "false_claim";
        /// Firm and lab acted together to draw money.
        Collusion = 1, "collusion";
        /// Money claimed back was not paid.
        UnreturnedFunds = 2, "unreturned_funds";
        /// On the list of abnormal operations.
        AbnormalOperation = 3, "abnormal_operation";
        /// On the list of serious breaches of law and trust.
        SeriousBreach = 4, "serious_breach";
        /// Breach of research integrity.
        ResearchIntegrity = 5, "research_integrity";
        /// Does not perform what a court has ordered.
        CourtDefault = 6, "court_default";
        /// Safety, quality or environment.
        SafetyOrQuality = 7, "safety_or_quality";
        /// Anything else; the reason says what.
        Other = 8, "other";
    }
}

closed_set! {
    /// What a credit flag does.
    FlagLevel {
        /// Tells all cities; no rule reads it.
        Warning = 0, "warning";
        /// Nothing is issued to the party, and no claim with it is approved.
        Block = 1, "block";
    }
}

/// What a city takes a stance on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RecognitionSubject {
    /// One provider that another city admitted.
    Provider(ProviderId),
    /// Every provider that another city admitted.
    AdmittedBy(MemberId),
    /// The status of enterprises that another city certified.
    StatusOf(MemberId),
}

/// Most answers of a self-assessment: a form of two pages.
pub const ANSWERS_MAX: usize = 40;
/// Most documents of an application.
pub const DOCUMENTS_MAX: usize = 20;
/// Most members of a team.
pub const TEAM_MEMBERS_MAX: usize = 50;
/// Most days of publicity of an admission.
pub const PUBLICITY_DAYS_MAX: u16 = 90;
/// Days of publicity of a city that has not said otherwise.
pub const PUBLICITY_DAYS: u16 = 7;

/// One answer of a provider's self-assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionAnswer {
    /// The question, or its code on the city's form.
    pub question: Text<120>,
    /// The answer.
    pub answer: Text<400>,
    /// Score that the provider gives itself, 0 to 100.
    pub score: Option<u8>,
}

/// A document of an application: the ledger keeps its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionDocument {
    /// What it is, for example `CMA 2027`.
    pub title: Text<120>,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}
