//! Registering a provider: an administrator or an import admits it at once, an office alone never
//! does.

use super::parties::{ADMISSION, NEW_CODE, admit, apply, check, name};
use super::world::*;
use crate::domain::{CreditCode, PrincipalId, ProviderId};
use crate::engine::command::*;
use crate::engine::event::{Event, SYSTEM};
use crate::engine::{Rejection, invariants};

/// What an office is told that gives a term.
const NEEDED: &str = "an administrator for a term (leave it out and apply for admission)";

fn laboratory(from: Option<&str>, to: Option<&str>) -> Command {
    Command::RegisterProvider(Box::new(RegisterProvider {
        code: CreditCode::parse(NEW_CODE).expect("a code"),
        accept_failed_check: false,
        name: name("新机构"),
        city: HOST,
        categories: Box::new([TESTING]),
        group: None,
        admitted_from: from.map(day),
        admitted_to: to.map(day),
        bank_account: None,
    }))
}

/// Sends it as one who has these roles.
fn sent_by(w: &mut World, by: PrincipalId, imported: bool, c: Command) -> Result<(), Rejection> {
    let submission = Submission {
        imported,
        reason: Reason::parse("依规定办理").ok(),
        ..Submission::new(by, c)
    };
    w.send(&submission).map(|_| ())
}

fn registered(w: &World) -> Option<ProviderId> {
    let code = CreditCode::parse(NEW_CODE).expect("a code");
    w.state.provider_by_code(code)
}

#[test]
fn a_term_is_for_administrators_and_imports() {
    let office = [(Role::ScienceOfficer, Scope::Member(HOST))];
    let both = [
        office[0],
        (Role::FinanceOfficer, Scope::Member(HOST)),
        (Role::Administrator, Scope::Member(HOST)),
    ];
    let administrator = [(Role::Administrator, Scope::Corridor)];
    let term = (Some("2025-01-01"), Some("2099-12-31"));
    let none = (None, None);
    let forbidden = || Err(Rejection::Forbidden(NEEDED));
    let stranger = "the science-and-technology office of the city";
    type Line<'a> = (
        &'a [(Role, Scope)],
        bool,
        (Option<&'a str>, Option<&'a str>),
        Result<bool, Rejection>,
    );
    // Roles, imported, term, and whether it is admitted then.
    let lines: [Line<'_>; 9] = [
        (&office, false, term, forbidden().map(|()| false)),
        (&both, false, term, forbidden().map(|()| false)),
        // Not for days to come either.
        (
            &office,
            false,
            (Some("2025-03-10"), Some("2025-12-31")),
            forbidden().map(|()| false),
        ),
        (&office, false, none, Ok(false)),
        (&administrator, false, term, Ok(true)),
        (&administrator, false, none, Ok(false)),
        (&administrator, true, term, Ok(true)),
        (&[], false, none, Err(Rejection::Forbidden(stranger))),
        (&[], false, term, Err(Rejection::Forbidden(stranger))),
    ];
    for (n, (roles, imported, (from, to), expected)) in lines.into_iter().enumerate() {
        let mut w = World::new();
        let by = w.with_roles(roles);
        let said = sent_by(&mut w, by, imported, laboratory(from, to));
        let today = w.state.business_date();
        let said = said.map(|()| {
            let provider = registered(&w).expect("it was registered");
            w.state.admitted_on(provider, today).is_some()
        });
        assert_eq!(said, expected, "line {n}");
        assert_eq!(registered(&w).is_some(), expected.is_ok(), "line {n}");
    }
}

#[test]
fn a_term_has_both_days_in_their_order() {
    for (from, to, field) in [
        (Some("2025-03-10"), None, "admitted_to"),
        (None, Some("2025-03-10"), "admitted_from"),
        (Some("2025-03-11"), Some("2025-03-10"), "admitted_to"),
    ] {
        let mut w = World::new();
        let said = sent_by(&mut w, SYSTEM, false, laboratory(from, to));
        assert!(
            matches!(said, Err(Rejection::Invalid { field: told, .. }) if told == field),
            "{said:?}"
        );
    }
}

/// From registration by one officer to the first claim: two more persons stand between.
#[test]
fn a_laboratory_without_a_term_is_admitted_by_an_application() {
    let mut w = World::new();
    let officer = w.with_roles(&[(Role::ScienceOfficer, Scope::Member(HOST))]);
    w.by(officer, laboratory(None, None));
    let provider = registered(&w).expect("registered");
    let (before, days) = (
        day("2025-03-09"),
        ["2025-03-09", "2025-03-10", "2025-03-11"],
    );
    assert_eq!(w.state.terms_of(provider), []);
    for on in days {
        assert_eq!(w.state.admitted_on(provider, day(on)), None, "{on}");
    }
    w.grant(FILER, Role::Provider, Scope::Provider(provider));
    let events = w.by(
        FILER,
        apply(Applicant::Registered(provider), "2025-03-10", "2025-12-31"),
    );
    assert!(
        matches!(&events[0].event, Event::AdmissionApplied(e) if e.admission == ADMISSION),
        "{events:?}"
    );
    w.by(officer, check(AdmissionDecision::Passed));
    w.advance("2025-03-18");
    let events = w.by(CHECKER, admit());
    assert!(
        matches!(&events[..], [one] if matches!(one.event, Event::ProviderAdmitted(_))),
        "{events:?}"
    );
    let admitted = (day("2025-03-18"), day("2025-12-31"));
    let terms = w.state.terms_of(provider);
    let found: Vec<_> = terms.iter().map(|(from, to, _)| (*from, *to)).collect();
    assert_eq!(found, [admitted], "the day of registration is no term");
    assert_eq!(w.state.admitted_on(provider, before), None);
    assert_eq!(w.state.admitted_on(provider, day("2025-03-17")), None);
    assert!(w.state.admitted_on(provider, day("2025-03-18")).is_some());
    invariants::check(&w.state).expect("every invariant holds");
}

/// A claim is refused until then, as for any laboratory that is not admitted.
#[test]
fn a_contract_with_a_laboratory_that_is_registered_alone_is_not_paid() {
    let mut w = World::new();
    w.by(MAKER, laboratory(None, None));
    let provider = registered(&w).expect("registered");
    w.grant(FILER, Role::Provider, Scope::Provider(provider));
    let mut claim = w.claim();
    claim.provider = ProviderKey::Id(provider);
    let Event::ClaimRefused(refused) = w.file(claim) else {
        panic!("it was not refused");
    };
    let faults: Vec<_> = refused.faults.in_order().collect();
    assert!(
        faults.contains(&crate::engine::refusal::RefusalCode::ProviderNotAdmitted),
        "{faults:?}"
    );
}
