//! Postings of the end of a year.

use super::{approved_by, budget, freed};
use crate::engine::books::{AccountKind as Kind, Pair};
use crate::engine::event::{
    ClaimAwaitsBudget, ClaimWithdrawn, Event, WaitingApproved, YearCarried,
};

pub(super) fn life(event: &Event, post: &mut impl FnMut(Pair)) {
    match event {
        Event::YearCarried(e) => year_carried(e, post),
        Event::ClaimAwaitsBudget(e) => claim_awaits(e, post),
        Event::WaitingApproved(e) => waiting_approved(e, post),
        Event::ClaimWithdrawn(e) => claim_withdrawn(e, post),
        _ => {}
    }
}

/// Out of the old year, each part by itself; into the new one as appropriated for what it is.
fn year_carried(e: &YearCarried, post: &mut impl FnMut(Pair)) {
    let parts = [
        (Kind::Outstanding, e.outstanding),
        (Kind::Held, e.held),
        (Kind::Claimed, e.claimed),
        (Kind::Approved, e.approved),
    ];
    for (kind, amount) in parts {
        budget(e.city, e.from, kind, Kind::CarriedOut, amount, post);
        budget(e.city, e.pack, Kind::Appropriation, kind, amount, post);
    }
}

fn claim_awaits(e: &ClaimAwaitsBudget, post: &mut impl FnMut(Pair)) {
    let (from, to) = (Kind::Outstanding, Kind::Claimed);
    budget(e.issuer, e.programme, from, to, e.amount, post);
}

fn waiting_approved(e: &WaitingApproved, post: &mut impl FnMut(Pair)) {
    let (from, to) = (Kind::Claimed, Kind::Approved);
    budget(e.issuer, e.programme, from, to, e.amount, post);
    approved_by(
        (&e.funding, e.accrues_at),
        e.programme,
        e.payee,
        e.amount,
        post,
    );
}

fn claim_withdrawn(e: &ClaimWithdrawn, post: &mut impl FnMut(Pair)) {
    let to = freed(e.returned);
    budget(e.issuer, e.programme, Kind::Claimed, to, e.amount, post);
}
