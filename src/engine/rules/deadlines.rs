//! The deadlines of a voucher, both inclusive: the contract by `use_by`, the claim by `cash_by`.

use super::Facts;

#[inline]
pub(super) fn use_by_passed(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| facts.claim.contract_date > voucher.row.use_by)
}

#[inline]
pub(super) fn cash_by_passed(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| facts.filed > voucher.row.cash_by)
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::VoucherExpired], |w, c| {
            w.advance("2025-09-11");
            c.contract_date = day("2025-09-11");
        }),
        (&[Code::CashDeadlinePassed], |w, _| {
            w.advance("2025-10-11");
        }),
    ]
};
