//! The registers of parties: admission, recognition, status, relations, credit flags, accounts.

use serde::{Deserialize, Serialize};

use super::{DocumentNo, Name, PartyName, Payee};
use crate::domain::{
    AdmissionId, CategoryId, CreditCode, CreditFlagId, Day, EnterpriseId, MemberId, PersonalText,
    ProviderId,
};
use crate::engine::terms::{
    AdmissionAnswer, AdmissionDecision, AdmissionDocument, EnterpriseKind, FlagCode, FlagLevel,
    ObjectionReason, RecognitionStance, RecognitionSubject, RelationKind,
};

/// Whose admission is applied for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Applicant {
    /// A provider of the register: its re-admission, renewal, or change of categories.
    Registered(ProviderId),
    /// A provider that was never admitted; its city's office applies for it.
    New {
        /// Credit code.
        code: CreditCode,
        /// Accept a code whose check character fails; named officers only.
        accept_failed_check: bool,
        /// Name.
        name: Name,
        /// Host city.
        city: MemberId,
    },
}

/// Applies for admission for a term, with a self-assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyForAdmission {
    /// Whose.
    pub applicant: Applicant,
    /// Categories offered.
    pub categories: Box<[CategoryId]>,
    /// First day of the term; the day of admission if that is later.
    pub from: Day,
    /// Last day of the term, inclusive.
    pub to: Day,
    /// Self-assessment.
    pub answers: Box<[AdmissionAnswer]>,
    /// Documents.
    pub documents: Box<[AdmissionDocument]>,
}

/// The next step of an application for admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepAdmission {
    /// Which application.
    pub admission: AdmissionId,
    /// The step.
    pub step: AdmissionStep,
}

/// A step of an application for admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdmissionStep {
    /// Passed, returned or declined by the city's office; withdrawn by the applicant.
    Check(AdmissionDecision),
    /// An objection during publicity.
    Object {
        /// Why.
        reason: ObjectionReason,
        /// The citizen for whom an officer objects.
        on_behalf_of: Option<PersonalText>,
        /// SHA-256 of a document.
        document_sha256: Option<[u8; 32]>,
    },
    /// An objection is upheld, which declines the application, or dismissed.
    Answer {
        /// Number of the objection, from 1.
        objection: u16,
        /// True if it is upheld.
        upheld: bool,
    },
    /// The provider is admitted.
    Admit,
}

/// Enters a fact in the registers of parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRegister {
    /// For how many days a city publishes admissions.
    Publicity {
        /// The city.
        city: MemberId,
        /// Days; 0 for none.
        days: u16,
    },
    /// A provider is admitted no longer.
    Removal {
        /// The provider.
        provider: ProviderId,
        /// First day on which it is not admitted.
        from: Day,
    },
    /// How a city stands to what another city admitted or certified.
    Recognition {
        /// Whose stance.
        city: MemberId,
        /// To what.
        subject: RecognitionSubject,
        /// The stance.
        stance: RecognitionStance,
        /// For these categories; `None` for all.
        categories: Option<Box<[CategoryId]>>,
        /// First contract date.
        from: Day,
        /// Last contract date, inclusive; `None` for no end.
        to: Option<Day>,
    },
    /// A status of an enterprise with its certificate.
    Status {
        /// The enterprise.
        enterprise: EnterpriseId,
        /// The status.
        kind: EnterpriseKind,
        /// First day.
        from: Day,
        /// Last day, inclusive.
        to: Day,
        /// Number of the certificate.
        certificate_no: Name,
        /// The city that certified it.
        city: MemberId,
    },
    /// Two parties are related.
    Relation {
        /// One.
        party: Payee,
        /// The other.
        other: Payee,
        /// How.
        kind: RelationKind,
        /// First day.
        from: Day,
        /// Last day, inclusive; `None` for no end.
        to: Option<Day>,
    },
    /// Who is in a team, and who leads it.
    Team {
        /// The team.
        enterprise: EnterpriseId,
        /// Leader.
        leader: PersonalText,
        /// The other members.
        members: Box<[PersonalText]>,
    },
    /// Name and address of a party, anew. A move to another city is a transfer.
    Correction {
        /// Whose.
        party: Payee,
        /// Name from now on.
        name: PartyName,
        /// Address within its city.
        address: Option<PartyName>,
        /// Day of the change.
        from: Day,
    },
    /// A party is struck off: nothing new is issued to it.
    Dissolution {
        /// Which.
        party: Payee,
        /// First day on which it is no more.
        from: Day,
        /// The firm that a team became, or that took its place.
        successor: Option<EnterpriseId>,
    },
}

/// Flags an enterprise or provider for all cities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaiseCreditFlag {
    /// Whom.
    pub party: Payee,
    /// What about.
    pub code: FlagCode,
    /// Warning or block.
    pub level: FlagLevel,
    /// First day.
    pub from: Day,
    /// Last day, inclusive; `None` until it is lifted.
    pub until: Option<Day>,
    /// The city that raises it.
    pub city: MemberId,
    /// Document that orders it.
    pub document_no: Option<DocumentNo>,
    /// SHA-256 of the document.
    pub document_sha256: Option<[u8; 32]>,
}

/// Lifts a credit flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiftCreditFlag {
    /// Which.
    pub flag: CreditFlagId,
}

/// Changes the account that a party is paid to, in two steps by two persons.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SetBankAccount {
    /// Whose account.
    pub party: Payee,
    /// The step.
    pub step: AccountStep,
}

/// A step of a change of account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum AccountStep {
    /// The party or its registrar names the account.
    Propose {
        /// The account, as the bank writes it; a team's is personal data.
        account: PartyName,
        /// The bank.
        bank: Option<Name>,
    },
    /// The finance office of the party's city, another person, decides.
    Decide {
        /// Which version of the account is meant: a newer proposal is not approved unseen.
        version: u32,
        /// True to approve.
        approve: bool,
    },
}
