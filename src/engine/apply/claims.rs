//! Claims, obligation lines and payments to payees.

use super::narrow;
use super::vouchers::{minus, plus};
use crate::domain::{ClaimId, GroupId, LineId, OrderId, PeriodId, ProgrammeId};
use crate::engine::command::Payee;
use crate::engine::event::{
    ClaimApproved, ClaimReversed, EventMeta, Funding, LinesUndone, PayeePaid, PaymentReturned,
};
use crate::engine::state::{
    Authority, ClaimRow, ClaimStatus, LineOrigin, LineRow, PaymentRow, State, cell_key, group_key,
};

impl State {
    pub(super) fn claim_approved(&mut self, meta: &EventMeta, e: &ClaimApproved) {
        let amount = e.amount;
        let (group, authority) = match e.order {
            None => self.drawn_on_free(e),
            Some(order) => (self.drawn_on_hold(order, e), Authority::Order(order)),
        };
        let invoice_no = e.invoice_no.to_u128().into();
        let hash = self.invoices.0.hash(&invoice_no);
        let position = self.claims.push(ClaimRow {
            amount,
            invoice_no,
            details: meta.seq,
            voucher: e.voucher,
            provider: e.provider,
            first_line: e.first_line,
            authority,
            agreement: e.agreement,
            group,
            filed_by: meta.principal,
            payer: e.funding.payer,
            lines: e.first_line.map_or(0, |_| e.funding.other_count()),
            status: ClaimStatus::Approved,
            pays_enterprise: matches!(e.payee, Payee::Enterprise(_)),
        });
        assert_eq!(position, e.claim.index(), "claim ids are dense");
        self.invoices.0.insert(hash, narrow(position));
        if let Some(first) = e.first_line {
            self.add_claim_lines(e.claim, first, e.programme, e.period, &e.funding);
        }
    }

    /// Takes a claim from the free part of its voucher; answers the group that it is counted for
    /// and what allows it.
    #[inline]
    fn drawn_on_free(&mut self, e: &ClaimApproved) -> (Option<GroupId>, Authority) {
        let amount = e.amount;
        let usage = self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, amount);
            row.approved = plus(row.approved, amount);
            row.usage
        });
        let (_, holder) = self.voucher_owner(&self.vouchers[e.voucher.index()]);
        self.usage
            .update_at(usage.index(), |row| row.used = plus(row.used, amount));
        let group = self.group_on(Payee::Enterprise(holder), *self.business_date);
        if let Some(group) = group {
            let key = group_key(e.programme, group);
            self.group_usage
                .update(key, |used| *used = plus(*used, amount));
        }
        let Some(consent) = e.consent else {
            return (group, Authority::Imported);
        };
        self.consents
            .update(consent.index(), |row| row.left = minus(row.left, amount));
        (group, Authority::Consent(consent))
    }

    /// Takes a claim from the hold of an order, which counts in the limits already.
    #[cold]
    fn drawn_on_hold(&mut self, order: OrderId, e: &ClaimApproved) -> Option<GroupId> {
        let group = self.take_from_hold(order, e.voucher, e.amount);
        self.vouchers.update(e.voucher.index(), |row| {
            row.approved = plus(row.approved, e.amount);
        });
        group
    }

    /// Adds one line per other funder.
    fn add_claim_lines(
        &mut self,
        claim: ClaimId,
        first: LineId,
        programme: ProgrammeId,
        period: PeriodId,
        funding: &Funding,
    ) {
        let mut id = first;
        for (debtor, amount) in funding.others() {
            let line = LineRow {
                amount,
                origin: LineOrigin::Claim(claim),
                debtor,
                creditor: funding.payer,
                programme: Some(programme),
                period,
                voided: false,
            };
            self.add_line(id, line);
            id = LineId(id.0 + 1);
        }
    }

    #[inline(always)] // The key is made from registers: reading a row just written would stall.
    pub(super) fn add_line(&mut self, id: LineId, line: LineRow) {
        let key = cell_key(line.period, line.debtor, line.creditor, line.programme);
        self.matrix.update(key, |cell| {
            cell.amount = plus(cell.amount, line.amount);
            cell.lines += 1;
        });
        assert_eq!(self.lines.push(line), id.index(), "line ids are dense");
    }

    fn void_line(&mut self, id: LineId) {
        let line = self.lines.update(id.index(), |row| {
            row.voided = true;
            row.clone()
        });
        let key = cell_key(line.period, line.debtor, line.creditor, line.programme);
        self.matrix.update(key, |cell| {
            cell.amount = minus(cell.amount, line.amount);
            cell.lines -= 1;
        });
    }

    pub(super) fn claim_reversed(&mut self, e: &ClaimReversed) {
        let claim = self.claims.update(e.claim.index(), |row| {
            row.status = ClaimStatus::Reversed;
            row.clone()
        });
        self.vouchers.update(e.voucher.index(), |row| {
            row.approved = minus(row.approved, e.amount);
        });
        self.give_back(e.voucher, e.amount, e.returned);
        let usage = self.vouchers[e.voucher.index()].usage;
        self.usage.update_at(usage.index(), |row| {
            row.used = row.used.saturating_sub(e.amount)
        });
        if let Some(group) = claim.group {
            let key = group_key(e.programme, group);
            self.group_usage
                .update(key, |used| *used = minus(*used, e.amount));
        }
        if let Authority::Consent(consent) = claim.authority {
            self.consents
                .update(consent.index(), |row| row.left = plus(row.left, e.amount));
        }
        let hash = self.invoices.0.hash(&claim.invoice_no);
        self.invoices.0.remove(hash, e.claim.0);
        match e.lines {
            LinesUndone::None => {}
            LinesUndone::Voided => claim.line_ids().for_each(|id| self.void_line(id)),
            LinesUndone::Opposed(first) => self.oppose_lines(&claim, first, e.period),
        }
    }

    fn oppose_lines(&mut self, claim: &ClaimRow, first: LineId, period: PeriodId) {
        for (i, id) in claim.line_ids().enumerate() {
            let line = self.lines[id.index()].clone();
            let opposite = LineRow {
                origin: LineOrigin::Opposes(id),
                debtor: line.creditor,
                creditor: line.debtor,
                period,
                ..line
            };
            self.add_line(LineId(first.0 + narrow(i)), opposite);
        }
    }

    pub(super) fn payee_paid(&mut self, meta: &EventMeta, e: &PayeePaid) {
        self.claims
            .update(e.claim.index(), |row| row.status = ClaimStatus::Paid);
        let position = self.payments.push(PaymentRow {
            claim: e.claim,
            returned: false,
            year: meta.business_date.year(),
            details: meta.seq,
        });
        assert_eq!(position, e.payment.index(), "payment ids are dense");
        if let Some(first) = e.first_line {
            self.claims.update(e.claim.index(), |row| {
                row.first_line = Some(first);
                row.lines = e.funding.other_count();
            });
            self.add_claim_lines(e.claim, first, e.programme, e.period, &e.funding);
        }
    }

    pub(super) fn payment_returned(&mut self, e: &PaymentReturned) {
        self.payments
            .update(e.payment.index(), |row| row.returned = true);
        self.claims
            .update(e.claim.index(), |row| row.status = ClaimStatus::Approved);
    }
}

impl ClaimRow {
    /// The ids of the claim's obligation lines.
    pub fn line_ids(&self) -> impl Iterator<Item = LineId> + use<> {
        let first = self.first_line.map_or(0, |id| id.0);
        (first..first + u32::from(self.lines)).map(LineId)
    }
}
