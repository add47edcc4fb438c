//! The unified social credit code of legal persons, GB 32100-2015.

use std::fmt;

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights 3^(i−1) mod 31 of GB 32100-2015.
const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];

/// An 18-character unified social credit code.
///
/// Only the alphabet and the length are enforced: legal early codes exist whose check character
/// fails, so the check is a question ([`CreditCode::has_valid_check`]) and not a condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode([u8; 18]);

/// The text is no credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a unified social credit code has 18 characters of 0-9 and A-Y without I, O, S, V")]
pub struct CreditCodeError;

fn value(byte: u8) -> Option<u32> {
    ALPHABET
        .iter()
        .position(|b| *b == byte)
        .and_then(|i| u32::try_from(i).ok())
}

impl CreditCode {
    /// Parses 18 characters of the standard's alphabet of 31.
    pub fn parse(text: &str) -> Result<CreditCode, CreditCodeError> {
        let bytes: [u8; 18] = text.as_bytes().try_into().map_err(|_| CreditCodeError)?;
        if bytes.iter().all(|b| value(*b).is_some()) {
            Ok(CreditCode(bytes))
        } else {
            Err(CreditCodeError)
        }
    }

    /// True if the last character is the one GB 32100-2015 computes.
    pub fn has_valid_check(&self) -> bool {
        let sum: u32 = self
            .0
            .iter()
            .zip(WEIGHTS)
            .map(|(byte, weight)| value(*byte).unwrap_or(0) * weight)
            .sum();
        value(self.0[17]) == Some((31 - sum % 31) % 31)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }

    /// The code with this number, if there is one.
    pub fn from_u128(number: u128) -> Option<CreditCode> {
        let mut bytes = [0; 18];
        let mut rest = number;
        for byte in bytes.iter_mut().rev() {
            *byte = ALPHABET[usize::try_from(rest % 31).ok()?];
            rest /= 31;
        }
        (rest == 0).then_some(CreditCode(bytes))
    }

    /// The code as a number: 18 digits of base 31 are below 2⁹⁰. Two codes are equal if and only
    /// if their numbers are.
    pub fn to_u128(&self) -> u128 {
        self.0
            .iter()
            .fold(0, |n, byte| n * 31 + u128::from(value(*byte).unwrap_or(0)))
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CreditCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CreditCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        CreditCode::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_its_number_are_one() {
        for text in [
            "91330100799655058B",
            "000000000000000000",
            "YYYYYYYYYYYYYYYYYY",
        ] {
            let code = CreditCode::parse(text).expect(text);
            assert_eq!(CreditCode::from_u128(code.to_u128()), Some(code));
        }
        assert_eq!(CreditCode::from_u128(31_u128.pow(18)), None);
    }

    #[test]
    fn the_check_character_is_that_of_the_standard() {
        for text in [
            "9144030071526726XG",
            "91330100799655058B",
            "91310117MADEM00114",
        ] {
            assert!(
                CreditCode::parse(text).expect(text).has_valid_check(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_legal_early_code_may_fail_the_check() {
        let code = CreditCode::parse("91350100M0001TGQXM").expect("well formed");
        assert!(!code.has_valid_check());
    }

    #[test]
    fn other_characters_and_lengths_are_refused() {
        for text in [
            "",
            "9133010079965505",
            "91330100799655058I",
            "9133010079965505-B",
            "券通券通券通",
        ] {
            assert_eq!(CreditCode::parse(text), Err(CreditCodeError), "{text}");
        }
    }

    #[test]
    fn distinct_codes_have_distinct_numbers() {
        let a = CreditCode::parse("91330100799655058B").expect("code");
        let b = CreditCode::parse("91330100799655058C").expect("code");
        assert_ne!(a.to_u128(), b.to_u128());
    }
}
