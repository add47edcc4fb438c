//! Splitting an amount among funders.

use super::{Fen, Ratio};

/// Most funders of one claim: home, host, province, corridor fund, pool and three in reserve.
pub const FUNDERS_MAX: usize = 8;

/// The parts of one amount, one per funder, in the order of the shares. Lives on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    parts: [Fen; FUNDERS_MAX],
    len: usize,
}

impl Parts {
    /// The parts, in the order of the shares.
    pub fn as_slice(&self) -> &[Fen] {
        &self.parts[..self.len]
    }
}

/// Splits `amount` by `shares` with the largest-remainder method: every part gets its floor, the
/// fen that are left go one by one to the largest remainders, ties to the share named first.
/// The parts add up to `amount` exactly.
///
/// `None` when the shares do not add up to exactly one or are more than [`FUNDERS_MAX`].
pub fn split_by_shares(amount: Fen, shares: &[Ratio]) -> Option<Parts> {
    let total: u64 = shares
        .iter()
        .map(|share| u64::from(share.millionths()))
        .sum();
    if shares.len() > FUNDERS_MAX || total != u64::from(Ratio::SCALE) {
        return None;
    }
    let mut parts = [Fen::ZERO; FUNDERS_MAX];
    let mut remainders = [0_i128; FUNDERS_MAX];
    let mut left = amount.get();
    for (i, share) in shares.iter().enumerate() {
        let product = i128::from(amount.get()) * i128::from(share.millionths());
        parts[i] = share.floor_of(amount);
        remainders[i] = product % i128::from(Ratio::SCALE);
        left -= parts[i].get();
    }
    while left > 0 {
        let mut largest = 0;
        for i in 1..shares.len() {
            if remainders[i] > remainders[largest] {
                largest = i;
            }
        }
        remainders[largest] = -1;
        parts[largest] = parts[largest].checked_add(Fen::try_new(1).ok()?)?;
        left -= 1;
    }
    Some(Parts {
        parts,
        len: shares.len(),
    })
}

/// Splits `amount` in proportion to amounts with the largest-remainder method, as
/// [`split_by_shares`] does; `None` when the weights add up to nothing.
pub fn split_by_weights(amount: Fen, weights: &[Fen]) -> Option<Vec<Fen>> {
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.get())).sum();
    if whole == 0 {
        return None;
    }
    let product = |weight: &Fen| i128::from(amount.get()) * i128::from(weight.get());
    let floors = weights.iter().map(|weight| product(weight) / whole);
    let mut parts: Vec<i128> = floors.collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    // The sort is stable: a tie goes to the weight named first.
    order.sort_by_key(|i| std::cmp::Reverse(product(&weights[*i]) % whole));
    let left = i128::from(amount.get()) - parts.iter().sum::<i128>();
    let left = usize::try_from(left).ok()?;
    for i in order.into_iter().take(left) {
        parts[i] += 1;
    }
    parts.into_iter().map(Fen::from_i128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(amount: i64, shares: &[u32]) -> Vec<i64> {
        let shares: Vec<Ratio> = shares
            .iter()
            .map(|m| Ratio::from_millionths(*m).expect("share"))
            .collect();
        let amount = Fen::try_new(amount).expect("amount");
        let parts = split_by_shares(amount, &shares).expect("shares add up to one");
        parts.as_slice().iter().map(|part| part.get()).collect()
    }

    #[test]
    fn the_largest_remainder_gets_the_odd_fen() {
        let parts = split(10_000_001, &[600_000, 300_000, 100_000]);
        assert_eq!(parts, [6_000_001, 3_000_000, 1_000_000]);
    }

    #[test]
    fn a_tie_goes_to_the_share_named_first() {
        assert_eq!(split(1, &[500_000, 500_000]), [1, 0]);
        assert_eq!(split(2, &[333_333, 333_333, 333_334]), [1, 0, 1]);
    }

    #[test]
    fn weights_split_an_amount_exactly_and_ties_go_to_the_first() {
        let fen = |amount: i64| Fen::try_new(amount).expect("amount");
        let split = |amount, weights: &[i64]| {
            let weights: Vec<Fen> = weights.iter().copied().map(fen).collect();
            let parts = split_by_weights(fen(amount), &weights)?;
            Some(parts.iter().map(|part| part.get()).collect::<Vec<_>>())
        };
        assert_eq!(split(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(split(101, &[60_000, 40_000]), Some(vec![61, 40]));
        assert_eq!(split(7, &[0, 5]), Some(vec![0, 7]));
        assert_eq!(split(7, &[0, 0]), None);
        let most = Fen::MAX.get();
        assert_eq!(split(most, &[most, most]), Some(vec![most / 2, most / 2]));
    }

    #[test]
    fn shares_that_do_not_add_up_to_one_are_refused() {
        let half = Ratio::from_millionths(500_000).expect("half");
        assert_eq!(split_by_shares(Fen::MAX, &[half]), None);
    }
}
