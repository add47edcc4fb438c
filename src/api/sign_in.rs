//! Signing in and out with a name and a password, and the table of all tries.
//!
//! A sign-in gives a token for the business day: an event like any token's, so that every node
//! knows it and it can be revoked. Tries are written to the table of sign-ins, not to the journal.
//! Argon2id takes memory and time: it runs off the threads that answer, two at a time.
//!
//! A dry run checks all that the request would check and changes nothing in the ledger. Of a
//! sign-in it gives no token, and the try is written down and counted like any other: else
//! passwords could be tried out without end.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::context::{parse, token_hash};
use super::lists::plain;
use super::problem::Problem;
use super::render::View;
use super::request::{Asked, asking, dry_run, json_body, look, parameters};
use super::server::Shared;
use super::write::{never_was, render};
use crate::domain::{PrincipalId, Seq};
use crate::engine::command::{
    Command, IssueToken, Name, RevokeToken, Role, SESSION_LABEL, Scope, SetPassword, Submission,
    UserName,
};
use crate::journal::codec;
use crate::journal::{SignIn, SignIns};
use crate::node::{Answer, PASSWORD_BYTES, PASSWORD_VERIFIER, fits, new_token, personal, verifier};

/// Passwords that are checked at a time: 19 MiB and a core each.
const CHECKS_MAX: usize = 2;
/// Requests that wait for their turn; more are told to come back. At some 30 a second, two seconds.
const WAITING_MAX: usize = 64;
/// Failed tries with a name after which it rests.
const FAILURES_MAX: i64 = 5;
/// How long tries count, and so how long a name rests: fifteen minutes.
const REST_US: i64 = 15 * 60 * 1_000_000;
/// Longest body: a name and a password.
const BODY_BYTES_MAX: usize = 4 << 10;
/// Rows of a page of tries if none are asked for, and most rows.
const ROWS: (u32, u32) = (50, 200);

/// Names and paths of the routes, for the description of the API.
pub(super) const WRITES: &[(&str, &str, &str)] = &[
    ("/sign-in", "sign_in", "SignInBody"),
    ("/sign-out", "sign_out", "SignOutBody"),
    ("/password", "set_password", "SignInBody"),
];
/// The list of tries with its parameters.
pub(super) const LIST: (&str, &str, &[&str]) = (
    "/sign-ins",
    "list_sign_ins",
    &["user_name", "outcome", "limit", "cursor"],
);

/// What is shared by all requests.
#[derive(Debug)]
pub(super) struct Door {
    audit: SignIns,
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(audit: SignIns) -> Door {
        Door {
            audit,
            turns: Arc::new(Semaphore::new(CHECKS_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInBody {
    /// Small letters, digits, `.`, `-` and `_`.
    user_name: String,
    /// 10 to 256 bytes.
    password: String,
}

/// Nothing: the token says who goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOutBody {}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/v1/sign-in", web::post().to(sign_in));
    config.route("/v1/sign-out", web::post().to(sign_out));
    config.route("/v1/password", web::post().to(set_password));
    config.route("/v1/sign-ins", web::get().to(list_sign_ins));
}

macro_rules! handlers {
    ($($name:ident($($body:ident)?) = $answer:ident;)*) => { $(
        async fn $name(
            request: HttpRequest,
            $($body: web::Payload,)?
            shared: web::Data<Shared>,
        ) -> HttpResponse {
            let asked = Asked::of(&request);
            let answer = $answer(&request, $($body,)? &shared).await;
            asked.settle(&shared, answer).await
        }
    )* };
}

handlers! {
    sign_in(payload) = enter;
    sign_out(payload) = leave;
    set_password(payload) = choose;
    list_sign_ins() = tries;
}

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

fn unavailable(error: impl std::error::Error + 'static) -> Problem {
    let error = &error as &dyn std::error::Error;
    tracing::error!(error, "the table of sign-ins does not answer");
    Problem::new("UNAVAILABLE")
}

async fn body<B: for<'de> Deserialize<'de>>(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<B, Problem> {
    let body = json_body(request, payload, BODY_BYTES_MAX).await?;
    // What was sent holds a password: nothing of it is told back.
    serde_json::from_value(body)
        .map_err(|_| Problem::field("body", "has the members that the description names"))
}

fn tried(
    request: &HttpRequest,
    shared: &Shared,
    name: &str,
    principal: Option<u32>,
    outcome: &str,
) -> SignIn {
    let address = super::client::address(request, shared);
    SignIn {
        at: now(),
        user_name: name.chars().take(40).collect(),
        principal,
        outcome: outcome.to_owned(),
        address: address.map(|ip| ip.to_string()).unwrap_or_default(),
    }
}

/// Runs what takes long in its turn.
async fn in_turn<T: Send + 'static>(
    door: &Door,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let turn = Arc::clone(&door.turns).acquire_owned().await;
    let turn = turn.map_err(|_| Problem::new("UNAVAILABLE"))?;
    let done = web::block(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.map_err(|_| Problem::new("UNAVAILABLE"))
}

async fn enter(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let rehearse = dry_run(request)?;
    let SignInBody {
        user_name,
        password,
    } = body(request, payload).await?;
    // PostgreSQL takes no NUL, which nobody's name has.
    let user_name = user_name.replace('\0', "\u{fffd}");
    let door = &shared.door;
    let waiting = Arc::clone(&door.waiting).try_acquire_owned();
    let _place = waiting.map_err(|_| Problem::new("BUSY"))?;
    let failures = door.audit.failures(&user_name, now() - REST_US).await;
    if failures.map_err(unavailable)? >= FAILURES_MAX {
        return Err(Problem::new("TOO_MANY_SIGN_INS").header("Retry-After", REST_US / 1_000_000));
    }
    let node = &shared.node;
    // A name that nobody can have takes the same way as one that nobody has.
    let found = UserName::parse(&user_name).ok();
    let found = node.peek(|state| {
        let (principal, seq) = state.password_of(&found?)?;
        let enabled = state.principal(principal).is_some_and(|row| !row.disabled);
        Some((principal, seq, enabled))
    })?;
    let known = match found {
        Some((_, seq, _)) => node.personal(seq, PASSWORD_VERIFIER).await?,
        None => None,
    };
    let good = in_turn(door, move || fits(known.as_deref(), &password)).await?;
    let entered = found.filter(|(_, _, enabled)| good && *enabled);
    let whose = found.map(|(principal, _, _)| principal.0);
    let outcome = match entered {
        Some(_) if rehearse => "tried_out",
        Some(_) => "signed_in",
        None => "failed",
    };
    let tried = tried(request, shared, &user_name, whose, outcome);
    door.audit.record(&tried).await.map_err(unavailable)?;
    let (principal, ..) = entered.ok_or_else(|| Problem::new("SIGN_IN_FAILED"))?;
    session(shared, principal, rehearse).await
}

/// A token for the business day; none if it is only tried out.
async fn session(
    shared: &Shared,
    principal: PrincipalId,
    rehearse: bool,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let today = node.peek(crate::engine::State::business_date)?;
    let (token, token_hash) = new_token();
    let label = parse("label", SESSION_LABEL, Name::parse)?;
    let command = Command::IssueToken(Box::new(IssueToken {
        principal,
        token_hash,
        label,
        expires_on: Some(today),
    }));
    let answer = decide(shared, submission(principal, command), rehearse).await?;
    let tag = node.ledger_tag();
    let id = node.peek(|state| View::all(state, tag).principal(principal))?;
    let token = (!rehearse).then_some(token);
    let told = json!({"token": token, "principal": id, "expires_on": today.to_string()});
    Ok(respond(201, &told, answer.seen, rehearse))
}

/// Does it, or only says what would happen.
async fn decide(
    shared: &Shared,
    submission: Submission,
    rehearse: bool,
) -> Result<Answer, Problem> {
    Ok(if rehearse {
        shared.node.rehearse(submission).await?
    } else {
        shared.node.submit(submission).await?
    })
}

fn submission(principal: PrincipalId, command: Command) -> Submission {
    Submission {
        fingerprint: codec::fingerprint(&command),
        ..Submission::new(principal, command)
    }
}

fn respond(status: u16, body: &Value, seen: Seq, rehearse: bool) -> HttpResponse {
    let status = if rehearse { 200 } else { status };
    let status = actix_web::http::StatusCode::from_u16(status);
    let mut response = HttpResponse::build(status.unwrap_or(actix_web::http::StatusCode::OK));
    response.insert_header(("Quantong-Sequence", seen.0.to_string()));
    response.insert_header(("Cache-Control", "no-store"));
    if rehearse {
        response.insert_header(("Quantong-Dry-Run", "true"));
    }
    response
        .content_type("application/json")
        .body(body.to_string())
}

fn told(shared: &Shared, answer: &Answer, rehearse: bool) -> Result<HttpResponse, Problem> {
    let tag = shared.node.ledger_tag();
    let rendered = shared
        .node
        .peek(|state| render(&View::all(state, tag), &answer.events))?;
    let (status, body) = rendered.map_err(|refused| match rehearse {
        true => never_was(refused).header("Quantong-Dry-Run", true),
        false => refused,
    })?;
    Ok(respond(status, &body, answer.seen, rehearse))
}

/// Who holds the token of a request, and the name it signs in with.
fn holder(
    request: &HttpRequest,
    shared: &Shared,
) -> Result<(PrincipalId, Option<UserName>), Problem> {
    let path = parameters(request);
    let hash = token_hash(request)?;
    shared.node.peek(asking(&shared.node, hash, &path, |cx| {
        Ok((cx.principal, cx.state.user_name(cx.principal)))
    }))?
}

async fn leave(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let rehearse = dry_run(request)?;
    let SignOutBody {} = body(request, payload).await?;
    let (principal, name) = holder(request, shared)?;
    let token_hash = token_hash(request)?;
    let command = Command::RevokeToken(RevokeToken { token_hash });
    let answer = decide(shared, submission(principal, command), rehearse).await?;
    if !rehearse {
        let name = name
            .map(|name| name.as_str().to_owned())
            .unwrap_or_default();
        let tried = tried(request, shared, &name, Some(principal.0), "signed_out");
        let recorded = shared.door.audit.record(&tried).await;
        recorded.map_err(unavailable)?;
    }
    told(shared, &answer, rehearse)
}

async fn choose(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let rehearse = dry_run(request)?;
    let SignInBody {
        user_name,
        password,
    } = body(request, payload).await?;
    let (principal, _) = holder(request, shared)?;
    let user_name = parse("user_name", &user_name, UserName::parse)?;
    if !PASSWORD_BYTES.contains(&password.len()) {
        return Err(Problem::field("password", "has 10 to 256 bytes"));
    }
    let door = &shared.door;
    let waiting = Arc::clone(&door.waiting).try_acquire_owned();
    let _place = waiting.map_err(|_| Problem::new("BUSY"))?;
    let verifier = in_turn(door, move || verifier(&password)).await?;
    let command = Command::SetPassword(Box::new(SetPassword {
        user_name,
        verifier: personal(&verifier),
    }));
    let answer = decide(shared, submission(principal, command), rehearse).await?;
    told(shared, &answer, rehearse)
}

/// What a page of tries is asked for with.
struct Wanted {
    user_name: String,
    outcome: String,
    before: i64,
    rows: u32,
}

async fn tries(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let (wanted, seen) = look(request, shared, |cx| {
        let may = [Role::Administrator, Role::Auditor]
            .into_iter()
            .any(|role| cx.state.has_grant(cx.principal, role, Scope::Corridor));
        if !may {
            return Err(Problem {
                detail: Some("an administrator or auditor of the corridor is needed".to_owned()),
                ..Problem::new("FORBIDDEN")
            });
        }
        let number = |name: &str| match cx.param(name) {
            "" => Ok(None),
            text => text
                .parse::<i64>()
                .map(Some)
                .map_err(|_| Problem::field(name, "is a number")),
        };
        let rows = number("limit")?.unwrap_or(i64::from(ROWS.0));
        let rows = u32::try_from(rows)
            .ok()
            .filter(|rows| (1..=ROWS.1).contains(rows));
        Ok(Wanted {
            user_name: plain("user_name", cx.param("user_name"))?.to_owned(),
            outcome: plain("outcome", cx.param("outcome"))?.to_owned(),
            before: number("cursor")?.unwrap_or(i64::MAX),
            rows: rows.ok_or_else(|| Problem::field("limit", "lies between 1 and 200"))?,
        })
    })
    .await?;
    let audit = &shared.door.audit;
    let found = audit.list(
        wanted.before,
        &wanted.user_name,
        &wanted.outcome,
        wanted.rows,
    );
    let found = found.await.map_err(unavailable)?;
    let full = found.len() == wanted.rows as usize;
    let next = found.last().filter(|_| full).map(|row| row.at.to_string());
    let tag = shared.node.ledger_tag();
    let data = shared.node.peek(|state| {
        let view = View::all(state, tag);
        let row = |row: &SignIn| {
            json!({
                "at": crate::domain::RecordedAt(row.at).to_string(),
                "user_name": row.user_name,
                "principal": row.principal.map(|id| view.principal(PrincipalId(id))),
                "outcome": row.outcome,
                "address": row.address,
            })
        };
        found.iter().map(row).collect::<Vec<Value>>()
    })?;
    Ok(respond(
        200,
        &json!({"data": data, "next_cursor": next}),
        seen,
        false,
    ))
}
