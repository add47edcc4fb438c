//! Periods and settlement payments.

use super::seq;
use crate::engine::event::{Event, EventMeta, PeriodClosed};
use crate::views::changes::{Changes, PeriodChange, Update, Value, number};
use crate::views::schema as t;

pub(super) fn open_period(changes: &mut Changes, id: u16, month: &str) {
    let zero = Value::Number(0);
    let row = [
        id.into(),
        month.into(),
        "open".into(),
        zero,
        Value::None,
        Value::None,
        zero,
    ];
    changes.insert(&t::PERIODS, &row);
}

fn period_closed(changes: &mut Changes, meta: &EventMeta, e: &PeriodClosed) {
    let change = PeriodChange {
        status: "closed",
        gross: Some(e.gross.get()),
        closed_on: Some(meta.business_date.to_string()),
        ..PeriodChange::default()
    };
    changes.period(e.period.0, change);
    open_period(changes, e.next.0, &e.month.next().to_string());
}

pub(super) fn settlement(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::PositionFixed(e) => changes.insert(
            &t::POSITIONS,
            &[
                number(e.period.0),
                number(e.member.0),
                e.receivable.into(),
                e.payable.into(),
                Value::None,
            ],
        ),
        Event::PeriodClosed(e) => period_closed(changes, meta, e),
        Event::StatementConfirmed(e) => {
            let row = [number(e.period.0), number(e.member.0), e.revision.into()];
            changes.update(Update::PositionConfirmed, &row);
        }
        Event::PeriodAgreed(e) => {
            let status = "agreed";
            changes.period(
                e.period.0,
                PeriodChange {
                    status,
                    ..PeriodChange::default()
                },
            );
        }
        Event::PeriodInstructed(e) => {
            let change = PeriodChange {
                status: "settling",
                pay_by: Some(e.pay_by.to_string()),
                ..PeriodChange::default()
            };
            changes.period(e.period.0, change);
        }
        Event::PeriodSettled(e) => {
            let status = if e.carried.is_zero() {
                "settled"
            } else {
                "settled_with_carry"
            };
            let carried = e.carried.get();
            changes.period(
                e.period.0,
                PeriodChange {
                    status,
                    carried,
                    ..PeriodChange::default()
                },
            );
        }
        event => payments(changes, meta, event),
    }
}

fn payments(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::InstructionIssued(e) => changes.insert(
            &t::INSTRUCTIONS,
            &[
                number(e.instruction.0),
                number(e.period.0),
                e.order.into(),
                number(e.debtor.0),
                number(e.creditor.0),
                e.amount.into(),
                Value::Number(0),
                Value::Number(0),
                seq(meta),
            ],
        ),
        Event::InstructionPaid(e) => {
            changes.instruction_money(e.instruction.0, [e.amount.get(), 0]);
        }
        Event::ArrearsCarried(e) => {
            changes.instruction_money(e.instruction.0, [0, e.amount.get()]);
            changes.insert(
                &t::LINES,
                &[
                    number(e.line.0),
                    number(e.debtor.0),
                    number(e.creditor.0),
                    Value::None,
                    e.amount.into(),
                    number(e.into.0),
                    "arrears".into(),
                    number(e.instruction.0),
                    false.into(),
                    seq(meta),
                ],
            );
        }
        _ => {}
    }
}
