//! Vouchers, consents and transfers, naively.

use jiff::civil::Date;

use super::{
    CapChange, Consent, Kind, Model, Money, Transfer, Verdict, Version, Voucher, plus_days,
    plus_months, refused,
};
use crate::model::Bend;

/// A proposal of a transfer.
pub(super) struct Proposal {
    pub(super) by: usize,
    pub(super) voucher: usize,
    pub(super) kind: Kind,
    pub(super) to: usize,
    pub(super) to_city: Option<usize>,
    pub(super) cap_share: Money,
    pub(super) amount: Money,
}

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

    pub(super) fn held_of(&self, voucher: usize) -> Money {
        let transfers = self.transfers.iter();
        let waiting: Money = transfers
            .filter(|transfer| transfer.voucher == voucher && transfer.approved.is_none())
            .map(|transfer| transfer.amount)
            .sum();
        waiting + self.held_for_orders(voucher)
    }

    fn transferred_out(&self, voucher: usize) -> Money {
        let transfers = self.transfers.iter();
        transfers
            .filter(|transfer| transfer.voucher == voucher && transfer.approved == Some(true))
            .map(|transfer| transfer.amount)
            .sum()
    }

    pub(super) fn returned_of(&self, voucher: usize) -> Money {
        self.vouchers[voucher].returned.iter().sum()
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
            if voucher.parent.is_none() {
                available -= voucher.amount;
            }
            available += self.returned_of(id);
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
        });
        self.change_caps(self.vouchers.len() - 1, amount, 0);
        Verdict::Done
    }

    pub(super) fn consent(&mut self, consent: Consent) -> Verdict {
        let known = consent.voucher < self.vouchers.len()
            && consent.provider.is_none_or(|id| id < self.providers.len());
        if !known || consent.until < self.today {
            return Verdict::Rejected;
        }
        if self.vouchers[consent.voucher].revoked {
            return refused("VOUCHER_REVOKED");
        }
        self.consents.push(consent);
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

    pub(super) fn revoke(&mut self, voucher: usize) -> Verdict {
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
        self.change_caps(voucher, -free, 0);
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

    pub(super) fn propose(&mut self, p: Proposal) -> Verdict {
        let relocates = p.kind == Kind::Relocation;
        let known = p.voucher < self.vouchers.len() && p.to < self.enterprises.len();
        if !known || relocates != (p.amount == 0) {
            return Verdict::Rejected;
        }
        let row = &self.vouchers[p.voucher];
        if row.revoked {
            return refused("VOUCHER_REVOKED");
        }
        if row.frozen {
            return refused("VOUCHER_FROZEN");
        }
        if self.today > row.cash_by {
            return refused("CASH_DEADLINE_PASSED");
        }
        if !self
            .version(row.programme, row.version)
            .transfers
            .contains(&p.kind)
        {
            return refused("TRANSFER_NOT_ALLOWED");
        }
        if !self.eligible(p.voucher, p.kind, p.to, p.to_city) {
            return refused("TRANSFER_RECEIVER_NOT_ELIGIBLE");
        }
        if p.amount > self.free_of(p.voucher) {
            return refused("TRANSFER_EXCEEDS_FREE");
        }
        self.transfers.push(Transfer {
            voucher: p.voucher,
            kind: p.kind,
            to: p.to,
            to_city: p.to_city,
            cap_share: p.cap_share,
            amount: p.amount,
            by: p.by,
            approved: None,
        });
        Verdict::Done
    }

    fn eligible(&self, voucher: usize, kind: Kind, to: usize, to_city: Option<usize>) -> bool {
        let row = &self.vouchers[voucher];
        let city = self.enterprises[to].city;
        match kind {
            Kind::Succession => to != row.holder,
            Kind::Open => to != row.holder && city == self.programmes[row.programme].city,
            Kind::Relocation => to_city != Some(city),
        }
    }

    pub(super) fn decide(&mut self, by: usize, transfer: usize, approve: bool) -> Verdict {
        let Some(t) = self.transfers.get(transfer) else {
            return Verdict::Rejected;
        };
        if t.approved.is_some() {
            return refused("TRANSFER_DECIDED");
        }
        if t.by == by {
            return refused("SECOND_PERSON_REQUIRED");
        }
        let (voucher, kind, to, to_city) = (t.voucher, t.kind, t.to, t.to_city);
        let (cap_share, amount) = (t.cap_share, t.amount);
        if !approve {
            self.transfers[transfer].approved = Some(false);
            self.give_back(voucher, amount);
            return Verdict::Done;
        }
        let row = &self.vouchers[voucher];
        if self.today > row.cash_by {
            return refused("CASH_DEADLINE_PASSED");
        }
        if row.revoked {
            return refused("VOUCHER_REVOKED");
        }
        if row.frozen {
            return refused("VOUCHER_FROZEN");
        }
        if !self.eligible(voucher, kind, to, to_city) {
            return refused("TRANSFER_RECEIVER_NOT_ELIGIBLE");
        }
        self.transfers[transfer].approved = Some(true);
        if let Some(city) = to_city {
            self.enterprises[to].city = city;
            return Verdict::Done;
        }
        self.add_child(voucher, kind, to, amount);
        let (issued, used) = self.usage(
            self.vouchers[voucher].programme,
            self.vouchers[voucher].holder,
        );
        let (issued, used) = (issued * cap_share / 1_000_000, used * cap_share / 1_000_000);
        self.change_caps(voucher, -issued, -used);
        self.change_caps(self.vouchers.len() - 1, issued, used);
        Verdict::Done
    }

    fn add_child(&mut self, voucher: usize, kind: Kind, to: usize, amount: Money) {
        let parent = &self.vouchers[voucher];
        let contracts_from = match kind {
            Kind::Succession => parent.contracts_from,
            _ => self.today,
        };
        self.vouchers.push(Voucher {
            holder: to,
            amount,
            contracts_from,
            parent: Some(voucher),
            replaces: None,
            revoked: false,
            frozen: false,
            returned: Vec::new(),
            ..*parent
        });
    }
}
