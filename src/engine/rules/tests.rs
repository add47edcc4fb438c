//! Runs the lines of every family, and sees to it that every code of a claim has one.

pub(super) use crate::domain::Fen;
pub(super) use crate::engine::command::*;
pub(super) use crate::engine::refusal::RefusalCode as Code;
pub(super) use crate::engine::tests::world::*;

use super::{CASES, ORDER};
use crate::engine::event::Event;

/// The faults that a change of the world or of an acceptable claim leads to.
pub(super) type Case = (&'static [Code], fn(&mut World, &mut FileClaim));

#[test]
fn every_rule_of_a_claim_has_a_line_that_breaks_it_alone() {
    let mut broken = Vec::new();
    for (n, (expected, change)) in CASES.iter().copied().flatten().enumerate() {
        let mut world = World::new();
        let mut claim = world.claim();
        change(&mut world, &mut claim);
        let Event::ClaimRefused(refused) = world.file(claim) else {
            panic!("line {n}: {expected:?} was approved");
        };
        let mut faults: Vec<Code> = expected.to_vec();
        faults.sort_by_key(|code| ORDER.iter().position(|c| c == code));
        let found: Vec<Code> = refused.faults.in_order().collect();
        assert_eq!((refused.result, &found), (faults[0], &faults), "line {n}");
        broken.extend(found);
    }
    for code in ORDER {
        assert!(broken.contains(code), "{code:?} has no line");
    }
}

#[test]
fn codes_of_claims_stand_once_in_the_order_and_fit_the_set_of_faults() {
    for (n, code) in ORDER.iter().enumerate() {
        assert!(code.number() < 64, "{code:?}");
        assert!(!ORDER[..n].contains(code), "{code:?} stands twice");
    }
}
