//! Looking ahead: claims of a batch touch rows that are scattered over a gigabyte. Reading those
//! rows for a whole group first lets the processor wait for many of them at once; deciding the
//! group then finds them in its cache. Nothing is changed and nothing depends on what is read.

use std::hint::black_box;

use crate::domain::InvoiceNo;
use crate::engine::books::{Account, AccountKind};
use crate::engine::command::{Command, FileClaim, ProviderKey, Submission, VoucherKey};
use crate::engine::event::{Event, Recorded};
use crate::engine::state::{State, VoucherRow};
use crate::engine::tables::Hash128;

/// Commands that are looked ahead at once: their rows, some ten lines of 64 bytes each, fit the
/// first-level cache together with what deciding needs.
pub const LOOK_AHEAD_COMMANDS: usize = 32;

/// Touches the rows that the claims among these commands will read.
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
        sum ^= state.touch_first(key, claim);
    }
    for (_, claim) in claims() {
        sum ^= state.touch_second(claim);
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
    let mut sum = 0;
    for (key, claim) in claims() {
        sum ^= state
            .vouchers
            .get(claim.voucher.index())
            .map_or(0, touch_voucher);
        sum ^= state.touch_index(key, claim.invoice_no);
        let payable = Account::payee(claim.funding.payer, AccountKind::Payable, claim.payee);
        sum ^= state.books.touch(payable);
    }
    for (_, claim) in claims() {
        sum ^= state
            .vouchers
            .get(claim.voucher.index())
            .map_or(0, |row| state.touch_owner(row));
    }
    black_box(sum);
}

/// A row of 88 bytes lies on two lines: its first and its last field are read.
fn touch_voucher(row: &VoucherRow) -> u64 {
    row.amount.get().cast_unsigned() ^ u64::from(row.usage.0) ^ u64::from(row.frozen)
}

impl State {
    fn row_ahead(&self, claim: &FileClaim) -> Option<&VoucherRow> {
        match claim.voucher {
            VoucherKey::Id(id) => self.vouchers.get(id.index()),
            VoucherKey::Ref(_) => None,
        }
    }

    /// Rows and index shards that the command names.
    fn touch_first(&self, key: Option<u128>, claim: &FileClaim) -> u64 {
        let mut sum = self.row_ahead(claim).map_or(0, touch_voucher);
        if let ProviderKey::Id(id) = claim.provider {
            sum ^= self
                .providers
                .get(id.index())
                .map_or(0, |row| row.categories);
        }
        sum ^ self.touch_index(key, claim.invoice_no)
    }

    fn touch_index(&self, key: Option<u128>, invoice_no: InvoiceNo) -> u64 {
        let invoices = &self.invoices.0;
        let sum = invoices.touch(invoices.hash(&Hash128::from(invoice_no.to_u128())));
        sum ^ key.map_or(0, |key| self.keys.touch(key))
    }

    /// Rows that the voucher's row names.
    fn touch_second(&self, claim: &FileClaim) -> u64 {
        self.row_ahead(claim).map_or(0, |row| self.touch_owner(row))
    }

    fn touch_owner(&self, row: &VoucherRow) -> u64 {
        let mut sum = self.usage.at(row.usage.index()).used.get().cast_unsigned();
        let (_, holder) = self.voucher_owner(row);
        sum ^= self
            .enterprises
            .get(holder.index())
            .map_or(0, |row| row.code.0);
        let consent = row.consent.and_then(|id| self.consents.get(id.index()));
        sum ^ consent.map_or(0, |row| row.left.get().cast_unsigned())
    }
}
