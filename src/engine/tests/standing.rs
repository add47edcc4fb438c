//! What the registers of parties say on a day: suspension, blocks, relations, recognition, status,
//! teams, accounts.

use super::parties::*;
use super::world::*;
use crate::domain::{CreditCode, CreditFlagId, ProviderId};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{Rejection, State, refusal_of};

#[test]
fn a_suspension_with_a_last_day_ends_by_itself() {
    let mut w = World::new();
    let suspend = |suspended, until: Option<&str>| {
        Command::SetSuspension(SetSuspension {
            provider: LAB,
            suspended,
            until: until.map(day),
        })
    };
    w.by(MAKER, suspend(true, Some("2025-03-12")));
    w.advance("2025-03-12");
    let found = faults(&claim_on(&mut w, "2025-03-10", TESTING));
    assert_eq!(found, [Code::ProviderSuspended]);
    w.advance("2025-03-13");
    assert_eq!(faults(&claim_on(&mut w, "2025-03-10", TESTING)), []);
    let events = w.by(MAKER, suspend(false, None));
    assert_eq!(refusal_of(&events[0].event), Some(Code::AlreadyInState));
    w.by(MAKER, suspend(true, None));
    assert!(w.state.is_suspended_on(LAB, day("2999-12-31")));
}

#[test]
fn a_block_holds_on_its_days_and_until_it_is_lifted() {
    let mut w = World::new();
    let raise = |from, until| {
        Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
            party: Payee::Enterprise(FIRM),
            code: FlagCode::Collusion,
            level: FlagLevel::Block,
            from: day(from),
            until: Some(day(until)),
            city: HOST,
            document_no: None,
            document_sha256: None,
        }))
    };
    w.by(MAKER, raise("2025-03-11", "2025-03-12"));
    let firm = Payee::Enterprise(FIRM);
    assert!(!w.state.is_blocked_on(firm, day("2025-03-10")));
    w.advance("2025-03-12");
    let found = faults(&claim_on(&mut w, "2025-03-10", TESTING));
    assert_eq!(found, [Code::HolderBlocked], "the filing day decides");
    w.advance("2025-03-13");
    assert_eq!(w.state.standing_fault(Payee::Enterprise(FIRM)), None);
    w.by(MAKER, raise("2025-03-13", "2025-12-31"));
    assert_eq!(
        w.state.standing_fault(Payee::Enterprise(FIRM)),
        Some(Code::PartyBlocked)
    );
    let lift = Command::LiftCreditFlag(LiftCreditFlag {
        flag: CreditFlagId(1),
    });
    assert!(matches!(
        rejected(&mut w, FILER, lift.clone()),
        Rejection::Forbidden(_)
    ));
    w.by(MAKER, lift);
    assert_eq!(faults(&claim_on(&mut w, "2025-03-10", TESTING)), []);
}

#[test]
fn a_warning_keeps_nobody_from_anything() {
    let mut w = World::new();
    w.flag(Payee::Enterprise(FIRM), FlagLevel::Warning);
    w.flag(Payee::Provider(LAB), FlagLevel::Warning);
    assert_eq!(faults(&claim_on(&mut w, "2025-03-10", TESTING)), []);
    assert_eq!(w.state.standing_fault(Payee::Enterprise(FIRM)), None);
}

#[test]
fn a_firm_that_is_blocked_cannot_become_a_provider() {
    let mut w = World::new();
    w.flag(Payee::Enterprise(OTHER_FIRM), FlagLevel::Block);
    let code = w.state.enterprise(OTHER_FIRM).expect("a firm").code;
    let code = CreditCode::from_u128(code.into()).expect("a code");
    let firm = Applicant::New {
        code,
        accept_failed_check: false,
        name: name("机构"),
        city: HOST,
    };
    let events = w.by(MAKER, apply(firm, "2025-03-10", "2026-12-31"));
    assert_eq!(refusal_of(&events[0].event), Some(Code::PartyBlocked));
    // One that is registered directly brings the flag along.
    w.system(Command::RegisterProvider(Box::new(RegisterProvider {
        code,
        accept_failed_check: false,
        name: name("机构"),
        city: HOST,
        categories: Box::new([TESTING]),
        group: None,
        admitted_from: Some(day("2025-01-01")),
        admitted_to: Some(day("2025-12-31")),
        bank_account: None,
    })));
    let provider = w.state.provider_by_code(code).expect("registered");
    let today = w.state.business_date();
    assert!(w.state.is_blocked_on(Payee::Provider(provider), today));
}

#[test]
fn a_relation_holds_on_the_contract_date() {
    let mut w = World::new();
    w.relate(LAB, FIRM, "2025-03-11", Some("2025-03-12"));
    w.advance("2025-03-20");
    for (on, expected) in [
        ("2025-03-10", &[][..]),
        ("2025-03-11", &[Code::RelatedParty]),
        ("2025-03-12", &[Code::RelatedParty]),
        ("2025-03-13", &[]),
    ] {
        let mut claim = w.claim();
        claim.contract_date = day(on);
        claim.invoice_amount = fen(2_000);
        assert_eq!(faults(&w.file(claim)), expected, "{on}");
    }
    // The end is moved by entering the same first day again: the office of the firm's city alone
    // does that.
    let ended = change(ChangeRegister::Relation {
        party: Payee::Provider(LAB),
        other: Payee::Enterprise(FIRM),
        kind: RelationKind::Control,
        from: day("2025-03-11"),
        to: Some(day("2025-03-11")),
    });
    let labs_city = w.with_roles(&[(Role::ScienceOfficer, Scope::Member(HOST))]);
    for other in [FILER, labs_city] {
        assert!(matches!(
            rejected(&mut w, other, ended.clone()),
            Rejection::Forbidden(_)
        ));
    }
    w.by(MAKER, ended);
    let (ours, theirs) = (Payee::Enterprise(FIRM), Payee::Provider(LAB));
    assert!(!w.state.are_related_on(ours, theirs, day("2025-03-12")));
    assert!(w.state.are_related_on(ours, theirs, day("2025-03-11")));
}

#[test]
fn a_city_recognises_a_provider_that_its_rules_do_not_list() {
    let mut w = World::new();
    let mut at_third = |category, set: Option<&[_]>, subject| {
        let stance = RecognitionStance::Recognises;
        w.recognise(HOME, subject, stance, set);
        let mut claim = w.claim();
        claim.provider = ProviderKey::Id(THIRD_LAB);
        claim.category = category;
        claim.invoice_amount = fen(2_000);
        faults(&w.file(claim))
    };
    let provider = RecognitionSubject::Provider(THIRD_LAB);
    assert_eq!(
        at_third(TESTING, Some(&[DESIGN]), provider),
        [Code::HostNotRecognised],
        "for another category only"
    );
    let all = RecognitionSubject::AdmittedBy(THIRD);
    assert_eq!(at_third(TESTING, None, all), []);
}

#[test]
fn what_a_city_says_of_a_provider_goes_before_what_it_says_of_its_city() {
    let mut w = World::new();
    let stance = |w: &mut World, subject, stance| w.recognise(HOME, subject, stance, None);
    stance(
        &mut w,
        RecognitionSubject::AdmittedBy(THIRD),
        RecognitionStance::Recognises,
    );
    stance(
        &mut w,
        RecognitionSubject::Provider(THIRD_LAB),
        RecognitionStance::Refuses,
    );
    let day_of = |state: &State| state.business_date();
    let ask = |w: &World, listed| {
        w.state
            .recognises(HOME, THIRD_LAB, TESTING, day_of(&w.state), listed)
    };
    assert!(!ask(&w, true) && !ask(&w, false));
    w.advance("2025-03-11");
    w.recognise(
        HOME,
        RecognitionSubject::Provider(THIRD_LAB),
        RecognitionStance::Silent,
        None,
    );
    assert!(ask(&w, true) && ask(&w, false), "the city's stance is left");
    let own = ChangeRegister::Recognition {
        city: HOST,
        subject: RecognitionSubject::Provider(LAB),
        stance: RecognitionStance::Refuses,
        categories: None,
        from: day("2025-03-11"),
        to: None,
    };
    assert!(matches!(
        rejected(&mut w, MAKER, change(own)),
        Rejection::Invalid { field: "city", .. }
    ));
}

#[test]
fn a_status_holds_for_the_days_of_its_certificate_and_where_it_is_recognised() {
    let mut w = World::new();
    w.by(
        MAKER,
        certify(EnterpriseKind::HighTech, "2025-02-01", "2025-06-30", HOST),
    );
    let on = |w: &World, on| w.state.enterprise_kind_on(FIRM, day(on));
    assert_eq!(on(&w, "2025-01-31"), Some(EnterpriseKind::Sme));
    assert_eq!(on(&w, "2025-02-01"), Some(EnterpriseKind::HighTech));
    assert_eq!(on(&w, "2025-06-30"), Some(EnterpriseKind::HighTech));
    assert_eq!(on(&w, "2025-07-01"), Some(EnterpriseKind::Sme));
    let here = |w: &World, city| w.state.enterprise_kind_for(FIRM, day("2025-03-10"), city);
    assert_eq!(here(&w, HOME), Some(EnterpriseKind::HighTech));
    let subject = RecognitionSubject::StatusOf(HOST);
    w.recognise(HOME, subject, RecognitionStance::Refuses, None);
    assert_eq!(here(&w, HOME), Some(EnterpriseKind::Sme));
    assert_eq!(here(&w, HOST), Some(EnterpriseKind::HighTech));
    // It is withdrawn by moving its last day.
    w.by(
        MAKER,
        certify(EnterpriseKind::HighTech, "2025-02-01", "2025-03-01", HOST),
    );
    assert_eq!(on(&w, "2025-03-02"), Some(EnterpriseKind::Sme));
}

#[test]
fn a_registered_status_lapses_once_certificates_are_on_record() {
    let mut w = World::new();
    let code = CreditCode::parse(NEW_CODE).expect("a code");
    w.system(Command::RegisterEnterprise(Box::new(RegisterEnterprise {
        code: Some(code),
        accept_failed_check: false,
        name: PartyName::Public(name("高新")),
        city: HOME,
        kind: EnterpriseKind::HighTech,
        group: None,
    })));
    let id = w.state.enterprise_by_code(code).expect("registered");
    let far = day("2990-01-01");
    assert_eq!(
        w.state.enterprise_kind_on(id, far),
        Some(EnterpriseKind::HighTech)
    );
    w.by(
        MAKER,
        change(ChangeRegister::Status {
            enterprise: id,
            kind: EnterpriseKind::HighTech,
            from: day("2025-01-01"),
            to: day("2027-12-31"),
            certificate_no: name("GR"),
            city: HOME,
        }),
    );
    assert_eq!(
        w.state.enterprise_kind_on(id, day("2024-12-31")),
        Some(EnterpriseKind::HighTech)
    );
    assert_eq!(
        w.state.enterprise_kind_on(id, far),
        Some(EnterpriseKind::Sme)
    );
}

fn team(w: &mut World) {
    w.system(Command::RegisterEnterprise(Box::new(RegisterEnterprise {
        code: None,
        accept_failed_check: false,
        name: PartyName::Personal(personal()),
        city: HOME,
        kind: EnterpriseKind::Team,
        group: None,
    })));
}

#[test]
fn a_team_has_members_and_becomes_a_firm() {
    let mut w = World::new();
    team(&mut w);
    let members = |enterprise| {
        change(ChangeRegister::Team {
            enterprise,
            leader: personal(),
            members: Box::new([personal()]),
        })
    };
    assert!(matches!(
        rejected(&mut w, MAKER, members(FIRM)),
        Rejection::Invalid { .. }
    ));
    assert_eq!(w.state.team(TEAM), None);
    let events = w.by(MAKER, members(TEAM));
    assert_eq!(w.state.team(TEAM), Some(events[0].meta.seq));
    w.by(MAKER, dissolve(Payee::Enterprise(TEAM), Some(FIRM)));
    assert_eq!(w.state.successor_of(TEAM), Some(FIRM));
    let again = w.by(MAKER, dissolve(Payee::Enterprise(TEAM), Some(FIRM)));
    assert_eq!(refusal_of(&again[0].event), Some(Code::AlreadyInState));
}

#[test]
fn texts_of_teams_are_personal_and_those_of_firms_are_not() {
    let mut w = World::new();
    team(&mut w);
    let correct = |party, name: PartyName| {
        change(ChangeRegister::Correction {
            party,
            name,
            address: None,
            from: day("2025-03-10"),
        })
    };
    let firm = Payee::Enterprise(FIRM);
    let wrong = [
        correct(firm, PartyName::Personal(personal())),
        correct(Payee::Enterprise(TEAM), PartyName::Public(name("名"))),
        Command::SetBankAccount(Box::new(SetBankAccount {
            party: Payee::Enterprise(TEAM),
            step: AccountStep::Propose {
                account: PartyName::Public(name("6222")),
                bank: None,
            },
        })),
    ];
    for command in wrong {
        assert!(matches!(
            rejected(&mut w, MAKER, command),
            Rejection::Invalid { .. }
        ));
    }
    let events = w.by(MAKER, correct(firm, PartyName::Public(name("新名"))));
    let row = w.state.enterprise(FIRM).expect("a firm");
    assert_eq!(
        row.details, events[0].meta.seq,
        "the name is read there now"
    );
}

#[test]
fn an_account_is_changed_by_two_people_and_payments_name_its_version() {
    let mut w = World::new();
    let claim = w.claim();
    w.approve(claim);
    w.by(FILER, propose_account());
    // What waits redirects nothing.
    assert_eq!(w.state.account_version(Payee::Provider(LAB)), None);
    w.by(MAKER, decide_account(1));
    w.by(FILER, propose_account());
    let pay = Command::PayClaim(PayClaim {
        claim: crate::domain::ClaimId(0),
        bank_ref: crate::domain::BankRef::parse("B").expect("short"),
        paid_on: day("2025-03-10"),
    });
    let events = w.by(MAKER, pay);
    let Event::PayeePaid(paid) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(paid.account_version, Some(1));
    let declined = account(AccountStep::Decide {
        version: 2,
        approve: false,
    });
    w.by(MAKER, declined);
    assert_eq!(w.state.account_version(Payee::Provider(LAB)), Some(1));
}

#[test]
fn a_provider_that_is_struck_off_is_admitted_no_longer() {
    let mut w = World::new();
    readmitted(&mut w);
    let events = w.by(MAKER, dissolve(Payee::Provider(LAB), None));
    assert_eq!(events.len(), 2);
    assert_eq!(w.state.admitted_on(LAB, day("2025-03-09")), Some(0b11));
    assert_eq!(w.state.admitted_on(LAB, day("2025-03-10")), None);
    assert_eq!(w.state.admitted_on(LAB, day("2026-01-01")), None);
}

#[test]
fn the_offices_of_another_city_change_no_register() {
    let mut w = World::new();
    let stranger = w.person();
    w.grant(stranger, Role::ScienceOfficer, Scope::Member(THIRD));
    w.grant(stranger, Role::FinanceOfficer, Scope::Member(THIRD));
    w.by(FILER, propose_account());
    let commands = [
        renewal(),
        remove("2025-06-01"),
        certify(EnterpriseKind::Micro, "2025-01-01", "2025-12-31", HOME),
        certify(EnterpriseKind::Micro, "2025-01-01", "2025-12-31", THIRD),
        dissolve(Payee::Enterprise(FIRM), None),
        decide_account(1),
        change(ChangeRegister::Publicity {
            city: HOME,
            days: 3,
        }),
    ];
    for command in commands {
        assert!(matches!(
            rejected(&mut w, stranger, command),
            Rejection::Forbidden(_)
        ));
    }
    assert_eq!(w.state.provider(ProviderId(0)).expect("a lab").city, HOST);
}
