//! The voucher or the provider that a claim names does not exist.

use super::Facts;

#[inline]
pub(super) fn voucher(facts: &Facts<'_>) -> bool {
    facts.voucher.is_none()
}

#[inline]
pub(super) fn provider(facts: &Facts<'_>) -> bool {
    facts.provider.is_none()
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::VoucherUnknown], |_, c| {
            c.voucher = VoucherKey::Id(crate::domain::VoucherId(99));
        }),
        (&[Code::ProviderUnknown], |_, c| {
            c.provider = ProviderKey::Id(crate::domain::ProviderId(99));
        }),
    ]
};
