//! The block list that all cities share, judged on the filing day.

use super::Facts;
use crate::engine::command::Payee;
use crate::engine::state::Marks;

#[inline]
pub(super) fn holder(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| {
        voucher.enterprise.marks.has(Marks::FLAGGED)
            && facts
                .state
                .is_blocked_on(Payee::Enterprise(voucher.holder), facts.filed)
    })
}

#[inline]
pub(super) fn provider(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| {
        provider.row.marks.has(Marks::FLAGGED)
            && facts
                .state
                .is_blocked_on(Payee::Provider(provider.id), facts.filed)
    })
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::HolderBlocked], |w, _| {
            w.flag(Payee::Enterprise(FIRM), FlagLevel::Block);
        }),
        (&[Code::ProviderBlocked], |w, _| {
            w.flag(Payee::Provider(LAB), FlagLevel::Block);
        }),
        // One legal person is blocked in both its roles.
        (&[Code::HolderBlocked], |w, _| {
            w.flag(Payee::Provider(OWN_LAB), FlagLevel::Block);
        }),
    ]
};
