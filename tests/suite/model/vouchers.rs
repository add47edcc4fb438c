//! Vouchers and consents, naively.

use jiff::civil::Date;

use super::steps::What;
use super::{
    CapChange, Consent, Model, Money, Verdict, Version, Voucher, plus_days, plus_months, refused,
};
use crate::model::Bend;

impl Model {
    /// The version that judges a day: the latest in force, else the first.
    pub(super) fn version_on(&self, programme: usize, day: Date) -> Option<usize> {
        let versions = &self.programmes[programme].versions;
        let in_force = (0..versions.len()).filter(|i| versions[*i].effective_from <= day);
        let latest = in_force.max_by_key(|i| (versions[*i].effective_from, *i));
        latest.or(if versions.is_empty() { None } else { Some(0) })
    }

    pub(super) fn version(&self, programme: usize, number: usize) -> &Version {
        &self.programmes[programme].versions[number]
    }

    pub(super) fn approved_of(&self, voucher: usize) -> Money {
        let claims = self.claims.iter();
        claims
            .filter(|claim| claim.voucher == voucher && !claim.reversed)
            .map(|claim| claim.approval.amount)
            .sum()
    }

    pub(super) fn returned_of(&self, voucher: usize) -> Money {
        let row = &self.vouchers[voucher];
        row.returned.iter().sum::<Money>() + row.given_back
    }

    pub(super) fn free_of(&self, voucher: usize) -> Money {
        self.vouchers[voucher].amount
            - self.approved_of(voucher)
            - self.held_of(voucher)
            - self.transferred_out(voucher)
            - self.returned_of(voucher)
            - self.lost_releases(voucher)
    }

    /// What a programme can still issue.
    pub(super) fn available(&self, programme: usize) -> Money {
        let budget: Money = self.programmes[programme].budget.iter().sum();
        let mut available = budget;
        for (id, voucher) in self.vouchers.iter().enumerate() {
            if voucher.programme != programme {
                continue;
            }
            let parent = voucher.parent.map(|parent| self.vouchers[parent].programme);
            if parent != Some(programme) {
                available -= voucher.amount;
            }
            available += self.vouchers[id].returned.iter().sum::<Money>();
        }
        if self.bend == Bend::LapseIsLost {
            available -= self.lapsed(programme);
        }
        available
    }

    pub(super) fn lapsed(&self, programme: usize) -> Money {
        let lapses = self.lapses.iter();
        lapses
            .filter(|(voucher, _)| self.vouchers[*voucher].programme == programme)
            .map(|(_, amount)| *amount)
            .sum()
    }

    /// What an enterprise has had and used under a programme.
    pub(super) fn usage(&self, programme: usize, enterprise: usize) -> (Money, Money) {
        let (mut issued, mut used) = (0, 0);
        for change in &self.cap_changes {
            if (change.programme, change.enterprise) == (programme, enterprise) {
                issued = (issued + change.issued).max(0);
                used = (used + change.used).max(0);
            }
        }
        (issued, used)
    }

    pub(super) fn change_caps(&mut self, voucher: usize, issued: Money, used: Money) {
        let Voucher {
            programme, holder, ..
        } = self.vouchers[voucher];
        self.cap_changes.push(CapChange {
            programme,
            enterprise: holder,
            issued,
            used,
        });
    }

    pub(super) fn issue(&mut self, programme: usize, enterprise: usize, amount: Money) -> Verdict {
        if self.enterprises.get(enterprise).is_none() || amount == 0 {
            return Verdict::Rejected;
        }
        let Some(number) = self.version_on(programme, self.today) else {
            return refused("NO_VERSION_IN_FORCE");
        };
        let version = self.version(programme, number);
        let (use_months, cash_days) = (version.use_months, version.cash_days);
        let issued = self.usage(programme, enterprise).0;
        if self.enterprises[enterprise].city != self.programmes[programme].city {
            return refused("NOT_HOME_CITY");
        }
        if self.is_blocked(&self.enterprises[enterprise].code) {
            return refused("PARTY_BLOCKED");
        }
        if issued + amount > version.cap_enterprise {
            return refused("ISSUE_CAP_EXCEEDED");
        }
        if amount > self.available(programme) {
            return refused("BUDGET_EXHAUSTED");
        }
        let use_by = plus_months(self.today, use_months);
        self.vouchers.push(Voucher {
            programme,
            holder: enterprise,
            amount,
            issued_on: self.today,
            use_by,
            cash_by: plus_days(use_by, cash_days),
            version: number,
            contracts_from: self.today,
            parent: None,
            replaces: None,
            revoked: false,
            frozen: false,
            returned: Vec::new(),
            given_back: 0,
        });
        self.change_caps(self.vouchers.len() - 1, amount, 0);
        Verdict::Done
    }

    pub(super) fn consent(&mut self, by: usize, consent: Consent) -> Verdict {
        let known = consent.voucher < self.vouchers.len()
            && consent.provider.is_none_or(|id| id < self.providers.len());
        if !known || consent.until < self.today {
            return Verdict::Rejected;
        }
        if self.vouchers[consent.voucher].revoked {
            return refused("VOUCHER_REVOKED");
        }
        self.consents.push(consent);
        self.did(by, What::Consent(self.consents.len() - 1));
        Verdict::Done
    }

    pub(super) fn freeze(&mut self, voucher: usize, frozen: bool) -> Verdict {
        match self.vouchers.get_mut(voucher) {
            None => Verdict::Rejected,
            Some(row) if row.revoked => refused("VOUCHER_REVOKED"),
            Some(row) if row.frozen == frozen => refused("ALREADY_IN_STATE"),
            Some(row) => {
                row.frozen = frozen;
                Verdict::Done
            }
        }
    }

    pub(super) fn revoke(&mut self, by: usize, voucher: usize) -> Verdict {
        if voucher >= self.vouchers.len() {
            return Verdict::Rejected;
        }
        let free = self.free_of(voucher);
        if self.vouchers[voucher].revoked {
            return refused("VOUCHER_REVOKED");
        }
        if free == 0 {
            return refused("NOTHING_TO_REVOKE");
        }
        self.vouchers[voucher].revoked = true;
        self.vouchers[voucher].returned.push(free);
        let row = &self.vouchers[voucher];
        let issued = self.usage(row.programme, row.holder).0.min(free);
        self.change_caps(voucher, -free, 0);
        self.did(
            by,
            What::Revocation {
                voucher,
                amount: free,
                issued,
            },
        );
        Verdict::Done
    }

    pub(super) fn lapse(&mut self, voucher: usize) {
        let free = self.free_of(voucher);
        if free > 0 {
            self.vouchers[voucher].returned.push(free);
            self.lapses.push((voucher, free));
        }
    }

    /// Money that was bound and is free again: after the last filing day it goes on to the
    /// programme.
    pub(super) fn give_back(&mut self, voucher: usize, amount: Money) {
        if self.today > self.vouchers[voucher].cash_by && amount > 0 {
            self.vouchers[voucher].returned.push(amount);
            self.lapses.push((voucher, amount));
        }
    }
}
