//! The evidence that the judging version requires.

use super::Facts;
use crate::engine::terms::EvidenceKinds;

#[inline]
pub(super) fn missing(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| {
        let brought = EvidenceKinds::of(&facts.claim.evidence);
        !brought.covers(voucher.terms.evidence)
    })
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::EvidenceMissing], |w, _| {
        w.publish(VersionTerms {
            evidence: EvidenceKinds::NONE.with(EvidenceKind::Contract),
            ..World::terms()
        });
    })]
};
