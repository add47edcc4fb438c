//! The registers of parties: a line per refusal, and what each entry changes.

use super::refusals::Line;
use super::world::*;
use crate::domain::{
    AdmissionId, CategoryId, CreditCode, CreditFlagId, Day, EnterpriseId, MemberId, PersonalText,
    PrincipalId, ProviderId, Text,
};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{Rejection, State, refusal_of};

const ADMISSION: AdmissionId = AdmissionId(0);
/// A valid code that the small corridor does not use.
const NEW_CODE: &str = "9144030071526726XG";
const TEAM: EnterpriseId = EnterpriseId(3);

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn personal() -> PersonalText {
    PersonalText {
        commitment: [9; 32],
        opening: None,
    }
}

fn change(change: ChangeRegister) -> Command {
    Command::ChangeRegister(Box::new(change))
}

fn application(applicant: Applicant, from: &str, to: &str) -> ApplyForAdmission {
    ApplyForAdmission {
        applicant,
        categories: Box::new([TESTING, COMPUTE]),
        from: day(from),
        to: day(to),
        answers: Box::new([AdmissionAnswer {
            question: Text::parse("CMA").expect("short"),
            answer: Text::parse("yes").expect("short"),
            score: Some(90),
        }]),
        documents: Box::new([AdmissionDocument {
            title: Text::parse("CMA").expect("short"),
            sha256: [1; 32],
        }]),
    }
}

fn apply(applicant: Applicant, from: &str, to: &str) -> Command {
    Command::ApplyForAdmission(Box::new(application(applicant, from, to)))
}

fn renewal() -> Command {
    apply(Applicant::Registered(LAB), "2025-06-01", "2027-05-31")
}

fn newcomer() -> Applicant {
    Applicant::New {
        code: CreditCode::parse(NEW_CODE).expect("a code"),
        accept_failed_check: false,
        name: name("新机构"),
        city: HOST,
    }
}

fn step(step: AdmissionStep) -> Command {
    let admission = ADMISSION;
    Command::StepAdmission(Box::new(StepAdmission { admission, step }))
}

fn check(decision: AdmissionDecision) -> Command {
    step(AdmissionStep::Check(decision))
}

fn object() -> Command {
    step(AdmissionStep::Object {
        reason: ObjectionReason::NotQualified,
        on_behalf_of: None,
        document_sha256: None,
    })
}

fn answer(upheld: bool) -> Command {
    step(AdmissionStep::Answer {
        objection: 1,
        upheld,
    })
}

fn admit() -> Command {
    step(AdmissionStep::Admit)
}

/// An application of the lab that was passed by the maker.
fn passed(w: &mut World) {
    w.by(FILER, renewal());
    w.by(MAKER, check(AdmissionDecision::Passed));
}

/// The lab is admitted anew, after the week of publicity.
fn readmitted(w: &mut World) {
    passed(w);
    w.advance("2025-03-18");
    w.by(CHECKER, admit());
}

fn lift() -> Command {
    Command::LiftCreditFlag(LiftCreditFlag {
        flag: CreditFlagId(0),
    })
}

fn account(step: AccountStep) -> Command {
    let party = Payee::Provider(LAB);
    Command::SetBankAccount(Box::new(SetBankAccount { party, step }))
}

fn propose_account() -> Command {
    account(AccountStep::Propose {
        account: PartyName::Public(name("6222 0000 0000 1111")),
        bank: None,
    })
}

fn decide_account(version: u32) -> Command {
    let approve = true;
    account(AccountStep::Decide { version, approve })
}

fn dissolve(party: Payee, successor: Option<EnterpriseId>) -> Command {
    change(ChangeRegister::Dissolution {
        party,
        from: day("2025-03-10"),
        successor,
    })
}

fn remove(from: &str) -> Command {
    change(ChangeRegister::Removal {
        provider: LAB,
        from: day(from),
    })
}

fn certify(kind: EnterpriseKind, from: &str, to: &str, city: MemberId) -> Command {
    change(ChangeRegister::Status {
        enterprise: FIRM,
        kind,
        from: day(from),
        to: day(to),
        certificate_no: name("GR2025"),
        city,
    })
}

fn issue() -> Command {
    Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise: EnterpriseKey::Id(FIRM),
        amount: fen(1),
        application: None,
    })
}

impl World {
    /// A person without any grant.
    pub(in crate::engine) fn person(&mut self) -> PrincipalId {
        let name = personal();
        let person = RegisterPrincipal { name };
        self.system(Command::RegisterPrincipal(Box::new(person)));
        let last = self.state.principal_count() - 1;
        PrincipalId::from_index(last).expect("few")
    }

    /// A city takes a stance from today on.
    pub(in crate::engine) fn recognise(
        &mut self,
        city: MemberId,
        subject: RecognitionSubject,
        stance: RecognitionStance,
        categories: Option<&[CategoryId]>,
    ) {
        let from = self.state.business_date();
        self.system(change(ChangeRegister::Recognition {
            city,
            subject,
            stance,
            categories: categories.map(Into::into),
            from,
            to: None,
        }));
    }

    /// A flag of the host city, from today on.
    pub(in crate::engine) fn flag(&mut self, party: Payee, level: FlagLevel) {
        let from = self.state.business_date();
        self.system(Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
            party,
            code: FlagCode::Collusion,
            level,
            from,
            until: None,
            city: HOST,
            document_no: None,
            document_sha256: None,
        })));
    }

    /// A lab and a firm are related.
    pub(in crate::engine) fn relate(
        &mut self,
        lab: ProviderId,
        firm: EnterpriseId,
        from: &str,
        to: Option<&str>,
    ) {
        self.system(change(ChangeRegister::Relation {
            party: Payee::Enterprise(firm),
            other: Payee::Provider(lab),
            kind: RelationKind::Control,
            from: day(from),
            to: to.map(day),
        }));
    }
}

/// A line per refusal of this area that is not a claim's.
pub(super) const LINES: &[Line] = &[
    (Code::PartyBlocked, |w| {
        w.flag(Payee::Enterprise(FIRM), FlagLevel::Block);
        (MAKER, issue())
    }),
    (Code::PartyBlocked, |w| {
        w.flag(Payee::Provider(LAB), FlagLevel::Block);
        (FILER, renewal())
    }),
    (Code::PartyDissolved, |w| {
        w.by(MAKER, dissolve(Payee::Enterprise(FIRM), None));
        (MAKER, issue())
    }),
    (Code::PartyDissolved, |w| {
        w.by(MAKER, dissolve(Payee::Provider(LAB), None));
        (FILER, propose_account())
    }),
    (Code::AdmissionPending, |w| {
        w.by(FILER, renewal());
        (FILER, renewal())
    }),
    (Code::AdmissionStateMismatch, |w| {
        passed(w);
        (CHECKER, check(AdmissionDecision::Passed))
    }),
    (Code::AdmissionStateMismatch, |w| {
        w.by(FILER, renewal());
        (CHECKER, admit())
    }),
    (Code::AdmissionStateMismatch, |w| {
        w.by(FILER, renewal());
        w.by(MAKER, check(AdmissionDecision::Returned));
        (FILER, check(AdmissionDecision::Withdrawn))
    }),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, renewal());
        (MAKER, check(AdmissionDecision::Passed))
    }),
    (Code::SecondPersonRequired, |w| {
        passed(w);
        w.advance("2025-03-18");
        (MAKER, admit())
    }),
    (Code::SecondPersonRequired, |w| {
        passed(w);
        w.by(MAKER, object());
        (MAKER, answer(false))
    }),
    (Code::SecondPersonRequired, |w| {
        w.by(MAKER, propose_account());
        (MAKER, decide_account(1))
    }),
    (Code::PublicityRunning, |w| {
        passed(w);
        w.advance("2025-03-17");
        (CHECKER, admit())
    }),
    (Code::PublicityOver, |w| {
        passed(w);
        w.advance("2025-03-18");
        (FILER, object())
    }),
    (Code::ObjectionOpen, |w| {
        passed(w);
        w.by(FILER, object());
        w.advance("2025-03-18");
        (CHECKER, admit())
    }),
    (Code::ObjectionDecided, |w| {
        passed(w);
        w.by(FILER, object());
        w.by(CHECKER, answer(false));
        (CHECKER, answer(true))
    }),
    (Code::TermPassed, |w| {
        let short = apply(Applicant::Registered(LAB), "2025-03-10", "2025-03-12");
        w.by(FILER, short);
        w.by(MAKER, check(AdmissionDecision::Passed));
        w.advance("2025-03-18");
        (CHECKER, admit())
    }),
    (Code::NotAdmitted, |_| (MAKER, remove("2026-01-01"))),
    (Code::EntryOverlaps, |w| {
        let subject = RecognitionSubject::Provider(LAB);
        w.recognise(HOME, subject, RecognitionStance::Refuses, None);
        let again = ChangeRegister::Recognition {
            city: HOME,
            subject,
            stance: RecognitionStance::Silent,
            categories: None,
            from: day("2025-03-10"),
            to: None,
        };
        (MAKER, change(again))
    }),
    (Code::EntryOverlaps, |w| {
        w.by(
            MAKER,
            certify(EnterpriseKind::HighTech, "2024-01-01", "2026-12-31", HOME),
        );
        (
            MAKER,
            certify(EnterpriseKind::Micro, "2026-12-31", "2027-12-31", HOME),
        )
    }),
    (Code::EntryOverlaps, |w| {
        w.relate(LAB, FIRM, "2025-03-01", None);
        let again = ChangeRegister::Relation {
            party: Payee::Enterprise(FIRM),
            other: Payee::Provider(LAB),
            kind: RelationKind::Family,
            from: day("2025-04-01"),
            to: None,
        };
        (MAKER, change(again))
    }),
    (Code::FlagLifted, |w| {
        w.flag(Payee::Enterprise(FIRM), FlagLevel::Warning);
        w.by(MAKER, lift());
        (MAKER, lift())
    }),
    (Code::AccountNotProposed, |w| {
        w.by(FILER, propose_account());
        w.by(FILER, propose_account());
        (MAKER, decide_account(1))
    }),
];

/// The provider's own claim of the small corridor, on a day.
fn claim_on(w: &mut World, contract_date: &str, category: CategoryId) -> Event {
    let mut claim = w.claim();
    claim.contract_date = day(contract_date);
    claim.category = category;
    w.file(claim)
}

fn faults(event: &Event) -> Vec<Code> {
    match event {
        Event::ClaimRefused(e) => e.faults.in_order().collect(),
        _ => Vec::new(),
    }
}

fn rejected(w: &mut World, by: PrincipalId, command: Command) -> Rejection {
    let sent = w.send(&Submission::new(by, command));
    sent.expect_err("it is turned down")
}

#[test]
fn a_contract_is_judged_by_the_admission_that_was_in_force_on_its_day() {
    let mut w = World::new();
    w.by(
        FILER,
        apply(Applicant::Registered(LAB), "2025-04-01", "2025-08-31"),
    );
    w.by(MAKER, check(AdmissionDecision::Passed));
    w.advance("2025-03-18");
    w.by(CHECKER, admit());
    w.by(MAKER, remove("2025-07-01"));
    w.advance("2025-07-05");
    // Design was offered in the old term only, compute in the new one only.
    let of = |w: &mut World, on, category| faults(&claim_on(w, on, category));
    assert_eq!(of(&mut w, "2025-03-31", DESIGN), [Code::CategoryNotFunded]);
    assert_eq!(
        of(&mut w, "2025-04-01", DESIGN),
        [Code::CategoryNotOffered, Code::CategoryNotFunded]
    );
    assert_eq!(of(&mut w, "2025-04-01", COMPUTE), [Code::CategoryNotFunded]);
    assert_eq!(
        of(&mut w, "2025-07-01", TESTING),
        [Code::ProviderNotAdmitted]
    );
    assert_eq!(of(&mut w, "2025-06-30", TESTING), []);
    let terms = [("2025-01-01", "2025-03-31"), ("2025-04-01", "2025-06-30")];
    let found: Vec<(Day, Day)> = (w.state.terms_of(LAB).iter())
        .map(|(from, to, _)| (*from, *to))
        .collect();
    assert_eq!(found, terms.map(|(from, to)| (day(from), day(to))));
}

#[test]
fn an_admission_does_not_reach_back_to_days_that_have_passed() {
    let mut w = World::new();
    w.by(
        FILER,
        apply(Applicant::Registered(LAB), "2025-03-11", "2027-12-31"),
    );
    w.by(MAKER, check(AdmissionDecision::Passed));
    w.advance("2025-03-20");
    let events = w.by(CHECKER, admit());
    let Event::ProviderAdmitted(admitted) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(admitted.from, day("2025-03-20"));
}

#[test]
fn a_new_provider_enters_the_register_when_it_is_admitted() {
    let mut w = World::new();
    w.by(MAKER, apply(newcomer(), "2025-03-10", "2026-12-31"));
    assert_eq!(
        rejected(&mut w, FILER, apply(newcomer(), "2025-03-10", "2026-12-31")),
        Rejection::Forbidden("the science-and-technology office of the city")
    );
    w.by(CHECKER, check(AdmissionDecision::Passed));
    w.advance("2025-03-18");
    let code = CreditCode::parse(NEW_CODE).expect("a code");
    assert_eq!(w.state.provider_by_code(code), None);
    let events = w.by(MAKER, admit());
    assert_eq!(events.len(), 2, "it is registered, then admitted");
    let provider = w.state.provider_by_code(code).expect("registered");
    assert_eq!(w.state.admitted_on(provider, day("2025-03-17")), None);
    let both = (1 << TESTING.0) | (1 << COMPUTE.0);
    assert_eq!(w.state.admitted_on(provider, day("2025-03-18")), Some(both));
    assert_eq!(w.state.terms_of(provider).len(), 1);
}

#[test]
fn an_objection_that_is_upheld_declines_the_application() {
    let mut w = World::new();
    passed(&mut w);
    w.by(FILER, object());
    let decided = w.by(CHECKER, answer(true));
    assert!(matches!(
        &decided[0].event,
        Event::AdmissionDecided(e) if e.decision == AdmissionDecision::Declined
    ));
    w.advance("2025-03-18");
    let events = w.by(CHECKER, admit());
    assert_eq!(
        refusal_of(&events[0].event),
        Some(Code::AdmissionStateMismatch)
    );
    // Another application may follow.
    let events = w.by(FILER, renewal());
    assert_eq!(refusal_of(&events[0].event), None);
}

#[test]
fn an_objection_that_is_dismissed_lets_the_admission_go_on() {
    let mut w = World::new();
    passed(&mut w);
    w.by(FILER, object());
    w.by(CHECKER, answer(false));
    w.advance("2025-03-18");
    let events = w.by(CHECKER, admit());
    assert!(matches!(events[0].event, Event::ProviderAdmitted(_)));
}

#[test]
fn an_office_alone_objects_for_a_citizen_and_nobody_without_a_party_objects() {
    let mut w = World::new();
    passed(&mut w);
    let for_citizen = step(AdmissionStep::Object {
        reason: ObjectionReason::Other,
        on_behalf_of: Some(personal()),
        document_sha256: None,
    });
    let forbidden = Rejection::Forbidden("a party, or an office that speaks for a citizen");
    assert_eq!(rejected(&mut w, FILER, for_citizen.clone()), forbidden);
    let nobody = w.person();
    assert_eq!(rejected(&mut w, nobody, object()), forbidden);
    w.by(CHECKER, for_citizen);
}

#[test]
fn a_city_says_for_how_many_days_it_publishes() {
    let mut w = World::new();
    let days = |city, days| change(ChangeRegister::Publicity { city, days });
    assert!(matches!(
        rejected(&mut w, MAKER, days(HOST, 91)),
        Rejection::Invalid { .. }
    ));
    w.by(MAKER, days(HOST, 0));
    passed(&mut w);
    let events = w.by(CHECKER, admit());
    assert!(matches!(events[0].event, Event::ProviderAdmitted(_)));
}

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
    assert_eq!(
        w.state
            .is_blocked_on(Payee::Enterprise(FIRM), day("2025-03-10")),
        false
    );
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
        admitted_from: day("2025-01-01"),
        admitted_to: day("2025-12-31"),
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
    // The end is moved by entering the same first day again: offices alone do that.
    let ended = change(ChangeRegister::Relation {
        party: Payee::Provider(LAB),
        other: Payee::Enterprise(FIRM),
        kind: RelationKind::Control,
        from: day("2025-03-11"),
        to: Some(day("2025-03-11")),
    });
    assert!(matches!(
        rejected(&mut w, FILER, ended.clone()),
        Rejection::Forbidden(_)
    ));
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
