//! Orders and their holds.

use super::vouchers::{minus, plus};
use crate::domain::{Day, Fen, GroupId, OrderId, VoucherId};
use crate::engine::command::Payee;
use crate::engine::event::{
    DisputeClosed, EventMeta, OrderAdvanced, OrderAgreed, OrderConfirmed, OrderDisputed,
    OrderExtended, OrderProposed, OrderReleased,
};
use crate::engine::state::{ContractKey, DisputeRow, OrderLineRow, OrderRow, State, group_key};
use crate::engine::terms::{OrderParties, OrderStatus};

/// What an amount counts for that left the hold of an order.
#[derive(Default)]
pub(super) struct Drawn {
    pub(super) group: Option<GroupId>,
    /// The contract, if the hold was counted to it.
    pub(super) contract: Option<ContractKey>,
}

impl State {
    pub(super) fn order_proposed(&mut self, meta: &EventMeta, e: &OrderProposed) {
        let lines = e.lines.iter().map(|line| OrderLineRow {
            voucher: line.voucher,
            holder: line.enterprise,
            amount: line.amount,
            left: Fen::ZERO,
            group: None,
            counted: false,
        });
        let complete = e.agreed.covers(OrderParties::lines(e.lines.len()));
        let ends_on = e.hold_until.next();
        let position = self.orders.push(OrderRow {
            provider: e.provider,
            host: e.host,
            category: e.category,
            contract_amount: e.contract_amount,
            status: status_of(complete),
            hold_until: e.hold_until,
            ends_on,
            lines: lines.collect(),
            agreed: e.agreed,
            accepted: OrderParties::NONE,
            contract: None,
            asked: None,
            dispute: None,
            proposed_by: meta.principal,
            year: meta.business_date.year(),
            details: meta.seq,
        });
        assert_eq!(position, e.order.index(), "order ids are dense");
        self.note_served(e.order);
        self.order_timers.insert((ends_on, e.order), ());
    }

    pub(super) fn order_agreed(&mut self, e: &OrderAgreed) {
        self.orders.update(e.order.index(), |row| {
            row.agreed = e.agreed;
            row.status = status_of(e.complete);
        });
    }

    pub(super) fn order_confirmed(&mut self, e: &OrderConfirmed) {
        for line in &e.lines {
            self.hold(e.order, line.voucher, line.amount);
        }
        self.orders
            .update(e.order.index(), |row| row.status = OrderStatus::Confirmed);
    }

    /// Holds an amount of a voucher for a line of an order: it counts in the limits from now on.
    pub(in crate::engine) fn hold(&mut self, order: OrderId, voucher: VoucherId, amount: Fen) {
        let usage = self.vouchers.update(voucher.index(), |row| {
            row.free = minus(row.free, amount);
            row.held = plus(row.held, amount);
            row.usage
        });
        let (programme, holder) = self.voucher_owner(&self.vouchers[voucher.index()]);
        let group = self.group_on(Payee::Enterprise(holder), *self.business_date);
        let category = self.orders[order.index()].category;
        self.count_use(usage, category, amount, None);
        let held = self.held_use.get(&usage).copied().unwrap_or_default();
        self.held_use.insert(usage, plus(held, amount));
        if let Some(group) = group {
            self.group_usage
                .update(group_key(programme, group), |used| {
                    *used = plus(*used, amount);
                });
        }
        self.orders.update(order.index(), |row| {
            let place = row.place_of(voucher);
            let line = &mut row.lines[place.expect("an order holds on its own lines")];
            (line.left, line.group) = (amount, group);
        });
    }

    pub(super) fn order_advanced(&mut self, e: &OrderAdvanced) {
        self.orders.update(e.order.index(), |row| {
            row.status = e.status;
            row.contract = e.contract_no.zip(e.contract_date).or(row.contract);
            row.accepted = e.accepted;
        });
        if e.counted != OrderParties::NONE {
            self.count_order(e.order, e.counted);
        }
    }

    /// Counts what is held on some lines of an order to its contract.
    fn count_order(&mut self, order: OrderId, counted: OrderParties) {
        let row = self.orders.update(order.index(), |row| {
            for (place, line) in row.lines.iter_mut().enumerate() {
                line.counted = counted.covers(OrderParties::line(place));
            }
            row.clone()
        });
        let Some((contract_no, _)) = row.contract else {
            return;
        };
        let contract = ContractKey::new(row.provider, &contract_no);
        for line in row.lines.iter().filter(|line| line.counted) {
            let usage = self.vouchers[line.voucher.index()].usage;
            self.count_contract(usage, contract, line.left);
        }
    }

    pub(super) fn order_released(&mut self, e: &OrderReleased) {
        for line in &e.lines {
            let drawn = self.take_from_hold(e.order, line.voucher, line.amount);
            self.give_back(line.voucher, line.amount, line.returned);
            self.uncount(e.order, line.voucher, &drawn, line.amount);
        }
        let ended = !e.status.is_waiting() && !e.status.is_holding();
        let ends_on = self.orders.update(e.order.index(), |row| {
            row.status = e.status;
            if ended {
                (row.asked, row.dispute) = (None, None);
            }
            row.ends_on
        });
        if ended {
            self.order_timers.remove(&(ends_on, e.order));
        }
    }

    /// Takes an amount from the hold of an order's line and from the held part of its voucher;
    /// answers what it is counted for.
    pub(super) fn take_from_hold(
        &mut self,
        order: OrderId,
        voucher: VoucherId,
        amount: Fen,
    ) -> Drawn {
        let usage = self.vouchers.update(voucher.index(), |row| {
            row.held = minus(row.held, amount);
            row.usage
        });
        let held = self.held_use.get(&usage).copied().unwrap_or_default();
        let held = minus(held, amount);
        if held.is_zero() {
            self.held_use.remove(&usage);
        } else {
            self.held_use.insert(usage, held);
        }
        self.orders.update(order.index(), |row| {
            let place = row.place_of(voucher);
            let line = &mut row.lines[place.expect("an order draws on its own lines")];
            line.left = minus(line.left, amount);
            let contract = row.contract.filter(|_| line.counted);
            Drawn {
                group: line.group,
                contract: contract.map(|(number, _)| ContractKey::new(row.provider, &number)),
            }
        })
    }

    /// Takes an amount out of what counts as used by a voucher's holder and a group, and on a
    /// contract.
    fn uncount(&mut self, order: OrderId, voucher: VoucherId, drawn: &Drawn, amount: Fen) {
        let row = &self.vouchers[voucher.index()];
        let usage = row.usage;
        let (programme, _) = self.voucher_owner(row);
        let category = self.orders[order.index()].category;
        self.uncount_use(usage, category, amount);
        if let Some(contract) = drawn.contract {
            self.uncount_contract(usage, contract, amount);
        }
        if let Some(group) = drawn.group {
            self.group_usage
                .update(group_key(programme, group), |used| {
                    *used = minus(*used, amount);
                });
        }
    }

    pub(super) fn order_extended(&mut self, e: &OrderExtended) {
        self.orders.update(e.order.index(), |row| row.asked = None);
        self.hold_until(e.order, e.hold_until);
    }

    pub(super) fn order_disputed(&mut self, meta: &EventMeta, e: &OrderDisputed) {
        self.orders.update(e.order.index(), |row| {
            row.dispute = Some(DisputeRow {
                by: e.by,
                code: e.code,
                since: meta.business_date,
            });
        });
        self.end_order_on(e.order, e.ends_on);
    }

    pub(super) fn dispute_closed(&mut self, e: &DisputeClosed) {
        self.orders
            .update(e.order.index(), |row| row.dispute = None);
        self.hold_until(e.order, e.hold_until);
    }

    fn hold_until(&mut self, order: OrderId, day: Day) {
        self.orders
            .update(order.index(), |row| row.hold_until = day);
        self.end_order_on(order, day.next());
    }

    fn end_order_on(&mut self, order: OrderId, day: Day) {
        let before = self.orders.update(order.index(), |row| {
            std::mem::replace(&mut row.ends_on, day)
        });
        self.order_timers.remove(&(before, order));
        self.order_timers.insert((day, order), ());
    }
}

fn status_of(complete: bool) -> OrderStatus {
    if complete {
        OrderStatus::Agreed
    } else {
        OrderStatus::Proposed
    }
}
