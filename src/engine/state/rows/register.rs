//! The rows of the registers of parties.

use crate::domain::{
    CategoryId, CreditCode, Day, EnterpriseId, InlineText, MemberId, PrincipalId, ProviderId, Seq,
};
use crate::engine::command::{Name, Payee};
use crate::engine::terms::{
    EnterpriseKind, FlagCode, FlagLevel, ObjectionReason, RecognitionStance, RelationKind,
};
use serde::{Deserialize, Serialize};

/// Which side tables hold something of an enterprise or provider: what has no mark costs one
/// branch where a claim is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(u8);

impl Marks {
    /// Admitted for other terms, too.
    pub const TERMS: Marks = Marks(1);
    /// Related to other parties.
    pub const RELATED: Marks = Marks(1 << 1);
    /// Credit flags were raised.
    pub const FLAGGED: Marks = Marks(1 << 2);
    /// Cities have taken a stance on it.
    pub const RECOGNISED: Marks = Marks(1 << 3);
    /// Struck off.
    pub const DISSOLVED: Marks = Marks(1 << 4);
    /// Its suspension has a last day.
    pub const SUSPENSION_ENDS: Marks = Marks(1 << 5);
    /// Its status has certificates.
    pub const CERTIFIED: Marks = Marks(1 << 6);

    /// True if all marks of the other set are there.
    pub const fn has(self, mark: Marks) -> bool {
        self.0 & mark.0 == mark.0
    }

    /// Adds marks.
    pub const fn add(&mut self, mark: Marks) {
        self.0 |= mark.0;
    }
}

/// Where an application for admission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdmissionStatus {
    /// Waits for the check.
    Applied,
    /// Sent back to be mended: the applicant applies anew.
    Returned,
    /// Turned down.
    Declined,
    /// Taken back.
    Withdrawn,
    /// Checked; published, or waiting to be admitted.
    Passed,
    /// Admitted.
    Admitted,
}

impl AdmissionStatus {
    /// The word the outside uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            AdmissionStatus::Applied => "applied",
            AdmissionStatus::Returned => "returned",
            AdmissionStatus::Declined => "declined",
            AdmissionStatus::Withdrawn => "withdrawn",
            AdmissionStatus::Passed => "published",
            AdmissionStatus::Admitted => "admitted",
        }
    }

    /// True while a further step can follow.
    pub const fn is_open(self) -> bool {
        matches!(self, AdmissionStatus::Applied | AdmissionStatus::Passed)
    }

    /// True if everybody may read it.
    pub const fn is_public(self) -> bool {
        matches!(self, AdmissionStatus::Passed | AdmissionStatus::Admitted)
    }
}

/// An application for admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionRow {
    /// Credit code of the provider.
    pub code: CreditCode,
    /// Name of a provider that is not in the register yet.
    pub name: Option<Name>,
    /// The provider, once it is in the register.
    pub provider: Option<ProviderId>,
    /// Host city.
    pub city: MemberId,
    /// Categories applied for.
    pub categories: u64,
    /// First day of the term.
    pub from: Day,
    /// Last day of the term.
    pub to: Day,
    /// Where it stands.
    pub status: AdmissionStatus,
    /// Who applied.
    pub applied_by: PrincipalId,
    /// Who passed it.
    pub checked_by: Option<PrincipalId>,
    /// Last day of publicity.
    pub publicity_until: Option<Day>,
    /// Number of objections.
    pub objections: u16,
    /// Objections that wait for a decision.
    pub objections_open: u16,
    /// Year.
    pub year: i16,
    /// Event of the application.
    pub details: Seq,
}

/// An objection to an admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectionRow {
    /// Why.
    pub reason: ObjectionReason,
    /// Who objected.
    pub by: PrincipalId,
    /// Whether it was upheld; `None` while it is open.
    pub upheld: Option<bool>,
    /// Its event.
    pub details: Seq,
}

/// A term for which a provider was or is admitted; the terms of one provider do not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermRow {
    /// Last day.
    pub to: Day,
    /// Categories.
    pub categories: u64,
}

/// How a city stands to something from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecognitionRow {
    /// The stance.
    pub stance: RecognitionStance,
    /// For these categories; `None` for all.
    pub categories: Option<u64>,
    /// Last contract date.
    pub to: Option<Day>,
    /// Its event.
    pub details: Seq,
}

impl RecognitionRow {
    /// True if it has not ended on this day.
    pub fn covers_day(&self, day: Day) -> bool {
        self.to.is_none_or(|to| day <= to)
    }

    /// True if it says something on a contract of this day and category.
    pub fn covers(&self, day: Day, category: CategoryId) -> bool {
        let bit = 1_u64.checked_shl(u32::from(category.0)).unwrap_or(0);
        self.covers_day(day) && self.categories.is_none_or(|set| set & bit != 0)
    }
}

/// A status of an enterprise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRow {
    /// The status.
    pub kind: EnterpriseKind,
    /// Last day.
    pub to: Day,
    /// The city that certified it.
    pub city: MemberId,
    /// Event with the certificate.
    pub details: Seq,
}

/// Two parties are related from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationRow {
    /// How.
    pub kind: RelationKind,
    /// Last day.
    pub to: Option<Day>,
    /// Its event.
    pub details: Seq,
}

/// A credit flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditFlagRow {
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
    /// When it was lifted.
    pub lifted_on: Option<Day>,
    /// Year.
    pub year: i16,
    /// Its event.
    pub details: Seq,
}

impl CreditFlagRow {
    /// True if it blocks on a day. A flag that was lifted blocks no longer, whatever the day.
    pub fn blocks_on(&self, day: Day) -> bool {
        self.level == FlagLevel::Block
            && self.lifted_on.is_none()
            && self.from <= day
            && self.until.is_none_or(|until| day <= until)
    }
}

/// The account of a party, and the change that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// The account in force.
    pub current: Option<AccountVersion>,
    /// The newest proposal, while it waits.
    pub proposed: Option<AccountVersion>,
    /// Who proposed it.
    pub proposed_by: Option<PrincipalId>,
    /// Number of versions that were proposed or registered.
    pub versions: u32,
}

/// One version of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountVersion {
    /// Number, from 1.
    pub version: u32,
    /// The last four characters; `None` for a team's, which are personal data.
    pub tail: Option<InlineText<16>>,
    /// Event with the account.
    pub details: Seq,
}

/// A party that was struck off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DissolvedRow {
    /// First day on which it is no more.
    pub from: Day,
    /// What a team became, or what took its place.
    pub successor: Option<EnterpriseId>,
}
