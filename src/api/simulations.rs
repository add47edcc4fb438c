//! Simulations of rules that nobody has published yet: `POST /v1/simulations`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::bodies::{Body, MarkSimulatedBody, PublishVersionBody, RegisterAgreementBody};
use super::context::{Cx, day, token_hash, yuan as parse_yuan};
use super::problem::Problem;
use super::render::{View, yuan};
use super::request::{Asked, SEQUENCE, asking, dry_run, json_body};
use super::routes::CORRIDOR_ROLES;
use super::server::Shared;
use super::write::{carry_out, understood};
use crate::domain::{Day, Fen, MemberId, PrincipalId, ProgrammeId, Seq, SignedFen};
use crate::engine::command::{Command, MarkSimulated, Role, Scope, Submission};
use crate::engine::event::SYSTEM;
use crate::engine::refusal::RefusalCode;
use crate::engine::simulate::{Question, Report, Side, SimulatedClaim, Verdict};
use crate::engine::terms::SimulationOutcome;
use crate::engine::{Rejection, State};
use crate::node::{NodeError, SIMULATED_EVENTS_MAX, Simulated, Telling};

/// Most claims that are told one by one.
const CLAIMS_MAX: usize = 10_000;
/// Claims that are told if nothing else is asked for.
const CLAIMS: usize = 1_000;

/// A draft, and the claims that it is applied to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulateBody {
    /// Code of the programme whose claims are decided again.
    programme: Option<String>,
    /// A draft of its rules; they stand in for every version that takes effect on the draft's
    /// `effective_from` or later.
    terms: Option<PublishVersionBody>,
    /// A draft of an agreement; it stands in for what its cities agreed for its category and days.
    agreement: Option<RegisterAgreementBody>,
    /// First filing day; the draft is unknown before.
    from: Option<String>,
    /// Last filing day.
    to: Option<String>,
    /// The programme's budget in yuan; what it was at the time if none is given.
    budget: Option<String>,
    /// Which claims are told one by one: `changed`, `all` or `none`.
    claims: Option<String>,
    /// Most claims told, at most 10,000.
    limit: Option<usize>,
}

/// `POST /v1/simulations`.
pub(super) async fn simulate(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = answer(&request, payload, &shared).await;
    asked.settle(&shared, answer).await
}

/// What was asked, with the commands that would make the drafts the rules.
struct Asking {
    question: Question,
    drafts: Vec<Command>,
}

async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let hash = token_hash(request)?;
    let body = json_body(request, payload, shared.settings.body_bytes_max).await?;
    let body: SimulateBody =
        serde_json::from_value(body).map_err(|error| Problem::field("body", error))?;
    let telling = telling(&body)?;
    let mut path = BTreeMap::new();
    if let Some(programme) = &body.programme {
        path.insert("code".to_owned(), programme.clone());
    }
    let asking = node.peek(asking(node, hash, &path, |cx| understand(cx, body)))??;
    for draft in asking.drafts {
        check(shared, draft).await?;
    }
    let Simulated { report, claims } = run(shared, asking.question, telling).await?;
    let tag = node.ledger_tag();
    let told = |state: &crate::engine::State| tell(&View::all(state, tag), &report, &claims);
    let (body, seen) = node.read(told).await?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    response.insert_header((SEQUENCE, seen.0.to_string()));
    Ok(response.body(body.to_string()))
}

/// Simulates, where the journal is not too long for it.
async fn run(shared: &Shared, question: Question, telling: Telling) -> Result<Simulated, Problem> {
    let events = shared.node.newest().await?;
    if events.0 > SIMULATED_EVENTS_MAX {
        return Err(Problem {
            detail: Some(format!("a journal of {SIMULATED_EVENTS_MAX} events")),
            ..Problem::new("LIMIT_REACHED")
        });
    }
    Ok(shared.node.simulate(question, telling).await?)
}

/// `POST /v1/programmes/{code}/drafts/{draft}/simulation`: nobody's word is taken for what came of
/// it.
pub(super) async fn mark_simulated(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = mark(&request, payload, &shared).await;
    asked.settle(&shared, answer).await
}

async fn mark(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, Problem> {
    let node = &shared.node;
    let rehearse = dry_run(request)?;
    let mut submission = understood::<MarkSimulatedBody>(request, payload, shared).await?;
    let Command::MarkSimulated(mark) = &mut submission.command else {
        return Err(Problem::new("NOT_FOUND"));
    };
    let drafted = |state: &State| drafted(state, submission.principal, mark);
    let (saved, question) = node.peek(drafted)??;
    let telling = Telling {
        unchanged: false,
        claims_max: 0,
    };
    let report = run(shared, question, telling).await?.report;
    let tag = node.ledger_tag();
    let told = node.peek(|state| tell(&View::all(state, tag), &report, &[]))?;
    mark.digest = Sha256::digest(told.to_string().as_bytes()).into();
    mark.outcome = Some(SimulationOutcome {
        saved,
        claims: report.claims,
        changed: report.changed,
        before: Fen::from_i128(report.before.amount),
        after: Fen::from_i128(report.after.amount),
    });
    carry_out(shared, submission, rehearse, Some(("report", told))).await
}

/// The draft that is asked for: by whom it may be, what is simulated, and which state of it.
fn drafted(
    state: &State,
    principal: PrincipalId,
    mark: &MarkSimulated,
) -> Result<(Seq, Question), Problem> {
    let missing = || Problem::not_found("draft");
    let city = state.programme(mark.programme).ok_or_else(missing)?.city;
    if !state.has_grant(principal, Role::ScienceOfficer, Scope::Member(city)) {
        return Err(Problem {
            detail: Some("the science-and-technology office of the city is needed".to_owned()),
            ..Problem::new("FORBIDDEN")
        });
    }
    let draft = state
        .draft(mark.programme, mark.draft)
        .ok_or_else(missing)?;
    let question = Question {
        programme: Some(mark.programme),
        terms: Some(Arc::clone(&draft.terms)),
        agreement: None,
        from: mark.from.unwrap_or(Day::MIN),
        to: mark.to.unwrap_or(Day::MAX),
        budget: mark.budget,
    };
    Ok((draft.saved, question))
}

fn telling(body: &SimulateBody) -> Result<Telling, Problem> {
    let claims_max = body.limit.unwrap_or(CLAIMS);
    if claims_max > CLAIMS_MAX {
        return Err(Problem::field("limit", format!("is at most {CLAIMS_MAX}")));
    }
    let (unchanged, claims_max) = match body.claims.as_deref() {
        None | Some("changed") => (false, claims_max),
        Some("all") => (true, claims_max),
        Some("none") => (false, 0),
        Some(_) => return Err(Problem::field("claims", "is changed, all or none")),
    };
    Ok(Telling {
        unchanged,
        claims_max,
    })
}

/// Offices of a city may ask for its programmes, the corridor's roles for everything.
fn may_ask(cx: &Cx<'_>, programme: Option<ProgrammeId>, agreement: bool) -> Result<(), Problem> {
    let reads_all = CORRIDOR_ROLES
        .iter()
        .any(|role| cx.state.has_grant(cx.principal, *role, Scope::Corridor));
    let city = programme
        .and_then(|id| cx.state.programme(id))
        .map(|row| row.city);
    let of_city = city.is_some_and(|city| {
        let offices = [Role::ScienceOfficer, Role::FinanceOfficer];
        let has = |role| cx.state.has_grant(cx.principal, role, Scope::Member(city));
        offices.into_iter().any(has)
    });
    if reads_all || (of_city && !agreement) {
        return Ok(());
    }
    let detail = if agreement {
        "the operator of the corridor is needed for this"
    } else {
        "an office of the programme's city is needed for this"
    };
    Err(Problem {
        detail: Some(detail.to_owned()),
        ..Problem::new("FORBIDDEN")
    })
}

fn understand(cx: &Cx<'_>, body: SimulateBody) -> Result<Asking, Problem> {
    let programme = match &body.programme {
        Some(code) => Some(cx.programme("programme", code)?),
        None => None,
    };
    may_ask(cx, programme, body.agreement.is_some())?;
    if body.terms.is_some() && programme.is_none() {
        return Err(Problem::field("programme", "is needed with terms"));
    }
    if programme.is_none() && body.agreement.is_none() {
        return Err(Problem::field(
            "programme",
            "a programme or an agreement is needed",
        ));
    }
    let mut drafts = Vec::new();
    let terms = match body.terms {
        None => None,
        Some(terms) => match inside("terms", terms.command(cx))? {
            Command::PublishVersion(c) => {
                drafts.push(Command::PublishVersion(c.clone()));
                Some(Arc::new(*c.terms))
            }
            _ => None,
        },
    };
    let agreement = match body.agreement {
        None => None,
        Some(agreement) => match inside("agreement", agreement.command(cx))? {
            Command::RegisterAgreement(c) => {
                drafts.push(Command::RegisterAgreement(c.clone()));
                Some(Arc::new(*c.terms))
            }
            _ => None,
        },
    };
    let on = |name: &str, text: Option<String>| text.map(|text| day(name, &text)).transpose();
    let budget = body.budget.map(|text| parse_yuan("budget", &text));
    let question = Question {
        programme,
        terms,
        agreement,
        from: on("from", body.from)?.unwrap_or(Day::MIN),
        to: on("to", body.to)?.unwrap_or(Day::MAX),
        budget: budget.transpose()?,
    };
    if question.from > question.to {
        return Err(Problem::field("to", "lies before from"));
    }
    Ok(Asking { question, drafts })
}

/// Says in which draft a field is wrong.
fn inside<T>(draft: &str, understood: Result<T, Problem>) -> Result<T, Problem> {
    understood.map_err(|mut problem| {
        for error in &mut problem.errors {
            error.field = format!("{draft}.{}", error.field);
        }
        problem
    })
}

/// A draft is one that could be published, on whatever day: it is tried out and undone.
async fn check(shared: &Shared, draft: Command) -> Result<(), Problem> {
    let submission = Submission {
        imported: true,
        ..Submission::new(SYSTEM, draft)
    };
    match shared.node.rehearse(submission).await {
        // That the ledger has as many versions as it can says nothing against a draft.
        Ok(_) | Err(NodeError::Rejected(Rejection::Full(_))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn tell(view: &View<'_>, report: &Report, claims: &[SimulatedClaim]) -> Value {
    let word = |code: Option<RefusalCode>| code.map_or("APPROVED", RefusalCode::as_str);
    let results = report.results.iter().map(|((before, after), claims)| {
        json!({"before": word(*before), "after": word(*after), "claims": claims})
    });
    let verdict = |verdict: &Verdict| {
        json!({
            "result": word(verdict.refused),
            "amount": yuan(verdict.amount),
            "payer": verdict.funding.as_ref().map(|funding| view.member(funding.payer)),
            "funding": verdict
                .funding
                .as_ref()
                .map(|funding| view.funding(funding, verdict.amount)),
        })
    };
    let rows = claims.iter().map(|claim| {
        json!({
            "id": match claim.claim {
                Some(id) => view.claim(id),
                None => view.refusal(claim.seq),
            },
            "filed_on": claim.filed_on.to_string(),
            "changed": claim.is_changed(),
            "before": verdict(&claim.before),
            "after": verdict(&claim.after),
        })
    });
    json!({
        "claims": report.claims,
        "changed": report.changed,
        "left_out": report.left_out,
        "before": side(view, &report.before),
        "after": side(view, &report.after),
        "results": results.collect::<Value>(),
        "rows": rows.collect::<Value>(),
    })
}

fn side(view: &View<'_>, side: &Side) -> Value {
    let fen = |sum: i128| json!(SignedFen(sum).to_string());
    let sums = [&side.parts, &side.paid, &side.payable, &side.receivable];
    let members: BTreeSet<MemberId> = sums.iter().flat_map(|sums| sums.keys().copied()).collect();
    let members = members.into_iter().map(|member| {
        let of = |sums: &BTreeMap<MemberId, i128>| fen(sums.get(&member).copied().unwrap_or(0));
        json!({
            "member": view.member(member),
            "part": of(&side.parts),
            "paid": of(&side.paid),
            "payable": of(&side.payable),
            "receivable": of(&side.receivable),
        })
    });
    json!({
        "approved": side.approved,
        "refused": side.refused,
        "amount": fen(side.amount),
        "spent": fen(side.spent),
        "budget_ran_out_on": side.ran_out.map(|out| out.on.to_string()),
        "members": members.collect::<Value>(),
    })
}
