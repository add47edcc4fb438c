//! Transfers, and events as steps that can be undone.

use serde_json::json;

use super::{Found, found, view};
use crate::api::bodies;
use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::domain::{IdKind, MemberId, TransferId};
use crate::engine::State;
use crate::engine::command::{Scope, TransferKind};
use crate::engine::state::Step;

pub(in crate::api) fn get_transfer(cx: &Cx<'_>) -> Result<Found, Problem> {
    let canonical = |state: &State, id, tag| state.transfer_id(TransferId(id), tag);
    let id = TransferId(cx.id("id", cx.param("id"), IdKind::Transfer, canonical)?);
    let missing = || Problem::not_found("transfer");
    let row = cx.state.transfer(id).ok_or_else(missing)?;
    let voucher = cx.state.voucher(row.voucher).ok_or_else(missing)?;
    let (programme, holder) = cx.state.voucher_owner(voucher);
    let issuer = cx.state.programme(programme);
    let issuer = issuer.map_or(MemberId(0), |row| row.city);
    let mut scopes = vec![
        Scope::Member(issuer),
        Scope::Enterprise(holder),
        Scope::Enterprise(row.to),
    ];
    if row.kind == TransferKind::Move {
        // The new city decides on it as well.
        scopes.extend(row.to_city.map(Scope::Member));
    }
    cx.reading("transfer", &scopes)?;
    let view = view(cx);
    let body = json!({
        "status": row.status.as_str(),
        "child": row.child.map(|id| view.voucher(id)),
        "last_day": row.last_day.to_string(),
        "endorsed_by": row.endorsed.map(|(city, _)| view.member(city)),
        "decision": row.decision.map(|seq| seq.0),
    });
    found(body, row.details)
}

/// An event. Whoever may undo a step reads it; the roles of the corridor read every event.
pub(in crate::api) fn get_event(cx: &Cx<'_>) -> Result<Found, Problem> {
    let seq = bodies::event(cx)?;
    let step = cx.state.step(seq);
    let scopes = step.as_ref().map_or_else(Vec::new, |row| {
        let roles = cx.state.step_roles(&row.what).into_iter();
        let offices = roles.map(|(_, scope)| scope);
        let city = Scope::Member(cx.state.step_city(&row.what));
        offices
            .chain([city])
            .chain(creditor(cx.state, &row.what))
            .collect()
    });
    cx.reading("event", &scopes)?;
    if seq >= cx.state.next_seq() {
        return Err(Problem::not_found("event"));
    }
    let reversed_by = step.as_ref().and_then(|row| row.reversed);
    let body = json!({
        "reversible": step.is_some() && reversed_by.is_none(),
        "reversed_by": reversed_by.map(|seq| seq.0),
    });
    found(body, seq)
}

/// Who was paid, if the step was a payment.
fn creditor(state: &State, step: &Step) -> Option<Scope> {
    match step {
        Step::Payment { instruction, .. } => {
            let row = state.instruction(*instruction)?;
            Some(Scope::Member(row.creditor))
        }
        _ => None,
    }
}
