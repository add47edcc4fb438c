//! Looking ahead: the rows that a claim reads and changes are scattered over a gigabyte, and
//! waiting for each in turn would cost more than deciding. So the memory of a claim is asked for
//! while those before it are decided, in three steps, each of which reads what the step before it
//! has brought near. Nothing is changed and nothing depends on what is asked for.

use crate::domain::{CategoryId, EnterpriseId, InvoiceNo, ProviderId, VoucherId};
use crate::engine::books::{Account, AccountKind};
use crate::engine::command::{
    Command, EnterpriseKey, FileClaim, IssueVoucher, Payee, ProviderKey, Submission, VoucherKey,
};
use crate::engine::event::{ClaimApproved, Event, Recorded};
use crate::engine::state::{State, VoucherRow, category_key, usage_key};
use crate::engine::tables::Hash128;

/// How far ahead the three steps are. Twenty-four claims with some fourteen lines of 64 bytes
/// each fit the first-level cache together with what deciding needs; eight claims take longer to
/// decide than memory takes to answer.
const AHEAD: [usize; 3] = [24, 16, 8];

/// Asks for the memory of commands behind the one at `at`, which is decided next. Called for
/// each command of a batch in turn, from the first.
pub fn look_ahead(state: &State, submissions: &[Submission], at: usize) {
    steps(submissions, at, |submission, step| {
        match &submission.command {
            Command::FileClaim(claim) => {
                if step == 0 {
                    state.principals.prefetch(submission.principal.index());
                }
                state.near_claim(submission.key, claim, step);
            }
            Command::IssueVoucher(issue) if step == 0 => state.near_issue(submission.key, issue),
            _ => {}
        }
    });
}

/// As [`look_ahead`], for events that are applied.
pub fn look_ahead_events(state: &State, events: &[Recorded], at: usize) {
    steps(events, at, |recorded, step| match &recorded.event {
        Event::ClaimApproved(claim) => state.near_approval(recorded.meta.key, claim, step),
        Event::VoucherIssued(e) if step == 0 => {
            state.near_key(recorded.meta.key);
            state.usage.prefetch(usage_key(e.programme, e.enterprise));
        }
        _ => {}
    });
}

/// Takes each step for the item that is as far ahead as the step is; before the first item, for
/// all up to there.
fn steps<T>(items: &[T], at: usize, mut take: impl FnMut(&T, usize)) {
    if items.len() < 2 {
        return;
    }
    for (step, ahead) in AHEAD.into_iter().enumerate() {
        let first = if at == 0 { 0 } else { at + ahead };
        for item in items.iter().take(at + ahead + 1).skip(first) {
            take(item, step);
        }
    }
}

impl State {
    fn near_claim(&self, key: Option<u128>, claim: &FileClaim, step: usize) {
        let VoucherKey::Id(voucher) = claim.voucher else {
            return;
        };
        let provider = match claim.provider {
            ProviderKey::Id(id) => Some(id),
            ProviderKey::Code(_) => None,
        };
        match step {
            0 => {
                self.near_named(key, voucher, claim.invoice_no);
                if let Some(id) = provider {
                    self.providers.prefetch(id.index());
                }
            }
            1 => self.near_usage(voucher, claim.category),
            _ => {
                self.near_holder(voucher, claim.category);
                if let Some(id) = provider {
                    self.near_payables(voucher, id);
                }
            }
        }
    }

    fn near_approval(&self, key: Option<u128>, claim: &ClaimApproved, step: usize) {
        match step {
            0 => {
                self.near_named(key, claim.voucher, claim.invoice_no);
                let payer = claim.funding.payer;
                let payable = Account::payee(payer, AccountKind::Payable, claim.payee);
                self.books.prefetch(payable);
            }
            1 => self.near_usage(claim.voucher, claim.category),
            _ => self.near_holder(claim.voucher, claim.category),
        }
    }

    fn near_issue(&self, key: Option<u128>, issue: &IssueVoucher) {
        self.near_key(key);
        if let EnterpriseKey::Id(id) = issue.enterprise {
            self.usage.prefetch(usage_key(issue.programme, id));
        }
    }

    fn near_key(&self, key: Option<u128>) {
        if let Some(key) = key {
            self.keys.prefetch(key);
        }
    }

    /// Row and index entries that a claim names.
    fn near_named(&self, key: Option<u128>, voucher: VoucherId, invoice_no: InvoiceNo) {
        self.near_key(key);
        let invoices = &self.invoices.0;
        invoices.prefetch(invoices.hash(&Hash128::from(invoice_no.to_u128())));
        self.vouchers.prefetch(voucher.index());
    }

    /// Usage and consent that a voucher's row names.
    fn near_usage(&self, voucher: VoucherId, category: CategoryId) {
        if let Some(row) = self.vouchers.get(voucher.index()) {
            self.usage.prefetch_at(row.usage.index());
            let key = category_key(row.usage, category);
            self.category_usage.prefetch(key);
            if let Some(id) = row.consent {
                self.consents.prefetch(id.index());
            }
        }
    }

    /// The holder that the usage of a voucher names, and what it used in a category.
    fn near_holder(&self, voucher: VoucherId, category: CategoryId) {
        if let Some(row) = self.vouchers.get(voucher.index()) {
            let key = category_key(row.usage, category);
            self.category_usage.prefetch_row(key);
            let (_, holder): (_, EnterpriseId) = self.voucher_owner(row);
            self.enterprises.prefetch(holder.index());
        }
    }

    /// What issuer and host owe the provider: one of them will owe more.
    fn near_payables(&self, voucher: VoucherId, id: ProviderId) {
        let voucher: Option<&VoucherRow> = self.vouchers.get(voucher.index());
        let (Some(voucher), Some(provider)) = (voucher, self.providers.get(id.index())) else {
            return;
        };
        let (programme, _) = self.voucher_owner(voucher);
        let issuer = self.programmes[programme.index()].city;
        for payer in [issuer, provider.city] {
            let payee = Payee::Provider(id);
            self.books
                .prefetch(Account::payee(payer, AccountKind::Payable, payee));
        }
    }
}
