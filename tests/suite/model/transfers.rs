//! Transfers, naively.

use jiff::civil::Date;

use super::issued::Issue;
use super::limits::Contract;
use super::steps::What;
use super::world::CATEGORIES;
use super::{
    Fate, Kind, Model, Money, Transfer, Used, Verdict, Voucher, group_on, plus_days, plus_months,
    refused,
};

/// A proposal of a transfer.
pub(super) struct Proposal {
    pub(super) by: usize,
    pub(super) voucher: usize,
    pub(super) kind: Kind,
    pub(super) to: usize,
    pub(super) to_city: Option<usize>,
    pub(super) to_programme: Option<usize>,
    pub(super) cap_share: Money,
    pub(super) amount: Money,
    pub(super) expires_on: Option<Date>,
}

impl Model {
    fn transfers_of(&self, voucher: usize, fate: Fate) -> impl Iterator<Item = &Transfer> {
        let of = move |row: &&Transfer| row.voucher == voucher && row.fate == fate;
        self.transfers.iter().filter(of)
    }

    pub(super) fn held_of(&self, voucher: usize) -> Money {
        let held = self.transfers_of(voucher, Fate::Proposed);
        let waiting: Money = held.map(|transfer| transfer.amount).sum();
        waiting + self.held_for_orders(voucher)
    }

    /// What went into children; what moved away was revoked instead.
    pub(super) fn transferred_out(&self, voucher: usize) -> Money {
        let out = self.transfers_of(voucher, Fate::Approved);
        out.filter(|transfer| transfer.kind != Kind::Move)
            .map(|transfer| transfer.amount)
            .sum()
    }

    /// Shares that transfers of one fate took or would take of what an enterprise had.
    fn shares(&self, voucher: usize, fate: Fate) -> Money {
        let of = |id: usize| (self.vouchers[id].programme, self.vouchers[id].holder);
        let same = |row: &&Transfer| row.fate == fate && of(row.voucher) == of(voucher);
        let same = self.transfers.iter().filter(same);
        same.map(|row| row.cap_share).sum()
    }

    /// What moved away from a voucher or went back to its parent: it cannot be reissued.
    pub(super) fn gone_elsewhere(&self, voucher: usize) -> Money {
        let moved = self.transfers_of(voucher, Fate::Approved);
        let moved = moved.filter(|transfer| transfer.kind == Kind::Move);
        let moved: Money = moved.map(|transfer| transfer.amount).sum();
        moved + self.vouchers[voucher].given_back
    }

    pub(super) fn is_relocating(&self, enterprise: usize) -> bool {
        self.transfers.iter().any(|row| {
            let relocates = matches!(row.kind, Kind::Relocation | Kind::Move);
            row.fate == Fate::Proposed && relocates && row.to == enterprise
        })
    }

    pub(super) fn propose(&mut self, p: Proposal) -> Verdict {
        let stays = p.kind == Kind::Relocation;
        let known = p.voucher < self.vouchers.len() && p.to < self.enterprises.len();
        let there = p.to_programme.is_none_or(|programme| {
            let city = self.programmes.get(programme).map(|row| row.city);
            city.is_some() && city == p.to_city
        });
        let late = p.expires_on.is_some_and(|day| day < self.today);
        if !known || stays != (p.amount == 0) || !there || late {
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
        let version = self.version(row.programme, row.version);
        if !version.transfers.contains(&p.kind) {
            return refused("TRANSFER_NOT_ALLOWED");
        }
        if !self.eligible(p.voucher, p.kind, p.to, p.to_city) {
            return refused("TRANSFER_RECEIVER_NOT_ELIGIBLE");
        }
        if p.kind != Kind::Relocation && self.is_blocked(&self.enterprises[p.to].code) {
            return refused("PARTY_BLOCKED");
        }
        if matches!(p.kind, Kind::Relocation | Kind::Move) && self.is_relocating(p.to) {
            return refused("RELOCATION_PENDING");
        }
        let declared = self.shares(p.voucher, Fate::Proposed);
        let declared = declared + self.shares(p.voucher, Fate::Approved);
        if declared + p.cap_share > 1_000_000 {
            return refused("CAP_SHARES_EXCEEDED");
        }
        if p.amount > self.free_of(p.voucher) {
            return refused("TRANSFER_EXCEEDS_FREE");
        }
        let cash_by = self.vouchers[p.voucher].cash_by;
        self.transfers.push(Transfer {
            voucher: p.voucher,
            kind: p.kind,
            to: p.to,
            to_city: p.to_city,
            to_programme: p.to_programme,
            cap_share: p.cap_share,
            amount: p.amount,
            by: p.by,
            last_day: p.expires_on.map_or(cash_by, |day| day.min(cash_by)),
            endorsed: None,
            child: None,
            taken_over: None,
            fate: Fate::Proposed,
        });
        Verdict::Done
    }

    fn eligible(&self, voucher: usize, kind: Kind, to: usize, to_city: Option<usize>) -> bool {
        let row = &self.vouchers[voucher];
        let issuer = self.programmes[row.programme].city;
        let (holder, receiver) = (&self.enterprises[row.holder], &self.enterprises[to]);
        let another = to != row.holder;
        match kind {
            Kind::Succession => another,
            Kind::Open => another && receiver.city == issuer,
            Kind::Incorporation => {
                another && receiver.city == issuer && holder.team && !receiver.team
            }
            Kind::Affiliate => {
                let theirs = group_on(&receiver.groups, self.today);
                another && theirs.is_some() && theirs == group_on(&holder.groups, self.today)
            }
            // Its own city lets a firm go, and nobody else.
            Kind::Relocation => receiver.city == issuer && to_city != Some(issuer),
            Kind::Move => {
                let known = [Some(issuer), to_city].contains(&Some(receiver.city));
                known && to_city != Some(issuer)
            }
        }
    }

    fn release(&mut self, transfer: usize) {
        let row = &mut self.transfers[transfer];
        row.fate = Fate::Released;
        let (voucher, amount) = (row.voucher, row.amount);
        self.give_back(voucher, amount);
    }

    pub(super) fn expire(&mut self) {
        for transfer in 0..self.transfers.len() {
            let row = &self.transfers[transfer];
            if row.fate == Fate::Proposed && plus_days(row.last_day, 1) == self.today {
                self.release(transfer);
            }
        }
    }

    pub(super) fn withdraw_transfer(&mut self, by: usize, transfer: usize) -> Verdict {
        match self.transfers.get(transfer) {
            None => Verdict::Rejected,
            Some(row) if row.by != by => Verdict::Rejected,
            Some(row) if row.fate != Fate::Proposed => refused("TRANSFER_DECIDED"),
            Some(_) => {
                self.release(transfer);
                Verdict::Done
            }
        }
    }

    pub(super) fn decide(&mut self, by: usize, transfer: usize, approve: bool) -> Verdict {
        let Some(t) = self.transfers.get(transfer) else {
            return Verdict::Rejected;
        };
        if t.fate != Fate::Proposed {
            return refused("TRANSFER_DECIDED");
        }
        if t.by == by {
            return refused("SECOND_PERSON_REQUIRED");
        }
        if !approve {
            self.release(transfer);
            return Verdict::Done;
        }
        if t.endorsed == Some(by) {
            return refused("SECOND_PERSON_REQUIRED");
        }
        let row = &self.vouchers[t.voucher];
        if self.today > row.cash_by {
            return refused("CASH_DEADLINE_PASSED");
        }
        if row.revoked {
            return refused("VOUCHER_REVOKED");
        }
        if row.frozen {
            return refused("VOUCHER_FROZEN");
        }
        if !self.eligible(t.voucher, t.kind, t.to, t.to_city) {
            return refused("TRANSFER_RECEIVER_NOT_ELIGIBLE");
        }
        if t.kind != Kind::Relocation && self.is_blocked(&self.enterprises[t.to].code) {
            return refused("PARTY_BLOCKED");
        }
        match t.kind {
            Kind::Move if t.endorsed.is_none() => {
                self.transfers[transfer].endorsed = Some(by);
                Verdict::Done
            }
            Kind::Move => self.move_away(transfer),
            Kind::Relocation => self.relocate(by, transfer),
            _ => self.pass_on(by, transfer),
        }
    }

    fn relocate(&mut self, by: usize, transfer: usize) -> Verdict {
        let (to, to_city) = (
            self.transfers[transfer].to,
            self.transfers[transfer].to_city,
        );
        let city = to_city.expect("a relocation names a city");
        let from = std::mem::replace(&mut self.enterprises[to].city, city);
        self.transfers[transfer].fate = Fate::Approved;
        let vouchers = self.vouchers.len();
        let what = What::Relocation {
            transfer,
            from,
            vouchers,
        };
        self.did(by, what);
        Verdict::Done
    }

    fn pass_on(&mut self, by: usize, transfer: usize) -> Verdict {
        let Transfer {
            voucher,
            kind,
            to,
            cap_share,
            amount,
            ..
        } = self.transfers[transfer];
        let Voucher {
            programme, holder, ..
        } = self.vouchers[voucher];
        let left = 1_000_000 - self.shares(voucher, Fate::Approved);
        let part = |of: Money| {
            if cap_share == 0 {
                0
            } else {
                of * cap_share / left
            }
        };
        let counted = self.counted(programme, holder);
        let used = part(counted.used);
        let parts = CATEGORIES.map(|code| (code.to_owned(), part(counted.in_category(code))));
        let parts: Vec<_> = parts.into_iter().filter(|(_, own)| *own > 0).collect();
        let contracts = counted.on_contracts().into_iter();
        let contracts = contracts.map(|(number, own)| (number, part(own)));
        let contracts: Vec<_> = contracts.filter(|(_, own)| *own > 0).collect();
        let continues = matches!(kind, Kind::Succession | Kind::Incorporation);
        let parent = &self.vouchers[voucher];
        let contracts_from = if continues {
            parent.contracts_from
        } else {
            self.today
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
            given_back: 0,
            ..*parent
        });
        let child = self.vouchers.len() - 1;
        self.transfers[transfer].fate = Fate::Approved;
        self.transfers[transfer].child = Some(child);
        self.transfers[transfer].taken_over = Some((used, self.today));
        let issued = part(self.issued_to(programme, holder));
        self.pass_issued(programme, (holder, to), issued);
        self.move_caps((voucher, child), used, &parts);
        self.contracts_passed_on |= !contracts.is_empty();
        self.move_contracts((voucher, child), &contracts);
        self.did(
            by,
            What::Transfer {
                transfer,
                issue: self.issues.len() - 1,
                used,
                parts,
                contracts,
                changes: self.cap_changes.len(),
            },
        );
        Verdict::Done
    }

    /// What the holder of one voucher used is the other's from now on.
    pub(super) fn move_caps(
        &mut self,
        (from, to): (usize, usize),
        used: Money,
        parts: &[(String, Money)],
    ) {
        let row = &self.vouchers[from];
        let first = self.counted(row.programme, row.holder).first;
        let gone = parts.iter().map(|(code, own)| (code.clone(), -own));
        let gone = Used::Moved(-used, gone.collect(), None);
        self.change_caps(from, gone);
        self.change_caps(to, Used::Moved(used, parts.to_vec(), first));
    }

    /// The same of what was used on contracts.
    pub(super) fn move_contracts(&mut self, (from, to): (usize, usize), all: &[(Contract, Money)]) {
        let gone = all.iter().map(|(number, own)| (number.clone(), -own));
        self.change_caps(from, Used::On(gone.collect()));
        self.change_caps(to, Used::On(all.to_vec()));
    }

    /// Revoked here, issued there.
    fn move_away(&mut self, transfer: usize) -> Verdict {
        let Transfer {
            voucher,
            to,
            to_city,
            to_programme,
            amount,
            ..
        } = self.transfers[transfer];
        let (programme, city) = to_programme.zip(to_city).expect("a move names both");
        if self.programmes[programme].year != super::year_end::Year::Open {
            return refused("YEAR_ENDED");
        }
        let Some(number) = self.version_in_force(programme, self.today) else {
            return refused("NO_VERSION_IN_FORCE");
        };
        if self.is_blocked(&self.enterprises[to].code) {
            return refused("PARTY_BLOCKED");
        }
        let version = self.version(programme, number);
        if self.usage(programme, to).0 + amount > version.cap_enterprise {
            return refused("ISSUE_CAP_EXCEEDED");
        }
        if amount > self.available(programme) {
            return refused("BUDGET_EXHAUSTED");
        }
        let use_by = plus_months(self.today, version.use_months);
        let cash_by = plus_days(use_by, version.cash_days);
        self.transfers[transfer].fate = Fate::Approved;
        self.came_home(voucher, amount);
        self.uncount_issued(voucher, amount);
        self.enterprises[to].city = city;
        self.vouchers.push(Voucher {
            programme,
            pot: programme,
            holder: to,
            amount,
            issued_on: self.today,
            use_by,
            cash_by,
            version: number,
            contracts_from: self.today,
            parent: Some(voucher),
            replaces: None,
            revoked: false,
            frozen: false,
            returned: Vec::new(),
            given_back: 0,
        });
        self.issues.push(Issue::Of(self.vouchers.len() - 1));
        Verdict::Done
    }
}
