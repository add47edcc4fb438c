//! Proposals and the rules of members for actions.

use serde_json::{Value, json};

use super::super::bodies;
use super::super::context::Cx;
use super::super::problem::Problem;
use super::{Found, found, view};
use crate::engine::actions::ACTIONS;
use crate::engine::command::Scope;
use crate::engine::state::{ProposalRow, ProposalStatus};

/// Where a proposal stands on a day.
fn status(cx: &Cx<'_>, row: &ProposalRow) -> &'static str {
    match row.status {
        ProposalStatus::Open if row.is_expired(cx.state.business_date()) => "expired",
        ProposalStatus::Open => "open",
        ProposalStatus::Done => "done",
        ProposalStatus::Declined => "declined",
        ProposalStatus::Withdrawn => "withdrawn",
        ProposalStatus::Failed => "failed",
    }
}

pub(in crate::api) fn get_proposal(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = bodies::proposal(cx)?;
    let row = cx
        .state
        .proposal(id)
        .ok_or_else(|| Problem::not_found("proposal"))?;
    if row.maker != cx.principal {
        cx.reading("proposal", &[row.office])?;
    }
    let view = view(cx);
    let approved = row.approved_by.iter().map(|id| view.principal(*id));
    let body = json!({
        "status": status(cx, row),
        "left": row.left,
        "approved_by": approved.collect::<Value>(),
        "expires_on": row.expires_on().to_string(),
    });
    found(body, row.details)
}

/// What a member's actions need. The table of all members is public: who checks whom is no secret.
pub(in crate::api) fn get_action_rules(cx: &Cx<'_>) -> Result<Found, Problem> {
    let member = cx.member("code", cx.param("code"))?;
    let office = Scope::Member(member);
    let rows = ACTIONS.iter().map(|line| {
        let rule = cx.state.action_rule(line.action, office);
        let words = |roles: &[crate::engine::command::Role]| {
            roles.iter().map(|role| role.as_str()).collect::<Vec<_>>()
        };
        json!({
            "action": line.action.as_str(),
            "makers": words(line.makers),
            "persons": rule.persons,
            "checker": rule.checker.as_str(),
            "checkers_allowed": words(line.checkers),
            "own_steps": line.own_steps,
            "persons_min": line.persons,
        })
    });
    Ok(Found {
        body: json!({"member": view(cx).member(member), "rules": rows.collect::<Value>()}),
        details: None,
        later: None,
    })
}
