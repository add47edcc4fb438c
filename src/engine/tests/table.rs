//! The table of actions against what the commands do: who makes, and what waits under which rule.

use super::parties::{account, decide_account};
use super::refusals::Line;
use super::second_steps::officer;
use super::world::*;
use crate::domain::{
    ClaimId, CreditCode, PersonalOpening, PersonalText, PrincipalId, ProposalId, ProviderId, Seq,
    Text,
};
use crate::engine::actions::ACTIONS;
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded, SYSTEM};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::terms::{RequiredField, RequiredFields};
use crate::engine::{Rejection, refusal_of};

const ACCOUNT: &str = "6222000000001111";

fn access(principal: PrincipalId, enabled: bool) -> Command {
    Command::SetAccess(SetAccess { principal, enabled })
}

fn erase(principal: PrincipalId) -> Command {
    Command::ErasePrincipal(ErasePrincipal { principal })
}

/// A person who has left, of whom nothing is kept.
fn erased(w: &mut World) -> PrincipalId {
    let leaves = w.with_roles(&[]);
    w.system(access(leaves, false));
    w.system(erase(leaves));
    leaves
}

/// Rules of principals, each with what leads to it and who meets it.
pub(super) const LINES: &[Line] = &[
    (Code::PrincipalActive, |w| {
        (SYSTEM, erase(w.with_roles(&[])))
    }),
    (Code::PrincipalErased, |w| (SYSTEM, access(erased(w), true))),
    (Code::PrincipalErased, |w| {
        (SYSTEM, name_principal(erased(w)))
    }),
    (Code::AlreadyInState, |w| (SYSTEM, erase(erased(w)))),
];

fn names(events: &[Recorded]) -> Vec<&'static str> {
    events
        .iter()
        .map(|recorded| recorded.event.name())
        .collect()
}

fn code(events: &[Recorded]) -> Option<Code> {
    refusal_of(&events[0].event)
}

fn approve(proposal: u32) -> Command {
    Command::DecideProposal(DecideProposal {
        proposal: ProposalId(proposal),
        approve: true,
    })
}

fn freeze(frozen: bool) -> Command {
    Command::SetFreeze(SetFreeze {
        voucher: VOUCHER,
        frozen,
    })
}

fn policy() -> Command {
    Command::SetCityPolicy(SetCityPolicy {
        member: HOME,
        required: RequiredFields::default().with(RequiredField::ReviewNo),
    })
}

fn rule(action: Action, persons: u8) -> Command {
    Command::SetActionRule(SetActionRule {
        member: HOME,
        action,
        persons,
        checker: Role::FinanceOfficer,
    })
}

fn laboratory() -> Command {
    Command::RegisterProvider(Box::new(RegisterProvider {
        code: CreditCode::parse("91320500MADEM002X0").expect("a code"),
        accept_failed_check: false,
        name: Text::parse("机构").expect("short"),
        city: HOME,
        categories: Box::new([TESTING]),
        group: None,
        admitted_from: None,
        admitted_to: None,
        bank_account: Some(Text::parse(ACCOUNT).expect("short")),
    }))
}

#[test]
fn an_account_that_is_named_at_a_registration_waits_for_another_person() {
    let mut w = World::new();
    let lab = ProviderId::from_index(w.state.provider_count()).expect("few");
    let party = Payee::Provider(lab);
    let decide = Command::SetBankAccount(Box::new(SetBankAccount {
        party,
        step: AccountStep::Decide {
            version: 1,
            approve: true,
        },
    }));
    let events = w.by(MAKER, laboratory());
    assert_eq!(
        names(&events),
        ["ProviderRegistered", "BankAccountProposed"]
    );
    assert_eq!(w.state.account_version(party), None, "nothing is in force");
    let own = w.by(MAKER, decide.clone());
    assert_eq!(code(&own), Some(Code::SecondPersonRequired));
    w.by(CHECKER, decide);
    assert_eq!(w.state.account_version(party), Some(1));
    // What is imported is a fact.
    let mut w = World::new();
    let row = Submission {
        imported: true,
        ..Submission::new(FILER, laboratory())
    };
    w.grant(FILER, Role::Administrator, Scope::Corridor);
    w.send(&row).expect("no rejection");
    assert_eq!(w.state.account_version(party), Some(1));
}

#[test]
fn what_a_city_requires_is_agreed_between_both_offices() {
    let mut w = World::new();
    let science = w.with_roles(&[(Role::ScienceOfficer, Scope::Member(HOME))]);
    let second = w.with_roles(&[(Role::ScienceOfficer, Scope::Member(HOME))]);
    let finance = w.with_roles(&[(Role::FinanceOfficer, Scope::Member(HOME))]);
    assert_eq!(names(&w.by(science, policy())), ["ActionProposed"]);
    let required = |w: &World| w.state.requires(HOME, RequiredField::ReviewNo);
    assert!(!required(&w));
    let same_office = w.send(&Submission::new(second, approve(0)));
    assert!(matches!(same_office, Err(Rejection::Forbidden(_))));
    let done = w.by(finance, approve(0));
    assert_eq!(names(&done), ["ProposalApproved", "CityPolicySet"]);
    assert!(required(&w));
}

#[test]
fn freezing_is_one_persons_until_the_member_asks_for_more() {
    let mut w = World::new();
    assert_eq!(names(&w.by(MAKER, freeze(true))), ["FreezeSet"]);
    // No rule goes below the table, whatever its line says of itself.
    let loose = w.by(MAKER, rule(Action::Revoke, 1));
    assert_eq!(code(&loose), Some(Code::ActionRuleTooLoose));
    let none = w.by(MAKER, rule(Action::Freeze, 0));
    assert_eq!(code(&none), Some(Code::ActionRuleTooLoose));
    w.by(MAKER, rule(Action::Freeze, 2));
    w.by(CHECKER, approve(0));
    let waits = w.by(MAKER, freeze(false));
    assert_eq!(names(&waits), ["ActionProposed"]);
    let frozen = |w: &World| w.state.voucher(VOUCHER).expect("issued").frozen;
    assert!(frozen(&w));
    let own = w.by(MAKER, approve(1));
    assert_eq!(code(&own), Some(Code::SecondPersonRequired));
    let done = w.by(CHECKER, approve(1));
    assert_eq!(names(&done), ["ProposalApproved", "FreezeSet"]);
    assert_eq!(done[1].meta.second, Some(CHECKER));
    assert!(!frozen(&w));
    // Of another city nothing changes.
    assert_eq!(
        w.state
            .action_rule(Action::Freeze, Scope::Member(HOST))
            .persons,
        1
    );
}

/// The commands that take the first step of an action.
fn made(action: Action) -> Vec<Command> {
    let voucher = VOUCHER;
    let firm = Payee::Enterprise(FIRM);
    let step = |party| {
        let step = AccountStep::Propose {
            account: PartyName::Public(Text::parse(ACCOUNT).expect("short")),
            bank: None,
        };
        Command::SetBankAccount(Box::new(SetBankAccount { party, step }))
    };
    match action {
        Action::Budget => vec![Command::ChangeBudget(ChangeBudget {
            programme: PROGRAMME,
            amount: fen(1),
            raise: true,
            document_no: None,
        })],
        Action::Publish => vec![Command::PublishVersion(PublishVersion {
            programme: PROGRAMME,
            terms: Box::new(World::terms()),
        })],
        Action::BulkIssue => vec![super::files::approve(FileMode::Chunks, 2, &[7])],
        Action::Extend => vec![Command::ExtendVoucher(ExtendVoucher {
            voucher,
            use_by: day("2026-01-01"),
            cash_by: day("2026-01-01"),
        })],
        Action::Revoke => vec![Command::RevokeVoucher(RevokeVoucher { voucher })],
        Action::Reissue => vec![Command::ReissueVoucher(ReissueVoucher {
            voucher,
            amount: fen(1),
        })],
        Action::Transfer => vec![Command::ProposeTransfer(ProposeTransfer {
            voucher,
            kind: TransferRequest::Relocation { to_city: HOST },
            amount: fen(0),
            document_no: None,
            expires_on: None,
        })],
        Action::Reverse => vec![Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) })],
        Action::BankAccount => vec![step(firm), step(Payee::Provider(LAB))],
        Action::CodeOverride => vec![Command::RegisterEnterprise(Box::new(RegisterEnterprise {
            code: CreditCode::parse("91310117MADEM0011X").ok(),
            accept_failed_check: true,
            name: PartyName::Public(Text::parse("企业").expect("short")),
            city: HOME,
            kind: EnterpriseKind::Sme,
            group: None,
        }))],
        Action::Grants => vec![Command::SetGrant(SetGrant {
            principal: CHECKER,
            role: Role::Reviewer,
            scope: Scope::Member(HOME),
            granted: true,
        })],
        Action::Credentials => vec![access(CHECKER, true), erase(CHECKER)],
        Action::YearEnd => vec![super::programmes::closing(PROGRAMME)],
        Action::Rules => vec![rule(Action::Budget, 3), policy()],
        Action::Freeze => vec![freeze(true)],
    }
}

#[test]
fn whom_the_table_names_as_makers_are_those_whose_command_is_taken() {
    let city = Scope::Member(HOME);
    let roles = [
        (Role::Administrator, Scope::Corridor),
        (Role::ScienceOfficer, city),
        (Role::FinanceOfficer, city),
        (Role::Reviewer, city),
        (Role::Operator, Scope::Corridor),
        (Role::Arbiter, Scope::Corridor),
        (Role::Auditor, city),
        (Role::Enterprise, Scope::Enterprise(FIRM)),
        (Role::Provider, Scope::Provider(LAB)),
    ];
    assert_eq!(roles.map(|(role, _)| role), Role::ALL);
    for line in ACTIONS {
        for (role, scope) in roles {
            let mut w = World::new();
            let claim = w.claim();
            w.approve(claim);
            let by = w.with_roles(&[(role, scope)]);
            let taken = made(line.action).into_iter().any(|command| {
                let answer = w.send(&Submission::new(by, command));
                !matches!(answer, Err(Rejection::Forbidden(_)))
            });
            let named = line.makers.contains(&role);
            assert_eq!(taken, named, "{:?} by {role:?}", line.action);
        }
    }
}

fn named(value: &str) -> PersonalText {
    PersonalText {
        commitment: [9; 32],
        opening: Some(Box::new(PersonalOpening {
            salt: [1; 16],
            value: value.into(),
        })),
    }
}

fn name_principal(principal: PrincipalId) -> Command {
    Command::NamePrincipal(Box::new(NamePrincipal {
        principal,
        name: named("张三"),
        contact: Some(named("021-5555-0100")),
    }))
}

#[test]
fn a_principal_is_named_by_itself_or_who_administers_it_and_erased_by_two() {
    let mut w = World::new();
    let administrator = w.with_roles(&[(Role::Administrator, Scope::Corridor)]);
    let other = w.with_roles(&[(Role::Administrator, Scope::Corridor)]);
    let leaves = officer(&mut w, HOME);
    for by in [leaves, administrator] {
        assert_eq!(names(&w.by(by, name_principal(leaves))), ["PrincipalNamed"]);
    }
    let stranger = w.send(&Submission::new(MAKER, name_principal(leaves)));
    assert!(matches!(stranger, Err(Rejection::Forbidden(_))));
    let erase = erase(leaves);
    let active = w.by(administrator, erase.clone());
    assert_eq!(code(&active), Some(Code::PrincipalActive));
    w.by(administrator, access(leaves, false));
    let silent = Submission::new(administrator, erase.clone());
    w.send(&silent).expect("no rejection");
    let last = w.out.last().map(|recorded| &recorded.event);
    assert_eq!(last.and_then(refusal_of), Some(Code::ReasonRequired));
    let waits = w.by(administrator, erase.clone());
    assert_eq!(names(&waits), ["ActionProposed"]);
    assert!(w.state.erased_texts().is_empty());
    let done = w.by(other, approve(0));
    assert_eq!(names(&done), ["ProposalApproved", "PrincipalErased"]);
    let Event::PrincipalErased(erased) = &done[1].event else {
        panic!("{done:?}");
    };
    // The registration and both names.
    assert_eq!(erased.texts.len(), 3);
    let texts: Vec<Seq> = erased.texts.to_vec();
    assert_eq!(w.state.erased_texts(), texts);
    for (command, refusal) in [
        (erase, Code::AlreadyInState),
        (access(leaves, true), Code::PrincipalErased),
        (name_principal(leaves), Code::PrincipalErased),
    ] {
        let refused = w.by(administrator, command);
        assert_eq!(code(&refused), Some(refusal));
    }
}

#[test]
fn an_account_of_a_laboratory_is_proposed_by_itself() {
    let mut w = World::new();
    let lab = w.with_roles(&[(Role::Provider, Scope::Provider(LAB))]);
    let proposed = account(AccountStep::Propose {
        account: PartyName::Public(Text::parse(ACCOUNT).expect("short")),
        bank: None,
    });
    assert_eq!(names(&w.by(lab, proposed)), ["BankAccountProposed"]);
    w.by(MAKER, decide_account(1));
    assert_eq!(w.state.account_version(Payee::Provider(LAB)), Some(1));
}
