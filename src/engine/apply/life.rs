//! Programmes, versions and agreements; drafts, the end of years, claims that wait.

use std::sync::Arc;

use super::claims::NewClaim;
use super::vouchers::{minus, plus};
use crate::domain::{ClaimId, Fen, PaymentId, ProgrammeId, VoucherId};
use crate::engine::command::Payee;
use crate::engine::event::{
    AgreementRegistered, ClaimAwaitsBudget, ClaimWithdrawn, DraftSaved, DraftSimulated, EventMeta,
    ProgrammeCreated, VersionPublished, WaitingApproved, YearCarried,
};
use crate::engine::state::{
    AgreementRow, CarriedRow, ClaimRow, ClaimStatus, DraftRow, Pack, ProgrammeRow, ProgrammeStatus,
    State, WaitingRow, YearEnds,
};

impl State {
    pub(super) fn programme_created(&mut self, meta: &EventMeta, e: &ProgrammeCreated) {
        let row = ProgrammeRow {
            code: e.code,
            city: e.city,
            budget_year: e.budget_year,
            status: ProgrammeStatus::Open,
            lapsed_total: 0,
            versions: Vec::new(),
            details: meta.seq,
            year_ends: YearEnds::default(),
        };
        let position = self.programmes.push(row);
        assert_eq!(position, e.programme.index(), "ids are dense");
        self.programme_codes.insert(e.code, e.programme);
    }

    pub(super) fn version_published(&mut self, e: &VersionPublished) {
        let terms = Arc::new((*e.terms).clone());
        self.programmes
            .update(e.programme.index(), |row| row.versions.push(terms));
        if let Some(draft) = e.draft {
            self.drafts.remove(&(e.programme, draft));
        }
    }

    pub(super) fn agreement_registered(&mut self, meta: &EventMeta, e: &AgreementRegistered) {
        let pair = (e.terms.home, e.terms.host);
        let terms = Arc::new((*e.terms).clone());
        let row = AgreementRow {
            terms,
            details: meta.seq,
        };
        let position = self.agreements.push(row);
        assert_eq!(position, e.agreement.index(), "ids are dense");
        let mut of_pair = self.agreements_of.get(&pair).cloned().unwrap_or_default();
        of_pair.push(e.agreement);
        self.agreements_of.insert(pair, of_pair);
    }

    pub(super) fn draft_saved(&mut self, meta: &EventMeta, e: &DraftSaved) {
        let row = DraftRow {
            terms: Arc::new((*e.terms).clone()),
            source: e.source.zip(e.source_version),
            simulated: None,
            saved: meta.seq,
        };
        self.drafts.insert((e.programme, e.draft), row);
        self.programmes.update(e.programme.index(), |row| {
            row.year_ends.drafts = row.year_ends.drafts.max(e.draft.0);
        });
    }

    pub(super) fn draft_simulated(&mut self, e: &DraftSimulated) {
        let key = (e.programme, e.draft);
        if let Some(row) = self.drafts.get(&key).cloned() {
            let simulated = Some(e.digest);
            self.drafts.insert(key, DraftRow { simulated, ..row });
        }
    }

    pub(super) fn set_status(&mut self, programme: ProgrammeId, status: ProgrammeStatus) {
        self.programmes
            .update(programme.index(), |row| row.status = status);
    }

    /// The new pack takes over whatever was charged to `from`; no voucher and no claim is
    /// touched.
    pub(super) fn year_carried(&mut self, meta: &EventMeta, e: &YearCarried) {
        let from = self.programmes[e.from.index()].clone();
        let earlier = from.year_ends.pack.as_ref();
        let carries = earlier.map_or(0, |pack| pack.carries) + 1;
        let mut origins = earlier.map_or_else(Vec::new, |pack| pack.origins.clone());
        origins.push(e.from);
        let carried = CarriedRow {
            at: meta.seq,
            pack: e.pack,
        };
        for origin in &origins {
            self.programmes.update(origin.index(), |row| {
                row.year_ends.carried.push(carried);
            });
        }
        if earlier.is_none() {
            self.set_status(e.from, ProgrammeStatus::Carried);
        }
        let mut row = ProgrammeRow {
            code: e.code,
            budget_year: e.budget_year,
            status: ProgrammeStatus::Closed,
            lapsed_total: 0,
            details: meta.seq,
            year_ends: Default::default(),
            ..from
        };
        row.year_ends.pack = Some(Pack {
            origins,
            year: e.into,
            carries,
        });
        let position = self.programmes.push(row);
        assert_eq!(position, e.pack.index(), "programme ids are dense");
        self.programme_codes.insert(e.code, e.pack);
        if self.next_waiting(e.pack).is_some() {
            self.releases.insert(e.pack, meta.business_date.next());
        }
    }

    pub(super) fn claim_awaits(&mut self, meta: &EventMeta, e: &ClaimAwaitsBudget) {
        let amount = e.amount;
        self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, amount);
        });
        let claimed = plus(self.claimed_of(e.voucher), amount);
        self.claimed.insert(e.voucher, claimed);
        let (programme, _) = self.voucher_owner(&self.vouchers[e.voucher.index()]);
        let waiting = WaitingRow {
            contract_date: e.contract_date,
            voucher: e.voucher,
            amount,
        };
        self.waiting.insert((programme, e.claim), waiting);
        let (group, authority) = self.count_filed(e.voucher, e.category, amount, e.consent);
        let usage = self.vouchers[e.voucher.index()].usage;
        let older = self.count_use(usage, e.category, Fen::ZERO, Some(e.claim));
        self.add_claim(
            meta,
            &NewClaim {
                claim: e.claim,
                voucher: e.voucher,
                version: e.version,
                provider: e.provider,
                category: e.category,
                contract_no: e.contract_no,
                invoice_no: e.invoice_no,
                amount,
                older,
                group,
                authority,
                payer: e.issuer,
                agreement: None,
                first_line: None,
                lines: 0,
                status: ClaimStatus::Waiting,
                pays_enterprise: matches!(e.payee, Payee::Enterprise(_)),
                counted: false,
            },
        );
    }

    pub(super) fn waiting_approved(&mut self, meta: &EventMeta, e: &WaitingApproved) {
        self.claims.update(e.claim.index(), |row| {
            row.status = ClaimStatus::Approved;
            row.payer = e.funding.payer;
            row.agreement = e.agreement;
            row.first_line = e.first_line;
            row.lines = e.first_line.map_or(0, |_| e.funding.other_count());
        });
        self.late_approvals.insert(e.claim, meta.seq);
        self.no_longer_waits(e.voucher, e.claim, e.amount);
        self.vouchers.update(e.voucher.index(), |row| {
            row.approved = plus(row.approved, e.amount);
        });
        if let Some(first) = e.first_line {
            self.add_claim_lines(e.claim, first, e.programme, e.period, &e.funding);
        }
    }

    pub(super) fn claim_withdrawn(&mut self, e: &ClaimWithdrawn) {
        let claim = self.claims.update(e.claim.index(), |row| {
            row.status = ClaimStatus::Withdrawn;
            row.clone()
        });
        self.no_longer_waits(e.voucher, e.claim, e.amount);
        self.give_back(e.voucher, e.amount, e.returned);
        self.forget_claim(e.claim, &claim);
    }

    fn no_longer_waits(&mut self, voucher: VoucherId, claim: ClaimId, amount: Fen) {
        let (programme, _) = self.voucher_owner(&self.vouchers[voucher.index()]);
        self.waiting.remove(&(programme, claim));
        let claimed = minus(self.claimed_of(voucher), amount);
        if claimed.is_zero() {
            self.claimed.remove(&voucher);
        } else {
            self.claimed.insert(voucher, claimed);
        }
        let pack = self.charged(programme);
        if self.releases.get(&pack).is_some() && self.next_waiting(pack).is_none() {
            self.releases.remove(&pack);
        }
    }

    /// Counts a payment to the programme whose budget the claim stands in.
    pub(super) fn count_paid(&mut self, id: ClaimId, claim: &ClaimRow) {
        let programme = self.stands_in(id, claim);
        self.paid.update(u64::from(programme.0), |paid| {
            *paid = plus(*paid, claim.amount);
        });
    }

    /// A payment came back: the claim stands where it stood when it was paid, though the rest of
    /// that budget may have been carried since.
    pub(super) fn uncount_paid(&mut self, payment: PaymentId) {
        let row = &self.payments[payment.index()];
        let (id, paid_at) = (row.claim, row.details);
        let claim = self.claims[id.index()].clone();
        let stood_in = self.paid_in(id, &claim, paid_at);
        self.paid.update(u64::from(stood_in.0), |paid| {
            *paid = minus(*paid, claim.amount);
        });
        if self.stands_in(id, &claim) != stood_in {
            self.stayed.insert(id, stood_in);
        }
    }
}
