//! The OpenAPI document, made from the table of routes and the bodies' types.

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem,
    PathsBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
};

use super::accounts::ACCOUNT_ROUTES;
use super::bulk::ITEMS_MAX;
use super::check::{CHECK, PICTURES};
use super::history::HISTORY_ROUTES;
use super::lists::LISTS;
use super::routes::{CORRIDOR_ROLES, REGISTER_ROUTES, ROUTES, Route, parameters_of, schemas};
use super::sign_in::{SignInBody, SignOutBody};
use super::simulations::SimulateBody;
use super::voucher_files::MEDIA_TYPES;
use utoipa::PartialSchema as _;

/// The OpenAPI 3.1 document of the REST surface.
pub fn openapi() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for route in ROUTES {
        let method = match route.method {
            "get" => HttpMethod::Get,
            "put" => HttpMethod::Put,
            _ => HttpMethod::Post,
        };
        paths = paths.path(path(route.path), PathItem::new(method, operation(route)));
    }
    paths = other_paths(paths);
    for list in LISTS {
        paths = paths.path(
            path(list.path),
            PathItem::new(
                HttpMethod::Get,
                query_operation(list.path, list.operation, list.parameters()),
            ),
        );
    }
    for (route, operation, parameters) in ACCOUNT_ROUTES.iter().chain(HISTORY_ROUTES) {
        let operation = query_operation(route, operation, parameters.iter().copied());
        paths = paths.path(path(route), PathItem::new(HttpMethod::Get, operation));
    }
    let refusal = Route {
        method: "get",
        path: "/refusals/{id}",
        operation: "get_refusal",
        body: "",
    };
    paths = paths.path(
        path(refusal.path),
        PathItem::new(HttpMethod::Get, operation(&refusal)),
    );
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Quantong 券通")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(description())),
        )
        .paths(paths)
        .components(Some(
            ComponentsBuilder::new()
                .schemas_from_iter(schemas())
                .schema(
                    CLAIMS_BULK,
                    bulk_schema(Ref::from_schema_name("FileClaimBody").into()),
                )
                .schema(
                    SIMULATION,
                    <SimulateBody as utoipa::PartialSchema>::schema(),
                )
                .schema("SignInBody", SignInBody::schema())
                .schema("SignOutBody", SignOutBody::schema())
                .schema(BULK, bulk_schema(item_schema().into()))
                .schema(CSV, text())
                .schema(PROBLEM, problem_schema())
                .security_scheme("bearer", bearer)
                .build(),
        ))
        .build()
}

fn description() -> String {
    let readers: Vec<&str> = CORRIDOR_ROLES.iter().map(|role| role.as_str()).collect();
    format!(
        "Issue, transfer and redeem innovation vouchers across cities, and settle what the cities \
         owe each other. Amounts are yuan with two places in strings; days are YYYY-MM-DD. The \
         roles {} read everything; others read what concerns them.",
        readers.join(", ")
    )
}

/// What goes through none of the generic handlers.
fn other_paths(mut paths: PathsBuilder) -> PathsBuilder {
    let write = |path, operation, body| Route {
        method: "post",
        path,
        operation,
        body,
    };
    for route in [
        write("/claims/bulk", "file_claims", CLAIMS_BULK),
        write("/bulk", "write_bulk", BULK),
        write("/simulations", "simulate", SIMULATION),
    ] {
        let item = PathItem::new(HttpMethod::Post, operation(&route));
        paths = paths.path(path(route.path), item);
    }
    for route in REGISTER_ROUTES {
        let method = match route.method {
            "get" => HttpMethod::Get,
            _ => HttpMethod::Post,
        };
        paths = paths.path(path(route.path), PathItem::new(method, operation(route)));
    }
    for (at, name, body) in super::sign_in::WRITES {
        let item = PathItem::new(HttpMethod::Post, sign_in_operation(name, body));
        paths = paths.path(path(at), item);
    }
    for route in PICTURES {
        let item = PathItem::new(HttpMethod::Get, picture_operation(route));
        paths = paths.path(path(route.path), item);
    }
    let check = PathItem::new(HttpMethod::Get, check_operation());
    paths = paths.path(path(CHECK.path), check);
    let (at, name, parameters) = super::sign_in::LIST;
    let tries = query_operation(at, name, parameters.iter().copied());
    paths = paths.path(path(at), PathItem::new(HttpMethod::Get, tries));
    let issue = PathItem::new(HttpMethod::Post, file_operation());
    let progress = PathItem::new(HttpMethod::Get, operation(&VOUCHER_FILE));
    paths
        .path(path("/programmes/{code}/voucher-files"), issue)
        .path(path(VOUCHER_FILE.path), progress)
}

/// Signing in and out. What is sent is not kept, so there is no key.
fn sign_in_operation(name: &str, body: &str) -> utoipa::openapi::path::Operation {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(body)))
        .build();
    let body = RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True));
    let done = ResponseBuilder::new().description("done; for a sign-in the token of the day");
    let dry_run = ParameterBuilder::new().name("dry_run").schema(Some(text()));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(name))
        .summary(Some(name.replace('_', " ")))
        .parameter(dry_run.parameter_in(ParameterIn::Query))
        .request_body(Some(body.build()))
        .response("default", problems())
        .response("200", done);
    if name != "sign_in" {
        let bearer = SecurityRequirement::new::<_, [&str; 0], _>("bearer", []);
        operation = operation.security(bearer);
    }
    operation.build()
}

/// The public check, for which nobody needs a token.
fn check_operation() -> utoipa::openapi::path::Operation {
    let parameter = |name: &str, place| {
        let parameter = ParameterBuilder::new().name(name).schema(Some(text()));
        let parameter = parameter.parameter_in(place);
        parameter.required(Required::True)
    };
    let answer = |text: &str| ResponseBuilder::new().description(text);
    OperationBuilder::new()
        .operation_id(Some(CHECK.operation))
        .summary(Some("check a voucher or provider without a token"))
        .parameter(parameter("id", ParameterIn::Path))
        .parameter(parameter("k", ParameterIn::Query))
        .response("default", problems())
        .response("200", answer("state, city and days; no holder, no amount"))
        .response("404", answer("unknown, or another suffix"))
        .response("429", answer("too many wrong suffixes from this address"))
        .build()
}

/// The address of a check as a picture.
fn picture_operation(route: &Route) -> utoipa::openapi::path::Operation {
    let picture = ResponseBuilder::new()
        .description("a QR code of the address of the public check")
        .content("image/svg+xml", ContentBuilder::new().build());
    let mut operation = operation(route);
    let answers = &mut operation.responses.responses;
    answers.insert("200".to_owned(), picture.build().into());
    operation
}

/// How far a file of vouchers has got.
const VOUCHER_FILE: Route = Route {
    method: "get",
    path: "/voucher-files/{sha256}",
    operation: "get_voucher_file",
    body: "",
};

/// Vouchers issued from a file, whose body is no JSON.
fn file_operation() -> utoipa::openapi::path::Operation {
    let parameter = |name: &str, place, required| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .schema(Some(text()))
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some("issue_vouchers_from_file"))
        .summary(Some("issue vouchers from file"))
        .security(SecurityRequirement::new::<_, [&str; 0], _>("bearer", []))
        .parameter(parameter("code", ParameterIn::Path, Required::True));
    for name in ["dry_run", "mode", "skip_faulty"] {
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False));
    }
    let mut body = RequestBodyBuilder::new().required(Some(Required::True));
    for (media, _) in MEDIA_TYPES {
        body = body.content(media, ContentBuilder::new().build());
    }
    let answer = |text: &str| ResponseBuilder::new().description(text);
    operation
        .request_body(Some(body.build()))
        .response("default", problems())
        .response("200", answer("the preview, or what became of the file"))
        .response(
            "202",
            answer("it waits for a second person, or is being issued already"),
        )
        .response(
            "422",
            answer("nothing was issued: the file has faults, told in preview"),
        )
        .build()
}

/// Name of the schema of a bulk of claims.
const CLAIMS_BULK: &str = "FileClaimsBody";
/// Name of the schema of a simulation.
const SIMULATION: &str = "SimulateBody";
/// Name of the schema of a bulk of any writes.
const BULK: &str = "WriteBulkBody";
/// Name of the schema of a file of credit flags.
pub(super) const CSV: &str = "CreditFlagsFile";
/// Name of the schema of a problem document.
const PROBLEM: &str = "Problem";

fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

/// An item of a bulk of any writes.
fn item_schema() -> Object {
    let writes = ROUTES.iter().filter(|route| !route.body.is_empty());
    let operation = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(writes.map(|route| route.operation)));
    let path = ObjectBuilder::new()
        .description(Some("the parameters of the operation's path"))
        .additional_properties(Some(Schema::Object(text())));
    let body = ObjectBuilder::new().description(Some("the body of the operation"));
    ObjectBuilder::new()
        .property("operation", operation)
        .property("path", path)
        .property("body", body)
        .required("operation")
        .build()
}

fn bulk_schema(item: RefOr<Schema>) -> Object {
    let mode = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["atomic", "continue"]));
    let items = ArrayBuilder::new()
        .items(item)
        .min_items(Some(1))
        .max_items(Some(ITEMS_MAX));
    ObjectBuilder::new()
        .property("mode", mode)
        .property("items", items)
        .required("mode")
        .required("items")
        .build()
}

fn problem_schema() -> Object {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let any = || ArrayBuilder::new().items(ObjectBuilder::new());
    ObjectBuilder::new()
        .property("type", text())
        .property("title", text())
        .property("status", number)
        .property("code", text())
        .property("request_id", text())
        .property("detail", text())
        .property("refusal_id", text())
        .property("faults", any())
        .property("lines", any())
        .property("voucher", text())
        .property("errors", any())
        .required("code")
        .required("status")
        .build()
}

/// Everything that goes wrong is told in one form.
fn problems() -> utoipa::openapi::Response {
    let schema = Ref::from_schema_name(PROBLEM);
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description("a problem document: its code says what, docs/ERRORS.md what to do")
        .content("application/problem+json", content)
        .build()
}

/// A path without the patterns of its parameters.
fn path(route: &str) -> String {
    format!(
        "/v1{}",
        route.replace("{kind:enterprises|providers}", "{kind}")
    )
}

/// A text that is one of these words.
fn one_of(words: &str) -> Object {
    let words: Vec<&str> = words.split('|').collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}

/// The parameters that a path holds.
fn path_parameters(route: &'static str) -> Vec<utoipa::openapi::path::Parameter> {
    let parameter = |(name, values): (&str, Option<&'static str>)| {
        let schema = match values {
            None => text(),
            Some(values) => one_of(values),
        };
        let parameter = ParameterBuilder::new().name(name).schema(Some(schema));
        let parameter = parameter.parameter_in(ParameterIn::Path);
        parameter.required(Required::True).build()
    };
    parameters_of(route).map(parameter).collect()
}

/// A read of the views.
fn query_operation(
    route: &'static str,
    name: &str,
    parameters: impl Iterator<Item = &'static str>,
) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(name))
        .summary(Some(name.replace('_', " ")))
        .security(SecurityRequirement::new::<_, [&str; 0], _>("bearer", []));
    for parameter in path_parameters(route) {
        operation = operation.parameter(parameter);
    }
    for name in parameters {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query);
        operation = operation.parameter(parameter);
    }
    let page = ResponseBuilder::new()
        .description("what was found; of a list a page: data, next_cursor, view_sequence");
    let behind = ResponseBuilder::new().description("the views are behind; try again");
    operation
        .response("200", page)
        .response("503", behind)
        .build()
}

/// Query parameters of a read.
fn query_of(route: &Route) -> &'static [&'static str] {
    match route.operation {
        "get_trial_balance" => &["party", "section"],
        "get_voucher_file" => &["programme"],
        _ => &[],
    }
}

/// Media type of a route's body.
fn media(route: &Route) -> &'static str {
    match route.body {
        CSV => "text/csv",
        _ => "application/json",
    }
}

/// What every write takes besides its body.
fn repeatable(operation: OperationBuilder) -> OperationBuilder {
    let parameter = |name: &str, place| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .schema(Some(text()))
    };
    operation
        .parameter(parameter("Idempotency-Key", ParameterIn::Header))
        .parameter(parameter("dry_run", ParameterIn::Query))
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(route.operation))
        .summary(Some(route.operation.replace('_', " ")))
        .security(SecurityRequirement::new::<_, [&str; 0], _>("bearer", []));
    for parameter in path_parameters(route.path) {
        operation = operation.parameter(parameter);
    }
    if route.body.is_empty() {
        for name in query_of(route) {
            let parameter = ParameterBuilder::new().name(*name).schema(Some(text()));
            operation = operation.parameter(parameter.parameter_in(ParameterIn::Query));
        }
        return operation
            .response("default", problems())
            .response("200", ResponseBuilder::new().description("the resource"))
            .response(
                "404",
                ResponseBuilder::new().description("no such resource for you"),
            )
            .build();
    }
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(route.body)))
        .build();
    if route.body != SIMULATION {
        operation = repeatable(operation);
    }
    operation
        .response("default", problems())
        .request_body(Some(
            RequestBodyBuilder::new()
                .content(media(route), content)
                .required(Some(Required::True))
                .build(),
        ))
        .response(
            "200",
            ResponseBuilder::new().description("done; the fact of its event"),
        )
        .response(
            "201",
            ResponseBuilder::new().description("made; the fact of its event"),
        )
        .response(
            "400",
            ResponseBuilder::new().description("malformed; a problem document"),
        )
        .response(
            "422",
            ResponseBuilder::new().description("refused by a rule; a problem document"),
        )
        .response(
            "503",
            ResponseBuilder::new().description("busy or unavailable; retry with the same key"),
        )
        .build()
}
