//! Netting: from a gross matrix to positions and payments, `rules.md` §5. Pure functions.

use crate::domain::{DivisionCode, Fen, MemberId, SignedFen};

/// What one member owes another in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// Who owes.
    pub debtor: MemberId,
    /// Who is owed.
    pub creditor: MemberId,
    /// How much.
    pub amount: Fen,
}

/// What a member is owed and owes in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The member.
    pub member: MemberId,
    /// Its division code: ties are broken by it.
    pub code: DivisionCode,
    /// What others owe it.
    pub receivable: Fen,
    /// What it owes others.
    pub payable: Fen,
}

impl Position {
    /// Receivable less payable.
    pub fn net(&self) -> SignedFen {
        SignedFen::from(self.receivable) - SignedFen::from(self.payable)
    }
}

/// Sums a gross matrix per member, in the order of the division codes.
pub fn positions(
    matrix: &[Obligation],
    code_of: impl Fn(MemberId) -> DivisionCode,
) -> Vec<Position> {
    let mut positions: Vec<Position> = Vec::new();
    for obligation in matrix {
        for (member, is_creditor) in [(obligation.creditor, true), (obligation.debtor, false)] {
            let place = positions
                .iter()
                .position(|p| p.member == member)
                .unwrap_or_else(|| {
                    let code = code_of(member);
                    positions.push(Position {
                        member,
                        code,
                        receivable: Fen::ZERO,
                        payable: Fen::ZERO,
                    });
                    positions.len() - 1
                });
            let side = match is_creditor {
                true => &mut positions[place].receivable,
                false => &mut positions[place].payable,
            };
            *side = side
                .checked_add(obligation.amount)
                .expect("all budgets together stay below the largest amount");
        }
    }
    positions.sort_unstable_by_key(|position| position.code);
    positions
}

/// Multilateral payments: the largest debtor pays the largest creditor the lesser of the two,
/// re-ranked by what remains after each payment, ties to the lower division code. At most n − 1
/// payments for n members with a net.
pub fn direct(positions: &[Position]) -> Vec<Obligation> {
    let mut nets: Vec<(DivisionCode, MemberId, i128)> = positions
        .iter()
        .map(|p| (p.code, p.member, p.net().0))
        .collect();
    nets.sort_unstable_by_key(|(code, _, _)| *code);
    let mut payments = Vec::new();
    loop {
        // `min_by_key` answers the first of equals, and the nets are in the order of the codes.
        let debtor = (0..nets.len()).min_by_key(|i| nets[*i].2);
        let creditor = (0..nets.len()).min_by_key(|i| -nets[*i].2);
        let (Some(debtor), Some(creditor)) = (debtor, creditor) else {
            return payments;
        };
        let amount = (-nets[debtor].2).min(nets[creditor].2);
        if amount <= 0 {
            return payments;
        }
        nets[debtor].2 += amount;
        nets[creditor].2 -= amount;
        payments.push(Obligation {
            debtor: nets[debtor].1,
            creditor: nets[creditor].1,
            amount: Fen::from_i128(amount).expect("at most the sum of one column"),
        });
    }
}

/// Payments through a hub: every debtor pays it, in the order of the codes, then it pays every
/// creditor.
pub fn through_hub(positions: &[Position], hub: MemberId) -> Vec<Obligation> {
    let fen = |net: SignedFen| Fen::from_i128(net.0.abs()).expect("at most one column's sum");
    let debtors = positions
        .iter()
        .filter(|p| p.net().0 < 0 && p.member != hub);
    let creditors = positions
        .iter()
        .filter(|p| p.net().0 > 0 && p.member != hub);
    let paid_in = debtors.map(|p| Obligation {
        debtor: p.member,
        creditor: hub,
        amount: fen(p.net()),
    });
    let paid_out = creditors.map(|p| Obligation {
        debtor: hub,
        creditor: p.member,
        amount: fen(p.net()),
    });
    paid_in.chain(paid_out).collect()
}

/// The net of each pair, in the order of the payer's and the payee's codes.
pub fn bilateral(
    matrix: &[Obligation],
    code_of: impl Fn(MemberId) -> DivisionCode,
) -> Vec<Obligation> {
    let mut payments: Vec<Obligation> = Vec::new();
    for (i, one) in matrix.iter().enumerate() {
        let same_pair = |other: &&Obligation| {
            (other.debtor, other.creditor) == (one.debtor, one.creditor)
                || (other.creditor, other.debtor) == (one.debtor, one.creditor)
        };
        if matrix[..i].iter().any(|other| same_pair(&other)) {
            continue;
        }
        let net: i128 = matrix
            .iter()
            .filter(same_pair)
            .map(|o| i128::from(o.amount.get()) * if o.debtor == one.debtor { 1 } else { -1 })
            .sum();
        let amount = Fen::from_i128(net.abs()).expect("at most the sum of one cell");
        let (debtor, creditor) = if net > 0 {
            (one.debtor, one.creditor)
        } else {
            (one.creditor, one.debtor)
        };
        if !amount.is_zero() {
            payments.push(Obligation {
                debtor,
                creditor,
                amount,
            });
        }
    }
    payments.sort_unstable_by_key(|p| (code_of(p.debtor), code_of(p.creditor)));
    payments
}

/// Shares what debtors have not paid over what creditors have not received. The sums on both
/// sides are equal; each debtor's amount is split by largest remainder in proportion to what is
/// still open, ties to the creditor named first.
pub fn share_unpaid(debtors: &[(MemberId, Fen)], creditors: &[(MemberId, Fen)]) -> Vec<Obligation> {
    let mut open: Vec<i128> = creditors
        .iter()
        .map(|(_, fen)| i128::from(fen.get()))
        .collect();
    let mut lines = Vec::new();
    for (debtor, amount) in debtors {
        let amount = i128::from(amount.get());
        let total: i128 = open.iter().sum();
        if total == 0 {
            break;
        }
        let mut parts: Vec<i128> = open.iter().map(|left| amount * left / total).collect();
        let mut rest = amount - parts.iter().sum::<i128>();
        let mut order: Vec<usize> = (0..open.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(amount * open[*i] % total));
        for i in order {
            if rest > 0 && parts[i] < open[i] {
                parts[i] += 1;
                rest -= 1;
            }
        }
        for (i, part) in parts.into_iter().enumerate().filter(|(_, part)| *part > 0) {
            open[i] -= part;
            let amount = Fen::from_i128(part).expect("a part of an amount");
            lines.push(Obligation {
                debtor: *debtor,
                creditor: creditors[i].0,
                amount,
            });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [u32; 4] = [310_117, 320_500, 330_400, 340_100];

    fn code(member: MemberId) -> DivisionCode {
        DivisionCode::try_new(CODES[member.index()]).expect("code")
    }

    fn matrix(cells: &[(u16, u16, i64)]) -> Vec<Obligation> {
        let obligation = |(debtor, creditor, fen): &(u16, u16, i64)| Obligation {
            debtor: MemberId(*debtor),
            creditor: MemberId(*creditor),
            amount: Fen::try_new(*fen).expect("amount"),
        };
        cells.iter().map(obligation).collect()
    }

    fn corridor() -> Vec<Obligation> {
        matrix(&[
            (2, 0, 12_000_000),
            (1, 0, 8_000_000),
            (0, 2, 3_000_000),
            (1, 3, 5_000_000),
            (3, 1, 9_000_000),
            (2, 3, 2_550_050),
        ])
    }

    #[test]
    fn the_worked_example_nets_and_pays_as_published() {
        let positions = positions(&corridor(), code);
        let nets: Vec<i128> = positions.iter().map(|p| p.net().0).collect();
        assert_eq!(nets, [17_000_000, -4_000_000, -11_550_050, -1_449_950]);
        let expected = matrix(&[(2, 0, 11_550_050), (1, 0, 4_000_000), (3, 0, 1_449_950)]);
        assert_eq!(direct(&positions), expected);
    }

    #[test]
    fn ranking_takes_the_remainders_and_breaks_ties_by_code() {
        // A −100, B −100, C +120, D +80 gives A→C 100, B→D 80, B→C 20.
        let cells = matrix(&[(0, 2, 100), (1, 2, 20), (1, 3, 80)]);
        let expected = matrix(&[(0, 2, 100), (1, 3, 80), (1, 2, 20)]);
        assert_eq!(direct(&positions(&cells, code)), expected);
    }

    #[test]
    fn a_hub_takes_in_what_it_pays_out() {
        let payments = through_hub(&positions(&corridor(), code), MemberId(9));
        let (paid_in, paid_out): (Vec<_>, Vec<_>) =
            payments.iter().partition(|p| p.creditor == MemberId(9));
        let sum = |side: &[&Obligation]| side.iter().map(|p| p.amount.get()).sum::<i64>();
        assert_eq!((paid_in.len(), sum(&paid_in)), (3, 17_000_000));
        assert_eq!((paid_out.len(), sum(&paid_out)), (1, 17_000_000));
    }

    #[test]
    fn bilateral_netting_leaves_one_payment_per_pair() {
        let expected = matrix(&[
            (1, 0, 8_000_000),
            (2, 0, 9_000_000),
            (2, 3, 2_550_050),
            (3, 1, 4_000_000),
        ]);
        assert_eq!(bilateral(&corridor(), code), expected);
    }

    #[test]
    fn unpaid_debts_are_shared_without_losing_a_fen() {
        let fen = |n| Fen::try_new(n).expect("amount");
        let lines = share_unpaid(
            &[(MemberId(0), fen(100)), (MemberId(1), fen(1))],
            &[(MemberId(2), fen(67)), (MemberId(3), fen(34))],
        );
        let expected = matrix(&[(0, 2, 66), (0, 3, 34), (1, 2, 1)]);
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_empty_matrix_needs_no_payment() {
        assert!(direct(&positions(&[], code)).is_empty());
        assert!(bilateral(&[], code).is_empty());
    }
}
