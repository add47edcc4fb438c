//! The public check: what a number and its suffix say to whoever holds the paper. No token, no
//! holder, no amount. `docs/adr/0017-public-check.md` says why it is as it is.
//!
//! The suffix is looked at before anything is looked up, so that an identifier that is unknown and
//! a suffix that is wrong take the same way to the same answer.

mod code;
mod page;
mod tries;

use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde_json::{Value, json};

use super::client;
use super::problem::{Lang, Problem};
use super::render::View;
use super::request::{Asked, look, parameters};
use super::resources::{Finder, Standing, get_provider, get_voucher};
use super::routes::Route;
use super::server::Shared;
use crate::domain::{IdKind, PublicId, Seq};
use crate::engine::State;
use crate::engine::command::Payee;
use code::CheckKey;
use tries::{REST, Tries};

/// Longest host that an address is made of: that of a name in the DNS, and a port.
const HOST_BYTES_MAX: usize = 255 + 6;
/// Smallest side of a picture, in its own units.
const PICTURE_SIDE_MIN: u32 = 240;

/// The check itself, which asks for no token.
pub(super) const CHECK: Route = get("/check/{id}", "get_check");
/// Pictures of addresses, for whoever may read the resource.
pub(super) const PICTURES: &[Route] = &[
    get("/vouchers/{id}/qr", "get_voucher_qr"),
    get("/providers/{id}/qr", "get_provider_qr"),
];
/// The resources that tell the address of their check.
const CHECKED: &[&str] = &["/v1/vouchers/{id}", "/v1/providers/{id}"];

const fn get(path: &'static str, operation: &'static str) -> Route {
    Route {
        method: "get",
        path,
        operation,
        body: "",
    }
}

/// What all checks share.
pub(super) struct Checks {
    key: CheckKey,
    tries: Tries,
    /// What a browser may do with the page: nothing but show it.
    policy: String,
}

impl Checks {
    pub(super) fn new(secret: &str) -> Checks {
        Checks {
            key: CheckKey::new(secret),
            tries: Tries::default(),
            policy: page::policy(),
        }
    }
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/v1/check/{id}", web::get().to(get_check));
    config.route("/check/{id}", web::get().to(get_check_page));
    config.route("/v1/vouchers/{id}/qr", web::get().to(get_voucher_qr));
    config.route("/v1/providers/{id}/qr", web::get().to(get_provider_qr));
}

async fn get_check(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = found(&request, &shared).await.map(|(told, seen)| {
        let mut response = HttpResponse::Ok();
        response.insert_header(("Quantong-Sequence", seen.0.to_string()));
        response.content_type("application/json");
        response.body(told.to_string())
    });
    private(asked.settle(&shared, answer).await)
}

async fn get_check_page(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked = Asked::of(&request);
    let path = parameters(&request);
    let given = |name: &str| path.get(name).map_or("", String::as_str);
    let lang = match given("lang") {
        "zh" => Lang::Zh,
        "en" => Lang::En,
        _ => asked.lang,
    };
    let (mut response, body) = match found(&request, &shared).await {
        Ok((told, _)) => (HttpResponse::Ok(), page::of(&told, given("k"), lang)),
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status);
            let mut response = HttpResponse::build(status.unwrap_or(StatusCode::NOT_FOUND));
            for (name, value) in &*problem.headers {
                response.insert_header((*name, value.as_str()));
            }
            let body = page::of_problem(problem.code, given("k"), lang);
            (response, body)
        }
    };
    response.content_type("text/html; charset=utf-8");
    response.insert_header(("Content-Security-Policy", shared.checks.policy.as_str()));
    response.insert_header(("Content-Language", page::tag(lang)));
    private(asked.answer(Ok(response.body(body))))
}

/// The address holds the suffix: nobody keeps the answer, and nobody is told where one came from.
fn private(mut response: HttpResponse) -> HttpResponse {
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

/// What is told of the identifier of a request.
async fn found(request: &HttpRequest, shared: &Shared) -> Result<(Value, Seq), Problem> {
    let path = parameters(request);
    let given = |name: &str| path.get(name).map_or("", String::as_str);
    let tag = shared.node.ledger_tag();
    let id = [IdKind::Voucher, IdKind::Provider]
        .into_iter()
        .find_map(|kind| PublicId::parse(given("id"), kind, tag).ok());
    let written = id.map(|id| id.format(tag));
    let written = written.as_ref().map_or(given("id"), |id| id.as_str());
    let fits = shared.checks.key.fits(written, given("k"));
    let Some(id) = id.filter(|_| fits) else {
        return Err(missing(request, shared));
    };
    let (found, seen) = shared.node.read(|state| facts(state, shared, id)).await?;
    let Some((mut told, names)) = found else {
        return Err(missing(request, shared));
    };
    name(shared, &mut told, &names).await?;
    Ok((told, seen))
}

/// That nothing is told, and after too many tries that they are too many.
fn missing(request: &HttpRequest, shared: &Shared) -> Problem {
    let wrong =
        client::address(request, shared).map(|ip| shared.checks.tries.wrong(ip, Instant::now()));
    if wrong == Some(true) {
        Problem::new("TOO_MANY_CHECKS").header("Retry-After", REST.as_secs())
    } else {
        Problem::not_found("check")
    }
}

/// Where the names of what is told stand: a member of the answer, its place in a list, the event.
type Names = Vec<(&'static str, Option<usize>, Seq)>;

/// What the state says of an identifier whose suffix was right.
fn facts(state: &State, shared: &Shared, id: PublicId) -> Option<(Value, Names)> {
    let tag = shared.node.ledger_tag();
    let view = View::all(state, tag);
    let serial = u32::try_from(id.serial).ok()?;
    let (mut told, names) = match id.kind {
        IdKind::Voucher => voucher(&view, crate::domain::VoucherId(serial))?,
        _ => provider(&view, crate::domain::ProviderId(serial))?,
    };
    if told["id"] != id.format(tag).as_str() {
        return None;
    }
    told["on"] = json!(state.business_date().to_string());
    Some((told, names))
}

fn voucher(view: &View<'_>, id: crate::domain::VoucherId) -> Option<(Value, Names)> {
    let state = view.state;
    let row = state.voucher(id)?;
    let (programme, _) = state.voucher_owner(row);
    let city = state.programme(programme)?.city;
    let told = json!({
        "kind": "voucher",
        "id": view.voucher(id),
        "state": Standing::of(row).word(state.business_date()),
        "city": {"code": view.member(city)},
        "use_by": row.use_by.to_string(),
        "cash_by": row.cash_by.to_string(),
    });
    Some((told, vec![("city", None, state.member(city)?.details)]))
}

fn provider(view: &View<'_>, id: crate::domain::ProviderId) -> Option<(Value, Names)> {
    let state = view.state;
    let row = state.provider(id)?;
    let today = state.business_date();
    let admitted = state.admitted_on(id, today);
    let standing = if state.is_dissolved_on(Payee::Provider(id), today) {
        "dissolved"
    } else if state.is_suspended_on(id, today) {
        "suspended"
    } else if admitted.is_some() {
        "admitted"
    } else {
        "not_admitted"
    };
    let terms = state.terms_of(id).into_iter();
    let term = terms.filter(|(from, to, _)| (*from..=*to).contains(&today));
    let categories = view.categories(admitted.unwrap_or(row.categories));
    let codes = categories.as_array().into_iter().flatten();
    let mut names = vec![
        ("city", None, state.member(row.city)?.details),
        ("", None, row.details),
    ];
    for (place, code) in codes.clone().enumerate() {
        let code = crate::domain::CategoryCode::parse(code.as_str()?).ok()?;
        let category = state.category(state.category_by_code(&code)?)?;
        names.push(("categories", Some(place), category.details));
    }
    let told = json!({
        "kind": "provider",
        "id": view.provider(id),
        "state": standing,
        "city": {"code": view.member(row.city)},
        "categories": codes.map(|code| json!({"code": code})).collect::<Value>(),
        "admitted_to": term.map(|(_, to, _)| to).max().map(|to| to.to_string()),
    });
    Some((told, names))
}

/// Adds the names, which stand in events.
async fn name(shared: &Shared, told: &mut Value, names: &Names) -> Result<(), Problem> {
    let node = &shared.node;
    for (member, place, seq) in names {
        let event = node.event(*seq).await?;
        let event = event.ok_or_else(|| Problem::new("UNAVAILABLE"))?;
        let tag = node.ledger_tag();
        let fact = node.peek(|state| View::all(state, tag).fact(&event))?;
        let target = match (*member, place) {
            ("", _) => &mut *told,
            (member, None) => &mut told[member],
            (member, Some(place)) => &mut told[member][*place],
        };
        for name in ["name", "name_zh", "name_en"] {
            if let Some(text) = fact[name].as_str() {
                target[name] = json!(text);
            }
        }
    }
    Ok(())
}

/// What addresses begin with: what the operator says, else where the request came to.
fn base(request: &HttpRequest, shared: &Shared) -> String {
    if let Some(url) = &shared.settings.public_url {
        return url.clone();
    }
    let connection = request.connection_info();
    let host = connection.host();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let scheme = match connection.scheme() {
        "https" => "https",
        _ => "http",
    };
    if host.is_empty() || host.len() > HOST_BYTES_MAX || !host.bytes().all(plain) {
        return String::new();
    }
    format!("{scheme}://{host}")
}

/// The address of the check of an identifier.
fn address(request: &HttpRequest, shared: &Shared, id: &str) -> String {
    let suffix = shared.checks.key.suffix(id);
    format!("{}/check/{id}?k={suffix}", base(request, shared))
}

/// Adds the address of its check to a resource that has one.
pub(super) fn add_address(request: &HttpRequest, shared: &Shared, body: &mut Value) {
    let pattern = request.match_pattern();
    if pattern.is_some_and(|pattern| CHECKED.contains(&&*pattern))
        && let Some(id) = body["id"].as_str()
    {
        body["check_url"] = json!(address(request, shared, id));
    }
}

async fn get_voucher_qr(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    picture(&request, &shared, get_voucher).await
}

async fn get_provider_qr(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    picture(&request, &shared, get_provider).await
}

async fn picture(request: &HttpRequest, shared: &Shared, find: Finder) -> HttpResponse {
    let asked = Asked::of(request);
    let answer = drawn(request, shared, find).await;
    asked.settle(shared, answer).await
}

async fn drawn(
    request: &HttpRequest,
    shared: &Shared,
    find: Finder,
) -> Result<HttpResponse, Problem> {
    let (found, seen) = look(request, shared, find).await?;
    let id = found.body["id"].as_str().unwrap_or("");
    let address = address(request, shared, id);
    // A part of the paper may be torn or dirty: a seventh of the code may be missing.
    let code = QrCode::with_error_correction_level(&address, EcLevel::M);
    let code = code.map_err(|error| Problem::field("Host", error))?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(PICTURE_SIDE_MIN, PICTURE_SIDE_MIN)
        .build();
    let mut response: HttpResponseBuilder = HttpResponse::Ok();
    response.insert_header(("Quantong-Sequence", seen.0.to_string()));
    response.content_type("image/svg+xml");
    Ok(private(response.body(picture)))
}
