//! What waits for further persons.

use super::{Body, body};
use crate::api::context::{Cx, word};
use crate::api::problem::Problem;
use crate::domain::{IdKind, ProposalId};
use crate::engine::State;
use crate::engine::command::{
    Action, Command, DecideProposal, ErasePrincipal, NamePrincipal, Role, SetAccess, SetActionRule,
    WithdrawProposal,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// The proposal that the path names.
pub(in crate::api) fn proposal(cx: &Cx<'_>) -> Result<ProposalId, Problem> {
    let canonical = |state: &State, id, tag| state.proposal_id(ProposalId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Proposal, canonical)
        .map(ProposalId)
}

body! {
    /// The decision on a proposal, by another person than its maker.
    DecideProposalBody { approve: bool, } (self, cx) {
        let proposal = proposal(cx)?;
        Ok(Command::DecideProposal(DecideProposal { proposal, approve: self.approve }))
    }
}

body! {
    /// Takes a proposal back; for its maker.
    WithdrawProposalBody {} (self, cx) {
        Ok(Command::WithdrawProposal(WithdrawProposal { proposal: proposal(cx)? }))
    }
}

body! {
    /// How many persons an action of the member needs.
    SetActionRuleBody {
        /// An action, for example `budget`.
        action: String,
        /// Persons, the maker included: at least those of the table, at most four.
        persons: u8,
        /// Office of those who check: `science_officer`, `finance_officer` or `administrator`.
        checker: String,
    } (self, cx) {
        Ok(Command::SetActionRule(SetActionRule {
            member: cx.member("code", cx.param("code"))?,
            action: word("action", &self.action, Action::parse)?,
            persons: self.persons,
            checker: word("checker", &self.checker, Role::parse)?,
        }))
    }
}

body! {
    /// Shuts a principal out, or lets it in again.
    SetAccessBody { enabled: bool, } (self, cx) {
        let principal = cx.principal_id("id", cx.param("id"))?;
        Ok(Command::SetAccess(SetAccess { principal, enabled: self.enabled }))
    }
}

/// Longest name and contact, in bytes.
const PERSONAL_BYTES_MAX: usize = 200;

body! {
    /// Says anew who a principal is: both members replace what was said before.
    NamePrincipalBody {
        /// Name.
        name: String,
        /// A telephone number or an address.
        contact: Option<String>,
    } (self, cx) {
        let personal = |field: &str, text: &str| {
            if text.trim().is_empty() || text.len() > PERSONAL_BYTES_MAX {
                let problem = format!("has 1 to {PERSONAL_BYTES_MAX} bytes");
                return Err(Problem::field(field, problem));
            }
            Ok(crate::node::personal(text))
        };
        let contact = self.contact.map(|text| personal("contact", &text));
        Ok(Command::NamePrincipal(Box::new(NamePrincipal {
            principal: cx.principal_id("id", cx.param("id"))?,
            name: personal("name", &self.name)?,
            contact: contact.transpose()?,
        })))
    }
}

body! {
    /// Erases the name, the contact and the passwords of a principal that is shut out.
    ErasePrincipalBody {} (self, cx) {
        let principal = cx.principal_id("id", cx.param("id"))?;
        Ok(Command::ErasePrincipal(ErasePrincipal { principal }))
    }
}
