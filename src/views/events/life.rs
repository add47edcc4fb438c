//! The life of programmes: budgets, drafts, the end of years, claims that wait.

use super::{Memory, Owed, maybe};
use crate::domain::{Fen, ProgrammeId};
use crate::engine::event::{
    BudgetChanged, ClaimAwaitsBudget, ClaimWithdrawn, Event, EventMeta, ReturnedTo,
    VersionPublished, WaitingApproved, YearCarried,
};
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;
use crate::views::search::fold;

pub(super) fn life(memory: &mut Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::YearClosingStarted(e) => status(changes, e.programme, "year_closing"),
        Event::YearClosed(e) => status(changes, e.programme, "closed"),
        Event::YearCarried(e) => year_carried(memory, changes, meta, e),
        Event::ClaimAwaitsBudget(e) => claim_awaits(memory, changes, meta, e),
        Event::WaitingApproved(e) => waiting_approved(changes, meta, e),
        Event::ClaimWithdrawn(e) => claim_withdrawn(changes, e),
        _ => {}
    }
}

fn status(changes: &mut Changes, programme: ProgrammeId, status: &str) {
    changes.update(
        Update::ProgrammeStatus,
        &[number(programme.0), status.into()],
    );
}

pub(super) fn published(changes: &mut Changes, e: &VersionPublished) {
    let now = if e.version.0 == 1 {
        "published"
    } else {
        "amended"
    };
    status(changes, e.programme, now);
}

pub(super) fn budget_changed(changes: &mut Changes, meta: &EventMeta, e: &BudgetChanged) {
    let changed_on = meta.business_date.to_string();
    changes.insert(
        &t::BUDGET_CHANGES,
        &[
            super::seq(meta),
            number(e.programme.0),
            number(e.city.0),
            e.amount.into(),
            if e.raise { "raise" } else { "cut" }.into(),
            maybe(e.document_no.as_ref(), |no| no.as_str().into()),
            changed_on.as_str().into(),
            number(meta.principal.0),
        ],
    );
}

/// A pack is a row of its own; its budget is what was carried.
fn year_carried(memory: &mut Memory, changes: &mut Changes, meta: &EventMeta, e: &YearCarried) {
    memory.carried(e.pack, e.from);
    let code = e.code.as_str();
    changes.insert(
        &t::PROGRAMMES,
        &[
            number(e.pack.0),
            code.into(),
            code.into(),
            number(e.city.0),
            e.budget_year.into(),
            Value::Number(0),
            super::seq(meta),
            "pack".into(),
            number(e.from.0),
            number(e.into.0),
            fold(code).as_str().into(),
        ],
    );
    let parts = [e.outstanding, e.held, e.claimed, e.approved];
    let sum: i64 = parts.into_iter().map(Fen::get).sum();
    changes.budget(e.pack.0, sum);
    // A pack stays one when its money is carried on.
    if !memory.is_pack(e.from) {
        status(changes, e.from, "carried");
    }
}

fn claim_awaits(memory: &Memory, changes: &mut Changes, meta: &EventMeta, e: &ClaimAwaitsBudget) {
    super::claims::waits(memory, changes, meta, e);
    let amount = e.amount.get();
    changes.voucher_money(e.voucher.0, [-amount, 0, 0, 0]);
    changes.voucher_claimed(e.voucher.0, amount);
}

fn waiting_approved(changes: &mut Changes, meta: &EventMeta, e: &WaitingApproved) {
    let claim = number(e.claim.0);
    changes.update(Update::ClaimStatus, &[claim, "approved".into()]);
    changes.update(
        Update::ClaimFunding,
        &[
            claim,
            number(e.programme.0),
            number(e.funding.payer.0),
            maybe(e.agreement, |id| number(id.0)),
        ],
    );
    let amount = e.amount.get();
    changes.voucher_money(e.voucher.0, [0, 0, amount, 0]);
    changes.voucher_claimed(e.voucher.0, -amount);
    if let Some(first) = e.first_line {
        changes.lines_of_later(e.claim.0, first.0, e.funding.other_count());
        let owed = Owed::of(first, e.programme, e.period, e.claim);
        owed.insert(changes, meta, &e.funding, false);
    }
}

fn claim_withdrawn(changes: &mut Changes, e: &ClaimWithdrawn) {
    let amount = e.amount.get();
    let change = match e.returned {
        ReturnedTo::Voucher => [amount, 0, 0, 0],
        ReturnedTo::Available | ReturnedTo::Lapsed => [0, 0, 0, amount],
    };
    changes.voucher_money(e.voucher.0, change);
    changes.voucher_claimed(e.voucher.0, -amount);
    changes.update(
        Update::ClaimStatus,
        &[number(e.claim.0), "withdrawn".into()],
    );
}
