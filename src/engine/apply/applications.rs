//! Applications, extensions and reissues.

use super::vouchers::plus;
use crate::domain::{ApplicationId, Fen};
use crate::engine::event::{
    ApplicationApproved, ApplicationFiled, ApplicationResubmitted, EventMeta, VoucherExtended,
    VoucherIssued,
};
use crate::engine::state::{ApplicationRow, ApplicationStatus, State};

impl State {
    pub(super) fn application_filed(&mut self, meta: &EventMeta, e: &ApplicationFiled) {
        let position = self.applications.push(ApplicationRow {
            amount: e.amount,
            approved: Fen::ZERO,
            details: meta.seq,
            enterprise: e.enterprise,
            submitted_by: meta.principal,
            approved_by: None,
            voucher: None,
            programme: e.programme,
            year: meta.business_date.year(),
            status: ApplicationStatus::Submitted,
        });
        assert_eq!(position, e.application.index(), "application ids are dense");
    }

    pub(super) fn application_resubmitted(&mut self, meta: &EventMeta, e: &ApplicationResubmitted) {
        self.applications.update(e.application.index(), |row| {
            row.amount = e.amount;
            row.details = meta.seq;
            row.submitted_by = meta.principal;
            row.status = ApplicationStatus::Submitted;
        });
    }

    pub(super) fn application_approved(&mut self, meta: &EventMeta, e: &ApplicationApproved) {
        self.applications.update(e.application.index(), |row| {
            row.approved = e.amount;
            row.approved_by = Some(meta.principal);
            row.status = ApplicationStatus::Approved;
        });
    }

    pub(super) fn move_application(&mut self, id: ApplicationId, status: ApplicationStatus) {
        self.applications
            .update(id.index(), |row| row.status = status);
    }

    /// Remembers what a voucher was issued for.
    pub(super) fn issued_for(&mut self, e: &VoucherIssued) {
        if let Some(application) = e.application {
            self.applications.update(application.index(), |row| {
                row.voucher = Some(e.voucher);
                row.status = ApplicationStatus::Issued;
            });
        }
        if let Some(old) = e.replaces {
            let mut row = self.reissued.get(&old).cloned().unwrap_or_default();
            row.amount = plus(row.amount, e.amount);
            row.vouchers.push(e.voucher);
            self.reissued.insert(old, row);
        }
    }

    pub(super) fn voucher_extended(&mut self, e: &VoucherExtended) {
        let due = self.vouchers.update(e.voucher.index(), |row| {
            let due = row.cash_by.next();
            (row.use_by, row.cash_by) = (e.use_by, e.cash_by);
            due
        });
        self.lapses.remove(&(due, e.voucher));
        self.lapses.insert((e.cash_by.next(), e.voucher), ());
    }
}
