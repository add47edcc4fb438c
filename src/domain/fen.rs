//! Money in integer fen.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// A non-negative amount of money in fen, at most 10¹⁵ (ten trillion yuan).
///
/// Arithmetic is checked: a sum over the bound or a difference below zero is `None`. Written as
/// yuan with two places.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Fen(i64);

/// Why a text or a number is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FenError {
    /// The text is no decimal number such as `12345.67`.
    #[error("not an amount in yuan; write it like 12345.67")]
    NotANumber,
    /// A fraction of a fen.
    #[error("an amount has at most two places")]
    TooManyPlaces,
    /// Less than zero.
    #[error("an amount cannot be negative")]
    Negative,
    /// More than 10¹⁵ fen.
    #[error("an amount is at most 10000000000000.00 yuan")]
    TooLarge,
}

impl Fen {
    /// No money.
    pub const ZERO: Fen = Fen(0);
    /// The largest amount, 10¹⁵ fen.
    pub const MAX: Fen = Fen(1_000_000_000_000_000);

    /// An amount from a number of fen.
    pub const fn try_new(fen: i64) -> Result<Fen, FenError> {
        if fen < 0 {
            Err(FenError::Negative)
        } else if fen > Fen::MAX.0 {
            Err(FenError::TooLarge)
        } else {
            Ok(Fen(fen))
        }
    }

    /// An amount from a number of fen that may be negative or too large: `None` then.
    pub fn from_i128(fen: i128) -> Option<Fen> {
        i64::try_from(fen)
            .ok()
            .and_then(|fen| Fen::try_new(fen).ok())
    }

    /// Parses yuan with at most two places: `12345.67`, `12345.6`, `12345`.
    pub fn parse_yuan(text: &str) -> Result<Fen, FenError> {
        // 32 bytes: sign, fourteen digits, point, two places, and room for leading zeros.
        if text.is_empty() || text.len() > 32 {
            return Err(FenError::NotANumber);
        }
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        if !plain || text.starts_with('.') || text.ends_with('.') {
            return Err(FenError::NotANumber);
        }
        let yuan = Decimal::from_str_exact(text).map_err(|_| FenError::NotANumber)?;
        let fen = yuan
            .checked_mul(Decimal::ONE_HUNDRED)
            .ok_or(FenError::TooLarge)?;
        if yuan.scale() > 2 {
            return Err(FenError::TooManyPlaces);
        }
        if fen.is_sign_negative() && !fen.is_zero() {
            return Err(FenError::Negative);
        }
        Fen::try_new(fen.to_i64().ok_or(FenError::TooLarge)?)
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// True for no money at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Sum, or `None` over the bound.
    pub fn checked_add(self, other: Fen) -> Option<Fen> {
        Fen::try_new(self.0 + other.0).ok()
    }

    /// Difference, or `None` below zero.
    pub fn checked_sub(self, other: Fen) -> Option<Fen> {
        Fen::try_new(self.0 - other.0).ok()
    }

    /// Difference, or zero.
    pub fn saturating_sub(self, other: Fen) -> Fen {
        Fen((self.0 - other.0).max(0))
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SignedFen::from(*self).fmt(f)
    }
}

impl FromStr for Fen {
    type Err = FenError;

    fn from_str(text: &str) -> Result<Fen, FenError> {
        Fen::parse_yuan(text)
    }
}

/// A balance or a net position in fen: signed, and wide enough for the sum of any number of
/// amounts a ledger can hold.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SignedFen(pub i128);

impl SignedFen {
    /// The balance zero.
    pub const ZERO: SignedFen = SignedFen(0);
}

impl From<Fen> for SignedFen {
    fn from(fen: Fen) -> SignedFen {
        SignedFen(i128::from(fen.0))
    }
}

impl std::ops::Add for SignedFen {
    type Output = SignedFen;

    fn add(self, other: SignedFen) -> SignedFen {
        SignedFen(self.0 + other.0)
    }
}

impl std::ops::Sub for SignedFen {
    type Output = SignedFen;

    fn sub(self, other: SignedFen) -> SignedFen {
        SignedFen(self.0 - other.0)
    }
}

impl std::ops::Neg for SignedFen {
    type Output = SignedFen;

    fn neg(self) -> SignedFen {
        SignedFen(-self.0)
    }
}

impl std::iter::Sum for SignedFen {
    fn sum<I: Iterator<Item = SignedFen>>(parts: I) -> SignedFen {
        parts.fold(SignedFen::ZERO, |sum, part| sum + part)
    }
}

impl fmt::Display for SignedFen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", fen / 100, fen % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_parsed_exactly_or_refused() {
        let cases = [
            ("12345.67", Ok(1_234_567)),
            ("0", Ok(0)),
            ("0.1", Ok(10)),
            ("10000000000000.00", Ok(1_000_000_000_000_000)),
            ("10000000000000.01", Err(FenError::TooLarge)),
            ("92233720368547758.08", Err(FenError::TooLarge)),
            ("9223372036854775808", Err(FenError::TooLarge)),
            ("1.001", Err(FenError::TooManyPlaces)),
            ("1.000", Err(FenError::TooManyPlaces)),
            ("1.50", Ok(150)),
            ("-0.01", Err(FenError::Negative)),
            ("", Err(FenError::NotANumber)),
            ("1e3", Err(FenError::NotANumber)),
            ("1,000.00", Err(FenError::NotANumber)),
            (".5", Err(FenError::NotANumber)),
            ("5.", Err(FenError::NotANumber)),
            ("１２", Err(FenError::NotANumber)),
        ];
        for (text, expected) in cases {
            assert_eq!(Fen::parse_yuan(text).map(Fen::get), expected, "{text}");
        }
    }

    #[test]
    fn amounts_print_with_two_places_and_a_leading_sign() {
        assert_eq!(Fen(7).to_string(), "0.07");
        assert_eq!(SignedFen(-1_234_567).to_string(), "-12345.67");
        assert_eq!(SignedFen(-5).to_string(), "-0.05");
    }

    #[test]
    fn arithmetic_refuses_to_leave_the_bounds() {
        assert_eq!(Fen::MAX.checked_add(Fen(1)), None);
        assert_eq!(Fen(1).checked_sub(Fen(2)), None);
    }
}
