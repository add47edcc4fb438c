//! Actions with two steps of their own, under rules that ask for more persons or for an office.

use super::parties::{decide_account, propose_account};
use super::steps::{self, by_two, revoke};
use super::transfers::{self, FAR_PROGRAMME, OTHERS};
use super::world::*;
use crate::domain::{ClaimId, MemberId, PrincipalId, ProposalId, RecordedAt, Seq, TransferId};
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::state::{ProposalStatus, TransferStatus};
use crate::engine::{Rejection, State, refusal_of, rehearse};

fn rule(member: MemberId, action: Action, persons: u8, checker: Role) -> Command {
    Command::SetActionRule(SetActionRule {
        member,
        action,
        persons,
        checker,
    })
}

fn approve(proposal: u32) -> Command {
    let (proposal, approve) = (ProposalId(proposal), true);
    Command::DecideProposal(DecideProposal { proposal, approve })
}

fn names(events: &[Recorded]) -> Vec<&'static str> {
    let names = events.iter().map(|recorded| recorded.event.name());
    names.collect()
}

fn code(events: &[Recorded]) -> Option<Code> {
    refusal_of(&events[0].event)
}

/// Another person with both offices of a city.
pub(super) fn officer(w: &mut World, city: MemberId) -> PrincipalId {
    let offices = [Role::ScienceOfficer, Role::FinanceOfficer];
    w.with_roles(&offices.map(|role| (role, Scope::Member(city))))
}

fn reverse_claim() -> Command {
    Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) })
}

fn decide_transfer(approve: bool) -> Command {
    let transfer = TransferId(0);
    Command::DecideTransfer(DecideTransfer { transfer, approve })
}

fn propose_transfer(w: &mut World, by: PrincipalId) {
    let kind = steps::half_to_far_firm();
    w.by(by, steps::propose(OTHERS, kind, 30_000));
}

/// An action with the first step done by `FIRST`, the second step, and the fact of both.
struct Case {
    action: Action,
    city: MemberId,
    /// The office that the rule names.
    checker: Role,
    first: fn(&mut World) -> Command,
    fact: &'static str,
}

/// Takes every first step below.
const FIRST: PrincipalId = CHECKER;

const CASES: [Case; 4] = [
    Case {
        action: Action::Transfer,
        city: HOME,
        checker: Role::ScienceOfficer,
        first: |w| {
            propose_transfer(w, FIRST);
            decide_transfer(true)
        },
        fact: "TransferApproved",
    },
    Case {
        action: Action::Reverse,
        city: HOME,
        checker: Role::FinanceOfficer,
        first: |w| {
            w.grant(FIRST, Role::Provider, Scope::Provider(LAB));
            let claim = w.claim();
            w.by(FIRST, Command::FileClaim(claim));
            reverse_claim()
        },
        fact: "ClaimReversed",
    },
    Case {
        action: Action::Reverse,
        city: HOME,
        checker: Role::ScienceOfficer,
        first: |w| {
            let freed = w.by(FIRST, revoke(OTHERS));
            let Event::ActionProposed(e) = &freed[0].event else {
                panic!("{freed:?}");
            };
            let done = w.by(MAKER, approve(e.proposal.0));
            let step = done.last().expect("an event").meta.seq;
            Command::ReverseStep(ReverseStep { step })
        },
        fact: "StepReversed",
    },
    Case {
        action: Action::BankAccount,
        city: HOST,
        checker: Role::FinanceOfficer,
        first: |w| {
            w.by(FIRST, propose_account());
            decide_account(1)
        },
        fact: "BankAccountDecided",
    },
];

#[test]
fn a_second_step_waits_for_as_many_persons_as_the_member_asks_for() {
    for (position, case) in CASES.iter().enumerate() {
        for persons in 2..=4 {
            let mut w = transfers::world();
            w.system(rule(case.city, case.action, persons, case.checker));
            let others: Vec<_> = (2..persons).map(|_| officer(&mut w, case.city)).collect();
            let second = (case.first)(&mut w);
            let books = w.state.accounts();
            let about = format!("case {position}, {persons} persons");
            let own = w.by(FIRST, second.clone());
            assert_eq!(code(&own), Some(Code::SecondPersonRequired), "{about}");
            let said = w.by(MAKER, second.clone());
            if persons == 2 {
                assert_eq!(names(&said), [case.fact], "{about}");
                continue;
            }
            let Event::ActionProposed(e) = &said[0].event else {
                panic!("{about}: {said:?}");
            };
            let proposal = e.proposal.0;
            assert_eq!(
                (e.action, e.office),
                (case.action, Scope::Member(case.city))
            );
            assert_eq!((e.checker, e.approvals), (case.checker, persons - 2));
            assert_eq!(e.command.to_command(), second);
            // Neither who sent it nor who took the first step.
            for again in [MAKER, FIRST] {
                let own = w.by(again, approve(proposal));
                assert_eq!(code(&own), Some(Code::SecondPersonRequired), "{about}");
            }
            let (last, before) = others.split_last().expect("one at least");
            for other in before {
                assert_eq!(
                    names(&w.by(*other, approve(proposal))),
                    ["ProposalApproved"]
                );
                let again = w.by(*other, approve(proposal));
                assert_eq!(code(&again), Some(Code::CheckedBefore), "{about}");
            }
            assert_eq!(
                w.state.accounts(),
                books,
                "{about}: nothing has changed yet"
            );
            let done = w.by(*last, approve(proposal));
            assert_eq!(names(&done), ["ProposalApproved", case.fact], "{about}");
            let meta = &done[1].meta;
            assert_eq!((meta.principal, meta.second), (MAKER, Some(*last)));
            let mut folded = State::empty();
            w.out.iter().for_each(|recorded| folded.apply(recorded));
            let bytes = |state: &State| postcard::to_allocvec(state).expect("a state");
            assert_eq!(bytes(&folded), bytes(&w.state), "{about}");
        }
    }
}

#[test]
fn a_rule_of_a_second_step_is_tightened_and_never_loosened_below_the_table() {
    let mut w = World::new();
    let lines = [
        (Action::Transfer, Role::ScienceOfficer, Role::FinanceOfficer),
        (Action::Reverse, Role::FinanceOfficer, Role::Operator),
        (
            Action::BankAccount,
            Role::FinanceOfficer,
            Role::ScienceOfficer,
        ),
    ];
    for (action, checker, other) in lines {
        for (persons, checker) in [(1, checker), (0, checker), (2, other), (4, other)] {
            let said = w.by(MAKER, rule(HOME, action, persons, checker));
            assert_eq!(code(&said), Some(Code::ActionRuleTooLoose), "{action:?}");
        }
        let five = rule(HOME, action, 5, checker);
        let said = w.send(&Submission::new(MAKER, five));
        assert!(matches!(said, Err(Rejection::Invalid { .. })), "{said:?}");
        let proposed = w.by(MAKER, rule(HOME, action, 3, checker));
        let Event::ActionProposed(e) = &proposed[0].event else {
            panic!("{proposed:?}");
        };
        let done = w.by(CHECKER, approve(e.proposal.0));
        assert_eq!(names(&done), ["ProposalApproved", "ActionRuleSet"]);
        let now = w.state.action_rule(action, Scope::Member(HOME));
        assert_eq!((now.persons, now.checker), (3, checker));
        let again = w.by(MAKER, rule(HOME, action, 3, checker));
        assert_eq!(code(&again), Some(Code::AlreadyInState));
    }
}

#[test]
fn a_rule_names_the_office_that_takes_the_second_step_where_there_are_several() {
    let mut w = World::new();
    let claim = w.claim();
    w.approve(claim);
    let science = (Role::ScienceOfficer, Scope::Member(HOME));
    let finance = (Role::FinanceOfficer, Scope::Member(HOME));
    let take = |w: &mut World, principal, (role, scope): (Role, Scope)| {
        w.system(Command::SetGrant(SetGrant {
            principal,
            role,
            scope,
            granted: false,
        }));
    };
    take(&mut w, MAKER, finance);
    take(&mut w, CHECKER, science);
    // The default names none: to say which is a rule.
    w.system(rule(HOME, Action::Reverse, 2, Role::ScienceOfficer));
    w.system(rule(HOME, Action::Reverse, 2, Role::FinanceOfficer));
    let said = w.send(&Submission::new(MAKER, reverse_claim()));
    assert!(matches!(said, Err(Rejection::Forbidden(_))), "{said:?}");
    assert_eq!(names(&w.by(CHECKER, reverse_claim())), ["ClaimReversed"]);
    // A step that is one office's own stays with it.
    w.grant(CHECKER, science.0, science.1);
    let done = by_two(&mut w, revoke(VOUCHER));
    let undo = Command::ReverseStep(ReverseStep { step: done });
    let helper = officer(&mut w, HOME);
    take(&mut w, helper, finance);
    assert_eq!(names(&w.by(helper, undo)), ["StepReversed"]);
}

#[test]
fn what_another_person_began_is_turned_down_by_one() {
    let mut w = transfers::world();
    w.system(rule(HOME, Action::Transfer, 4, Role::ScienceOfficer));
    propose_transfer(&mut w, FIRST);
    // One more waits for others, and the transfer is declined meanwhile.
    let waits = w.by(MAKER, decide_transfer(true));
    assert_eq!(names(&waits), ["ActionProposed"]);
    let declined = w.by(MAKER, decide_transfer(false));
    assert_eq!(names(&declined), ["TransferDeclined"]);
    let others = [officer(&mut w, HOME), officer(&mut w, HOME)];
    w.by(others[0], approve(0));
    let late = w.by(others[1], approve(0));
    assert_eq!(code(&late), Some(Code::TransferDecided));
    let row = w.state.proposal(ProposalId(0)).expect("a proposal");
    assert_eq!(row.status, ProposalStatus::Failed);
}

#[test]
fn each_city_of_a_move_has_its_own_rule() {
    let mut w = transfers::world();
    w.system(rule(HOST, Action::Transfer, 3, Role::ScienceOfficer));
    let kind = TransferRequest::Move {
        to_city: HOST,
        programme: FAR_PROGRAMME,
    };
    w.by(FILER, steps::propose(OTHERS, kind, 1));
    // The home city's own step is two persons' still.
    assert_eq!(
        names(&w.by(MAKER, decide_transfer(true))),
        ["TransferEndorsed"]
    );
    let host = officer(&mut w, HOST);
    let waits = w.by(host, decide_transfer(true));
    assert_eq!(names(&waits), ["ActionProposed"]);
    // Who approved for the one city does not approve for the other.
    let own = w.by(MAKER, approve(0));
    assert_eq!(code(&own), Some(Code::SecondPersonRequired));
    let done = w.by(CHECKER, approve(0));
    assert_eq!(names(&done), ["ProposalApproved", "TransferMoved"]);
    let row = w.state.transfer(TransferId(0)).expect("a transfer");
    assert_eq!(row.status, TransferStatus::Approved);
}

#[test]
fn an_approval_for_one_city_of_a_move_is_none_for_the_other() {
    let mut w = transfers::world();
    w.system(rule(HOME, Action::Transfer, 3, Role::ScienceOfficer));
    let kind = TransferRequest::Move {
        to_city: HOST,
        programme: FAR_PROGRAMME,
    };
    w.by(FILER, steps::propose(OTHERS, kind, 1));
    // Both are officers of both cities; what waits is for the home city.
    let waits = w.by(MAKER, decide_transfer(true));
    assert_eq!(names(&waits), ["ActionProposed"]);
    let again = w.by(CHECKER, decide_transfer(true));
    assert_eq!(names(&again), ["ActionProposed"]);
    let other = officer(&mut w, HOME);
    let done = w.by(other, approve(1));
    assert_eq!(names(&done), ["ProposalApproved", "TransferEndorsed"]);
    let late = w.by(other, approve(0));
    assert_eq!(code(&late), Some(Code::ProposalOutdated));
}

#[test]
fn a_rehearsal_of_a_second_step_that_waits_leaves_no_trace() {
    let mut w = transfers::world();
    w.system(rule(HOME, Action::Transfer, 3, Role::ScienceOfficer));
    propose_transfer(&mut w, FIRST);
    let written = |state: &State| postcard::to_allocvec(state).expect("a state");
    let before = written(&w.state);
    let sent = Submission::new(MAKER, decide_transfer(true));
    let mut out = Vec::new();
    rehearse(&mut w.state, RecordedAt(1), &sent, &mut out).expect("no rejection");
    assert_eq!(out[0].event.name(), "ActionProposed");
    assert_eq!(written(&w.state), before);
}

#[test]
fn a_consent_is_its_givers_own_under_every_rule() {
    let mut w = World::new();
    w.system(rule(HOME, Action::Reverse, 4, Role::FinanceOfficer));
    let consent = Command::GiveConsent(GiveConsent {
        voucher: VOUCHER,
        giver: ConsentGiver::Holder(Some(LAB)),
        up_to: fen(50_000),
        until: day("2025-12-31"),
    });
    let given: Seq = steps::seq(&w.by(FILER, consent));
    assert_eq!(steps::refused(&mut w, FILER, given), None);
}
