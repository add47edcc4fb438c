//! The caps per enterprise and per controller group of the programme's budget year.

use super::Charge;
use crate::domain::Fen;
use crate::engine::command::Payee;
use crate::engine::state::group_key;

/// What is left of both; the group is the one on the filing day.
#[inline]
pub(super) fn left(charge: &Charge<'_>) -> Fen {
    let state = charge.state;
    let used = state.usage.at(charge.voucher.usage.index()).used;
    let left = charge.terms.cap_enterprise.saturating_sub(used);
    match state.group_on(Payee::Enterprise(charge.holder), charge.on) {
        None => left,
        Some(group) => {
            let used = state.group_usage.get(group_key(charge.programme, group));
            let used = used.copied().unwrap_or_default();
            left.min(charge.terms.cap_group.saturating_sub(used))
        }
    }
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::YearCapExhausted], |w, _| {
            w.publish(VersionTerms {
                cap_enterprise: Fen::ZERO,
                ..World::terms()
            });
        }),
        (&[Code::YearCapExhausted], |w, _| {
            w.publish(VersionTerms {
                cap_group: Fen::ZERO,
                ..World::terms()
            });
        }),
    ]
};
