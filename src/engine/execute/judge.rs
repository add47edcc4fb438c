//! How a claim is judged, `rules.md` §3. The hot path: no allocation, no text, a handful of
//! look-ups.

use crate::domain::{
    ConsentId, Day, EnterpriseId, Fen, ProgrammeId, ProviderId, Ratio, VersionNo, VoucherId,
};
use crate::engine::command::{EnterpriseKey, FileClaim, Payee, ProviderKey, VoucherKey};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::state::{State, VoucherRow, group_key};
use crate::engine::terms::{BasePolicy, EvidenceKinds, PayeeMode, RateTerms, VersionTerms};

/// What the rules say of a claim.
pub(super) struct Judgement {
    pub(super) faults: Faults,
    pub(super) voucher: Option<VoucherId>,
    pub(super) provider: Option<ProviderId>,
    pub(super) approved: Option<Approval>,
}

/// An accepted claim's amount and what it draws on.
pub(super) struct Approval {
    pub(super) amount: Fen,
    pub(super) version: VersionNo,
    pub(super) payee: Payee,
    pub(super) programme: ProgrammeId,
    pub(super) consent: Option<ConsentId>,
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

impl State {
    /// Judges a claim, `rules.md` §3: all faults among rules 1–19 and 23, then rules 20–22 and
    /// the amount.
    pub(super) fn judge(&self, c: &FileClaim, imported: bool) -> Judgement {
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
