//! Programmes and the packs that were carried.

use serde_json::{Value, json};

use super::super::context::Cx;
use super::super::problem::Problem;
use super::super::render::yuan;
use super::{Found, found, view};
use crate::domain::ProgrammeId;
use crate::engine::books::AccountKind;
use crate::engine::command::Scope;

pub(in crate::api) fn get_programme(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.programme("code", cx.param("code"))?;
    let row = cx
        .state
        .programme(id)
        .ok_or_else(|| Problem::not_found("programme"))?;
    let view = view(cx);
    let versions = (1..)
        .zip(&row.versions)
        .map(|(n, terms)| view.version(n, terms));
    let carried = row.year_ends.carried.iter();
    let mut body = json!({
        "stage": view.stage(id, row),
        "versions": versions.collect::<Value>(),
        "carried_into": carried.map(|row| view.programme(row.pack)).collect::<Value>(),
    });
    if let Some(pack) = &row.year_ends.pack {
        // The event beneath tells of the carry; these are what a programme has.
        body["id"] = json!(row.code.as_str());
        body["city"] = view.member(row.city);
        body["budget_year"] = json!(row.budget_year);
        body["year_of"] = view.programme(pack.year);
        body["carries"] = json!(pack.carries);
    }
    if cx.may_read(&[Scope::Member(row.city)]) {
        let drafts = cx.state.drafts_of(id);
        body["drafts"] = drafts.map(|(n, draft)| view.draft(n.0, draft)).collect();
        body["budget"] = budget(cx, id);
        body["forecast"] = forecast(cx, id);
        let packs = cx.state.packs_of(id).map(|(pack, _)| {
            let mut shown = budget(cx, pack);
            shown["pack"] = view.programme(pack);
            shown
        });
        body["carried_in"] = packs.collect();
    }
    found(body, row.details)
}

fn budget(cx: &Cx<'_>, id: ProgrammeId) -> Value {
    let budget = |kind| yuan(cx.state.budget(id, kind));
    let approved = cx.state.budget(id, AccountKind::Approved);
    let paid = approved.saturating_sub(cx.state.unpaid(id));
    let lapsed_total = cx.state.programme(id).map_or(0, |row| row.lapsed_total);
    json!({
        "appropriation": budget(AccountKind::Appropriation),
        "available": budget(AccountKind::Available),
        "outstanding": budget(AccountKind::Outstanding),
        "held": budget(AccountKind::Held),
        "claimed": budget(AccountKind::Claimed),
        "approved": budget(AccountKind::Approved),
        "approved_unpaid": yuan(cx.state.unpaid(id)),
        "committed": yuan(cx.state.committed(id)),
        "redeemed": budget(AccountKind::Approved),
        "paid": yuan(paid),
        "lapsed": budget(AccountKind::Lapsed),
        "carried_out": budget(AccountKind::CarriedOut),
        "lapsed_total": crate::domain::SignedFen(lapsed_total).to_string(),
    })
}

/// What is to be expected of the budget; nothing of a programme that is not open.
fn forecast(cx: &Cx<'_>, id: ProgrammeId) -> Value {
    let Some(pace) = cx.state.budget_pace(id) else {
        return Value::Null;
    };
    let forecast = pace.forecast();
    json!({
        "on": pace.today.to_string(),
        "since": pace.from.to_string(),
        "days": forecast.days,
        "exhausted_on": forecast.exhausted_on.map(|day| day.to_string()),
        "breakage": forecast.breakage.map(yuan),
        "breakage_of": {
            "lapsed": crate::domain::SignedFen(pace.lapsed).to_string(),
            "redeemed": yuan(pace.redeemed),
            "outstanding": yuan(pace.outstanding),
        },
    })
}
