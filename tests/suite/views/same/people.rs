//! Principals, what they may do, and proposals.

use std::collections::BTreeSet;

use quantong::domain::{PrincipalId, ProposalId, hex};
use quantong::engine::command::Scope;
use quantong::engine::event::{Event, SYSTEM};
use quantong::engine::state::ProposalStatus;
use serde_json::json;

use super::{Told, details, text};

pub(super) fn compare(told: &Told<'_>) {
    principals(told);
    grants(told);
    tokens(told);
    proposals(told);
}

fn all(told: &Told<'_>) -> impl Iterator<Item = PrincipalId> {
    (0..told.state.principal_count()).filter_map(PrincipalId::from_index)
}

fn principals(told: &Told<'_>) {
    let registered = told.of_events(|meta, event| match event {
        Event::LedgerCreated(_) => Some((SYSTEM, meta)),
        Event::PrincipalRegistered(e) => Some((e.principal, meta)),
        _ => None,
    });
    assert_eq!(registered.len(), told.state.principal_count());
    let rows = registered.into_iter().map(|(id, meta)| {
        let row = told.state.principal(id).expect("registered");
        json!({
            "id": id.0, "enabled": u8::from(!row.disabled),
            "registered_on": meta.business_date.to_string(), "registered_by": meta.principal.0,
            "event": meta.seq.0,
        })
    });
    told.same("principals", rows.collect());
}

/// The word of a scope, and its number.
fn place(scope: Scope) -> (&'static str, u32) {
    match scope {
        Scope::Corridor => ("corridor", 0),
        Scope::Member(id) => ("member", id.0.into()),
        Scope::Enterprise(id) => ("enterprise", id.0),
        Scope::Provider(id) => ("provider", id.0),
    }
}

fn grants(told: &Told<'_>) {
    let set = told.of_events(|meta, event| match event {
        Event::GrantSet(e) => Some((e, meta)),
        _ => None,
    });
    // The newest entry of each counts, and what the state says is in force then is.
    let mut in_force = BTreeSet::new();
    let rows = set.iter().enumerate().map(|(n, (e, meta))| {
        let key = (e.principal, e.role, e.scope);
        let newest = !(set[n + 1..].iter()).any(|(e, _)| (e.principal, e.role, e.scope) == key);
        let holds = newest && e.granted;
        if holds {
            in_force.insert(key);
        }
        let (scope, id) = place(e.scope);
        json!({
            "event": meta.seq.0, "principal": e.principal.0, "role": e.role.as_str(),
            "scope": scope, "scope_id": id, "member": (scope == "member").then_some(id),
            "change": if e.granted { "given" } else { "taken" }, "in_force": u8::from(holds),
            "set_on": meta.business_date.to_string(), "set_by": meta.principal.0,
            "agreed_by": meta.second.map(|id| id.0),
        })
    });
    told.same("grants", rows.collect());
    let of_state = all(told).flat_map(|id| {
        let grants = told.state.grants_of(id);
        grants.map(move |(role, scope)| (id, role, scope))
    });
    assert_eq!(of_state.collect::<BTreeSet<_>>(), in_force);
}

fn tokens(told: &Told<'_>) {
    let issued = told.of_events(|meta, event| match event {
        Event::TokenIssued(e) => Some((e, meta)),
        _ => None,
    });
    let rows = issued.into_iter().map(|(e, meta)| {
        let row = told.state.token(&e.token_hash).expect("issued");
        assert_eq!(row.principal, e.principal);
        json!({
            "event": meta.seq.0, "sha256": hex(&e.token_hash), "principal": row.principal.0,
            "label": e.label.as_str(), "expires_on": text(row.expires_on),
            "revoked": u8::from(row.revoked), "issued_on": meta.business_date.to_string(),
            "issued_by": meta.principal.0,
        })
    });
    told.same("tokens", rows.collect());
}

fn proposals(told: &Told<'_>) {
    let ids = (0..told.state.proposal_count()).filter_map(ProposalId::from_index);
    let rows = ids.map(|id| {
        let row = told.state.proposal(id).expect("counted");
        let status = match row.status {
            ProposalStatus::Open if row.is_expired(told.state.business_date()) => "expired",
            ProposalStatus::Open => "open",
            ProposalStatus::Done => "done",
            ProposalStatus::Declined => "declined",
            ProposalStatus::Withdrawn => "withdrawn",
            ProposalStatus::Failed => "failed",
        };
        let member = match row.office {
            Scope::Member(member) => Some(member.0),
            _ => None,
        };
        let (e, meta) = details!(told, row.details, ActionProposed);
        json!({
            "id": id.0, "action": row.action.as_str(), "command": e.command.kind().as_str(),
            "member": member, "checker": row.checker.as_str(), "approvals": e.approvals,
            "approvals_left": row.left, "status": status, "made_by": row.maker.0,
            "proposed_on": row.proposed_on.to_string(),
            "expires_on": row.expires_on().to_string(), "event": meta.seq.0,
        })
    });
    told.same("proposals", rows.collect());
}
