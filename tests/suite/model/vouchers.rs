//! Vouchers and consents, naively.

use jiff::civil::Date;

use super::issued::Issue;
use super::limits::{Contract, Counted};
use super::steps::What;
use super::{
    CapChange, Consent, Model, Money, Return, Used, Verdict, Version, Voucher, plus_days,
    plus_months, refused,
};
use crate::model::Bend;

impl Model {
    /// The version in force on a day, the latest of them: what is issued that day has its terms.
    pub(super) fn version_in_force(&self, programme: usize, day: Date) -> Option<usize> {
        let versions = &self.programmes[programme].versions;
        let in_force = (0..versions.len()).filter(|i| versions[*i].effective_from <= day);
        in_force.max_by_key(|i| (versions[*i].effective_from, *i))
    }

    /// The version that judges a contract of a day: the one in force, else the first.
    pub(super) fn version_on(&self, programme: usize, day: Date) -> Option<usize> {
        let none = self.programmes[programme].versions.is_empty();
        let first = (!none).then_some(0);
        self.version_in_force(programme, day).or(first)
    }

    pub(super) fn version(&self, programme: usize, number: usize) -> &Version {
        &self.programmes[programme].versions[number]
    }

    pub(super) fn approved_of(&self, voucher: usize) -> Money {
        let claims = self.claims.iter();
        claims
            .filter(|claim| claim.voucher == voucher && !claim.reversed && !claim.waits)
            .map(|claim| claim.approval.amount)
            .sum()
    }

    pub(super) fn returned_of(&self, voucher: usize) -> Money {
        let row = &self.vouchers[voucher];
        row.returned.iter().map(|back| back.amount).sum::<Money>() + row.given_back
    }

    pub(super) fn free_of(&self, voucher: usize) -> Money {
        self.vouchers[voucher].amount
            - self.approved_of(voucher)
            - self.claimed_of(voucher)
            - self.held_of(voucher)
            - self.transferred_out(voucher)
            - self.returned_of(voucher)
            - self.lost_releases(voucher)
    }

    /// What a programme can still issue.
    pub(super) fn available(&self, programme: usize) -> Money {
        // What was carried was issued, held, claimed or approved before.
        if self.programmes[programme].carried.is_some() {
            return 0;
        }
        let budget: Money = self.programmes[programme].budget.iter().sum();
        let mut available = budget + self.came_back(programme, false);
        for voucher in &self.vouchers {
            let parent = voucher.parent.map(|parent| self.vouchers[parent].programme);
            if voucher.programme == programme && parent != Some(programme) {
                available -= voucher.amount;
            }
        }
        if self.bend == Bend::LapseIsLost {
            available -= self.lapsed(programme);
        }
        available
    }

    /// What came back to a budget, to be used again or lapsed for good.
    pub(super) fn came_back(&self, pot: usize, lapsed: bool) -> Money {
        let all = self.vouchers.iter().flat_map(|voucher| &voucher.returned);
        let here = all.filter(|back| (back.pot, back.lapsed) == (pot, lapsed));
        here.map(|back| back.amount).sum()
    }

    pub(super) fn lapsed(&self, pot: usize) -> Money {
        let lapses = self.lapses.iter();
        lapses
            .filter(|(own, _)| *own == pot)
            .map(|(_, amount)| *amount)
            .sum()
    }

    /// What an enterprise has had and used under a programme.
    pub(super) fn usage(&self, programme: usize, enterprise: usize) -> (Money, Money) {
        let used = self.counted(programme, enterprise).used;
        (self.issued_to(programme, enterprise), used)
    }

    pub(super) fn counted(&self, programme: usize, enterprise: usize) -> Counted {
        let mut counted = Counted::default();
        for (at, change) in self.cap_changes.iter().enumerate() {
            if (change.programme, change.enterprise) != (programme, enterprise) {
                continue;
            }
            counted.short = false;
            match &change.used {
                Used::In(category, amount) => counted.count(category, *amount),
                Used::Moved(used, parts, theirs) => counted.shift(*used, parts, theirs.as_deref()),
                Used::On(parts) => counted.count_on(parts),
            }
            if counted.short {
                counted.short_at = at + 1;
            }
        }
        counted
    }

    /// Counts a use, or what is used no more.
    pub(super) fn count(&mut self, voucher: usize, category: &str, amount: Money) {
        self.change_caps(voucher, Used::In(category.to_owned(), amount));
    }

    /// Counts a use of a contract that a version caps, or what is used no more.
    pub(super) fn count_on(&mut self, voucher: usize, contract: Contract, amount: Money) {
        let parts = vec![(contract, amount)];
        self.change_caps(voucher, Used::On(parts));
    }

    pub(super) fn change_caps(&mut self, voucher: usize, used: Used) {
        let Voucher {
            programme, holder, ..
        } = self.vouchers[voucher];
        self.cap_changes.push(CapChange {
            programme,
            enterprise: holder,
            used,
        });
    }

    pub(super) fn issue(&mut self, programme: usize, enterprise: usize, amount: Money) -> Verdict {
        if self.enterprises.get(enterprise).is_none() || amount == 0 {
            return Verdict::Rejected;
        }
        let Some(number) = self.version_in_force(programme, self.today) else {
            return refused("NO_VERSION_IN_FORCE");
        };
        if self.programmes[programme].year != super::year_end::Year::Open {
            return refused("YEAR_ENDED");
        }
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
            pot: programme,
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
        self.issues.push(Issue::Of(self.vouchers.len() - 1));
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
        if consent.by_provider && !self.may_confirm(&consent) {
            return refused("NOT_AUTHORISED");
        }
        self.consents.push(consent);
        self.did(by, What::Consent(self.consents.len() - 1));
        Verdict::Done
    }

    /// A lab's word is asked for where firms are paid; elsewhere the holder must have named the
    /// lab, or any, and not have taken that back.
    fn may_confirm(&self, word: &Consent) -> bool {
        let programme = &self.programmes[self.vouchers[word.voucher].programme];
        let mut versions = programme.versions.iter();
        let named = |provider| {
            let mut newest = self.consents.iter().rev();
            let newest = newest.find(|row| {
                row.voucher == word.voucher && !row.by_provider && row.provider == provider
            });
            newest.is_some_and(|row| !row.withdrawn)
        };
        versions.any(|version| version.pays_enterprise) || named(None) || named(word.provider)
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
        self.came_home(voucher, free);
        self.uncount_issued(voucher, free);
        self.did(
            by,
            What::Revocation {
                voucher,
                place: self.vouchers[voucher].returned.len() - 1,
                issue: self.issues.len() - 1,
            },
        );
        Verdict::Done
    }

    pub(super) fn lapse(&mut self, voucher: usize) {
        let free = self.free_of(voucher);
        if free > 0 {
            self.came_home(voucher, free);
            self.lapses.push((self.vouchers[voucher].pot, free));
        }
    }

    /// An amount of a voucher goes back to the budget that it is charged to.
    pub(super) fn came_home(&mut self, voucher: usize, amount: Money) {
        let pot = self.vouchers[voucher].pot;
        let lapsed = self.is_over(pot);
        self.vouchers[voucher].returned.push(Return {
            amount,
            pot,
            lapsed,
        });
    }

    /// Money that was bound and is free again: of a revoked voucher, and after the last filing day,
    /// it goes on to the programme.
    pub(super) fn give_back(&mut self, voucher: usize, amount: Money) {
        if self.is_revoked_for_good(voucher) {
            if amount > 0 {
                self.came_home(voucher, amount);
                self.uncount_issued(voucher, amount);
            }
            return;
        }
        if self.today > self.vouchers[voucher].cash_by && amount > 0 {
            self.came_home(voucher, amount);
            self.lapses.push((self.vouchers[voucher].pot, amount));
        }
    }

    pub(super) fn is_revoked_for_good(&self, voucher: usize) -> bool {
        self.vouchers[voucher].revoked && self.bend != Bend::RevokedKeepsMoney
    }
}
