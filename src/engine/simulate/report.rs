//! What a simulation answers.

use std::collections::BTreeMap;

use crate::domain::{ClaimId, Day, Fen, MemberId, Seq};
use crate::engine::event::Funding;
use crate::engine::refusal::RefusalCode;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The code it was refused with; `None` if it was approved.
    pub refused: Option<RefusalCode>,
    /// Amount approved.
    pub amount: Fen,
    /// Who pays and bears it, if it was approved.
    pub funding: Option<Funding>,
}

impl Verdict {
    pub(super) fn approved(amount: Fen, funding: Funding) -> Verdict {
        Verdict {
            refused: None,
            amount,
            funding: Some(funding),
        }
    }

    pub(super) fn refused(code: RefusalCode) -> Verdict {
        Verdict {
            refused: Some(code),
            amount: Fen::ZERO,
            funding: None,
        }
    }
}

/// A claim, as it was decided and as it would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedClaim {
    /// Its event.
    pub seq: Seq,
    /// Filing day.
    pub filed_on: Day,
    /// Its id, if it was approved.
    pub claim: Option<ClaimId>,
    /// As it was.
    pub before: Verdict,
    /// As it would have been.
    pub after: Verdict,
}

impl SimulatedClaim {
    /// True if anything of it would have been different.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// From which result to which: a code of refusal, or `None` for approved.
pub type Change = (Option<RefusalCode>, Option<RefusalCode>);

/// When a budget was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RanOut {
    /// Filing day of the first claim that it did not cover.
    pub on: Day,
}

/// One side of a comparison. Sums are fen, net of reversals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Claims approved.
    pub approved: u64,
    /// Claims refused.
    pub refused: u64,
    /// Sum of the amounts approved.
    pub amount: i128,
    /// What each funder bears.
    pub parts: BTreeMap<MemberId, i128>,
    /// What each member pays out to payees.
    pub paid: BTreeMap<MemberId, i128>,
    /// What each member owes others.
    pub payable: BTreeMap<MemberId, i128>,
    /// What others owe each member.
    pub receivable: BTreeMap<MemberId, i128>,
    /// What the programme has spent, also before the first day asked for.
    pub spent: i128,
    /// When its budget was used up for the first time.
    pub ran_out: Option<RanOut>,
}

impl Side {
    fn count(&mut self, verdict: &Verdict) {
        match &verdict.funding {
            Some(funding) => {
                self.approved += 1;
                self.add(verdict.amount, funding, 1);
            }
            None => self.refused += 1,
        }
    }

    fn add(&mut self, amount: Fen, funding: &Funding, sign: i128) {
        let whole = sign * i128::from(amount.get());
        self.amount += whole;
        *self.paid.entry(funding.payer).or_default() += whole;
        let own = sign * i128::from(funding.payer_part(amount).get());
        *self.parts.entry(funding.payer).or_default() += own;
        for (funder, part) in funding.others() {
            let part = sign * i128::from(part.get());
            *self.parts.entry(funder).or_default() += part;
            *self.payable.entry(funder).or_default() += part;
            *self.receivable.entry(funding.payer).or_default() += part;
        }
    }

    pub(super) fn reverse(&mut self, amount: Fen, funding: &Funding) {
        self.add(amount, funding, -1);
    }

    pub(super) fn spend(&mut self, amount: Fen, budget: Fen, on: Day) {
        self.spent += i128::from(amount.get());
        if self.ran_out.is_none() && self.spent > i128::from(budget.get()) {
            self.ran_out = Some(RanOut { on });
        }
    }

    pub(super) fn give_back(&mut self, amount: Fen) {
        self.spent -= i128::from(amount.get());
    }
}

/// What a simulation found in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Claims looked at.
    pub claims: u64,
    /// Those of which anything would have been different.
    pub changed: u64,
    /// As it was.
    pub before: Side,
    /// As it would have been.
    pub after: Side,
    /// Claims by their result before and after.
    pub results: BTreeMap<Change, u64>,
    /// Claims, and what was taken back, that could not be decided again.
    pub left_out: u64,
}

impl Report {
    pub(super) fn count(&mut self, claim: &SimulatedClaim) {
        self.claims += 1;
        self.changed += u64::from(claim.is_changed());
        self.before.count(&claim.before);
        self.after.count(&claim.after);
        let change = (claim.before.refused, claim.after.refused);
        *self.results.entry(change).or_default() += 1;
    }
}
