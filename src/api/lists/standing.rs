//! The status of a voucher in lists: of each row, and as a filter.

use serde_json::{Map, Value, json};

use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::api::resources::Standing;
use crate::domain::Day;
use crate::engine::State;
use crate::views::{Compare, Filter, FilterValue, condition_of};

/// The vouchers that stand so today.
pub(super) fn filter(cx: &Cx<'_>, name: &str, word: &str) -> Result<Filter, Problem> {
    let columns = condition_of(word).ok_or_else(|| {
        let words = "is active, frozen, expired, lapsed, revoked or used_up";
        Problem::field(name, words)
    })?;
    Ok(Filter {
        columns,
        compare: Compare::Holds(FilterValue::Text(cx.state.business_date().to_string())),
    })
}

/// Where the voucher of a row stands today.
pub(super) fn of_row(state: &State, row: &Map<String, Value>) -> Value {
    let number = |name: &str| row.get(name).and_then(Value::as_i64).unwrap_or(0);
    let day = |name: &str| {
        let text = row.get(name).and_then(Value::as_str).unwrap_or_default();
        Day::parse(text).unwrap_or(Day::MIN)
    };
    let standing = Standing {
        revoked: number("revoked") == 1,
        frozen: number("frozen") == 1,
        open: number("free") + number("held") > 0,
        returned: number("returned") > 0,
        use_by: day("use_by"),
        cash_by: day("cash_by"),
    };
    json!(standing.word(state.business_date()))
}
