//! Orders: proposed by a holder, agreed to by the others, confirmed by the provider.
//!
//! The confirmation takes every limit, for all lines or none; a claim on the order is then held
//! to its hold alone.

mod capture;
mod holds;

use super::judge::charge;
use super::parties::positive;
use super::{Decision, Execution, Rejection, Stop, refuse_if, valid};
use crate::domain::{
    ContractNo, Day, Fen, InvoiceNo, OrderId, ProviderId, UsageId, VersionNo, VoucherId,
    split_by_weights,
};
use crate::engine::command::{
    AdvanceOrder, AgreeOrder, ConfirmOrder, FileClaim, ORDER_LINES_MAX, OrderStep, Payee,
    ProposeOrder, ProviderKey, VoucherKey,
};
use crate::engine::event::{
    ContractRefused, Event, HeldLine, OrderAdvanced, OrderAgreed, OrderConfirmed, OrderProposed,
    OrderRefused, ProposedLine,
};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::rules::{self, OnContract};
use crate::engine::state::{ContractKey, OrderRow, ProgrammeStatus, State};
use crate::engine::tables::Scoped as _;
use crate::engine::terms::{OrderParties, OrderSide, OrderStatus, Role, Scope};

impl Execution<'_> {
    fn order(&self, id: OrderId) -> Result<OrderRow, Rejection> {
        let row = self.state.orders.get(id.index());
        row.cloned().ok_or(Rejection::NotFound("order"))
    }

    /// The parties of an order for whom the sender acts on one side; stops if there are none.
    fn acting(&self, order: &OrderRow, by: OrderSide) -> Result<OrderParties, Stop> {
        if by == OrderSide::Provider {
            let itself = (Role::Provider, Scope::Provider(order.provider));
            self.require_party(&[itself], "the provider of the order")?;
            return Ok(OrderParties::PROVIDER);
        }
        let holders = order.lines.iter().map(|line| line.holder);
        let acting = holders
            .enumerate()
            .fold(OrderParties::NONE, |all, (i, id)| {
                let holder = (Role::Enterprise, Scope::Enterprise(id));
                match self.require_party(&[holder], "") {
                    Ok(()) => all.and(OrderParties::line(i)),
                    Err(_) => all,
                }
            });
        if acting == OrderParties::NONE {
            return Err(Rejection::Forbidden("a holder of the order's vouchers").into());
        }
        Ok(acting)
    }

    pub(super) fn propose_order(&mut self, c: &ProposeOrder) -> Decision {
        let count = (1..=ORDER_LINES_MAX).contains(&c.lines.len());
        valid(count, "lines", "are one to ten")?;
        let once = |(i, (voucher, _)): (usize, &(VoucherId, Fen))| {
            c.lines[..i].iter().all(|(other, _)| other != voucher)
        };
        let once = c.lines.iter().enumerate().all(once);
        valid(once, "lines", "name each voucher once")?;
        positive(c.contract_amount)?;
        let today = *self.state.business_date;
        valid(c.hold_until >= today, "hold_until", "lies before today")?;
        let provider = self.state.providers.get(c.provider.index());
        let host = provider.ok_or(Rejection::NotFound("provider"))?.city;
        if self.state.categories.get(c.category.index()).is_none() {
            return Err(Rejection::NotFound("category").into());
        }
        let mut agreed = OrderParties::NONE;
        let mut past = false;
        let mut lines = Vec::with_capacity(c.lines.len());
        for (i, (id, amount)) in c.lines.iter().enumerate() {
            positive(*amount)?;
            let voucher = self.voucher(*id)?;
            let holder = (Role::Enterprise, Scope::Enterprise(voucher.holder));
            // What stands against other holders and their vouchers is for themselves to hear.
            if self.require_party(&[holder], "").is_ok() {
                agreed = agreed.and(OrderParties::line(i));
                past |= c.hold_until > voucher.row.cash_by;
            }
            lines.push(ProposedLine {
                voucher: *id,
                issuer: voucher.issuer,
                enterprise: voucher.holder,
                amount: *amount,
            });
        }
        if agreed == OrderParties::NONE {
            return Err(Rejection::Forbidden("a holder of the order's vouchers").into());
        }
        self.refuse_standing(Payee::Provider(c.provider))?;
        for (i, line) in lines.iter().enumerate() {
            if agreed.covers(OrderParties::line(i)) {
                self.refuse_standing(Payee::Enterprise(line.enterprise))?;
            }
        }
        refuse_if(past, RefusalCode::HoldPastDeadline)?;
        let order =
            OrderId::from_index(self.state.orders.len()).ok_or(Rejection::Full("orders"))?;
        self.emit(Event::OrderProposed(OrderProposed {
            order,
            provider: c.provider,
            host,
            category: c.category,
            contract_amount: c.contract_amount,
            hold_until: c.hold_until,
            lines: lines.into(),
            agreed,
        }));
        Ok(())
    }

    pub(super) fn agree_order(&mut self, c: &AgreeOrder) -> Decision {
        let row = self.order(c.order)?;
        let acting = self.acting(&row, OrderSide::Holder)?;
        let status = row.status;
        refuse_if(!status.is_waiting(), RefusalCode::OrderStateMismatch)?;
        refuse_if(row.agreed.covers(acting), RefusalCode::AlreadyInState)?;
        for (i, line) in row.lines.iter().enumerate() {
            if acting.covers(OrderParties::line(i)) {
                self.refuse_standing(Payee::Enterprise(line.holder))?;
                let cash_by = self.state.vouchers[line.voucher.index()].cash_by;
                refuse_if(row.hold_until > cash_by, RefusalCode::HoldPastDeadline)?;
            }
        }
        let agreed = row.agreed.and(acting);
        self.emit(Event::OrderAgreed(OrderAgreed {
            order: c.order,
            agreed,
            complete: agreed.covers(OrderParties::lines(row.lines.len())),
        }));
        Ok(())
    }

    pub(super) fn confirm_order(&mut self, c: &ConfirmOrder) -> Decision {
        self.confirm(c.order, Held::Asked)
    }

    /// Confirms an order with so much of what was asked as the rules leave: for a simulation of an
    /// order that other rules have confirmed.
    pub(super) fn confirm_within(&mut self, order: OrderId) -> Decision {
        self.confirm(order, Held::Within)
    }

    fn confirm(&mut self, order: OrderId, held: Held) -> Decision {
        let row = self.order(order)?;
        self.acting(&row, OrderSide::Provider)?;
        let agreed = row.status == OrderStatus::Agreed;
        refuse_if(!agreed, RefusalCode::OrderStateMismatch)?;
        let past = row.hold_until > self.state.last_day_of(&row);
        refuse_if(past, RefusalCode::HoldPastDeadline)?;
        // A claim on an order does not wait for a budget: what it draws on is held while one is
        // open.
        let ended = !self.state.is_year_open(&row);
        refuse_if(ended, RefusalCode::YearEnded)?;
        let judged = self.judge_lines(order, &row, held);
        let faulty: Box<[(VoucherId, Faults)]> = (row.lines.iter().zip(&judged))
            .filter(|(_, judged)| !judged.faults.is_empty())
            .map(|(line, judged)| (line.voucher, judged.faults))
            .collect();
        let faults = all_of(&faulty);
        if let Some(result) = faults.first() {
            self.emit(Event::OrderRefused(OrderRefused {
                order,
                result,
                faults,
                lines: faulty,
            }));
            return Ok(());
        }
        let lines = row.lines.iter().zip(judged).map(|(line, judged)| {
            let (programme, _) = self
                .state
                .voucher_owner(&self.state.vouchers[line.voucher.index()]);
            let programme = self.state.charged(programme);
            HeldLine {
                voucher: line.voucher,
                programme,
                issuer: self.state.programmes[programme.index()].city,
                version: judged.version,
                amount: judged.amount,
            }
        });
        let lines = lines.collect();
        self.emit(Event::OrderConfirmed(OrderConfirmed { order, lines }));
        Ok(())
    }

    /// What is to be said of every line on this day. Each line is judged as if those before it were
    /// held, which is undone again: lines may share a limit.
    fn judge_lines(&mut self, order: OrderId, row: &OrderRow, held: Held) -> Vec<JudgedLine> {
        let parts = row.parts_of(row.contract_amount);
        self.state.open();
        let mut judged = Vec::with_capacity(row.lines.len());
        for (place, line) in row.lines.iter().enumerate() {
            let own = self.state.judge_hold(order, row, place, parts[place], held);
            if own.faults.is_empty() {
                self.state.hold(order, line.voucher, own.amount);
            }
            judged.push(own);
        }
        self.state.rollback();
        judged
    }

    pub(super) fn advance_order(&mut self, c: &AdvanceOrder) -> Decision {
        let row = self.order(c.order)?;
        let (from, to) = match c.step {
            OrderStep::Contract { .. } => (OrderStatus::Confirmed, OrderStatus::Contracted),
            OrderStep::Deliver => (OrderStatus::Contracted, OrderStatus::Delivered),
            OrderStep::Accept => (OrderStatus::Delivered, OrderStatus::Accepted),
        };
        let mut advanced = OrderAdvanced {
            order: c.order,
            status: to,
            contract_no: None,
            contract_date: None,
            accepted: row.accepted,
            counted: OrderParties::NONE,
        };
        let acting = match c.step {
            OrderStep::Contract { .. } => self
                .acting(&row, OrderSide::Provider)
                .or_else(|_| self.acting(&row, OrderSide::Holder))?,
            OrderStep::Deliver => self.acting(&row, OrderSide::Provider)?,
            OrderStep::Accept => self.acting(&row, OrderSide::Holder)?,
        };
        refuse_if(row.status != from, RefusalCode::OrderStateMismatch)?;
        match c.step {
            OrderStep::Contract {
                contract_no,
                contract_date,
            } => {
                let (counted, lines) =
                    (self.state).judge_contract(&row, contract_no, contract_date);
                let faults = all_of(&lines);
                if let Some(result) = faults.first() {
                    self.emit(Event::ContractRefused(ContractRefused {
                        order: c.order,
                        result,
                        faults,
                        lines,
                    }));
                    return Ok(());
                }
                advanced.counted = counted;
                (advanced.contract_no, advanced.contract_date) =
                    (Some(contract_no), Some(contract_date));
            }
            OrderStep::Deliver => {}
            OrderStep::Accept => {
                refuse_if(row.dispute.is_some(), RefusalCode::OrderDisputed)?;
                let again = row.accepted.covers(acting);
                refuse_if(again, RefusalCode::AlreadyInState)?;
                advanced.accepted = row.accepted.and(acting);
                let everybody = OrderParties::lines(row.lines.len());
                if !advanced.accepted.covers(everybody) {
                    advanced.status = from;
                }
            }
        }
        self.emit(Event::OrderAdvanced(advanced));
        Ok(())
    }
}

impl State {
    /// The last day on which a claim can be filed on every voucher of an order.
    fn last_day_of(&self, order: &OrderRow) -> Day {
        let vouchers = order.lines.iter();
        let days = vouchers.map(|line| self.vouchers[line.voucher.index()].cash_by);
        days.min().expect("an order has lines")
    }

    /// True if the year is open of every budget that an order is to hold an amount of.
    fn is_year_open(&self, order: &OrderRow) -> bool {
        order.lines.iter().all(|line| {
            let (programme, _) = self.voucher_owner(&self.vouchers[line.voucher.index()]);
            self.year_status(self.charged(programme)) == ProgrammeStatus::Open
        })
    }

    /// Judges a line as a claim of this day would be, its evidence and invoice apart, and its
    /// limits by the amount to hold.
    fn judge_hold(
        &self,
        id: OrderId,
        order: &OrderRow,
        place: usize,
        part: Fen,
        held: Held,
    ) -> JudgedLine {
        let line = &order.lines[place];
        let claim = order.as_claim(line.voucher, *self.business_date, part);
        let (faults, voucher) = self.judge_line(&claim, line.voucher);
        let mut judged = JudgedLine {
            faults: without_papers(faults),
            version: voucher.version,
            amount: line.amount,
        };
        if judged.faults.is_empty() {
            let of = (order.category, OnContract::Planned(id));
            let charge = charge(self, &voucher, of, part, Fen::MAX);
            match (rules::shortage(&charge, line.amount), held) {
                (None, _) => {}
                (Some(code), Held::Asked) => judged.faults.add(code),
                (Some(_), Held::Within) => match rules::limit(&charge) {
                    Ok(left) => judged.amount = left,
                    Err(code) => judged.faults.add(code),
                },
            }
        }
        judged
    }

    /// The lines that count to a contract, and what is wrong with it by voucher: the rules that it
    /// breaks on the lines that hold something, for the others take no part any more; if there are
    /// none, the cap of what is used on one contract.
    fn judge_contract(
        &self,
        order: &OrderRow,
        contract_no: ContractNo,
        contract_date: Day,
    ) -> (OrderParties, Box<[(VoucherId, Faults)]>) {
        let held = order.lines.iter().filter(|line| !line.left.is_zero());
        let broken = held.map(|line| {
            let claim = order.as_claim(line.voucher, contract_date, order.contract_amount);
            let (faults, _) = self.judge_line(&claim, line.voucher);
            (line.voucher, without_papers(faults))
        });
        let mut lines: Vec<_> = broken.filter(|(_, faults)| !faults.is_empty()).collect();
        let (counted, without_room) = self.on_contract(order, contract_no, contract_date);
        if lines.is_empty() {
            let mut fault = Faults::NONE;
            fault.add(RefusalCode::ContractCapExhausted);
            let places = order.lines.iter().enumerate();
            let full = places.filter(|(i, _)| without_room.covers(OrderParties::line(*i)));
            lines.extend(full.map(|(_, line)| (line.voucher, fault)));
        }
        (counted, lines.into())
    }
}

impl State {
    /// What the lines of an order hold for one usage row.
    pub(in crate::engine) fn held_by_order(&self, order: OrderId, usage: UsageId) -> Fen {
        self.held_for(&self.orders[order.index()], usage)
    }

    fn held_for(&self, order: &OrderRow, usage: UsageId) -> Fen {
        let lines = order.lines.iter();
        let own = lines.filter(|line| self.vouchers[line.voucher.index()].usage == usage);
        own.fold(Fen::ZERO, |sum, line| {
            let sum = sum.checked_add(line.left);
            sum.expect("all budgets together stay below the largest amount")
        })
    }

    /// The lines of an order that count to its contract, since the version that judges it caps
    /// what is used on one; and those of them that find no room there.
    pub(in crate::engine) fn on_contract(
        &self,
        order: &OrderRow,
        contract_no: ContractNo,
        contract_date: Day,
    ) -> (OrderParties, OrderParties) {
        let (mut counted, mut without_room) = (OrderParties::NONE, OrderParties::NONE);
        let contract = ContractKey::new(order.provider, &contract_no);
        for (place, line) in order.lines.iter().enumerate() {
            let voucher = &self.vouchers[line.voucher.index()];
            let (programme, _) = self.voucher_owner(voucher);
            let judging = self.programmes[programme.index()].judging_version(contract_date);
            let Some(cap) = judging.and_then(|(_, terms)| terms.cap_contract) else {
                continue;
            };
            counted = counted.and(OrderParties::line(place));
            let left = cap.saturating_sub(self.used_on_contract(voucher.usage, contract));
            if self.held_for(order, voucher.usage) > left {
                without_room = without_room.and(OrderParties::line(place));
            }
        }
        (counted, without_room)
    }
}

/// How much a confirmation holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// What was asked, or nothing.
    Asked,
    /// What was asked, as far as the limits leave it.
    Within,
}

/// A line of an order that is to be confirmed.
struct JudgedLine {
    faults: Faults,
    /// The version that judges it.
    version: VersionNo,
    /// What is held if there is no fault.
    amount: Fen,
}

/// The faults of all lines.
fn all_of(lines: &[(VoucherId, Faults)]) -> Faults {
    Faults(lines.iter().fold(0, |all, (_, faults)| all | faults.0))
}

/// Faults of what the claim itself will bring: evidence and invoice.
fn without_papers(faults: Faults) -> Faults {
    let evidence = 1 << RefusalCode::EvidenceMissing.number();
    Faults(faults.0 & !(evidence | 1 << RefusalCode::DuplicateInvoice.number()))
}

impl OrderRow {
    /// Splits an amount over the lines by what each was to hold.
    fn parts_of(&self, amount: Fen) -> Vec<Fen> {
        let weights: Vec<Fen> = self.lines.iter().map(|line| line.amount).collect();
        split_by_weights(amount, &weights).expect("every line has an amount")
    }

    /// The claim that the order stands for, with a contract of this day and amount.
    fn as_claim(&self, voucher: VoucherId, contract_date: Day, contract_amount: Fen) -> FileClaim {
        let none = ContractNo::parse("-").expect("short");
        FileClaim {
            voucher: VoucherKey::Id(voucher),
            provider: ProviderKey::Id(self.provider),
            enterprise: None,
            category: self.category,
            contract_no: self.contract.map_or(none, |(number, _)| number),
            contract_date,
            contract_amount,
            invoice_no: InvoiceNo::parse("0").expect("a digit"),
            invoice_amount: contract_amount,
            paid_amount: Fen::ZERO,
            evidence: Box::default(),
            order: None,
        }
    }
}

/// The provider that a claim names, if it is this one.
fn is_provider(state: &State, key: ProviderKey, provider: ProviderId) -> bool {
    match key {
        ProviderKey::Id(id) => id == provider,
        ProviderKey::Code(code) => state.provider_by_code(code) == Some(provider),
    }
}
