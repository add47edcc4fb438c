//! Administrators need each other.

use super::people::{OTHER, access, approve, grant, names, token};
use super::world::*;
use crate::engine::command::*;

#[test]
fn who_shuts_the_other_administrator_out_does_not_act_alone_from_then_on() {
    let mut world = World::new();
    for administrator in [MAKER, CHECKER] {
        world.grant(administrator, Role::Administrator, Scope::Corridor);
    }
    assert_eq!(
        names(&world.by(MAKER, access(CHECKER, false))),
        ["AccessSet"]
    );
    let audit = grant(MAKER, Role::Auditor, Scope::Corridor, true);
    for command in [audit, token(OTHER, 1), access(CHECKER, true)] {
        assert_eq!(names(&world.by(MAKER, command)), ["ActionProposed"]);
    }
    // The node appoints another one: who has its host has the ledger.
    world.grant(OTHER, Role::Administrator, Scope::Corridor);
    let done = world.by(OTHER, approve());
    assert_eq!(names(&done), ["ProposalApproved", "GrantSet"]);
}
