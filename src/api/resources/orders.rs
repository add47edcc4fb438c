//! An order as it stands now.

use serde_json::{Value, json};

use super::{Found, found, view};
use crate::api::bodies::order_of;
use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::api::render::{View, yuan};
use crate::engine::command::Scope;
use crate::engine::state::OrderRow;
use crate::engine::terms::OrderParties;

/// Whom an order concerns: its provider and the provider's city, its holders and issuers.
pub(in crate::api) fn concerned_by(cx: &Cx<'_>, order: &OrderRow) -> Vec<Scope> {
    let mut scopes = vec![Scope::Provider(order.provider), Scope::Member(order.host)];
    for line in &order.lines {
        scopes.push(Scope::Enterprise(line.holder));
        let voucher = cx.state.voucher(line.voucher);
        let programme = voucher.map(|row| cx.state.voucher_owner(row).0);
        let issuer = programme.and_then(|id| cx.state.programme(id));
        scopes.extend(issuer.map(|row| Scope::Member(row.city)));
    }
    scopes
}

pub(in crate::api) fn get_order(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = order_of(cx, "id", cx.param("id"))?;
    let row = cx
        .state
        .order(id)
        .ok_or_else(|| Problem::not_found("order"))?;
    cx.reading("order", &concerned_by(cx, row))?;
    let view = view(cx);
    let lines = row.lines.iter().enumerate().map(|(place, line)| {
        let told = json!({
            "voucher": view.voucher(line.voucher),
            "enterprise": view.enterprise(line.holder),
            "amount": yuan(line.amount),
            "remaining": yuan(line.left),
            "agreed": row.agreed.covers(OrderParties::line(place)),
            "accepted": row.accepted.covers(OrderParties::line(place)),
        });
        View::veil(told, view.sees(line.voucher, row.provider, row.host))
    });
    let asked = row.asked.as_ref().map(|(extend_to, parties)| {
        let holders = (0..row.lines.len()).filter(|n| parties.covers(OrderParties::line(*n)));
        json!({
            "what": if extend_to.is_some() { "extend" } else { "cancel" },
            "until": extend_to.map(|day| day.to_string()),
            "provider": parties.covers(OrderParties::PROVIDER),
            "lines": holders.collect::<Vec<_>>(),
        })
    });
    let dispute = row.dispute.as_ref().map(|dispute| {
        json!({
            "by": dispute.by.as_str(),
            "code": dispute.code.as_str(),
            "since": dispute.since.to_string(),
        })
    });
    let contract = row.contract.as_ref();
    let body = json!({
        "status": row.status.as_str(),
        "hold_until": row.hold_until.to_string(),
        "ends_on": row.ends_on.to_string(),
        "contract_no": contract.map(|(number, _)| number.as_str()),
        "contract_date": contract.map(|(_, day)| day.to_string()),
        "lines": lines.collect::<Value>(),
        "asked": asked,
        "dispute": dispute,
    });
    found(body, row.details)
}
