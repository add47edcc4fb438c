//! Writes in bulk: all or nothing, or each on its own. Any write of the table of routes can be an
//! item; a bulk of claims names no operation.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::context::{Cx, token_hash};
use super::problem::{FieldError, Lang, Problem, text};
use super::render::View;
use super::request::{Asked, SEQUENCE, asking, dry_run, idempotency_key, json_body, take_common};
use super::routes::{ROUTES, understand};
use super::server::Shared;
use super::write::{never_was, refusal, render};
use crate::domain::{PrincipalId, Seq};
use crate::engine::command::Submission;
use crate::engine::event::{Event, Recorded};
use crate::journal::{codec, digest128};
use crate::node::{Answer, AtomicAnswer};

/// Most items of a bulk: one batch of the sequencer and a little more, so that a bulk delays
/// others by some ten milliseconds at most.
pub(super) const ITEMS_MAX: usize = 10_000;

/// What the items of a bulk are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Bodies of claims.
    Claims,
    /// `{"operation": …, "path": {…}, "body": {…}}`.
    Any,
}

/// `POST /v1/claims/bulk` with `{"mode": "atomic" | "continue", "items": […]}`.
pub(super) async fn file_claims(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    answer(request, payload, shared, Form::Claims).await
}

/// `POST /v1/bulk`: the same for any write, which each item names by its operation.
pub(super) async fn write_bulk(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    answer(request, payload, shared, Form::Any).await
}

async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    form: Form,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = take(&asked, &request, payload, &shared, form).await;
    asked.settle(&shared, answer).await
}

/// Items as they were understood, or what is wrong with them.
type Items = Vec<Result<Submission, Problem>>;

struct Bulk {
    form: Form,
    /// Who sends it and is told of it.
    reader: PrincipalId,
    items: Items,
    key: Option<u128>,
    rehearse: bool,
}

async fn take(
    asked: &Asked,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    form: Form,
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
        return Err(Problem::field("items", "is an array"));
    };
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(Problem::field("items", format!("are 1 to {ITEMS_MAX}")));
    }
    let path = BTreeMap::new();
    let bulk = node.peek(asking(node, hash, &path, |cx| {
        let key = key.map(|key| codec::idempotency_key(cx.principal, key));
        let submissions = (0..).zip(items).map(|(index, item)| {
            let own = key
                .filter(|_| !atomic)
                .map(|key| codec::indexed_key(key, index));
            let understood = match form {
                Form::Claims => claim(cx, item, own),
                Form::Any => write(cx, item, own),
            };
            understood.map_err(|problem| placed(problem, index, asked.lang))
        });
        Ok::<_, Problem>(Bulk {
            form,
            reader: cx.principal,
            items: submissions.collect(),
            key,
            rehearse,
        })
    }))??;
    if atomic {
        all_or_nothing(asked, shared, bulk).await
    } else {
        each(asked, shared, bulk).await
    }
}

/// The command of a claim's body.
fn claim(cx: &Cx<'_>, mut body: Value, key: Option<u128>) -> Result<Submission, Problem> {
    let common = take_common(&mut body)?;
    let unknown = || Err(Problem::new("NOT_FOUND"));
    understand("file_claim", cx, body, common, key).unwrap_or_else(unknown)
}

/// The command of an item that names its operation.
fn write(cx: &Cx<'_>, mut item: Value, key: Option<u128>) -> Result<Submission, Problem> {
    let Some(members) = item.as_object_mut() else {
        return Err(Problem::field("", "is one JSON object"));
    };
    let operation = match members.remove("operation") {
        Some(Value::String(operation)) => operation,
        _ => return Err(Problem::field("operation", "is the name of an operation")),
    };
    let route = ROUTES
        .iter()
        .find(|route| route.operation == operation && !route.body.is_empty());
    let Some(route) = route else {
        let what = "names no write; the OpenAPI document lists them as operationId";
        return Err(Problem::field("operation", what));
    };
    let mut given = match members.remove("path") {
        None | Some(Value::Null) => serde_json::Map::new(),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(Problem::field("path", "is an object of texts")),
    };
    let mut path = BTreeMap::new();
    for (name, values) in route.parameters() {
        let field = format!("path.{name}");
        let value = match given.remove(name) {
            Some(Value::String(value)) => value,
            _ => return Err(Problem::field(&field, "is needed, as a text")),
        };
        if values.is_some_and(|values| values.split('|').all(|one| one != value)) {
            let values = values.unwrap_or_default().replace('|', " or ");
            return Err(Problem::field(&field, format!("is {values}")));
        }
        path.insert(name.to_owned(), value);
    }
    if let Some(name) = given.keys().next() {
        let what = "is no parameter of this operation's path";
        return Err(Problem::field(&format!("path.{name}"), what));
    }
    let mut body = members.remove("body").unwrap_or_else(|| json!({}));
    if let Some(name) = members.keys().next() {
        let what = "is not one of operation, path and body";
        return Err(Problem::field(name, what));
    }
    let own = Cx { path: &path, ..*cx };
    let common = take_common(&mut body);
    let understood = common.and_then(|common| {
        let unknown = || Err(Problem::new("NOT_FOUND"));
        understand(route.operation, &own, body, common, key).unwrap_or_else(unknown)
    });
    understood.map_err(|problem| inside(problem, &path))
}

/// Says of what is wrong whether it is in the path or in the body.
fn inside(mut problem: Problem, path: &BTreeMap<String, String>) -> Problem {
    let place = |field: &str| match field {
        "body" => "body".to_owned(),
        name if path.contains_key(name) => format!("path.{name}"),
        name => format!("body.{name}"),
    };
    for error in &mut problem.errors {
        error.field = place(&error.field);
    }
    // What is not there is named by its field.
    if problem.code == "NOT_FOUND" {
        problem.detail = problem.detail.as_deref().map(place);
    }
    problem
}

/// Says in which item something is wrong.
fn placed(mut problem: Problem, index: u32, lang: Lang) -> Problem {
    let place = |field: &str| match field {
        "" => format!("items[{index}]"),
        field => format!("items[{index}].{field}"),
    };
    for error in &mut problem.errors {
        error.field = place(&error.field);
    }
    if problem.errors.is_empty() {
        let field = problem
            .detail
            .as_deref()
            .filter(|_| problem.code == "NOT_FOUND");
        problem.errors.push(FieldError {
            field: place(field.unwrap_or_default()),
            problem: text(problem.code, lang).to_owned(),
        });
    }
    problem
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

/// The events of an atomic bulk, item by item: the first one of each has a fingerprint.
fn by_item(events: &[Recorded]) -> impl Iterator<Item = &[Recorded]> {
    events.chunk_by(|_, next| next.meta.fingerprint.is_none())
}

async fn all_or_nothing(
    asked: &Asked,
    shared: &Shared,
    bulk: Bulk,
) -> Result<HttpResponse, Problem> {
    let (node, rehearse) = (&shared.node, bulk.rehearse);
    let items = all_understood(bulk.items)?;
    let key = bulk.key.map(|key| (key, whole(&items)));
    let answer = shared.decide_all(key, items, rehearse).await?;
    let tag = node.ledger_tag();
    match answer {
        AtomicAnswer::Done(answer) => {
            let items = node.peek(|state| {
                let view = View::all(state, tag).to(bulk.reader);
                let events = &answer.events;
                match bulk.form {
                    Form::Claims => claims(&view, events).collect::<Value>(),
                    Form::Any => by_item(events)
                        .map(|events| done(&view, events, asked, rehearse))
                        .collect(),
                }
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
                let view = View::all(state, tag).to(bulk.reader);
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

/// The approved claims of a bulk of claims.
fn claims(view: &View<'_>, events: &[Recorded]) -> impl Iterator<Item = Value> {
    let filed = events
        .iter()
        .filter(|recorded| matches!(recorded.event, Event::ClaimApproved(_)));
    filed.map(|recorded| json!({"status": 201, "body": view.fact(recorded)}))
}

/// Status and body of an item that was decided.
fn done(view: &View<'_>, events: &[Recorded], asked: &Asked, rehearse: bool) -> Value {
    match render(view, events) {
        Ok((_, body)) if rehearse => json!({"status": 200, "body": body}),
        Ok((status, body)) => json!({"status": status, "body": body}),
        Err(refused) => {
            let refused = if rehearse {
                never_was(refused)
            } else {
                refused
            };
            told(&refused, asked)
        }
    }
}

fn told(problem: &Problem, asked: &Asked) -> Value {
    let body = problem.document(asked.lang, &asked.id);
    json!({"status": problem.status, "body": body})
}

async fn each(asked: &Asked, shared: &Shared, bulk: Bulk) -> Result<HttpResponse, Problem> {
    let (node, rehearse) = (&shared.node, bulk.rehearse);
    let mut wrong = Vec::with_capacity(bulk.items.len());
    let mut understood = Vec::with_capacity(bulk.items.len());
    for item in bulk.items {
        wrong.push(item.map(|item| understood.push(item)).err());
    }
    let answers = shared.decide_each(understood, rehearse).await?;
    let newest = answers.iter().flatten().map(|answer| answer.seen).max();
    let seen = match newest {
        Some(seen) => seen,
        None => node.read(|_| ()).await?.1,
    };
    let mut answers = answers.into_iter();
    let tag = node.ledger_tag();
    let items = node.peek(|state| {
        let view = View::all(state, tag).to(bulk.reader);
        let mut answered = || match answers.next() {
            None => (told(&Problem::new("UNAVAILABLE"), asked), false),
            Some(Err(rejection)) => (told(&Problem::from(*rejection), asked), false),
            Some(Ok(answer)) => {
                let item = done(&view, &answer.events, asked, rehearse);
                (item, answer.replayed)
            }
        };
        let item = |wrong: Option<Problem>| {
            let (mut item, replayed) = match wrong {
                Some(problem) => (told(&problem, asked), false),
                None => answered(),
            };
            item["replayed"] = json!(replayed);
            item
        };
        wrong.into_iter().map(item).collect::<Vec<Value>>()
    })?;
    Ok(respond(&json!({"items": items}), seen, false, rehearse))
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
