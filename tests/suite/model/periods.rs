//! Periods, netting and the passing of days, naively.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::steps::What;
use super::{
    Bend, Instruction, Line, Mode, Model, Money, Period, Stage, Verdict, plus_days, plus_months,
    refused, split,
};

/// Debtor, creditor, amount.
pub(super) type Payment = (usize, usize, Money);

impl Model {
    pub(super) fn open_period(&mut self, month: Date) {
        self.periods.push(Period {
            month,
            stage: Stage::Open,
            deemed_on: None,
            pay_by: None,
            mode: Mode::Direct,
            close_asked_by: None,
            confirmed: Vec::new(),
        });
    }

    /// Goes on day by day: closes, lapses, silence, arrears.
    pub(super) fn advance(&mut self, to: Date) -> Verdict {
        if to <= self.today {
            return Verdict::Rejected;
        }
        while self.today < to {
            self.today = self.today.tomorrow().expect("a day of this age");
            if plus_months(self.periods[self.periods.len() - 1].month, 1) == self.today {
                self.close();
            }
            for voucher in 0..self.vouchers.len() {
                if plus_days(self.vouchers[voucher].cash_by, 1) == self.today {
                    self.lapse(voucher);
                }
            }
            for period in 0..self.periods.len() {
                let row = &self.periods[period];
                if row.stage == Stage::Closed && row.deemed_on == Some(self.today) {
                    self.periods[period].stage = Stage::Agreed;
                }
            }
            for period in 0..self.periods.len() {
                let row = &self.periods[period];
                let late = row
                    .pay_by
                    .is_some_and(|day| plus_days(day, 1) == self.today);
                if row.stage == Stage::Settling && late {
                    self.carry(period);
                }
            }
            self.end_orders();
            self.expire();
        }
        Verdict::Done
    }

    fn close(&mut self) {
        let today = self.today;
        let deemed_on = plus_days(today, self.confirm_days);
        let last = self.periods.last_mut().expect("one is open");
        last.stage = Stage::Closed;
        last.deemed_on = Some(deemed_on);
        let next = plus_months(last.month, 1);
        self.open_period(next);
    }

    pub(super) fn ask_close(&mut self, by: usize, period: usize) -> Verdict {
        let today = self.today;
        match self.periods.get_mut(period) {
            None => Verdict::Rejected,
            Some(row) if row.stage != Stage::Open || row.month > today => {
                refused("PERIOD_STATE_MISMATCH")
            }
            Some(row) => {
                row.close_asked_by = Some(by);
                Verdict::Done
            }
        }
    }

    pub(super) fn close_early(&mut self, by: usize, period: usize) -> Verdict {
        let Some(row) = self.periods.get(period) else {
            return Verdict::Rejected;
        };
        if row.stage != Stage::Open || row.month > self.today {
            return refused("PERIOD_STATE_MISMATCH");
        }
        if row.close_asked_by.is_none_or(|asked| asked == by) {
            return refused("SECOND_PERSON_REQUIRED");
        }
        self.close();
        if self.confirm_days == 0 {
            self.periods[period].stage = Stage::Agreed;
        }
        Verdict::Done
    }

    /// The gross matrix: only what is not voided counts, per pair in the order of the list.
    pub(super) fn gross(&self, period: usize) -> Cells {
        let mut cells = Cells::new();
        for line in &self.lines {
            if line.period == period && !line.voided {
                *cells.entry((line.debtor, line.creditor)).or_default() += line.amount;
            }
        }
        cells
    }

    /// Member, receivable and payable of all who have any, by code.
    pub(super) fn positions(&self, cells: &Cells) -> Vec<(usize, Money, Money)> {
        let mut rows = Vec::new();
        for member in self.by_code() {
            let owed = cells
                .iter()
                .filter(|((_, creditor), _)| *creditor == member);
            let owes = cells.iter().filter(|((debtor, _), _)| *debtor == member);
            let receivable: Money = owed.map(|(_, amount)| amount).sum();
            let payable: Money = owes.map(|(_, amount)| amount).sum();
            if receivable != 0 || payable != 0 {
                rows.push((member, receivable, payable));
            }
        }
        rows
    }

    fn by_code(&self) -> Vec<usize> {
        let mut members: Vec<usize> = (0..self.members.len()).collect();
        members.sort_by_key(|member| self.members[*member].code.clone());
        members
    }

    fn nets(&self, cells: &Cells) -> Vec<(usize, Money)> {
        let rows = self.positions(cells).into_iter();
        rows.map(|(member, receivable, payable)| (member, receivable - payable))
            .collect()
    }

    /// Payments in their order.
    pub(super) fn payments(&self, period: usize, mode: Mode) -> Vec<Payment> {
        let gross = self.gross(period);
        if mode == Mode::Bilateral {
            return self.pairs(&gross);
        }
        let both_signed =
            |(a, b): &(usize, usize)| self.members[*a].signed && self.members[*b].signed;
        let (netted, apart): (Cells, Cells) =
            gross.into_iter().partition(|(pair, _)| both_signed(pair));
        let nets = self.nets(&netted);
        let mut payments = match mode {
            Mode::Hub(hub) => {
                let mut payments = Vec::new();
                for (member, net) in &nets {
                    if *net < 0 && *member != hub {
                        payments.push((*member, hub, -net));
                    }
                }
                for (member, net) in &nets {
                    if *net > 0 && *member != hub {
                        payments.push((hub, *member, *net));
                    }
                }
                payments
            }
            _ => self.largest_first(nets),
        };
        payments.extend(self.pairs(&apart));
        payments
    }

    /// The largest debtor pays the largest creditor, and again, until nobody owes. The nets are in
    /// the order of the codes: of equals the first counts.
    fn largest_first(&self, mut nets: Vec<(usize, Money)>) -> Vec<Payment> {
        let mut payments: Vec<Payment> = Vec::new();
        loop {
            let lowest = nets.iter().map(|(_, net)| *net).min().unwrap_or(0);
            let highest = nets.iter().map(|(_, net)| *net).max().unwrap_or(0);
            if lowest >= 0 {
                return payments;
            }
            let debtor = nets
                .iter()
                .position(|(_, net)| *net == lowest)
                .expect("it is there");
            let mut creditor = nets
                .iter()
                .position(|(_, net)| *net == highest)
                .expect("it is there");
            if self.bend == Bend::RankedOnce
                && let Some((_, last, _)) = payments.last()
            {
                let again = nets
                    .iter()
                    .position(|(member, net)| member == last && *net > 0);
                creditor = again.unwrap_or(creditor);
            }
            let amount = (-nets[debtor].1).min(nets[creditor].1);
            nets[debtor].1 += amount;
            nets[creditor].1 -= amount;
            payments.push((nets[debtor].0, nets[creditor].0, amount));
        }
    }

    /// The net of each pair, by the codes of payer and payee.
    fn pairs(&self, cells: &Cells) -> Vec<Payment> {
        let mut payments = Vec::new();
        for debtor in self.by_code() {
            for creditor in self.by_code() {
                let owes = cells.get(&(debtor, creditor)).copied().unwrap_or(0);
                let owed = cells.get(&(creditor, debtor)).copied().unwrap_or(0);
                if owes > owed {
                    payments.push((debtor, creditor, owes - owed));
                }
            }
        }
        payments
    }

    pub(super) fn confirm_statement(&mut self, period: usize, member: usize) -> Verdict {
        let Some(row) = self.periods.get(period) else {
            return Verdict::Rejected;
        };
        if member >= self.members.len() {
            return Verdict::Rejected;
        }
        if row.stage != Stage::Closed {
            return refused("PERIOD_STATE_MISMATCH");
        }
        let positions = self.positions(&self.gross(period));
        if positions.iter().all(|(other, _, _)| *other != member) {
            return refused("NO_POSITION");
        }
        let row = &mut self.periods[period];
        if row.confirmed.contains(&member) {
            return refused("ALREADY_IN_STATE");
        }
        row.confirmed.push(member);
        if positions
            .iter()
            .all(|(other, _, _)| row.confirmed.contains(other))
        {
            row.stage = Stage::Agreed;
        }
        Verdict::Done
    }

    pub(super) fn instruct(&mut self, period: usize, mode: Mode) -> Verdict {
        let Some(row) = self.periods.get(period) else {
            return Verdict::Rejected;
        };
        if row.stage != Stage::Agreed {
            return refused("PERIOD_STATE_MISMATCH");
        }
        if let Mode::Hub(hub) = mode {
            match self.members.get(hub) {
                None => return Verdict::Rejected,
                Some(member) if !member.treasury => return refused("HUB_NOT_TREASURY"),
                Some(_) => {}
            }
        }
        for (n, (debtor, creditor, amount)) in self.payments(period, mode).into_iter().enumerate() {
            self.instructions.push(Instruction {
                period,
                order: n + 1,
                debtor,
                creditor,
                amount,
                paid: 0,
                carried: 0,
            });
        }
        let pay_by = plus_days(self.today, self.pay_days);
        let row = &mut self.periods[period];
        row.stage = Stage::Settling;
        row.mode = mode;
        row.pay_by = Some(pay_by);
        self.settle_if_paid(period);
        Verdict::Done
    }

    pub(super) fn pay_instruction(
        &mut self,
        by: usize,
        id: usize,
        amount: Money,
        bank_ref: String,
    ) -> Verdict {
        let Some(row) = self.instructions.get(id) else {
            return Verdict::Rejected;
        };
        if amount == 0 {
            return Verdict::Rejected;
        }
        let period = row.period;
        if self.periods[period].stage != Stage::Settling {
            return refused("PERIOD_STATE_MISMATCH");
        }
        if self.bank_refs.contains(&(id, bank_ref.clone())) {
            return refused("PAYMENT_RECORDED");
        }
        if amount > row.amount - row.paid {
            return refused("INSTRUCTION_EXCEEDED");
        }
        self.bank_refs.push((id, bank_ref.clone()));
        self.instructions[id].paid += amount;
        let instruction = id;
        self.did(
            by,
            What::Payment {
                instruction,
                amount,
                bank_ref,
            },
        );
        self.settle_if_paid(period);
        Verdict::Done
    }

    fn settle_if_paid(&mut self, period: usize) {
        let of_period = self.instructions.iter().filter(|row| row.period == period);
        if of_period.map(|row| row.amount - row.paid).sum::<Money>() == 0 {
            self.periods[period].stage = Stage::Settled;
        }
    }

    /// What is unpaid becomes lines of the open period.
    fn carry(&mut self, period: usize) {
        let unpaid: Vec<(usize, Payment)> = (0..self.instructions.len())
            .map(|id| (id, &self.instructions[id]))
            .filter(|(_, row)| row.period == period && row.amount > row.paid)
            .map(|(id, row)| (id, (row.debtor, row.creditor, row.amount - row.paid)))
            .collect();
        let arrears = match self.periods[period].mode {
            Mode::Hub(hub) => through_hub(&unpaid, hub),
            _ => unpaid,
        };
        for (instruction, (debtor, creditor, amount)) in arrears {
            self.instructions[instruction].carried += amount;
            self.lines.push(Line {
                debtor,
                creditor,
                programme: None,
                amount,
                period: self.periods.len() - 1,
                voided: false,
            });
        }
        self.periods[period].stage = Stage::SettledWithCarry;
    }
}

/// Debtor and creditor with what the one owes the other.
pub(super) type Cells = BTreeMap<(usize, usize), Money>;

/// What was not paid in is shared over what was not paid out, by largest remainder over what is
/// still open; the hub answers for the difference. An arrear belongs to the debtor's own payment,
/// or to the creditor's where the hub is the debtor.
fn through_hub(unpaid: &[(usize, Payment)], hub: usize) -> Vec<(usize, Payment)> {
    let mut debtors: Vec<(usize, Money)> = Vec::new();
    let mut creditors: Vec<(usize, Money)> = Vec::new();
    let mut apart = Vec::new();
    for (id, (debtor, creditor, amount)) in unpaid {
        if *creditor == hub {
            debtors.push((*debtor, *amount));
        } else if *debtor == hub {
            creditors.push((*creditor, *amount));
        } else {
            apart.push((*id, (*debtor, *creditor, *amount)));
        }
    }
    let sum = |side: &[(usize, Money)]| side.iter().map(|(_, amount)| amount).sum::<Money>();
    let lacking = sum(&creditors) - sum(&debtors);
    if lacking > 0 {
        debtors.push((hub, lacking));
    } else if lacking < 0 {
        creditors.push((hub, -lacking));
    }
    let mut arrears = Vec::new();
    for (debtor, amount) in debtors {
        let open: Vec<Money> = creditors.iter().map(|(_, left)| *left).collect();
        for (i, part) in split(amount, &open, Bend::None).into_iter().enumerate() {
            creditors[i].1 -= part;
            let own = |(_, (d, c, _)): &&(usize, Payment)| *d == debtor && *c == hub;
            let passed = |(_, (d, c, _)): &&(usize, Payment)| *d == hub && *c == creditors[i].0;
            let origin = unpaid.iter().find(own).or(unpaid.iter().find(passed));
            let (instruction, _) = origin.expect("an arrear stems from a payment");
            if part > 0 {
                arrears.push((*instruction, (debtor, creditors[i].0, part)));
            }
        }
    }
    arrears.extend(apart);
    arrears
}
