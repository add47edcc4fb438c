//! What a version can limit besides the caps of the year, naively: caps per category, contract and
//! rolling period, evidence and exclusions.

use jiff::ToSpan as _;
use jiff::civil::Date;
use quantong::engine::command::*;
use unicode_normalization::UnicodeNormalization as _;

use super::claims::Filing;
use super::world::{CATEGORIES, TEAM, category, fen, member};
use super::{Bend, Fate, Model, Money, plus_days};

/// A period of filing dates that ends today.
#[derive(Clone, Copy, Debug)]
enum Rolling {
    Days(i64),
    Months(i64),
}

/// What is not funded: all that is given must fit.
#[derive(Clone, Debug, Default)]
struct Excluded {
    teams: bool,
    category: Option<String>,
    host: Option<usize>,
}

/// What a version limits.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    category_caps: Vec<(String, Money)>,
    pub(super) cap_contract: Option<Money>,
    rolling: Option<(Money, Rolling)>,
    /// Of every claim.
    papers: Vec<EvidenceKind>,
    /// Of claims of a category.
    papers_of: Vec<(String, EvidenceKind)>,
    exclusions: Vec<Excluded>,
}

/// The papers that a complete claim brings.
pub(super) const PAPERS: [EvidenceKind; 2] = [EvidenceKind::Contract, EvidenceKind::ServiceResult];

impl Limits {
    /// Some of them, by a number; of three versions one has caps of a kind, of nine one asks for
    /// evidence or excludes something.
    pub(super) fn of(n: u32) -> Limits {
        let amount = Money::from(n / 64 % 30_000);
        let mut limits = Limits::default();
        match n % 9 {
            0 => {
                limits.category_caps = vec![
                    (CATEGORIES[0].into(), 9_000 + amount),
                    (CATEGORIES[1].into(), amount / 4),
                ];
            }
            1 => limits.category_caps = vec![(CATEGORIES[1].into(), amount / 3)],
            2 | 3 => limits.cap_contract = Some(6_000 + amount / 2),
            4 => limits.rolling = Some((5_000 + amount, Rolling::Days(i64::from(n / 9 % 30) + 1))),
            5 => limits.rolling = Some((9_000 + amount, Rolling::Months(i64::from(n / 9 % 3) + 1))),
            6 => limits.papers = vec![PAPERS[0]],
            7 => limits.papers_of = vec![(CATEGORIES[usize::from(n % 2 == 1)].into(), PAPERS[1])],
            _ => {
                limits.exclusions = vec![match n / 9 % 4 {
                    0 => Excluded {
                        host: Some(2),
                        ..Excluded::default()
                    },
                    1 => Excluded {
                        teams: true,
                        ..Excluded::default()
                    },
                    2 => Excluded {
                        category: Some(CATEGORIES[1].into()),
                        ..Excluded::default()
                    },
                    _ => Excluded {
                        category: Some(CATEGORIES[0].into()),
                        host: Some(1),
                        teams: n.is_multiple_of(2),
                    },
                }];
            }
        }
        limits
    }

    /// The terms of a version with these limits.
    pub(super) fn written_into(&self, terms: VersionTerms) -> VersionTerms {
        let set = |kinds: &[EvidenceKind]| {
            let all = kinds.iter();
            all.fold(EvidenceKinds::NONE, |set, kind| set.with(*kind))
        };
        let caps = self.category_caps.iter();
        let papers_of = self.papers_of.iter();
        let exclusions = self.exclusions.iter().map(|excluded| Exclusion {
            enterprise_kind: excluded.teams.then_some(EnterpriseKind::Team),
            category: excluded.category.as_deref().map(category),
            provider: None,
            host: excluded.host.map(member),
        });
        VersionTerms {
            category_caps: caps
                .map(|(code, cap)| (category(code), fen(*cap)))
                .collect(),
            cap_contract: self.cap_contract.map(fen),
            rolling: self.rolling.map(|(cap, period)| RollingCap {
                cap: fen(cap),
                period: match period {
                    Rolling::Days(days) => RollingPeriod::Days(u16::try_from(days).expect("few")),
                    Rolling::Months(n) => RollingPeriod::Months(u16::try_from(n).expect("few")),
                },
            }),
            evidence: set(&self.papers),
            category_evidence: papers_of
                .map(|(code, kind)| (category(code), set(&[*kind])))
                .collect(),
            exclusions: exclusions.collect(),
            ..terms
        }
    }

    pub(super) fn lacks_papers(&self, c: &Filing) -> bool {
        let of_category = self.papers_of.iter().filter(|(own, _)| *own == c.category);
        let wanted = self.papers.iter().chain(of_category.map(|(_, kind)| kind));
        wanted.into_iter().any(|kind| !c.papers.contains(kind))
    }
}

/// A contract of a firm: the lab that it is with, and its number.
pub(super) type Contract = (usize, String);

/// The contract of a number as somebody wrote it, in letters of either case and any width.
pub(super) fn contract_with(lab: usize, written: &str) -> Contract {
    let narrow: String = written.nfkc().collect();
    (lab, narrow.to_lowercase())
}

/// What an enterprise has used under a programme.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    pub(super) used: Money,
    /// The category in which it used something first: what no other one takes is used in it.
    pub(super) first: Option<String>,
    apart: Vec<(String, Money)>,
    /// Of contracts that a version caps.
    contracts: Vec<(Contract, Money)>,
    /// True if more was given back than there was.
    pub(super) short: bool,
    /// How many changes there were with the last one that was short.
    pub(super) short_at: usize,
}

impl Counted {
    fn less(short: &mut bool, sum: &mut Money, amount: Money) {
        *short |= *sum + amount < 0;
        *sum = (*sum + amount).max(0);
    }

    pub(super) fn count(&mut self, category: &str, amount: Money) {
        if self.first.is_none() && amount > 0 {
            self.first = Some(category.to_owned());
        }
        Self::less(&mut self.short, &mut self.used, amount);
        self.add_apart(category, amount);
    }

    /// What a transfer brings, or takes away again.
    pub(super) fn shift(&mut self, used: Money, parts: &[(String, Money)], theirs: Option<&str>) {
        self.used = (self.used + used).max(0);
        if used > 0 && self.first.is_none() {
            self.first = theirs.map(str::to_owned);
        }
        for (category, amount) in parts {
            self.add_apart(category, *amount);
        }
    }

    fn add_apart(&mut self, category: &str, amount: Money) {
        if self.first.as_deref() == Some(category) {
            return;
        }
        match self.apart.iter_mut().find(|(own, _)| own == category) {
            Some((_, sum)) => Self::less(&mut self.short, sum, amount),
            None => {
                self.short |= amount < 0;
                self.apart.push((category.to_owned(), amount.max(0)));
            }
        }
    }

    pub(super) fn count_on(&mut self, parts: &[(Contract, Money)]) {
        for (contract, amount) in parts {
            match self.contracts.iter_mut().find(|(own, _)| own == contract) {
                Some((_, sum)) => Self::less(&mut self.short, sum, *amount),
                None => {
                    self.short |= *amount < 0;
                    self.contracts.push((contract.clone(), (*amount).max(0)));
                }
            }
        }
    }

    pub(super) fn on_contract(&self, contract: &Contract) -> Money {
        let own = self.contracts.iter().find(|(own, _)| own == contract);
        own.map_or(0, |(_, sum)| *sum)
    }

    /// What is used on contracts, in the order of labs and numbers.
    pub(super) fn on_contracts(&self) -> Vec<(Contract, Money)> {
        let used = self.contracts.iter().filter(|(_, sum)| *sum > 0);
        let mut used: Vec<_> = used.cloned().collect();
        used.sort();
        used
    }

    pub(super) fn in_category(&self, category: &str) -> Money {
        if self.first.as_deref() == Some(category) {
            return (self.used - self.apart.iter().map(|(_, sum)| sum).sum::<Money>()).max(0);
        }
        let own = self.apart.iter().find(|(own, _)| own == category);
        own.map_or(0, |(_, sum)| *sum)
    }
}

impl Model {
    pub(super) fn is_excluded(&self, limits: &Limits, c: &Filing) -> bool {
        let holder = self.vouchers[c.voucher].holder;
        let host = self.providers[c.provider].city;
        limits.exclusions.iter().any(|excluded| {
            (!excluded.teams || holder == TEAM)
                && excluded
                    .category
                    .as_ref()
                    .is_none_or(|own| *own == c.category)
                && excluded.host.is_none_or(|own| own == host)
        })
    }

    /// What is left of the limits of a version for a holder, each with its code; `planned` is what
    /// other lines of the same order are to hold, in the category and in all of the city. A
    /// contract without a number is that of the order, and has what these lines hold.
    pub(super) fn limits_left(
        &self,
        limits: &Limits,
        (programme, holder): (usize, usize),
        (category, contract): (&str, Option<&Contract>),
        planned: (Money, Money),
    ) -> Vec<(Money, &'static str)> {
        let mut left = Vec::new();
        if let Some((_, cap)) = limits.category_caps.iter().find(|(own, _)| own == category) {
            let counted = self.counted(programme, holder);
            let used = match self.bend {
                Bend::CategoriesMixed => counted.used,
                _ => counted.in_category(category),
            };
            left.push((cap - used - planned.0, "CATEGORY_CAP_EXHAUSTED"));
        }
        if let Some(cap) = limits.cap_contract {
            let used = contract.map_or(planned.0, |contract| {
                self.used_of_contract(programme, holder, contract)
            });
            left.push((cap - used, "CONTRACT_CAP_EXHAUSTED"));
        }
        if let Some((cap, period)) = limits.rolling {
            let from = match period {
                Rolling::Days(days) => plus_days(self.today, 1 - days),
                Rolling::Months(months) => {
                    let before = self.today.checked_sub(months.months());
                    plus_days(before.expect("a day of this age"), 1)
                }
            };
            let from = plus_days(from, i64::from(self.bend == Bend::RollingOneDayShort));
            let used = self.used_since(self.programmes[programme].city, holder, from);
            left.push((cap - used - planned.1, "ROLLING_CAP_EXHAUSTED"));
        }
        left
    }

    /// What claims and holds use of a contract that a version caps.
    pub(super) fn used_of_contract(
        &self,
        programme: usize,
        holder: usize,
        contract: &Contract,
    ) -> Money {
        let counted = self.counted(programme, holder).on_contracts();
        let same = |own: &Contract| match self.bend {
            Bend::ContractsMixed => true,
            Bend::LabsMixed => own.1 == contract.1,
            _ => own == contract,
        };
        let own = counted.iter().filter(|(own, _)| same(own));
        own.map(|(_, sum)| sum).sum()
    }

    /// What a firm claimed under all programmes of a city since a day, holds, and took over since.
    fn used_since(&self, city: usize, holder: usize, from: Date) -> Money {
        let own = |voucher: usize| {
            let row = &self.vouchers[voucher];
            row.holder == holder && self.programmes[row.programme].city == city
        };
        let claims = self
            .claims
            .iter()
            .filter(|claim| own(claim.voucher) && !claim.reversed && claim.filed_on >= from);
        let claims: Money = claims.map(|claim| claim.approval.amount).sum();
        let held = (0..self.vouchers.len()).filter(|voucher| own(*voucher));
        let held: Money = held.map(|voucher| self.held_for_orders(voucher)).sum();
        let taken = self.transfers.iter().filter(|row| {
            row.fate == Fate::Approved
                && row.taken_over.is_some_and(|(_, on)| on >= from)
                && row.child.is_some_and(own)
        });
        let taken = taken.filter_map(|row| row.taken_over).map(|(used, _)| used);
        claims + held + taken.sum::<Money>()
    }
}
