//! The registers of parties by id.

use serde_json::{Value, json};

use super::{Found, found, view};
use crate::api::bodies::{admission, credit_flag, party_of_path};
use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::domain::{CreditCode, Day, EnterpriseId, MemberId, ProviderId};
use crate::engine::Hash128;
use crate::engine::command::{Payee, Scope};
use crate::engine::state::{AdmissionRow, EnterpriseRow, ProviderRow};

fn text(day: Option<Day>) -> Value {
    day.map_or(Value::Null, |day| json!(day.to_string()))
}

fn code(code: Hash128) -> Value {
    let known = (code != Hash128::default()).then(|| CreditCode::from_u128(code.into()));
    known
        .flatten()
        .map_or(Value::Null, |code| json!(code.as_str()))
}

fn group(cx: &Cx<'_>, party: Payee) -> Value {
    let today = cx.state.business_date();
    let group = cx.state.group_on(party, today);
    let code = group.and_then(|id| cx.state.group_code(id));
    json!(code)
}

/// What stands on a party of either role.
fn standing(cx: &Cx<'_>, party: Payee, body: &mut Value) {
    let today = cx.state.business_date();
    let dissolved = cx.state.dissolution(party);
    body["controller_group"] = group(cx, party);
    body["blocked"] = json!(cx.state.is_blocked_on(party, today));
    body["dissolved_from"] = text(dissolved.map(|row| row.from));
}

/// What the state says of an enterprise, whatever event has its name.
pub(super) fn enterprise(cx: &Cx<'_>, id: EnterpriseId, row: &EnterpriseRow) -> Value {
    let view = view(cx);
    let today = cx.state.business_date();
    let kind = cx.state.enterprise_kind_on(id, today).unwrap_or(row.kind);
    let mut body = json!({
        "id": view.enterprise(id),
        "code": code(row.code),
        "city": view.member(row.city),
        "kind": kind.as_str(),
        "successor": cx.state.successor_of(id).map(|id| view.enterprise(id)),
    });
    standing(cx, Payee::Enterprise(id), &mut body);
    body
}

/// What the state says of a provider, whatever event has its name.
pub(super) fn provider(cx: &Cx<'_>, id: ProviderId, row: &ProviderRow) -> Value {
    let view = view(cx);
    let today = cx.state.business_date();
    let suspended = cx.state.is_suspended_on(id, today);
    let until = cx.state.suspended_until(id).filter(|_| suspended);
    let terms = cx.state.terms_of(id).into_iter().map(|(from, to, set)| {
        json!({
            "from": from.to_string(),
            "to": to.to_string(),
            "categories": view.categories(set),
        })
    });
    let admitted = cx.state.admitted_on(id, today);
    let mut body = json!({
        "id": view.provider(id),
        "code": code(row.code),
        "city": view.member(row.city),
        "suspended": suspended,
        "suspended_until": text(until),
        "admitted": admitted.is_some(),
        "categories": view.categories(admitted.unwrap_or(row.categories)),
        "admitted_from": text(row.term().map(|(from, _)| from)),
        "admitted_to": text(row.term().map(|(_, to)| to)),
        "terms": terms.collect::<Value>(),
    });
    standing(cx, Payee::Provider(id), &mut body);
    body
}

/// Whom an application concerns while it is not published.
fn concerned(row: &AdmissionRow) -> Vec<Scope> {
    let mut scopes = vec![Scope::Member(row.city)];
    scopes.extend(row.provider.map(Scope::Provider));
    scopes
}

/// Stops unless the asker may read an application: publicity is for everybody.
fn reading(cx: &Cx<'_>, row: &AdmissionRow) -> Result<(), Problem> {
    if row.status.is_public() || row.applied_by == cx.principal {
        return Ok(());
    }
    cx.reading("admission", &concerned(row))
}

pub(in crate::api) fn get_admission(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = admission(cx)?;
    let row = cx.state.admission(id);
    let row = row.ok_or_else(|| Problem::not_found("admission"))?;
    reading(cx, row)?;
    let view = view(cx);
    let objections = cx.state.objections_to(id).map(|(number, objection)| {
        json!({
            "number": number,
            "reason_code": objection.reason.as_str(),
            "status": status(objection.upheld),
        })
    });
    let body = json!({
        "provider": row.provider.map(|id| view.provider(id)),
        "status": row.status.as_str(),
        "publicity_until": text(row.publicity_until),
        "objections": objections.collect::<Value>(),
    });
    found(body, row.details)
}

fn status(upheld: Option<bool>) -> &'static str {
    match upheld {
        None => "open",
        Some(true) => "upheld",
        Some(false) => "dismissed",
    }
}

/// An objection with the name of the citizen, for the office that decides it.
pub(in crate::api) fn get_objection(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = admission(cx)?;
    let row = cx.state.admission(id);
    let row = row.ok_or_else(|| Problem::not_found("admission"))?;
    let missing = || Problem::not_found("objection");
    let number: u16 = cx.param("number").parse().map_err(|_| missing())?;
    let found_one = cx.state.objections_to(id).find(|(n, _)| *n == number);
    let (_, objection) = found_one.ok_or_else(missing)?;
    if objection.by != cx.principal {
        cx.reading("objection", &[Scope::Member(row.city)])?;
    }
    let body = json!({"status": status(objection.upheld)});
    found(body, objection.details)
}

pub(in crate::api) fn get_publicity(cx: &Cx<'_>) -> Result<Found, Problem> {
    let city = cx.member("code", cx.param("code"))?;
    let body = json!({
        "id": view(cx).member(city),
        "publicity_days": cx.state.publicity_days(city),
    });
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

fn reading_enterprise(cx: &Cx<'_>, id: EnterpriseId) -> Result<(), Problem> {
    let row = cx.state.enterprise(id);
    let row = row.ok_or_else(|| Problem::not_found("enterprise"))?;
    let scopes = [
        Scope::Enterprise(id),
        Scope::Member(row.city),
        Scope::Member(row.registered_city),
    ];
    cx.reading("enterprise", &scopes)
}

/// The status of an enterprise by day: what it is today, and the certificates.
pub(in crate::api) fn get_statuses(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.enterprise("id", cx.param("id"))?;
    reading_enterprise(cx, id)?;
    let view = view(cx);
    let today = cx.state.business_date();
    let kind = cx.state.enterprise_kind_on(id, today);
    let statuses = cx.state.statuses_of(id).map(|(from, row)| {
        json!({
            "kind": row.kind.as_str(),
            "from": from.to_string(),
            "to": row.to.to_string(),
            "certified_by": view.member(row.city),
        })
    });
    let body = json!({
        "id": view.enterprise(id),
        "kind": kind.map(|kind| kind.as_str()),
        "statuses": statuses.collect::<Value>(),
    });
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

pub(in crate::api) fn get_team(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = cx.enterprise("id", cx.param("id"))?;
    reading_enterprise(cx, id)?;
    let team = cx.state.team(id);
    found(json!({}), team.ok_or_else(|| Problem::not_found("team"))?)
}

pub(in crate::api) fn get_relations(cx: &Cx<'_>) -> Result<Found, Problem> {
    let party = party_of_path(cx)?;
    let city = |party| match party {
        Payee::Enterprise(id) => cx.state.enterprise(id).map(|row| row.city),
        Payee::Provider(id) => cx.state.provider(id).map(|row| row.city),
    };
    let own = match party {
        Payee::Enterprise(id) => Scope::Enterprise(id),
        Payee::Provider(id) => Scope::Provider(id),
    };
    let member: Option<MemberId> = city(party);
    let scopes: Vec<Scope> = [Some(own), member.map(Scope::Member)]
        .into_iter()
        .flatten()
        .collect();
    cx.reading("relations", &scopes)?;
    let view = view(cx);
    let relations = cx.state.relations_of(party).map(|(other, from, row)| {
        json!({
            "other": view.payee(other),
            "kind": row.kind.as_str(),
            "from": from.to_string(),
            "to": text(row.to),
        })
    });
    let body = json!({"id": view.payee(party), "relations": relations.collect::<Value>()});
    Ok(Found {
        body,
        details: None,
        later: None,
    })
}

/// A credit flag: all cities read it, and whom it is on; reason and document are for the city
/// that raised it and for the roles of the corridor.
pub(in crate::api) fn get_credit_flag(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = credit_flag(cx)?;
    let row = cx.state.credit_flag(id);
    let row = row.ok_or_else(|| Problem::not_found("flag"))?;
    let of_city = |scope| matches!(scope, Scope::Member(_));
    let is_city = cx
        .state
        .grants_of(cx.principal)
        .any(|(_, scope)| of_city(scope));
    if !is_city {
        let own = match row.party {
            Payee::Enterprise(id) => Scope::Enterprise(id),
            Payee::Provider(id) => Scope::Provider(id),
        };
        cx.reading("flag", &[own])?;
    }
    let today = cx.state.business_date();
    let mut body = json!({
        "lifted_on": text(row.lifted_on),
        "blocks_today": row.blocks_on(today),
    });
    if !cx.may_read(&[Scope::Member(row.city)]) {
        for hidden in ["reason", "document_no", "document_sha256"] {
            body[hidden] = Value::Null;
        }
    }
    found(body, row.details)
}
