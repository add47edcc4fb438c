//! Credit flags as CSV: taken in all or nothing, given out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::context::{Cx, token_hash};
use super::problem::{FieldError, Problem};
use super::render::View;
use super::request::{Asked, SEQUENCE, asking, dry_run, look, whole_body};
use super::server::Shared;
use super::write::{never_was, refusal};
use crate::documents::credit_file::{self, FlagOut, Intake, LineFault};
use crate::domain::{CreditFlagId, Seq};
use crate::engine::ItemFault;
use crate::engine::command::{RefSource, Scope};
use crate::engine::event::Recorded;
use crate::node::AtomicAnswer;

/// `POST /v1/credit-flags/import` with a CSV file as its body.
pub(super) async fn import_credit_flags(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = import(&asked, &request, payload, &shared).await;
    asked.settle(&shared, answer).await
}

/// Every fault of a file, as the errors of one problem.
fn problem(faults: Vec<LineFault>) -> Problem {
    let error = |fault: LineFault| FieldError {
        field: match (fault.line, fault.column) {
            (0, _) => "file".to_owned(),
            (line, "") => format!("line {line}"),
            (line, column) => format!("line {line}, {column}"),
        },
        problem: fault.problem,
    };
    Problem {
        errors: faults.into_iter().map(error).collect(),
        ..Problem::new("MALFORMED_REQUEST")
    }
}

async fn import(
    asked: &Asked,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let rehearse = dry_run(request)?;
    let bytes = whole_body(payload.into_inner(), shared.settings.bulk_bytes_max).await?;
    let (rows, lifted) = credit_file::read(&bytes).map_err(problem)?;
    let path = std::collections::BTreeMap::new();
    let Intake { new, known } = node.peek(asking(node, hash, &path, |cx| {
        let source = RefSource::Principal(cx.principal);
        credit_file::intake(cx.state, cx.tag, cx.principal, source, &rows).map_err(problem)
    }))??;
    let (lines, items): (Vec<u64>, Vec<_>) = new.into_iter().unzip();
    let raised = items.len();
    let seen = if items.is_empty() {
        node.read(|_| ()).await?.1
    } else {
        match shared.decide_all(None, items, rehearse).await? {
            AtomicAnswer::Done(answer) => answer.seen,
            AtomicAnswer::Refused {
                faults,
                events,
                seen,
            } => {
                return Err(refused(
                    asked,
                    shared,
                    (&lines, &faults),
                    &events,
                    seen,
                    rehearse,
                )?);
            }
        }
    };
    let body = json!({"raised": raised, "known": known, "lifted": lifted});
    let mut response = HttpResponse::build(StatusCode::OK);
    response.content_type("application/json");
    response.insert_header((SEQUENCE, seen.0.to_string()));
    if rehearse {
        response.insert_header(("Quantong-Dry-Run", "true"));
    }
    Ok(response.body(body.to_string()))
}

/// What the rules say against lines of a file: then nothing of it was done.
fn refused(
    asked: &Asked,
    shared: &Shared,
    (lines, faults): (&[u64], &[ItemFault]),
    events: &[Recorded],
    seen: Seq,
    rehearse: bool,
) -> Result<Problem, Problem> {
    let node = &shared.node;
    let tag = node.ledger_tag();
    let items = node.peek(|state| {
        let view = View::all(state, tag);
        let item = |fault: &ItemFault| {
            let event = fault.event.and_then(|at| events.get(at));
            let told = match (&fault.rejection, event) {
                (Some(rejection), _) => Some(Problem::from(rejection.clone())),
                (None, Some(recorded)) if rehearse => refusal(&view, recorded).map(never_was),
                (None, Some(recorded)) => refusal(&view, recorded),
                (None, None) => None,
            };
            let told = told.map(|problem| problem.document(asked.lang, &asked.id));
            json!({"line": lines.get(fault.item), "problem": told})
        };
        faults.iter().map(item).collect::<Value>()
    })?;
    let refused = Problem::new("BULK_REFUSED").with("items", items);
    Ok(refused.header(SEQUENCE, seen.0))
}

/// `GET /v1/credit-flags/export`: every flag that the asker may read, as CSV.
pub(super) async fn export_credit_flags(
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = export(&request, &shared).await;
    asked.settle(&shared, answer).await
}

/// The flags that the asker may read, with the events that have their texts. Cities share all.
fn readable(cx: &Cx<'_>) -> Result<Vec<(FlagOut, Seq)>, Problem> {
    let city = cx
        .state
        .grants_of(cx.principal)
        .any(|(_, scope)| matches!(scope, Scope::Member(_)));
    if !city {
        cx.reading("flags", &[])?;
    }
    let ids = (0..cx.state.credit_flag_count()).filter_map(CreditFlagId::from_index);
    let rows = ids.filter_map(|id| {
        let row = cx.state.credit_flag(id)?;
        let text = cx.state.credit_flag_id(id, cx.tag)?;
        let told = cx.may_read(&[Scope::Member(row.city)]);
        let out = credit_file::row_out(cx.state, cx.tag, text.as_str(), row, told);
        Some((out, row.details))
    });
    Ok(rows.collect())
}

async fn export(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let (rows, seen) = look(request, shared, readable).await?;
    let mut told = Vec::with_capacity(rows.len());
    for (row, seq) in rows {
        told.push((row, shared.node.event(seq).await?));
    }
    Ok(HttpResponse::Ok()
        .insert_header((SEQUENCE, seen.0.to_string()))
        .insert_header((
            "Content-Disposition",
            "attachment; filename=\"credit-flags.csv\"",
        ))
        .content_type("text/csv; charset=utf-8")
        .body(credit_file::write(&told)))
}
