//! The cap of what an enterprise is approved in a rolling period of filing dates, under all
//! programmes of the issuing city. What was used is summed over the enterprise's own claims, newest
//! first, so that a version can begin to cap it at any time; the cost is one step per claim of the
//! enterprise within the period.

use super::{Charge, Check, ensure};
use crate::domain::Fen;
use crate::engine::terms::{
    ROLLING_DAYS_MAX, ROLLING_MONTHS_MAX, RollingCap, RollingPeriod, VersionTerms,
};

#[inline]
pub(super) fn left(charge: &Charge<'_>) -> Fen {
    charge
        .terms
        .rolling
        .map_or(Fen::MAX, |rolling| of_period(charge, rolling))
}

fn of_period(charge: &Charge<'_>, rolling: RollingCap) -> Fen {
    let from = rolling.period.first_day(charge.on);
    let city = charge.state.programmes[charge.programme.index()].city;
    let used = charge.state.used_since(city, charge.holder, from);
    rolling.cap.saturating_sub(used)
}

pub(super) fn check(terms: &VersionTerms) -> Check {
    let fits = terms.rolling.is_none_or(|rolling| match rolling.period {
        RollingPeriod::Days(days) => (1..=ROLLING_DAYS_MAX).contains(&days),
        RollingPeriod::Months(months) => (1..=ROLLING_MONTHS_MAX).contains(&months),
    });
    let problem = "reaches back 1 to 3660 days, or 1 to 120 months";
    ensure(fits, "rolling", problem)
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    const LAST_DAYS: RollingCap = RollingCap {
        cap: Fen::ZERO,
        period: RollingPeriod::Days(30),
    };
    &[
        (&[Code::RollingCapExhausted], |w, _| {
            w.publish(VersionTerms {
                rolling: Some(LAST_DAYS),
                ..World::terms()
            });
        }),
        // The first claim was filed 29 days before, under a version without the cap.
        (&[Code::RollingCapExhausted], |w, c| {
            let first = w.claim();
            w.approve(first);
            w.advance("2025-04-08");
            c.contract_date = day("2025-04-08");
            w.publish(VersionTerms {
                effective_from: day("2025-04-08"),
                rolling: Some(RollingCap {
                    cap: fen(40_000),
                    ..LAST_DAYS
                }),
                ..World::terms()
            });
        }),
    ]
};

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    /// What a claim is approved with on a day, after one of 200.00 on 2028-01-31 and with a cap
    /// of 500.00.
    fn amount_on(filed: &str, period: RollingPeriod) -> i64 {
        let mut world = World::new();
        world.advance("2028-01-31");
        world.publish(VersionTerms {
            effective_from: day("2028-01-31"),
            cap_enterprise: fen(300_000),
            cap_group: fen(300_000),
            rolling: Some(RollingCap {
                cap: fen(50_000),
                period,
            }),
            use_months: 24,
            ..World::terms()
        });
        world.issue(FIRM, 100_000);
        let lab = world.readmit("2028-01-01", "2029-12-31");
        let mut claim = world.claim();
        claim.voucher = VoucherKey::Id(crate::domain::VoucherId(1));
        claim.provider = ProviderKey::Id(lab);
        claim.contract_date = day("2028-01-31");
        claim.invoice_amount = fen(40_000);
        assert_eq!(world.approve(claim.clone()).amount.get(), 20_000);
        world.advance(filed);
        claim.invoice_no = world.claim().invoice_no;
        claim.invoice_amount = fen(1_000_000);
        world.approve(claim).amount.get()
    }

    #[test]
    fn a_rolling_period_ends_with_its_last_day_at_leap_days_and_ends_of_months_too() {
        use RollingPeriod::{Days, Months};
        for (filed, period, expected) in [
            ("2028-02-29", Days(30), 30_000),
            ("2028-03-01", Days(30), 50_000),
            ("2028-02-28", Months(1), 30_000),
            ("2028-02-29", Months(1), 30_000),
            ("2028-03-01", Months(1), 50_000),
            ("2029-01-30", Months(12), 30_000),
            ("2029-01-31", Months(12), 50_000),
        ] {
            assert_eq!(amount_on(filed, period), expected, "{filed} {period:?}");
        }
    }
}
