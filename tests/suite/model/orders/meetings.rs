//! What random histories bring together about orders.

use super::super::{Fate, Model, Transfer};

impl Model {
    /// What stands beside a hold at this moment.
    pub(in crate::model) fn meetings(&self) -> Vec<&'static str> {
        let mut met = Vec::new();
        if self
            .all_lines()
            .any(|(order, line, own)| own.counted && self.left_on(order, line) > 0)
        {
            met.push("a hold that counts to a contract");
        }
        if self.contracts_passed_on {
            met.push("a share of a contract passed on");
        }
        for (id, voucher) in self.vouchers.iter().enumerate() {
            let held = self.held_for_orders(id) > 0;
            let waits = |t: &Transfer| t.voucher == id && t.fate == Fate::Proposed;
            let moves = self.transfers.iter().any(|t| waits(t) && t.amount > 0);
            let all = [
                (voucher.revoked, "a revoked voucher held"),
                (voucher.frozen, "a frozen voucher held"),
                (moves, "a transfer out of what an order leaves"),
            ];
            met.extend(
                all.into_iter()
                    .filter(|(now, _)| held && *now)
                    .map(|(_, what)| what),
            );
        }
        met
    }
}
