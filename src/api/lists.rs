//! Lists, from the views: filters, search, cursor pages.

mod search;
mod standing;
mod today;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::context::{Cx, day, not_one_of};
use super::problem::Problem;
use super::render::{View, yuan};
use super::request::{Asked, freshness, look, parameters};
use super::server::Shared;
use crate::domain::{
    AgreementId, ApplicationId, CategoryId, ClaimId, EnterpriseId, Fen, IdKind, InstructionId,
    LineId, MemberId, OrderId, PaymentId, PeriodId, PrincipalId, ProgrammeId, ProposalId,
    ProviderId, Seq, TransferId, VoucherId,
};
use crate::engine::State;
use crate::engine::command::{Role, Scope};
use crate::node::Freshness;
use crate::views::{
    APPLICANT_TEXT, Compare, Filter, FilterValue, HOLDER_TEXT, Listed, Page, Reach, Resource,
    Views, ViewsError,
};

/// Rows of a page if none are asked for, and most rows.
const ROWS: (u32, u32) = (50, 200);

/// How long a list waits for the views.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a query parameter is read.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Search,
    DayFrom,
    DayTo,
    Member,
    Programme,
    Category,
    Enterprise,
    Provider,
    Voucher,
    Claim,
    Period,
    /// An enterprise or a voucher on a line of an order.
    OrderHolder,
    OrderVoucher,
    Principal,
    Flag,
    /// Where a voucher stands today.
    Standing,
    /// What an enterprise is today.
    Today,
    /// What a claim is charged to.
    ChargedTo,
}

/// A list: its path, its resource, and its query parameters with the columns they compare.
pub(super) struct ListRoute {
    pub(super) path: &'static str,
    pub(super) operation: &'static str,
    resource: Resource,
    filters: &'static [(&'static str, Kind, &'static [&'static str])],
}

impl ListRoute {
    /// Names of the query parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let common = ["limit", "cursor", "min_seq", "consistency"];
        self.filters.iter().map(|(name, _, _)| *name).chain(common)
    }
}

macro_rules! lists {
    ($($path:literal $operation:ident $resource:ident {
        $($name:literal: $kind:ident $columns:expr),* $(,)?
    })*) => {
        /// All lists.
        pub(super) const LISTS: &[ListRoute] = &[$(ListRoute {
            path: $path,
            operation: stringify!($operation),
            resource: Resource::$resource,
            filters: &[$(($name, Kind::$kind, &$columns)),*],
        }),*];
    };
}

lists! {
    "/members" list_members Members {
        "q": Search ["search_text", "code"], "kind": Text ["kind"],
    }
    "/categories" list_categories Categories { "q": Search ["search_text", "code"] }
    "/enterprises" list_enterprises Enterprises {
        "q": Search ["search_text", "code"], "city": Member ["city"], "kind": Today [],
    }
    "/providers" list_providers Providers {
        "q": Search ["search_text", "code"], "city": Member ["city"],
    }
    "/programmes" list_programmes Programmes {
        "q": Search ["search_text", "code"], "city": Member ["city"], "status": Text ["status"],
    }
    "/budget-changes" list_budget_changes BudgetChanges {
        "programme": Programme ["programme"], "city": Member ["city"],
        "direction": Text ["direction"], "changed_from": DayFrom ["changed_on"],
        "changed_to": DayTo ["changed_on"],
    }
    "/agreements" list_agreements Agreements {
        "home": Member ["home"], "host": Member ["host"], "category": Category ["category"],
    }
    "/vouchers" list_vouchers Vouchers {
        "programme": Programme ["programme"], "holder": Enterprise ["holder"],
        "issuer": Member ["issuer"], "issued_from": DayFrom ["issued_on"],
        "issued_to": DayTo ["issued_on"], "cash_by_from": DayFrom ["cash_by"],
        "cash_by_to": DayTo ["cash_by"], "replaces": Voucher ["replaces"],
        "status": Standing [],
        "q": Search ["public_id", HOLDER_TEXT],
    }
    "/applications" list_applications Applications {
        "status": Text ["status"], "programme": Programme ["programme"],
        "enterprise": Enterprise ["enterprise"], "city": Member ["issuer"],
        "filed_from": DayFrom ["filed_on"], "filed_to": DayTo ["filed_on"],
        "q": Search [APPLICANT_TEXT],
    }
    "/transfers" list_transfers Transfers {
        "voucher": Voucher ["voucher"], "status": Text ["status"], "issuer": Member ["issuer"],
        "kind": Text ["kind"],
    }
    "/reversals" list_reversals Reversals {
        "what": Text ["what"], "city": Member ["city"], "voucher": Voucher ["voucher"],
        "reversed_from": DayFrom ["reversed_on"], "reversed_to": DayTo ["reversed_on"],
    }
    "/orders" list_orders Orders {
        "status": Text ["status"], "provider": Provider ["provider"],
        "enterprise": OrderHolder ["SELECT order_id FROM order_lines WHERE holder ="],
        "voucher": OrderVoucher ["SELECT order_id FROM order_lines WHERE voucher ="],
        "hold_until_from": DayFrom ["hold_until"], "hold_until_to": DayTo ["hold_until"],
        "q": Search ["contract_no", "public_id"],
    }
    "/claims" list_claims Claims {
        "voucher": Voucher ["voucher"], "provider": Provider ["provider"],
        "programme": Programme ["programme"],
        "charged_to": ChargedTo ["COALESCE(charged_to, programme) = ?"],
        "issuer": Member ["issuer"],
        "payer": Member ["payer"], "category": Category ["category"], "period": Period ["period"],
        "status": Text ["status"], "invoice_no": Text ["invoice_no"],
        "filed_from": DayFrom ["filed_on"], "filed_to": DayTo ["filed_on"],
        "q": Search ["contract_no", "invoice_no", "public_id"],
    }
    "/refusals" list_refusals Refusals {
        "code": Text ["code"], "command": Text ["command"], "voucher": Voucher ["voucher"],
        "provider": Provider ["provider"], "invoice_no": Text ["invoice_no"],
        "refused_from": DayFrom ["refused_on"], "refused_to": DayTo ["refused_on"],
    }
    "/lines" list_lines Lines {
        "period": Period ["period"], "debtor": Member ["debtor"], "creditor": Member ["creditor"],
        "programme": Programme ["programme"], "origin": Text ["origin"],
    }
    "/periods" list_periods Periods { "status": Text ["status"] }
    "/instructions" list_instructions Instructions {
        "period": Period ["period"], "debtor": Member ["debtor"], "creditor": Member ["creditor"],
    }
    "/voucher-files" list_voucher_files VoucherFiles {
        "programme": Programme ["programme"], "issuer": Member ["issuer"], "mode": Text ["mode"],
    }
    "/principals" list_principals Principals { "enabled": Flag ["enabled"] }
    "/grants" list_grants Grants {
        "principal": Principal ["principal"], "role": Text ["role"], "scope": Text ["scope"],
        "member": Member ["member"], "in_force": Flag ["in_force"],
        "set_from": DayFrom ["set_on"],
        "set_to": DayTo ["set_on"],
    }
    "/tokens" list_tokens Tokens {
        "principal": Principal ["principal"], "revoked": Flag ["revoked"],
    }
    "/proposals" list_proposals Proposals {
        "status": Text ["status"], "action": Text ["action"], "member": Member ["member"],
        "expires_from": DayFrom ["expires_on"], "expires_to": DayTo ["expires_on"],
    }
    "/payments" list_payments Payments {
        "claim": Claim ["claim"], "payer": Member ["payer"], "paid_from": DayFrom ["paid_on"],
        "paid_to": DayTo ["paid_on"], "q": Search ["bank_ref"],
    }
    "/admissions" list_admissions Admissions {
        "q": Search ["code"], "city": Member ["city"], "status": Text ["status"],
        "provider": Provider ["provider"],
    }
    "/recognitions" list_recognitions Recognitions {
        "city": Member ["city"], "subject": Text ["subject"], "provider": Provider ["provider"],
        "subject_city": Member ["subject_city"], "stance": Text ["stance"],
    }
    "/statuses" list_statuses Statuses {
        "enterprise": Enterprise ["enterprise"], "kind": Text ["kind"],
        "certified_by": Member ["certified_by"],
    }
    "/relations" list_relations Relations {
        "enterprise": Enterprise ["enterprise", "other_enterprise"],
        "provider": Provider ["provider", "other_provider"], "kind": Text ["kind"],
    }
    "/credit-flags" list_credit_flags CreditFlags {
        "enterprise": Enterprise ["enterprise"], "provider": Provider ["provider"],
        "code": Text ["code"], "level": Text ["level"], "city": Member ["city"],
        "status": Text ["status"],
    }
    "/bank-accounts" list_bank_accounts BankAccounts {
        "enterprise": Enterprise ["enterprise"], "provider": Provider ["provider"],
        "status": Text ["status"],
    }
}

/// Registers every list.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    for route in LISTS {
        let handler = move |request: HttpRequest, shared: web::Data<Shared>| async move {
            let asked = Asked::of(&request);
            let answer = list(&request, &shared, route).await;
            asked.settle(&shared, answer).await
        };
        config.route(&format!("/v1{}", route.path), web::get().to(handler));
    }
}

/// The views, once they hold what the asker has seen or asks for, unless older rows will do.
pub(super) async fn await_views<'a>(
    request: &HttpRequest,
    shared: &'a Shared,
    seen: Seq,
) -> Result<&'a Views, Problem> {
    let wanted = match freshness(&parameters(request))? {
        Freshness::Any => None,
        Freshness::AtLeast(events) => Some(events),
        Freshness::Newest => Some(seen),
    };
    if let Some(events) = wanted {
        let reached = shared.views.reach(events.0, PATIENCE).await;
        if !reached.map_err(unreadable)? {
            return Err(Problem::new("BEHIND"));
        }
    }
    Ok(shared.views.views())
}

/// The views cannot be read now.
pub(super) fn unreadable(error: ViewsError) -> Problem {
    let error = &error as &dyn std::error::Error;
    tracing::error!(error, "the views cannot be read");
    Problem::new("UNAVAILABLE")
}

/// A number among the parameters.
pub(super) fn count(path: &BTreeMap<String, String>, name: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = path.get(name) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(Problem::field(name, "is a number")),
    }
}

async fn list(
    request: &HttpRequest,
    shared: &Shared,
    route: &'static ListRoute,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let (page, seen) = look(request, shared, |cx| wanted(cx, route)).await?;
    let views = await_views(request, shared, seen).await?;
    let held = shared.views.position();
    let Listed { rows, next } = views.list(&page).await.map_err(unreadable)?;
    let cursor = next.map(|key| key.to_string());
    let data = node.peek(|state| {
        let view = View::all(state, node.ledger_tag());
        let rows = rows.into_iter();
        rows.map(|row| render(&view, page.resource, row))
            .collect::<Vec<Value>>()
    })?;
    let body = json!({"data": data, "next_cursor": cursor, "view_sequence": held});
    Ok(HttpResponse::Ok()
        .insert_header(("Quantong-Sequence", seen.0.to_string()))
        .content_type("application/json")
        .body(body.to_string()))
}

fn wanted(cx: &Cx<'_>, route: &ListRoute) -> Result<Page, Problem> {
    for name in cx.path.keys() {
        if !route.parameters().any(|known| known == name) {
            return Err(Problem::field(name, "is no parameter of this list"));
        }
    }
    let rows = count(cx.path, "limit")?.unwrap_or(u64::from(ROWS.0));
    let rows = u32::try_from(rows)
        .ok()
        .filter(|rows| (1..=ROWS.1).contains(rows));
    let rows = rows.ok_or_else(|| Problem::field("limit", "lies between 1 and 200"))?;
    let before = count(cx.path, "cursor")?.map(|key| i64::try_from(key).unwrap_or(i64::MAX));
    let mut filters = Vec::new();
    for (name, kind, columns) in route.filters {
        if let Some(text) = cx.path.get(*name) {
            filters.push(filter(cx, route.resource, name, text, *kind, columns)?);
        }
    }
    Ok(Page {
        resource: route.resource,
        reach: reach(cx, route.resource),
        filters,
        before,
        rows,
        look_at: None,
    })
}

fn filter(
    cx: &Cx<'_>,
    resource: Resource,
    name: &str,
    text: &str,
    kind: Kind,
    columns: &'static [&'static str],
) -> Result<Filter, Problem> {
    let number = |number: u32| FilterValue::Number(i64::from(number));
    let compare = match kind {
        Kind::Text => {
            if let Some(words) = words::of(resource, name)
                && !words.contains(&text)
            {
                return Err(not_one_of(name, words.into_iter()));
            }
            Compare::Is(FilterValue::Text(plain(name, text)?.to_owned()))
        }
        Kind::Search => return search::filter(cx, resource, name, text, columns),
        Kind::DayFrom => Compare::From(FilterValue::Text(day(name, text)?.to_string())),
        Kind::DayTo => Compare::To(FilterValue::Text(day(name, text)?.to_string())),
        Kind::Member => Compare::Is(number(cx.member(name, text)?.0.into())),
        Kind::Programme => Compare::Is(number(cx.programme(name, text)?.0.into())),
        Kind::Category => Compare::Is(number(cx.category(name, text)?.0.into())),
        Kind::Enterprise => Compare::Is(number(cx.enterprise(name, text)?.0)),
        Kind::Provider => Compare::Is(number(cx.provider(name, text)?.0)),
        Kind::Principal => Compare::Is(number(cx.principal_id(name, text)?.0)),
        Kind::Standing => return standing::filter(cx, name, text),
        Kind::Today => return today::of_kind(cx, name, text),
        Kind::ChargedTo => Compare::Holds(number(cx.programme(name, text)?.0.into())),
        Kind::Flag => Compare::Is(number(u32::from(flag(name, text)?))),
        Kind::Period => Compare::Is(number(cx.period(name, text)?.0.into())),
        Kind::Voucher => {
            let canonical = |state: &State, id, tag| state.voucher_id(VoucherId(id), tag);
            Compare::Is(number(cx.id(name, text, IdKind::Voucher, canonical)?))
        }
        Kind::OrderHolder => Compare::Among(number(cx.enterprise(name, text)?.0)),
        Kind::OrderVoucher => {
            let canonical = |state: &State, id, tag| state.voucher_id(VoucherId(id), tag);
            let id = cx.id(name, text, IdKind::Voucher, canonical)?;
            Compare::Among(number(id))
        }
        Kind::Claim => {
            let canonical = |state: &State, id, tag| state.claim_id(ClaimId(id), tag);
            Compare::Is(number(cx.id(name, text, IdKind::Claim, canonical)?))
        }
    };
    Ok(Filter { columns, compare })
}

/// A text that is looked for as it is. No row has a control character, and PostgreSQL takes no NUL.
pub(super) fn plain<'a>(name: &str, text: &'a str) -> Result<&'a str, Problem> {
    if text.chars().any(char::is_control) {
        return Err(Problem::field(name, "has no control characters"));
    }
    Ok(text)
}

fn flag(name: &str, text: &str) -> Result<bool, Problem> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::field(name, "is true or false")),
    }
}

/// Whose rows the asker may read; `None` for all.
fn reach(cx: &Cx<'_>, resource: Resource) -> Option<Vec<Reach>> {
    if resource.is_public() || cx.may_read(&[]) {
        return None;
    }
    let mut reach = vec![Reach::Sender(cx.principal.0)];
    for (role, scope) in cx.state.grants_of(cx.principal) {
        match scope {
            Scope::Member(id) => reach.push(Reach::Member(id.0)),
            Scope::Enterprise(id) if role == Role::Enterprise => {
                reach.push(Reach::Enterprise(id.0));
            }
            Scope::Provider(id) if role == Role::Provider => reach.push(Reach::Provider(id.0)),
            Scope::Enterprise(_) | Scope::Provider(_) | Scope::Corridor => {}
        }
    }
    reach.dedup();
    Some(reach)
}

/// Columns that hold fen.
const MONEY: &[&str] = &[
    "amount",
    "free",
    "held",
    "claimed",
    "approved",
    "returned",
    "contract_amount",
    "invoice_amount",
    "paid_amount",
    "paid",
    "carried",
    "gross",
    "budget",
    "total",
];

/// A row as the API shows it: yuan, codes and identifiers instead of fen and numbers.
fn render(view: &View<'_>, resource: Resource, row: Value) -> Value {
    let Value::Object(row) = row else {
        return Value::Null;
    };
    let mut shown = Map::new();
    shown.insert("id".to_owned(), row_id(view, resource, &row));
    if resource == Resource::Vouchers {
        shown.insert("status".to_owned(), standing::of_row(view.state, &row));
    }
    let scope = scope_of(view, &row);
    let from_claim = row.get("origin").is_some_and(|origin| origin != "arrears");
    // In a payment the flag of the same name is no amount.
    let is_flag = |name: &str| resource == Resource::Payments && name == "returned";
    for (name, value) in &row {
        if let Some(told) = today::told(view, resource, &row, name) {
            shown.insert(today::shown_as(name).to_owned(), told);
            continue;
        }
        match name.as_str() {
            "id" | "public_id" | "search_text" => {}
            "event" => {
                shown.insert("sequence".to_owned(), value.clone());
            }
            name if is_flag(name) || FLAGS.contains(&name) => {
                shown.insert(name.to_owned(), json!(*value == 1));
            }
            name if MONEY.contains(&name) && value.is_i64() => {
                let fen = Fen::try_new(value.as_i64().unwrap_or(0)).unwrap_or(Fen::ZERO);
                shown.insert(name.to_owned(), yuan(fen));
            }
            "origin_id" => {
                let origin = u32::try_from(value.as_u64().unwrap_or(0)).unwrap_or(u32::MAX);
                let origin = match from_claim {
                    true => view.claim(ClaimId(origin)),
                    false => view.instruction(InstructionId(origin)),
                };
                shown.insert(name.clone(), origin);
            }
            "faults" => {
                let faults = value
                    .as_str()
                    .unwrap_or("")
                    .split('|')
                    .filter(|code| !code.is_empty());
                shown.insert("faults".to_owned(), faults.collect());
            }
            "order_id" => {
                let order = named(view, name, value);
                shown.insert("order".to_owned(), order.unwrap_or_else(|| value.clone()));
            }
            "categories" => {
                let set = value.as_i64().map(i64::cast_unsigned);
                shown.insert(name.clone(), json!(set.map(|set| view.categories(set))));
            }
            "first_line" | "line_count" | "scope_id" => {}
            "scope" => {
                shown.insert(name.clone(), scope.clone());
            }
            name => {
                let named = named(view, name, value);
                shown.insert(name.to_owned(), named.unwrap_or_else(|| value.clone()));
            }
        }
    }
    Value::Object(shown)
}

/// What names a row to the outside.
fn row_id(view: &View<'_>, resource: Resource, row: &Map<String, Value>) -> Value {
    let number = row.get("id").and_then(Value::as_u64).unwrap_or(0);
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let short = u16::try_from(number).unwrap_or(u16::MAX);
    match resource {
        Resource::Members => view.member(MemberId(short)),
        Resource::Categories | Resource::Programmes => row["code"].clone(),
        Resource::Agreements => view.agreement_id(AgreementId(number)),
        Resource::Applications => view.application(ApplicationId(number)),
        Resource::Transfers => view.transfer(TransferId(number)),
        Resource::Reversals => row["event"].clone(),
        Resource::Lines => view.line(LineId(number)),
        Resource::Periods => row["month"].clone(),
        Resource::Instructions => view.instruction(InstructionId(number)),
        Resource::Payments => view.payment(PaymentId(number)),
        Resource::VoucherFiles => row["sha256"].clone(),
        Resource::Proposals => view.proposal(ProposalId(number)),
        Resource::BudgetChanges => row["event"].clone(),
        Resource::Principals => view.principal(PrincipalId(number)),
        Resource::Grants => view.principal(PrincipalId(
            u32::try_from(row["principal"].as_u64().unwrap_or(0)).unwrap_or(0),
        )),
        Resource::Tokens => row["sha256"].clone(),
        Resource::Refusals => view.refusal(Seq(row["event"].as_u64().unwrap_or(0))),
        Resource::Recognitions
        | Resource::Statuses
        | Resource::Relations
        | Resource::BankAccounts => row["event"].clone(),
        Resource::Enterprises
        | Resource::Providers
        | Resource::Vouchers
        | Resource::Orders
        | Resource::Claims
        | Resource::Admissions
        | Resource::CreditFlags => row["public_id"].clone(),
    }
}

/// The scope of a grant, from its two columns.
fn scope_of(view: &View<'_>, row: &Map<String, Value>) -> Value {
    let id = row.get("scope_id").and_then(Value::as_u64).unwrap_or(0);
    let id = u32::try_from(id).unwrap_or(u32::MAX);
    match row.get("scope").and_then(Value::as_str) {
        Some("corridor") => view.scope(Scope::Corridor),
        Some("member") => {
            let id = u16::try_from(id).unwrap_or(u16::MAX);
            view.scope(Scope::Member(MemberId(id)))
        }
        Some("enterprise") => view.scope(Scope::Enterprise(EnterpriseId(id))),
        Some("provider") => view.scope(Scope::Provider(ProviderId(id))),
        _ => Value::Null,
    }
}

/// Columns that hold 0 or 1.
const FLAGS: &[&str] = &[
    "signed_protocol",
    "enabled",
    "in_force",
    "suspended",
    "frozen",
    "revoked",
    "voided",
    "disputed",
];

/// What a column with a number refers to.
fn named(view: &View<'_>, column: &str, value: &Value) -> Option<Value> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    let short = u16::try_from(number).unwrap_or(u16::MAX);
    Some(match column {
        "city" | "to_city" | "endorsed_by" | "issuer" | "payer" | "debtor" | "creditor"
        | "home" | "host" | "pool" | "member" | "subject_city" | "certified_by" => {
            view.member(MemberId(short))
        }
        "programme" | "to_programme" | "charged_to" | "carried_from" | "carried_into" => {
            view.programme(ProgrammeId(short))
        }
        "category" => view.category(CategoryId(u8::try_from(number).unwrap_or(u8::MAX))),
        "period" => view.period(PeriodId(short)),
        "holder" | "receiver" | "enterprise" | "other_enterprise" => {
            view.enterprise(EnterpriseId(number))
        }
        "provider" | "other_provider" => view.provider(ProviderId(number)),
        "voucher" | "parent" | "child" | "replaces" | "replaced_by" => {
            view.voucher(VoucherId(number))
        }
        "application" => view.application(ApplicationId(number)),
        "claim" => view.claim(ClaimId(number)),
        "order_id" => view.order(OrderId(number)),
        "agreement" => view.agreement_id(AgreementId(number)),
        "filed_by" | "sent_by" | "approved_by" | "made_by" | "proposed_by" | "applied_by"
        | "submitted_by" | "changed_by" | "registered_by" | "issued_by" | "set_by"
        | "agreed_by" | "principal" | "reversed_by" => view.principal(PrincipalId(number)),
        "transfer" => view.transfer(TransferId(number)),
        "instruction" => view.instruction(InstructionId(number)),
        _ => return None,
    })
}
