//! The rules of a claim, `rules.md` §3: one file per family of rules, each with its table test.
//!
//! A rule is a function of [`Facts`]: true if it is broken. A limit is a function of [`Charge`]:
//! what it leaves. Both stand in one registry, in the order of evaluation, from which
//! [`ORDER`], [`faults`] and [`limit`] follow. To add one: a file here, its line in `families!`
//! and in `registry!`, a code in `refusal.rs`, its texts in `api/messages.txt`.
//!
//! This is the hot path: no allocation, no text, every call static. A rule that a version of the
//! programme does not use costs one branch.

use crate::domain::{
    CategoryId, ConsentId, ContractNo, Day, EnterpriseId, Fen, OrderId, ProgrammeId, ProviderId,
    VersionNo, VoucherId,
};
use crate::engine::command::FileClaim;
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::state::{EnterpriseRow, ProviderRow, State, VoucherRow};
use crate::engine::terms::{RateTerms, VersionTerms};

/// What is known of a claim when it is judged.
pub(super) struct Facts<'a> {
    pub(super) state: &'a State,
    pub(super) claim: &'a FileClaim,
    /// Filing date.
    pub(super) filed: Day,
    /// True for a row of an imported history: consent counts as given.
    pub(super) imported: bool,
    /// `None` if no voucher has the id or reference.
    pub(super) voucher: Option<OnVoucher<'a>>,
    /// `None` if no provider has the id or code.
    pub(super) provider: Option<OnProvider<'a>>,
    /// The consent that the claim draws on.
    pub(super) consent: Option<ConsentId>,
}

/// The voucher of a claim with what it brings in.
#[derive(Clone, Copy)]
pub(super) struct OnVoucher<'a> {
    pub(super) id: VoucherId,
    pub(super) row: &'a VoucherRow,
    pub(super) programme: ProgrammeId,
    pub(super) holder: EnterpriseId,
    pub(super) enterprise: &'a EnterpriseRow,
    /// The judging version.
    pub(super) version: VersionNo,
    pub(super) terms: &'a VersionTerms,
    /// What the category is funded with.
    pub(super) rate: Option<&'a RateTerms>,
}

/// The provider of a claim.
#[derive(Clone, Copy)]
pub(super) struct OnProvider<'a> {
    pub(super) id: ProviderId,
    pub(super) row: &'a ProviderRow,
}

impl Facts<'_> {
    /// A rule that needs the voucher; not broken if there is none.
    #[inline]
    fn on_voucher(&self, broken: impl FnOnce(&OnVoucher<'_>) -> bool) -> bool {
        self.voucher.as_ref().is_some_and(broken)
    }

    /// A rule that needs the provider; not broken if there is none.
    #[inline]
    fn on_provider(&self, broken: impl FnOnce(&OnProvider<'_>) -> bool) -> bool {
        self.provider.as_ref().is_some_and(broken)
    }

    /// A rule that needs both.
    #[inline]
    fn on_both(&self, broken: impl FnOnce(&OnVoucher<'_>, &OnProvider<'_>) -> bool) -> bool {
        match (&self.voucher, &self.provider) {
            (Some(voucher), Some(provider)) => broken(voucher, provider),
            _ => false,
        }
    }
}

/// What limits are taken for: a claim, or the hold of an order.
pub(super) struct Charge<'a> {
    pub(super) state: &'a State,
    /// The voucher drawn on.
    pub(super) voucher: &'a VoucherRow,
    pub(super) programme: ProgrammeId,
    pub(super) holder: EnterpriseId,
    /// The judging version.
    pub(super) terms: &'a VersionTerms,
    /// What the category is funded with.
    pub(super) rate: &'a RateTerms,
    pub(super) category: CategoryId,
    pub(super) contract: OnContract,
    /// What ratios apply to.
    pub(super) base: Fen,
    /// What else bounds the amount: what is left of a consent, or what the firm has not paid.
    pub(super) at_most: Fen,
    /// Filing date.
    pub(super) on: Day,
}

/// The contract that a charge falls on.
#[derive(Clone, Copy)]
pub(super) enum OnContract {
    /// The one with this provider and of this number.
    Numbered(ProviderId, ContractNo),
    /// The one that an order is for, which has no number yet: it has what the order holds.
    Planned(OrderId),
}

macro_rules! families {
    ($($family:ident)*) => {
        $(mod $family;)*

        /// The lines of every family's table test.
        #[cfg(test)]
        const CASES: &[&[tests::Case]] = &[$($family::CASES,)*];
    };
}

macro_rules! registry {
    (
        rules { $($family:ident::$rule:ident => $code:ident,)* }
        limits { $($limit_family:ident::$limit:ident => $limit_code:ident,)* }
    ) => {
        /// The codes that can be faults of a claim, in the order of evaluation.
        pub(super) const ORDER: &[RefusalCode] = &[
            $(RefusalCode::$code,)*
            $(RefusalCode::$limit_code,)*
        ];

        /// Every rule that is broken. Limits are not evaluated here.
        #[inline]
        pub(super) fn faults(facts: &Facts<'_>) -> Faults {
            let mut faults = Faults::NONE;
            $(faults.add_if($family::$rule(facts), RefusalCode::$code);)*
            faults
        }

        /// The amount that all limits leave.
        ///
        /// # Errors
        /// The code of the first limit that leaves nothing.
        #[inline]
        pub(super) fn limit(charge: &Charge<'_>) -> Result<Fen, RefusalCode> {
            let mut amount = Fen::MAX;
            $(
                let left = $limit_family::$limit(charge);
                if left.is_zero() {
                    return Err(RefusalCode::$limit_code);
                }
                amount = amount.min(left);
            )*
            Ok(amount)
        }

        /// The code of the first limit that leaves less than an amount.
        pub(super) fn shortage(charge: &Charge<'_>, amount: Fen) -> Option<RefusalCode> {
            $(
                if $limit_family::$limit(charge) < amount {
                    return Some(RefusalCode::$limit_code);
                }
            )*
            None
        }
    };
}

families! {
    unknown
    voucher_state
    provider_state
    block_list
    consent
    parties
    contract_dates
    deadlines
    categories
    recognition
    exclusions
    evidence
    invoice
    exhausted
    year_cap
    category_cap
    contract_cap
    rolling_cap
    payable
}

registry! {
    rules {
        unknown::voucher => VoucherUnknown,
        unknown::provider => ProviderUnknown,
        voucher_state::revoked => VoucherRevoked,
        voucher_state::frozen => VoucherFrozen,
        provider_state::suspended => ProviderSuspended,
        block_list::holder => HolderBlocked,
        block_list::provider => ProviderBlocked,
        consent::missing => NotAuthorised,
        parties::other_holder => HolderMismatch,
        parties::one_person => SelfDealing,
        parties::related => RelatedParty,
        contract_dates::before_issue => ContractBeforeIssue,
        contract_dates::before_transfer => ContractBeforeTransfer,
        contract_dates::after_filing => ContractAfterFiling,
        deadlines::use_by_passed => VoucherExpired,
        deadlines::cash_by_passed => CashDeadlinePassed,
        provider_state::not_admitted => ProviderNotAdmitted,
        categories::not_offered => CategoryNotOffered,
        recognition::host => HostNotRecognised,
        categories::not_funded => CategoryNotFunded,
        exclusions::excluded => Excluded,
        evidence::missing => EvidenceMissing,
        invoice::duplicate => DuplicateInvoice,
    }
    limits {
        exhausted::free => VoucherExhausted,
        year_cap::left => YearCapExhausted,
        category_cap::left => CategoryCapExhausted,
        contract_cap::left => ContractCapExhausted,
        rolling_cap::left => RollingCapExhausted,
        payable::amount => NothingPayable,
    }
}

pub(super) use consent::{at_most, drawn_on};

/// Why terms cannot be published: the field, and what is wrong with it.
type Check = Result<(), (&'static str, &'static str)>;

fn ensure(holds: bool, field: &'static str, problem: &'static str) -> Check {
    if holds { Ok(()) } else { Err((field, problem)) }
}

/// Checks what a version says for the rules of this folder.
///
/// # Errors
/// The first field that is wrong, and what is wrong with it.
pub(super) fn check_terms(state: &State, terms: &VersionTerms) -> Check {
    recognition::check(state, terms)?;
    exclusions::check(state, terms)?;
    evidence::check(state, terms)?;
    category_cap::check(state, terms)?;
    rolling_cap::check(terms)
}

#[cfg(test)]
mod tests;
