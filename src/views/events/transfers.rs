//! Transfers and steps that were undone. What ends a proposal names the proposal only: its voucher
//! and, for a child, the parent are read from the tables.

use super::applications::deadlines;
use super::{Issued, Memory, maybe, seq};
use crate::engine::event::{
    Event, EventMeta, ReturnedTo, StepReversed, TransferApproved, TransferMoved, TransferProposed,
    Undone,
};
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;

/// A proposal as the tables hold it.
#[derive(serde::Deserialize)]
pub(in crate::views) struct Proposed {
    pub(in crate::views) voucher: u32,
    receiver: u32,
    to_city: Option<u16>,
}

/// The voucher of a proposal, as the tables hold it.
#[derive(serde::Deserialize)]
pub(in crate::views) struct Parent {
    programme: u16,
    version: u16,
    issuer: u16,
    issued_on: String,
    use_by: String,
    cash_by: String,
}

pub(super) fn proposed(changes: &mut Changes, meta: &EventMeta, e: &TransferProposed) {
    let proposed_on = meta.business_date.to_string();
    let expires_on = e.expires_on.map(|day| day.to_string());
    changes.insert(
        &t::TRANSFERS,
        &[
            number(e.transfer.0),
            number(e.voucher.0),
            e.kind.as_str().into(),
            number(e.to.0),
            maybe(e.to_city, |id| number(id.0)),
            e.amount.into(),
            "proposed".into(),
            Value::None,
            number(e.issuer.0),
            proposed_on.as_str().into(),
            seq(meta),
            maybe(e.to_programme, |id| number(id.0)),
            maybe(expires_on.as_deref(), Value::Text),
            Value::None,
        ],
    );
    let amount = e.amount.get();
    changes.voucher_money(e.voucher.0, [-amount, amount, 0, 0]);
}

/// What the end of a proposal changes besides a child voucher.
pub(in crate::views) fn ended(changes: &mut Changes, event: &Event, proposed: &Proposed) {
    let (transfer, status, amount, returned) = match event {
        Event::TransferDeclined(e) => (e.transfer, "declined", e.amount, Some(e.returned)),
        Event::TransferReleased(e) => {
            let status = if e.expired { "expired" } else { "withdrawn" };
            (e.transfer, status, e.amount, Some(e.returned))
        }
        Event::TransferApproved(e) => (e.transfer, "approved", e.amount, None),
        // What moved away was revoked here.
        Event::TransferMoved(e) => (
            e.transfer,
            "approved",
            e.amount,
            Some(ReturnedTo::Available),
        ),
        _ => return,
    };
    let amount = amount.get();
    let change = match returned {
        Some(ReturnedTo::Voucher) => [amount, -amount, 0, 0],
        Some(ReturnedTo::Available | ReturnedTo::Lapsed) => [0, -amount, 0, amount],
        None => [0, -amount, 0, 0],
    };
    changes.voucher_money(proposed.voucher, change);
    let child = match event {
        Event::TransferApproved(e) => maybe(e.child, |child| number(child.0)),
        Event::TransferMoved(e) => number(e.child.0),
        _ => Value::None,
    };
    let row = [number(transfer.0), status.into(), child];
    changes.update(Update::TransferStatus, &row);
    let city = match event {
        Event::TransferApproved(e) if e.child.is_none() => proposed.to_city,
        Event::TransferMoved(e) => Some(e.to_city.0),
        _ => None,
    };
    if let Some(city) = city {
        let row = [number(proposed.receiver), number(city)];
        changes.update(Update::EnterpriseCity, &row);
    }
}

/// The child of a transfer: its parent in other hands.
pub(in crate::views) fn child(
    memory: &mut Memory,
    changes: &mut Changes,
    meta: &EventMeta,
    e: &TransferApproved,
    proposed: &Proposed,
    parent: &Parent,
) {
    let child = e.child.map_or(0, |id| id.0);
    let year = memory.year_of(proposed.voucher);
    let public_id = memory.voucher_id(e.issuer, child, year);
    let issued = Issued {
        voucher: child,
        public_id: &public_id,
        programme: parent.programme,
        version: parent.version,
        issuer: parent.issuer,
        holder: proposed.receiver,
        amount: e.amount.get(),
        days: [&parent.issued_on, &parent.use_by, &parent.cash_by],
        parent: Some(proposed.voucher),
        application: None,
        replaces: None,
    };
    issued.insert(changes, meta);
}

/// The voucher that a move issued.
pub(in crate::views) fn moved_child(
    memory: &mut Memory,
    changes: &mut Changes,
    meta: &EventMeta,
    e: &TransferMoved,
    proposed: &Proposed,
) {
    let issued_on = meta.business_date;
    let public_id = memory.voucher_id(e.to_city, e.child.0, issued_on.year());
    let days = [issued_on, e.use_by, e.cash_by].map(|day| day.to_string());
    let issued = Issued {
        voucher: e.child.0,
        public_id: &public_id,
        programme: e.to_programme.0,
        version: e.version.0,
        issuer: e.to_city.0,
        holder: e.enterprise.0,
        amount: e.amount.get(),
        days: [&days[0], &days[1], &days[2]],
        parent: Some(proposed.voucher),
        application: None,
        replaces: None,
    };
    issued.insert(changes, meta);
}

pub(super) fn step_reversed(changes: &mut Changes, meta: &EventMeta, e: &StepReversed) {
    const NONE: Value<'_> = Value::None;
    let (what, [programme, voucher, transfer, instruction], amount) = match &e.undone {
        Undone::Revocation(u) => {
            let amount = u.amount.get();
            changes.voucher_money(u.voucher.0, [amount, 0, 0, -amount]);
            changes.update(Update::VoucherRevoked, &[number(u.voucher.0), false.into()]);
            let about = [number(u.programme.0), number(u.voucher.0), NONE, NONE];
            ("revocation", about, u.amount)
        }
        Undone::Budget(u) => {
            let change = if u.raise {
                -u.amount.get()
            } else {
                u.amount.get()
            };
            changes.budget(u.programme.0, change);
            let about = [number(u.programme.0), NONE, NONE, NONE];
            ("budget_change", about, u.amount)
        }
        Undone::Transfer(u) => {
            let amount = u.amount.get();
            changes.voucher_money(u.child.0, [-amount, 0, 0, amount]);
            changes.voucher_money(u.parent.0, [amount, 0, 0, 0]);
            changes.update(Update::VoucherRevoked, &[number(u.child.0), true.into()]);
            let row = [number(u.transfer.0), "reversed".into(), number(u.child.0)];
            changes.update(Update::TransferStatus, &row);
            let about = [NONE, number(u.parent.0), number(u.transfer.0), NONE];
            ("transfer", about, u.amount)
        }
        Undone::Relocation(u) => {
            let row = [number(u.enterprise.0), number(u.home.0)];
            changes.update(Update::EnterpriseCity, &row);
            let row = [number(u.transfer.0), "reversed".into(), NONE];
            changes.update(Update::TransferStatus, &row);
            let about = [NONE, NONE, number(u.transfer.0), NONE];
            ("relocation", about, crate::domain::Fen::ZERO)
        }
        Undone::Extension(u) => {
            deadlines(changes, u.voucher, [u.use_by, u.cash_by]);
            let about = [NONE, number(u.voucher.0), NONE, NONE];
            ("extension", about, crate::domain::Fen::ZERO)
        }
        Undone::Consent(u) => ("consent", [NONE, number(u.voucher.0), NONE, NONE], u.left),
        Undone::Payment(u) => {
            changes.instruction_money(u.instruction.0, [-u.amount.get(), 0]);
            let about = [NONE, NONE, NONE, number(u.instruction.0)];
            ("settlement_payment", about, u.amount)
        }
    };
    let reversed_on = meta.business_date.to_string();
    changes.insert(
        &t::REVERSALS,
        &[
            seq(meta),
            number(e.step.0),
            what.into(),
            number(e.city.0),
            programme,
            voucher,
            transfer,
            instruction,
            amount.into(),
            reversed_on.as_str().into(),
            number(meta.principal.0),
        ],
    );
}
