//! Undoing steps: exactly, once, by a second person, as long as nothing that came of the step was
//! used.

use super::{Decision, Execution, Rejection, Stop, refuse_if};
use crate::domain::{
    CategoryId, ConsentId, Day, EnterpriseId, Fen, InstructionId, MemberId, ProgrammeId, Seq,
    TransferId, UsageId, VoucherId,
};
use crate::engine::books::AccountKind;
use crate::engine::command::ReverseStep;
use crate::engine::event::{
    BudgetUndone, ConsentUndone, Event, ExtensionUndone, PaymentUndone, RelocationUndone,
    RevocationUndone, StepReversed, TransferUndone, Undone,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{
    ContractKey, PeriodStatus, ProgrammeStatus, State, Step, TransferStatus, usage_key,
};
use crate::engine::terms::{BUDGETS_TOTAL_MAX_FEN, Role, Scope, TransferKind};

type Mirror = Result<Undone, Stop>;

impl Execution<'_> {
    pub(super) fn reverse_step(&mut self, c: &ReverseStep) -> Decision {
        if c.step >= *self.state.next_seq {
            return Err(Rejection::NotFound("event").into());
        }
        let row = self.state.step(c.step);
        let row = row.ok_or(RefusalCode::StepNotReversible)?;
        let roles = self.state.step_roles(&row.what);
        self.require_party(&roles, "the office or party that took the step")?;
        self.require_reason()?;
        refuse_if(row.reversed.is_some(), RefusalCode::StepReversed)?;
        // A consent is the giver's own: one person gives it and takes it back.
        let alone = !matches!(row.what, Step::Consent { .. });
        refuse_if(
            alone && row.by == self.submission.principal,
            RefusalCode::SecondPersonRequired,
        )?;
        let undone = match row.what.clone() {
            Step::Revocation {
                voucher,
                amount,
                to_lapsed,
                issued,
                returned,
            } => {
                self.check_not_carried(voucher, c.step)?;
                self.undo_revocation(voucher, (amount, returned), to_lapsed, &issued)
            }
            Step::Budget {
                programme,
                amount,
                raise,
            } => self.undo_budget(programme, amount, raise),
            Step::Transfer {
                transfer,
                issued_moved,
                used_moved,
                lots,
                categories,
                contracts,
                ..
            } => {
                self.check_not_overdrawn(transfer, c.step)?;
                self.check_still_issued(transfer, c.step, &lots)?;
                let moved = (issued_moved, used_moved);
                self.undo_transfer(transfer, moved, &categories, &contracts)
            }
            Step::Relocation { transfer, from } => self.undo_relocation(transfer, from, c.step),
            Step::Consent { consent } => self.undo_consent(consent),
            Step::Payment {
                instruction,
                amount,
                bank_ref,
            } => self.undo_payment(instruction, amount, bank_ref),
            Step::Extension {
                voucher,
                before,
                after,
            } => self.undo_extension(voucher, c.step, before, after),
        }?;
        self.emit(Event::StepReversed(Box::new(StepReversed {
            step: c.step,
            city: self.state.step_city(&row.what),
            undone,
        })));
        Ok(())
    }

    /// What came back before a carry stays in the year it came back to; the voucher is charged to
    /// another one since.
    fn check_not_carried(&self, id: VoucherId, step: Seq) -> Decision {
        let (programme, _) = self.state.voucher_owner(&self.state.vouchers[id.index()]);
        let carried = self.state.charged_at(programme, step) != self.state.charged(programme);
        refuse_if(carried, RefusalCode::StepUsed)
    }

    /// If more was given back since than the transfer had left, what it took along is used by
    /// nobody: brought back it would count for ever.
    fn check_not_overdrawn(&self, id: TransferId, step: Seq) -> Decision {
        let parent = self.state.transfers[id.index()].voucher;
        let usage = self.state.vouchers[parent.index()].usage;
        let last = self.state.overdrawn.get(&usage).copied();
        refuse_if(last > Some(step), RefusalCode::StepUsed)
    }

    /// The issued amount that a transfer took along must still count at its receiver, lot by
    /// lot, and no more of these may have been revoked than was left with the giver: else it
    /// counts as issued for nobody's voucher.
    fn check_still_issued(&self, id: TransferId, step: Seq, lots: &[(Seq, Fen)]) -> Decision {
        let transfer = &self.state.transfers[id.index()];
        let child = transfer.child.ok_or(RefusalCode::StepNotReversible)?;
        let [from, to] = [transfer.voucher, child].map(|id| self.state.vouchers[id.index()].usage);
        let kept = lots.iter().all(|&(lot, amount)| {
            let here = self.state.counted(to, lot);
            let there = self.state.counted(from, lot);
            here.is_some_and(|row| row.amount >= amount)
                && there.is_none_or(|row| row.short <= Some(step))
        });
        refuse_if(!kept, RefusalCode::StepUsed)
    }

    /// The money must still be where it went, and the room under the caps that it left as well.
    fn undo_revocation(
        &self,
        id: VoucherId,
        (amount, returned): (Fen, Fen),
        to_lapsed: bool,
        issued: &[(UsageId, Fen)],
    ) -> Mirror {
        let voucher = self.voucher(id)?;
        let past = *self.state.business_date > voucher.row.cash_by;
        refuse_if(past, RefusalCode::CashDeadlinePassed)?;
        // What came back since would have gone to the voucher, had it not been revoked.
        let more = voucher.row.returned != returned;
        refuse_if(more, RefusalCode::StepUsed)?;
        let place = if to_lapsed {
            AccountKind::Lapsed
        } else {
            AccountKind::Available
        };
        let there = self
            .state
            .books
            .budget(voucher.issuer, place, voucher.programme);
        refuse_if(amount > there, RefusalCode::StepUsed)?;
        let left = self.state.left_to_reissue(id);
        refuse_if(amount > left, RefusalCode::StepUsed)?;
        let version = usize::from(voucher.row.version.0) - 1;
        let cap = self.state.programmes[voucher.programme.index()].versions[version].cap_enterprise;
        let fits = issued.iter().all(|(at, again)| {
            let now = self.state.usage.at(at.index()).issued;
            now.checked_add(*again).is_some_and(|after| after <= cap)
        });
        refuse_if(!fits, RefusalCode::StepUsed)?;
        Ok(Undone::Revocation(RevocationUndone {
            voucher: id,
            programme: voucher.programme,
            amount,
            from_lapsed: to_lapsed,
            issued: amount,
        }))
    }

    fn undo_budget(&self, programme: ProgrammeId, amount: Fen, raise: bool) -> Mirror {
        let city = self.city_of(programme)?;
        if raise {
            let books = &self.state.books;
            let available = books.budget(city, AccountKind::Available, programme);
            refuse_if(amount > available, RefusalCode::StepUsed)?;
        } else {
            let status = self.state.programmes[programme.index()].status;
            let over = matches!(status, ProgrammeStatus::Closed | ProgrammeStatus::Carried);
            refuse_if(over, RefusalCode::YearEnded)?;
            let total = *self.state.budgets_total + amount.get();
            refuse_if(total > BUDGETS_TOTAL_MAX_FEN, RefusalCode::StepUsed)?;
        }
        Ok(Undone::Budget(BudgetUndone {
            programme,
            amount,
            raise,
        }))
    }

    fn undo_transfer(
        &self,
        id: TransferId,
        (issued_moved, used_moved): (Fen, Fen),
        categories: &[(CategoryId, Fen)],
        contracts: &[(ContractKey, Fen)],
    ) -> Mirror {
        let transfer = &self.state.transfers[id.index()];
        let child = transfer.child.ok_or(RefusalCode::StepNotReversible)?;
        let row = &self.state.vouchers[child.index()];
        let untouched = row.free == transfer.amount && !row.revoked && !row.frozen;
        refuse_if(!untouched, RefusalCode::StepUsed)?;
        let usage = self.state.usage.at(row.usage.index());
        let in_categories = categories
            .iter()
            .all(|(category, fen)| self.state.used_in_category(row.usage, *category) >= *fen);
        let on_contracts = contracts
            .iter()
            .all(|(contract, fen)| self.state.used_on_contract(row.usage, *contract) >= *fen);
        let kept = usage.used >= used_moved && in_categories && on_contracts;
        refuse_if(!kept, RefusalCode::StepUsed)?;
        let parent = self.voucher(transfer.voucher)?;
        let past = *self.state.business_date > parent.row.cash_by;
        refuse_if(past, RefusalCode::CashDeadlinePassed)?;
        refuse_if(parent.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(parent.row.frozen, RefusalCode::VoucherFrozen)?;
        Ok(Undone::Transfer(TransferUndone {
            transfer: id,
            parent: transfer.voucher,
            child,
            amount: transfer.amount,
            issued_moved,
            used_moved,
        }))
    }

    fn undo_relocation(&self, id: TransferId, from: MemberId, step: Seq) -> Mirror {
        let transfer = &self.state.transfers[id.index()];
        let firm = &self.state.enterprises[transfer.to.index()];
        let moved_on = Some(firm.city) != transfer.to_city
            || self.state.relocations.get(&transfer.to).is_some();
        let used = moved_on || self.is_issued_at_since(transfer.to, firm.city, step);
        refuse_if(used, RefusalCode::StepUsed)?;
        Ok(Undone::Relocation(RelocationUndone {
            transfer: id,
            enterprise: transfer.to,
            home: from,
        }))
    }

    /// True if the firm got a voucher of the city since: only a firm at home there does.
    fn is_issued_at_since(&self, firm: EnterpriseId, city: MemberId, step: Seq) -> bool {
        // Hardly ever has it one at all: only then it is looked how old it is.
        let programmes = (0..self.state.programmes.len()).filter_map(ProgrammeId::from_index);
        let mut of_city = programmes.filter(|id| self.state.programmes[id.index()].city == city);
        if of_city.all(|id| self.state.usage.get(usage_key(id, firm)).is_none()) {
            return false;
        }
        let newest = (0..self.state.vouchers.len()).rev();
        let mut since = newest
            .map(|at| &self.state.vouchers[at])
            .take_while(|row| row.details > step);
        since.any(|row| {
            let (programme, holder) = self.state.voucher_owner(row);
            holder == firm && self.state.programmes[programme.index()].city == city
        })
    }

    fn undo_consent(&self, id: ConsentId) -> Mirror {
        let row = &self.state.consents[id.index()];
        let gone = row.replaced || row.left.is_zero();
        refuse_if(gone, RefusalCode::StepUsed)?;
        Ok(Undone::Consent(ConsentUndone {
            consent: id,
            voucher: row.voucher,
            left: row.left,
        }))
    }

    fn undo_payment(
        &self,
        id: InstructionId,
        amount: Fen,
        bank_ref: crate::domain::BankRef,
    ) -> Mirror {
        let row = &self.state.instructions[id.index()];
        let settling = self.state.periods[row.period.index()].status == PeriodStatus::Settling;
        refuse_if(!settling, RefusalCode::PeriodStateMismatch)?;
        Ok(Undone::Payment(PaymentUndone {
            instruction: id,
            period: row.period,
            debtor: row.debtor,
            creditor: row.creditor,
            amount,
            bank_ref,
        }))
    }
}

impl Execution<'_> {
    /// The deadlines must still be those of the step, the old ones must not have passed, and
    /// nothing may have come since that needs the new ones.
    fn undo_extension(
        &self,
        id: VoucherId,
        step: Seq,
        before: (Day, Day),
        after: (Day, Day),
    ) -> Mirror {
        let row = &self.state.vouchers[id.index()];
        refuse_if((row.use_by, row.cash_by) != after, RefusalCode::StepUsed)?;
        let (use_by, cash_by) = before;
        let today = *self.state.business_date;
        refuse_if(today > cash_by, RefusalCode::CashDeadlinePassed)?;
        let claimed = today > use_by && self.is_claimed_since(id, step);
        let ordered = self.is_ordered_past(id, before);
        let passed_on = self.is_passed_on_since(id, step);
        let used = claimed || ordered || passed_on;
        refuse_if(used, RefusalCode::StepUsed)?;
        Ok(Undone::Extension(ExtensionUndone {
            voucher: id,
            use_by,
            cash_by,
        }))
    }

    /// True if a claim that counts was filed on the voucher since. Its contract may be of a day
    /// after the old last day of use: contract dates are not kept.
    fn is_claimed_since(&self, id: VoucherId, step: Seq) -> bool {
        let usage = self.state.vouchers[id.index()].usage.index();
        let since = self.state.claims_of(usage);
        let mut since = since.take_while(|(_, claim)| claim.details > step);
        since.any(|(_, claim)| claim.voucher == id && claim.counts())
    }

    /// True if an order holds an amount of the voucher beyond the deadlines.
    fn is_ordered_past(&self, id: VoucherId, (use_by, cash_by): (Day, Day)) -> bool {
        let holding = self
            .state
            .orders()
            .map(|(_, row)| row)
            .filter(|row| row.status.is_holding());
        let mut past = holding.filter(|row| {
            let contracted = row.contract.is_some_and(|(_, on)| on > use_by);
            contracted || row.hold_until > cash_by
        });
        past.any(|row| row.lines.iter().any(|line| line.voucher == id))
    }

    /// True if the voucher gave its deadlines to another one since, or is about to.
    fn is_passed_on_since(&self, id: VoucherId, step: Seq) -> bool {
        let mut own = self
            .state
            .transfers
            .iter()
            .filter(|row| row.voucher == id && row.kind != TransferKind::Move);
        own.any(|row| match row.status {
            TransferStatus::Proposed => row.details > step,
            TransferStatus::Approved => row.child.is_some() && row.decision > Some(step),
            _ => false,
        })
    }
}

impl State {
    /// What came back of a voucher and was neither reissued nor went elsewhere.
    pub(super) fn left_to_reissue(&self, id: VoucherId) -> Fen {
        let returned = self.vouchers[id.index()].returned;
        let reissued = self.reissued.get(&id);
        let reissued = reissued.map_or(Fen::ZERO, |row| row.amount);
        let gone = self.gone_elsewhere.get(&id).copied().unwrap_or_default();
        returned.saturating_sub(reissued).saturating_sub(gone)
    }

    /// The city whose step it is: the one that issued the voucher, or owes the payment.
    pub fn step_city(&self, step: &Step) -> MemberId {
        let voucher = match step {
            Step::Revocation { voucher, .. } | Step::Extension { voucher, .. } => *voucher,
            Step::Transfer { transfer, .. } | Step::Relocation { transfer, .. } => {
                self.transfers[transfer.index()].voucher
            }
            Step::Consent { consent } => self.consents[consent.index()].voucher,
            Step::Budget { programme, .. } => return self.programmes[programme.index()].city,
            Step::Payment { instruction, .. } => {
                return self.instructions[instruction.index()].debtor;
            }
        };
        let (programme, _) = self.voucher_owner(&self.vouchers[voucher.index()]);
        self.programmes[programme.index()].city
    }

    /// Who may undo a step: whoever may take it.
    pub fn step_roles(&self, step: &Step) -> Vec<(Role, Scope)> {
        let city = Scope::Member(self.step_city(step));
        match step {
            Step::Revocation { .. }
            | Step::Transfer { .. }
            | Step::Relocation { .. }
            | Step::Extension { .. } => {
                vec![(Role::ScienceOfficer, city)]
            }
            Step::Budget { .. } => vec![(Role::FinanceOfficer, city)],
            Step::Consent { consent } => {
                let row = &self.consents[consent.index()];
                let (_, holder) = self.voucher_owner(&self.vouchers[row.voucher.index()]);
                match row.provider.filter(|_| row.by_provider) {
                    Some(provider) => vec![(Role::Provider, Scope::Provider(provider))],
                    None => vec![(Role::Enterprise, Scope::Enterprise(holder))],
                }
            }
            Step::Payment { .. } => vec![
                (Role::FinanceOfficer, city),
                (Role::Operator, Scope::Corridor),
            ],
        }
    }
}
