//! The evidence that the judging version requires, of every claim and of those of a category.

use super::{Check, Facts, ensure};
use crate::engine::state::State;
use crate::engine::terms::{EvidenceKinds, VersionTerms};

#[inline]
pub(super) fn missing(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| {
        let brought = EvidenceKinds::of(&facts.claim.evidence);
        let of_category = &voucher.terms.category_evidence;
        !brought.covers(voucher.terms.evidence)
            || (!of_category.is_empty()
                && of_category.iter().any(|(category, kinds)| {
                    *category == facts.claim.category && !brought.covers(*kinds)
                }))
    })
}

pub(super) fn check(state: &State, terms: &VersionTerms) -> Check {
    let (field, of_category) = ("category_evidence", &terms.category_evidence);
    let once = of_category.windows(2).all(|pair| pair[0].0 < pair[1].0);
    ensure(once, field, "is given once per category")?;
    let known = of_category
        .iter()
        .all(|(category, _)| state.categories.get(category.index()).is_some());
    ensure(known, field, "names a category that does not exist")
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    const REPORT: EvidenceKinds = EvidenceKinds::NONE.with(EvidenceKind::ServiceResult);
    &[
        (&[Code::EvidenceMissing], |w, _| {
            w.publish(VersionTerms {
                evidence: EvidenceKinds::NONE.with(EvidenceKind::Contract),
                ..World::terms()
            });
        }),
        (&[Code::EvidenceMissing], |w, _| {
            w.publish(VersionTerms {
                category_evidence: Box::new([(TESTING, REPORT)]),
                ..World::terms()
            });
        }),
    ]
};

#[cfg(test)]
mod tests {
    use super::super::tests::*;

    #[test]
    fn evidence_for_another_category_is_not_asked_for() {
        let mut world = World::new();
        let report = EvidenceKinds::NONE.with(EvidenceKind::ServiceResult);
        world.publish(VersionTerms {
            category_evidence: Box::new([(DESIGN, report)]),
            ..World::terms()
        });
        let claim = world.claim();
        world.approve(claim);
    }
}
