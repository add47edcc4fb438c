//! Extension and reissue of vouchers.

use super::parties::positive;
use super::vouchers::Owned;
use super::{Decision, Execution, refuse_if, valid};
use crate::domain::Day;
use crate::engine::command::{ExtendVoucher, ReissueVoucher};
use crate::engine::event::{Event, VoucherExtended};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::VoucherRow;
use crate::engine::terms::{CASH_DAYS_MAX, Role, USE_MONTHS_MAX};

impl Execution<'_> {
    pub(super) fn extend_voucher(&mut self, c: &ExtendVoucher) -> Decision {
        let Owned {
            row,
            programme,
            issuer,
            ..
        } = self.voucher(c.voucher)?;
        self.require_officer(Role::ScienceOfficer, issuer)?;
        valid(c.cash_by >= c.use_by, "cash_by", "lies before use_by")?;
        refuse_if(row.revoked, RefusalCode::VoucherRevoked)?;
        let closed = self.state.is_closed(programme);
        refuse_if(closed, RefusalCode::ProgrammeClosed)?;
        let same = (c.use_by, c.cash_by) == (row.use_by, row.cash_by);
        refuse_if(same, RefusalCode::AlreadyInState)?;
        let fits = extension_fits(&row, c, *self.state.business_date);
        refuse_if(!fits, RefusalCode::ExtensionOutOfBounds)?;
        self.emit(Event::VoucherExtended(VoucherExtended {
            voucher: c.voucher,
            use_by: c.use_by,
            cash_by: c.cash_by,
        }));
        Ok(())
    }

    pub(super) fn reissue_voucher(&mut self, c: &ReissueVoucher) -> Decision {
        let old = self.voucher(c.voucher)?;
        self.require_officer(Role::ScienceOfficer, old.issuer)?;
        positive(c.amount)?;
        let left = self.state.left_to_reissue(c.voucher);
        refuse_if(c.amount > left, RefusalCode::ReissueExceeded)?;
        let offer = self.offer(old.programme, old.holder, c.amount)?;
        if let Some(code) = offer.fault {
            return Err(code.into());
        }
        self.emit_issue(offer, None, Some(c.voucher))
    }
}

/// True if the deadlines of an extension lie within the bounds: neither moves back, money can
/// still be drawn today, and they are not later than any rules could have set them at the issue.
fn extension_fits(row: &VoucherRow, c: &ExtendVoucher, today: Day) -> bool {
    c.use_by >= row.use_by
        && c.cash_by >= row.cash_by
        && c.cash_by >= today
        && c.use_by <= row.issued_on.plus_months(USE_MONTHS_MAX)
        && c.cash_by <= c.use_by.plus_days(u32::from(CASH_DAYS_MAX))
}
