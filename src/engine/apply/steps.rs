//! Steps that can be undone, and the events that undo them.

use super::vouchers::{minus, plus};
use crate::domain::Fen;
use crate::engine::command::Subject;
use crate::engine::event::{
    BudgetChanged, BudgetUndone, ConsentUndone, EventMeta, PaymentUndone, RelocationUndone,
    RevocationUndone, StepReversed, TransferUndone, Undone,
};
use crate::engine::state::{State, Step, StepRow, TransferStatus};

impl Undone {
    /// What the step was about.
    pub fn subject(&self) -> Subject {
        match self {
            Undone::Revocation(u) => Subject::Voucher(u.voucher),
            Undone::Budget(u) => Subject::Programme(u.programme),
            Undone::Transfer(u) => Subject::Transfer(u.transfer),
            Undone::Relocation(u) => Subject::Transfer(u.transfer),
            Undone::Consent(u) => Subject::Voucher(u.voucher),
            Undone::Payment(u) => Subject::Instruction(u.instruction),
            Undone::Extension(u) => Subject::Voucher(u.voucher),
        }
    }
}

impl State {
    /// Remembers a step that can be undone.
    pub(super) fn step_done(&mut self, meta: &EventMeta, what: Step) {
        let by = meta.principal;
        let reversed = None;
        self.steps.insert(meta.seq, StepRow { what, by, reversed });
    }

    pub(super) fn budget_changed(&mut self, meta: &EventMeta, e: &BudgetChanged) {
        let fen = e.amount.get();
        let change = if e.raise { fen } else { -fen };
        self.budgets_total.set(*self.budgets_total + change);
        let what = Step::Budget {
            programme: e.programme,
            amount: e.amount,
            raise: e.raise,
        };
        self.step_done(meta, what);
    }

    pub(super) fn step_reversed(&mut self, meta: &EventMeta, e: &StepReversed) {
        let row = self.step(e.step).expect("only known steps are undone");
        let reversed = Some(meta.seq);
        let what = row.what.clone();
        self.steps.insert(e.step, StepRow { reversed, ..row });
        match &e.undone {
            Undone::Revocation(u) => self.revocation_undone(u, &what),
            Undone::Budget(u) => self.budget_undone(u),
            Undone::Transfer(u) => self.transfer_undone(u, &what),
            Undone::Relocation(u) => self.relocation_undone(u),
            Undone::Consent(u) => self.consent_undone(u),
            Undone::Payment(u) => self.payment_undone(u),
            Undone::Extension(u) => {
                self.set_deadlines(u.voucher, (u.use_by, u.cash_by));
            }
        }
    }

    fn revocation_undone(&mut self, u: &RevocationUndone, what: &Step) {
        self.vouchers.update(u.voucher.index(), |row| {
            row.returned = minus(row.returned, u.amount);
            row.free = plus(row.free, u.amount);
            row.revoked = false;
        });
        if let Step::Revocation { issued, .. } = what {
            self.issued_again(u.voucher, issued);
        }
    }

    fn budget_undone(&mut self, u: &BudgetUndone) {
        let change = if u.raise {
            -u.amount.get()
        } else {
            u.amount.get()
        };
        self.budgets_total.set(*self.budgets_total + change);
    }

    fn transfer_undone(&mut self, u: &TransferUndone, what: &Step) {
        let share = self.transfers.update(u.transfer.index(), |row| {
            row.status = TransferStatus::Reversed;
            row.cap_share
        });
        let to = self.vouchers.update(u.child.index(), |row| {
            row.free = minus(row.free, u.amount);
            row.returned = plus(row.returned, u.amount);
            row.revoked = true;
            row.usage
        });
        self.note_gone(u.child, u.amount);
        let from = self.vouchers.update(u.parent.index(), |row| {
            row.free = plus(row.free, u.amount);
            row.usage
        });
        if let Step::Transfer {
            lots,
            categories,
            contracts,
            on,
            ..
        } = what
        {
            self.move_issued_back((from, to), lots);
            self.move_use_back((from, to), categories, u.used_moved, *on);
            self.shift_contracts((to, from), contracts);
        }
        if let Some(share) = share {
            self.change_shares(u.parent, |row| {
                row.declared -= share.millionths();
                row.moved -= share.millionths();
            });
        }
    }

    fn relocation_undone(&mut self, u: &RelocationUndone) {
        self.transfers.update(u.transfer.index(), |row| {
            row.status = TransferStatus::Reversed;
        });
        self.new_home(u.enterprise, u.home);
    }

    fn consent_undone(&mut self, u: &ConsentUndone) {
        self.consents.update(u.consent.index(), |row| {
            row.left = Fen::ZERO;
            row.replaced = true;
        });
    }

    fn payment_undone(&mut self, u: &PaymentUndone) {
        self.instructions.update(u.instruction.index(), |row| {
            row.paid = minus(row.paid, u.amount)
        });
        self.settlement_refs.remove(&(u.instruction, u.bank_ref));
    }
}
