//! Periods and settlement payments.

use super::vouchers::plus;
use crate::domain::Fen;
use crate::engine::event::{
    ArrearsCarried, EventMeta, InstructionIssued, InstructionPaid, PeriodClosed, PeriodInstructed,
    PeriodSettled,
};
use crate::engine::state::{InstructionRow, LineOrigin, LineRow, PeriodStatus, State, Step};

impl State {
    pub(super) fn period_closed(&mut self, meta: &EventMeta, e: &PeriodClosed) {
        self.periods.update(e.period.index(), |row| {
            row.status = PeriodStatus::Closed;
            row.closed_on = Some(meta.business_date);
            row.deemed_on = Some(e.deemed_on);
        });
        self.open_next_period(e.month.next());
        assert_eq!(self.open_period(), e.next, "period ids are dense");
    }

    pub(super) fn instruction_issued(&mut self, meta: &EventMeta, e: &InstructionIssued) {
        let position = self.instructions.push(InstructionRow {
            period: e.period,
            order: e.order,
            debtor: e.debtor,
            creditor: e.creditor,
            amount: e.amount,
            paid: Fen::ZERO,
            carried: Fen::ZERO,
            year: meta.business_date.year(),
        });
        assert_eq!(position, e.instruction.index(), "instruction ids are dense");
        self.periods.update(e.period.index(), |row| {
            row.first_instruction.get_or_insert(e.instruction);
            row.instructions += 1;
        });
    }

    pub(super) fn period_instructed(&mut self, e: &PeriodInstructed) {
        self.periods.update(e.period.index(), |row| {
            row.status = PeriodStatus::Settling;
            row.mode = Some(e.mode);
            row.pay_by = Some(e.pay_by);
        });
    }

    pub(super) fn instruction_paid(&mut self, meta: &EventMeta, e: &InstructionPaid) {
        self.instructions.update(e.instruction.index(), |row| {
            row.paid = plus(row.paid, e.amount)
        });
        self.settlement_refs.insert((e.instruction, e.bank_ref), ());
        let what = Step::Payment {
            instruction: e.instruction,
            amount: e.amount,
            bank_ref: e.bank_ref,
        };
        self.step_done(meta, what);
    }

    pub(super) fn arrears_carried(&mut self, e: &ArrearsCarried) {
        self.instructions.update(e.instruction.index(), |row| {
            row.carried = plus(row.carried, e.amount)
        });
        let line = LineRow {
            amount: e.amount,
            origin: LineOrigin::Arrears(e.instruction),
            debtor: e.debtor,
            creditor: e.creditor,
            programme: None,
            period: e.into,
            voided: false,
        };
        self.add_line(e.line, line);
    }

    pub(super) fn period_settled(&mut self, e: &PeriodSettled) {
        self.periods.update(e.period.index(), |row| {
            row.carried = e.carried;
            row.status = if e.carried.is_zero() {
                PeriodStatus::Settled
            } else {
                PeriodStatus::SettledWithCarry
            };
        });
    }
}
