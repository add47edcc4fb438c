//! The account of a party: whole for the party and the offices of its city, masked for others.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::bodies::party_of_path;
use super::context::Cx;
use super::problem::Problem;
use super::read::cacheable;
use super::render::View;
use super::request::{Asked, look};
use super::server::Shared;
use crate::engine::command::{PartyName, Payee, Scope};
use crate::engine::event::Event;
use crate::engine::state::{AccountRow, AccountVersion};
use crate::node::TEAM_ACCOUNT;

/// `GET /v1/providers/{id}/bank-account`, and the same of enterprises.
pub(super) async fn get_bank_account(
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let asked = Asked::of(&request);
    let answer = find(&request, &shared).await;
    asked.settle(&shared, answer).await
}

/// What the asker gets to see of an account.
struct Seen {
    id: Value,
    row: AccountRow,
    whole: bool,
}

fn seen(cx: &Cx<'_>) -> Result<Seen, Problem> {
    let party = party_of_path(cx)?;
    let (own, city) = match party {
        Payee::Enterprise(id) => {
            let row = cx.state.enterprise(id);
            (Scope::Enterprise(id), row.map(|row| row.city))
        }
        Payee::Provider(id) => {
            let row = cx.state.provider(id);
            (Scope::Provider(id), row.map(|row| row.city))
        }
    };
    let mut scopes = vec![own];
    scopes.extend(city.map(Scope::Member));
    let whole = cx.may_read(&scopes);
    // Offices of other cities pay firms and labs; other firms have nothing to do with a firm's.
    let office = cx
        .state
        .grants_of(cx.principal)
        .any(|(_, scope)| matches!(scope, Scope::Member(_)));
    let missing = || Problem::not_found("account");
    if !whole && !office && matches!(party, Payee::Enterprise(_)) {
        return Err(missing());
    }
    let row = cx.state.bank_account(party).ok_or_else(missing)?.clone();
    let view = View::all(cx.state, cx.tag);
    Ok(Seen {
        id: view.payee(party),
        row,
        whole,
    })
}

async fn find(request: &HttpRequest, shared: &Shared) -> Result<HttpResponse, Problem> {
    let (Seen { id, row, whole }, at) = look(request, shared, seen).await?;
    let body = json!({
        "id": id,
        "current": version(shared, row.current.as_ref(), whole).await?,
        "proposed": if whole {
            version(shared, row.proposed.as_ref(), whole).await?
        } else {
            Value::Null
        },
    });
    Ok(cacheable(request, &body, at))
}

async fn version(
    shared: &Shared,
    version: Option<&AccountVersion>,
    whole: bool,
) -> Result<Value, Problem> {
    let Some(version) = version else {
        return Ok(Value::Null);
    };
    if !whole {
        let masked = version.tail.as_ref().map(|tail| format!("****{tail}"));
        return Ok(json!({"version": version.version, "account": masked}));
    }
    let node = &shared.node;
    let recorded = node.event(version.details).await?;
    let recorded = recorded.ok_or_else(|| Problem::new("UNAVAILABLE"))?;
    let (account, bank) = match &recorded.event {
        Event::ProviderRegistered(e) => {
            let account = e.bank_account.as_ref();
            (account.map(|account| account.as_str().to_owned()), None)
        }
        Event::BankAccountProposed(e) => {
            let account = match &e.account {
                PartyName::Public(account) => Some(account.as_str().to_owned()),
                PartyName::Personal(_) => node.personal(version.details, TEAM_ACCOUNT).await?,
            };
            (
                account,
                e.bank.as_ref().map(|bank| bank.as_str().to_owned()),
            )
        }
        _ => (None, None),
    };
    Ok(json!({"version": version.version, "account": account, "bank": bank}))
}
