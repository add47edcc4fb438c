//! Claims, naively: the rules in the order of their text.

use jiff::civil::Date;
use quantong::engine::command::EvidenceKind;

use super::limits::contract_with;
use super::{
    Approval, Base, Bend, Claim, Line, Model, Money, Payer, Rate, Return, Verdict, group_on,
    refused, split,
};

/// A claim as it is filed. What it names may be unknown.
#[derive(Clone, Debug)]
pub(super) struct Filing {
    pub(super) by: usize,
    pub(super) voucher: usize,
    pub(super) provider: usize,
    pub(super) enterprise: Option<usize>,
    pub(super) category: String,
    pub(super) contract_no: String,
    pub(super) contract_date: Date,
    pub(super) contract_amount: Money,
    pub(super) invoice_no: String,
    pub(super) invoice_amount: Money,
    pub(super) paid_amount: Money,
    pub(super) papers: Vec<EvidenceKind>,
    pub(super) imported: bool,
}

impl Model {
    pub(super) fn file(&mut self, c: &Filing) -> Verdict {
        let faults = self.faults(c);
        if !faults.is_empty() {
            self.refused_invoices.push(c.invoice_no.clone());
            return Verdict::Refused(faults);
        }
        match self.payable(c) {
            Err(code) => {
                self.refused_invoices.push(c.invoice_no.clone());
                refused(code)
            }
            Ok(amount) if self.pays(self.vouchers[c.voucher].pot) => {
                Verdict::Approved(self.approve(c, amount, None))
            }
            Ok(amount) => {
                self.wait(c, amount);
                Verdict::Waits(amount)
            }
        }
    }

    /// Rules 1 to 19, each with the inputs it uses.
    pub(super) fn faults(&self, c: &Filing) -> Vec<&'static str> {
        let voucher = self.vouchers.get(c.voucher);
        let provider = self.providers.get(c.provider);
        let holder = voucher.map(|v| &self.enterprises[v.holder]);
        let both = holder.zip(provider);
        let related = both.is_some_and(|(ours, theirs)| {
            let group = group_on(&theirs.groups, c.contract_date);
            group.is_some() && group == group_on(&ours.groups, c.contract_date)
        }) || voucher
            .is_some_and(|v| self.declared(c.provider, v.holder, c.contract_date));
        let used_up = |claim: &&Claim| !claim.reversed && claim.filing.invoice_no == c.invoice_no;
        let invoice_used = self.claims.iter().find(used_up).is_some()
            || self.bend == Bend::RefusedTakesInvoice
                && self.refused_invoices.contains(&c.invoice_no);
        let last_day = voucher.map(|v| match self.bend {
            Bend::ExpiresOneDayEarly => v.use_by.yesterday().expect("not the first day"),
            _ => v.use_by,
        });
        let rules = [
            (voucher.is_none(), "VOUCHER_UNKNOWN"),
            (provider.is_none(), "PROVIDER_UNKNOWN"),
            (voucher.is_some_and(|v| v.revoked), "VOUCHER_REVOKED"),
            (voucher.is_some_and(|v| v.frozen), "VOUCHER_FROZEN"),
            (provider.is_some_and(|p| p.suspended), "PROVIDER_SUSPENDED"),
            (
                holder.is_some_and(|h| self.is_blocked(&h.code)),
                "HOLDER_BLOCKED",
            ),
            (
                provider.is_some_and(|p| self.is_blocked(&p.code)),
                "PROVIDER_BLOCKED",
            ),
            (
                both.is_some() && self.consent_for(c).is_none(),
                "NOT_AUTHORISED",
            ),
            (
                voucher.is_some_and(|v| c.enterprise.is_some_and(|given| given != v.holder)),
                "HOLDER_MISMATCH",
            ),
            (
                both.is_some_and(|(ours, theirs)| ours.code == theirs.code),
                "SELF_DEALING",
            ),
            (related, "RELATED_PARTY"),
            (
                voucher.is_some_and(|v| c.contract_date < v.issued_on),
                "CONTRACT_BEFORE_ISSUE",
            ),
            (
                voucher.is_some_and(|v| {
                    v.contracts_from != v.issued_on && c.contract_date < v.contracts_from
                }),
                "CONTRACT_BEFORE_TRANSFER",
            ),
            (c.contract_date > self.today, "CONTRACT_AFTER_FILING"),
            (
                last_day.is_some_and(|last| c.contract_date > last),
                "VOUCHER_EXPIRED",
            ),
            (
                voucher.is_some_and(|v| self.today > v.cash_by),
                "CASH_DEADLINE_PASSED",
            ),
            (
                provider.is_some_and(|p| {
                    c.contract_date < p.admitted.0 || c.contract_date > p.admitted.1
                }),
                "PROVIDER_NOT_ADMITTED",
            ),
            (
                provider.is_some_and(|p| !p.categories.contains(&c.category)),
                "CATEGORY_NOT_OFFERED",
            ),
        ];
        let last = [(invoice_used, "DUPLICATE_INVOICE")];
        let all = rules.into_iter().chain(self.faults_by_version(c));
        let broken = all.chain(last).filter(|(broken, _)| *broken);
        broken.map(|(_, code)| code).collect()
    }

    /// What the judging version says of provider, category and papers.
    fn faults_by_version(&self, c: &Filing) -> [(bool, &'static str); 4] {
        let provider = self.providers.get(c.provider);
        let voucher = self.vouchers.get(c.voucher);
        let version = voucher.and_then(|v| {
            let number = self.version_on(v.programme, c.contract_date)?;
            Some(self.version(v.programme, number))
        });
        [
            (
                provider.zip(version).is_some_and(|(p, v)| {
                    let cities = v.recognised.as_ref();
                    cities.is_some_and(|cities| !cities.contains(&p.city))
                }),
                "HOST_NOT_RECOGNISED",
            ),
            (
                version.is_some_and(|v| v.rates.iter().all(|rate| rate.category != c.category)),
                "CATEGORY_NOT_FUNDED",
            ),
            (
                provider
                    .and(version)
                    .is_some_and(|v| self.is_excluded(&v.limits, c)),
                "EXCLUDED",
            ),
            (
                version.is_some_and(|v| v.limits.lacks_papers(c)),
                "EVIDENCE_MISSING",
            ),
        ]
    }

    /// The consent that a claim draws on and what is left of it: the holder's in provider mode,
    /// the provider's own in enterprise mode; one for this provider before one for any. Of
    /// several for the same the newest counts. Imported rows count as consented.
    fn consent_for(&self, c: &Filing) -> Option<(Option<usize>, Money)> {
        if c.imported {
            return Some((None, Money::MAX));
        }
        let programme = self.vouchers[c.voucher].programme;
        let number = self.version_on(programme, c.contract_date)?;
        let by_provider = self.version(programme, number).pays_enterprise;
        for wanted in [Some(c.provider), None] {
            let same = (0..self.consents.len()).filter(|id| {
                let row = &self.consents[*id];
                row.voucher == c.voucher && row.by_provider == by_provider && row.provider == wanted
            });
            let same: Vec<usize> = same.collect();
            let Some(newest) = same.last().copied() else {
                continue;
            };
            let mut left = self.left_of(newest);
            if self.bend == Bend::ConsentsAddUp {
                left = same.iter().map(|id| self.left_of(*id)).sum();
            }
            if self.today <= self.consents[newest].until && left > 0 {
                return Some((Some(newest), left));
            }
        }
        None
    }

    pub(super) fn left_of(&self, consent: usize) -> Money {
        if self.consents[consent].withdrawn {
            return 0;
        }
        let drawn = self.claims.iter().filter(|claim| !claim.reversed);
        let drawn = drawn.filter(|claim| claim.consent == Some(consent));
        self.consents[consent].up_to - drawn.map(|claim| claim.approval.amount).sum::<Money>()
    }

    /// The minimum of all limits, or the first of rules 20 to 22 that holds.
    fn payable(&self, c: &Filing) -> Result<Money, &'static str> {
        let voucher = &self.vouchers[c.voucher];
        let programme = voucher.programme;
        let number = self
            .version_on(programme, c.contract_date)
            .expect("it was issued");
        let version = self.version(programme, number);
        let free = self.free_of(c.voucher);
        if free <= 0 {
            return Err("VOUCHER_EXHAUSTED");
        }
        let mut limits = vec![version.cap_enterprise - self.usage(programme, voucher.holder).1];
        let group = group_on(&self.enterprises[voucher.holder].groups, self.today);
        if group.is_some() {
            limits.push(version.cap_group - self.used_by_group(programme, &group));
        }
        if limits.iter().any(|left| *left <= 0) {
            return Err("YEAR_CAP_EXHAUSTED");
        }
        let who = (programme, voucher.holder);
        let contract = contract_with(c.provider, &c.contract_no);
        let what = (c.category.as_str(), Some(&contract));
        for (left, code) in self.limits_left(&version.limits, who, what, (0, 0)) {
            if left <= 0 {
                return Err(code);
            }
            limits.push(left);
        }
        let rate = version
            .rates
            .iter()
            .find(|rate| rate.category == c.category);
        let rate = rate.expect("rule 17 was kept");
        limits.push(self.worth(c));
        limits.push(rate.cap_claim);
        limits.push(free);
        limits.push(self.consent_for(c).expect("rule 6 was kept").1);
        let amount = limits.into_iter().min().expect("there are limits");
        if amount > 0 {
            Ok(amount)
        } else {
            Err("NOTHING_PAYABLE")
        }
    }

    /// What a controller group has used under a programme, holds included.
    pub(super) fn used_by_group(&self, programme: usize, group: &Option<String>) -> Money {
        let of_group = self.claims.iter().filter(|claim| {
            !claim.reversed
                && claim.group == *group
                && self.vouchers[claim.voucher].programme == programme
        });
        let used: Money = of_group.map(|claim| claim.approval.amount).sum();
        used + self.held_for_group(programme, group)
    }

    /// What the rate gives of a claim, and at most what the provider is still owed.
    pub(super) fn worth(&self, c: &Filing) -> Money {
        let programme = self.vouchers[c.voucher].programme;
        let number = self
            .version_on(programme, c.contract_date)
            .expect("it was issued");
        let version = self.version(programme, number);
        let rate = version
            .rates
            .iter()
            .find(|rate| rate.category == c.category);
        let rate = rate.expect("rule 17 was kept");
        let base = match version.base {
            Base::Contract => c.contract_amount,
            Base::Invoice => c.invoice_amount,
            Base::Paid => c.paid_amount,
            Base::Least => c.contract_amount.min(c.invoice_amount).min(c.paid_amount),
        };
        let worth = self.subsidy(rate, base);
        if version.pays_enterprise {
            worth
        } else {
            worth.min(c.invoice_amount - c.paid_amount).max(0)
        }
    }

    /// Fen by fen would be the most naive; slice by slice is close enough.
    pub(super) fn subsidy(&self, rate: &Rate, base: Money) -> Money {
        let mut millionths = 0;
        let mut floored = 0;
        let mut from = 0;
        for (up_to, ratio) in &rate.tiers {
            let slice = (base.min(*up_to) - from).max(0);
            millionths += slice * ratio;
            floored += slice * ratio / 1_000_000;
            from = *up_to;
        }
        if self.bend == Bend::TiersFlooredApart {
            floored
        } else {
            millionths / 1_000_000
        }
    }

    /// Who bears an amount, and whether the others begin to owe with the payment only.
    pub(super) fn borne_by(&self, c: &Filing, amount: Money) -> (Approval, bool) {
        let programme = self.vouchers[c.voucher].programme;
        let home = self.programmes[programme].city;
        let host = self.providers[c.provider].city;
        let agreement = self.agreement_for(home, host, c);
        let (payer, others, waits) = match agreement {
            None => (home, Vec::new(), false),
            Some(agreement) => {
                let payer = match agreement.payer {
                    Payer::Home => home,
                    Payer::Host => host,
                    Payer::Pool(pool) => pool,
                };
                let shares: Vec<Money> = agreement.shares.iter().map(|(_, share)| *share).collect();
                let parts = split(amount, &shares, self.bend);
                let funders = agreement
                    .shares
                    .iter()
                    .map(|(member, _)| *member)
                    .zip(parts);
                let others = funders.filter(|(member, part)| *member != payer && *part > 0);
                (payer, others.collect(), agreement.accrues_at_payment)
            }
        };
        let approval = Approval {
            amount,
            payer,
            others,
        };
        (approval, waits)
    }

    pub(super) fn approve(&mut self, c: &Filing, amount: Money, order: Option<usize>) -> Approval {
        let (approval, owed_later) = self.borne_by(c, amount);
        self.take_in(c, approval.clone(), order, false);
        if !owed_later {
            self.owe(self.claims.len() - 1);
        }
        approval
    }

    /// Takes a claim that waits: nobody owes for it yet.
    fn wait(&mut self, c: &Filing, amount: Money) {
        let programme = self.vouchers[c.voucher].programme;
        let approval = Approval {
            amount,
            payer: self.programmes[programme].city,
            others: Vec::new(),
        };
        self.take_in(c, approval, None, true);
    }

    fn take_in(&mut self, c: &Filing, approval: Approval, order: Option<usize>, waits: bool) {
        let voucher = &self.vouchers[c.voucher];
        let (holder, pot, amount) = (voucher.holder, voucher.pot, approval.amount);
        let number = self.version_on(voucher.programme, c.contract_date);
        let version = self.version(voucher.programme, number.expect("it was issued"));
        let caps_contract = version.limits.cap_contract.is_some();
        let held = order.is_some_and(|order| self.counts_on_contract(order, c.voucher));
        if caps_contract && !held {
            self.count_on(c.voucher, contract_with(c.provider, &c.contract_no), amount);
        }
        self.claims.push(Claim {
            voucher: c.voucher,
            filing: c.clone(),
            filed_on: self.today,
            approval,
            caps_contract: caps_contract || held,
            waits,
            pot,
            booked_in: pot,
            group: match order {
                None => group_on(&self.enterprises[holder].groups, self.today),
                // The caps were taken when the order was confirmed.
                Some(order) => self.group_of_line(order, c.voucher),
            },
            consent: self.consent_for(c).and_then(|(id, _)| id),
            order,
            filed_by: c.by,
            lines: Vec::new(),
            paid: false,
            reversed: false,
        });
        if order.is_none() || self.bend == Bend::HoldsOutsideCaps {
            self.count(c.voucher, &c.category, amount);
        }
    }

    fn agreement_for(&self, home: usize, host: usize, c: &Filing) -> Option<&super::Agreement> {
        let in_force = self.agreements.iter().filter(|a| {
            (a.home, a.host) == (home, host)
                && a.days.0 <= c.contract_date
                && c.contract_date <= a.days.1
        });
        let fits = |a: &&super::Agreement| a.category.as_ref().is_none_or(|own| *own == c.category);
        in_force.filter(fits).max_by_key(|a| a.category.is_some())
    }

    /// The other funders of a claim begin to owe its payer.
    pub(super) fn owe(&mut self, claim: usize) {
        let Approval { payer, others, .. } = self.claims[claim].approval.clone();
        let programme = self.claims[claim].booked_in;
        for (debtor, amount) in others {
            self.claims[claim].lines.push(self.lines.len());
            self.lines.push(Line {
                debtor,
                creditor: payer,
                programme: Some(programme),
                amount,
                period: self.periods.len() - 1,
                voided: false,
            });
        }
    }

    /// A claim counts to its contract no more.
    pub(super) fn uncount_contract(&mut self, claim: usize) {
        let row = &self.claims[claim];
        if row.caps_contract {
            let contract = contract_with(row.filing.provider, &row.filing.contract_no);
            self.count_on(row.voucher, contract, -row.approval.amount);
        }
    }

    pub(super) fn reverse(&mut self, by: usize, claim: usize) -> Verdict {
        let Some(row) = self.claims.get(claim) else {
            return Verdict::Rejected;
        };
        if row.waits {
            return refused("CLAIM_WAITS");
        }
        if row.reversed {
            return refused("CLAIM_REVERSED");
        }
        if row.paid {
            return refused("CLAIM_ALREADY_PAID");
        }
        if row.filed_by == by {
            return refused("SECOND_PERSON_REQUIRED");
        }
        let (voucher, amount, lines) = (row.voucher, row.approval.amount, row.lines.clone());
        self.claims[claim].reversed = true;
        if self.bend != Bend::ReversalKeepsCap {
            let category = self.claims[claim].filing.category.clone();
            self.count(voucher, &category, -amount);
            self.uncount_contract(claim);
        }
        let pot = self.claims[claim].pot;
        if pot == self.vouchers[voucher].pot {
            self.give_back(voucher, amount);
        } else {
            // It was paid in a year that has been carried on since, and lapses there, or is
            // revoked.
            if self.is_revoked_for_good(voucher) {
                self.uncount_issued(voucher, amount);
            } else {
                self.lapses.push((pot, amount));
            }
            self.vouchers[voucher].returned.push(Return {
                amount,
                pot,
                lapsed: true,
            });
        }
        let open = self.periods.len() - 1;
        for id in lines {
            if self.lines[id].period == open {
                self.lines[id].voided = true;
            } else {
                let line = self.lines[id].clone();
                self.lines.push(Line {
                    debtor: line.creditor,
                    creditor: line.debtor,
                    period: open,
                    ..line
                });
            }
        }
        Verdict::Done
    }

    pub(super) fn pay(&mut self, claim: usize, paid_on: Date) -> Verdict {
        let Some(row) = self.claims.get(claim) else {
            return Verdict::Rejected;
        };
        if paid_on > self.today {
            return Verdict::Rejected;
        }
        if row.waits {
            return refused("CLAIM_WAITS");
        }
        if row.reversed {
            return refused("CLAIM_REVERSED");
        }
        if row.paid {
            return refused("CLAIM_ALREADY_PAID");
        }
        let owes_already = !row.lines.is_empty();
        self.claims[claim].paid = true;
        self.payments.push((claim, false));
        if !owes_already {
            self.owe(claim);
        }
        Verdict::Done
    }

    pub(super) fn return_payment(&mut self, payment: usize) -> Verdict {
        match self.payments.get(payment).copied() {
            None => Verdict::Rejected,
            Some((_, true)) => refused("PAYMENT_RETURNED"),
            Some((claim, false)) => {
                self.payments[payment].1 = true;
                self.claims[claim].paid = false;
                Verdict::Done
            }
        }
    }
}
