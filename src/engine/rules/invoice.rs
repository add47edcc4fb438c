//! An invoice is claimed once in all cities.

use super::Facts;

#[inline]
pub(super) fn duplicate(facts: &Facts<'_>) -> bool {
    facts.state.find_invoice(facts.claim.invoice_no).is_some()
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::DuplicateInvoice], |w, c| {
        let mut first = w.claim();
        first.invoice_no = c.invoice_no;
        first.invoice_amount = fen(2_000);
        w.approve(first);
    })]
};
