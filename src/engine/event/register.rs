//! The registers of parties: admission, recognition, status, relations, credit flags, accounts.

use crate::domain::{
    AdmissionId, CreditCode, CreditFlagId, Day, EnterpriseId, MemberId, PersonalText, ProviderId,
};
use crate::engine::command::{DocumentNo, Name, PartyName, Payee};
use crate::engine::terms::{
    AdmissionAnswer, AdmissionDecision, AdmissionDocument, EnterpriseKind, FlagCode, FlagLevel,
    ObjectionReason, RecognitionStance, RecognitionSubject, RelationKind,
};

/// Somebody applied for the admission of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionApplied {
    /// Id of the application.
    pub admission: AdmissionId,
    /// The provider, if it is in the register.
    pub provider: Option<ProviderId>,
    /// Its credit code.
    pub code: CreditCode,
    /// Its name, if it is not in the register.
    pub name: Option<Name>,
    /// Host city.
    pub city: MemberId,
    /// Categories offered: bit n for category n.
    pub categories: u64,
    /// First day of the term.
    pub from: Day,
    /// Last day of the term.
    pub to: Day,
    /// Self-assessment.
    pub answers: Box<[AdmissionAnswer]>,
    /// Documents.
    pub documents: Box<[AdmissionDocument]>,
}

/// An application, or an objection to it, was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionDecided {
    /// Which application.
    pub admission: AdmissionId,
    /// What was decided.
    pub decision: AdmissionDecision,
    /// Last day of publicity, if there is any.
    pub publicity_until: Option<Day>,
    /// The objection that was upheld or dismissed.
    pub objection: Option<u16>,
}

/// Somebody objected to an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionObjected {
    /// Which application.
    pub admission: AdmissionId,
    /// Number of the objection, from 1.
    pub objection: u16,
    /// Why.
    pub reason: ObjectionReason,
    /// The citizen for whom an officer objects.
    pub on_behalf_of: Option<PersonalText>,
    /// SHA-256 of a document.
    pub document_sha256: Option<[u8; 32]>,
}

/// A provider is admitted for a term. One that was not in the register is entered first, by
/// [`ProviderRegistered`](super::ProviderRegistered).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAdmitted {
    /// By which application.
    pub admission: AdmissionId,
    /// The provider.
    pub provider: ProviderId,
    /// Categories offered: bit n for category n.
    pub categories: u64,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

/// A provider is admitted no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionEnded {
    /// The provider.
    pub provider: ProviderId,
    /// First day on which it is not admitted.
    pub from: Day,
    /// The newest term that is left: its first day, and its last one, which lies before it if the
    /// provider was never admitted.
    pub term: (Day, Day),
}

/// A city said for how many days it publishes admissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionPolicySet {
    /// The city.
    pub city: MemberId,
    /// Days.
    pub publicity_days: u16,
}

/// A city took a stance on what another city admitted or certified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecognitionSet {
    /// Whose stance.
    pub city: MemberId,
    /// On what.
    pub subject: RecognitionSubject,
    /// The stance.
    pub stance: RecognitionStance,
    /// For these categories, bit n for category n; `None` for all.
    pub categories: Option<u64>,
    /// First contract date.
    pub from: Day,
    /// Last contract date.
    pub to: Option<Day>,
}

/// A status of an enterprise was entered, or its end moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet {
    /// The enterprise.
    pub enterprise: EnterpriseId,
    /// The status.
    pub kind: EnterpriseKind,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Number of the certificate.
    pub certificate_no: Name,
    /// The city that certified it.
    pub city: MemberId,
}

/// Two parties are related, or the end of it was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationSet {
    /// One; providers come first, then the lower id.
    pub party: Payee,
    /// The other.
    pub other: Payee,
    /// How.
    pub kind: RelationKind,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Option<Day>,
}

/// A credit flag was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditFlagRaised {
    /// Its id.
    pub flag: CreditFlagId,
    /// On whom.
    pub party: Payee,
    /// What about.
    pub code: FlagCode,
    /// Warning or block.
    pub level: FlagLevel,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Option<Day>,
    /// The city that raised it.
    pub city: MemberId,
    /// Document that orders it.
    pub document_no: Option<DocumentNo>,
    /// SHA-256 of the document.
    pub document_sha256: Option<[u8; 32]>,
}

/// A credit flag was lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditFlagLifted {
    /// Which.
    pub flag: CreditFlagId,
    /// On whom it was.
    pub party: Payee,
}

/// Another account of a party waits for the finance office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccountProposed {
    /// Whose.
    pub party: Payee,
    /// Version that the account becomes, counted from 1; an earlier proposal has lost its place.
    pub version: u32,
    /// The account.
    pub account: PartyName,
    /// The bank.
    pub bank: Option<Name>,
}

/// A proposed account is in force, or was declined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccountDecided {
    /// Whose.
    pub party: Payee,
    /// Version.
    pub version: u32,
    /// True if payments go to it from now on.
    pub approved: bool,
}

/// Who is in a team, and who leads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamSet {
    /// The team.
    pub enterprise: EnterpriseId,
    /// Leader.
    pub leader: PersonalText,
    /// The other members.
    pub members: Box<[PersonalText]>,
}

/// Name and address of a party were entered anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyCorrected {
    /// Whose.
    pub party: Payee,
    /// Name from now on.
    pub name: PartyName,
    /// Address within its city.
    pub address: Option<PartyName>,
    /// Day of the change.
    pub from: Day,
}

/// A party was struck off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyDissolved {
    /// Which.
    pub party: Payee,
    /// First day on which it is no more.
    pub from: Day,
    /// The firm that a team became, or that took its place.
    pub successor: Option<EnterpriseId>,
}
