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
use crate::engine::{Rejection, refusal_of};

pub(super) const ADMISSION: AdmissionId = AdmissionId(0);
/// A valid code that the small corridor does not use.
pub(super) const NEW_CODE: &str = "9144030071526726XG";
pub(super) const TEAM: EnterpriseId = EnterpriseId(3);

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

pub(super) fn personal() -> PersonalText {
    PersonalText {
        commitment: [9; 32],
        opening: None,
    }
}

pub(super) fn change(change: ChangeRegister) -> Command {
    Command::ChangeRegister(Box::new(change))
}

pub(super) fn application(applicant: Applicant, from: &str, to: &str) -> ApplyForAdmission {
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

pub(super) fn apply(applicant: Applicant, from: &str, to: &str) -> Command {
    Command::ApplyForAdmission(Box::new(application(applicant, from, to)))
}

pub(super) fn renewal() -> Command {
    apply(Applicant::Registered(LAB), "2025-06-01", "2027-05-31")
}

pub(super) fn newcomer() -> Applicant {
    Applicant::New {
        code: CreditCode::parse(NEW_CODE).expect("a code"),
        accept_failed_check: false,
        name: name("新机构"),
        city: HOST,
    }
}

pub(super) fn step(step: AdmissionStep) -> Command {
    let admission = ADMISSION;
    Command::StepAdmission(Box::new(StepAdmission { admission, step }))
}

pub(super) fn check(decision: AdmissionDecision) -> Command {
    step(AdmissionStep::Check(decision))
}

pub(super) fn object() -> Command {
    step(AdmissionStep::Object {
        reason: ObjectionReason::NotQualified,
        on_behalf_of: None,
        document_sha256: None,
    })
}

pub(super) fn answer(upheld: bool) -> Command {
    step(AdmissionStep::Answer {
        objection: 1,
        upheld,
    })
}

pub(super) fn admit() -> Command {
    step(AdmissionStep::Admit)
}

/// An application of the lab that was passed by the maker.
pub(super) fn passed(w: &mut World) {
    w.by(FILER, renewal());
    w.by(MAKER, check(AdmissionDecision::Passed));
}

/// The lab is admitted anew, after the week of publicity.
pub(super) fn readmitted(w: &mut World) {
    passed(w);
    w.advance("2025-03-18");
    w.by(CHECKER, admit());
}

pub(super) fn lift() -> Command {
    Command::LiftCreditFlag(LiftCreditFlag {
        flag: CreditFlagId(0),
    })
}

pub(super) fn account(step: AccountStep) -> Command {
    let party = Payee::Provider(LAB);
    Command::SetBankAccount(Box::new(SetBankAccount { party, step }))
}

pub(super) fn propose_account() -> Command {
    account(AccountStep::Propose {
        account: PartyName::Public(name("6222 0000 0000 1111")),
        bank: None,
    })
}

pub(super) fn decide_account(version: u32) -> Command {
    let approve = true;
    account(AccountStep::Decide { version, approve })
}

pub(super) fn dissolve(party: Payee, successor: Option<EnterpriseId>) -> Command {
    change(ChangeRegister::Dissolution {
        party,
        from: day("2025-03-10"),
        successor,
    })
}

pub(super) fn remove(from: &str) -> Command {
    change(ChangeRegister::Removal {
        provider: LAB,
        from: day(from),
    })
}

pub(super) fn certify(kind: EnterpriseKind, from: &str, to: &str, city: MemberId) -> Command {
    change(ChangeRegister::Status {
        enterprise: FIRM,
        kind,
        from: day(from),
        to: day(to),
        certificate_no: name("GR2025"),
        city,
    })
}

pub(super) fn issue() -> Command {
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

    /// The firm is certified as high-tech from February on.
    pub(in crate::engine) fn certify(&mut self, to: &str, city: MemberId) {
        let kind = EnterpriseKind::HighTech;
        self.system(certify(kind, "2025-02-01", to, city));
    }

    /// The home city refuses what another city certifies.
    pub(in crate::engine) fn refuse_status_of(&mut self, city: MemberId) {
        let subject = RecognitionSubject::StatusOf(city);
        self.recognise(HOME, subject, RecognitionStance::Refuses, None);
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
    (Code::PartyBlocked, |w| {
        w.flag(Payee::Enterprise(FIRM), FlagLevel::Block);
        let request = VoucherRequest {
            amount: fen(1),
            purpose: None,
            documents: Box::default(),
        };
        let apply = ApplyForVoucher {
            programme: PROGRAMME,
            enterprise: EnterpriseKey::Id(FIRM),
            request,
        };
        (FILER, Command::ApplyForVoucher(Box::new(apply)))
    }),
    (Code::PartyBlocked, |w| {
        w.flag(Payee::Provider(LAB), FlagLevel::Block);
        let order = ProposeOrder {
            provider: LAB,
            category: TESTING,
            contract_amount: fen(1),
            hold_until: day("2025-03-20"),
            lines: Box::new([(VOUCHER, fen(1))]),
        };
        (FILER, Command::ProposeOrder(order))
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
pub(super) fn claim_on(w: &mut World, contract_date: &str, category: CategoryId) -> Event {
    let mut claim = w.claim();
    claim.contract_date = day(contract_date);
    claim.category = category;
    w.file(claim)
}

pub(super) fn faults(event: &Event) -> Vec<Code> {
    match event {
        Event::ClaimRefused(e) => e.faults.in_order().collect(),
        _ => Vec::new(),
    }
}

pub(super) fn rejected(w: &mut World, by: PrincipalId, command: Command) -> Rejection {
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
fn a_newcomer_whose_code_fails_its_check_waits_for_a_second_person() {
    let mut w = World::new();
    let applicant = |accept_failed_check| Applicant::New {
        code: CreditCode::parse("91310117MADEM0011X").expect("a code"),
        accept_failed_check,
        name: name("新机构"),
        city: HOME,
    };
    let said = rejected(
        &mut w,
        MAKER,
        apply(applicant(false), "2025-06-01", "2027-05-31"),
    );
    assert!(matches!(said, Rejection::Invalid { .. }), "{said:?}");
    let command = apply(applicant(true), "2025-06-01", "2027-05-31");
    let proposed = w.by(MAKER, command.clone());
    let Event::ActionProposed(e) = &proposed[0].event else {
        panic!("{proposed:?}");
    };
    assert_eq!(e.action, Action::CodeOverride);
    assert_eq!(e.command.to_command(), command);
    let decide = DecideProposal {
        proposal: e.proposal,
        approve: true,
    };
    let done = w.by(CHECKER, Command::DecideProposal(decide));
    assert_eq!(done[1].event.name(), "AdmissionApplied");
    // One whose code holds waits for nobody.
    let applied = w.by(MAKER, apply(newcomer(), "2025-06-01", "2027-05-31"));
    assert_eq!(applied[0].event.name(), "AdmissionApplied");
}
