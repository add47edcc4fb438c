//! What the rate gives, and what else bounds the amount.

use super::Charge;
use crate::domain::{Fen, Ratio};
use crate::engine::terms::RateTerms;

#[inline]
pub(super) fn amount(charge: &Charge<'_>) -> Fen {
    let rate = charge.rate;
    rate.apply(charge.base)
        .min(rate.cap_claim)
        .min(charge.at_most)
}

impl RateTerms {
    /// Applies every tier to its slice of the base; summed exactly and floored once.
    pub fn apply(&self, base: Fen) -> Fen {
        if let [tier] = &self.tiers[..] {
            return tier.ratio.floor_of(base);
        }
        let mut sum = 0_i128;
        let mut below = Fen::ZERO;
        for tier in &self.tiers {
            let slice = base.min(tier.up_to).saturating_sub(below);
            sum += i128::from(slice.get()) * i128::from(tier.ratio.millionths());
            below = tier.up_to;
        }
        Fen::from_i128(sum / i128::from(Ratio::SCALE)).expect("ratios are at most one")
    }
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::NothingPayable], |_, c| {
            c.paid_amount = c.invoice_amount;
        }),
        (&[Code::NothingPayable], |_, c| c.invoice_amount = Fen::ZERO),
    ]
};
