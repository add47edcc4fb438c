//! Applications, extensions and reissues.

use super::vouchers::plus;
use crate::domain::{ApplicationId, Day, Fen, VoucherId};
use crate::engine::event::{
    ApplicationApproved, ApplicationFiled, ApplicationResubmitted, EventMeta, VoucherExtended,
    VoucherIssued,
};
use crate::engine::state::{ApplicationRow, ApplicationStatus, State, Step};

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

    pub(super) fn voucher_extended(&mut self, meta: &EventMeta, e: &VoucherExtended) {
        let after = (e.use_by, e.cash_by);
        let before = self.set_deadlines(e.voucher, after);
        let what = Step::Extension {
            voucher: e.voucher,
            before,
            after,
        };
        self.step_done(meta, what);
    }

    /// Sets the last days of use and of filing; those before.
    pub(super) fn set_deadlines(&mut self, voucher: VoucherId, days: (Day, Day)) -> (Day, Day) {
        let before = self.vouchers.update(voucher.index(), |row| {
            let before = (row.use_by, row.cash_by);
            (row.use_by, row.cash_by) = days;
            before
        });
        self.lapses.remove(&(before.1.next(), voucher));
        self.lapses.insert((days.1.next(), voucher), ());
        before
    }
}
