//! Periods: close, agree, instruct, settle; and the step of the business date.

use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::domain::{Fen, InstructionId, LineId, MemberId, PeriodId, SignedFen};
use crate::engine::command::{
    AdvanceDate, ClosePeriod, ConfirmInstruction, ConfirmStatement, InstructPeriod,
};
use crate::engine::event::{
    ArrearsCarried, CellAgreed, CloseRequested, DateAdvanced, Event, InstructionIssued,
    InstructionPaid, PeriodAgreed, PeriodClosed, PeriodInstructed, PeriodSettled, PositionFixed,
    StatementConfirmed,
};
use crate::engine::netting::{
    Obligation, Position, bilateral, direct, positions, share_unpaid, through_hub,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{InstructionRow, PeriodRow, PeriodStatus, State, cell_key};
use crate::engine::terms::{MemberKind, Role, SettlementMode};

impl Execution<'_> {
    fn period(&self, id: PeriodId) -> Result<PeriodRow, Rejection> {
        self.state
            .periods
            .get(id.index())
            .cloned()
            .ok_or(Rejection::NotFound("period"))
    }

    /// The open period can be closed early once its month has begun.
    fn check_closable(&self, row: &PeriodRow) -> Decision {
        let open = row.status == PeriodStatus::Open;
        let begun = row.month.first_day() <= *self.state.business_date;
        refuse_if(!(open && begun), RefusalCode::PeriodStateMismatch)
    }

    pub(super) fn request_close(&mut self, c: &ClosePeriod) -> Decision {
        self.require_operator()?;
        let row = self.period(c.period)?;
        self.check_closable(&row)?;
        self.emit(Event::CloseRequested(CloseRequested { period: c.period }));
        Ok(())
    }

    pub(super) fn close_period(&mut self, c: &ClosePeriod) -> Decision {
        self.require_operator()?;
        let row = self.period(c.period)?;
        self.check_closable(&row)?;
        let Some(requested_by) = row.close_requested_by else {
            return Err(RefusalCode::SecondPersonRequired.into());
        };
        let same = requested_by == self.submission.principal;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        if PeriodId::from_index(self.state.periods.len()).is_none() {
            return Err(Rejection::Full("periods").into());
        }
        self.second = Some(requested_by);
        self.close_open_period();
        if self.state.calendar.confirm_days == 0 {
            self.agree_period(c.period, true);
        }
        Ok(())
    }

    /// Closes the open period: fixes the position of every party, proves that the nets add up to
    /// zero, opens the next period. Reads the matrix, never the claims.
    pub(in crate::engine) fn close_open_period(&mut self) {
        let period = self.state.open_period();
        let next = PeriodId::from_index(self.state.periods.len())
            .expect("65,536 months are five thousand years");
        let month = self.state.periods[period.index()].month;
        let (gross, cells) = self.state.gross(period);
        let positions = self.state.positions_of(&gross);
        let sum: SignedFen = positions.iter().map(Position::net).sum();
        assert_eq!(sum, SignedFen::ZERO, "the nets of a period add up to zero");
        let total = positions.iter().fold(Fen::ZERO, |sum, position| {
            sum.checked_add(position.payable)
                .expect("bounded by all budgets")
        });
        for position in &positions {
            self.emit(Event::PositionFixed(PositionFixed {
                period,
                member: position.member,
                receivable: position.receivable,
                payable: position.payable,
            }));
        }
        let wait = u32::from(self.state.calendar.confirm_days);
        self.emit(Event::PeriodClosed(PeriodClosed {
            period,
            month,
            next,
            gross: total,
            parties: u16::try_from(positions.len()).expect("at most 256 members"),
            cells,
            deemed_on: self.today.plus_days(wait),
        }));
    }

    pub(super) fn confirm_statement(&mut self, c: &ConfirmStatement) -> Decision {
        let row = self.period(c.period)?;
        if self.state.members.get(c.member.index()).is_none() {
            return Err(Rejection::NotFound("member").into());
        }
        self.require_officer(Role::FinanceOfficer, c.member)?;
        refuse_if(
            row.status != PeriodStatus::Closed,
            RefusalCode::PeriodStateMismatch,
        )?;
        refuse_if(c.revision != row.revision, RefusalCode::RevisionOutdated)?;
        let positions = self.state.period_positions(c.period);
        let has_position = positions.iter().any(|position| position.member == c.member);
        refuse_if(!has_position, RefusalCode::NoPosition)?;
        let confirmed = self.state.confirmations.get(&(c.period, c.member));
        refuse_if(confirmed == Some(&c.revision), RefusalCode::AlreadyInState)?;
        self.emit(Event::StatementConfirmed(StatementConfirmed {
            period: c.period,
            member: c.member,
            revision: c.revision,
        }));
        let all = positions.iter().all(|position| {
            self.state.confirmations.get(&(c.period, position.member)) == Some(&row.revision)
        });
        if all {
            self.agree_period(c.period, false);
        }
        Ok(())
    }

    /// Moves every gross cell of a closed period to the clearing accounts.
    pub(in crate::engine) fn agree_period(&mut self, period: PeriodId, deemed: bool) {
        let (gross, _) = self.state.gross(period);
        for cell in gross {
            self.emit(Event::CellAgreed(CellAgreed {
                period,
                debtor: cell.debtor,
                creditor: cell.creditor,
                amount: cell.amount,
            }));
        }
        let revision = self.state.periods[period.index()].revision;
        self.emit(Event::PeriodAgreed(PeriodAgreed {
            period,
            revision,
            deemed,
        }));
    }

    pub(super) fn instruct_period(&mut self, c: &InstructPeriod) -> Decision {
        self.require_operator()?;
        let row = self.period(c.period)?;
        refuse_if(
            row.status != PeriodStatus::Agreed,
            RefusalCode::PeriodStateMismatch,
        )?;
        if let SettlementMode::Hub(hub) = c.mode {
            let member = self
                .state
                .members
                .get(hub.index())
                .ok_or(Rejection::NotFound("hub"))?;
            refuse_if(
                member.kind != MemberKind::Treasury,
                RefusalCode::HubNotTreasury,
            )?;
            valid(
                c.document_no.is_some(),
                "document_no",
                "names the document of the hub",
            )?;
        }
        let payments = self.state.payments_of(c.period, c.mode);
        let first = self.state.instructions.len();
        if InstructionId::from_index(first + payments.len()).is_none() {
            return Err(Rejection::Full("instructions").into());
        }
        let count = u16::try_from(payments.len()).expect("fewer than 256 × 255 payments");
        let mut total = Fen::ZERO;
        for (order, payment) in (1..=count).zip(&payments) {
            total = total
                .checked_add(payment.amount)
                .expect("bounded by all budgets");
            let instruction = InstructionId::from_index(first + usize::from(order) - 1)
                .expect("room was checked");
            self.emit(Event::InstructionIssued(InstructionIssued {
                instruction,
                period: c.period,
                order,
                debtor: payment.debtor,
                creditor: payment.creditor,
                amount: payment.amount,
            }));
        }
        let pay_days = u32::from(self.state.calendar.pay_days);
        self.emit(Event::PeriodInstructed(Box::new(PeriodInstructed {
            period: c.period,
            mode: c.mode,
            document_no: c.document_no.clone(),
            instructions: count,
            total,
            pay_by: self.today.plus_days(pay_days),
        })));
        self.settle_if_done(c.period);
        Ok(())
    }

    pub(super) fn confirm_instruction(&mut self, c: &ConfirmInstruction) -> Decision {
        let row = self.state.instructions.get(c.instruction.index()).cloned();
        let row = row.ok_or(Rejection::NotFound("instruction"))?;
        let period = self.period(row.period)?;
        let roles = [
            (Role::FinanceOfficer, super::Scope::Member(row.debtor)),
            (Role::Operator, super::Scope::Corridor),
        ];
        self.require_party(&roles, "the finance office of the payer or the operator")?;
        valid(
            c.paid_on <= *self.state.business_date,
            "paid_on",
            "lies after today",
        )?;
        super::parties::positive(c.amount)?;
        refuse_if(
            period.status != PeriodStatus::Settling,
            RefusalCode::PeriodStateMismatch,
        )?;
        let known = self.state.settlement_refs.get(&(c.instruction, c.bank_ref));
        refuse_if(known.is_some(), RefusalCode::PaymentRecorded)?;
        refuse_if(c.amount > row.open(), RefusalCode::InstructionExceeded)?;
        self.emit(Event::InstructionPaid(Box::new(InstructionPaid {
            instruction: c.instruction,
            period: row.period,
            debtor: row.debtor,
            creditor: row.creditor,
            amount: c.amount,
            bank_ref: c.bank_ref,
            paid_on: c.paid_on,
        })));
        self.settle_if_done(row.period);
        Ok(())
    }

    fn settle_if_done(&mut self, period: PeriodId) {
        let done = self
            .state
            .instructions_of(period)
            .all(|(_, row)| row.open().is_zero());
        if done {
            let carried = Fen::ZERO;
            self.emit(Event::PeriodSettled(PeriodSettled { period, carried }));
        }
    }

    /// Turns what is unpaid after the pay-by day into lines of the open period.
    pub(in crate::engine) fn carry_unpaid(&mut self, period: PeriodId) {
        let mode = self.state.periods[period.index()].mode;
        let unpaid: Vec<(InstructionId, InstructionRow)> = self
            .state
            .instructions_of(period)
            .filter(|(_, row)| !row.open().is_zero())
            .map(|(id, row)| (id, row.clone()))
            .collect();
        let arrears = match mode {
            Some(SettlementMode::Hub(hub)) => hub_arrears(&unpaid, hub),
            _ => unpaid.iter().map(direct_arrear).collect(),
        };
        let mut carried = Fen::ZERO;
        for (instruction, debtor, creditor, amount) in arrears {
            carried = carried.checked_add(amount).expect("bounded by all budgets");
            let line = LineId::from_index(self.state.lines.len()).expect("fewer than 2^32 lines");
            self.emit(Event::ArrearsCarried(ArrearsCarried {
                instruction,
                period,
                line,
                debtor,
                creditor,
                amount,
                into: self.state.open_period(),
            }));
        }
        self.emit(Event::PeriodSettled(PeriodSettled { period, carried }));
    }

    pub(super) fn advance_date(&mut self, c: &AdvanceDate) -> Decision {
        self.require_operator()?;
        let later = c.to > *self.state.business_date;
        valid(later, "to", "the business date only moves forward")?;
        self.run_timers(c.to, usize::MAX);
        self.emit(Event::DateAdvanced(DateAdvanced { to: c.to }));
        Ok(())
    }
}

/// A payment not made, who owes it to whom, and how much.
type Arrear = (InstructionId, MemberId, MemberId, Fen);

fn direct_arrear((id, row): &(InstructionId, InstructionRow)) -> Arrear {
    (*id, row.debtor, row.creditor, row.open())
}

/// In hub mode what debtors have not paid in is shared over what creditors have not received;
/// the hub itself owes what it took in and did not pass on, or is owed what it advanced.
/// Payments between members that are not netted pass the hub by.
fn hub_arrears(unpaid: &[(InstructionId, InstructionRow)], hub: MemberId) -> Vec<Arrear> {
    let paid_in = unpaid.iter().filter(|(_, row)| row.creditor == hub);
    let paid_out = unpaid
        .iter()
        .filter(|(_, row)| row.debtor == hub && row.creditor != hub);
    let mut debtors: Vec<_> = paid_in.map(|(_, row)| (row.debtor, row.open())).collect();
    let mut creditors: Vec<_> = paid_out
        .map(|(_, row)| (row.creditor, row.open()))
        .collect();
    let sum = |side: &[(MemberId, Fen)]| -> i128 {
        side.iter().map(|(_, fen)| i128::from(fen.get())).sum()
    };
    let held = sum(&creditors) - sum(&debtors);
    let own = Fen::from_i128(held.abs()).expect("at most what was instructed");
    match held.signum() {
        1 => debtors.push((hub, own)),
        -1 => creditors.push((hub, own)),
        _ => {}
    }
    let instruction_of = |o: &Obligation| {
        let own = unpaid
            .iter()
            .find(|(_, r)| r.debtor == o.debtor && r.creditor == hub);
        let passed = unpaid
            .iter()
            .find(|(_, r)| r.debtor == hub && r.creditor == o.creditor);
        own.or(passed)
            .expect("every arrear stems from an unpaid payment")
            .0
    };
    let apart = unpaid
        .iter()
        .filter(|(_, row)| row.debtor != hub && row.creditor != hub);
    share_unpaid(&debtors, &creditors)
        .into_iter()
        .map(|o| (instruction_of(&o), o.debtor, o.creditor, o.amount))
        .chain(apart.map(direct_arrear))
        .collect()
}

impl InstructionRow {
    /// What is neither paid nor carried.
    pub fn open(&self) -> Fen {
        self.amount
            .saturating_sub(self.paid)
            .saturating_sub(self.carried)
    }
}

impl State {
    /// The gross matrix of a period by debtor and creditor, in the order of their ids, and the
    /// number of its cells by programme.
    pub fn gross(&self, period: PeriodId) -> (Vec<Obligation>, u32) {
        let of_period = cell_key(period, MemberId(0), MemberId(0), None) >> 48;
        let mut cells: Vec<(u64, Fen)> = self
            .matrix
            .iter()
            .filter(|(key, cell)| key >> 48 == of_period && !cell.amount.is_zero())
            .map(|(key, cell)| (key, cell.amount))
            .collect();
        cells.sort_unstable_by_key(|(key, _)| *key);
        let count = u32::try_from(cells.len()).expect("a matrix is bounded");
        let mut gross: Vec<Obligation> = Vec::new();
        for (key, amount) in cells {
            let (debtor, creditor) = (MemberId((key >> 32) as u16), MemberId((key >> 16) as u16));
            match gross
                .last_mut()
                .filter(|o| (o.debtor, o.creditor) == (debtor, creditor))
            {
                Some(cell) => {
                    cell.amount = cell
                        .amount
                        .checked_add(amount)
                        .expect("bounded by all budgets");
                }
                None => gross.push(Obligation {
                    debtor,
                    creditor,
                    amount,
                }),
            }
        }
        (gross, count)
    }

    fn code_of(&self, member: MemberId) -> crate::domain::DivisionCode {
        self.members[member.index()].code
    }

    fn positions_of(&self, gross: &[Obligation]) -> Vec<Position> {
        positions(gross, |member| self.code_of(member))
    }

    /// The position of every member in a period, in the order of the division codes.
    pub fn period_positions(&self, period: PeriodId) -> Vec<Position> {
        self.positions_of(&self.gross(period).0)
    }

    /// The payments that would settle a period.
    pub fn payments_of(&self, period: PeriodId, mode: SettlementMode) -> Vec<Obligation> {
        let (gross, _) = self.gross(period);
        if mode == SettlementMode::Bilateral {
            return bilateral(&gross, |member| self.code_of(member));
        }
        let signed = |member: MemberId| self.members[member.index()].signed_protocol;
        let (netted, apart): (Vec<Obligation>, Vec<Obligation>) = gross
            .into_iter()
            .partition(|o| signed(o.debtor) && signed(o.creditor));
        let positions = self.positions_of(&netted);
        let mut payments = match mode {
            SettlementMode::Hub(hub) => through_hub(&positions, hub),
            _ => direct(&positions),
        };
        payments.extend(bilateral(&apart, |member| self.code_of(member)));
        payments
    }

    /// The payments that were instructed for a period, in their order.
    pub fn instructions_of(
        &self,
        period: PeriodId,
    ) -> impl Iterator<Item = (InstructionId, &InstructionRow)> {
        let row = &self.periods[period.index()];
        let first = row.first_instruction.map_or(0, |id| id.0);
        (first..first + u32::from(row.instructions))
            .map(|id| (InstructionId(id), &self.instructions[id as usize]))
    }
}
