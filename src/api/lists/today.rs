//! What a column cannot say by itself, told in lists as single reads tell it: what holds today, and
//! what follows from another row.

use serde_json::{Map, Value, json};

use crate::api::context::{Cx, not_one_of};
use crate::api::problem::Problem;
use crate::api::render::View;
use crate::domain::{Day, EnterpriseId, ProviderId, VoucherId};
use crate::engine::command::Payee;
use crate::engine::terms::EnterpriseKind;
use crate::views::{Compare, Filter, FilterValue, Resource, kind_condition_of};

/// The enterprises that are of a kind today.
pub(super) fn of_kind(cx: &Cx<'_>, name: &str, word: &str) -> Result<Filter, Problem> {
    let columns = kind_condition_of(word).ok_or_else(|| {
        let words = EnterpriseKind::ALL.iter().map(|kind| kind.as_str());
        not_one_of(name, words)
    })?;
    Ok(Filter {
        columns,
        compare: Compare::Holds(FilterValue::Text(cx.state.business_date().to_string())),
    })
}

fn number(row: &Map<String, Value>, name: &str) -> u32 {
    let number = row.get(name).and_then(Value::as_u64).unwrap_or(0);
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn group(view: &View<'_>, party: Payee) -> Value {
    let group = view.state.group_on(party, view.state.business_date());
    json!(group.and_then(|id| view.state.group_code(id)))
}

/// What a column of a row is told as; `None` if it is told as it stands.
pub(super) fn told(
    view: &View<'_>,
    resource: Resource,
    row: &Map<String, Value>,
    column: &str,
) -> Option<Value> {
    let today = view.state.business_date();
    match resource {
        Resource::Enterprises => {
            let id = EnterpriseId(number(row, "id"));
            match column {
                "kind" => {
                    let kind = view.state.enterprise_kind_on(id, today)?;
                    Some(json!(kind.as_str()))
                }
                "controller_group" => Some(group(view, Payee::Enterprise(id))),
                _ => None,
            }
        }
        Resource::Providers => {
            let id = ProviderId(number(row, "id"));
            let suspended = view.state.is_suspended_on(id, today);
            match column {
                "suspended" => Some(json!(suspended)),
                "suspended_until" => {
                    let until = view.state.suspended_until(id).filter(|_| suspended);
                    Some(day(until))
                }
                "controller_group" => Some(group(view, Payee::Provider(id))),
                _ => None,
            }
        }
        Resource::Claims => match column {
            "payee" => Some(payee(view, row)),
            "charged_to" if row[column].is_null() => super::named(view, column, &row["programme"]),
            _ => None,
        },
        Resource::Proposals if column == "approvals_left" => Some(row[column].clone()),
        Resource::Programmes if column == "carried_into" => {
            let year = super::named(view, column, &row[column]);
            Some(year.unwrap_or(Value::Null))
        }
        _ => None,
    }
}

/// What a column is called where single reads have another name for it.
pub(super) fn shown_as(column: &str) -> &str {
    match column {
        "approvals_left" => "left",
        "carried_into" => "year_of",
        column => column,
    }
}

fn day(day: Option<Day>) -> Value {
    day.map_or(Value::Null, |day| json!(day.to_string()))
}

/// Whom a claim pays: its provider, or the holder of its voucher.
fn payee(view: &View<'_>, row: &Map<String, Value>) -> Value {
    if row["payee"] != "enterprise" {
        return view.provider(ProviderId(number(row, "provider")));
    }
    let voucher = view.state.voucher(VoucherId(number(row, "voucher")));
    let holder = voucher.map(|voucher| view.state.voucher_owner(voucher).1);
    holder.map_or(Value::Null, |id| view.enterprise(id))
}
