//! The cap per enterprise, category and budget year. What was used is always counted, whether a
//! version caps the category or not, so that an amendment can begin to at any time of the year.

use super::{Charge, Check, ensure};
use crate::domain::Fen;
use crate::engine::state::State;
use crate::engine::terms::VersionTerms;

#[inline]
pub(super) fn left(charge: &Charge<'_>) -> Fen {
    let caps = &charge.terms.category_caps;
    if caps.is_empty() {
        return Fen::MAX;
    }
    match caps.binary_search_by_key(&charge.category, |(category, _)| *category) {
        Err(_) => Fen::MAX,
        Ok(at) => {
            let used = charge
                .state
                .used_in_category(charge.voucher.usage, charge.category);
            caps[at].1.saturating_sub(used)
        }
    }
}

pub(super) fn check(state: &State, terms: &VersionTerms) -> Check {
    let caps = &terms.category_caps;
    let once = caps.windows(2).all(|pair| pair[0].0 < pair[1].0);
    ensure(once, "category_caps", "are given once per category")?;
    let known = caps
        .iter()
        .all(|(category, _)| state.categories.get(category.index()).is_some());
    ensure(known, "category_caps", "name a category that does not exist")
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::CategoryCapExhausted], |w, _| {
            w.publish(VersionTerms {
                category_caps: Box::new([(TESTING, Fen::ZERO)]),
                ..World::terms()
            });
        }),
        // What was used before the version that caps it counts.
        (&[Code::CategoryCapExhausted], |w, _| {
            let first = w.claim();
            w.approve(first);
            w.publish(VersionTerms {
                category_caps: Box::new([(TESTING, fen(40_000))]),
                ..World::terms()
            });
        }),
    ]
};
