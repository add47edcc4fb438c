//! Counting what was issued: revoked unused, taken along by successions, given back.

use super::vouchers::{minus, plus};
use crate::domain::{Fen, Seq, UsageId, VoucherId, split_by_weights};
use crate::engine::state::{CountedRow, State};

impl State {
    /// An amount of a voucher was not used and counts as issued no more; answers at whom it did.
    ///
    /// It is taken where it counts: at the holder as far as successions brought it there, then
    /// back along those who had the voucher to the one it was issued to, then at whoever took the
    /// rest of its lot over, in the order in which they did.
    pub(super) fn no_longer_issued(
        &mut self,
        voucher: VoucherId,
        amount: Fen,
    ) -> Vec<(UsageId, Fen)> {
        let mut taken = Vec::new();
        if amount.is_zero() {
            return taken;
        }
        let origin = self.origin_of(voucher);
        let issued_to = origin.issued_to();
        let Some(lot) = origin.lot else {
            assert!(
                amount <= self.issued_since(issued_to),
                "what is revoked was issued"
            );
            self.change_issued(issued_to, |issued| minus(issued, amount));
            taken.push((issued_to, amount));
            return taken;
        };
        let heirs = self.lots.get(&(issued_to, lot));
        let heirs = heirs.cloned().unwrap_or_default();
        let now = *self.next_seq;
        let mut left = amount;
        for at in origin.chain.into_iter().chain(heirs) {
            if left.is_zero() {
                break;
            }
            let Some(mut row) = self.counted(at, lot).cloned() else {
                continue;
            };
            let part = row.amount.min(left);
            left = minus(left, part);
            row.amount = minus(row.amount, part);
            if !left.is_zero() {
                row.short = Some(now);
            }
            self.counted.insert((at, lot), row);
            if !part.is_zero() {
                self.change_issued(at, |issued| minus(issued, part));
                taken.push((at, part));
            }
        }
        assert!(left.is_zero(), "what is revoked was issued");
        taken
    }

    /// What [`State::no_longer_issued`] took counts again where it was taken.
    pub(super) fn issued_again(&mut self, voucher: VoucherId, taken: &[(UsageId, Fen)]) {
        let origin = self.origin_of(voucher);
        for &(at, amount) in taken {
            self.change_issued(at, |issued| plus(issued, amount));
            if let Some(lot) = origin.lot {
                self.count_issued(at, lot, origin.issued_to(), amount);
            }
        }
    }

    /// A succession takes along an amount of what counts at its giver: of every lot the same
    /// share, by largest remainder. Answers how much of each.
    pub(super) fn move_issued(
        &mut self,
        (from, to): (UsageId, UsageId),
        amount: Fen,
        now: Seq,
    ) -> Vec<(Seq, Fen)> {
        if amount.is_zero() {
            return Vec::new();
        }
        let since = self.issued_since(from);
        if !since.is_zero() {
            self.count_issued(from, now, from, since);
        }
        let (lots, weights): (Vec<Seq>, Vec<Fen>) = self
            .counted_at(from)
            .map(|(lot, row)| (lot, row.amount))
            .unzip();
        let parts = split_by_weights(amount, &weights).expect("a share of what is issued");
        let parts = lots.into_iter().zip(parts);
        let moved: Vec<(Seq, Fen)> = parts.filter(|(_, part)| !part.is_zero()).collect();
        self.shift_issued((from, to), &moved);
        moved
    }

    /// Gives back what [`State::move_issued`] moved. It is all there when it is decided so; only
    /// a journal of the time before lots were counted may undo a succession of which something
    /// was revoked or passed on since, and what is left goes back.
    pub(super) fn move_issued_back(
        &mut self,
        (from, to): (UsageId, UsageId),
        moved: &[(Seq, Fen)],
    ) {
        let left = moved.iter().map(|(lot, amount)| {
            let there = self.counted(to, *lot).map(|row| row.amount);
            (*lot, there.unwrap_or_default().min(*amount))
        });
        let left: Vec<(Seq, Fen)> = left.collect();
        self.shift_issued((to, from), &left);
    }

    /// Moves so much of each lot.
    fn shift_issued(&mut self, (from, to): (UsageId, UsageId), moved: &[(Seq, Fen)]) {
        for &(lot, amount) in moved {
            let row = self.counted(from, lot).cloned();
            let mut row = row.expect("what is moved counts where it is taken");
            let origin = row.origin;
            row.amount = minus(row.amount, amount);
            self.counted.insert((from, lot), row);
            self.count_issued(to, lot, origin, amount);
            self.change_issued(from, |issued| minus(issued, amount));
            self.change_issued(to, |issued| plus(issued, amount));
        }
    }

    fn count_issued(&mut self, at: UsageId, lot: Seq, origin: UsageId, amount: Fen) {
        let row = self.counted(at, lot).cloned();
        let row = row.unwrap_or_else(|| {
            let heirs = self.lots.get(&(origin, lot)).cloned();
            let mut heirs = heirs.unwrap_or_default();
            heirs.push(at);
            self.lots.insert((origin, lot), heirs);
            CountedRow {
                origin,
                amount: Fen::ZERO,
                short: None,
            }
        });
        let amount = plus(row.amount, amount);
        self.counted.insert((at, lot), CountedRow { amount, ..row });
    }

    fn change_issued(&mut self, at: UsageId, change: impl FnOnce(Fen) -> Fen) {
        self.usage
            .update_at(at.index(), |row| row.issued = change(row.issued));
    }
}
