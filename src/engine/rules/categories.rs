//! The category must be offered by the provider and funded by the judging version.

use super::Facts;

#[inline]
pub(super) fn not_offered(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| {
        let category = facts.claim.category.0;
        category >= 64 || provider.row.categories & (1 << category) == 0
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
