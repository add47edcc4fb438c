//! The life of a programme: drafts, what a city requires, the end of its year.

use serde::{Deserialize, Serialize};

use crate::domain::{ClaimId, Day, DraftNo, Fen, MemberId, ProgrammeId, Seq};
use crate::engine::terms::{RequiredFields, SimulationOutcome, VersionTerms};

/// Saves rules that are not published yet: a new draft, or an existing one anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveDraft {
    /// The programme.
    pub programme: ProgrammeId,
    /// Which draft to replace; `None` for a new one.
    pub draft: Option<DraftNo>,
    /// The rules.
    pub terms: Box<VersionTerms>,
}

/// Notes that the node has simulated a draft, and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkSimulated {
    /// The programme.
    pub programme: ProgrammeId,
    /// Which draft.
    pub draft: DraftNo,
    /// SHA-256 of the simulation's report.
    pub digest: [u8; 32],
    /// First filing day that was asked for.
    pub from: Option<Day>,
    /// Last filing day that was asked for.
    pub to: Option<Day>,
    /// The budget that was assumed.
    pub budget: Option<Fen>,
    /// What came out; `None` until it has been simulated.
    pub outcome: Option<SimulationOutcome>,
}

/// Publishes a draft as the next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishDraft {
    /// The programme.
    pub programme: ProgrammeId,
    /// Which draft.
    pub draft: DraftNo,
    /// The event that saved it: what is published is what was looked at.
    pub saved: Seq,
}

/// Copies every version of a programme, of any city, into drafts of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyPack {
    /// Whose versions.
    pub from: ProgrammeId,
    /// Whose drafts.
    pub to: ProgrammeId,
}

/// Says what a city requires of its programmes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCityPolicy {
    /// The city.
    pub member: MemberId,
    /// What it requires from now on.
    pub required: RequiredFields,
}

/// Begins the end of a programme's year: nothing is issued any more, and claims wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartYearClosing {
    /// The programme.
    pub programme: ProgrammeId,
}

/// Decides what becomes of what a programme has not paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideYearEnd {
    /// The programme.
    pub programme: ProgrammeId,
    /// The programme of the next year that it is carried into; `None` closes without a carry.
    pub into: Option<ProgrammeId>,
}

/// Withdraws a claim that waits for a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawClaim {
    /// Which claim.
    pub claim: ClaimId,
}
