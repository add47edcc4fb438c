//! Orders, naively: what is held is what was confirmed, less every claim on it and every release.

mod contracts;
mod disputes;
mod meetings;

use jiff::civil::Date;
use quantong::engine::refusal::RefusalCode;

use super::claims::Filing;
use super::limits::{PAPERS, contract_with};
use super::{Approval, Bend, Model, Money, Verdict, group_on, plus_days, refused, split};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Agreed,
    Confirmed,
    Contracted,
    Delivered,
    Accepted,
    Closed,
    Cancelled,
    Expired,
}

impl Place {
    pub(super) fn holds(self) -> bool {
        use Place::{Accepted, Confirmed, Contracted, Delivered};
        matches!(self, Confirmed | Contracted | Delivered | Accepted)
    }

    fn is_over(self) -> bool {
        !self.holds() && self != Place::Agreed
    }

    fn is_delivered(self) -> bool {
        matches!(self, Place::Delivered | Place::Accepted)
    }

    pub(super) fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// A line of an order.
pub(super) struct OrderLine {
    pub(super) voucher: usize,
    pub(super) amount: Money,
    /// The group that the hold counts for.
    pub(super) group: Option<String>,
    /// True if the hold counts to the contract.
    counted: bool,
    pub(super) released: Vec<Money>,
}

/// An order. One person acts for all its holders.
pub(super) struct Order {
    pub(super) provider: usize,
    category: String,
    contract_amount: Money,
    pub(super) hold_until: Date,
    pub(super) ends_on: Date,
    pub(super) place: Place,
    pub(super) was_confirmed: bool,
    pub(super) lines: Vec<OrderLine>,
    /// Number and day.
    pub(super) contract: Option<(String, Date)>,
    /// What was asked for (to cancel, or a new last day), by the provider or the holders.
    asked: Option<(Option<Date>, bool)>,
    /// Since when it is disputed.
    pub(super) disputed: Option<Date>,
}

impl Order {
    /// True if its hold or its contract lies after one of the deadlines.
    pub(super) fn reaches_past(&self, use_by: Date, cash_by: Date) -> bool {
        self.hold_until > cash_by || self.contract.as_ref().is_some_and(|(_, on)| *on > use_by)
    }
}

/// A proposal of an order.
pub(super) struct OrderProposal {
    pub(super) provider: usize,
    pub(super) category: String,
    pub(super) contract_amount: Money,
    pub(super) hold_until: Date,
    pub(super) lines: Vec<(usize, Money)>,
}

impl Model {
    /// What is held on a line: claims take it for good, reversed or not.
    pub(super) fn left_on(&self, order: usize, line: usize) -> Money {
        let row = &self.orders[order];
        if !row.was_confirmed {
            return 0;
        }
        let voucher = row.lines[line].voucher;
        let drawn = self.claims.iter().filter(|claim| {
            let restored = self.bend == Bend::ReversalRestoresHold && claim.reversed;
            claim.order == Some(order) && claim.voucher == voucher && !restored
        });
        let drawn: Money = drawn.map(|claim| claim.approval.amount).sum();
        row.lines[line].amount - drawn - row.lines[line].released.iter().sum::<Money>()
    }

    fn all_lines(&self) -> impl Iterator<Item = (usize, usize, &OrderLine)> {
        self.orders.iter().enumerate().flat_map(|(order, row)| {
            let lines = row.lines.iter().enumerate();
            lines.map(move |(line, own)| (order, line, own))
        })
    }

    pub(super) fn held_for_orders(&self, voucher: usize) -> Money {
        let lines = self
            .all_lines()
            .filter(|(_, _, own)| own.voucher == voucher);
        lines
            .map(|(order, line, _)| self.left_on(order, line))
            .sum()
    }

    /// What the bend loses of what was released.
    pub(super) fn lost_releases(&self, voucher: usize) -> Money {
        if self.bend != Bend::ReleaseIsLost {
            return 0;
        }
        let lines = self
            .all_lines()
            .filter(|(_, _, own)| own.voucher == voucher);
        lines.flat_map(|(_, _, own)| own.released.iter()).sum()
    }

    pub(super) fn held_for_group(&self, programme: usize, group: &Option<String>) -> Money {
        if self.bend == Bend::HoldsOutsideCaps {
            return 0;
        }
        let lines = self.all_lines().filter(|(_, _, own)| {
            own.group == *group && self.vouchers[own.voucher].programme == programme
        });
        lines
            .map(|(order, line, _)| self.left_on(order, line))
            .sum()
    }

    /// The group that the hold of an order on a voucher counts for.
    pub(super) fn group_of_line(&self, order: usize, voucher: usize) -> Option<String> {
        let lines = &self.orders[order].lines;
        let line = lines.iter().find(|line| line.voucher == voucher);
        line.and_then(|line| line.group.clone())
    }

    fn last_day(&self, order: &Order) -> Date {
        let days = order
            .lines
            .iter()
            .map(|line| self.vouchers[line.voucher].cash_by);
        days.min().expect("an order has lines")
    }

    pub(super) fn propose_order(&mut self, p: OrderProposal) -> Verdict {
        let known = p.lines.iter().all(|(id, _)| *id < self.vouchers.len());
        let once = |(i, line): (usize, &(usize, Money))| {
            p.lines[..i].iter().all(|other| other.0 != line.0)
        };
        let amounts = p.lines.iter().all(|(_, amount)| *amount > 0) && p.contract_amount > 0;
        if !known
            || p.lines.is_empty()
            || !p.lines.iter().enumerate().all(once)
            || !amounts
            || p.provider >= self.providers.len()
            || p.hold_until < self.today
        {
            return Verdict::Rejected;
        }
        let holders = p.lines.iter().map(|(id, _)| self.vouchers[*id].holder);
        let firms = holders.map(|holder| &self.enterprises[holder].code);
        let lab = std::iter::once(&self.providers[p.provider].code);
        if lab.chain(firms).any(|code| self.is_blocked(code)) {
            return refused("PARTY_BLOCKED");
        }
        if p.lines
            .iter()
            .any(|(id, _)| p.hold_until > self.vouchers[*id].cash_by)
        {
            return refused("HOLD_PAST_DEADLINE");
        }
        let lines = p.lines.into_iter().map(|(voucher, amount)| OrderLine {
            voucher,
            amount,
            group: None,
            counted: false,
            released: Vec::new(),
        });
        self.orders.push(Order {
            provider: p.provider,
            category: p.category,
            contract_amount: p.contract_amount,
            hold_until: p.hold_until,
            ends_on: plus_days(p.hold_until, 1),
            place: Place::Agreed,
            was_confirmed: false,
            lines: lines.collect(),
            contract: None,
            asked: None,
            disputed: None,
        });
        Verdict::Done
    }

    /// The faults of a claim for a line with a contract of a day and an amount.
    fn line_faults(&self, order: &Order, line: usize, contract_date: Date) -> Vec<&'static str> {
        self.faults(&Filing {
            by: 0,
            voucher: order.lines[line].voucher,
            provider: order.provider,
            enterprise: None,
            category: order.category.clone(),
            contract_date,
            contract_no: String::new(),
            contract_amount: 0,
            invoice_no: String::new(),
            invoice_amount: 0,
            paid_amount: 0,
            papers: PAPERS.to_vec(),
            imported: true,
        })
    }

    fn parts(&self, order: &Order, amount: Money) -> Vec<Money> {
        let weights: Vec<Money> = order.lines.iter().map(|line| line.amount).collect();
        split(amount, &weights, Bend::None)
    }

    /// Rules 20 to 22 for a line, when others of the order take their share of the same limits.
    fn shortage(&self, order: &Order, line: usize, taken: &[usize]) -> Option<&'static str> {
        let own = &order.lines[line];
        let voucher = &self.vouchers[own.voucher];
        let (programme, holder) = (voucher.programme, voucher.holder);
        let number = self.version_on(programme, self.today).expect("issued");
        let version = self.version(programme, number);
        let group_of = |holder: usize| group_on(&self.enterprises[holder].groups, self.today);
        let group = group_of(holder);
        let (mut firm, mut of_group) = (own.amount, own.amount);
        let mut of_city = 0;
        if self.bend != Bend::HoldsOutsideCaps {
            for earlier in taken.iter().map(|place| &order.lines[*place]) {
                let other = &self.vouchers[earlier.voucher];
                let city = self.programmes[other.programme].city;
                if other.holder == holder && city == self.programmes[programme].city {
                    of_city += earlier.amount;
                }
                if other.programme == programme {
                    firm += if other.holder == holder {
                        earlier.amount
                    } else {
                        0
                    };
                    let same = group.is_some() && group_of(other.holder) == group;
                    of_group += if same { earlier.amount } else { 0 };
                }
            }
        }
        let rate = version
            .rates
            .iter()
            .find(|rate| rate.category == order.category);
        let rate = rate.expect("rule 17 was kept");
        let part = self.parts(order, order.contract_amount)[line];
        let capped = firm > version.cap_enterprise - self.usage(programme, holder).1
            || group.is_some()
                && of_group > version.cap_group - self.used_by_group(programme, &group);
        let planned = (firm - own.amount, of_city);
        let what = (order.category.as_str(), None);
        let limits = self.limits_left(&version.limits, (programme, holder), what, planned);
        let short = limits.into_iter().find(|(left, _)| own.amount > *left);
        if own.amount > self.free_of(own.voucher) {
            Some("VOUCHER_EXHAUSTED")
        } else if capped {
            Some("YEAR_CAP_EXHAUSTED")
        } else if let Some((_, code)) = short {
            Some(code)
        } else if own.amount > self.subsidy(rate, part).min(rate.cap_claim) {
            Some("NOTHING_PAYABLE")
        } else {
            None
        }
    }

    pub(super) fn confirm_order(&mut self, order: usize) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        match row.place {
            Place::Agreed if self.all_pay(row) => {}
            Place::Agreed => return refused("YEAR_ENDED"),
            _ => return refused("ORDER_STATE_MISMATCH"),
        }
        let (mut faults, mut taken) = (Vec::new(), Vec::new());
        for line in 0..row.lines.len() {
            let own = self.line_faults(row, line, self.today);
            let sound = own.is_empty();
            faults.extend(own);
            match sound.then(|| self.shortage(row, line, &taken)) {
                Some(Some(code)) => faults.push(code),
                Some(None) => taken.push(line),
                None => {}
            }
        }
        if !faults.is_empty() {
            return Verdict::Refused(in_order(&faults));
        }
        let lines: Vec<(usize, Money)> = row.lines.iter().map(|l| (l.voucher, l.amount)).collect();
        for (line, (voucher, amount)) in lines.into_iter().enumerate() {
            let holder = self.vouchers[voucher].holder;
            let group = group_on(&self.enterprises[holder].groups, self.today);
            self.orders[order].lines[line].group = group;
            if self.bend != Bend::HoldsOutsideCaps {
                let category = self.orders[order].category.clone();
                self.count(voucher, &category, amount);
            }
        }
        let row = &mut self.orders[order];
        (row.place, row.was_confirmed) = (Place::Confirmed, true);
        Verdict::Done
    }

    pub(super) fn advance_order(&mut self, order: usize, to: Place, contract: &str) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        let from = match to {
            Place::Contracted => Place::Confirmed,
            Place::Delivered => Place::Contracted,
            _ => Place::Delivered,
        };
        if row.place != from {
            return refused("ORDER_STATE_MISMATCH");
        }
        if to == Place::Accepted && row.disputed.is_some() {
            return refused("ORDER_DISPUTED");
        }
        if to == Place::Contracted
            && let Some(fault) = self.sign(order, contract)
        {
            return refused(fault);
        }
        self.orders[order].place = to;
        Verdict::Done
    }

    /// Releases so much of the lines and moves the order on.
    fn let_go(&mut self, order: usize, parts: &[(usize, Money)], place: Place) {
        for (line, amount) in parts {
            let voucher = self.orders[order].lines[*line].voucher;
            self.orders[order].lines[*line].released.push(*amount);
            if self.bend != Bend::HoldsOutsideCaps {
                let category = self.orders[order].category.clone();
                self.count(voucher, &category, -amount);
            }
            if let Some((contract, _)) = self.orders[order].contract.clone()
                && self.orders[order].lines[*line].counted
            {
                let lab = self.orders[order].provider;
                self.count_on(voucher, contract_with(lab, &contract), -amount);
            }
            self.give_back(voucher, *amount);
        }
        let row = &mut self.orders[order];
        row.place = place;
        if place.is_over() {
            (row.asked, row.disputed) = (None, None);
        }
    }

    fn rest(&self, order: usize) -> Vec<(usize, Money)> {
        let lines = 0..self.orders[order].lines.len();
        let left = lines.map(|line| (line, self.left_on(order, line)));
        left.filter(|(_, left)| *left > 0).collect()
    }

    /// Every order whose last day has passed.
    pub(super) fn end_orders(&mut self) {
        for order in 0..self.orders.len() {
            let row = &self.orders[order];
            if !row.place.is_over() && row.ends_on == self.today {
                self.let_go(order, &self.rest(order), Place::Expired);
            }
        }
    }

    /// Notes what one side asks for; `Ok(true)` once both have.
    fn ask(&mut self, order: usize, what: Option<Date>, provider: bool) -> Result<bool, Verdict> {
        match self.orders[order].asked {
            Some((asked, by)) if asked == what && by == provider => {
                Err(refused("ALREADY_IN_STATE"))
            }
            Some((asked, _)) if asked == what => Ok(true),
            _ => {
                self.orders[order].asked = Some((what, provider));
                Ok(false)
            }
        }
    }

    pub(super) fn cancel_order(&mut self, order: usize, provider: bool) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        if row.place.is_over() {
            return refused("ORDER_STATE_MISMATCH");
        }
        if row.place.is_delivered() {
            match self.ask(order, None, provider) {
                Err(verdict) => return verdict,
                Ok(false) => return Verdict::Done,
                Ok(true) => {}
            }
        }
        self.let_go(order, &self.rest(order), Place::Cancelled);
        Verdict::Done
    }

    pub(super) fn extend_order(&mut self, order: usize, provider: bool, until: Date) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        if !row.place.holds() {
            return refused("ORDER_STATE_MISMATCH");
        }
        if row.disputed.is_some() {
            return refused("ORDER_DISPUTED");
        }
        if until <= row.hold_until {
            return Verdict::Rejected;
        }
        if until > self.last_day(row) {
            return refused("HOLD_PAST_DEADLINE");
        }
        match self.ask(order, Some(until), provider) {
            Err(verdict) => verdict,
            Ok(false) => Verdict::Done,
            Ok(true) => {
                self.hold_until(order, until);
                self.orders[order].asked = None;
                Verdict::Done
            }
        }
    }

    fn hold_until(&mut self, order: usize, day: Date) {
        let row = &mut self.orders[order];
        (row.hold_until, row.ends_on) = (day, plus_days(day, 1));
    }

    pub(super) fn release_order(
        &mut self,
        order: usize,
        provider: bool,
        part: Option<(usize, Money)>,
    ) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        if !row.place.holds() {
            return refused("ORDER_STATE_MISMATCH");
        }
        if !provider && row.place.is_delivered() {
            return refused("ORDER_DELIVERED");
        }
        let rest = self.rest(order);
        let parts = match part {
            None => rest.clone(),
            Some((voucher, amount)) => {
                let line = row.lines.iter().position(|line| line.voucher == voucher);
                let Some(line) = line.filter(|_| amount > 0) else {
                    return Verdict::Rejected;
                };
                if amount > self.left_on(order, line) {
                    return refused("HOLD_EXCEEDED");
                }
                vec![(line, amount)]
            }
        };
        let place = if parts == rest {
            Place::Closed
        } else {
            row.place
        };
        self.let_go(order, &parts, place);
        Verdict::Done
    }

    /// A claim on an order: one part per line of which something is held.
    pub(super) fn capture(&mut self, c: &Filing, order: usize, last: bool) -> Verdict {
        let Some(row) = self.orders.get(order) else {
            return Verdict::Rejected;
        };
        if matches!(row.place, Place::Agreed | Place::Confirmed) {
            return refused("ORDER_STATE_MISMATCH");
        }
        if row.disputed.is_some() {
            return refused("ORDER_DISPUTED");
        }
        if !row.is_that_of(c) {
            return refused("ORDER_MISMATCH");
        }
        let drawn = self.rest(order).is_empty();
        let amounts = [c.contract_amount, c.invoice_amount, c.paid_amount];
        let [contract, invoice, paid] = amounts.map(|amount| self.parts(row, amount));
        let (mut faults, mut parts) = (Vec::new(), Vec::new());
        for line in 0..row.lines.len() {
            let left = self.left_on(order, line);
            if left == 0 && !drawn {
                continue;
            }
            let part = Filing {
                voucher: row.lines[line].voucher,
                enterprise: None,
                contract_amount: contract[line],
                invoice_amount: invoice[line],
                paid_amount: paid[line],
                imported: true,
                ..c.clone()
            };
            let own = self.faults(&part);
            let amount = if own.is_empty() {
                self.worth(&part).min(left)
            } else {
                0
            };
            faults.extend(own);
            if amount > 0 {
                parts.push((part, amount));
            }
        }
        let holder = |line: &OrderLine| Some(self.vouchers[line.voucher].holder) == c.enterprise;
        if c.enterprise.is_some() && !row.lines.iter().any(holder) {
            faults.push("HOLDER_MISMATCH");
        }
        if faults.is_empty() && parts.is_empty() {
            faults.push(if drawn {
                "VOUCHER_EXHAUSTED"
            } else {
                "NOTHING_PAYABLE"
            });
        }
        if !faults.is_empty() {
            self.refused_invoices.push(c.invoice_no.clone());
            return Verdict::Refused(in_order(&faults));
        }
        let claims: Vec<Approval> = parts
            .iter()
            .map(|(part, amount)| self.approve(part, *amount, Some(order)))
            .collect();
        let rest = self.rest(order);
        if last || rest.is_empty() {
            self.let_go(order, &rest, Place::Closed);
        }
        Verdict::Captured(claims)
    }
}

impl Order {
    fn is_that_of(&self, c: &Filing) -> bool {
        self.lines.iter().any(|line| line.voucher == c.voucher)
            && self.provider == c.provider
            && self.category == c.category
            && (self.contract.as_ref())
                .is_none_or(|own| *own == (c.contract_no.clone(), c.contract_date))
    }
}

/// Each code once, in the order of the rules: that of one claim is the model's own, and that of the
/// faults of several lines together is the published one.
fn in_order(codes: &[&'static str]) -> Vec<&'static str> {
    let all = RefusalCode::CLAIM_ORDER.iter().map(|code| code.as_str());
    let sorted: Vec<_> = all.filter(|code| codes.contains(code)).collect();
    let known = codes.iter().all(|code| sorted.contains(code));
    assert!(known, "a code without a place: {codes:?}");
    sorted
}
