//! The cap of all claims of a holder on one contract under a programme: with one provider, of one
//! number, however that is written (`ContractKey`).
//!
//! Claims on one contract bear one contract date and so are judged by one version: what was used
//! is counted from the first claim that a version with such a cap judges, and none is missed. A
//! claim that gives its contract another date is another contract to the rule it was judged by.

use super::{Charge, OnContract};
use crate::domain::Fen;
use crate::engine::state::ContractKey;

#[inline]
pub(super) fn left(charge: &Charge<'_>) -> Fen {
    match charge.terms.cap_contract {
        None => Fen::MAX,
        Some(cap) => {
            let (state, usage) = (charge.state, charge.voucher.usage);
            let used = match charge.contract {
                OnContract::Numbered(provider, number) => {
                    state.used_on_contract(usage, ContractKey::new(provider, &number))
                }
                OnContract::Planned(order) => state.held_by_order(order, usage),
            };
            cap.saturating_sub(used)
        }
    }
}

#[cfg(test)]
pub(super) const CASES: &[super::tests::Case] = {
    use super::tests::*;
    &[(&[Code::ContractCapExhausted], |w, _| {
        w.publish(VersionTerms {
            cap_contract: Some(fen(40_000)),
            ..World::terms()
        });
        let first = w.claim();
        w.approve(first);
    })]
};

#[cfg(test)]
mod tests {
    use crate::domain::{ContractNo, ProviderId};
    use crate::engine::event::Event;
    use crate::engine::rules::tests::*;

    /// What a second claim of the firm gets on a contract with a lab and of a number, when 300.00
    /// of the 400.00 that the contract HT-1 with the first lab may use are used.
    fn then(lab: ProviderId, number: &str) -> Fen {
        let mut w = World::new();
        w.publish(VersionTerms {
            cap_contract: Some(fen(40_000)),
            recognised: None,
            ..World::terms()
        });
        let mut first = w.claim();
        first.invoice_amount = fen(60_000);
        assert_eq!(w.approve(first).amount, fen(30_000));
        let mut second = w.claim();
        second.provider = ProviderKey::Id(lab);
        second.contract_no = ContractNo::parse(number).expect("short");
        let Event::ClaimApproved(approved) = w.file(second) else {
            panic!("{lab:?} {number} is refused");
        };
        assert_eq!(approved.contract_no.as_str(), number, "as it was written");
        approved.amount
    }

    #[test]
    fn a_contract_is_of_a_firm_and_a_laboratory_whatever_way_its_number_is_written() {
        let (left, whole) = (fen(10_000), fen(40_000));
        for (lab, number, expected) in [
            (LAB, "HT-1", left),
            (LAB, "ht-1", left),
            (LAB, "Ht-1", left),
            (LAB, "ＨＴ－１", left),
            (LAB, "ｈｔ-1", left),
            (LAB, "HT-2", whole),
            (LAB, "HT 1", whole),
            // Another laboratory counts its own contracts from one.
            (THIRD_LAB, "HT-1", whole),
            (THIRD_LAB, "ht-1", whole),
        ] {
            assert_eq!(then(lab, number), expected, "{lab:?} {number}");
        }
    }

    #[test]
    fn what_is_undone_leaves_the_contract_that_it_was_counted_to() {
        let mut w = World::new();
        w.publish(VersionTerms {
            cap_contract: Some(fen(40_000)),
            recognised: None,
            ..World::terms()
        });
        let used = |w: &World| -> Vec<(ProviderId, i64)> {
            let all = w.state.used_on_contracts(PROGRAMME, FIRM);
            all.map(|(contract, used)| (contract.provider(), used.get()))
                .collect()
        };
        let mut claims = Vec::new();
        for (lab, number) in [(LAB, "HT-1"), (THIRD_LAB, "HT-1"), (LAB, "ｈｔ－1")] {
            let mut claim = w.claim();
            claim.provider = ProviderKey::Id(lab);
            claim.contract_no = ContractNo::parse(number).expect("short");
            claim.invoice_amount = fen(20_000);
            claims.push(w.approve(claim).claim);
        }
        assert_eq!(used(&w), [(LAB, 20_000), (THIRD_LAB, 10_000)]);
        for (claim, expected) in claims.into_iter().zip([
            vec![(LAB, 10_000), (THIRD_LAB, 10_000)],
            vec![(LAB, 10_000)],
            vec![],
        ]) {
            w.by(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
            assert_eq!(used(&w), expected);
        }
    }
}
