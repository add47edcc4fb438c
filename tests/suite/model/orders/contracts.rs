//! The contracts of orders, and what is held on them.

use super::super::{Bend, Model, Money};
use super::in_order;
use crate::model::limits::contract_with;

impl Model {
    /// True if the hold of an order on a voucher counts to its contract.
    pub(in crate::model) fn counts_on_contract(&self, order: usize, voucher: usize) -> bool {
        let mut lines = self.orders[order].lines.iter();
        lines.any(|line| line.voucher == voucher && line.counted)
    }

    /// Signs the contract: what is held counts to its number where a version caps contracts.
    pub(super) fn sign(&mut self, order: usize, contract: &str) -> Option<&'static str> {
        let row = &self.orders[order];
        let held: Vec<usize> = (0..row.lines.len())
            .filter(|line| self.left_on(order, *line) > 0)
            .collect();
        let all = held
            .iter()
            .flat_map(|line| self.line_faults(row, *line, self.today));
        if let Some(first) = in_order(&all.collect::<Vec<_>>()).first() {
            return Some(first);
        }
        let who = |line: usize| {
            let voucher = &self.vouchers[row.lines[line].voucher];
            (voucher.programme, voucher.holder)
        };
        let key = contract_with(row.provider, contract);
        let (mut counted, mut full) = (Vec::new(), false);
        for line in 0..row.lines.len() {
            let (programme, holder) = who(line);
            let number = self.version_on(programme, self.today).expect("issued");
            let Some(cap) = self.version(programme, number).limits.cap_contract else {
                continue;
            };
            counted.push(line);
            let same = held.iter().filter(|other| who(**other) == who(line));
            let holds: Money = same.map(|other| self.left_on(order, *other)).sum();
            let left = cap - self.used_of_contract(programme, holder, &key);
            full |= holds > left.max(0);
        }
        let outside = [Bend::HoldsOutsideCaps, Bend::HoldsOutsideContracts];
        if outside.contains(&self.bend) {
            counted.clear();
        } else if full {
            return Some("CONTRACT_CAP_EXHAUSTED");
        }
        for line in counted {
            let (voucher, left) = (
                self.orders[order].lines[line].voucher,
                self.left_on(order, line),
            );
            self.orders[order].lines[line].counted = true;
            self.count_on(voucher, key.clone(), left);
        }
        self.orders[order].contract = Some((contract.to_owned(), self.today));
        None
    }
}
