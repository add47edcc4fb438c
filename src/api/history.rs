//! What happened to a voucher or an application, event by event: which ones the views know, the
//! events themselves are read from the journal.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::bodies;
use super::context::Cx;
use super::lists::{await_views, count, unreadable};
use super::problem::Problem;
use super::render::View;
use super::request::{Asked, look};
use super::resources;
use super::server::Shared;
use crate::domain::Seq;
use crate::views::About;

/// Path, operation and query parameters.
pub(super) const HISTORY_ROUTES: &[(&str, &str, &[&str])] = &[
    ("/vouchers/{id}/history", "get_voucher_history", PARAMETERS),
    (
        "/applications/{id}/history",
        "get_application_history",
        PARAMETERS,
    ),
];

const PARAMETERS: &[&str] = &["limit", "cursor", "min_seq", "consistency"];

/// Events of a page: each is read from the journal.
const ROWS_MAX: u32 = 100;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let of_voucher = |request: HttpRequest, shared: web::Data<Shared>| async move {
        answer(&request, &shared, voucher).await
    };
    let of_application = |request: HttpRequest, shared: web::Data<Shared>| async move {
        answer(&request, &shared, application).await
    };
    config.route("/v1/vouchers/{id}/history", web::get().to(of_voucher));
    config.route(
        "/v1/applications/{id}/history",
        web::get().to(of_application),
    );
}

/// Finds what is asked about, for those who may read its whole history.
type Subject = fn(&Cx<'_>) -> Result<(About, u32), Problem>;

/// A lab that may be paid from a voucher reads the voucher, but not what others did with it.
fn voucher(cx: &Cx<'_>) -> Result<(About, u32), Problem> {
    let id = bodies::voucher(cx)?;
    cx.reading("voucher", &resources::of_voucher(cx.state, id))?;
    Ok((About::Voucher, id.0))
}

fn application(cx: &Cx<'_>) -> Result<(About, u32), Problem> {
    resources::get_application(cx)?;
    Ok((About::Application, bodies::application(cx)?.0))
}

async fn answer(request: &HttpRequest, shared: &Shared, subject: Subject) -> HttpResponse {
    let asked = Asked::of(request);
    let answer = history(request, shared, subject).await;
    asked.settle(shared, answer).await
}

async fn history(
    request: &HttpRequest,
    shared: &Shared,
    subject: Subject,
) -> Result<HttpResponse, Problem> {
    let find = |cx: &Cx<'_>| {
        let known = |name: &str| name == "id" || PARAMETERS.contains(&name);
        if let Some(name) = cx.path.keys().find(|name| !known(name)) {
            return Err(Problem::field(name, "is no parameter of this history"));
        }
        let rows = count(cx.path, "limit")?.unwrap_or(u64::from(ROWS_MAX));
        let rows = u32::try_from(rows)
            .ok()
            .filter(|n| (1..=ROWS_MAX).contains(n));
        let rows = rows.ok_or_else(|| Problem::field("limit", "lies between 1 and 100"))?;
        let after = count(cx.path, "cursor")?.map(|event| i64::try_from(event).unwrap_or(i64::MAX));
        Ok((subject(cx)?, cx.principal, rows, after))
    };
    let (((about, id), reader, rows, after), seen) = look(request, shared, find).await?;
    let views = await_views(request, shared, seen).await?;
    let held = shared.views.position();
    let found = views.history(about, id, after, rows + 1).await;
    let mut events = found.map_err(unreadable)?;
    let more = events.len() > rows as usize;
    events.truncate(rows as usize);
    let next = events.last().filter(|_| more).map(u64::to_string);
    let node = &shared.node;
    let mut recorded = Vec::with_capacity(events.len());
    for event in events {
        let found = node.event(Seq(event)).await?;
        recorded.push(found.ok_or_else(|| Problem::new("UNAVAILABLE"))?);
    }
    let data = node.peek(|state| {
        let view = View::all(state, node.ledger_tag()).to(reader);
        recorded
            .iter()
            .map(|event| view.fact(event))
            .collect::<Value>()
    })?;
    let body = json!({"data": data, "next_cursor": next, "view_sequence": held});
    Ok(HttpResponse::Ok()
        .insert_header(("Quantong-Sequence", seen.0.to_string()))
        .content_type("application/json")
        .body(body.to_string()))
}
