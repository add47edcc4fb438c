//! Claims in bulk: all or nothing, or each on its own.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::bodies::FileClaimBody;
use super::context::token_hash;
use super::problem::Problem;
use super::render::View;
use super::request::{
    Asked, SEQUENCE, asking, dry_run, idempotency_key, json_body, submission, take_common,
};
use super::server::Shared;
use super::write::{never_was, refusal, render};
use crate::domain::Seq;
use crate::engine::command::Submission;
use crate::journal::{codec, digest128};
use crate::node::{Answer, AtomicAnswer};

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
    let answer = file(&asked, &request, payload, &shared).await;
    asked.settle(&shared, answer).await
}

/// Items as they were understood, or what is wrong with them.
type Items = Vec<Result<Submission, Problem>>;

struct Bulk {
    items: Items,
    key: Option<u128>,
}

async fn file(
    asked: &Asked,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let key = idempotency_key(request)?;
    let rehearse = dry_run(request)?;
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
    let bulk = node.peek(asking(node, hash, &path, |cx| {
        let key = key.map(|key| codec::idempotency_key(cx.principal, key));
        let submissions = (0..).zip(items).map(|(index, mut item)| {
            let own = key
                .filter(|_| !atomic)
                .map(|key| codec::indexed_key(key, index));
            let common = take_common(&mut item);
            let understood =
                common.and_then(|common| submission::<FileClaimBody>(cx, item, common, own));
            understood.map_err(|mut problem| {
                for error in &mut problem.errors {
                    error.field = format!("items[{index}].{}", error.field);
                }
                problem
            })
        });
        Ok::<_, Problem>(Bulk {
            items: submissions.collect(),
            key,
        })
    }))??;
    if atomic {
        all_or_nothing(asked, shared, bulk, rehearse).await
    } else if rehearse {
        Err(Problem::field(
            "dry_run",
            "is for one claim or an atomic bulk",
        ))
    } else {
        each(asked, shared, bulk.items).await
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

/// The items if all were understood, else everything that is wrong with any of them.
fn all_understood(items: Items) -> Result<Vec<Submission>, Problem> {
    let mut understood = Vec::with_capacity(items.len());
    let mut wrong: Option<Problem> = None;
    for item in items {
        match (item, &mut wrong) {
            (Ok(item), _) => understood.push(item),
            (Err(problem), Some(first)) => first.errors.extend(problem.errors),
            (Err(problem), None) => wrong = Some(problem),
        }
    }
    match wrong {
        Some(problem) => Err(problem),
        None => Ok(understood),
    }
}

async fn all_or_nothing(
    asked: &Asked,
    shared: &Shared,
    bulk: Bulk,
    rehearse: bool,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let items = all_understood(bulk.items)?;
    let key = bulk.key.map(|key| (key, whole(&items)));
    let answer = if rehearse {
        node.rehearse_atomic(items).await?
    } else {
        node.submit_atomic(key, items).await?
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
            let Answer { seen, replayed, .. } = answer;
            Ok(respond(&json!({"items": items}), seen, replayed, rehearse))
        }
        AtomicAnswer::Refused {
            faults,
            events,
            seen,
        } => {
            let items = node.peek(|state| {
                let view = View { state, tag };
                let item = |fault: &crate::engine::ItemFault| {
                    let event = fault.event.and_then(|at| events.get(at));
                    let problem = match (&fault.rejection, event) {
                        (Some(rejection), _) => Some(Problem::from(rejection.clone())),
                        (None, Some(recorded)) if rehearse => {
                            refusal(&view, recorded).map(never_was)
                        }
                        (None, Some(recorded)) => refusal(&view, recorded),
                        (None, None) => None,
                    };
                    let problem = problem.map(|p| p.document(asked.lang, &asked.id));
                    json!({"item": fault.item, "problem": problem})
                };
                faults.iter().map(item).collect::<Value>()
            })?;
            let refused = Problem::new("BULK_REFUSED").with("items", items);
            let refused = refused.header(SEQUENCE, seen.0);
            Err(match rehearse {
                true => refused.header("Quantong-Dry-Run", true),
                false => refused,
            })
        }
    }
}

async fn each(asked: &Asked, shared: &Shared, items: Items) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let mut wrong = Vec::with_capacity(items.len());
    let mut understood = Vec::with_capacity(items.len());
    for item in items {
        wrong.push(item.map(|item| understood.push(item)).err());
    }
    let answers = node.submit_many(understood).await?;
    let newest = answers.iter().flatten().map(|answer| answer.seen).max();
    let seen = match newest {
        Some(seen) => seen,
        None => node.read(|_| ()).await?.1,
    };
    let mut answers = answers.into_iter();
    let tag = node.ledger_tag();
    let items = node.peek(|state| {
        let view = View { state, tag };
        let told = |problem: Problem, replayed: bool| {
            let body = problem.document(asked.lang, &asked.id);
            json!({"status": problem.status, "replayed": replayed, "body": body})
        };
        let mut answered = || match answers.next() {
            None => told(Problem::new("UNAVAILABLE"), false),
            Some(Err(rejection)) => told(Problem::from(*rejection), false),
            Some(Ok(answer)) => {
                let replayed = answer.replayed;
                match render(&view, &answer.events) {
                    Ok((status, body)) => {
                        json!({"status": status, "replayed": replayed, "body": body})
                    }
                    Err(refused) => told(refused, replayed),
                }
            }
        };
        let item = |wrong: Option<Problem>| match wrong {
            Some(problem) => told(problem, false),
            None => answered(),
        };
        wrong.into_iter().map(item).collect::<Vec<Value>>()
    })?;
    Ok(respond(&json!({"items": items}), seen, false, false))
}

fn respond(body: &Value, seen: Seq, replayed: bool, rehearse: bool) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    response.insert_header(("Quantong-Sequence", seen.0.to_string()));
    if replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    if rehearse {
        response.insert_header(("Quantong-Dry-Run", "true"));
    }
    response.body(body.to_string())
}
