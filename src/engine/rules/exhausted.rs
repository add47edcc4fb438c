//! What is free on the voucher.

use super::Charge;
use crate::domain::Fen;

#[inline]
pub(super) fn free(charge: &Charge<'_>) -> Fen {
    charge.voucher.free
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::VoucherExhausted], |w, _| {
        for _ in 0..2 {
            let mut all = w.claim();
            all.invoice_amount = fen(1_000_000);
            w.approve(all);
        }
    })]
};
