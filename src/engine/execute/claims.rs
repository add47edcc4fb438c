//! Claims on instant programmes: judged, approved or refused, reversed and paid.
//!
//! [`judge`] is the hot path: no allocation, no text, a handful of table look-ups.

use super::vouchers::Owned;
use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::domain::AgreementId;
use crate::domain::{
    ClaimId, ConsentId, Day, EnterpriseId, FUNDERS_MAX, Fen, InlineText, LineId, MemberId,
    PaymentId, ProgrammeId, ProviderId, Ratio, VersionNo, VoucherId, split_by_shares,
};
use crate::engine::command::{
    EnterpriseKey, FileClaim, PayClaim, Payee, ProviderKey, ReturnPayment, ReverseClaim, Scope,
    VoucherKey,
};
use crate::engine::event::{
    ClaimApproved, ClaimRefused, ClaimReversed, Event, EvidenceRecorded, Funding, LinesUndone,
    PayeePaid, PaymentReturned,
};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::state::{
    AgreementRow, ClaimRow, ClaimStatus, PeriodStatus, State, VoucherRow, group_key,
};
use crate::engine::terms::{
    AccrualPoint, BasePolicy, EvidenceKinds, PayeeMode, PayerModel, RateTerms, Role, VersionTerms,
};

/// Most evidence files of one claim.
const EVIDENCE_MAX: usize = 64;

/// What the rules say of a claim.
struct Judgement {
    faults: Faults,
    voucher: Option<VoucherId>,
    provider: Option<ProviderId>,
    approved: Option<Approval>,
}

/// An accepted claim's amount and what it draws on.
struct Approval {
    amount: Fen,
    version: VersionNo,
    payee: Payee,
    programme: ProgrammeId,
    consent: Option<ConsentId>,
}

/// What the voucher of a claim brings in.
struct Context<'a> {
    voucher: &'a VoucherRow,
    programme: ProgrammeId,
    holder: EnterpriseId,
    version: VersionNo,
    terms: &'a VersionTerms,
    rate: Option<&'a RateTerms>,
}

impl Execution<'_> {
    pub(super) fn file_claim(&mut self, c: &FileClaim) -> Decision {
        valid(
            c.evidence.len() <= EVIDENCE_MAX,
            "evidence",
            "is at most 64 files",
        )?;
        let judgement = self.state.judge(c, self.submission.imported);
        self.check_filer(c, &judgement)?;
        match judgement {
            Judgement {
                approved: Some(approval),
                voucher: Some(voucher),
                provider: Some(provider),
                ..
            } => self.approve(c, voucher, provider, &approval),
            refused => {
                self.refuse(c, &refused);
                Ok(())
            }
        }
    }

    /// A claim is filed by its provider or by the enterprise it served.
    fn check_filer(&self, c: &FileClaim, judgement: &Judgement) -> Decision {
        if self.submission.imported {
            return Ok(());
        }
        let principal = self.submission.principal;
        if let Some(provider) = judgement.provider
            && self
                .state
                .has_grant(principal, Role::Provider, Scope::Provider(provider))
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
        Err(Rejection::Forbidden("the provider or the holder of the voucher").into())
    }

    fn approve(
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
        let agreement = state.agreement(issuer, host, c);
        let funding = match agreement {
            Some((_, row)) => row.fund(approval.amount),
            None => Funding::alone(issuer),
        };
        let accrues_at = agreement.map_or(AccrualPoint::Approval, |(_, row)| row.terms.accrues_at);
        let owed_now = accrues_at == AccrualPoint::Approval && funding.other.is_some();
        let first_line = if owed_now {
            Some(state.next_line()?)
        } else {
            None
        };
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
            agreement: agreement.map(|(id, _)| id),
            accrues_at,
            first_line,
            period,
            consent: approval.consent,
        }));
        if !c.evidence.is_empty() {
            let files = c.evidence.clone();
            self.emit(Event::EvidenceRecorded(EvidenceRecorded { claim, files }));
        }
        Ok(())
    }

    fn refuse(&mut self, c: &FileClaim, judgement: &Judgement) {
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
        })));
    }

    fn claim(&self, id: ClaimId) -> Result<(ClaimRow, Owned), Rejection> {
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
        self.emit(Event::ClaimReversed(Box::new(ClaimReversed {
            claim: c.claim,
            voucher: claim.voucher,
            programme: voucher.programme,
            issuer: voucher.issuer,
            payee,
            amount: claim.amount,
            funding,
            returned: self.state.return_of(&voucher.row, voucher.programme),
            lines,
            period: self.state.open_period(),
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
        self.emit(Event::PayeePaid(Box::new(PayeePaid {
            payment,
            claim: c.claim,
            programme: voucher.programme,
            payee: payee_of(&claim, voucher.holder),
            amount: claim.amount,
            funding,
            first_line,
            period: self.state.open_period(),
            bank_ref: c.bank_ref,
            paid_on: c.paid_on,
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

fn payee_of(claim: &ClaimRow, holder: EnterpriseId) -> Payee {
    if claim.pays_enterprise {
        Payee::Enterprise(holder)
    } else {
        Payee::Provider(claim.provider)
    }
}

impl State {
    /// Judges a claim, `rules.md` §3: all faults among rules 1–19 and 23, then rules 20–22 and
    /// the amount.
    fn judge(&self, c: &FileClaim, imported: bool) -> Judgement {
        let filed = *self.business_date;
        let voucher = self.voucher_by_key(&c.voucher);
        let provider = match c.provider {
            ProviderKey::Id(id) => self.providers.get(id.index()).map(|_| id),
            ProviderKey::Code(code) => self.provider_by_code(code),
        };
        let mut faults = Faults::NONE;
        faults.add_if(voucher.is_none(), RefusalCode::VoucherUnknown);
        faults.add_if(provider.is_none(), RefusalCode::ProviderUnknown);
        faults.add_if(c.contract_date > filed, RefusalCode::ContractAfterFiling);
        let context = voucher.and_then(|id| self.context(id, c));
        if let Some(context) = &context {
            self.judge_voucher(c, context, filed, &mut faults);
        }
        if let Some(provider) = provider {
            self.judge_provider(c, provider, &mut faults);
        }
        let invoice_used = self.find_invoice(c.invoice_no).is_some();
        faults.add_if(invoice_used, RefusalCode::DuplicateInvoice);
        let mut approved = None;
        if let (Some(context), Some(provider)) = (&context, provider) {
            let consent = self.judge_parties(c, context, provider, imported, filed, &mut faults);
            if faults.is_empty() {
                match self.limit(c, context, consent) {
                    Ok(amount) => {
                        let payee = match context.terms.payee {
                            PayeeMode::Provider => Payee::Provider(provider),
                            PayeeMode::Enterprise => Payee::Enterprise(context.holder),
                        };
                        approved = Some(Approval {
                            amount,
                            version: context.version,
                            payee,
                            programme: context.programme,
                            consent,
                        });
                    }
                    Err(code) => faults.add(code),
                }
            }
        }
        Judgement {
            faults,
            voucher,
            provider,
            approved,
        }
    }

    fn voucher_by_key(&self, key: &VoucherKey) -> Option<VoucherId> {
        match key {
            VoucherKey::Id(id) => self.vouchers.get(id.index()).map(|_| *id),
            VoucherKey::Ref(reference) => match self.find_ref(reference.key)?.subject {
                crate::engine::command::Subject::Voucher(id) => Some(id),
                _ => None,
            },
        }
    }

    fn context(&self, voucher: VoucherId, c: &FileClaim) -> Option<Context<'_>> {
        let voucher = &self.vouchers[voucher.index()];
        let (programme, holder) = self.voucher_owner(voucher);
        let row = &self.programmes[programme.index()];
        let (version, terms) = row.judging_version(c.contract_date)?;
        let rate = terms
            .rates
            .binary_search_by_key(&c.category, |rate| rate.category)
            .ok();
        let rate = rate.map(|i| &terms.rates[i]);
        Some(Context {
            voucher,
            programme,
            holder,
            version,
            terms,
            rate,
        })
    }

    /// Rules that need the voucher alone.
    fn judge_voucher(&self, c: &FileClaim, x: &Context<'_>, filed: Day, faults: &mut Faults) {
        let voucher = x.voucher;
        let declared = c.enterprise.is_some_and(|key| match key {
            EnterpriseKey::Id(id) => id != x.holder,
            EnterpriseKey::Code(code) => {
                self.enterprises[x.holder.index()].code != code.to_u128().into()
            }
        });
        let before_transfer =
            voucher.contracts_from > voucher.issued_on && c.contract_date < voucher.contracts_from;
        faults.add_if(voucher.revoked, RefusalCode::VoucherRevoked);
        faults.add_if(voucher.frozen, RefusalCode::VoucherFrozen);
        faults.add_if(declared, RefusalCode::HolderMismatch);
        faults.add_if(
            c.contract_date < voucher.issued_on,
            RefusalCode::ContractBeforeIssue,
        );
        faults.add_if(before_transfer, RefusalCode::ContractBeforeTransfer);
        faults.add_if(
            c.contract_date > voucher.use_by,
            RefusalCode::VoucherExpired,
        );
        faults.add_if(filed > voucher.cash_by, RefusalCode::CashDeadlinePassed);
        faults.add_if(x.rate.is_none(), RefusalCode::CategoryNotFunded);
        let brought = EvidenceKinds::of(&c.evidence);
        faults.add_if(
            !brought.covers(x.terms.evidence),
            RefusalCode::EvidenceMissing,
        );
    }

    /// Rules that need the provider alone.
    fn judge_provider(&self, c: &FileClaim, provider: ProviderId, faults: &mut Faults) {
        let row = &self.providers[provider.index()];
        let admitted = (row.admitted_from..=row.admitted_to).contains(&c.contract_date);
        let offered = c.category.0 < 64 && row.categories & (1 << c.category.0) != 0;
        faults.add_if(row.suspended, RefusalCode::ProviderSuspended);
        faults.add_if(!admitted, RefusalCode::ProviderNotAdmitted);
        faults.add_if(!offered, RefusalCode::CategoryNotOffered);
    }

    /// Rules that need voucher and provider; answers the consent that the claim draws on.
    fn judge_parties(
        &self,
        c: &FileClaim,
        x: &Context<'_>,
        provider: ProviderId,
        imported: bool,
        filed: Day,
        faults: &mut Faults,
    ) -> Option<ConsentId> {
        let row = &self.providers[provider.index()];
        let holder = &self.enterprises[x.holder.index()];
        let consent = if imported {
            None
        } else {
            let consent = self.consent_for(x, provider, filed);
            faults.add_if(consent.is_none(), RefusalCode::NotAuthorised);
            consent
        };
        faults.add_if(row.code == holder.code, RefusalCode::SelfDealing);
        if row.group.is_some() || row.group_from > c.contract_date {
            let theirs = self.group_on(Payee::Provider(provider), c.contract_date);
            let ours = self.group_on(Payee::Enterprise(x.holder), c.contract_date);
            faults.add_if(
                theirs.is_some() && theirs == ours,
                RefusalCode::RelatedParty,
            );
        }
        let recognised = x
            .terms
            .recognised
            .as_ref()
            .is_none_or(|cities| cities.binary_search(&row.city).is_ok());
        faults.add_if(!recognised, RefusalCode::HostNotRecognised);
        consent
    }

    /// The consent for a provider on a day: one given for this provider before one for any.
    fn consent_for(&self, x: &Context<'_>, provider: ProviderId, filed: Day) -> Option<ConsentId> {
        let by_provider = x.terms.payee == PayeeMode::Enterprise;
        let mut for_any = None;
        let mut next = x.voucher.consent;
        while let Some(id) = next {
            let row = &self.consents[id.index()];
            next = row.older;
            let valid = !row.replaced
                && row.by_provider == by_provider
                && filed <= row.until
                && !row.left.is_zero();
            if valid && row.provider == Some(provider) {
                return Some(id);
            }
            if valid && row.provider.is_none() {
                for_any = Some(id);
            }
        }
        for_any
    }

    /// The amount payable, or the first of rules 20–22 that holds.
    fn limit(
        &self,
        c: &FileClaim,
        x: &Context<'_>,
        consent: Option<ConsentId>,
    ) -> Result<Fen, RefusalCode> {
        if x.voucher.free.is_zero() {
            return Err(RefusalCode::VoucherExhausted);
        }
        let used = self.usage.at(x.voucher.usage.index()).used;
        let mut amount = x.terms.cap_enterprise.saturating_sub(used);
        let group = self.group_on(Payee::Enterprise(x.holder), *self.business_date);
        if let Some(group) = group {
            let used = self.group_usage.get(group_key(x.programme, group)).copied();
            amount = amount.min(x.terms.cap_group.saturating_sub(used.unwrap_or_default()));
        }
        if amount.is_zero() {
            return Err(RefusalCode::YearCapExhausted);
        }
        let rate = x.rate.expect("a claim without a rate has a fault");
        let base = match x.terms.base {
            BasePolicy::Contract => c.contract_amount,
            BasePolicy::Invoice => c.invoice_amount,
            BasePolicy::Paid => c.paid_amount,
            BasePolicy::Least => c.contract_amount.min(c.invoice_amount).min(c.paid_amount),
        };
        amount = amount
            .min(rate.apply(base))
            .min(rate.cap_claim)
            .min(x.voucher.free);
        if let Some(consent) = consent {
            amount = amount.min(self.consents[consent.index()].left);
        }
        if x.terms.payee == PayeeMode::Provider {
            amount = amount.min(c.invoice_amount.saturating_sub(c.paid_amount));
        }
        if amount.is_zero() {
            Err(RefusalCode::NothingPayable)
        } else {
            Ok(amount)
        }
    }

    /// The agreement in force between two cities for a contract: one for the category wins over
    /// one for all.
    fn agreement(
        &self,
        home: MemberId,
        host: MemberId,
        c: &FileClaim,
    ) -> Option<(AgreementId, &AgreementRow)> {
        if home == host {
            return None;
        }
        let mut for_all = None;
        for id in self.agreements_of.get(&(home, host))? {
            let row = &self.agreements[id.index()];
            if !(row.terms.from..=row.terms.to).contains(&c.contract_date) {
                continue;
            }
            match row.terms.category {
                Some(category) if category == c.category => return Some((*id, row)),
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
    fn fund(&self, amount: Fen) -> Funding {
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

impl RateTerms {
    /// Applies every tier to its slice of the base; summed exactly and floored once.
    pub fn apply(&self, base: Fen) -> Fen {
        if let [tier] = &self.tiers[..] {
            return tier.ratio.floor_of(base);
        }
        let mut sum = 0_i128;
        let mut below = Fen::ZERO;
        for tier in &self.tiers {
            let slice = base.min(tier.up_to).saturating_sub(below);
            sum += i128::from(slice.get()) * i128::from(tier.ratio.millionths());
            below = tier.up_to;
        }
        Fen::from_i128(sum / i128::from(Ratio::SCALE)).expect("ratios are at most one")
    }
}
