//! The handler behind every route that writes.

use super::bodies::Body;
use super::context::token_hash;
use super::problem::Problem;
use super::render::View;
use super::request::{
    Asked, SEQUENCE, asking, dry_run, idempotency_key, json_body, parameters, submission,
    take_common,
};
use super::server::Shared;
use crate::engine::command::Submission;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::Faults;
use crate::engine::refusal_of;
use crate::journal::codec;
use crate::node::Answer;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

pub(super) async fn write<B: Body>(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = write_body::<B>(&request, payload, &shared).await;
    asked.settle(&shared, answer).await
}

async fn write_body<B: Body>(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let rehearse = dry_run(request)?;
    let submission = understood::<B>(request, payload, shared).await?;
    carry_out(shared, submission, rehearse, None).await
}

/// What a request asks for, and who asks.
pub(super) async fn understood<B: Body>(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<Submission, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let key = idempotency_key(request)?;
    let mut body = json_body(request, payload, shared.settings.body_bytes_max).await?;
    let common = take_common(&mut body)?;
    let path = parameters(request);
    node.peek(asking(node, hash, &path, |cx| {
        let key = key.map(|key| codec::idempotency_key(cx.principal, key));
        submission::<B>(cx, body, common, key)
    }))?
}

/// Has a command decided and answers what became of it, with what else is told of what is done now.
pub(super) async fn carry_out(
    shared: &Shared,
    submission: Submission,
    rehearse: bool,
    told: Option<(&'static str, Value)>,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let reader = submission.principal;
    let answer = shared.decide(submission, rehearse).await?;
    let tag = node.ledger_tag();
    let rendered = node.peek(|state| render(&View::all(state, tag).to(reader), &answer.events))?;
    let (status, mut body) = rendered.map_err(|refused| {
        let refused = refused.header(SEQUENCE, answer.seen.0);
        match (rehearse, answer.replayed) {
            (true, _) => never_was(refused).header("Quantong-Dry-Run", true),
            (false, true) => refused.header("Idempotent-Replayed", true),
            (false, false) => refused,
        }
    })?;
    let status = if rehearse { 200 } else { status };
    if let Some((name, value)) = told.filter(|_| !answer.replayed) {
        body[name] = value;
    }
    Ok(respond(status, &body, &answer, rehearse))
}

fn respond(status: u16, body: &Value, answer: &Answer, rehearse: bool) -> HttpResponse {
    let status =
        actix_web::http::StatusCode::from_u16(status).unwrap_or(actix_web::http::StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    response.insert_header(("Quantong-Sequence", answer.seen.0.to_string()));
    if answer.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    if rehearse {
        response.insert_header(("Quantong-Dry-Run", "true"));
    }
    response.body(body.to_string())
}

/// A refusal that was not journaled: there is nothing to be read of it.
pub(super) fn never_was(mut refused: Problem) -> Problem {
    refused.more.retain(|(name, _)| *name != "refusal_id");
    refused.with("refusal_id", Value::Null)
}

/// The refusal that an answer is, if it is one.
pub(super) fn refusal(view: &View<'_>, recorded: &Recorded) -> Option<Problem> {
    let code = refusal_of(&recorded.event)?;
    let faults = match &recorded.event {
        Event::ClaimRefused(e) => e.faults,
        Event::OrderRefused(e) => e.faults,
        Event::ContractRefused(e) => e.faults,
        _ => Faults::NONE,
    };
    let problem = Problem::refused(code, faults);
    let problem = match &recorded.event {
        Event::OrderRefused(e) => problem.with("lines", view.faulty_lines(e.order, &e.lines)),
        Event::ContractRefused(e) => problem.with("lines", view.faulty_lines(e.order, &e.lines)),
        // Of an order on several vouchers the claim names one, and another may be at fault.
        Event::ClaimRefused(e) if e.order.is_some() => {
            problem.with("voucher", view.fact(recorded)["voucher"].take())
        }
        _ => problem,
    };
    Some(problem.with("refusal_id", view.refusal(recorded.meta.seq)))
}

/// Status and body of an answer.
pub(super) fn render(view: &View<'_>, events: &[Recorded]) -> Result<(u16, Value), Problem> {
    let first = events.first().ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    if let Some(problem) = refusal(view, first) {
        return Err(problem);
    }
    let is_row = |event: &Event| {
        matches!(
            event,
            Event::PositionFixed(_) | Event::CellAgreed(_) | Event::InstructionIssued(_)
        )
    };
    let dated = events
        .iter()
        .find(|r| matches!(r.event, Event::DateAdvanced(_)));
    let main = dated
        .or_else(|| events.iter().find(|r| !is_row(&r.event)))
        .unwrap_or(first);
    let mut body = view.fact(main);
    if events.len() > 1 {
        body["events"] = events.iter().map(|recorded| view.fact(recorded)).collect();
    }
    let created = matches!(
        main.event,
        Event::MemberRegistered(_)
            | Event::CategoryRegistered(_)
            | Event::PrincipalRegistered(_)
            | Event::TokenIssued(_)
            | Event::EnterpriseRegistered(_)
            | Event::ProviderRegistered(_)
            | Event::ProgrammeCreated(_)
            | Event::VersionPublished(_)
            | Event::AgreementRegistered(_)
            | Event::VoucherIssued(_)
            | Event::ApplicationFiled(_)
            | Event::ConsentGiven(_)
            | Event::TransferProposed(_)
            | Event::ClaimApproved(_)
            | Event::ClaimAwaitsBudget(_)
            | Event::DraftSaved(_)
            | Event::PayeePaid(_)
            | Event::OrderProposed(_)
            | Event::AdmissionApplied(_)
            | Event::AdmissionObjected(_)
            | Event::CreditFlagRaised(_)
            | Event::BankAccountProposed(_)
    );
    let status = match main.event {
        Event::ActionProposed(_) => 202,
        _ if created => 201,
        _ => 200,
    };
    Ok((status, body))
}
