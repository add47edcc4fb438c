//! The end of a programme's year, naively: every voucher is charged to a pot, and so is every
//! claim; a carry makes a new pot and moves what is not paid into it.

use quantong::domain::{ClaimId, ProgrammeId};
use quantong::engine::command::{Command, DecideYearEnd, StartYearClosing, WithdrawClaim};

use super::pair::{Both, Pair, pick};
use super::world::{FILER, OFFICERS};
use super::{Bend, Model, Money, Programme, Verdict, refused};

/// Where a year stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Year {
    #[default]
    Open,
    Closing,
    Closed,
    Carried,
}

/// What was carried, and into which year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    from: usize,
    into: usize,
    times: u32,
    pub(super) amount: Money,
}

impl Model {
    /// Whether money of a pot is past its own year: it comes back to nobody's use.
    pub(super) fn is_over(&self, pot: usize) -> bool {
        let row = &self.programmes[pot];
        row.carried.is_some() || matches!(row.year, Year::Closed | Year::Carried)
    }

    /// Whether claims on vouchers of a pot are approved at once.
    pub(super) fn pays(&self, pot: usize) -> bool {
        let year = self.programmes[pot].carried.map_or(pot, |pack| pack.into);
        self.programmes[year].year == Year::Open
    }

    /// What was carried out of a pot.
    pub(super) fn carried_out(&self, pot: usize) -> Money {
        let packs = self.programmes.iter().filter_map(|row| row.carried);
        packs
            .filter(|pack| pack.from == pot)
            .map(|pack| pack.amount)
            .sum()
    }

    pub(super) fn claimed_of(&self, voucher: usize) -> Money {
        let waiting = self.claims.iter();
        waiting
            .filter(|claim| claim.voucher == voucher && claim.waits)
            .map(|claim| claim.approval.amount)
            .sum()
    }

    /// What stands as approved in a pot.
    pub(super) fn approved_in(&self, pot: usize) -> Money {
        let claims = self.claims.iter();
        claims
            .filter(|claim| claim.pot == pot && !claim.reversed && !claim.waits)
            .map(|claim| claim.approval.amount)
            .sum()
    }

    fn start_closing(&mut self, programme: usize) -> Verdict {
        match self.programmes.get_mut(programme) {
            None => Verdict::Rejected,
            Some(row) if row.carried.is_some() || row.year != Year::Open => refused("YEAR_ENDED"),
            Some(row) => {
                row.year = Year::Closing;
                Verdict::Done
            }
        }
    }

    fn end_year(&mut self, programme: usize, into: Option<usize>) -> Verdict {
        let Some(row) = self.programmes.get(programme) else {
            return Verdict::Rejected;
        };
        match row.carried {
            Some(pack) if pack.times == 2 => return refused("CARRIED_TWICE"),
            Some(_) => return refused("YEAR_NOT_CLOSING"),
            None => {}
        }
        let late = row.year == Year::Closed && into.is_some();
        if row.year != Year::Closing && !late {
            return refused("YEAR_NOT_CLOSING");
        }
        let Some(into) = into else {
            self.programmes[programme].year = Year::Closed;
            return Verdict::Done;
        };
        let Some(next) = self.programmes.get(into) else {
            return Verdict::Rejected;
        };
        let follows =
            next.budget_year == row.budget_year + 1 || late && next.budget_year > row.budget_year;
        if !follows || next.city != row.city || next.carried.is_some() || next.year != Year::Open {
            return refused("CARRY_TARGET_NOT_ELIGIBLE");
        }
        let in_year = |pot: &usize| {
            let pack = self.programmes[*pot].carried;
            pack.is_some_and(|pack| pack.into == programme && pack.times < 2)
        };
        let mut pots: Vec<usize> = (0..self.programmes.len()).filter(in_year).collect();
        pots.push(programme);
        self.programmes[programme].year = Year::Carried;
        for pot in &pots {
            self.carry_pot(*pot, into);
        }
        for pack in self.programmes.len() - pots.len()..self.programmes.len() {
            self.approve_waiting(pack);
        }
        Verdict::Done
    }

    fn carry_pot(&mut self, pot: usize, into: usize) {
        let pack = self.programmes.len();
        let mut amount = 0;
        for voucher in 0..self.vouchers.len() {
            if self.vouchers[voucher].pot == pot {
                amount += self.free_of(voucher) + self.held_of(voucher) + self.claimed_of(voucher);
                self.vouchers[voucher].pot = pack;
            }
        }
        let all = self.bend == Bend::PaidIsCarried;
        for claim in &mut self.claims {
            if claim.pot == pot && (all || !claim.paid) && !claim.reversed {
                amount += if claim.waits {
                    0
                } else {
                    claim.approval.amount
                };
                claim.pot = pack;
            }
        }
        let row = &self.programmes[pot];
        let times = row.carried.map_or(0, |before| before.times) + 1;
        self.programmes.push(Programme {
            city: row.city,
            budget_year: self.programmes[into].budget_year,
            budget: vec![amount],
            versions: row.versions.clone(),
            year: Year::Closed,
            carried: Some(Carried {
                from: pot,
                into,
                times,
                amount,
            }),
        });
    }

    /// In the order in which they were filed.
    fn approve_waiting(&mut self, pack: usize) {
        for claim in 0..self.claims.len() {
            let row = &self.claims[claim];
            if !row.waits || self.vouchers[row.voucher].pot != pack {
                continue;
            }
            let (filing, amount) = (row.filing.clone(), row.approval.amount);
            let (approval, waits) = self.borne_by(&filing, amount);
            let row = &mut self.claims[claim];
            (row.approval, row.waits) = (approval, false);
            (row.pot, row.booked_in) = (pack, pack);
            if !waits {
                self.owe(claim);
            }
        }
    }

    fn withdraw_claim(&mut self, claim: usize) -> Verdict {
        match self.claims.get(claim) {
            None => Verdict::Rejected,
            Some(row) if !row.waits => refused("CLAIM_NOT_WAITING"),
            Some(_) => {
                let row = &mut self.claims[claim];
                (row.waits, row.reversed) = (false, true);
                let (voucher, amount) = (row.voucher, row.approval.amount);
                let category = row.filing.category.clone();
                self.count(voucher, &category, -amount);
                self.uncount_contract(claim);
                self.give_back(voucher, amount);
                Verdict::Done
            }
        }
    }

    /// The programme of a city that issues now.
    pub(super) fn issuing(&self, city: usize) -> usize {
        let open =
            |row: &Programme| row.city == city && row.carried.is_none() && row.year == Year::Open;
        self.programmes.iter().position(open).unwrap_or(city)
    }
}

/// What the histories are meant to reach.
impl Model {
    /// Some voucher of which something lapsed has not come to its last day.
    pub(super) fn has_lapsed_and_lives(&self) -> bool {
        let lives = |row: &super::Voucher| !row.returned.is_empty() && !row.revoked;
        self.vouchers
            .iter()
            .any(|row| lives(row) && self.today <= row.cash_by)
    }

    /// What the newest claim, of so many parts, met.
    pub(super) fn meetings_of_claim(&self, parts: usize) -> Vec<&'static str> {
        let claim = self.claims.last().expect("one was approved");
        let left = claim.order.map(|order| &self.orders[order]);
        let carried = self.programmes[claim.pot].carried.is_some();
        let all = [
            (parts > 1, "a claim on an order from several vouchers"),
            (
                left.is_some_and(|order| order.place.holds()),
                "a claim on an order that leaves a part held",
            ),
            (carried, "a claim on an order of carried money"),
        ];
        let met = all.into_iter().filter(|(met, _)| *met);
        met.map(|(_, what)| what).collect()
    }

    pub(super) fn end_of_years(&self) -> Vec<&'static str> {
        let times = |n: u32| {
            let packs = self.programmes.iter().filter_map(|row| row.carried);
            packs.filter(move |pack| pack.times == n).count() > 0
        };
        let out_of_pack = self.transfers.iter().any(|row| {
            let child = row.child.map(|child| &self.vouchers[child]);
            child.is_some_and(|row| row.pot != row.programme)
        });
        let back = self.vouchers.iter().any(|row| {
            let before = |back: &super::Return| back.lapsed && back.pot == row.programme;
            row.pot != row.programme && row.returned.iter().any(before)
        });
        let all = [
            (times(1), "a pot that was carried once"),
            (times(2), "a pot that was carried twice"),
            (out_of_pack, "a transfer of carried money"),
            (back, "what came back after its pot was carried"),
            (
                self.shares_a_number(),
                "a number of contracts with two labs",
            ),
        ];
        let met = all.into_iter().filter(|(met, _)| *met);
        met.map(|(_, what)| what).collect()
    }

    /// True if a firm has contracts of one number with several labs.
    fn shares_a_number(&self) -> bool {
        let firms = 0..self.enterprises.len();
        let programmes = 0..self.programmes.len();
        let mut counted = firms.flat_map(|firm| programmes.clone().map(move |id| (id, firm)));
        counted.any(|(programme, firm)| {
            let mut numbers: Vec<String> = self
                .counted(programme, firm)
                .on_contracts()
                .into_iter()
                .map(|((_, number), _)| number)
                .collect();
            let all = numbers.len();
            numbers.sort();
            numbers.dedup();
            numbers.len() < all
        })
    }
}

fn id(programme: usize) -> ProgrammeId {
    ProgrammeId::from_index(programme).expect("few")
}

impl Pair {
    /// Begins or ends a year, or takes a claim back that waits for it.
    pub(super) fn year(&mut self, a: u8, b: u8, n: u32) -> Both {
        let waits = |claim: &usize| self.model.claims[*claim].waits;
        let waiting: Vec<usize> = (0..self.model.claims.len()).filter(waits).collect();
        if !waiting.is_empty() && n.is_multiple_of(4) || n.is_multiple_of(23) {
            let claim = match waiting.get(usize::from(a) % waiting.len().max(1)) {
                Some(claim) if !n.is_multiple_of(23) => *claim,
                _ => pick(a, self.model.claims.len()),
            };
            let command = Command::WithdrawClaim(WithdrawClaim {
                claim: ClaimId::from_index(claim).expect("few"),
            });
            return (FILER, command, self.model.withdraw_claim(claim));
        }
        let rows = &self.model.programmes;
        let begun = rows.iter().position(|row| row.year == Year::Closing);
        let twice = |row: &Programme| row.carried.is_some_and(|pack| pack.times == 2);
        let by = OFFICERS[usize::from(b) % 2];
        match (begun, rows.iter().position(twice)) {
            (_, Some(pack)) if n.is_multiple_of(3) => self.end(by, pack, Some(4)),
            (Some(programme), _) if !b.is_multiple_of(8) => {
                let next = |row: &Programme| {
                    row.city == rows[programme].city
                        && row.budget_year == rows[programme].budget_year + 1
                        && row.carried.is_none()
                };
                let next = rows.iter().position(next);
                let into = match n % 8 {
                    0 => None,
                    1 => Some(pick(a, rows.len())),
                    _ => next,
                };
                self.end(by, programme, into)
            }
            _ if n.is_multiple_of(5) => {
                let count = rows.len();
                self.end(by, pick(a, count), Some(usize::from(b) % (count + 1)))
            }
            _ => {
                let programme = self.model.issuing(usize::from(a) % 2);
                let programme = if n.is_multiple_of(11) {
                    pick(a, self.model.programmes.len())
                } else {
                    programme
                };
                let command = Command::StartYearClosing(StartYearClosing {
                    programme: id(programme),
                });
                (by, command, self.model.start_closing(programme))
            }
        }
    }

    fn end(&mut self, by: usize, programme: usize, into: Option<usize>) -> Both {
        let command = Command::DecideYearEnd(DecideYearEnd {
            programme: id(programme),
            into: into.map(id),
        });
        (by, command, self.model.end_year(programme, into))
    }
}
