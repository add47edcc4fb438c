//! The judging version recognises the provider's city: it stands in the plain list, or it is
//! recognised for the contract's day and category; a version that gives neither recognises all
//! members. The issuing city may have taken a stance on the provider itself; where the version
//! does not, it may recognise what the other city admits (`docs/adr/0015`).

use super::{Check, Facts, OnProvider, OnVoucher, ensure};
use crate::engine::state::{Marks, State};
use crate::engine::terms::{RECOGNITIONS_MAX, VersionTerms};

#[inline]
pub(super) fn host(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| {
        let plainly = plainly(voucher.terms, provider.row.city);
        let listed = plainly || specially(facts, voucher, provider);
        if listed && !provider.row.marks.has(Marks::RECOGNISED) {
            return false;
        }
        let (state, claim) = (facts.state, facts.claim);
        let city = state.programmes[voucher.programme.index()].city;
        let on = claim.contract_date;
        !state.recognises(city, provider.id, claim.category, on, listed)
    })
}

#[inline]
fn plainly(terms: &VersionTerms, host: crate::domain::MemberId) -> bool {
    match &terms.recognised {
        None => terms.recognitions.is_empty(),
        Some(cities) => cities.binary_search(&host).is_ok(),
    }
}

/// Recognised for the contract's day and category.
fn specially(facts: &Facts<'_>, voucher: &OnVoucher<'_>, provider: &OnProvider<'_>) -> bool {
    let claim = facts.claim;
    let category = 1_u64.checked_shl(claim.category.0.into()).unwrap_or(0);
    voucher.terms.recognitions.iter().any(|recognition| {
        recognition.host == provider.row.city
            && (recognition.from..=recognition.to).contains(&claim.contract_date)
            && (recognition.categories == 0 || recognition.categories & category != 0)
    })
}

pub(super) fn check(state: &State, terms: &VersionTerms) -> Check {
    let field = "recognitions";
    let few = terms.recognitions.len() <= RECOGNITIONS_MAX;
    ensure(few, field, "are at most 256")?;
    for recognition in &terms.recognitions {
        let host = state.members.get(recognition.host.index());
        let city = host.is_some_and(|row| row.kind == crate::engine::terms::MemberKind::City);
        ensure(city, field, "name a member that is no city")?;
        let ordered = recognition.from <= recognition.to;
        ensure(ordered, field, "one of them ends before it begins")?;
        let categories = state.categories.len();
        let known = categories >= 64 || recognition.categories >> categories == 0;
        ensure(known, field, "name a category that does not exist")?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::HostNotRecognised], |_, c| {
            c.provider = ProviderKey::Id(THIRD_LAB);
        }),
        // Recognised until the day before, and for another category.
        (&[Code::HostNotRecognised], |w, _| {
            recognise(w, HOST, ("2025-01-01", "2025-03-09"), 0);
        }),
        (&[Code::HostNotRecognised], |w, _| {
            recognise(w, HOST, ("2025-01-01", "2025-12-31"), 1 << DESIGN.0);
        }),
        // Where some are recognised so, the others are not.
        (&[Code::HostNotRecognised], |w, _| {
            recognise(w, THIRD, ("2025-01-01", "2025-12-31"), 0);
        }),
        (&[Code::HostNotRecognised], |w, _| {
            let subject = RecognitionSubject::Provider(LAB);
            w.recognise(HOME, subject, RecognitionStance::Refuses, None);
        }),
    ]
};

/// Recognises a city for some days and categories, and no other.
#[cfg(test)]
fn recognise(
    w: &mut super::tests::World,
    host: crate::domain::MemberId,
    (from, to): (&str, &str),
    categories: u64,
) {
    use super::tests::{World, day};
    let recognition = crate::engine::terms::Recognition {
        host,
        from: day(from),
        to: day(to),
        categories,
    };
    w.publish(VersionTerms {
        recognised: None,
        recognitions: Box::new([recognition]),
        ..World::terms()
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::recognise;

    #[test]
    fn a_city_is_recognised_on_the_first_and_the_last_day_and_in_the_categories_named() {
        for days in [("2025-03-10", "2025-12-31"), ("2025-01-01", "2025-03-10")] {
            let mut world = World::new();
            recognise(&mut world, HOST, days, 1 << TESTING.0);
            let claim = world.claim();
            world.approve(claim);
        }
    }
}
