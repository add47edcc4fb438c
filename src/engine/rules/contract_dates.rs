//! When the contract was made: not before the voucher, not after the claim.

use super::Facts;

#[inline]
pub(super) fn before_issue(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| facts.claim.contract_date < voucher.row.issued_on)
}

#[inline]
pub(super) fn before_transfer(facts: &Facts<'_>) -> bool {
    facts.on_voucher(|voucher| {
        let from = voucher.row.contracts_from;
        from > voucher.row.issued_on && facts.claim.contract_date < from
    })
}

#[inline]
pub(super) fn after_filing(facts: &Facts<'_>) -> bool {
    facts.claim.contract_date > facts.filed
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[
        (&[Code::ContractBeforeIssue], |_, c| {
            c.contract_date = day("2025-03-09");
        }),
        (&[Code::ContractBeforeTransfer], |w, c| {
            c.voucher = VoucherKey::Id(received_openly(w));
            c.contract_date = day("2025-03-19");
        }),
        (&[Code::ContractAfterFiling], |_, c| {
            c.contract_date = day("2025-03-11");
        }),
    ]
};

/// A voucher that the second firm received on 2025-03-20 by an open transfer.
#[cfg(test)]
fn received_openly(w: &mut super::tests::World) -> crate::domain::VoucherId {
    use super::tests::*;
    use crate::domain::{TransferId, VoucherId};
    w.publish(VersionTerms {
        transfers: Box::new([TransferRule {
            kind: TransferKind::Open,
            document_no: crate::domain::Text::parse("文〔2025〕2号").ok(),
        }]),
        ..World::terms()
    });
    w.issue(FIRM, 20_000);
    w.advance("2025-03-20");
    let proposal = ProposeTransfer {
        voucher: VoucherId(1),
        kind: TransferRequest::Open { to: OTHER_FIRM },
        amount: fen(10_000),
        document_no: crate::domain::Text::parse("函1号").ok(),
        expires_on: None,
    };
    w.by(MAKER, Command::ProposeTransfer(proposal));
    let decision = DecideTransfer {
        transfer: TransferId(0),
        approve: true,
    };
    w.by(CHECKER, Command::DecideTransfer(decision));
    w.consent(VoucherId(2), ConsentGiver::Holder(None), 1_000_000);
    VoucherId(2)
}
