//! What counts as issued: at each usage row no less than its lots, and of what was issued
//! together no less than what did not come back and no more than was issued.

use std::collections::BTreeMap;

use super::{Check, ensure};
use crate::domain::{Fen, Seq, UsageId};
use crate::engine::state::State;

pub(super) fn check(state: &State) -> Check {
    let fen = |amount: Fen| i128::from(amount.get());
    // Issued, and what of it is free, held, claimed or approved: by whom it was issued to and by
    // the succession that took a share of it along, if one did.
    let mut bounds: BTreeMap<(UsageId, Option<Seq>), (i128, i128)> = BTreeMap::new();
    for (id, row) in state.vouchers() {
        let origin = state.origin_of(id);
        let bound = bounds.entry((origin.issued_to(), origin.lot));
        let (issued, live) = bound.or_default();
        if origin.chain.len() == 1 {
            *issued += fen(row.amount);
        }
        *live += fen(row.free) + fen(row.held) + fen(row.approved) + fen(state.claimed_of(id));
    }
    let mut counts: BTreeMap<(UsageId, Option<Seq>), i128> = BTreeMap::new();
    let mut apart: BTreeMap<UsageId, i128> = BTreeMap::new();
    for ((at, lot), row) in state.counted.iter() {
        *counts.entry((row.origin, Some(*lot))).or_default() += fen(row.amount);
        *apart.entry(*at).or_default() += fen(row.amount);
    }
    for position in 0..state.usage.len() {
        let at = UsageId::from_index(position).expect("fewer than 2^32 usage rows");
        let issued = fen(state.usage.at(position).issued);
        let apart = apart.remove(&at).unwrap_or_default();
        counts.insert((at, None), issued - apart);
    }
    for (key, counted) in counts {
        let (issued, live) = bounds.remove(&key).unwrap_or_default();
        ensure(live <= counted && counted <= issued, || {
            format!("{counted} counts of {key:?}: {issued} was issued, {live} is not back")
        })?;
    }
    ensure(bounds.is_empty(), || format!("counts nowhere: {bounds:?}"))
}
