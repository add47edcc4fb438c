//! Proposals.

use super::seq;
use crate::domain::ProposalId;
use crate::engine::actions::PROPOSAL_DAYS;
use crate::engine::command::Scope;
use crate::engine::event::{ActionProposed, Event, EventMeta};
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;

pub(super) fn people(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::DateAdvanced(e) => {
            let today = e.to.to_string();
            let row = [Value::Number(0), today.as_str().into()];
            changes.update(Update::ProposalsExpired, &row);
        }
        Event::ActionProposed(e) => proposed(changes, meta, e),
        Event::ProposalApproved(e) if e.left == 0 => decided(changes, e.proposal, "done", 0),
        Event::ProposalApproved(e) => decided(changes, e.proposal, "open", e.left),
        Event::ProposalDeclined(e) => decided(changes, e.proposal, "declined", 0),
        Event::ProposalWithdrawn(e) => decided(changes, e.proposal, "withdrawn", 0),
        Event::ProposalFailed(e) => decided(changes, e.proposal, "failed", 0),
        _ => {}
    }
}

fn decided(changes: &mut Changes, id: ProposalId, status: &str, left: u8) {
    changes.update(
        Update::Proposal,
        &[number(id.0), status.into(), left.into()],
    );
}

fn proposed(changes: &mut Changes, meta: &EventMeta, e: &ActionProposed) {
    let member = match e.office {
        Scope::Member(member) => number(member.0),
        _ => Value::None,
    };
    let proposed_on = meta.business_date;
    let expires_on = proposed_on.plus_days(PROPOSAL_DAYS).to_string();
    let proposed_on = proposed_on.to_string();
    changes.insert(
        &t::PROPOSALS,
        &[
            number(e.proposal.0),
            e.action.as_str().into(),
            e.command.kind().as_str().into(),
            member,
            e.checker.as_str().into(),
            e.approvals.into(),
            "open".into(),
            number(meta.principal.0),
            proposed_on.as_str().into(),
            expires_on.as_str().into(),
            seq(meta),
        ],
    );
}
