//! Proposals, principals, grants and tokens.

use super::{maybe, seq};
use crate::domain::{PrincipalId, ProposalId, hex};
use crate::engine::actions::PROPOSAL_DAYS;
use crate::engine::command::Scope;
use crate::engine::event::{ActionProposed, Event, EventMeta, GrantSet, TokenIssued};
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
        Event::PrincipalRegistered(e) => registered(changes, meta, e.principal),
        Event::GrantSet(e) => granted(changes, meta, e),
        Event::TokenIssued(e) => token_issued(changes, meta, e),
        Event::TokenRevoked(e) => {
            let sha256 = hex(&e.token_hash);
            changes.update(Update::TokenRevoked, &[seq(meta), sha256.as_str().into()]);
        }
        Event::AccessSet(e) => {
            let row = [number(e.principal.0), e.enabled.into()];
            changes.update(Update::PrincipalEnabled, &row);
        }
        Event::ProposalApproved(e) => {
            let row = [number(e.proposal.0), e.left.into()];
            changes.update(Update::ProposalLeft, &row);
            if e.left == 0 {
                decided(changes, e.proposal, "done");
            }
        }
        Event::ProposalDeclined(e) => decided(changes, e.proposal, "declined"),
        Event::ProposalWithdrawn(e) => decided(changes, e.proposal, "withdrawn"),
        Event::ProposalFailed(e) => decided(changes, e.proposal, "failed"),
        _ => {}
    }
}

fn decided(changes: &mut Changes, id: ProposalId, status: &str) {
    changes.update(Update::Proposal, &[number(id.0), status.into()]);
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
            e.approvals.into(),
        ],
    );
}

pub(super) fn registered(changes: &mut Changes, meta: &EventMeta, principal: PrincipalId) {
    let registered_on = meta.business_date.to_string();
    changes.insert(
        &t::PRINCIPALS,
        &[
            number(principal.0),
            true.into(),
            registered_on.as_str().into(),
            number(meta.principal.0),
            seq(meta),
        ],
    );
}

fn granted(changes: &mut Changes, meta: &EventMeta, e: &GrantSet) {
    let (scope, id) = match e.scope {
        Scope::Corridor => ("corridor", Value::Number(0)),
        Scope::Member(id) => ("member", number(id.0)),
        Scope::Enterprise(id) => ("enterprise", number(id.0)),
        Scope::Provider(id) => ("provider", number(id.0)),
    };
    let set_on = meta.business_date.to_string();
    let role: Value<'_> = e.role.as_str().into();
    let principal = number(e.principal.0);
    changes.insert(
        &t::GRANTS,
        &[
            seq(meta),
            principal,
            role,
            scope.into(),
            id,
            if scope == "member" { id } else { Value::None },
            if e.granted { "given" } else { "taken" }.into(),
            e.granted.into(),
            set_on.as_str().into(),
            number(meta.principal.0),
            maybe(meta.second, |id| number(id.0)),
        ],
    );
    let older = [seq(meta), principal, role, scope.into(), id];
    changes.update(Update::GrantReplaced, &older);
}

fn token_issued(changes: &mut Changes, meta: &EventMeta, e: &TokenIssued) {
    let sha256 = hex(&e.token_hash);
    let (issued_on, expires_on) = (
        meta.business_date.to_string(),
        e.expires_on.map(|day| day.to_string()),
    );
    changes.insert(
        &t::TOKENS,
        &[
            seq(meta),
            sha256.as_str().into(),
            number(e.principal.0),
            e.label.as_str().into(),
            maybe(expires_on.as_deref(), Into::into),
            false.into(),
            issued_on.as_str().into(),
            number(meta.principal.0),
        ],
    );
}
