//! Suspension is judged on the filing day, admission on the contract date.

use super::Facts;

#[inline]
pub(super) fn suspended(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| {
        provider.row.suspended && facts.state.is_suspended_on(provider.id, facts.filed)
    })
}

#[inline]
pub(super) fn not_admitted(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| {
        let on = facts.claim.contract_date;
        facts.state.admitted_on(provider.id, on).is_none()
    })
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::ProviderSuspended], |w, _| {
            w.system(Command::SetSuspension(SetSuspension {
                provider: LAB,
                suspended: true,
                until: None,
            }));
        }),
        (
            &[
                Code::VoucherExpired,
                Code::CashDeadlinePassed,
                Code::ProviderNotAdmitted,
            ],
            |w, c| {
                w.advance("2026-01-01");
                c.contract_date = day("2026-01-01");
            },
        ),
    ]
};
