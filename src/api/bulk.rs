//! Claims in bulk: all or nothing, or each on its own.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::bodies::FileClaimBody;
use super::context::{Cx, authenticate, token_hash};
use super::problem::Problem;
use super::render::View;
use super::request::{Asked, idempotency_key, json_body, submission, take_common};
use super::server::Shared;
use super::write::{refusal, render};
use crate::domain::Seq;
use crate::engine::command::Submission;
use crate::journal::{codec, digest128};
use crate::node::AtomicAnswer;

/// Most items of a bulk: one batch of the sequencer and a little more, so that a bulk delays
/// others by some ten milliseconds at most.
pub(super) const ITEMS_MAX: usize = 10_000;

/// `POST /v1/claims/bulk` with `{"mode": "atomic" | "continue", "items": […]}`.
pub(super) async fn file_claims(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = file(&request, payload, &shared).await;
    if answer.is_err() {
        // What was looked up for the problem must be durable before anybody hears of it.
        let _durable = shared.node.read(|_| ()).await;
    }
    asked.answer(answer)
}

struct Bulk {
    items: Vec<Submission>,
    key: Option<u128>,
}

async fn file(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let key = idempotency_key(request)?;
    let rehearse = request
        .query_string()
        .split('&')
        .any(|pair| pair == "dry_run=true");
    let mut body = json_body(request, payload, shared.settings.bulk_bytes_max).await?;
    let atomic = match body["mode"].as_str() {
        Some("atomic") => true,
        Some("continue") => false,
        _ => return Err(Problem::field("mode", "is atomic or continue")),
    };
    let Value::Array(items) = body["items"].take() else {
        return Err(Problem::field("items", "is an array of claims"));
    };
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(Problem::field("items", format!("are 1 to {ITEMS_MAX}")));
    }
    let path = std::collections::BTreeMap::new();
    let bulk = node.peek(|state| {
        let principal = authenticate(state, &hash)?;
        let cx = Cx {
            state,
            tag: node.ledger_tag(),
            path: &path,
            principal,
        };
        let key = key.map(|key| codec::idempotency_key(principal, key));
        let submissions = (0..).zip(items).map(|(index, mut item)| {
            let own = key
                .filter(|_| !atomic)
                .map(|key| codec::indexed_key(key, index));
            let common = take_common(&mut item)?;
            submission::<FileClaimBody>(&cx, item, common, own).map_err(|mut problem| {
                for error in &mut problem.errors {
                    error.field = format!("items[{index}].{}", error.field);
                }
                problem
            })
        });
        Ok::<_, Problem>(Bulk {
            items: submissions.collect::<Result<_, _>>()?,
            key,
        })
    })??;
    if atomic {
        all_or_nothing(shared, bulk, rehearse).await
    } else if rehearse {
        Err(Problem::field(
            "dry_run",
            "is for one claim or an atomic bulk",
        ))
    } else {
        each(shared, bulk.items).await
    }
}

/// Fingerprint of a whole bulk: over the fingerprints of its items.
fn whole(items: &[Submission]) -> u128 {
    let bytes: Vec<u8> = items
        .iter()
        .flat_map(|item| item.fingerprint.to_be_bytes())
        .collect();
    digest128(&bytes)
}

async fn all_or_nothing(
    shared: &Shared,
    bulk: Bulk,
    rehearse: bool,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let key = bulk.key.map(|key| (key, whole(&bulk.items)));
    let answer = if rehearse {
        node.rehearse_atomic(bulk.items).await?
    } else {
        node.submit_atomic(key, bulk.items).await?
    };
    let tag = node.ledger_tag();
    match answer {
        AtomicAnswer::Done(answer) => {
            let items = node.peek(|state| {
                let view = View { state, tag };
                let filed = answer.events.iter().filter(|recorded| {
                    matches!(
                        recorded.event,
                        crate::engine::event::Event::ClaimApproved(_)
                    )
                });
                filed
                    .map(|r| json!({"status": 201, "body": view.fact(r)}))
                    .collect::<Value>()
            })?;
            Ok(respond(
                &json!({"items": items}),
                answer.seen,
                answer.replayed,
            ))
        }
        AtomicAnswer::Refused { faults, events, .. } => {
            let items = node.peek(|state| {
                let view = View { state, tag };
                let item = |fault: &crate::engine::ItemFault| {
                    let event = fault.event.and_then(|at| events.get(at));
                    let problem = match (&fault.rejection, event) {
                        (Some(rejection), _) => Some(Problem::from(rejection.clone())),
                        (None, Some(recorded)) => refusal(&view, recorded),
                        (None, None) => None,
                    };
                    let problem = problem.map(|p| p.document(super::Lang::En, ""));
                    json!({"item": fault.item, "problem": problem})
                };
                faults.iter().map(item).collect::<Value>()
            })?;
            Err(Problem::new("BULK_REFUSED").with("items", items))
        }
    }
}

async fn each(shared: &Shared, items: Vec<Submission>) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let answers = node.submit_many(items).await?;
    let mut seen = Seq(0);
    let tag = node.ledger_tag();
    let items = node.peek(|state| {
        let view = View { state, tag };
        let mut items = Vec::with_capacity(answers.len());
        for answer in answers {
            let item = match answer {
                Err(rejection) => Err(Problem::from(*rejection)),
                Ok(answer) => {
                    seen = seen.max(answer.seen);
                    render(&view, &answer.events).map(|(status, body)| {
                        json!({"status": status, "replayed": answer.replayed, "body": body})
                    })
                }
            };
            items.push(item.unwrap_or_else(|problem| {
                json!({"status": problem.status, "body": problem.document(super::Lang::En, "")})
            }));
        }
        items
    })?;
    Ok(respond(&json!({"items": items}), seen, false))
}

fn respond(body: &Value, seen: Seq, replayed: bool) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    response.insert_header(("Quantong-Sequence", seen.0.to_string()));
    if replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.body(body.to_string())
}
