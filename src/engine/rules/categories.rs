//! The category must be offered by the provider, in the term of the contract date, and funded by
//! the judging version.

use super::Facts;

#[inline]
pub(super) fn not_offered(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| {
        let category = facts.claim.category.0;
        let admitted = facts
            .state
            .admitted_on(provider.id, facts.claim.contract_date);
        let categories = admitted.unwrap_or(provider.row.categories);
        category >= 64 || categories & (1 << category) == 0
    })
}

#[inline]
pub(super) fn not_funded(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| voucher.rate.is_none())
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (
            &[Code::CategoryNotOffered, Code::CategoryNotFunded],
            |_, c| c.category = COMPUTE,
        ),
        (&[Code::CategoryNotFunded], |_, c| c.category = DESIGN),
    ]
};
