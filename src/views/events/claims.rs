//! The row of a claim, as it is approved or begins to wait.

use super::{Memory, maybe, seq};
use crate::domain::{IdKind, LineId, MemberId, OrderId, ProgrammeId};
use crate::engine::command::Payee;
use crate::engine::event::{ClaimApproved, ClaimAwaitsBudget, EventMeta};
use crate::views::changes::{Changes, Value, number};
use crate::views::schema as t;

/// What tells an approved claim from one that waits: all else stands in both events.
struct Standing {
    status: &'static str,
    payer: MemberId,
    agreement: Value<'static>,
    first_line: Option<LineId>,
    line_count: u8,
    order: Option<OrderId>,
}

/// The pack that is charged instead of the voucher's programme.
fn charged_to(charged: ProgrammeId, programme: u16) -> Value<'static> {
    match charged.0 == programme {
        true => Value::None,
        false => number(charged.0),
    }
}

/// The two events name what they say alike.
macro_rules! insert_claim {
    ($memory:expr, $changes:expr, $meta:expr, $e:expr, $standing:expr) => {{
        let (memory, changes, meta, e, standing) = ($memory, $changes, $meta, $e, $standing);
        let Standing {
            first_line,
            line_count,
            ..
        } = standing;
        changes.lines_of_new(e.claim.0, first_line.map(|id| id.0), line_count);
        let year = memory.year_of(e.voucher.0);
        let public_id = memory.public_id(IdKind::Claim, e.issuer, year, e.claim.0);
        let programme = memory.programme_of(e.programme);
        let payee = match e.payee {
            Payee::Provider(_) => "provider",
            Payee::Enterprise(_) => "enterprise",
        };
        let contract_date = e.contract_date.to_string();
        let (filed_on, invoice_no) = (meta.business_date.to_string(), e.invoice_no.to_string());
        changes.insert(
            &t::CLAIMS,
            &[
                number(e.claim.0),
                public_id.as_str().into(),
                number(e.voucher.0),
                programme.into(),
                number(e.issuer.0),
                number(e.version.0),
                number(e.provider.0),
                payee.into(),
                number(e.category.0),
                e.contract_no.as_str().into(),
                contract_date.as_str().into(),
                e.contract_amount.into(),
                invoice_no.as_str().into(),
                e.invoice_amount.into(),
                e.paid_amount.into(),
                e.amount.into(),
                number(standing.payer.0),
                standing.agreement,
                number(e.period.0),
                filed_on.as_str().into(),
                number(meta.principal.0),
                standing.status.into(),
                maybe(first_line, |id| number(id.0)),
                line_count.into(),
                seq(meta),
                maybe(standing.order, |id| number(id.0)),
                charged_to(e.programme, programme),
            ],
        );
    }};
}

pub(super) fn approved(
    memory: &Memory,
    changes: &mut Changes,
    meta: &EventMeta,
    e: &ClaimApproved,
) {
    let standing = Standing {
        status: "approved",
        payer: e.funding.payer,
        agreement: maybe(e.agreement, |id| number(id.0)),
        first_line: e.first_line,
        line_count: e.first_line.map_or(0, |_| e.funding.other_count()),
        order: e.order,
    };
    insert_claim!(memory, changes, meta, e, standing);
}

/// Nobody owes anything for it yet.
pub(super) fn waits(
    memory: &Memory,
    changes: &mut Changes,
    meta: &EventMeta,
    e: &ClaimAwaitsBudget,
) {
    let standing = Standing {
        status: "awaiting_budget",
        payer: e.issuer,
        agreement: Value::None,
        first_line: None,
        line_count: 0,
        order: None,
    };
    insert_claim!(memory, changes, meta, e, standing);
}
