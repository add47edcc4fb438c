//! Claims stand in the budget that they are charged to, usage is the sum of the claims, and what a
//! year carried out the next one took in.

use std::collections::BTreeMap;

use super::{Check, Kind, ensure};
use crate::domain::{ClaimId, ProgrammeId, UsageId, VoucherId};
use crate::engine::books::{Account, Balance};
use crate::engine::state::{ClaimStatus, State};

/// Claims and usage.
pub(super) fn check(state: &State) -> Check {
    check_claims(state)?;
    check_usage(state)
}

/// What is approved and unpaid stands where the claim says, what waits is in the tables of
/// waiting claims, and no invoice counts twice.
fn check_claims(state: &State) -> Check {
    let mut unpaid: BTreeMap<ProgrammeId, i128> = BTreeMap::new();
    let mut paid = 0_i128;
    let mut claimed: BTreeMap<VoucherId, i128> = BTreeMap::new();
    for (id, claim) in state.claims() {
        let amount = i128::from(claim.amount.get());
        match claim.status {
            ClaimStatus::Approved => {
                *unpaid.entry(state.stands_in(id, claim)).or_default() += amount;
            }
            ClaimStatus::Paid => paid += amount,
            ClaimStatus::Waiting => {
                let (programme, _) = state.voucher_owner(&state.vouchers[claim.voucher.index()]);
                let row = state.waiting.get(&(programme, id));
                let same = row.is_some_and(|row| row.amount == claim.amount);
                ensure(same, || {
                    format!("{id:?} waits and is not in the table of those")
                })?;
                *claimed.entry(claim.voucher).or_default() += amount;
            }
            ClaimStatus::Reversed | ClaimStatus::Withdrawn => {}
        }
    }
    for programme in (0..state.programmes.len()).filter_map(ProgrammeId::from_index) {
        let booked = i128::from(state.budget(programme, Kind::Approved).get())
            - i128::from(
                state
                    .paid
                    .get(u64::from(programme.0))
                    .map_or(0, |fen| fen.get()),
            );
        let claims = unpaid.remove(&programme).unwrap_or_default();
        ensure(booked == claims, || {
            format!("{booked} of {programme:?} is approved and unpaid, claims {claims}")
        })?;
    }
    let booked: i128 = state
        .paid
        .iter()
        .map(|(_, fen)| i128::from(fen.get()))
        .sum();
    ensure(booked == paid, || {
        format!("{booked} is paid, claims {paid}")
    })?;
    let table = state.claimed.iter();
    let table: BTreeMap<VoucherId, i128> = table
        .map(|(id, fen)| (*id, i128::from(fen.get())))
        .collect();
    ensure(table == claimed, || {
        format!("vouchers have {table:?} in waiting claims, these are {claimed:?}")
    })
}

/// What was carried out of a programme or pack is what its own pack took in, to the fen; where
/// nothing was carried, nothing went out.
pub(super) fn check_carries(state: &State, accounts: &[(Account, Balance)]) -> Check {
    let side = |programme: ProgrammeId, kind, debit: bool| {
        let city = state.programmes[programme.index()].city;
        let account = Account::programme(city, kind, programme);
        let balance = accounts.iter().find(|(own, _)| *own == account);
        balance.map_or(0, |(_, b)| if debit { b.debits } else { b.credits })
    };
    let mut into: BTreeMap<ProgrammeId, ProgrammeId> = BTreeMap::new();
    for (position, row) in state.programmes.iter().enumerate() {
        let id = ProgrammeId::from_index(position).expect("fewer than 2^16 programmes");
        let from = row.year_ends.pack.as_ref();
        if let Some(from) = from.and_then(|pack| pack.origins.last()) {
            ensure(into.insert(*from, id).is_none(), || {
                format!("{from:?} was carried twice over")
            })?;
        }
    }
    for id in (0..state.programmes.len()).filter_map(ProgrammeId::from_index) {
        let out = side(id, Kind::CarriedOut, false);
        let taken = into
            .get(&id)
            .map_or(0, |pack| side(*pack, Kind::Appropriation, true));
        ensure(out == taken, || {
            format!("{out} was carried out of {id:?}, its pack took in {taken}")
        })?;
    }
    Ok(())
}

/// Each usage row leads to all its claims, newest first.
fn check_usage(state: &State) -> Check {
    let mut expected: BTreeMap<UsageId, Vec<ClaimId>> = BTreeMap::new();
    for (id, claim) in state.claims() {
        let usage = state.vouchers[claim.voucher.index()].usage;
        expected.entry(usage).or_default().insert(0, id);
    }
    for position in 0..state.usage.len() {
        let usage = UsageId::from_index(position).expect("fewer than 2^32 usage rows");
        let found: Vec<ClaimId> = state.claims_of(position).map(|(id, _)| id).collect();
        let claims = expected.remove(&usage).unwrap_or_default();
        ensure(found == claims, || {
            format!("{usage:?} leads to {found:?}, its claims are {claims:?}")
        })?;
    }
    Ok(())
}
