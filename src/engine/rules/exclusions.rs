//! What the judging version does not fund, by kind of enterprise, category, provider and host.

use super::{Check, Facts, OnVoucher, ensure};
use crate::engine::state::State;
use crate::engine::terms::{EXCLUSIONS_MAX, EnterpriseKind, Exclusion, VersionTerms};

#[inline]
pub(super) fn excluded(facts: &Facts<'_>) -> bool {
    facts.on_both(|voucher, provider| {
        voucher.terms.exclusions.iter().any(|exclusion| {
            let Exclusion {
                enterprise_kind,
                category,
                provider: named,
                host,
            } = exclusion;
            enterprise_kind.is_none_or(|kind| Some(kind) == kind_of(facts, voucher))
                && category.is_none_or(|category| category == facts.claim.category)
                && named.is_none_or(|named| named == provider.id)
                && host.is_none_or(|host| host == provider.row.city)
        })
    })
}

/// What the holder is on the contract date by the certificates that the issuing city recognises.
fn kind_of(facts: &Facts<'_>, voucher: &OnVoucher<'_>) -> Option<EnterpriseKind> {
    let city = facts.state.programmes[voucher.programme.index()].city;
    let on = facts.claim.contract_date;
    facts.state.enterprise_kind_for(voucher.holder, on, city)
}

pub(super) fn check(state: &State, terms: &VersionTerms) -> Check {
    let field = "exclusions";
    ensure(terms.exclusions.len() <= EXCLUSIONS_MAX, field, "are at most 64")?;
    for exclusion in &terms.exclusions {
        let says = exclusion.enterprise_kind.is_some()
            || exclusion.category.is_some()
            || exclusion.provider.is_some()
            || exclusion.host.is_some();
        ensure(says, field, "one of them excludes everything")?;
        let category = exclusion.category;
        let known = category.is_none_or(|id| state.categories.get(id.index()).is_some());
        ensure(known, field, "name a category that does not exist")?;
        let provider = exclusion.provider;
        let known = provider.is_none_or(|id| state.providers.get(id.index()).is_some());
        ensure(known, field, "name a provider that does not exist")?;
        let host = exclusion.host;
        let known = host.is_none_or(|id| state.members.get(id.index()).is_some());
        ensure(known, field, "name a member that does not exist")?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    const NOTHING: Exclusion = Exclusion {
        enterprise_kind: None,
        category: None,
        provider: None,
        host: None,
    };
    fn exclude(w: &mut World, exclusion: Exclusion) {
        let exclusions = Box::new([exclusion]);
        w.publish(VersionTerms {
            exclusions,
            ..World::terms()
        });
    }
    fn exclude_kind(w: &mut World, kind: EnterpriseKind) {
        let enterprise_kind = Some(kind);
        exclude(
            w,
            Exclusion {
                enterprise_kind,
                ..NOTHING
            },
        );
    }
    &[
        // A certificate that counts on the contract date, of the own city and of another one.
        (&[Code::Excluded], |w, _| {
            w.certify("2025-12-31", HOME);
            exclude_kind(w, EnterpriseKind::HighTech);
        }),
        (&[Code::Excluded], |w, _| {
            w.certify("2025-12-31", HOST);
            exclude_kind(w, EnterpriseKind::HighTech);
        }),
        // One that has expired, or that the issuing city refuses: the firm is what it was.
        (&[Code::Excluded], |w, _| {
            w.certify("2025-03-01", HOME);
            exclude_kind(w, EnterpriseKind::Sme);
        }),
        (&[Code::Excluded], |w, _| {
            w.certify("2025-12-31", HOST);
            w.refuse_status_of(HOST);
            exclude_kind(w, EnterpriseKind::Sme);
        }),
        (&[Code::Excluded], |w, _| {
            let enterprise_kind = Some(EnterpriseKind::Sme);
            exclude(
                w,
                Exclusion {
                    enterprise_kind,
                    ..NOTHING
                },
            );
        }),
        (&[Code::Excluded], |w, _| {
            let (category, provider) = (Some(TESTING), Some(LAB));
            exclude(
                w,
                Exclusion {
                    category,
                    provider,
                    ..NOTHING
                },
            );
        }),
        (&[Code::Excluded], |w, _| {
            let host = Some(HOST);
            exclude(w, Exclusion { host, ..NOTHING });
        }),
    ]
};

#[cfg(test)]
mod tests {
    use super::super::tests::*;

    #[test]
    fn a_certificate_that_does_not_count_excludes_nobody() {
        for (to, refused) in [("2025-03-01", false), ("2025-12-31", true)] {
            let mut world = World::new();
            world.certify(to, HOST);
            if refused {
                world.refuse_status_of(HOST);
            }
            world.publish(VersionTerms {
                exclusions: Box::new([super::Exclusion {
                    enterprise_kind: Some(EnterpriseKind::HighTech),
                    category: None,
                    provider: None,
                    host: None,
                }]),
                ..World::terms()
            });
            let claim = world.claim();
            world.approve(claim);
        }
    }

    #[test]
    fn an_exclusion_of_which_one_part_does_not_fit_excludes_nothing() {
        let mut world = World::new();
        world.publish(VersionTerms {
            exclusions: Box::new([super::Exclusion {
                enterprise_kind: Some(EnterpriseKind::Sme),
                category: Some(DESIGN),
                provider: Some(LAB),
                host: None,
            }]),
            ..World::terms()
        });
        let claim = world.claim();
        world.approve(claim);
    }
}
