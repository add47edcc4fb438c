//! Balances and statements on any past business day from the views, and at any recorded moment with
//! what the journal adds.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::context::{Cx, day, one_of};
use super::lists::await_views;
use super::moment::{self, Moment};
use super::problem::Problem;
use super::render::View;
use super::request::{Asked, look};
use super::server::Shared;
use crate::domain::{
    Day, EnterpriseId, MemberId, PeriodId, ProgrammeId, ProviderId, RecordedAt, Seq, SignedFen,
};
use crate::engine::State;
use crate::engine::books::{AccountKind, Section};
use crate::engine::command::Scope;
use crate::views::AccountDay;

/// Paths, operations and query parameters, for the OpenAPI document.
pub(super) const ACCOUNT_ROUTES: &[(&str, &str, &[&str])] = &[
    (
        "/balances",
        "get_balances",
        &["party", "on", "at", "min_seq", "consistency"],
    ),
    (
        "/statement",
        "get_statement",
        &[
            "party",
            "account",
            "programme",
            "member",
            "provider",
            "enterprise",
            "period",
            "from",
            "to",
            "at",
            "min_seq",
            "consistency",
        ],
    ),
];

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/v1/balances", web::get().to(get_balances));
    config.route("/v1/statement", web::get().to(get_statement));
}

async fn get_balances(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = balances(&request, &shared).await;
    asked.settle(&shared, answer).await
}

async fn get_statement(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = statement(&request, &shared).await;
    asked.settle(&shared, answer).await
}

/// The member whose book is asked for, if the asker may read it.
fn party(cx: &Cx<'_>) -> Result<MemberId, Problem> {
    let party = cx.member("party", cx.param("party"))?;
    cx.reading("party", &[Scope::Member(party)])?;
    Ok(party)
}

fn shown(fen: i64) -> Value {
    json!(SignedFen(i128::from(fen)).to_string())
}

fn kind_of(name: &str) -> Option<AccountKind> {
    AccountKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.as_str() == name)
}

/// Debits less credits, or the other way round where that is the normal side.
fn on_side(account: &str, debits: i64, credits: i64) -> Value {
    let left = kind_of(account).is_none_or(AccountKind::is_left);
    shown(if left {
        debits - credits
    } else {
        credits - debits
    })
}

async fn balances(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let find = |cx: &Cx<'_>| {
        known(cx, "get_balances")?;
        let asked = moment::asked(cx, "on")?;
        moment::refuse_future(cx, asked, shared.node.now())?;
        // A statement may go up to the end of a month that has begun; balances of a day that has
        // not come would only be today's.
        let today = cx.state.business_date();
        if matches!(asked, moment::Asked::Day(day) if day > today) {
            let problem = format!("lies ahead: today is {today}");
            return Err(Problem::field("on", problem));
        }
        Ok((party(cx)?, asked))
    };
    let ((party, asked), seen) = look(request, shared, find).await?;
    let moment = Moment::find(&shared.node, asked, party, seen).await?;
    let views = await_views(request, shared, seen).await?;
    let sums = views.balances(party.0, &moment.whole).await;
    let sums = moment.complete(sums.map_err(super::lists::unreadable)?);
    let rows = shared.node.peek(|state| {
        let view = View::all(state, shared.node.ledger_tag());
        let row = |sum: &crate::views::AccountSum| {
            let section = kind_of(&sum.account).map(AccountKind::section);
            json!({
                "account": sum.account,
                "section": if section == Some(Section::Budget) { "budget" } else { "actual" },
                "detail": detail(&view, &sum.about, sum.about_id),
                "debits": shown(sum.debits),
                "credits": shown(sum.credits),
                "balance": on_side(&sum.account, sum.debits, sum.credits),
            })
        };
        sums.iter().map(row).collect::<Vec<Value>>()
    })?;
    let mut body = json!({"on": moment.day.to_string(), "accounts": rows});
    name_moment(&mut body, &moment);
    Ok(answer(&body, seen))
}

fn detail(view: &View<'_>, about: &str, id: u32) -> Value {
    let short = u16::try_from(id).unwrap_or(u16::MAX);
    match about {
        "programme" => json!({"programme": view.programme(ProgrammeId(short))}),
        "member" => json!({"member": view.member(MemberId(short))}),
        "provider" => json!({"payee": view.provider(ProviderId(id))}),
        "enterprise" => json!({"payee": view.enterprise(EnterpriseId(id))}),
        "period" => json!({"period": view.period(PeriodId(short))}),
        _ => Value::Null,
    }
}

/// Says after how many events a moment within a day is.
fn name_moment(body: &mut Value, moment: &Moment) {
    if let Some(events) = moment.events {
        body["at_sequence"] = json!(events.0);
    }
}

/// One account of a member.
struct Wanted {
    party: MemberId,
    account: AccountKind,
    about: (&'static str, u32),
    from: Option<Day>,
    to: moment::Asked,
}

/// The parameters that say for what an account is kept.
const DETAILS: [&str; 5] = ["programme", "member", "provider", "enterprise", "period"];

/// Reads for what an account is kept: without it, or with another thing, no account is named.
fn about(cx: &Cx<'_>, account: AccountKind) -> Result<(&'static str, u32), Problem> {
    let kept_for = account.kept_for();
    let given = DETAILS.iter().filter(|name| !cx.param(name).is_empty());
    let given: Vec<&'static str> = given.copied().collect();
    if let Some(stray) = given.iter().find(|name| !kept_for.contains(name)) {
        let problem = format!("is not what {} is kept for", account.as_str());
        return Err(Problem::field(stray, problem));
    }
    let name = match (&given[..], kept_for) {
        ([], []) => return Ok(("", 0)),
        ([name], _) => *name,
        ([], [first, ..]) => {
            let problem = format!(
                "is missing: {} is kept for each {}",
                account.as_str(),
                kept_for.join(" or ")
            );
            return Err(Problem::field(first, problem));
        }
        ([_, second, ..], _) => return Err(Problem::field(second, "is one too many")),
    };
    let text = cx.param(name);
    let id = match name {
        "programme" => cx.programme(name, text)?.0.into(),
        "member" => cx.member(name, text)?.0.into(),
        "provider" => cx.provider(name, text)?.0,
        "enterprise" => cx.enterprise(name, text)?.0,
        _ => cx.period(name, text)?.0.into(),
    };
    Ok((name, id))
}

/// Refuses a parameter that a read does not know, which it would else pass over.
fn known(cx: &Cx<'_>, operation: &str) -> Result<(), Problem> {
    let route = ACCOUNT_ROUTES.iter().find(|route| route.1 == operation);
    let known = route.map_or(&[][..], |route| route.2);
    let stray = cx.path.keys().find(|name| !known.contains(&name.as_str()));
    match stray {
        Some(name) => Err(Problem::field(name, "is no parameter of this read")),
        None => Ok(()),
    }
}

fn wanted(cx: &Cx<'_>, now: RecordedAt) -> Result<Wanted, Problem> {
    known(cx, "get_statement")?;
    let account = {
        let kinds: Vec<_> = AccountKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), *kind))
            .collect();
        one_of("account", cx.param("account"), &kinds)?
    };
    let from = match cx.param("from") {
        "" => None,
        text => Some(day("from", text)?),
    };
    let to = moment::asked(cx, "to")?;
    moment::refuse_future(cx, to, now)?;
    if let (Some(from), moment::Asked::Day(to)) = (from, to)
        && from > to
    {
        return Err(Problem::field("from", "is not after to"));
    }
    Ok(Wanted {
        party: party(cx)?,
        account,
        about: about(cx, account)?,
        from,
        to,
    })
}

async fn statement(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let find = |cx: &Cx<'_>| wanted(cx, shared.node.now());
    let (wanted, seen) = look(request, shared, find).await?;
    let moment = Moment::find(&shared.node, wanted.to, wanted.party, seen).await?;
    let views = await_views(request, shared, seen).await?;
    let account = wanted.account.as_str();
    let (about, id) = wanted.about;
    let days = views.account_days(wanted.party.0, account, about, id, &moment.whole);
    let mut days = days.await.map_err(super::lists::unreadable)?;
    if let [debits, credits] = moment.posted(account, about, id)
        && (debits, credits) != (0, 0)
    {
        days.push(AccountDay {
            day: moment.day.to_string(),
            debits,
            credits,
        });
    }
    let from = wanted.from.map(|day| day.to_string()).unwrap_or_default();
    let (mut debits, mut credits) = (0, 0);
    let mut opening = on_side(account, 0, 0);
    let mut rows = Vec::new();
    for day in &days {
        debits += day.debits;
        credits += day.credits;
        let balance = on_side(account, debits, credits);
        if day.day < from {
            opening = balance;
        } else {
            rows.push(json!({
                "day": day.day,
                "debits": shown(day.debits),
                "credits": shown(day.credits),
                "balance": balance,
            }));
        }
    }
    let detail = shared.node.peek(|state: &State| {
        let tag = shared.node.ledger_tag();
        detail(&View::all(state, tag), about, id)
    })?;
    let mut body = json!({
        "account": account,
        "detail": detail,
        "opening_balance": opening,
        "days": rows,
        "closing_balance": on_side(account, debits, credits),
    });
    name_moment(&mut body, &moment);
    Ok(answer(&body, seen))
}

fn answer(body: &Value, seen: Seq) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Quantong-Sequence", seen.0.to_string()))
        .content_type("application/json")
        .body(body.to_string())
}
