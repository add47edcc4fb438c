//! The handlers behind every route that reads.

use super::check::add_address;
use super::context::Cx;
use super::problem::Problem;
use super::render::View;
use super::request::{Asked, look, parameters};
use super::resources::{Finder, concerned_by};
use super::server::Shared;
use crate::domain::{IdKind, PrincipalId, PublicId, Seq};
use crate::engine::command::{PartyName, Purpose, Scope};
use crate::engine::event::{ContractRefused, Event, OrderRefused, Recorded};
use crate::engine::refusal_of;
use crate::node as fields;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

pub(super) async fn read(request: &HttpRequest, shared: &Shared, find: Finder) -> HttpResponse {
    let asked = Asked::of(request);
    let answer = read_resource(request, shared, find).await;
    asked.settle(shared, answer).await
}

async fn read_resource(
    request: &HttpRequest,
    shared: &Shared,
    find: Finder,
) -> Result<HttpResponse, Problem> {
    let find = |cx: &Cx<'_>| Ok((find(cx)?, cx.principal));
    let ((found, reader), seen) = look(request, shared, find).await?;
    let mut body = match found.details {
        Some(seq) => details(shared, seq, reader).await?,
        None => json!({}),
    };
    if let Some((seq, names)) = found.later {
        let later = details(shared, seq, reader).await?;
        for name in names {
            body[*name] = later[*name].clone();
        }
    }
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), found.body) {
        body.extend(own);
    }
    add_address(request, shared, &mut body);
    Ok(cacheable(request, &body, seen))
}

/// The fact of the event with an entity's details, its names included.
async fn details(shared: &Shared, seq: Seq, reader: PrincipalId) -> Result<Value, Problem> {
    let node = &shared.node;
    let recorded = node
        .event(seq)
        .await?
        .ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    let mut fact = node.peek(|state| {
        let view = View::all(state, node.ledger_tag()).to(reader);
        view.fact(&recorded)
    })?;
    open_personal(shared, &recorded, &mut fact).await?;
    Ok(fact)
}

/// Puts the personal texts of an event into its fact, those that were erased as none.
async fn open_personal(
    shared: &Shared,
    recorded: &Recorded,
    fact: &mut Value,
) -> Result<(), Problem> {
    let node = &shared.node;
    let seq = recorded.meta.seq;
    let personal = |name: &PartyName| matches!(name, PartyName::Personal(_));
    let purpose = |purpose: Option<&Purpose>| {
        let personal = matches!(purpose, Some(Purpose::Personal(_)));
        ("purpose", fields::TEAM_PURPOSE, personal)
    };
    let texts = match &recorded.event {
        Event::PrincipalRegistered(_) => vec![("name", fields::PRINCIPAL_NAME, true)],
        Event::PrincipalNamed(e) => vec![
            ("name", fields::PRINCIPAL_NAME, true),
            ("contact", fields::PRINCIPAL_CONTACT, e.contact.is_some()),
        ],
        Event::EnterpriseRegistered(e) => vec![("name", fields::TEAM_NAME, personal(&e.name))],
        Event::PartyCorrected(e) => vec![
            ("name", fields::TEAM_NAME, personal(&e.name)),
            (
                "address",
                fields::TEAM_ADDRESS,
                e.address.as_ref().is_some_and(personal),
            ),
        ],
        Event::AdmissionObjected(e) => {
            vec![(
                "on_behalf_of",
                fields::CITIZEN_NAME,
                e.on_behalf_of.is_some(),
            )]
        }
        Event::TeamSet(_) => vec![("leader", fields::TEAM_MEMBERS, true)],
        Event::ApplicationFiled(e) => vec![purpose(e.purpose.as_ref())],
        Event::ApplicationResubmitted(e) => vec![purpose(e.purpose.as_ref())],
        _ => Vec::new(),
    };
    for (name, field, _) in texts.into_iter().filter(|(_, _, there)| *there) {
        fact[name] = json!(node.personal(seq, field).await?);
    }
    if let Event::TeamSet(e) = &recorded.event {
        let mut members = Vec::with_capacity(e.members.len());
        for (field, _) in (fields::TEAM_MEMBERS + 1..).zip(&e.members) {
            members.push(json!(node.personal(seq, field).await?));
        }
        fact["members"] = Value::Array(members);
    }
    Ok(())
}

/// A resource with an entity tag; 304 if the client has it.
pub(super) fn cacheable(request: &HttpRequest, body: &Value, seen: Seq) -> HttpResponse {
    let text = body.to_string();
    let tag = format!(
        "\"{:08x}-{:x}\"",
        crc32c::crc32c(text.as_bytes()),
        text.len()
    );
    let known = request
        .headers()
        .get("If-None-Match")
        .and_then(|value| value.to_str().ok());
    let unchanged = known == Some(tag.as_str());
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response.insert_header(("ETag", tag));
    response.insert_header(("Quantong-Sequence", seen.0.to_string()));
    if unchanged {
        return response.finish();
    }
    response.content_type("application/json").body(text)
}

pub(super) async fn get_refusal(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = find_refusal(&request, &shared).await;
    asked.settle(&shared, answer).await
}

async fn find_refusal(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let tag = node.ledger_tag();
    let (principal, seen) = look(request, shared, |cx| Ok(cx.principal)).await?;
    let path = parameters(request);
    let text = path.get("id").map_or("", String::as_str);
    let id =
        PublicId::parse(text, IdKind::Refusal, tag).map_err(|error| Problem::field("id", error))?;
    let missing = || Problem::not_found("refusal");
    let recorded = node.event(Seq(id.serial)).await?.ok_or_else(missing)?;
    refusal_of(&recorded.event).ok_or_else(missing)?;
    let body = node.peek(|state| {
        let cx = Cx {
            state,
            tag,
            path: &path,
            principal,
        };
        if recorded.meta.principal != principal {
            cx.reading("refusal", &concerned(&cx, &recorded.event))?;
        }
        Ok::<_, Problem>(View::all(state, tag).to(principal).fact(&recorded))
    })??;
    Ok(cacheable(request, &body, seen))
}

/// Whom a refusal concerns besides its sender.
fn concerned(cx: &Cx<'_>, event: &Event) -> Vec<Scope> {
    let mut scopes = Vec::new();
    let programme = match event {
        Event::ClaimRefused(e) => {
            scopes.extend(e.provider.map(Scope::Provider));
            e.voucher.and_then(|id| cx.state.voucher(id)).map(|row| {
                let (programme, holder) = cx.state.voucher_owner(row);
                scopes.push(Scope::Enterprise(holder));
                programme
            })
        }
        Event::FileRowRefused(e) => {
            scopes.extend(e.enterprise.map(Scope::Enterprise));
            Some(e.programme)
        }
        Event::OrderRefused(OrderRefused { order, .. })
        | Event::ContractRefused(ContractRefused { order, .. }) => {
            let order = cx.state.order(*order);
            scopes.extend(order.into_iter().flat_map(|row| concerned_by(cx, row)));
            None
        }
        Event::VoucherRefused(e) => {
            scopes.push(Scope::Enterprise(e.enterprise));
            Some(e.programme)
        }
        _ => None,
    };
    let city = programme
        .and_then(|id| cx.state.programme(id))
        .map(|row| row.city);
    scopes.extend(city.map(Scope::Member));
    scopes
}
