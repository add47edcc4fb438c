//! Applications, extension and reissue: one line per refusal, who may do what, and why.

use super::world::*;
use crate::domain::{ApplicationId, EnterpriseId, PersonalText, PrincipalId, Text, VoucherId};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::state::ApplicationStatus;
use crate::engine::terms::DeclineCode;
use crate::engine::{Rejection, State, refusal_of};

const FIRST: ApplicationId = ApplicationId(0);
pub(super) const NEW: VoucherId = VoucherId(1);

fn request(amount: i64) -> VoucherRequest {
    VoucherRequest {
        amount: fen(amount),
        purpose: None,
        documents: Box::default(),
    }
}

fn apply(firm: EnterpriseId, amount: i64) -> Command {
    Command::ApplyForVoucher(Box::new(ApplyForVoucher {
        programme: PROGRAMME,
        enterprise: EnterpriseKey::Id(firm),
        request: request(amount),
    }))
}

fn resubmit(amount: i64) -> Command {
    Command::ResubmitApplication(Box::new(ResubmitApplication {
        application: FIRST,
        request: request(amount),
    }))
}

fn review(step: ReviewStep) -> Command {
    Command::ReviewApplication(ReviewApplication {
        application: FIRST,
        step,
    })
}

fn approval(amount: i64) -> Command {
    let amount = fen(amount);
    review(ReviewStep::Approve { amount })
}

fn decline() -> Command {
    let code = DeclineCode::PurposeNotFunded;
    review(ReviewStep::Decline { code })
}

fn withdraw() -> Command {
    Command::WithdrawApplication(WithdrawApplication { application: FIRST })
}

pub(super) fn issue(
    firm: EnterpriseId,
    amount: i64,
    application: Option<ApplicationId>,
) -> Command {
    Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise: EnterpriseKey::Id(firm),
        amount: fen(amount),
        application,
    })
}

fn freeze(frozen: bool) -> Command {
    Command::SetFreeze(SetFreeze {
        voucher: VOUCHER,
        frozen,
    })
}

pub(super) fn revoke() -> Command {
    Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER })
}

pub(super) fn extend(use_by: &str, cash_by: &str) -> Command {
    Command::ExtendVoucher(ExtendVoucher {
        voucher: VOUCHER,
        use_by: day(use_by),
        cash_by: day(cash_by),
    })
}

pub(super) fn reissue(amount: i64) -> Command {
    Command::ReissueVoucher(ReissueVoucher {
        voucher: VOUCHER,
        amount: fen(amount),
    })
}

/// An application of `OTHER_FIRM` that the checker has under review.
fn applied(w: &mut World) {
    w.by(FILER, apply(OTHER_FIRM, 30_000));
    w.by(CHECKER, review(ReviewStep::Begin));
}

/// The same, approved by the checker with 20,000.
fn approved(w: &mut World) {
    applied(w);
    w.by(CHECKER, approval(20_000));
}

fn close_year(w: &mut World) {
    super::programmes::end_year(w, PROGRAMME, None);
}

type Line = (Code, fn(&mut World) -> (PrincipalId, Command));

/// What a rule refuses; several lines of one code show the steps it stands in the way of.
pub(super) const LINES: &[Line] = &[
    (Code::ApplicationRequired, |w| {
        w.publish(VersionTerms {
            application_required: true,
            ..World::terms()
        });
        (MAKER, issue(OTHER_FIRM, 1, None))
    }),
    (Code::ApplicationStateMismatch, |w| {
        w.by(FILER, apply(OTHER_FIRM, 30_000));
        (CHECKER, approval(30_000))
    }),
    (Code::ApplicationStateMismatch, |w| {
        applied(w);
        (CHECKER, review(ReviewStep::Begin))
    }),
    (Code::ApplicationStateMismatch, |w| {
        applied(w);
        (FILER, resubmit(1))
    }),
    (Code::ApplicationStateMismatch, |w| {
        applied(w);
        (MAKER, issue(OTHER_FIRM, 1, Some(FIRST)))
    }),
    (Code::ApplicationStateMismatch, |w| {
        approved(w);
        w.by(MAKER, issue(OTHER_FIRM, 1, Some(FIRST)));
        (MAKER, issue(OTHER_FIRM, 1, Some(FIRST)))
    }),
    (Code::ApplicationStateMismatch, |w| {
        approved(w);
        w.by(MAKER, issue(OTHER_FIRM, 1, Some(FIRST)));
        (FILER, withdraw())
    }),
    (Code::ApplicationStateMismatch, |w| {
        applied(w);
        w.by(CHECKER, decline());
        (FILER, withdraw())
    }),
    (Code::ApplicationStateMismatch, |w| {
        approved(w);
        w.by(FILER, withdraw());
        (MAKER, issue(OTHER_FIRM, 1, Some(FIRST)))
    }),
    (Code::ApplicationMismatch, |w| {
        approved(w);
        (MAKER, issue(FIRM, 1, Some(FIRST)))
    }),
    (Code::ApplicationExceeded, |w| {
        approved(w);
        (MAKER, issue(OTHER_FIRM, 20_001, Some(FIRST)))
    }),
    (Code::ApplicationExceeded, |w| {
        applied(w);
        (CHECKER, approval(30_001))
    }),
    (Code::SecondPersonRequired, |w| {
        approved(w);
        (CHECKER, issue(OTHER_FIRM, 1, Some(FIRST)))
    }),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, apply(OTHER_FIRM, 1));
        (MAKER, review(ReviewStep::Begin))
    }),
    (Code::IssueCapExceeded, |w| {
        applied(w);
        w.by(CHECKER, approval(30_000));
        w.issue(OTHER_FIRM, 130_000);
        (MAKER, issue(OTHER_FIRM, 30_000, Some(FIRST)))
    }),
    (Code::VoucherRevoked, |w| {
        w.system(revoke());
        (MAKER, extend("2025-12-31", "2026-01-31"))
    }),
    (Code::ProgrammeClosed, |w| {
        close_year(w);
        (MAKER, extend("2025-12-31", "2026-01-31"))
    }),
    (Code::AlreadyInState, |_| {
        (MAKER, extend("2025-09-10", "2025-10-10"))
    }),
    // The last day of use moves back.
    (Code::ExtensionOutOfBounds, |_| {
        (MAKER, extend("2025-09-09", "2025-12-31"))
    }),
    // The last day of filing moves back.
    (Code::ExtensionOutOfBounds, |_| {
        (MAKER, extend("2025-10-09", "2025-10-09"))
    }),
    // It would end before it begins.
    (Code::ExtensionOutOfBounds, |w| {
        w.advance("2025-12-01");
        (MAKER, extend("2025-09-10", "2025-11-30"))
    }),
    // More than ten years of use.
    (Code::ExtensionOutOfBounds, |_| {
        (MAKER, extend("2035-03-11", "2035-04-10"))
    }),
    // More than 3,660 days to file.
    (Code::ExtensionOutOfBounds, |_| {
        (MAKER, extend("2025-09-10", "2035-09-19"))
    }),
    (Code::ReissueExceeded, |_| (MAKER, reissue(1))),
    (Code::ReissueExceeded, |w| {
        w.system(revoke());
        w.system(reissue(60_000));
        (MAKER, reissue(40_001))
    }),
    (Code::IssueCapExceeded, |w| {
        w.advance("2025-10-11");
        // What lapsed still counts.
        (MAKER, reissue(50_001))
    }),
    (Code::NotHomeCity, |w| {
        w.system(revoke());
        w.state
            .enterprises
            .update(FIRM.index(), |row| row.city = HOST);
        (MAKER, reissue(1))
    }),
    (Code::BudgetExhausted, |w| {
        w.system(revoke());
        w.issue(OTHER_FIRM, 150_000);
        w.system(Command::ChangeBudget(ChangeBudget {
            programme: PROGRAMME,
            amount: fen(300_000),
            raise: false,
            document_no: None,
        }));
        (MAKER, reissue(50_001))
    }),
];

#[test]
fn every_refusal_around_the_life_of_a_voucher_has_a_line() {
    for (n, (code, prepare)) in LINES.iter().enumerate() {
        let mut world = World::new();
        let (principal, command) = prepare(&mut world);
        let events = world.by(principal, command);
        let found = refusal_of(&events[0].event);
        assert_eq!(found, Some(*code), "line {n}");
        assert_eq!(events.len(), 1, "line {n}: a refusal is the only event");
    }
}

#[test]
fn steps_that_take_or_turn_down_are_refused_without_a_reason() {
    type Case = (fn(&mut World), fn() -> Command);
    let cases: [Case; 8] = [
        (|_| {}, || freeze(true)),
        (
            |w| {
                w.by(MAKER, freeze(true));
            },
            || freeze(false),
        ),
        (|_| {}, revoke),
        (|_| {}, || extend("2025-12-31", "2026-01-31")),
        (
            |w| {
                w.system(revoke());
            },
            || reissue(1),
        ),
        (applied, || review(ReviewStep::Return)),
        (applied, decline),
        (applied, || approval(29_999)),
    ];
    for (n, (prepare, command)) in cases.into_iter().enumerate() {
        let mut world = World::new();
        prepare(&mut world);
        let bare = Submission::new(CHECKER, command());
        world.send(&bare).expect("no rejection");
        let said = refusal_of(&world.out.last().expect("an event").event);
        assert_eq!(said, Some(Code::ReasonRequired), "case {n}");
        let events = world.by(CHECKER, command());
        assert_eq!(refusal_of(&events[0].event), None, "case {n}");
    }
}

#[test]
fn whoever_may_not_send_a_step_is_not_asked_for_its_reason() {
    let mut world = World::new();
    let said = world.send(&Submission::new(FILER, revoke()));
    let needed = "the science-and-technology office of the city";
    assert_eq!(said, Err(Rejection::Forbidden(needed)));
}

#[test]
fn an_imported_step_may_have_lost_its_reason() {
    let mut world = World::new();
    let submission = Submission {
        imported: true,
        ..Submission::new(crate::engine::event::SYSTEM, revoke())
    };
    world.send(&submission).expect("no rejection");
    let last = &world.out.last().expect("an event").event;
    assert!(matches!(last, Event::VoucherRevoked(_)), "{last:?}");
}

fn status(state: &State) -> ApplicationStatus {
    state.application(FIRST).expect("the application").status
}

#[test]
fn an_application_goes_from_the_firm_through_the_review_to_one_voucher() {
    let mut world = World::new();
    world.by(FILER, apply(OTHER_FIRM, 30_000));
    assert_eq!(status(&world.state), ApplicationStatus::Submitted);
    world.by(CHECKER, review(ReviewStep::Begin));
    assert_eq!(status(&world.state), ApplicationStatus::InReview);
    world.by(CHECKER, review(ReviewStep::Return));
    assert_eq!(status(&world.state), ApplicationStatus::Returned);
    world.by(FILER, resubmit(25_000));
    assert_eq!(status(&world.state), ApplicationStatus::Submitted);
    world.by(CHECKER, review(ReviewStep::Begin));
    world.by(CHECKER, approval(20_000));
    assert_eq!(status(&world.state), ApplicationStatus::Approved);
    let events = world.by(MAKER, issue(OTHER_FIRM, 18_000, Some(FIRST)));
    let Event::VoucherIssued(issued) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(issued.application, Some(FIRST));
    let row = world.state.application(FIRST).expect("the application");
    let expected = (ApplicationStatus::Issued, Some(issued.voucher));
    assert_eq!((row.status, row.voucher), expected);
    assert_eq!((row.amount, row.approved), (fen(25_000), fen(20_000)));
    assert_eq!(row.approved_by, Some(CHECKER));
}

#[test]
fn an_application_says_what_an_issue_would_be_refused_for() {
    let mut world = World::new();
    let mut fault = |firm, amount| match &world.by(
        if firm == FAR_FIRM { MAKER } else { FILER },
        apply(firm, amount),
    )[0]
    .event
    {
        Event::ApplicationFiled(e) => e.issue_fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(OTHER_FIRM, 150_000), None);
    assert_eq!(fault(FAR_FIRM, 1), Some(Code::NotHomeCity));
    assert_eq!(fault(FIRM, 50_001), Some(Code::IssueCapExceeded));
    world.system(Command::ChangeBudget(ChangeBudget {
        programme: PROGRAMME,
        amount: fen(400_000),
        raise: false,
        document_no: None,
    }));
    let events = world.by(FILER, apply(OTHER_FIRM, 1));
    let Event::ApplicationFiled(e) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(e.issue_fault, Some(Code::BudgetExhausted));
}

#[test]
fn a_teams_purpose_is_personal_and_a_firms_is_public() {
    let mut world = World::new();
    let personal = || {
        Purpose::Personal(PersonalText {
            commitment: [1; 32],
            opening: None,
        })
    };
    let public = || Purpose::Public(Text::parse("检测").expect("short"));
    world.system(Command::RegisterEnterprise(Box::new(RegisterEnterprise {
        code: None,
        accept_failed_check: false,
        name: PartyName::Personal(PersonalText {
            commitment: [2; 32],
            opening: None,
        }),
        city: HOME,
        kind: EnterpriseKind::Team,
        group: None,
    })));
    let team = EnterpriseId(3);
    let mut said = |firm, purpose| {
        let command = Command::ApplyForVoucher(Box::new(ApplyForVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(firm),
            request: VoucherRequest {
                purpose: Some(purpose),
                ..request(1)
            },
        }));
        world.send(&Submission::new(MAKER, command)).is_ok()
    };
    assert!(said(team, personal()));
    assert!(!said(team, public()));
    assert!(said(FIRM, public()));
    assert!(!said(FIRM, personal()));
}

#[test]
fn only_applicant_and_offices_of_the_city_move_an_application() {
    let mut world = World::new();
    let far = PrincipalId(4);
    let person = RegisterPrincipal {
        name: PersonalText {
            commitment: [0; 32],
            opening: None,
        },
    };
    world.system(Command::RegisterPrincipal(Box::new(person)));
    world.grant(far, Role::ScienceOfficer, Scope::Member(THIRD));
    world.grant(far, Role::Enterprise, Scope::Enterprise(FIRM));
    let forbidden = |world: &mut World, by, command| {
        let submission = Submission {
            reason: Reason::parse("理由").ok(),
            ..Submission::new(by, command)
        };
        matches!(world.send(&submission), Err(Rejection::Forbidden(_)))
    };
    assert!(forbidden(&mut world, far, apply(OTHER_FIRM, 1)));
    world.by(FILER, apply(OTHER_FIRM, 30_000));
    assert!(forbidden(&mut world, far, review(ReviewStep::Begin)));
    assert!(forbidden(&mut world, FILER, review(ReviewStep::Begin)));
    assert!(forbidden(&mut world, far, withdraw()));
    world.grant(far, Role::Reviewer, Scope::Member(HOME));
    world.by(far, review(ReviewStep::Begin));
    world.by(far, review(ReviewStep::Return));
    assert!(forbidden(&mut world, far, resubmit(1)));
    // The office that registers the firm may act for it.
    world.by(MAKER, resubmit(1));
    world.by(MAKER, withdraw());
    assert_eq!(status(&world.state), ApplicationStatus::Withdrawn);
    assert!(forbidden(
        &mut world,
        far,
        extend("2025-12-31", "2026-01-31")
    ));
    assert!(forbidden(&mut world, far, freeze(true)));
}

#[test]
fn the_finance_office_may_freeze_and_unfreeze() {
    let mut world = World::new();
    let person = RegisterPrincipal {
        name: PersonalText {
            commitment: [0; 32],
            opening: None,
        },
    };
    world.system(Command::RegisterPrincipal(Box::new(person)));
    let treasurer = PrincipalId(4);
    world.grant(treasurer, Role::FinanceOfficer, Scope::Member(HOME));
    world.by(treasurer, freeze(true));
    assert!(world.state.voucher(VOUCHER).expect("there").frozen);
    world.by(treasurer, freeze(false));
    assert!(!world.state.voucher(VOUCHER).expect("there").frozen);
}
