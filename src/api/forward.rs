//! Writes that reach a node which does not lead: they are passed on to the one that does, once.
//!
//! While nobody leads, a request waits here for the next leader. It is sent again only if it was
//! certainly not received, or if it carries an idempotency key, with which the second answer is the
//! first one.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};

use super::client::address;
use super::context::token_hash;
use super::problem::Problem;
use super::request::{Asked, whole_body};
use super::server::Shared;
use crate::node::{Candidate, Node};

/// Marks a request that another node has passed on, with the secret of the lease.
const FORWARDED: &str = "Quantong-Forwarded";

/// Where a request that another node has passed on came from.
const CLIENT: &str = "Quantong-Client";

/// Marks the answer of a node that has done nothing with a request, since it does not lead.
const NOT_LEADING: &str = "Quantong-Not-Leading";

/// How long a request waits for a leader, and for its answer: three terms.
const PATIENCE: Duration = Duration::from_secs(9);

/// How long the answer to a file of vouchers or a simulation is waited for: a minute for its turn,
/// which the node bounds, and one for the work.
const LONG_PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked who leads.
const LOOK: Duration = Duration::from_millis(50);

/// Headers that belong to one connection, and those that the client library writes itself.
const OWN: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "quantong-client",
    "quantong-forwarded",
];

/// The client with which nodes talk to each other.
pub(super) fn client() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(1))
        .no_proxy()
        .build();
    client.expect("a client without TLS needs nothing of the system")
}

/// True if another node of this ledger has passed the request on.
fn is_passed_on(request: &HttpRequest, node: &Node) -> bool {
    let secret = request.headers().get(FORWARDED);
    let secret = secret.and_then(|secret| secret.to_str().ok());
    secret.is_some_and(|secret| node.is_own_secret(secret))
}

/// Where a request that another node has passed on came from.
pub(super) fn client_of(request: &HttpRequest, node: &Node) -> Option<IpAddr> {
    if !is_passed_on(request, node) {
        return None;
    }
    let told = request.headers().get(CLIENT)?;
    told.to_str().ok()?.parse().ok()
}

/// Stops a token that has sent too much of late, where there is a limit.
fn check_rate(shared: &Shared, request: &HttpRequest) -> Result<(), Problem> {
    let Some(most) = shared.settings.token_rate else {
        return Ok(());
    };
    // Without a token nothing is done but what has limits of its own.
    let Ok(token) = token_hash(request) else {
        return Ok(());
    };
    if is_passed_on(request, &shared.node) {
        return Ok(());
    }
    match shared.rates.over(token, most, Instant::now()) {
        None => Ok(()),
        Some(wait) => {
            let seconds = wait.as_millis().div_ceil(1_000).max(1);
            Err(Problem::new("TOO_MANY_REQUESTS").header("Retry-After", seconds))
        }
    }
}

/// Lets a request through to this node's handlers, or passes it on.
pub(super) async fn pass_on<B: MessageBody + 'static>(
    shared: web::Data<Shared>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let node = &shared.node;
    if let Err(problem) = check_rate(&shared, request.request()) {
        let asked = Asked::of(request.request());
        let response = asked.answer(Err(problem));
        return Ok(request.into_response(response).map_into_right_body());
    }
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if reads || node.leads() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let asked = Asked::of(request.request());
    let answer = if is_passed_on(request.request(), node) {
        Err(Problem::new("UNAVAILABLE").header(NOT_LEADING, true))
    } else {
        let settings = &shared.settings;
        let file = request.path().ends_with("/voucher-files");
        let most = if file {
            settings.file_bytes_max
        } else {
            settings.bulk_bytes_max
        };
        match whole_body(request.take_payload(), most).await {
            Err(problem) => Err(problem),
            Ok(body) => match deliver(&shared, request.request(), &body).await {
                Delivered::Here => {
                    request.set_payload(Payload::from(body));
                    return Ok(next.call(request).await?.map_into_left_body());
                }
                Delivered::Answered(response) => Ok(response),
                Delivered::Unknown => Err(Problem::new("UNAVAILABLE")),
            },
        }
    };
    let response = asked.answer(answer);
    Ok(request.into_response(response).map_into_right_body())
}

/// Where a request has got to.
enum Delivered {
    /// This node leads by now.
    Here,
    /// The leader has answered.
    Answered(HttpResponse),
    /// Nobody leads, or it is not known what the leader has done.
    Unknown,
}

/// How long the answer to a request is waited for.
fn patience(path: &str) -> Duration {
    if path.ends_with("/voucher-files")
        || path.ends_with("/simulations")
        || path.ends_with("/simulation")
    {
        LONG_PATIENCE
    } else {
        PATIENCE
    }
}

async fn deliver(shared: &Shared, request: &HttpRequest, body: &Bytes) -> Delivered {
    let repeatable = request.headers().contains_key("Idempotency-Key");
    let began = Instant::now();
    let answered_by = began + patience(request.path());
    while began.elapsed() < PATIENCE {
        if shared.node.leads() {
            return Delivered::Here;
        }
        if let Some(leader) = shared.node.leader().filter(|l| !l.address.is_empty()) {
            match send(shared, request, body, &leader, answered_by).await {
                Sent::Answered(response) => return Delivered::Answered(response),
                Sent::Unknown if !repeatable => return Delivered::Unknown,
                Sent::Unknown | Sent::Not => {}
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    Delivered::Unknown
}

/// What became of one attempt.
enum Sent {
    Answered(HttpResponse),
    /// The leader has done nothing with it.
    Not,
    /// The leader may have received it.
    Unknown,
}

async fn send(
    shared: &Shared,
    request: &HttpRequest,
    body: &Bytes,
    leader: &Candidate,
    answered_by: Instant,
) -> Sent {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes());
    let method = method.unwrap_or(reqwest::Method::POST);
    let mut passed = shared
        .client
        .request(method, format!("{}{target}", leader.address))
        .header(FORWARDED, &leader.secret)
        .body(body.clone());
    if let Some(client) = address(request, shared) {
        passed = passed.header(CLIENT, client.to_string());
    }
    for (name, value) in request.headers() {
        if !OWN.contains(&name.as_str()) {
            passed = passed.header(name.as_str(), value.as_bytes());
        }
    }
    let answer = tokio::select! {
        answer = answer(passed) => answer,
        () = replaced(&shared.node, leader) => return Sent::Unknown,
        () = tokio::time::sleep_until(answered_by.into()) => {
            tracing::warn!(
                leader = leader.address,
                "the leader did not answer a request that was passed on in time"
            );
            return Sent::Unknown;
        }
    };
    match answer {
        Ok(response) if response.headers().contains_key(NOT_LEADING) => Sent::Not,
        Ok(response) => Sent::Answered(response),
        Err(error) if error.is_connect() => Sent::Not,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::info!(
                error,
                "the leader did not answer a request that was passed on"
            );
            Sent::Unknown
        }
    }
}

/// The whole answer of the leader.
async fn answer(passed: reqwest::RequestBuilder) -> reqwest::Result<HttpResponse> {
    let answer = passed.send().await?;
    let status = StatusCode::from_u16(answer.status().as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in answer.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value)
            && !OWN.contains(&name.as_str())
        {
            response.append_header((name, value));
        }
    }
    Ok(response.body(answer.bytes().await?))
}

/// Ends when another node, or none, is known to lead.
async fn replaced(node: &Node, leader: &Candidate) {
    while node.leader().as_ref() == Some(leader) {
        tokio::time::sleep(LOOK).await;
    }
}
