//! Claims on instant programmes: approved or refused, reversed and paid.

use super::judge::{Approval, Judgement};
use super::vouchers::Owned;
use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::domain::{
    AgreementId, CategoryId, ClaimId, Day, EnterpriseId, FUNDERS_MAX, Fen, InlineText, LineId,
    MemberId, PaymentId, ProviderId, Ratio, VoucherId, split_by_shares,
};
use crate::engine::command::{
    FileClaim, PayClaim, Payee, ProviderKey, ReturnPayment, ReverseClaim, Scope, VoucherKey,
};
use crate::engine::event::{
    ClaimApproved, ClaimRefused, ClaimReversed, Event, EvidenceRecorded, Funding, LinesUndone,
    PayeePaid, PaymentReturned, ReturnedTo,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{
    AgreementRow, ClaimRow, ClaimStatus, PeriodStatus, ProgrammeStatus, State,
};
use crate::engine::terms::{AccrualPoint, PayeeMode, PayerModel, Role};

/// Most evidence files of one claim.
const EVIDENCE_MAX: usize = 64;

impl Execution<'_> {
    pub(super) fn file_claim(&mut self, c: &FileClaim) -> Decision {
        valid(
            c.evidence.len() <= EVIDENCE_MAX,
            "evidence",
            "is at most 64 files",
        )?;
        if let Some(capture) = c.order {
            return self.capture(c, capture);
        }
        let judgement = self.state.judge(c, self.submission.imported);
        self.check_filer(c, &judgement)?;
        match judgement {
            Judgement {
                approved: Some(approval),
                voucher: Some(voucher),
                provider: Some(provider),
                ..
            } => {
                if self.state.year_status(approval.programme) == ProgrammeStatus::Open {
                    self.approve(c, voucher, provider, &approval)
                } else {
                    self.await_budget(c, voucher, provider, &approval)
                }
            }
            refused => {
                self.refuse(c, &refused);
                Ok(())
            }
        }
    }

    /// A claim is filed by its provider or by the enterprise it served. Where the enterprise is
    /// paid, a provider's own word allows the claim: that the provider files it, the enterprise
    /// must have consented to.
    fn check_filer(&self, c: &FileClaim, judgement: &Judgement) -> Decision {
        if self.submission.imported {
            return Ok(());
        }
        let principal = self.submission.principal;
        if let Some(provider) = judgement.provider
            && self
                .state
                .has_grant(principal, Role::Provider, Scope::Provider(provider))
            && self.state.may_file(c, judgement, provider)
        {
            return Ok(());
        }
        let holder = match judgement.voucher {
            Some(id) => Some(self.state.voucher_owner(&self.state.vouchers[id.index()]).1),
            None => c.enterprise.and_then(|key| self.enterprise(key).ok()),
        };
        if let Some(holder) = holder
            && self
                .state
                .has_grant(principal, Role::Enterprise, Scope::Enterprise(holder))
        {
            return Ok(());
        }
        let needed = "the holder of the voucher, or the provider, which where the enterprise is \
                      paid the holder must have consented to";
        Err(Rejection::Forbidden(needed).into())
    }

    pub(super) fn approve(
        &mut self,
        c: &FileClaim,
        voucher: VoucherId,
        provider: ProviderId,
        approval: &Approval,
    ) -> Decision {
        let state = &*self.state;
        let claim = ClaimId::from_index(state.claims.len()).ok_or(Rejection::Full("claims"))?;
        let issuer = state.programmes[approval.programme.index()].city;
        let host = state.providers[provider.index()].city;
        let Terms {
            funding,
            agreement,
            accrues_at,
            first_line,
        } = state.funded(issuer, host, c.category, c.contract_date, approval.amount)?;
        let period = state.open_period();
        self.emit(Event::ClaimApproved(ClaimApproved {
            claim,
            voucher,
            programme: approval.programme,
            issuer,
            version: approval.version,
            provider,
            payee: approval.payee,
            category: c.category,
            contract_no: c.contract_no,
            contract_date: c.contract_date,
            contract_amount: c.contract_amount,
            invoice_no: c.invoice_no,
            invoice_amount: c.invoice_amount,
            paid_amount: c.paid_amount,
            amount: approval.amount,
            funding,
            agreement,
            accrues_at,
            first_line,
            period,
            consent: approval.consent,
            order: approval.order,
        }));
        if !c.evidence.is_empty() {
            let files = c.evidence.clone();
            self.emit(Event::EvidenceRecorded(EvidenceRecorded { claim, files }));
        }
        Ok(())
    }

    pub(super) fn refuse(&mut self, c: &FileClaim, judgement: &Judgement) {
        let result = judgement
            .faults
            .first()
            .expect("a claim without faults is approved");
        let voucher_given = match (&c.voucher, judgement.voucher) {
            (_, Some(_)) => None,
            (VoucherKey::Ref(reference), None) => Some(reference.text),
            (VoucherKey::Id(id), None) => InlineText::parse(&format!("#{}", id.0)).ok(),
        };
        let provider_given = match (c.provider, judgement.provider) {
            (_, Some(_)) => None,
            (ProviderKey::Code(code), None) => InlineText::parse(code.as_str()).ok(),
            (ProviderKey::Id(id), None) => InlineText::parse(&format!("#{}", id.0)).ok(),
        };
        self.emit(Event::ClaimRefused(Box::new(ClaimRefused {
            result,
            faults: judgement.faults,
            voucher: judgement.voucher,
            provider: judgement.provider,
            voucher_given,
            provider_given,
            category: c.category,
            contract_no: c.contract_no,
            contract_date: c.contract_date,
            contract_amount: c.contract_amount,
            invoice_no: c.invoice_no,
            invoice_amount: c.invoice_amount,
            paid_amount: c.paid_amount,
            order: c.order.map(|capture| capture.order),
        })));
    }

    pub(super) fn claim(&self, id: ClaimId) -> Result<(ClaimRow, Owned), Rejection> {
        let row = self
            .state
            .claims
            .get(id.index())
            .ok_or(Rejection::NotFound("claim"))?;
        Ok((row.clone(), self.voucher(row.voucher)?))
    }

    pub(super) fn reverse_claim(&mut self, c: &ReverseClaim) -> Decision {
        let (claim, voucher) = self.claim(c.claim)?;
        let roles = [
            (Role::FinanceOfficer, Scope::Member(voucher.issuer)),
            (Role::ScienceOfficer, Scope::Member(voucher.issuer)),
        ];
        self.require_party(&roles, "an office of the issuing city")?;
        self.check_not_waiting(claim.status)?;
        refuse_if(
            claim.status == ClaimStatus::Reversed,
            RefusalCode::ClaimReversed,
        )?;
        refuse_if(
            claim.status == ClaimStatus::Paid,
            RefusalCode::ClaimAlreadyPaid,
        )?;
        let same = claim.filed_by == self.submission.principal;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        self.require_reason()?;
        let funding = self.state.funding_of(&claim);
        let lines = match claim.line_ids().next() {
            None => LinesUndone::None,
            Some(first) => {
                let period = self.state.lines[first.index()].period;
                if self.state.periods[period.index()].status == PeriodStatus::Open {
                    LinesUndone::Voided
                } else {
                    LinesUndone::Opposed(self.state.next_line()?)
                }
            }
        };
        let payee = payee_of(&claim, voucher.holder);
        let programme = self.state.approved_in(c.claim, &claim);
        let charged = self.state.stands_in(c.claim, &claim);
        // What is free on the voucher stands in the budget that the voucher is charged to: an
        // amount of a year before that lapses there.
        let returned = if charged == voucher.programme {
            self.state.return_of(&voucher.row, charged)
        } else {
            ReturnedTo::Lapsed
        };
        self.emit(Event::ClaimReversed(Box::new(ClaimReversed {
            claim: c.claim,
            voucher: claim.voucher,
            programme,
            issuer: voucher.issuer,
            payee,
            amount: claim.amount,
            funding,
            returned,
            lines,
            period: self.state.open_period(),
            charged: (charged != programme).then_some(charged),
        })));
        Ok(())
    }

    pub(super) fn pay_claim(&mut self, c: &PayClaim) -> Decision {
        let (claim, voucher) = self.claim(c.claim)?;
        self.require_officer(Role::FinanceOfficer, claim.payer)?;
        valid(
            c.paid_on <= *self.state.business_date,
            "paid_on",
            "lies after today",
        )?;
        self.check_not_waiting(claim.status)?;
        refuse_if(
            claim.status == ClaimStatus::Reversed,
            RefusalCode::ClaimReversed,
        )?;
        refuse_if(
            claim.status == ClaimStatus::Paid,
            RefusalCode::ClaimAlreadyPaid,
        )?;
        let payment =
            PaymentId::from_index(self.state.payments.len()).ok_or(Rejection::Full("payments"))?;
        let funding = self.state.funding_of(&claim);
        let owe_now = claim.lines == 0 && funding.other.is_some();
        let first_line = if owe_now {
            Some(self.state.next_line()?)
        } else {
            None
        };
        let payee = payee_of(&claim, voucher.holder);
        self.emit(Event::PayeePaid(Box::new(PayeePaid {
            payment,
            claim: c.claim,
            programme: self.state.approved_in(c.claim, &claim),
            payee,
            amount: claim.amount,
            funding,
            first_line,
            period: self.state.open_period(),
            bank_ref: c.bank_ref,
            paid_on: c.paid_on,
            account_version: self.state.account_version(payee),
        })));
        Ok(())
    }

    pub(super) fn return_payment(&mut self, c: &ReturnPayment) -> Decision {
        let row = self.state.payments.get(c.payment.index());
        let row = row.ok_or(Rejection::NotFound("payment"))?.clone();
        let (claim, voucher) = self.claim(row.claim)?;
        self.require_officer(Role::FinanceOfficer, claim.payer)?;
        refuse_if(row.returned, RefusalCode::PaymentReturned)?;
        self.emit(Event::PaymentReturned(PaymentReturned {
            payment: c.payment,
            claim: row.claim,
            payer: claim.payer,
            payee: payee_of(&claim, voucher.holder),
            amount: claim.amount,
        }));
        Ok(())
    }
}

pub(super) fn payee_of(claim: &ClaimRow, holder: EnterpriseId) -> Payee {
    if claim.pays_enterprise {
        Payee::Enterprise(holder)
    } else {
        Payee::Provider(claim.provider)
    }
}

/// Who bears an amount, by which agreement, and from when.
pub(super) struct Terms {
    pub(super) funding: Funding,
    pub(super) agreement: Option<AgreementId>,
    pub(super) accrues_at: AccrualPoint,
    /// First of the lines, if the others begin to owe now.
    pub(super) first_line: Option<LineId>,
}

impl State {
    /// True if it is not for the enterprise alone to file a claim.
    fn may_file(&self, c: &FileClaim, judgement: &Judgement, provider: ProviderId) -> bool {
        let Some(voucher) = judgement.voucher else {
            return true;
        };
        let reimbursed = match &judgement.approved {
            Some(approval) => matches!(approval.payee, Payee::Enterprise(_)),
            None => {
                let (programme, _) = self.voucher_owner(&self.vouchers[voucher.index()]);
                let judging = self.programmes[programme.index()].judging_version(c.contract_date);
                judging.is_some_and(|(_, terms)| terms.payee == PayeeMode::Enterprise)
            }
        };
        !reimbursed || self.is_consented(voucher, provider, *self.business_date)
    }

    /// Who bears an approved amount of a contract.
    #[inline]
    pub(super) fn funded(
        &self,
        issuer: MemberId,
        host: MemberId,
        category: CategoryId,
        contract_date: Day,
        amount: Fen,
    ) -> Result<Terms, Rejection> {
        let agreement = self.agreement(issuer, host, category, contract_date);
        let funding = match agreement {
            Some((_, row)) => row.fund(amount),
            None => Funding::alone(issuer),
        };
        let accrues_at = agreement.map_or(AccrualPoint::Approval, |(_, row)| row.terms.accrues_at);
        let owed_now = accrues_at == AccrualPoint::Approval && funding.other.is_some();
        let first_line = if owed_now {
            Some(self.next_line()?)
        } else {
            None
        };
        Ok(Terms {
            funding,
            agreement: agreement.map(|(id, _)| id),
            accrues_at,
            first_line,
        })
    }

    /// The agreement in force between two cities for a contract: one for the category wins over
    /// one for all.
    fn agreement(
        &self,
        home: MemberId,
        host: MemberId,
        category: CategoryId,
        contract_date: Day,
    ) -> Option<(AgreementId, &AgreementRow)> {
        if home == host {
            return None;
        }
        let mut for_all = None;
        for id in self.agreements_of.get(&(home, host))? {
            let row = &self.agreements[id.index()];
            if !(row.terms.from..=row.terms.to).contains(&contract_date) {
                continue;
            }
            match row.terms.category {
                Some(only) if only == category => return Some((*id, row)),
                Some(_) => {}
                None => for_all = Some((*id, row)),
            }
        }
        for_all
    }

    /// Who bears an approved claim: read off its lines, or its agreement while none are due.
    pub(in crate::engine) fn funding_of(&self, claim: &ClaimRow) -> Funding {
        if claim.lines == 0 {
            return match claim.agreement {
                Some(id) => self.agreements[id.index()].fund(claim.amount),
                None => Funding::alone(claim.payer),
            };
        }
        let mut others = claim
            .line_ids()
            .map(|id| (self.lines[id.index()].debtor, self.lines[id.index()].amount));
        Funding {
            payer: claim.payer,
            other: others.next(),
            more: others.collect(),
        }
    }

    pub(super) fn next_line(&self) -> Result<LineId, Rejection> {
        // A claim has up to eight lines: stop while there is room for them.
        let last = LineId::from_index(self.lines.len() + FUNDERS_MAX);
        last.map(|id| LineId(id.0 - FUNDERS_MAX as u32))
            .ok_or(Rejection::Full("lines"))
    }
}

impl AgreementRow {
    /// Splits an amount among the funders.
    pub(in crate::engine) fn fund(&self, amount: Fen) -> Funding {
        let terms = &self.terms;
        let payer = match terms.model {
            PayerModel::HomePays => terms.home,
            PayerModel::HostPays => terms.host,
            PayerModel::PoolPays => terms.pool.expect("checked when the agreement was made"),
        };
        let mut ratios = [Ratio::ZERO; FUNDERS_MAX];
        for (ratio, (_, share)) in ratios.iter_mut().zip(&terms.shares) {
            *ratio = *share;
        }
        let parts = split_by_shares(amount, &ratios[..terms.shares.len()])
            .expect("the shares of an agreement add up to one");
        let mut others = terms
            .shares
            .iter()
            .zip(parts.as_slice())
            .map(|((member, _), part)| (*member, *part))
            .filter(|(member, part)| *member != payer && !part.is_zero());
        Funding {
            payer,
            other: others.next(),
            more: others.collect(),
        }
    }
}
