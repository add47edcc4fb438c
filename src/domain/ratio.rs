//! Ratios and shares in millionths.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::Fen;

/// A ratio or share in integer millionths, 0 to 1,000,000.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ratio(u32);

/// Why a text is no ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// The text is no decimal number such as `0.333333`.
    #[error("not a ratio; write it like 0.333333")]
    NotANumber,
    /// More than six places.
    #[error("a ratio has at most six places")]
    TooManyPlaces,
    /// Below 0 or above 1.
    #[error("a ratio lies between 0 and 1")]
    OutOfRange,
}

impl Ratio {
    /// The number of millionths in one.
    pub const SCALE: u32 = 1_000_000;
    /// Nothing.
    pub const ZERO: Ratio = Ratio(0);
    /// The whole.
    pub const ONE: Ratio = Ratio(Ratio::SCALE);

    /// A ratio from millionths.
    pub const fn from_millionths(millionths: u32) -> Result<Ratio, RatioError> {
        if millionths > Ratio::SCALE {
            Err(RatioError::OutOfRange)
        } else {
            Ok(Ratio(millionths))
        }
    }

    /// Parses a decimal between 0 and 1 with at most six places.
    pub fn parse(text: &str) -> Result<Ratio, RatioError> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        if text.is_empty() || text.len() > 24 || !plain {
            return Err(RatioError::NotANumber);
        }
        let value = Decimal::from_str_exact(text).map_err(|_| RatioError::NotANumber)?;
        let scaled = value
            .checked_mul(Decimal::from(Ratio::SCALE))
            .ok_or(RatioError::OutOfRange)?;
        if scaled.is_sign_negative() && !scaled.is_zero() {
            return Err(RatioError::OutOfRange);
        }
        if value.scale() > 6 {
            return Err(RatioError::TooManyPlaces);
        }
        Ratio::from_millionths(scaled.to_u32().ok_or(RatioError::OutOfRange)?)
    }

    /// The number of millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// What is left to the whole.
    pub const fn complement(self) -> Ratio {
        Ratio(Ratio::SCALE - self.0)
    }

    /// `floor(ratio × base)`, computed in 128 bits.
    pub fn floor_of(self, base: Fen) -> Fen {
        let product = i128::from(base.get()) * i128::from(self.0);
        Fen::from_i128(product / i128::from(Ratio::SCALE))
            .expect("a share of an amount is within the bounds of the amount")
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / Ratio::SCALE;
        let places = format!("{:06}", self.0 % Ratio::SCALE);
        match places.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            places => write!(f, "{whole}.{places}"),
        }
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Ratio, RatioError> {
        Ratio::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_parsed_exactly_or_refused() {
        let cases = [
            ("0.333333", Ok(333_333)),
            ("1", Ok(1_000_000)),
            ("0", Ok(0)),
            ("0.5", Ok(500_000)),
            ("0.3333333", Err(RatioError::TooManyPlaces)),
            ("0.5000000", Err(RatioError::TooManyPlaces)),
            ("1.000001", Err(RatioError::OutOfRange)),
            ("-0.1", Err(RatioError::OutOfRange)),
            ("half", Err(RatioError::NotANumber)),
        ];
        for (text, expected) in cases {
            assert_eq!(
                Ratio::parse(text).map(Ratio::millionths),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_ratio_prints_without_trailing_zeros() {
        assert_eq!(Ratio(333_300).to_string(), "0.3333");
        assert_eq!(Ratio::ONE.to_string(), "1");
    }

    #[test]
    fn the_product_is_floored_even_at_the_bound() {
        let ratio = Ratio(999_999);
        assert_eq!(ratio.floor_of(Fen::MAX).get(), 999_999_000_000_000);
        assert_eq!(
            Ratio(333_333)
                .floor_of(Fen::try_new(10).expect("small"))
                .get(),
            3
        );
    }
}
