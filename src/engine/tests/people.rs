//! Two persons: who waits for whom, a line per refusal, and what the journal then holds.

use super::refusals::Line;
use super::world::*;
use crate::domain::{PrincipalId, ProposalId, RecordedAt, Seq, Text};
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::state::ProposalStatus;
use crate::engine::{Rejection, State, refusal_of, rehearse};

const FIRST: ProposalId = ProposalId(0);
/// Holds no role at first.
pub(super) const OTHER: PrincipalId = FILER;

fn raise(amount: i64) -> Command {
    change(amount, true)
}

fn cut(amount: i64) -> Command {
    change(amount, false)
}

fn change(amount: i64, raise: bool) -> Command {
    Command::ChangeBudget(ChangeBudget {
        programme: PROGRAMME,
        amount: fen(amount),
        raise,
        document_no: None,
    })
}

fn publish() -> Command {
    Command::PublishVersion(PublishVersion {
        programme: PROGRAMME,
        terms: Box::new(World::terms()),
    })
}

fn revoke() -> Command {
    Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER })
}

fn rule(action: Action, persons: u8, checker: Role) -> Command {
    Command::SetActionRule(SetActionRule {
        member: HOME,
        action,
        persons,
        checker,
    })
}

pub(super) fn grant(principal: PrincipalId, role: Role, scope: Scope, granted: bool) -> Command {
    Command::SetGrant(SetGrant {
        principal,
        role,
        scope,
        granted,
    })
}

pub(super) fn token(principal: PrincipalId, n: u8) -> Command {
    Command::IssueToken(Box::new(IssueToken {
        principal,
        token_hash: [n; 32],
        label: Text::parse("desk").expect("short"),
        expires_on: None,
    }))
}

fn file() -> Command {
    super::files::approve(FileMode::Chunks, 2, &[7])
}

fn unchecked_firm() -> RegisterEnterprise {
    RegisterEnterprise {
        code: crate::domain::CreditCode::parse("91310117MADEM0011X").ok(),
        accept_failed_check: true,
        name: PartyName::Public(Text::parse("企业").expect("short")),
        city: HOME,
        kind: EnterpriseKind::Sme,
        group: None,
    }
}

fn password(user_name: &str) -> Command {
    Command::SetPassword(Box::new(SetPassword {
        user_name: UserName::parse(user_name).expect("short"),
        verifier: crate::domain::PersonalText {
            commitment: [3; 32],
            opening: None,
        },
    }))
}

pub(super) fn access(principal: PrincipalId, enabled: bool) -> Command {
    Command::SetAccess(SetAccess { principal, enabled })
}

fn decide(proposal: ProposalId, approve: bool) -> Command {
    Command::DecideProposal(DecideProposal { proposal, approve })
}

pub(super) fn approve() -> Command {
    decide(FIRST, true)
}

fn withdraw() -> Command {
    Command::WithdrawProposal(WithdrawProposal { proposal: FIRST })
}

pub(super) fn names(events: &[Recorded]) -> Vec<&'static str> {
    events
        .iter()
        .map(|recorded| recorded.event.name())
        .collect()
}

/// Rules of proposals, each with what leads to it and who meets it.
pub(super) const LINES: &[Line] = &[
    // What the rules refuse, the maker hears at once.
    (Code::BudgetCommitted, |_| (MAKER, cut(400_001))),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, raise(1));
        (MAKER, approve())
    }),
    (Code::ProposalDecided, |w| {
        w.by(MAKER, raise(1));
        w.by(CHECKER, approve());
        (CHECKER, approve())
    }),
    (Code::ProposalDecided, |w| {
        w.by(MAKER, raise(1));
        w.by(CHECKER, decide(FIRST, false));
        (MAKER, withdraw())
    }),
    (Code::ProposalDecided, |w| {
        w.by(MAKER, raise(1));
        w.by(MAKER, withdraw());
        (CHECKER, approve())
    }),
    (Code::ProposalExpired, |w| {
        w.by(MAKER, raise(1));
        w.advance("2025-04-10");
        (CHECKER, approve())
    }),
    (Code::ProposalExpired, |w| {
        w.by(MAKER, raise(1));
        w.advance("2025-04-10");
        (MAKER, withdraw())
    }),
    // Between proposal and approval the money was committed.
    (Code::BudgetCommitted, |w| {
        w.by(MAKER, cut(400_000));
        w.issue(OTHER_FIRM, 1);
        (CHECKER, approve())
    }),
    // Or the day came from which the rules were to hold.
    (Code::ProposalOutdated, |w| {
        w.by(MAKER, publish());
        w.advance("2025-03-11");
        (CHECKER, approve())
    }),
    // Or the maker may not do it any more.
    (Code::ProposalOutdated, |w| {
        w.by(MAKER, raise(1));
        let finance = (Role::FinanceOfficer, Scope::Member(HOME));
        w.system(grant(MAKER, finance.0, finance.1, false));
        (CHECKER, approve())
    }),
    (Code::CheckedBefore, |w| {
        w.system(rule(Action::Budget, 3, Role::FinanceOfficer));
        w.by(MAKER, raise(1));
        w.by(CHECKER, approve());
        (CHECKER, approve())
    }),
    (Code::ActionRuleTooLoose, |_| {
        (MAKER, rule(Action::Budget, 1, Role::FinanceOfficer))
    }),
    (Code::ActionRuleTooLoose, |_| {
        (MAKER, rule(Action::Budget, 0, Role::FinanceOfficer))
    }),
    // Another office than the action's.
    (Code::ActionRuleTooLoose, |_| {
        (MAKER, rule(Action::Publish, 2, Role::ScienceOfficer))
    }),
    (Code::ActionRuleTooLoose, |_| {
        (MAKER, rule(Action::Revoke, 4, Role::Reviewer))
    }),
    (Code::AlreadyInState, |_| {
        (MAKER, rule(Action::Budget, 2, Role::FinanceOfficer))
    }),
    (Code::AlreadyInState, |w| {
        w.grant(MAKER, Role::Administrator, Scope::Corridor);
        (MAKER, access(OTHER, true))
    }),
    (Code::LastAdministrator, |w| {
        w.grant(MAKER, Role::Administrator, Scope::Corridor);
        (MAKER, access(MAKER, false))
    }),
    (Code::LastAdministrator, |w| {
        w.grant(MAKER, Role::Administrator, Scope::Corridor);
        let scope = Scope::Corridor;
        (MAKER, grant(MAKER, Role::Administrator, scope, false))
    }),
    // The same file, while its approval waits.
    (Code::ProposalPending, |w| {
        w.by(MAKER, file());
        (MAKER, file())
    }),
    (Code::UserNameTaken, |w| {
        w.by(MAKER, password("songjiang-1"));
        (CHECKER, password("songjiang-1"))
    }),
    // One that is shut out is none.
    (Code::LastAdministrator, |w| {
        w.grant(MAKER, Role::Administrator, Scope::Corridor);
        w.grant(CHECKER, Role::Administrator, Scope::Corridor);
        w.by(MAKER, access(CHECKER, false));
        (MAKER, access(MAKER, false))
    }),
];

#[test]
fn every_line_is_refused_for_its_reason_and_changes_no_balance() {
    for (position, (code, lead)) in LINES.iter().enumerate() {
        let mut world = World::new();
        let (principal, command) = lead(&mut world);
        let before = world.state.accounts();
        let events = world.by(principal, command);
        let found = refusal_of(&events[0].event);
        assert_eq!(found, Some(*code), "line {position}");
        assert_eq!(world.state.accounts(), before, "line {position}");
    }
}

/// What waits, with the office of those who check and what happens in the end.
fn waiting() -> Vec<(Command, Action, Role, &'static str)> {
    vec![
        (
            raise(5),
            Action::Budget,
            Role::FinanceOfficer,
            "BudgetChanged",
        ),
        (
            publish(),
            Action::Publish,
            Role::FinanceOfficer,
            "VersionPublished",
        ),
        (
            revoke(),
            Action::Revoke,
            Role::ScienceOfficer,
            "VoucherRevoked",
        ),
        (
            file(),
            Action::BulkIssue,
            Role::ScienceOfficer,
            "VoucherFileApproved",
        ),
        (
            super::programmes::closing(PROGRAMME),
            Action::YearEnd,
            Role::FinanceOfficer,
            "YearClosingStarted",
        ),
        (
            Command::RegisterEnterprise(Box::new(unchecked_firm())),
            Action::CodeOverride,
            Role::ScienceOfficer,
            "EnterpriseRegistered",
        ),
        (
            rule(Action::Budget, 3, Role::FinanceOfficer),
            Action::Rules,
            Role::ScienceOfficer,
            "ActionRuleSet",
        ),
    ]
}

#[test]
fn each_action_waits_for_a_second_person_and_is_then_done_as_its_maker_asked() {
    for (command, action, checker, fact) in waiting() {
        let mut world = World::new();
        let books = world.state.accounts();
        let proposed = world.by(MAKER, command.clone());
        assert_eq!(names(&proposed), ["ActionProposed"]);
        let Event::ActionProposed(e) = &proposed[0].event else {
            panic!("{proposed:?}");
        };
        assert_eq!((e.action, e.checker, e.approvals), (action, checker, 1));
        assert_eq!(e.office, Scope::Member(HOME));
        assert_eq!(e.command.to_command(), command);
        assert_eq!(
            world.state.accounts(),
            books,
            "{action:?} changes nothing yet"
        );
        let done = world.by(CHECKER, approve());
        assert_eq!(names(&done), ["ProposalApproved", fact]);
        assert_eq!(
            (done[0].meta.principal, done[0].meta.second),
            (CHECKER, None)
        );
        assert_eq!(
            (done[1].meta.principal, done[1].meta.second),
            (MAKER, Some(CHECKER))
        );
        let row = world.state.proposal(FIRST).expect("the proposal");
        assert_eq!(row.status, ProposalStatus::Done);
    }
}

#[test]
fn who_is_of_no_such_office_neither_proposes_nor_decides() {
    let mut world = World::new();
    let stranger = |answer: Result<_, Rejection>| matches!(answer, Err(Rejection::Forbidden(_)));
    assert!(stranger(world.send(&Submission::new(OTHER, raise(1)))));
    world.by(MAKER, raise(1));
    assert!(stranger(world.send(&Submission::new(OTHER, approve()))));
    assert!(stranger(world.send(&Submission::new(CHECKER, withdraw()))));
    // The office of another city is not this one's.
    world.grant(OTHER, Role::FinanceOfficer, Scope::Member(HOST));
    assert!(stranger(world.send(&Submission::new(OTHER, approve()))));
    // Publishing is checked by finance, not by the office that makes it.
    world.by(MAKER, publish());
    world.grant(OTHER, Role::ScienceOfficer, Scope::Member(HOME));
    let second = decide(ProposalId(1), true);
    assert!(stranger(
        world.send(&Submission::new(OTHER, second.clone()))
    ));
    world.grant(OTHER, Role::FinanceOfficer, Scope::Member(HOME));
    assert_eq!(
        names(&world.by(OTHER, second)),
        ["ProposalApproved", "VersionPublished"]
    );
    let unknown = world.send(&Submission::new(CHECKER, decide(ProposalId(9), true)));
    assert_eq!(unknown, Err(Rejection::NotFound("proposal")));
}

#[test]
fn a_stricter_rule_asks_for_more_persons_and_another_office() {
    let mut world = World::new();
    world.system(rule(Action::Revoke, 3, Role::FinanceOfficer));
    world.grant(OTHER, Role::FinanceOfficer, Scope::Member(HOME));
    world.by(MAKER, revoke());
    let one = world.by(CHECKER, approve());
    assert_eq!(names(&one), ["ProposalApproved"]);
    assert_eq!(world.state.proposal(FIRST).map(|row| row.left), Some(1));
    let two = world.by(OTHER, approve());
    assert_eq!(names(&two), ["ProposalApproved", "VoucherRevoked"]);
    let row = world.state.proposal(FIRST).expect("the proposal");
    assert_eq!(row.approved_by, [CHECKER, OTHER]);
    // The rule is this member's own.
    let other = world.state.action_rule(Action::Revoke, Scope::Member(HOST));
    assert_eq!(other.persons, 2);
}

#[test]
fn a_rule_is_agreed_between_both_offices() {
    let mut world = World::new();
    let scope = Scope::Member(HOME);
    world.grant(OTHER, Role::ScienceOfficer, scope);
    for officer in [MAKER, CHECKER] {
        world.system(grant(officer, Role::ScienceOfficer, scope, false));
    }
    // Finance proposes; finance cannot agree with itself.
    world.by(MAKER, rule(Action::Budget, 3, Role::FinanceOfficer));
    let alone = world.send(&Submission::new(CHECKER, approve()));
    assert!(matches!(alone, Err(Rejection::Forbidden(_))));
    let done = world.by(OTHER, approve());
    assert_eq!(names(&done), ["ProposalApproved", "ActionRuleSet"]);
    let rejected = [
        rule(Action::Budget, 5, Role::FinanceOfficer),
        rule(Action::Transfer, 5, Role::ScienceOfficer),
    ];
    for command in rejected {
        let answer = world.send(&Submission::new(MAKER, command));
        assert!(
            matches!(answer, Err(Rejection::Invalid { .. })),
            "{answer:?}"
        );
    }
}

#[test]
fn the_first_administrator_acts_alone_and_with_a_second_one_nobody_does() {
    let mut world = World::new();
    world.grant(MAKER, Role::Administrator, Scope::Corridor);
    let audit = |granted| grant(OTHER, Role::Auditor, Scope::Corridor, granted);
    assert_eq!(names(&world.by(MAKER, audit(true))), ["GrantSet"]);
    assert_eq!(names(&world.by(MAKER, token(OTHER, 1))), ["TokenIssued"]);
    world.by(
        MAKER,
        grant(CHECKER, Role::Administrator, Scope::Corridor, true),
    );
    assert_eq!(names(&world.by(MAKER, audit(false))), ["ActionProposed"]);
    // Nor does one make a token of the other and agree with oneself.
    assert_eq!(
        names(&world.by(MAKER, token(CHECKER, 2))),
        ["ActionProposed"]
    );
    assert_eq!(names(&world.by(MAKER, token(MAKER, 3))), ["TokenIssued"]);
    let done = world.by(CHECKER, approve());
    assert_eq!(names(&done), ["ProposalApproved", "GrantSet"]);
    assert!(!world.state.has_grant(OTHER, Role::Auditor, Scope::Corridor));
}

#[test]
fn a_citys_administrator_asks_the_corridors() {
    let mut world = World::new();
    world.grant(OTHER, Role::Administrator, Scope::Member(HOME));
    let reviewer = grant(MAKER, Role::Reviewer, Scope::Member(HOME), true);
    // Nobody else administers anything: it acts alone.
    world.by(OTHER, reviewer.clone());
    assert!(
        world
            .state
            .has_grant(MAKER, Role::Reviewer, Scope::Member(HOME))
    );
    world.grant(CHECKER, Role::Administrator, Scope::Corridor);
    let again = grant(MAKER, Role::Reviewer, Scope::Member(HOME), false);
    assert_eq!(names(&world.by(OTHER, again)), ["ActionProposed"]);
    assert_eq!(
        names(&world.by(CHECKER, approve())),
        ["ProposalApproved", "GrantSet"]
    );
}

#[test]
fn imports_and_the_node_wait_for_nobody() {
    let mut world = World::new();
    world.grant(OTHER, Role::Administrator, Scope::Corridor);
    let row = Submission {
        imported: true,
        ..Submission::new(OTHER, raise(1))
    };
    world.send(&row).expect("no rejection");
    assert_eq!(
        world.out.last().expect("an event").event.name(),
        "BudgetChanged"
    );
    assert_eq!(names(&world.system(raise(1))), ["BudgetChanged"]);
}

#[test]
fn a_team_is_not_shown_to_a_second_person() {
    let mut world = World::new();
    let name = crate::domain::PersonalText {
        commitment: [1; 32],
        opening: None,
    };
    let team = RegisterEnterprise {
        name: PartyName::Personal(name),
        kind: EnterpriseKind::Team,
        ..unchecked_firm()
    };
    let team = Command::RegisterEnterprise(Box::new(team));
    let answer = world.send(&Submission::new(MAKER, team));
    assert!(
        matches!(answer, Err(Rejection::Invalid { .. })),
        "{answer:?}"
    );
    // A flag that overrides nothing waits for nobody.
    let fine = RegisterEnterprise {
        code: crate::domain::CreditCode::parse("91330700MADEM0062Y").ok(),
        ..unchecked_firm()
    };
    let fine = Command::RegisterEnterprise(Box::new(fine));
    assert_eq!(names(&world.by(MAKER, fine)), ["EnterpriseRegistered"]);
}

#[test]
fn a_proposal_keeps_its_key_its_reference_and_its_reason() {
    let mut world = World::new();
    let reason = Reason::parse("年中追加").expect("short");
    let keyed = |principal, key, command, reason| Submission {
        key: Some(key),
        fingerprint: key,
        reason,
        ..Submission::new(principal, command)
    };
    let proposed = keyed(MAKER, 1, raise(1), Some(reason.clone()));
    let first = world.send(&proposed).expect("no rejection");
    let again = world.send(&proposed).expect("no rejection");
    assert_eq!((again.first, again.replayed), (first.first, true));
    let checked = keyed(CHECKER, 2, approve(), None);
    let done = world.send(&checked).expect("no rejection");
    assert_eq!(done.events, 2);
    let again = world.send(&checked).expect("no rejection");
    assert_eq!(
        (again.first, again.events, again.replayed),
        (done.first, 2, true)
    );
    let last = world.out.last().expect("an event");
    assert_eq!((&last.meta.reason, last.meta.key), (&Some(reason), None));
}

#[test]
fn a_rehearsal_of_every_step_leaves_no_trace_and_a_replay_gives_the_same_state() {
    let mut world = World::new();
    let steps = [
        (MAKER, raise(7)),
        (CHECKER, approve()),
        (MAKER, cut(400_000)),
        (FILER, Command::FileClaim(world.claim())),
        (CHECKER, decide(ProposalId(1), false)),
        (MAKER, publish()),
        (MAKER, withdraw()),
        (CHECKER, decide(ProposalId(2), true)),
    ];
    let written = |state: &State| postcard::to_allocvec(state).expect("a state");
    for (principal, command) in steps {
        let submission = Submission::new(principal, command);
        let before = written(&world.state);
        let mut out = Vec::new();
        rehearse(&mut world.state, RecordedAt(1), &submission, &mut out).expect("no rejection");
        assert_eq!(written(&world.state), before);
        world.send(&submission).expect("no rejection");
    }
    let mut replayed = State::empty();
    for recorded in &world.out {
        replayed.apply(recorded);
    }
    assert_eq!(written(&replayed), written(&world.state));
    assert_eq!(replayed.next_seq(), Seq(world.out.len() as u64));
}

#[test]
fn who_is_shut_out_does_nothing_until_two_let_them_in() {
    let mut world = World::new();
    for principal in [MAKER, CHECKER] {
        world.grant(principal, Role::Administrator, Scope::Corridor);
    }
    world.by(CHECKER, raise(1));
    assert_eq!(
        names(&world.by(MAKER, access(CHECKER, false))),
        ["AccessSet"]
    );
    let forbidden = |world: &mut World, by, command| {
        let answer = world.send(&Submission::new(by, command));
        assert!(matches!(answer, Err(Rejection::Forbidden(_))), "{answer:?}");
    };
    let withdrawn = withdraw();
    for command in [raise(1), withdrawn, access(CHECKER, true)] {
        forbidden(&mut world, CHECKER, command);
    }
    forbidden(&mut world, OTHER, access(MAKER, false));
    let issue = IssueVoucher {
        programme: PROGRAMME,
        enterprise: EnterpriseKey::Id(FIRM),
        amount: fen(1),
        application: None,
    };
    forbidden(&mut world, CHECKER, Command::IssueVoucher(issue));
    // What they proposed is no longer what somebody with that office asks for.
    let failed = world.by(MAKER, approve());
    assert_eq!(refusal_of(&failed[0].event), Some(Code::ProposalOutdated));
    world.grant(OTHER, Role::Administrator, Scope::Corridor);
    assert_eq!(
        names(&world.by(MAKER, access(CHECKER, true))),
        ["ActionProposed"]
    );
    let let_in = world.by(OTHER, decide(ProposalId(1), true));
    assert_eq!(names(&let_in), ["ProposalApproved", "AccessSet"]);
    assert_eq!(names(&world.by(CHECKER, raise(1))), ["ActionProposed"]);
}

#[test]
fn a_new_password_ends_the_sessions_of_its_owner_and_no_other_token() {
    let mut world = World::new();
    let session = |n: u8, label: &str| {
        Command::IssueToken(Box::new(IssueToken {
            principal: MAKER,
            token_hash: [n; 32],
            label: Text::parse(label).expect("short"),
            expires_on: Some(day("2025-03-10")),
        }))
    };
    world.by(MAKER, session(1, SESSION_LABEL));
    world.by(MAKER, session(2, "desk"));
    world.by(MAKER, session(3, SESSION_LABEL));
    let set = world.by(MAKER, password("songjiang-1"));
    assert_eq!(names(&set), ["PasswordSet", "TokenRevoked", "TokenRevoked"]);
    let revoked = |world: &World, n: u8| world.state.token(&[n; 32]).map(|row| row.revoked);
    let all = [1, 2, 3].map(|n| revoked(&world, n));
    assert_eq!(all, [Some(true), Some(false), Some(true)]);
    assert_eq!(
        names(&world.by(MAKER, password("songjiang-1"))),
        ["PasswordSet"]
    );
    world.by(MAKER, session(4, SESSION_LABEL));
    world.by(CHECKER, password("songjiang-2"));
    assert_eq!(revoked(&world, 4), Some(false));
}
