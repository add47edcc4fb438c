//! What the judging version does not fund, by kind of enterprise, category, provider and host.

use super::{Check, Facts, ensure};
use crate::engine::state::State;
use crate::engine::terms::{EXCLUSIONS_MAX, Exclusion, VersionTerms};

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
            enterprise_kind.is_none_or(|kind| kind == voucher.enterprise.kind)
                && category.is_none_or(|category| category == facts.claim.category)
                && named.is_none_or(|named| named == provider.id)
                && host.is_none_or(|host| host == provider.row.city)
        })
    })
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
    &[
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
