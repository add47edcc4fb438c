//! Claims on a confirmed order. One filing is split over the lines in proportion to what each
//! held at confirmation; every part is judged by the programme of its own voucher and drawn from
//! its own hold; all parts are approved or none.

use super::is_provider;
use crate::domain::{ClaimId, FUNDERS_MAX, Fen, LineId, OrderId, VoucherId};
use crate::engine::command::{Capture, EnterpriseKey, FileClaim, ORDER_LINES_MAX, VoucherKey};
use crate::engine::event::{Event, OrderReleased};
use crate::engine::execute::judge::{Approval, Judgement, base_of, payee};
use crate::engine::execute::{Decision, Execution, Rejection, refuse_if};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::rules::OnVoucher;
use crate::engine::state::{Authority, OrderRow, State};
use crate::engine::terms::{OrderSide, OrderStatus, PayeeMode, ReleaseCause};

/// A part of a claim, with what is approved of it.
type Part = (FileClaim, VoucherId, Approval);

impl Execution<'_> {
    pub(in crate::engine::execute) fn capture(
        &mut self,
        c: &FileClaim,
        capture: Capture,
    ) -> Decision {
        let row = self.order(capture.order)?;
        self.acting(&row, OrderSide::Provider)
            .or_else(|_| self.acting(&row, OrderSide::Holder))?;
        // Its contract is known first: to it the hold counts, and no claim is refused for it.
        let early = row.status.is_waiting() || row.status == OrderStatus::Confirmed;
        refuse_if(early, RefusalCode::OrderStateMismatch)?;
        refuse_if(row.dispute.is_some(), RefusalCode::OrderDisputed)?;
        let other = !self.state.is_of_order(c, &row);
        refuse_if(other, RefusalCode::OrderMismatch)?;
        self.room_for_claims()?;
        match self.state.judge_capture(c, &row, capture) {
            Ok(parts) => {
                for (part, voucher, approval) in &parts {
                    self.approve(part, *voucher, row.provider, approval)?;
                }
                self.end_if_drawn(capture);
            }
            Err(judgement) => self.refuse(c, &judgement),
        }
        Ok(())
    }

    /// Decides a claim on an order again for a simulation: a filing that was refused as it was
    /// filed; one that was approved part by part, each marked as `last`.
    pub(in crate::engine::execute) fn recapture(
        &mut self,
        c: &FileClaim,
        capture: Capture,
    ) -> Decision {
        let row = self.order(capture.order)?;
        let judged = match (&c.voucher, capture.last) {
            (VoucherKey::Id(id), true) => self.state.judge_again(c, &row, *id, capture.order),
            _ => self.state.judge_capture(c, &row, capture),
        };
        match judged {
            Ok(parts) => {
                for (part, voucher, approval) in &parts {
                    self.approve(part, *voucher, row.provider, approval)?;
                }
            }
            Err(judgement) => self.refuse(c, &judgement),
        }
        Ok(())
    }

    /// Every part of a claim finds room, so that none fails behind another.
    fn room_for_claims(&self) -> Decision {
        let claims = self.state.claims.len() + ORDER_LINES_MAX;
        let lines = self.state.lines.len() + (ORDER_LINES_MAX + 1) * FUNDERS_MAX;
        ClaimId::from_index(claims).ok_or(Rejection::Full("claims"))?;
        LineId::from_index(lines).ok_or(Rejection::Full("lines"))?;
        Ok(())
    }

    /// Ends an order of which nothing is left, or of which this was the last claim.
    fn end_if_drawn(&mut self, capture: Capture) {
        let row = &self.state.orders[capture.order.index()];
        let all = row.lines.iter().map(|line| (line.voucher, line.left));
        let rest: Vec<_> = all.filter(|(_, left)| !left.is_zero()).collect();
        if !rest.is_empty() && !capture.last {
            return;
        }
        let lines = self.released(&rest);
        self.emit(Event::OrderReleased(OrderReleased {
            order: capture.order,
            cause: ReleaseCause::Captured,
            status: OrderStatus::Closed,
            lines,
        }));
    }
}

impl State {
    /// True if a claim names provider, category, contract and a voucher of the order.
    fn is_of_order(&self, c: &FileClaim, order: &OrderRow) -> bool {
        let voucher = match &c.voucher {
            VoucherKey::Id(id) => order.place_of(*id).is_some(),
            VoucherKey::Ref(_) => false,
        };
        let contract = (c.contract_no, c.contract_date);
        voucher
            && is_provider(self, c.provider, order.provider)
            && c.category == order.category
            && order.contract.is_none_or(|own| own == contract)
    }

    /// The parts of a claim on an order, or why there are none. A line of which nothing is held
    /// any more takes no part: its share of the bill is the firm's own.
    fn judge_capture(
        &self,
        c: &FileClaim,
        order: &OrderRow,
        capture: Capture,
    ) -> Result<Vec<Part>, Judgement> {
        let drawn = order.lines.iter().all(|line| line.left.is_zero());
        let mut faults = Faults::NONE;
        let mut faulty = None;
        let mut parts = Vec::new();
        let amounts = [c.contract_amount, c.invoice_amount, c.paid_amount];
        let [contract, invoice, paid] = amounts.map(|amount| order.parts_of(amount));
        for (i, line) in order.lines.iter().enumerate() {
            if line.left.is_zero() && !drawn {
                continue;
            }
            let part = FileClaim {
                voucher: VoucherKey::Id(line.voucher),
                enterprise: None,
                contract_amount: contract[i],
                invoice_amount: invoice[i],
                paid_amount: paid[i],
                ..c.clone()
            };
            let (own, approval) = self.judge_part(&part, order, i, capture.order, false);
            faults.0 |= own.0;
            if !own.is_empty() && faulty.is_none() {
                faulty = Some(line.voucher);
            }
            parts.extend(approval.map(|approval| (part, line.voucher, approval)));
        }
        let stranger = c.enterprise.is_some_and(|key| !self.is_holder(key, order));
        faults.add_if(stranger, RefusalCode::HolderMismatch);
        if faults.is_empty() {
            faults.add_if(drawn, RefusalCode::VoucherExhausted);
            let nothing = !drawn && parts.is_empty();
            faults.add_if(nothing, RefusalCode::NothingPayable);
        }
        if faults.is_empty() {
            return Ok(parts);
        }
        Err(Judgement {
            faults,
            voucher: faulty.or(order.lines.first().map(|line| line.voucher)),
            provider: Some(order.provider),
            approved: None,
        })
    }

    /// Judges a part that was approved once, by itself, on what its line holds now.
    fn judge_again(
        &self,
        part: &FileClaim,
        order: &OrderRow,
        voucher: VoucherId,
        id: OrderId,
    ) -> Result<Vec<Part>, Judgement> {
        let mut faults = Faults::NONE;
        if let Some(place) = order.place_of(voucher) {
            let (own, approval) = self.judge_part(part, order, place, id, true);
            if let Some(approval) = approval {
                return Ok(vec![(part.clone(), voucher, approval)]);
            }
            faults = own;
        }
        faults.add_if(faults.is_empty(), RefusalCode::VoucherExhausted);
        Err(Judgement {
            faults,
            voucher: Some(voucher),
            provider: Some(order.provider),
            approved: None,
        })
    }

    /// True if the invoice of a part stands at another part of a filing on the order.
    fn is_drawn_on(&self, part: &FileClaim, order: OrderId) -> bool {
        let claim = self.find_invoice(part.invoice_no);
        claim.is_some_and(|id| self.claims[id.index()].authority == Authority::Order(order))
    }

    /// Judges the part of a claim that falls on a line: its faults, and what is approved of it.
    /// One that is judged again may stand beside the others of its filing.
    fn judge_part(
        &self,
        part: &FileClaim,
        order: &OrderRow,
        place: usize,
        id: OrderId,
        again: bool,
    ) -> (Faults, Option<Approval>) {
        let line = &order.lines[place];
        let (mut faults, voucher) = self.judge_line(part, line.voucher);
        if again && self.is_drawn_on(part, id) {
            faults.0 &= !(1 << RefusalCode::DuplicateInvoice.number());
        }
        if !faults.is_empty() {
            return (faults, None);
        }
        let amount = worth(part, &voucher).min(line.left);
        let approval = Approval {
            amount,
            version: voucher.version,
            payee: payee(&voucher, order.provider),
            programme: self.charged(voucher.programme),
            consent: None,
            order: Some(id),
        };
        (faults, Some(approval).filter(|_| !amount.is_zero()))
    }

    fn is_holder(&self, key: EnterpriseKey, order: &OrderRow) -> bool {
        let id = match key {
            EnterpriseKey::Id(id) => Some(id),
            EnterpriseKey::Code(code) => self.enterprise_by_code(code),
        };
        order.lines.iter().any(|line| Some(line.holder) == id)
    }
}

/// What the rate and the provider's bill say of a claim, whatever the limits.
fn worth(c: &FileClaim, voucher: &OnVoucher<'_>) -> Fen {
    let rate = voucher.rate.expect("a claim without a rate has a fault");
    let worth = rate.apply(base_of(c, voucher));
    match voucher.terms.payee {
        PayeeMode::Provider => worth.min(c.invoice_amount.saturating_sub(c.paid_amount)),
        PayeeMode::Enterprise => worth,
    }
}
