//! Undoing what was done, naively.

use jiff::civil::Date;

use super::issued::Issue;
use super::limits::Contract;
use super::world::FILER;
use super::{Fate, Kind, Model, Money, Return, Stage, Verdict, refused};

/// Something that was done, and whether it was undone.
pub(super) struct StepDone {
    by: usize,
    pub(super) what: What,
    undone: bool,
}

/// What was done.
#[derive(Clone)]
pub(super) enum What {
    Revocation {
        voucher: usize,
        /// Which of what came back of it.
        place: usize,
        /// Which of the changes of what counts as issued.
        issue: usize,
    },
    Budget {
        programme: usize,
        change: Money,
    },
    Transfer {
        transfer: usize,
        /// Which of the changes of what counts as issued.
        issue: usize,
        used: Money,
        /// The same of each category.
        parts: Vec<(String, Money)>,
        /// The same of each contract.
        contracts: Vec<(Contract, Money)>,
        /// How many changes of caps there were with it.
        changes: usize,
    },
    Relocation {
        transfer: usize,
        from: usize,
        /// How many vouchers there were.
        vouchers: usize,
    },
    Consent(usize),
    Payment {
        instruction: usize,
        amount: Money,
        bank_ref: String,
    },
    Extension {
        voucher: usize,
        before: (Date, Date),
        after: (Date, Date),
        /// How many claims, transfers and vouchers there were.
        known: [usize; 3],
    },
}

impl Model {
    pub(super) fn did(&mut self, by: usize, what: What) {
        self.steps.push(StepDone {
            by,
            what,
            undone: false,
        });
    }

    pub(super) fn undo(&mut self, by: usize, step: usize) -> Verdict {
        let Some(row) = self.steps.get(step) else {
            return Verdict::Rejected;
        };
        let consent = matches!(row.what, What::Consent(_));
        // The firms and labs act through one, the cities through others.
        if consent != (by == FILER) {
            return Verdict::Rejected;
        }
        if row.undone {
            return refused("STEP_REVERSED");
        }
        if row.by == by && !consent {
            return refused("SECOND_PERSON_REQUIRED");
        }
        let said = match row.what.clone() {
            What::Revocation {
                voucher,
                place,
                issue,
            } => self.undo_revocation(voucher, place, issue),
            What::Budget { programme, change } => self.undo_budget(programme, change),
            What::Transfer {
                transfer,
                issue,
                used,
                parts,
                contracts,
                changes,
            } => {
                let voucher = &self.vouchers[self.transfers[transfer].voucher];
                let giver = self.counted(voucher.programme, voucher.holder);
                if giver.short_at > changes {
                    return refused("STEP_USED");
                }
                self.undo_transfer(transfer, (issue, used), &parts, &contracts)
            }
            What::Relocation {
                transfer,
                from,
                vouchers,
            } => self.undo_relocation(transfer, from, vouchers),
            What::Consent(consent) => self.undo_consent(consent),
            What::Payment {
                instruction,
                amount,
                bank_ref,
            } => self.undo_payment(instruction, amount, &bank_ref),
            What::Extension {
                voucher,
                before,
                after,
                known,
            } => self.undo_extension(voucher, before, after, known),
        };
        self.steps[step].undone = said == Verdict::Done;
        said
    }

    fn undo_revocation(&mut self, voucher: usize, place: usize, issue: usize) -> Verdict {
        let row = &self.vouchers[voucher];
        let back = row.returned[place];
        // It came back to a year that has been carried on since.
        if back.pot != row.pot {
            return refused("STEP_USED");
        }
        if self.today > row.cash_by {
            return refused("CASH_DEADLINE_PASSED");
        }
        // More came back since, which would be free on it now.
        if row.returned.len() > place + 1 {
            return refused("STEP_USED");
        }
        let lies = if back.lapsed {
            self.came_back(back.pot, true)
        } else {
            self.available(back.pot)
        };
        let there = self.returned_of(voucher) - self.reissued_of(voucher);
        let amount = back.amount;
        if amount > there - self.gone_elsewhere(voucher) {
            return refused("STEP_USED");
        }
        let cap = self.version(row.programme, row.version).cap_enterprise;
        if amount > lies || !self.fits_again(row.programme, issue, cap) {
            return refused("STEP_USED");
        }
        let taken = Return {
            amount: -amount,
            ..back
        };
        self.vouchers[voucher].returned.push(taken);
        self.vouchers[voucher].revoked = false;
        self.issues.push(Issue::RevokedBack(issue));
        Verdict::Done
    }

    fn undo_extension(
        &mut self,
        voucher: usize,
        (use_by, cash_by): (Date, Date),
        after: (Date, Date),
        [claims, transfers, vouchers]: [usize; 3],
    ) -> Verdict {
        let row = &self.vouchers[voucher];
        if (row.use_by, row.cash_by) != after {
            return refused("STEP_USED");
        }
        if self.today > cash_by {
            return refused("CASH_DEADLINE_PASSED");
        }
        let claimed = self.claims[claims..]
            .iter()
            .any(|claim| claim.voucher == voucher && !claim.reversed);
        let ordered = self.orders.iter().any(|order| {
            let on_it = order.lines.iter().any(|line| line.voucher == voucher);
            on_it && order.place.holds() && order.reaches_past(use_by, cash_by)
        });
        let passed_on = self.transfers.iter().enumerate().any(|(id, t)| {
            let since = match t.fate {
                Fate::Proposed => id >= transfers,
                Fate::Approved => t.child.is_some_and(|child| child >= vouchers),
                Fate::Released | Fate::Undone => false,
            };
            t.voucher == voucher && t.kind != Kind::Move && since
        });
        if (self.today > use_by && claimed) || ordered || passed_on {
            return refused("STEP_USED");
        }
        let row = &mut self.vouchers[voucher];
        (row.use_by, row.cash_by) = (use_by, cash_by);
        Verdict::Done
    }

    fn undo_budget(&mut self, programme: usize, change: Money) -> Verdict {
        if change > 0 && change > self.available(programme) {
            return refused("STEP_USED");
        }
        if change < 0 && self.is_over(programme) {
            return refused("YEAR_ENDED");
        }
        self.programmes[programme].budget.push(-change);
        Verdict::Done
    }

    fn undo_transfer(
        &mut self,
        transfer: usize,
        (issue, used): (usize, Money),
        parts: &[(String, Money)],
        contracts: &[(Contract, Money)],
    ) -> Verdict {
        let t = &self.transfers[transfer];
        let (voucher, amount) = (t.voucher, t.amount);
        let child = t.child.expect("a child was made");
        let row = &self.vouchers[child];
        let has = self.counted(row.programme, row.holder);
        let kept = parts
            .iter()
            .all(|(category, amount)| has.in_category(category) >= *amount);
        let kept = kept
            && contracts
                .iter()
                .all(|(number, amount)| has.on_contract(number) >= *amount);
        let untouched = self.free_of(child) == amount && !row.revoked && !row.frozen;
        if !untouched || !self.can_go_back(issue) || has.used < used || !kept {
            return refused("STEP_USED");
        }
        let parent = &self.vouchers[voucher];
        if self.today > parent.cash_by {
            return refused("CASH_DEADLINE_PASSED");
        }
        if parent.revoked {
            return refused("VOUCHER_REVOKED");
        }
        if parent.frozen {
            return refused("VOUCHER_FROZEN");
        }
        self.transfers[transfer].fate = Fate::Undone;
        self.vouchers[child].revoked = true;
        self.vouchers[child].given_back = amount;
        self.issues.push(Issue::PassedBack(issue));
        self.move_caps((child, voucher), used, parts);
        self.move_contracts((child, voucher), contracts);
        Verdict::Done
    }

    fn undo_relocation(&mut self, transfer: usize, from: usize, vouchers: usize) -> Verdict {
        let t = &self.transfers[transfer];
        let firm = t.to;
        let issued = self.vouchers[vouchers..].iter().any(|row| {
            row.holder == firm && Some(self.programmes[row.programme].city) == t.to_city
        });
        if issued || Some(self.enterprises[firm].city) != t.to_city || self.is_relocating(firm) {
            return refused("STEP_USED");
        }
        self.transfers[transfer].fate = Fate::Undone;
        self.enterprises[firm].city = from;
        Verdict::Done
    }

    fn undo_consent(&mut self, consent: usize) -> Verdict {
        let row = &self.consents[consent];
        let replaced = self.consents[consent + 1..].iter().any(|newer| {
            newer.voucher == row.voucher
                && newer.by_provider == row.by_provider
                && newer.provider == row.provider
        });
        if replaced || self.left_of(consent) == 0 {
            return refused("STEP_USED");
        }
        self.consents[consent].withdrawn = true;
        Verdict::Done
    }

    fn undo_payment(&mut self, id: usize, amount: Money, bank_ref: &str) -> Verdict {
        let period = self.instructions[id].period;
        if self.periods[period].stage != Stage::Settling {
            return refused("PERIOD_STATE_MISMATCH");
        }
        self.instructions[id].paid -= amount;
        self.bank_refs
            .retain(|(of, known)| *of != id || known != bank_ref);
        Verdict::Done
    }
}
