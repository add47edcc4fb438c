//! What a command did to the voucher, judged on the filing day.

use super::Facts;

#[inline]
pub(super) fn revoked(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| voucher.row.revoked)
}

#[inline]
pub(super) fn frozen(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| voucher.row.frozen)
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::VoucherRevoked], |w, _| {
            w.system(Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }));
        }),
        (&[Code::VoucherFrozen], |w, _| {
            w.system(Command::SetFreeze(SetFreeze {
                voucher: VOUCHER,
                frozen: true,
            }));
        }),
    ]
};
