//! Commands that wait for further persons, and who may act.

use crate::domain::{MemberId, PersonalText, PrincipalId, ProposalId, Seq};
use crate::engine::command::{ProposedCommand, UserName};
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::{Action, Role, Scope};

/// A command waits for further persons. Nothing else has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionProposed {
    /// Its id.
    pub proposal: ProposalId,
    /// What it would do.
    pub action: Action,
    /// The corridor, or the member whose office decides.
    pub office: Scope,
    /// Office of those who check.
    pub checker: Role,
    /// How many must approve.
    pub approvals: u8,
    /// The command as it was sent.
    pub command: ProposedCommand,
}

/// A person approved. With the last approval the command's own events follow, as sent by the
/// maker, with the one who approved last as second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalApproved {
    /// The proposal.
    pub proposal: ProposalId,
    /// How many more must approve.
    pub left: u8,
}

/// A person declined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalDeclined {
    /// The proposal.
    pub proposal: ProposalId,
}

/// The maker took it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalWithdrawn {
    /// The proposal.
    pub proposal: ProposalId,
}

/// The last person approved, and the rules refuse the command now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalFailed {
    /// The proposal.
    pub proposal: ProposalId,
    /// Why.
    pub code: RefusalCode,
}

/// A member changed how many persons an action needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRuleSet {
    /// The member.
    pub member: MemberId,
    /// The action.
    pub action: Action,
    /// Persons, the maker included.
    pub persons: u8,
    /// Office of those who check.
    pub checker: Role,
}

/// A principal was shut out, or let in again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessSet {
    /// Who.
    pub principal: PrincipalId,
    /// False if shut out.
    pub enabled: bool,
}

/// A principal set its name and password for signing in; both replace older ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSet {
    /// Whose.
    pub principal: PrincipalId,
    /// The name.
    pub user_name: UserName,
    /// What the password is checked by.
    pub verifier: PersonalText,
}

/// It was said anew who a principal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalNamed {
    /// Who.
    pub principal: PrincipalId,
    /// Its name.
    pub name: PersonalText,
    /// A telephone number or an address.
    pub contact: Option<PersonalText>,
}

/// The personal data of a principal was erased: what opens the commitments of these events is gone
/// with the event's own commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalErased {
    /// Who.
    pub principal: PrincipalId,
    /// The events that held something of it.
    pub texts: Box<[Seq]>,
}
