//! What orders change in the tables.

use super::{Memory, seq};
use crate::domain::IdKind;
use crate::engine::event::{Event, EventMeta, OrderProposed, OrderReleased, ReturnedTo};
use crate::engine::terms::{OrderParties, OrderStatus};
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;

pub(super) fn order(memory: &Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    let status = |changes: &mut Changes, order: u32, status: OrderStatus| {
        changes.update(
            Update::OrderStatus,
            &[number(order), status.as_str().into()],
        );
    };
    match event {
        Event::OrderProposed(e) => proposed(memory, changes, meta, e),
        Event::OrderAgreed(e) if e.complete => status(changes, e.order.0, OrderStatus::Agreed),
        Event::OrderConfirmed(e) => {
            status(changes, e.order.0, OrderStatus::Confirmed);
            for line in &e.lines {
                let amount = line.amount.get();
                changes.voucher_money(line.voucher.0, [-amount, amount, 0, 0]);
                changes.order_held(e.order.0, line.voucher.0, amount);
            }
        }
        Event::OrderAdvanced(e) => {
            status(changes, e.order.0, e.status);
            if let (Some(contract_no), Some(date)) = (&e.contract_no, e.contract_date) {
                let date = date.to_string();
                let contract = [contract_no.as_str().into(), date.as_str().into()];
                let [contract_no, date] = contract;
                let row = [number(e.order.0), contract_no, date];
                changes.update(Update::OrderContract, &row);
            }
        }
        Event::OrderReleased(e) => {
            status(changes, e.order.0, e.status);
            released(changes, e);
        }
        Event::OrderExtended(e) => hold_until(changes, e.order.0, e.hold_until),
        Event::OrderDisputed(e) => {
            changes.update(Update::OrderDisputed, &[number(e.order.0), true.into()]);
        }
        Event::DisputeClosed(e) => {
            changes.update(Update::OrderDisputed, &[number(e.order.0), false.into()]);
            hold_until(changes, e.order.0, e.hold_until);
        }
        _ => {}
    }
}

fn hold_until(changes: &mut Changes, order: u32, day: crate::domain::Day) {
    let day = day.to_string();
    changes.update(
        Update::OrderHoldUntil,
        &[number(order), day.as_str().into()],
    );
}

fn proposed(memory: &Memory, changes: &mut Changes, meta: &EventMeta, e: &OrderProposed) {
    let proposed_on = meta.business_date;
    let public_id = memory.public_id(IdKind::Order, e.host, proposed_on.year(), e.order.0);
    let days = [e.hold_until, proposed_on].map(|day| day.to_string());
    let agreed = e.agreed.covers(OrderParties::lines(e.lines.len()));
    let status = if agreed { "agreed" } else { "proposed" };
    changes.insert(
        &t::ORDERS,
        &[
            number(e.order.0),
            public_id.as_str().into(),
            number(e.provider.0),
            number(e.category.0),
            e.contract_amount.into(),
            days[0].as_str().into(),
            status.into(),
            false.into(),
            Value::None,
            Value::None,
            days[1].as_str().into(),
            number(meta.principal.0),
            seq(meta),
        ],
    );
    for (place, line) in (0_u32..).zip(&e.lines) {
        changes.insert(
            &t::ORDER_LINES,
            &[
                number(e.order.0),
                place.into(),
                number(line.voucher.0),
                number(line.issuer.0),
                number(line.enterprise.0),
                line.amount.into(),
                Value::Number(0),
            ],
        );
    }
}

fn released(changes: &mut Changes, e: &OrderReleased) {
    if !e.status.is_holding() {
        changes.update(Update::OrderDisputed, &[number(e.order.0), false.into()]);
    }
    for line in &e.lines {
        let amount = line.amount.get();
        let change = match line.returned {
            ReturnedTo::Voucher => [amount, -amount, 0, 0],
            ReturnedTo::Available | ReturnedTo::Lapsed => [0, -amount, 0, amount],
        };
        changes.voucher_money(line.voucher.0, change);
        changes.order_held(e.order.0, line.voucher.0, -amount);
    }
}
