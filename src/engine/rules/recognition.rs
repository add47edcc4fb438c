//! The judging version recognises the provider's city.

use super::Facts;

#[inline]
pub(super) fn host(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| {
        let recognised = voucher.terms.recognised.as_ref();
        !recognised.is_none_or(|cities| cities.binary_search(&provider.row.city).is_ok())
    })
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::HostNotRecognised], |_, c| {
        c.provider = ProviderKey::Id(THIRD_LAB);
    })]
};
