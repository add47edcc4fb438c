//! Who the holder is, and that holder and provider are strangers to each other.

use super::Facts;
use crate::engine::command::{EnterpriseKey, Payee};
use crate::engine::state::Marks;

#[inline]
pub(super) fn other_holder(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| {
        facts.claim.enterprise.is_some_and(|key| match key {
            EnterpriseKey::Id(id) => id != voucher.holder,
            EnterpriseKey::Code(code) => voucher.enterprise.code != code.to_u128().into(),
        })
    })
}

#[inline]
pub(super) fn one_person(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| provider.row.code == voucher.enterprise.code)
}

/// The same controller, or a relation that was declared, on the contract date.
#[inline]
pub(super) fn related(facts: &Facts<'_>) -> bool {
    one_controller(facts) || declared(facts)
}

#[inline]
fn declared(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| {
        provider.row.marks.has(Marks::RELATED)
            && facts.state.are_related_on(
                Payee::Provider(provider.id),
                Payee::Enterprise(voucher.holder),
                facts.claim.contract_date,
            )
    })
}

#[inline]
fn one_controller(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| {
        let on = facts.claim.contract_date;
        if provider.row.group.is_none() && provider.row.group_from <= on {
            return false;
        }
        let state = facts.state;
        let theirs = state.group_on(Payee::Provider(provider.id), on);
        theirs.is_some() && theirs == state.group_on(Payee::Enterprise(voucher.holder), on)
    })
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::HolderMismatch], |_, c| {
            c.enterprise = Some(EnterpriseKey::Id(OTHER_FIRM));
        }),
        (&[Code::SelfDealing], |_, c| {
            c.provider = ProviderKey::Id(OWN_LAB);
        }),
        (&[Code::RelatedParty], |_, c| {
            c.provider = ProviderKey::Id(RELATED_LAB);
        }),
        (&[Code::RelatedParty], |w, _| {
            w.relate(LAB, FIRM, "2025-03-10", Some("2025-03-10"));
        }),
    ]
};
