//! What counts as issued to whom, naively: all that was ever issued, taken along, revoked and given
//! back, told again from the beginning for every question.
//!
//! What was issued to a firm counts at it, whoever has the voucher, until a succession takes its
//! share of all of it along; what is issued later is another lot. What is revoked unused is taken
//! off its lot: at the holder as far as successions brought it there, then back along those from
//! whom the holder has it, then at those who took the rest over, in the order in which they did.

use super::steps::What;
use super::{Bend, Model, Money, split};

/// Something that changed what counts as issued.
pub(super) enum Issue {
    /// A voucher was issued.
    Of(usize),
    /// A succession took an amount of all that counted at one firm along to another.
    Passed {
        programme: usize,
        firms: (usize, usize),
        amount: Money,
    },
    /// The one told of at this place went back.
    PassedBack(usize),
    /// So much of a voucher was revoked unused.
    Revoked(usize, Money),
    /// What was told of at this place was not.
    RevokedBack(usize),
}

/// What was issued to a firm between two successions from it, and where it counts.
struct Lot {
    programme: usize,
    firm: usize,
    /// The place of the succession that ended it.
    ended: Option<usize>,
    /// In the order in which they came to have a part of it.
    places: Vec<(usize, Money)>,
    /// Firms that had less than was to be taken there, and when.
    short: Vec<(usize, usize)>,
}

impl Lot {
    fn at(&self, firm: usize) -> Option<Money> {
        let mut places = self.places.iter();
        places.find(|(own, _)| *own == firm).map(|(_, sum)| *sum)
    }

    fn add(&mut self, firm: usize, amount: Money) {
        match self.places.iter_mut().find(|(own, _)| *own == firm) {
            Some((_, sum)) => *sum += amount,
            None => self.places.push((firm, amount)),
        }
    }
}

/// All of it, told to the end.
#[derive(Default)]
pub(super) struct Told {
    lots: Vec<Lot>,
    /// The lot of every voucher that was issued.
    lot_of: Vec<(usize, usize)>,
    /// What each of the changes did: firm or lot, and how much.
    did: Vec<Vec<(usize, Money)>>,
}

impl Told {
    fn lots_at(&self, programme: usize, firm: usize) -> Vec<usize> {
        let here = |lot: &usize| {
            let lot = &self.lots[*lot];
            lot.programme == programme && lot.at(firm).is_some_and(|sum| sum > 0)
        };
        let mut all: Vec<usize> = (0..self.lots.len()).filter(here).collect();
        // The one that goes on comes last.
        all.sort_by_key(|lot| self.lots[*lot].ended.unwrap_or(usize::MAX));
        all
    }

    fn issued(&mut self, voucher: usize, (programme, firm): (usize, usize), amount: Money) {
        let open = |lot: &Lot| (lot.programme, lot.firm, lot.ended) == (programme, firm, None);
        let lot = self.lots.iter().position(open).unwrap_or_else(|| {
            self.lots.push(Lot {
                programme,
                firm,
                ended: None,
                places: Vec::new(),
                short: Vec::new(),
            });
            self.lots.len() - 1
        });
        self.lots[lot].add(firm, amount);
        self.lot_of.push((voucher, lot));
    }

    fn pass(&mut self, programme: usize, (from, to): (usize, usize), amount: Money) {
        let now = self.did.len();
        if amount == 0 {
            self.did.push(Vec::new());
            return;
        }
        let lots = self.lots_at(programme, from);
        let there = |lot: &usize| self.lots[*lot].at(from).expect("it is there");
        let weights: Vec<Money> = lots.iter().map(there).collect();
        let parts = split(amount, &weights, Bend::None);
        let parts: Vec<(usize, Money)> = lots.into_iter().zip(parts).collect();
        for &(lot, _) in &parts {
            self.lots[lot].ended.get_or_insert(now);
        }
        let parts: Vec<_> = parts.into_iter().filter(|(_, part)| *part > 0).collect();
        self.shift((from, to), &parts);
        self.did.push(parts);
    }

    fn shift(&mut self, (from, to): (usize, usize), parts: &[(usize, Money)]) {
        for &(lot, part) in parts {
            self.lots[lot].add(from, -part);
            self.lots[lot].add(to, part);
        }
    }

    fn lot(&self, root: usize) -> usize {
        let found = self.lot_of.iter().find(|(own, _)| *own == root);
        found.expect("it was issued").1
    }

    /// Takes an amount off the lot of what was issued as `root`.
    fn revoke(&mut self, root: usize, chain: Vec<usize>, amount: Money) {
        let now = self.did.len();
        let lot = self.lot(root);
        let lot = &mut self.lots[lot];
        let others = lot.places.iter().map(|(firm, _)| *firm);
        let order: Vec<usize> = chain.into_iter().chain(others).collect();
        let (mut left, mut taken) = (amount, Vec::new());
        for firm in order {
            let Some(here) = lot.at(firm).filter(|_| left > 0) else {
                continue;
            };
            let part = here.min(left);
            left -= part;
            if part > 0 {
                lot.add(firm, -part);
                taken.push((firm, part));
            }
            if left > 0 {
                lot.short.push((firm, now));
            }
        }
        assert_eq!(left, 0, "what is revoked was issued");
        self.did.push(taken);
    }

    /// Takes it off whatever counts at the holder.
    fn revoke_at(&mut self, (programme, holder): (usize, usize), amount: Money) {
        let (mut left, mut taken) = (amount, Vec::new());
        for lot in self.lots_at(programme, holder) {
            let here = self.lots[lot].at(holder).expect("it is there");
            let part = here.min(left);
            left -= part;
            self.lots[lot].add(holder, -part);
            taken.push((holder, part));
        }
        self.did.push(taken);
    }
}

impl Model {
    /// What was issued, and as it what this voucher came into being, with those who had it from
    /// its holder back.
    fn root_of(&self, voucher: usize) -> (usize, Vec<usize>) {
        let (mut root, mut chain) = (voucher, vec![self.vouchers[voucher].holder]);
        let programme = self.vouchers[voucher].programme;
        while let Some(parent) = self.vouchers[root].parent
            && self.vouchers[parent].programme == programme
        {
            root = parent;
            chain.push(self.vouchers[root].holder);
        }
        (root, chain)
    }

    pub(super) fn told(&self) -> Told {
        let mut told = Told::default();
        for issue in &self.issues {
            match *issue {
                Issue::Of(voucher) => {
                    let row = &self.vouchers[voucher];
                    told.issued(voucher, (row.programme, row.holder), row.amount);
                    told.did.push(Vec::new());
                }
                Issue::Passed {
                    programme,
                    firms,
                    amount,
                } => told.pass(programme, firms, amount),
                Issue::PassedBack(place) => {
                    let Issue::Passed {
                        firms: (from, to), ..
                    } = self.issues[place]
                    else {
                        unreachable!("only what was passed goes back");
                    };
                    let parts = told.did[place].clone();
                    told.shift((to, from), &parts);
                    told.did.push(Vec::new());
                }
                Issue::Revoked(voucher, amount) if self.bend == Bend::RevokedAtHolder => {
                    let row = &self.vouchers[voucher];
                    told.revoke_at((row.programme, row.holder), amount);
                }
                Issue::Revoked(voucher, amount) => {
                    let (root, chain) = self.root_of(voucher);
                    told.revoke(root, chain, amount);
                }
                Issue::RevokedBack(place) => {
                    let Issue::Revoked(voucher, _) = self.issues[place] else {
                        unreachable!("only what was revoked comes back");
                    };
                    let lot = told.lot(self.root_of(voucher).0);
                    for (firm, part) in told.did[place].clone() {
                        told.lots[lot].add(firm, part);
                    }
                    told.did.push(Vec::new());
                }
            }
        }
        told
    }

    /// What counts as issued to an enterprise under a programme.
    pub(super) fn issued_to(&self, programme: usize, firm: usize) -> Money {
        let told = self.told();
        let lots = told.lots_at(programme, firm).into_iter();
        lots.filter_map(|lot| told.lots[lot].at(firm)).sum()
    }

    /// True if what was revoked, as told at a place, can count again under a cap.
    pub(super) fn fits_again(&self, programme: usize, place: usize, cap: Money) -> bool {
        let told = self.told();
        let mut taken = told.did[place].iter();
        taken.all(|(firm, part)| self.issued_to(programme, *firm) + part <= cap)
    }

    /// True if what was passed on, as told at a place, can go back: all of it is there, and it was
    /// not missed since where it came from.
    pub(super) fn can_go_back(&self, place: usize) -> bool {
        let Issue::Passed {
            firms: (from, to), ..
        } = self.issues[place]
        else {
            unreachable!("only what was passed goes back");
        };
        let told = self.told();
        told.did[place].iter().all(|(lot, part)| {
            let lot = &told.lots[*lot];
            let missed = |(firm, when): &(usize, usize)| *firm == from && *when > place;
            lot.at(to).is_some_and(|here| here >= *part) && !lot.short.iter().any(missed)
        })
    }

    /// An amount of a voucher is revoked unused.
    pub(super) fn uncount_issued(&mut self, voucher: usize, amount: Money) {
        self.issues.push(Issue::Revoked(voucher, amount));
    }

    /// A succession takes an amount along.
    pub(super) fn pass_issued(&mut self, programme: usize, firms: (usize, usize), amount: Money) {
        self.issues.push(Issue::Passed {
            programme,
            firms,
            amount,
        });
    }

    /// What histories are meant to reach of what is revoked.
    pub(super) fn meetings_of_revocations(&self) -> Vec<&'static str> {
        let told = self.told();
        let mut met = Vec::new();
        for (place, issue) in self.issues.iter().enumerate() {
            let Issue::Revoked(voucher, _) = *issue else {
                continue;
            };
            let holder = self.vouchers[voucher].holder;
            let (root, chain) = self.root_of(voucher);
            let issued_to = self.vouchers[root].holder;
            let taken = |firm: usize| told.did[place].iter().any(|(own, _)| *own == firm);
            let received = holder != issued_to;
            let strange = told.did[place].iter().any(|(own, _)| !chain.contains(own));
            let all = [
                (received && !taken(holder), "revoked of a giver alone"),
                (received && taken(holder), "revoked of a successor"),
                (strange, "revoked of one who never had it"),
                (
                    self.came_back_later(voucher, place),
                    "money back to a revoked voucher",
                ),
            ];
            met.extend(
                all.into_iter()
                    .filter(|(now, _)| *now)
                    .map(|(_, what)| what),
            );
        }
        met
    }

    fn came_back_later(&self, voucher: usize, place: usize) -> bool {
        let mut revocations = self.steps.iter().filter_map(|step| match step.what {
            What::Revocation {
                voucher: own,
                issue,
                ..
            } if own == voucher => Some(issue),
            _ => None,
        });
        self.vouchers[voucher].revoked
            && revocations.any(|issue| issue < place)
            && !self
                .steps
                .iter()
                .any(|step| matches!(step.what, What::Revocation { issue, .. } if issue >= place))
    }
}
