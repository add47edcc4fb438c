//! The balances that follow from the lists, naively.

use super::{Model, Money, Stage};

/// What a member's actual section should say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Book {
    pub(super) expense: Money,
    pub(super) payable: Money,
    pub(super) treasury: Money,
    /// By creditor.
    pub(super) due_to: Vec<Money>,
    /// By debtor.
    pub(super) due_from: Vec<Money>,
    /// By period.
    pub(super) clearing: Vec<Money>,
}

impl Model {
    pub(super) fn book(&self, member: usize) -> Book {
        let none = vec![0; self.members.len()];
        let mut book = Book {
            due_to: none.clone(),
            due_from: none,
            clearing: vec![0; self.periods.len()],
            ..Book::default()
        };
        for claim in &self.claims {
            if !claim.reversed && !claim.waits {
                book.expense += self.borne(claim, member);
            }
            if claim.approval.payer == member && !claim.reversed && !claim.paid && !claim.waits {
                book.payable += claim.approval.amount;
            }
        }
        for (claim, returned) in &self.payments {
            let approval = &self.claims[*claim].approval;
            if approval.payer == member && !returned {
                book.treasury -= approval.amount;
            }
        }
        for line in self.lines.iter().filter(|line| !line.voided) {
            let agreed = !matches!(self.periods[line.period].stage, Stage::Open | Stage::Closed);
            if line.debtor == member {
                book.due_to[line.creditor] += if agreed { 0 } else { line.amount };
                book.clearing[line.period] += if agreed { line.amount } else { 0 };
            }
            if line.creditor == member {
                book.due_from[line.debtor] += if agreed { 0 } else { line.amount };
                book.clearing[line.period] -= if agreed { line.amount } else { 0 };
            }
        }
        for row in &self.instructions {
            if row.debtor == member {
                book.treasury -= row.paid;
                book.clearing[row.period] -= row.paid;
            }
            if row.creditor == member {
                book.treasury += row.paid;
                book.clearing[row.period] += row.paid;
            }
        }
        // What was carried left the clearing account of its period, which thereby ended at nothing.
        for (period, row) in self.periods.iter().enumerate() {
            if row.stage == Stage::SettledWithCarry {
                book.clearing[period] = 0;
            }
        }
        book
    }

    /// What a member bears of a claim: all of it is the payer's until others begin to owe.
    fn borne(&self, claim: &super::Claim, member: usize) -> Money {
        let approval = &claim.approval;
        let others: Money = approval.others.iter().map(|(_, part)| part).sum();
        let accrued = !claim.lines.is_empty();
        if approval.payer == member {
            return approval.amount - if accrued { others } else { 0 };
        }
        let own = approval.others.iter().find(|(funder, _)| *funder == member);
        own.filter(|_| accrued).map_or(0, |(_, part)| *part)
    }
}
