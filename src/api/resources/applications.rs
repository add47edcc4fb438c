//! An application, and where a voucher stands.

use super::{Found, found, view};
use crate::api::bodies;
use crate::api::context::Cx;
use crate::api::problem::Problem;
use crate::api::render::yuan;
use crate::domain::{Day, MemberId};
use crate::engine::command::Scope;
use crate::engine::state::VoucherRow;
use serde_json::json;

pub(in crate::api) fn get_application(cx: &Cx<'_>) -> Result<Found, Problem> {
    let id = bodies::application(cx)?;
    let missing = || Problem::not_found("application");
    let row = cx.state.application(id).ok_or_else(missing)?;
    let issuer = cx
        .state
        .programme(row.programme)
        .map_or(MemberId(0), |row| row.city);
    let mut scopes = vec![Scope::Member(issuer), Scope::Enterprise(row.enterprise)];
    let home = cx.state.enterprise(row.enterprise).map(|row| row.city);
    scopes.extend(home.map(Scope::Member));
    cx.reading("application", &scopes)?;
    let view = view(cx);
    let approved = row.approved_by.map(|_| yuan(row.approved));
    let body = json!({
        "id": view.application(id),
        "programme": view.programme(row.programme),
        "issuer": view.member(issuer),
        "enterprise": view.enterprise(row.enterprise),
        "amount": yuan(row.amount),
        "approved": approved,
        "status": row.status.as_str(),
        "voucher": row.voucher.map(|id| view.voucher(id)),
        "submitted_by": view.principal(row.submitted_by),
        "approved_by": row.approved_by.map(|id| view.principal(id)),
    });
    found(body, row.details)
}

/// What tells where a voucher stands.
#[derive(Clone, Copy)]
pub(in crate::api) struct Standing {
    pub(in crate::api) revoked: bool,
    pub(in crate::api) frozen: bool,
    /// True if something is free or held.
    pub(in crate::api) open: bool,
    /// True if something lapsed.
    pub(in crate::api) returned: bool,
    pub(in crate::api) use_by: Day,
    pub(in crate::api) cash_by: Day,
}

impl Standing {
    pub(in crate::api) fn of(row: &VoucherRow) -> Standing {
        Standing {
            revoked: row.revoked,
            frozen: row.frozen,
            open: !row.free.is_zero() || !row.held.is_zero(),
            returned: !row.returned.is_zero(),
            use_by: row.use_by,
            cash_by: row.cash_by,
        }
    }

    /// One word. `expired`: no new contract, but claims on earlier ones may still be filed.
    pub(in crate::api) fn word(self, today: Day) -> &'static str {
        match self {
            Standing { revoked: true, .. } => "revoked",
            Standing {
                open: false,
                returned: true,
                ..
            } => "lapsed",
            Standing { open: false, .. } => "used_up",
            standing if today > standing.cash_by => "lapsed",
            Standing { frozen: true, .. } => "frozen",
            standing if today > standing.use_by => "expired",
            _ => "active",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voucher_stands_where_its_days_and_money_say() {
        let day = |text| Day::parse(text).expect("a day");
        let standing = Standing {
            revoked: false,
            frozen: false,
            open: true,
            returned: false,
            use_by: day("2028-02-29"),
            cash_by: day("2028-03-31"),
        };
        let on = |standing: Standing, text| standing.word(day(text));
        assert_eq!(on(standing, "2028-02-29"), "active");
        assert_eq!(on(standing, "2028-03-01"), "expired");
        assert_eq!(on(standing, "2028-03-31"), "expired");
        assert_eq!(on(standing, "2028-04-01"), "lapsed");
        let frozen = Standing {
            frozen: true,
            ..standing
        };
        assert_eq!(on(frozen, "2028-03-01"), "frozen");
        assert_eq!(on(frozen, "2028-04-01"), "lapsed");
        let closed = Standing {
            open: false,
            ..frozen
        };
        assert_eq!(on(closed, "2028-02-29"), "used_up");
        let returned = Standing {
            returned: true,
            ..closed
        };
        assert_eq!(on(returned, "2028-02-29"), "lapsed");
        let revoked = Standing {
            revoked: true,
            ..returned
        };
        assert_eq!(on(revoked, "2028-02-29"), "revoked");
    }
}
