//! How a claim is judged: what is known of it is looked up, `rules` says what of it is broken and
//! what the limits leave. The hot path: no allocation, no text, a handful of look-ups.

use crate::domain::{
    CategoryId, ConsentId, Fen, OrderId, ProgrammeId, ProviderId, VersionNo, VoucherId,
};
use crate::engine::command::{FileClaim, Payee, ProviderKey, VoucherKey};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::rules::{self, Charge, Facts, OnContract, OnProvider, OnVoucher};
use crate::engine::state::State;
use crate::engine::terms::{BasePolicy, PayeeMode};

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
    /// The order whose hold is drawn on instead.
    pub(super) order: Option<OrderId>,
}

impl State {
    /// Judges a claim, `rules.md` §3: all faults of the rules, or the amount that the limits
    /// leave.
    pub(super) fn judge(&self, c: &FileClaim, imported: bool) -> Judgement {
        let facts = self.facts(c, imported);
        let mut faults = rules::faults(&facts);
        let mut approved = None;
        if faults.is_empty()
            && let (Some(voucher), Some(provider)) = (&facts.voucher, &facts.provider)
        {
            match limit(&facts, voucher) {
                Ok(amount) => {
                    approved = Some(Approval {
                        amount,
                        version: voucher.version,
                        payee: payee(voucher, provider.id),
                        programme: self.charged(voucher.programme),
                        consent: facts.consent,
                        order: None,
                    });
                }
                Err(code) => faults.add(code),
            }
        }
        Judgement {
            faults,
            voucher: facts.voucher.map(|voucher| voucher.id),
            provider: facts.provider.map(|provider| provider.id),
            approved,
        }
    }

    /// Judges a claim on a line of an order by all rules but its limits: the order is the consent,
    /// and limits are taken when it is confirmed.
    pub(super) fn judge_line(&self, c: &FileClaim, voucher: VoucherId) -> (Faults, OnVoucher<'_>) {
        let faults = rules::faults(&self.facts(c, true));
        let voucher = self.on_voucher(voucher, c);
        let voucher = voucher.expect("a voucher was issued under a version");
        (faults, voucher)
    }

    fn facts<'a>(&'a self, c: &'a FileClaim, imported: bool) -> Facts<'a> {
        let filed = *self.business_date;
        let voucher = self.voucher_by_key(&c.voucher);
        let provider = match c.provider {
            ProviderKey::Id(id) => self.providers.get(id.index()).map(|_| id),
            ProviderKey::Code(code) => self.provider_by_code(code),
        };
        let voucher = voucher.and_then(|id| self.on_voucher(id, c));
        let provider = provider.map(|id| OnProvider {
            id,
            row: &self.providers[id.index()],
        });
        let consent = match (&voucher, &provider) {
            (Some(voucher), Some(provider)) if !imported => {
                rules::drawn_on(self, voucher, provider.id, filed)
            }
            _ => None,
        };
        Facts {
            state: self,
            claim: c,
            filed,
            imported,
            voucher,
            provider,
            consent,
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

    fn on_voucher(&self, id: VoucherId, c: &FileClaim) -> Option<OnVoucher<'_>> {
        let row = &self.vouchers[id.index()];
        let (programme, holder) = self.voucher_owner(row);
        let (version, terms) =
            self.programmes[programme.index()].judging_version(c.contract_date)?;
        let rate = terms
            .rates
            .binary_search_by_key(&c.category, |rate| rate.category)
            .ok();
        Some(OnVoucher {
            id,
            row,
            programme,
            holder,
            enterprise: &self.enterprises[holder.index()],
            version,
            terms,
            rate: rate.map(|i| &terms.rates[i]),
        })
    }
}

/// The amount payable, or the code of the first limit that leaves nothing.
fn limit(facts: &Facts<'_>, voucher: &OnVoucher<'_>) -> Result<Fen, RefusalCode> {
    let base = base_of(facts.claim, voucher);
    let at_most = rules::at_most(facts, voucher);
    let provider = facts.provider.as_ref();
    let provider = provider.expect("a claim without a provider has a fault").id;
    let contract = OnContract::Numbered(provider, facts.claim.contract_no);
    let of = (facts.claim.category, contract);
    rules::limit(&charge(facts.state, voucher, of, base, at_most))
}

/// What limits are taken for on this day.
#[inline]
pub(super) fn charge<'a>(
    state: &'a State,
    voucher: &OnVoucher<'a>,
    (category, contract): (CategoryId, OnContract),
    base: Fen,
    at_most: Fen,
) -> Charge<'a> {
    Charge {
        state,
        voucher: voucher.row,
        programme: voucher.programme,
        holder: voucher.holder,
        terms: voucher.terms,
        rate: voucher.rate.expect("a claim without a rate has a fault"),
        category,
        contract,
        base,
        at_most,
        on: *state.business_date,
    }
}

/// What ratios apply to.
#[inline]
pub(super) fn base_of(c: &FileClaim, voucher: &OnVoucher<'_>) -> Fen {
    match voucher.terms.base {
        BasePolicy::Contract => c.contract_amount,
        BasePolicy::Invoice => c.invoice_amount,
        BasePolicy::Paid => c.paid_amount,
        BasePolicy::Least => c.contract_amount.min(c.invoice_amount).min(c.paid_amount),
    }
}

/// Who is paid.
#[inline]
pub(super) fn payee(voucher: &OnVoucher<'_>, provider: ProviderId) -> Payee {
    match voucher.terms.payee {
        PayeeMode::Provider => Payee::Provider(provider),
        PayeeMode::Enterprise => Payee::Enterprise(voucher.holder),
    }
}
