//! Suspension is judged on the filing day, admission on the contract date.

use super::Facts;

#[inline]
pub(super) fn suspended(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| provider.row.suspended)
}

#[inline]
pub(super) fn not_admitted(facts: &Facts<'_>) -> bool {
    facts.on_provider(|provider| {
        let admitted = provider.row.admitted_from..=provider.row.admitted_to;
        !admitted.contains(&facts.claim.contract_date)
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
