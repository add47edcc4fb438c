//! Counting what claims and holds use of the caps.

use super::vouchers::{minus, plus};
use crate::domain::{CategoryId, ClaimId, Day, Fen, UsageId};
use crate::engine::state::{ClaimLink, ContractKey, State, category_key};

impl State {
    /// Counts an amount; with a claim, it becomes the newest of the row, and the one before it is
    /// the answer.
    #[inline]
    pub(super) fn count_use(
        &mut self,
        usage: UsageId,
        category: CategoryId,
        amount: Fen,
        claim: Option<ClaimId>,
    ) -> ClaimLink {
        let (mut older, mut apart) = (ClaimLink::default(), false);
        self.usage.update_at(usage.index(), |row| {
            row.used = plus(row.used, amount);
            apart = *row.category.get_or_insert(category) != category;
            if let Some(claim) = claim {
                older = std::mem::replace(&mut row.newest, ClaimLink::to(claim));
            }
        });
        if apart {
            let key = category_key(usage, category);
            self.category_usage
                .update(key, |used| *used = plus(*used, amount));
        }
        older
    }

    /// Takes an amount back that was counted.
    pub(super) fn uncount_use(&mut self, usage: UsageId, category: CategoryId, amount: Fen) {
        let (mut apart, mut short) = (false, false);
        // A succession may have taken some of it along.
        let mut less = |used: &mut Fen| {
            short |= *used < amount;
            *used = used.saturating_sub(amount);
        };
        self.usage.update_at(usage.index(), |row| {
            less(&mut row.used);
            apart = row.category != Some(category);
        });
        if apart {
            let key = category_key(usage, category);
            self.category_usage.update(key, less);
        }
        if short {
            self.note_overdrawn(usage);
        }
    }

    /// More is given back than a succession has left: what it took along cannot come back as it
    /// went from now on.
    pub(super) fn note_overdrawn(&mut self, usage: UsageId) {
        let now = *self.next_seq;
        self.overdrawn.insert(usage, now);
    }

    /// Counts an amount to a contract.
    pub(super) fn count_contract(&mut self, usage: UsageId, contract: ContractKey, amount: Fen) {
        if !amount.is_zero() {
            let used = self.used_on_contract(usage, contract);
            self.contract_usage
                .insert((usage, contract), plus(used, amount));
        }
    }

    /// Takes an amount back that was counted to a contract.
    pub(super) fn uncount_contract(&mut self, usage: UsageId, contract: ContractKey, amount: Fen) {
        // A succession may have taken some of it along.
        let used = self.used_on_contract(usage, contract);
        if used < amount {
            self.note_overdrawn(usage);
        }
        let left = used.saturating_sub(amount);
        if left.is_zero() {
            self.contract_usage.remove(&(usage, contract));
        } else {
            self.contract_usage.insert((usage, contract), left);
        }
    }

    /// Carries a share of what was used on every contract over to a successor; answers how much
    /// of each.
    pub(super) fn move_contracts(
        &mut self,
        (from, to): (UsageId, UsageId),
        share: impl Fn(Fen) -> Fen,
    ) -> Vec<(ContractKey, Fen)> {
        let moved = (self.contracts_of(from))
            .map(|(contract, used)| (contract, share(used)))
            .filter(|(_, fen)| !fen.is_zero());
        let moved: Vec<(ContractKey, Fen)> = moved.collect();
        self.shift_contracts((from, to), &moved);
        moved
    }

    /// Moves so much of each contract.
    pub(super) fn shift_contracts(
        &mut self,
        (from, to): (UsageId, UsageId),
        moved: &[(ContractKey, Fen)],
    ) {
        for &(contract, fen) in moved {
            self.uncount_contract(from, contract, fen);
            self.count_contract(to, contract, fen);
        }
    }

    /// Carries used caps over to a successor: `used` in all, of each category what is answered:
    /// the same share.
    pub(super) fn move_use(
        &mut self,
        (from, to): (UsageId, UsageId),
        share: impl Fn(Fen) -> Fen,
        used: Fen,
        on: Day,
    ) -> Vec<(CategoryId, Fen)> {
        let categories = (0..self.categories.len()).filter_map(CategoryId::from_index);
        let moved: Vec<(CategoryId, Fen)> = categories
            .map(|category| (category, share(self.used_in_category(from, category))))
            .filter(|(_, fen)| !fen.is_zero())
            .collect();
        self.shift_use((from, to), &moved, used);
        if !used.is_zero() {
            let before = self.taken_over.get(&(to, on)).copied().unwrap_or_default();
            self.taken_over.insert((to, on), plus(before, used));
        }
        moved
    }

    /// Gives back what [`State::move_use`] moved on a day.
    pub(super) fn move_use_back(
        &mut self,
        (from, to): (UsageId, UsageId),
        moved: &[(CategoryId, Fen)],
        used: Fen,
        on: Day,
    ) {
        self.shift_use((to, from), moved, used);
        if used.is_zero() {
            return;
        }
        let before = self.taken_over.get(&(to, on)).copied().unwrap_or_default();
        let left = minus(before, used);
        if left.is_zero() {
            self.taken_over.remove(&(to, on));
        } else {
            self.taken_over.insert((to, on), left);
        }
    }

    fn shift_use(
        &mut self,
        (from, to): (UsageId, UsageId),
        moved: &[(CategoryId, Fen)],
        used: Fen,
    ) {
        let mut first = None;
        self.usage.update_at(from.index(), |row| {
            row.used = minus(row.used, used);
            first = row.category;
        });
        let mut first_of_receiver = None;
        self.usage.update_at(to.index(), |row| {
            row.used = plus(row.used, used);
            if !used.is_zero() {
                row.category = row.category.or(first);
            }
            first_of_receiver = row.category;
        });
        for &(category, fen) in moved {
            if first != Some(category) {
                let key = category_key(from, category);
                self.category_usage
                    .update(key, |used| *used = minus(*used, fen));
            }
            if first_of_receiver != Some(category) {
                let key = category_key(to, category);
                self.category_usage
                    .update(key, |used| *used = plus(*used, fen));
            }
        }
    }
}
