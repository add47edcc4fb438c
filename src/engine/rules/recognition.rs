//! The judging version recognises the provider's city, unless the issuing city has taken a stance
//! on the provider itself; where the version does not, the city may recognise what the other city
//! admits (`docs/adr/0015`).

use super::Facts;
use crate::engine::state::Marks;

#[inline]
pub(super) fn host(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| {
        let cities = voucher.terms.recognised.as_ref();
        let listed = cities.is_none_or(|set| set.binary_search(&provider.row.city).is_ok());
        if listed && !provider.row.marks.has(Marks::RECOGNISED) {
            return false;
        }
        let (state, claim) = (facts.state, facts.claim);
        let city = state.programmes[voucher.programme.index()].city;
        let on = claim.contract_date;
        !state.recognises(city, provider.id, claim.category, on, listed)
    })
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::HostNotRecognised], |_, c| {
            c.provider = ProviderKey::Id(THIRD_LAB);
        }),
        (&[Code::HostNotRecognised], |w, _| {
            let subject = RecognitionSubject::Provider(LAB);
            w.recognise(HOME, subject, RecognitionStance::Refuses, None);
        }),
    ]
};
