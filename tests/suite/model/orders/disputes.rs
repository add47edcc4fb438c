//! Disputes about orders, and the year that their money stands in, naively.

use super::{Order, Place};
use crate::model::{Model, Verdict, plus_days, refused};

impl Model {
    /// True if claims on every voucher of an order are approved at once.
    pub(super) fn all_pay(&self, order: &Order) -> bool {
        let mut pots = order
            .lines
            .iter()
            .map(|line| self.vouchers[line.voucher].pot);
        pots.all(|pot| self.pays(pot))
    }

    pub(in crate::model) fn raise_dispute(&mut self, order: usize) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        if !row.place.holds() {
            return refused("ORDER_STATE_MISMATCH");
        }
        if row.disputed.is_some() {
            return refused("ALREADY_IN_STATE");
        }
        let ends_on = plus_days(self.last_day(row), 1).max(row.ends_on);
        let today = self.today;
        let row = &mut self.orders[order];
        (row.disputed, row.ends_on) = (Some(today), ends_on);
        Verdict::Done
    }

    /// Withdraws or rejects a dispute, or upholds it.
    pub(in crate::model) fn end_dispute(&mut self, order: usize, uphold: bool) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        let Some(since) = row.disputed else {
            return refused("ORDER_NOT_DISPUTED");
        };
        let days = i64::from((self.today - since).get_days());
        let later = plus_days(row.hold_until, days).min(self.last_day(row).max(row.hold_until));
        self.orders[order].disputed = None;
        self.hold_until(order, later);
        if uphold {
            self.let_go(order, &self.rest(order), Place::Closed);
        }
        Verdict::Done
    }
}
