//! Proposals and the rules of members for actions.

use crate::domain::{Day, PrincipalId, Seq};
use crate::engine::actions::PROPOSAL_DAYS;
use crate::engine::command::{ProposedCommand, Reason, UserName};
use crate::engine::terms::{Action, Role, Scope};
use serde::{Deserialize, Serialize};

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProposalStatus {
    /// Waits for approvals.
    Open,
    /// Approved and done.
    Done,
    /// Declined by a checker.
    Declined,
    /// Taken back by its maker.
    Withdrawn,
    /// Approved, and refused by the rules.
    Failed,
}

/// A command that waits, or waited, for further persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalRow {
    /// What it would do.
    pub action: Action,
    /// The corridor, or the member whose office decides.
    pub office: Scope,
    /// Office of those who check.
    pub checker: Role,
    /// How many more must approve.
    pub left: u8,
    /// Who sent the command.
    pub maker: PrincipalId,
    /// Why, in the maker's words; kept while it is open.
    pub reason: Option<Reason>,
    /// Who approved.
    pub approved_by: Vec<PrincipalId>,
    /// The command; kept while it is open.
    pub command: Option<Box<ProposedCommand>>,
    /// Where it stands.
    pub status: ProposalStatus,
    /// Day of the proposal.
    pub proposed_on: Day,
    /// Event with the command.
    pub details: Seq,
}

impl ProposalRow {
    /// The last day on which it can be decided.
    pub fn expires_on(&self) -> Day {
        self.proposed_on.plus_days(PROPOSAL_DAYS)
    }

    /// True if it was not decided in time.
    pub fn is_expired(&self, today: Day) -> bool {
        self.status == ProposalStatus::Open && today > self.expires_on()
    }
}

/// How many persons an action of a member needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRule {
    /// Persons, the maker included.
    pub persons: u8,
    /// Office of those who check.
    pub checker: Role,
}

/// With what a principal signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRow {
    /// Its name for that.
    pub user_name: UserName,
    /// Event with the verifier.
    pub details: Seq,
}
