//! Redemption needs the holder's consent on the filing day; in enterprise mode the provider
//! confirms. What is left of the amount consented to bounds the claim.

use super::{Facts, OnVoucher};
use crate::domain::{ConsentId, Day, Fen, ProviderId};
use crate::engine::state::State;
use crate::engine::terms::PayeeMode;

#[inline]
pub(super) fn missing(facts: &Facts<'_>) -> bool {
    facts.consent.is_none() && !facts.imported && facts.on_both(|_, _| true)
}

/// The consent for a provider on a day: one given for this provider before one for any.
pub(in crate::engine) fn drawn_on(
    state: &State,
    voucher: &OnVoucher<'_>,
    provider: ProviderId,
    filed: Day,
) -> Option<ConsentId> {
    let by_provider = voucher.terms.payee == PayeeMode::Enterprise;
    let mut for_any = None;
    let mut next = voucher.row.consent;
    while let Some(id) = next {
        let row = &state.consents[id.index()];
        next = row.older;
        let valid = !row.replaced
            && row.by_provider == by_provider
            && filed <= row.until
            && !row.left.is_zero();
        if valid && row.provider == Some(provider) {
            return Some(id);
        }
        if valid && row.provider.is_none() {
            for_any = Some(id);
        }
    }
    for_any
}

/// What the consent and what the firm paid itself leave of a claim.
#[inline]
pub(in crate::engine) fn at_most(facts: &Facts<'_>, voucher: &OnVoucher<'_>) -> Fen {
    let consented = facts
        .consent
        .map_or(Fen::MAX, |id| facts.state.consents[id.index()].left);
    if voucher.terms.payee == PayeeMode::Provider {
        let unpaid = facts.claim.invoice_amount;
        consented.min(unpaid.saturating_sub(facts.claim.paid_amount))
    } else {
        consented
    }
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::NotAuthorised], |w, _| {
        w.consent(VOUCHER, ConsentGiver::Holder(None), 0);
    })]
};
