//! What requests have in common: identity and language, parameters, bodies, keys.

use super::bodies::Body;
use super::context::{Cx, authenticate, token_hash};
use super::problem::{Lang, Problem};
use super::server::Shared;
use crate::domain::{InlineText, Seq};
use crate::engine::State;
use crate::engine::command::{Reason, RefSource, Submission};
use crate::journal::codec;
use crate::node::{Freshness, Node};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many events an answer has seen.
pub(super) const SEQUENCE: &str = "Quantong-Sequence";

/// What every request has: an id and a language.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) lang: Lang,
    /// True if older answers will do, also to say that something is not there.
    eventual: bool,
}

impl Asked {
    pub(super) fn of(request: &HttpRequest) -> Asked {
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let given = header("X-Request-Id")
            .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
        let id = given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
        let reads = request.method() == Method::GET;
        Asked {
            id,
            lang: Lang::of_header(header("Accept-Language")),
            eventual: reads && matches!(freshness(&parameters(request)), Ok(Freshness::Any)),
        }
    }

    /// As [`Asked::answer`], for requests that looked at the state: what was looked up for a
    /// problem must be durable before anybody hears of it, and the problem says up to where.
    pub(super) async fn settle(
        &self,
        shared: &Shared,
        answer: Result<HttpResponse, Problem>,
    ) -> HttpResponse {
        let answer = match answer {
            Err(problem) if problem.headers.iter().all(|(name, _)| *name != SEQUENCE) => {
                // That there is no answer now says nothing of the state.
                let freshness = match self.eventual || problem.status == 503 {
                    true => Freshness::Any,
                    false => Freshness::Newest,
                };
                let durable = shared.node.read_at(freshness, |_| ()).await;
                // What is wrong with the request itself is wrong whatever the state.
                let itself = matches!(problem.status, 400 | 413 | 415 | 503);
                Err(match durable {
                    Ok(((), seen)) => problem.header(SEQUENCE, seen.0),
                    Err(_) if itself => problem,
                    Err(error) => error.into(),
                })
            }
            answer => answer,
        };
        self.answer(answer)
    }

    pub(super) fn answer(&self, answer: Result<HttpResponse, Problem>) -> HttpResponse {
        match answer {
            Ok(mut response) => {
                if let Ok(id) = HeaderValue::from_str(&self.id) {
                    response
                        .headers_mut()
                        .insert(HeaderName::from_static("x-request-id"), id);
                }
                response
            }
            Err(problem) => problem.response(self.lang, &self.id),
        }
    }
}

/// What is done with the state on behalf of whoever asks: they are known first.
pub(super) fn asking<T>(
    node: &Node,
    hash: [u8; 32],
    path: &BTreeMap<String, String>,
    find: impl FnOnce(&Cx<'_>) -> Result<T, Problem>,
) -> impl FnOnce(&State) -> Result<T, Problem> {
    move |state| {
        find(&Cx {
            state,
            tag: node.ledger_tag(),
            path,
            principal: authenticate(state, &hash)?,
        })
    }
}

/// Finds something for whoever asks; answers it with the number of events it saw.
pub(super) async fn look<T: Send>(
    request: &HttpRequest,
    shared: &Shared,
    find: impl FnOnce(&Cx<'_>) -> Result<T, Problem> + Send,
) -> Result<(T, Seq), Problem> {
    let node = &shared.node;
    once(request.query_string())?;
    let path = parameters(request);
    let (found, seen) = node
        .read_at(
            freshness(&path)?,
            asking(node, token_hash(request)?, &path, find),
        )
        .await?;
    Ok((found?, seen))
}

/// How new the state must be that a request is answered from: `min_seq`, `consistency`.
pub(super) fn freshness(path: &BTreeMap<String, String>) -> Result<Freshness, Problem> {
    let least = match path.get("min_seq").map(|text| text.parse()) {
        None => None,
        Some(Ok(number)) => Some(Seq(number)),
        Some(Err(_)) => return Err(Problem::field("min_seq", "is a number")),
    };
    match (path.get("consistency").map(String::as_str), least) {
        (None | Some("strong"), None) => Ok(Freshness::Newest),
        (None | Some("strong"), Some(events)) => Ok(Freshness::AtLeast(events)),
        (Some("eventual"), _) => Ok(Freshness::Any),
        (Some(_), _) => Err(Problem::field("consistency", "is strong or eventual")),
    }
}

/// Parameters of path and query.
pub(super) fn parameters(request: &HttpRequest) -> BTreeMap<String, String> {
    let query = form(request.query_string());
    let path = request
        .match_info()
        .iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
    query.into_iter().chain(path).collect()
}

/// The parameters of a query, with what was escaped in them.
fn form(query: &str) -> BTreeMap<String, String> {
    let read = web::Query::<BTreeMap<String, String>>::from_query(query);
    read.map_or_else(|_| BTreeMap::new(), web::Query::into_inner)
}

/// Refuses a query with a parameter that is given twice: nobody would know which one counts.
fn once(query: &str) -> Result<(), Problem> {
    let Ok(pairs) = web::Query::<Vec<(String, String)>>::from_query(query) else {
        return Ok(());
    };
    let mut seen = BTreeSet::new();
    match pairs.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(Problem::field(name, "is given twice")),
        None => Ok(()),
    }
}

pub(super) fn dry_run(request: &HttpRequest) -> Result<bool, Problem> {
    once(request.query_string())?;
    let form = form(request.query_string());
    match form.get("dry_run").map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::field("dry_run", "is true or false")),
    }
}

/// Reads a JSON body up to a bound. What is beyond is read and thrown away, up to four times the
/// bound, so that the client gets to see the answer.
pub(super) async fn json_body(
    request: &HttpRequest,
    payload: web::Payload,
    bytes_max: usize,
) -> Result<Value, Problem> {
    let media = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = media.and_then(|text| text.split(';').next()).map(str::trim);
    let fits = media.is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let bytes = whole_body(payload.into_inner(), bytes_max).await?;
    if !fits {
        return Err(Problem::new("UNSUPPORTED_MEDIA_TYPE"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::field("body", error))
}

/// Reads a body as [`json_body`] does.
pub(super) async fn whole_body(
    mut payload: actix_web::dev::Payload,
    bytes_max: usize,
) -> Result<web::Bytes, Problem> {
    let mut bytes = web::BytesMut::new();
    let mut seen = 0_usize;
    while let Some(chunk) = next_chunk(&mut payload).await {
        let chunk = chunk.map_err(|error| Problem::field("body", error))?;
        seen += chunk.len();
        if seen <= bytes_max {
            bytes.extend_from_slice(&chunk);
        } else if seen > 4 * bytes_max.max(8 << 20) {
            break;
        }
    }
    if seen > bytes_max {
        let detail = Some(format!("at most {bytes_max} bytes"));
        return Err(Problem {
            detail,
            ..Problem::new("BODY_TOO_LARGE")
        });
    }
    Ok(bytes.freeze())
}

async fn next_chunk(
    payload: &mut actix_web::dev::Payload,
) -> Option<Result<web::Bytes, actix_web::error::PayloadError>> {
    use std::pin::Pin;
    std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut *payload), cx)).await
}

/// The members that every body may have besides its own.
#[derive(Default)]
pub(super) struct Common {
    external_ref: Option<String>,
    reason: Option<String>,
}

/// Takes the common members out of a body.
pub(super) fn take_common(body: &mut Value) -> Result<Common, Problem> {
    let Some(members) = body.as_object_mut() else {
        return Err(Problem::field("body", "is one JSON object"));
    };
    let mut text = |name: &str| match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::field(name, "is a text")),
    };
    Ok(Common {
        external_ref: text("external_ref")?,
        reason: text("reason")?,
    })
}

/// The command of a body, with who sends it.
pub(super) fn submission<B: Body>(
    cx: &Cx<'_>,
    body: Value,
    common: Common,
    key: Option<u128>,
) -> Result<Submission, Problem> {
    let body: B = serde_json::from_value(body).map_err(|error| Problem::field("body", error))?;
    let command = body.command(cx)?;
    let external_ref = match common.external_ref {
        None => None,
        Some(text) => {
            let text: InlineText<40> =
                super::context::parse("external_ref", &text, InlineText::parse)?;
            let source = RefSource::Principal(cx.principal);
            let reference = codec::external_ref(command.kind(), source, text);
            Some(Box::new(
                reference.map_err(|error| Problem::field("external_ref", error))?,
            ))
        }
    };
    let reason = common
        .reason
        .map(|text| super::context::parse("reason", &text, Reason::parse));
    Ok(Submission {
        key,
        fingerprint: codec::fingerprint(&command),
        external_ref,
        reason: reason.transpose()?,
        ..Submission::new(cx.principal, command)
    })
}

/// The idempotency key of a request.
pub(super) fn idempotency_key(
    request: &HttpRequest,
) -> Result<Option<codec::IdempotencyKey<'_>>, Problem> {
    let Some(value) = request.headers().get("Idempotency-Key") else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|e| Problem::field("Idempotency-Key", e))?;
    let key = codec::IdempotencyKey::parse(text);
    key.map(Some)
        .map_err(|error| Problem::field("Idempotency-Key", error))
}
