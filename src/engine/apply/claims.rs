//! Claims, obligation lines and payments to payees.

use super::narrow;
use super::orders::Drawn;
use super::vouchers::{minus, plus};
use crate::domain::{
    AgreementId, CategoryId, ClaimId, ConsentId, ContractNo, Fen, GroupId, InvoiceNo, LineId,
    MemberId, OrderId, PeriodId, ProgrammeId, ProviderId, VersionNo, VoucherId,
};
use crate::engine::command::Payee;
use crate::engine::event::{
    ClaimApproved, ClaimReversed, EventMeta, Funding, LinesUndone, PayeePaid, PaymentReturned,
};
use crate::engine::state::{
    Authority, ClaimLink, ClaimRow, ClaimStatus, ContractKey, LineOrigin, LineRow, PaymentRow,
    State, cell_key, group_key,
};

/// A claim as it comes into the table.
pub(super) struct NewClaim {
    pub(super) claim: ClaimId,
    pub(super) voucher: VoucherId,
    pub(super) version: VersionNo,
    pub(super) provider: ProviderId,
    pub(super) category: CategoryId,
    pub(super) contract_no: ContractNo,
    pub(super) invoice_no: InvoiceNo,
    pub(super) amount: Fen,
    pub(super) older: ClaimLink,
    pub(super) group: Option<GroupId>,
    pub(super) authority: Authority,
    pub(super) payer: MemberId,
    pub(super) agreement: Option<AgreementId>,
    pub(super) first_line: Option<LineId>,
    pub(super) lines: u8,
    pub(super) status: ClaimStatus,
    pub(super) pays_enterprise: bool,
    /// True if the hold that it draws on was counted to its contract.
    pub(super) counted: bool,
}

impl State {
    pub(super) fn claim_approved(&mut self, meta: &EventMeta, e: &ClaimApproved) {
        let (group, authority, counted) = match e.order {
            None => {
                let (group, authority) = self.drawn_on_free(e);
                (group, authority, false)
            }
            Some(order) => {
                let drawn = self.drawn_on_hold(order, e);
                let counted = drawn.contract.is_some();
                (drawn.group, Authority::Order(order), counted)
            }
        };
        let usage = self.vouchers[e.voucher.index()].usage;
        let older = self.count_use(usage, e.category, Fen::ZERO, Some(e.claim));
        self.add_claim(
            meta,
            &NewClaim {
                claim: e.claim,
                voucher: e.voucher,
                version: e.version,
                provider: e.provider,
                category: e.category,
                contract_no: e.contract_no,
                invoice_no: e.invoice_no,
                amount: e.amount,
                older,
                group,
                authority,
                payer: e.funding.payer,
                agreement: e.agreement,
                first_line: e.first_line,
                lines: e.first_line.map_or(0, |_| e.funding.other_count()),
                status: ClaimStatus::Approved,
                pays_enterprise: matches!(e.payee, Payee::Enterprise(_)),
                counted,
            },
        );
        if let Some(first) = e.first_line {
            self.add_claim_lines(e.claim, first, e.programme, e.period, &e.funding);
        }
    }

    /// Adds the row of a claim that was approved or waits, and counts it to its contract.
    #[inline(always)] // On the hot path: what it is given never leaves the registers.
    pub(super) fn add_claim(&mut self, meta: &EventMeta, c: &NewClaim) {
        let voucher = &self.vouchers[c.voucher.index()];
        let usage = voucher.usage;
        let (programme, _) = self.voucher_owner(voucher);
        let judge = self.programmes[programme.index()].version(c.version);
        let caps = judge.is_some_and(|terms| terms.cap_contract.is_some());
        if caps || c.counted {
            let contract = ContractKey::new(c.provider, &c.contract_no);
            if !c.counted {
                self.count_contract(usage, contract, c.amount);
            }
            self.contract_claims.insert(c.claim, contract);
        }
        let invoice_no = c.invoice_no.to_u128().into();
        let hash = self.invoices.0.hash(&invoice_no);
        let position = self.claims.push(ClaimRow {
            amount: c.amount,
            invoice_no,
            details: meta.seq,
            voucher: c.voucher,
            provider: c.provider,
            first_line: c.first_line,
            authority: c.authority,
            agreement: c.agreement,
            group: c.group,
            filed_by: meta.principal,
            payer: c.payer,
            lines: c.lines,
            older: c.older,
            category: c.category,
            status: c.status,
            pays_enterprise: c.pays_enterprise,
        });
        assert_eq!(position, c.claim.index(), "claim ids are dense");
        self.invoices.0.insert(hash, narrow(position));
    }

    /// Takes a claim from the free part of its voucher; answers the group that it is counted for
    /// and what allows it.
    #[inline]
    fn drawn_on_free(&mut self, e: &ClaimApproved) -> (Option<GroupId>, Authority) {
        let amount = e.amount;
        self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, amount);
            row.approved = plus(row.approved, amount);
        });
        self.count_filed(e.voucher, e.category, amount, e.consent)
    }

    /// Counts a claim against the caps of the voucher's holder and group, and against the consent.
    #[inline]
    pub(super) fn count_filed(
        &mut self,
        voucher: VoucherId,
        category: CategoryId,
        amount: Fen,
        consent: Option<ConsentId>,
    ) -> (Option<GroupId>, Authority) {
        let row = &self.vouchers[voucher.index()];
        let usage = row.usage;
        let (programme, holder) = self.voucher_owner(row);
        self.count_use(usage, category, amount, None);
        let group = self.group_on(Payee::Enterprise(holder), *self.business_date);
        if let Some(group) = group {
            let key = group_key(programme, group);
            self.group_usage
                .update(key, |used| *used = plus(*used, amount));
        }
        let Some(consent) = consent else {
            return (group, Authority::Imported);
        };
        self.consents
            .update(consent.index(), |row| row.left = minus(row.left, amount));
        (group, Authority::Consent(consent))
    }

    /// Takes a claim from the hold of an order, which counts in the limits already.
    #[cold]
    fn drawn_on_hold(&mut self, order: OrderId, e: &ClaimApproved) -> Drawn {
        let drawn = self.take_from_hold(order, e.voucher, e.amount);
        self.vouchers.update(e.voucher.index(), |row| {
            row.approved = plus(row.approved, e.amount);
        });
        drawn
    }

    /// Adds one line per other funder.
    pub(super) fn add_claim_lines(
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
        let stood_in = e.charged.unwrap_or(e.programme);
        self.give_back_to(stood_in, e.voucher, e.amount, e.returned);
        self.forget_claim(e.claim, &claim);
        match e.lines {
            LinesUndone::None => {}
            LinesUndone::Voided => claim.line_ids().for_each(|id| self.void_line(id)),
            LinesUndone::Opposed(first) => self.oppose_lines(&claim, first, e.period),
        }
    }

    /// Takes a claim that was undone off caps, consent and invoice.
    pub(super) fn forget_claim(&mut self, id: ClaimId, claim: &ClaimRow) {
        let amount = claim.amount;
        let voucher = &self.vouchers[claim.voucher.index()];
        let usage = voucher.usage;
        let (programme, _) = self.voucher_owner(voucher);
        self.uncount_use(usage, claim.category, amount);
        if let Some(contract) = self.contract_claims.get(&id).copied() {
            self.contract_claims.remove(&id);
            self.uncount_contract(usage, contract, amount);
        }
        if let Some(group) = claim.group {
            let key = group_key(programme, group);
            self.group_usage
                .update(key, |used| *used = minus(*used, amount));
        }
        if let Authority::Consent(consent) = claim.authority {
            self.consents
                .update(consent.index(), |row| row.left = plus(row.left, amount));
        }
        let hash = self.invoices.0.hash(&claim.invoice_no);
        self.invoices.0.remove(hash, id.0);
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
        let claim = self.claims.update(e.claim.index(), |row| {
            row.status = ClaimStatus::Paid;
            row.clone()
        });
        self.count_paid(e.claim, &claim);
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
        self.uncount_paid(e.payment);
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
