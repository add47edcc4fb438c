//! Looking ahead: claims of a batch touch rows that are scattered over a gigabyte. Reading those
//! rows for a whole group first lets the processor wait for many of them at once; deciding the
//! group then finds them in its cache. Nothing is changed and nothing depends on what is read.

use std::hint::black_box;

use crate::domain::{InvoiceNo, ProviderId};
use crate::engine::books::{Account, AccountKind};
use crate::engine::command::{Command, FileClaim, Payee, ProviderKey, Submission, VoucherKey};
use crate::engine::event::{ClaimApproved, Event, Recorded};
use crate::engine::state::{ProviderRow, State, VoucherRow};
use crate::engine::tables::Hash128;

/// Commands that are looked ahead at once: their rows, some fourteen lines of 64 bytes each, fit
/// the first-level cache together with what deciding needs.
pub const LOOK_AHEAD_COMMANDS: usize = 32;

/// Touches the rows that the claims among these commands will read and change. Each pass reads
/// what the rows of the pass before it name, so that within a pass nothing waits for anything.
pub fn look_ahead(state: &State, submissions: &[Submission]) {
    let claims = || {
        submissions
            .iter()
            .filter_map(|submission| match &submission.command {
                Command::FileClaim(claim) => Some((submission.key, claim)),
                _ => None,
            })
    };
    let mut sum = 0;
    for (key, claim) in claims() {
        sum ^= state.touch_named(key, claim);
    }
    for (_, claim) in claims() {
        sum ^= state
            .voucher_ahead(claim)
            .map_or(0, |row| state.touch_usage(row));
    }
    for (_, claim) in claims() {
        sum ^= state
            .voucher_ahead(claim)
            .map_or(0, |row| state.touch_holder(row));
        sum ^= state.touch_payables(claim);
    }
    black_box(sum);
}

/// Touches the rows that applying these events will change.
pub fn look_ahead_events(state: &State, events: &[Recorded]) {
    let claims = || {
        events.iter().filter_map(|recorded| match &recorded.event {
            Event::ClaimApproved(claim) => Some((recorded.meta.key, claim)),
            _ => None,
        })
    };
    let voucher = |claim: &ClaimApproved| state.vouchers.get(claim.voucher.index());
    let mut sum = 0;
    for (key, claim) in claims() {
        sum ^= voucher(claim).map_or(0, touch_voucher);
        sum ^= state.touch_index(key, claim.invoice_no);
        let payable = Account::payee(claim.funding.payer, AccountKind::Payable, claim.payee);
        sum ^= state.books.touch(payable);
    }
    for (_, claim) in claims() {
        sum ^= voucher(claim).map_or(0, |row| state.touch_usage(row));
    }
    for (_, claim) in claims() {
        sum ^= voucher(claim).map_or(0, |row| state.touch_holder(row));
    }
    black_box(sum);
}

// Rows do not begin at the begin of a line, so most lie on two: the first and the last of their
// fields are read.

fn touch_voucher(row: &VoucherRow) -> u64 {
    row.amount.get().cast_unsigned() ^ u64::from(row.usage.0) ^ u64::from(row.frozen)
}

impl State {
    fn voucher_ahead(&self, claim: &FileClaim) -> Option<&VoucherRow> {
        match claim.voucher {
            VoucherKey::Id(id) => self.vouchers.get(id.index()),
            VoucherKey::Ref(_) => None,
        }
    }

    fn provider_ahead(&self, claim: &FileClaim) -> Option<(ProviderId, &ProviderRow)> {
        match claim.provider {
            ProviderKey::Id(id) => self.providers.get(id.index()).map(|row| (id, row)),
            ProviderKey::Code(_) => None,
        }
    }

    /// Rows and index shards that the command names.
    fn touch_named(&self, key: Option<u128>, claim: &FileClaim) -> u64 {
        let voucher = self.voucher_ahead(claim).map_or(0, touch_voucher);
        let provider = self
            .provider_ahead(claim)
            .map_or(0, |(_, row)| row.code.0 ^ u64::from(row.suspended));
        voucher ^ provider ^ self.touch_index(key, claim.invoice_no)
    }

    fn touch_index(&self, key: Option<u128>, invoice_no: InvoiceNo) -> u64 {
        let invoices = &self.invoices.0;
        let sum = invoices.touch(invoices.hash(&Hash128::from(invoice_no.to_u128())));
        sum ^ key.map_or(0, |key| self.keys.touch(key))
    }

    /// Usage and consent that a voucher's row names.
    fn touch_usage(&self, row: &VoucherRow) -> u64 {
        let usage = self.usage.at(row.usage.index()).used.get().cast_unsigned();
        let consent = row.consent.and_then(|id| self.consents.get(id.index()));
        let consent = consent.map_or(0, |row| {
            row.left.get().cast_unsigned() ^ u64::from(row.replaced)
        });
        usage ^ self.usage.key_at(row.usage.index()) ^ consent
    }

    /// The holder that the usage of a voucher names.
    fn touch_holder(&self, row: &VoucherRow) -> u64 {
        let (_, holder) = self.voucher_owner(row);
        let holder = self.enterprises.get(holder.index());
        holder.map_or(0, |row| row.code.0 ^ row.kind as u64)
    }

    /// What issuer and host owe the provider: one of them will owe more.
    fn touch_payables(&self, claim: &FileClaim) -> u64 {
        let (Some(voucher), Some((id, provider))) =
            (self.voucher_ahead(claim), self.provider_ahead(claim))
        else {
            return 0;
        };
        let (programme, _) = self.voucher_owner(voucher);
        let issuer = self.programmes[programme.index()].city;
        let payable = |payer| {
            let account = Account::payee(payer, AccountKind::Payable, Payee::Provider(id));
            self.books.touch(account)
        };
        payable(issuer) ^ payable(provider.city)
    }
}
