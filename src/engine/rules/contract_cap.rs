//! The cap of all claims of a holder on one contract number under a programme.
//!
//! Claims on one contract bear one contract date and so are judged by one version: what was used
//! is counted from the first claim that a version with such a cap judges, and none is missed. A
//! claim that gives its contract another date is another contract to the rule it was judged by.

use super::{Charge, OnContract};
use crate::domain::Fen;

#[inline]
pub(super) fn left(charge: &Charge<'_>) -> Fen {
    match charge.terms.cap_contract {
        None => Fen::MAX,
        Some(cap) => {
            let (state, usage) = (charge.state, charge.voucher.usage);
            let used = match charge.contract {
                OnContract::Numbered(number) => state.used_on_contract(usage, number),
                OnContract::Planned(order) => state.held_by_order(order, usage),
            };
            cap.saturating_sub(used)
        }
    }
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::ContractCapExhausted], |w, _| {
        w.publish(VersionTerms {
            cap_contract: Some(fen(40_000)),
            ..World::terms()
        });
        let first = w.claim();
        w.approve(first);
    })]
};
