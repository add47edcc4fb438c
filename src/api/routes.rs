//! The table of routes and the two handlers behind it: one that writes, one that reads.

use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::bodies::*;
use super::bulk;
use super::context::{Cx, authenticate, token_hash};
use super::problem::{Lang, Problem};
use super::render::View;
use super::resources::{self, Finder};
use super::server::Shared;
use crate::domain::{IdKind, InlineText, PublicId, Seq};
use crate::engine::command::{PartyName, Reason, RefSource, Role, Scope, Submission};
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::Faults;
use crate::engine::refusal_of;
use crate::journal::codec;
use crate::node::Answer;

/// A route as the OpenAPI document lists it.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) operation: &'static str,
    /// Name of the body's schema; empty for a read.
    pub(super) body: &'static str,
}

macro_rules! routes {
    (
        writes { $($method:ident $path:literal $operation:ident $body:ident;)* }
        reads { $($read_path:literal $find:ident;)* }
    ) => {
        /// All routes that go through the two generic handlers.
        pub(super) const ROUTES: &[Route] = &[
            $(Route {
                method: stringify!($method),
                path: $path,
                operation: stringify!($operation),
                body: stringify!($body),
            },)*
            $(Route {
                method: "get",
                path: $read_path,
                operation: stringify!($find),
                body: "",
            },)*
        ];

        /// The schemas of all bodies, with what they refer to.
        pub(super) fn schemas() -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
            use utoipa::{PartialSchema, ToSchema};
            let mut schemas = Vec::new();
            $(
                schemas.push((stringify!($body).to_owned(), <$body as PartialSchema>::schema()));
                <$body as ToSchema>::schemas(&mut schemas);
            )*
            schemas
        }

        fn configure_table(config: &mut web::ServiceConfig) {
            $(config.route(concat!("/v1", $path), web::$method().to(write::<$body>));)*
            $(config.route(
                concat!("/v1", $read_path),
                web::get().to(|request: HttpRequest, shared: web::Data<Shared>| async move {
                    read(&request, &shared, resources::$find).await
                }),
            );)*
        }
    };
}

routes! {
    writes {
        post "/members" register_member RegisterMemberBody;
        post "/members/{code}/protocol" set_protocol SetProtocolBody;
        post "/categories" register_category RegisterCategoryBody;
        put "/calendar" set_calendar SetCalendarBody;
        post "/principals" register_principal RegisterPrincipalBody;
        post "/principals/{id}/grants" set_grant SetGrantBody;
        post "/principals/{id}/tokens" issue_token IssueTokenBody;
        post "/tokens/revoke" revoke_token RevokeTokenBody;
        post "/enterprises" register_enterprise RegisterEnterpriseBody;
        post "/providers" register_provider RegisterProviderBody;
        post "/providers/{id}/suspension" set_suspension SetSuspensionBody;
        post "/{kind:enterprises|providers}/{id}/controller-group"
            set_controller_group SetControllerGroupBody;
        post "/programmes" create_programme CreateProgrammeBody;
        post "/programmes/{code}/budget-changes" change_budget ChangeBudgetBody;
        post "/programmes/{code}/versions" publish_version PublishVersionBody;
        post "/agreements" register_agreement RegisterAgreementBody;
        post "/vouchers" issue_voucher IssueVoucherBody;
        post "/vouchers/{id}/consents" give_consent GiveConsentBody;
        post "/vouchers/{id}/freeze" set_freeze SetFreezeBody;
        post "/vouchers/{id}/revoke" revoke_voucher RevokeVoucherBody;
        post "/vouchers/{id}/transfers" propose_transfer ProposeTransferBody;
        post "/transfers/{id}/decision" decide_transfer DecideTransferBody;
        post "/claims" file_claim FileClaimBody;
        post "/claims/{id}/reverse" reverse_claim ReverseClaimBody;
        post "/claims/{id}/payments" pay_claim PayClaimBody;
        post "/payments/{id}/return" return_payment ReturnPaymentBody;
        post "/periods/{month}/request-close" request_close RequestCloseBody;
        post "/periods/{month}/close" close_period ClosePeriodBody;
        post "/periods/{month}/confirmations" confirm_statement ConfirmStatementBody;
        post "/periods/{month}/instruct" instruct_period InstructPeriodBody;
        post "/instructions/{id}/payments" confirm_instruction ConfirmInstructionBody;
        post "/business-date" advance_date AdvanceDateBody;
    }
    reads {
        "/members/{code}" get_member;
        "/categories/{code}" get_category;
        "/calendar" get_calendar;
        "/principals/{id}" get_principal;
        "/enterprises/{id}" get_enterprise;
        "/providers/{id}" get_provider;
        "/programmes/{code}" get_programme;
        "/agreements/{id}" get_agreement;
        "/vouchers/{id}" get_voucher;
        "/transfers/{id}" get_transfer;
        "/claims/{id}" get_claim;
        "/payments/{id}" get_payment;
        "/lines/{id}" get_line;
        "/periods/{month}" get_period;
        "/instructions/{id}" get_instruction;
        "/positions" get_positions;
        "/trial-balance" get_trial_balance;
    }
}

/// Registers every route.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/v1/claims/bulk", web::post().to(bulk::file_claims));
    config.route("/v1/refusals/{id}", web::get().to(get_refusal));
    config.route("/v1/openapi.json", web::get().to(openapi));
    config.route("/healthz", web::get().to(health));
    config.route("/readyz", web::get().to(readiness));
    configure_table(config);
    config.default_service(web::to(unknown));
}

/// What every request has: an id and a language.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) lang: Lang,
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
        Asked {
            id,
            lang: Lang::of_header(header("Accept-Language")),
        }
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

/// Parameters of path and query.
fn parameters(request: &HttpRequest) -> BTreeMap<String, String> {
    let query = form(request.query_string());
    let path = request
        .match_info()
        .iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
    query.into_iter().chain(path).collect()
}

fn form(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn dry_run(request: &HttpRequest) -> Result<bool, Problem> {
    match form(request.query_string())
        .iter()
        .find(|(name, _)| name == "dry_run")
    {
        None => Ok(false),
        Some((_, value)) if value == "true" => Ok(true),
        Some((_, value)) if value == "false" => Ok(false),
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
    let mut payload = payload.into_inner();
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
    if !fits {
        return Err(Problem::new("UNSUPPORTED_MEDIA_TYPE"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::field("body", error))
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

async fn write<B: Body>(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = write_body::<B>(&request, payload, &shared).await;
    if answer.is_err() {
        // What was looked up for the problem must be durable before anybody hears of it.
        let _durable = shared.node.read(|_| ()).await;
    }
    asked.answer(answer)
}

async fn write_body<B: Body>(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let rehearse = dry_run(request)?;
    let key = idempotency_key(request)?;
    let mut body = json_body(request, payload, shared.settings.body_bytes_max).await?;
    let common = take_common(&mut body)?;
    let path = parameters(request);
    let submission = node.peek(|state| {
        let principal = authenticate(state, &hash)?;
        let cx = Cx {
            state,
            tag: node.ledger_tag(),
            path: &path,
            principal,
        };
        let key = key.map(|key| codec::idempotency_key(principal, key));
        submission::<B>(&cx, body, common, key)
    })??;
    let answer = if rehearse {
        node.rehearse(submission).await?
    } else {
        node.submit(submission).await?
    };
    let (status, body) = node.peek(|state| {
        render(
            &View {
                state,
                tag: node.ledger_tag(),
            },
            &answer.events,
        )
    })??;
    let status = if rehearse { 200 } else { status };
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

/// The refusal that an answer is, if it is one.
pub(super) fn refusal(view: &View<'_>, recorded: &Recorded) -> Option<Problem> {
    let code = refusal_of(&recorded.event)?;
    let faults = match &recorded.event {
        Event::ClaimRefused(e) => e.faults,
        _ => Faults::NONE,
    };
    let problem = Problem::refused(code, faults);
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
            | Event::ConsentGiven(_)
            | Event::TransferProposed(_)
            | Event::ClaimApproved(_)
            | Event::PayeePaid(_)
    );
    Ok((if created { 201 } else { 200 }, body))
}

async fn read(request: &HttpRequest, shared: &Shared, find: Finder) -> HttpResponse {
    let asked = Asked::of(request);
    asked.answer(read_resource(request, shared, find).await)
}

async fn read_resource(
    request: &HttpRequest,
    shared: &Shared,
    find: Finder,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let path = parameters(request);
    let look = |state: &crate::engine::State| {
        let principal = authenticate(state, &hash)?;
        find(&Cx {
            state,
            tag: node.ledger_tag(),
            path: &path,
            principal,
        })
    };
    let (found, seen) = node.read(look).await?;
    let found = found?;
    let mut body = match found.details {
        Some(seq) => details(shared, seq).await?,
        None => json!({}),
    };
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), found.body) {
        body.extend(own);
    }
    Ok(cacheable(request, &body, seen))
}

/// The fact of the event with an entity's details, its names included.
async fn details(shared: &Shared, seq: Seq) -> Result<Value, Problem> {
    let node = &shared.node;
    let recorded = node
        .event(seq)
        .await?
        .ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    let mut fact = node.peek(|state| {
        View {
            state,
            tag: node.ledger_tag(),
        }
        .fact(&recorded)
    })?;
    let field = match &recorded.event {
        Event::PrincipalRegistered(_) => Some(crate::node::PRINCIPAL_NAME),
        Event::EnterpriseRegistered(e) if matches!(e.name, PartyName::Personal(_)) => {
            Some(crate::node::TEAM_NAME)
        }
        _ => None,
    };
    if let Some(field) = field {
        fact["name"] = json!(node.personal(seq, field).await?);
    }
    Ok(fact)
}

/// A resource with an entity tag; 304 if the client has it.
fn cacheable(request: &HttpRequest, body: &Value, seen: Seq) -> HttpResponse {
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

async fn get_refusal(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked = Asked::of(&request);
    asked.answer(find_refusal(&request, &shared).await)
}

async fn find_refusal(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let tag = node.ledger_tag();
    let hash = token_hash(request)?;
    let (principal, seen) = node.read(|state| authenticate(state, &hash)).await?;
    let principal = principal?;
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
        Ok::<_, Problem>(View { state, tag }.fact(&recorded))
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

async fn openapi() -> HttpResponse {
    match super::openapi().to_pretty_json() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/json")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

async fn health() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(r#"{"status":"ok"}"#)
}

async fn readiness(shared: web::Data<Shared>) -> HttpResponse {
    let status = shared.node.status();
    let body = json!({
        "ready": status.ready,
        "durable_sequence": status.durable.0,
        "epoch": status.epoch,
        "business_date": status.business_date.to_string(),
        "clock_days_ahead": status.clock_days_ahead,
    });
    let mut response = if status.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .content_type("application/json")
        .body(body.to_string())
}

/// A path that no route has, or a method that its route does not take.
async fn unknown(request: HttpRequest) -> HttpResponse {
    let asked = Asked::of(&request);
    let segments: Vec<&str> = request
        .path()
        .trim_start_matches("/v1")
        .split('/')
        .collect();
    let known = ROUTES.iter().any(|route| {
        let pattern: Vec<&str> = route.path.split('/').collect();
        pattern.len() == segments.len()
            && pattern
                .iter()
                .zip(&segments)
                .all(|(p, s)| p.starts_with('{') || p == s)
    });
    let code = if known {
        "METHOD_NOT_ALLOWED"
    } else {
        "NOT_FOUND"
    };
    asked.answer(Err(Problem::new(code)))
}

/// Roles that read everything; named here for the OpenAPI document.
pub(super) const CORRIDOR_ROLES: [Role; 4] = [
    Role::Administrator,
    Role::Operator,
    Role::Auditor,
    Role::Arbiter,
];
