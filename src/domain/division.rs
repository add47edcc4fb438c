//! Administrative division codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A six-digit code of GB/T 2260, for example `310117` for 松江区; also the code of a member that
/// is no city (province, corridor fund, pool), for which the operator picks a free number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DivisionCode(u32);

/// The text is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a division code is six digits, such as 310117")]
pub struct DivisionCodeError;

impl DivisionCode {
    /// Parses exactly six digits; the first is not zero.
    pub fn parse(text: &str) -> Result<DivisionCode, DivisionCodeError> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        let code = text.parse().map_err(|_| DivisionCodeError)?;
        if digits {
            DivisionCode::try_new(code)
        } else {
            Err(DivisionCodeError)
        }
    }

    /// A code from its number, 100000 to 999999.
    pub const fn try_new(code: u32) -> Result<DivisionCode, DivisionCodeError> {
        if code < 100_000 || code > 999_999 {
            Err(DivisionCodeError)
        } else {
            Ok(DivisionCode(code))
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:06}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_codes_are_six_digits() {
        assert_eq!(
            DivisionCode::parse("310117").map(DivisionCode::get),
            Ok(310_117)
        );
        for text in ["31011", "3101177", "31011a", "+10117", "010117", ""] {
            assert_eq!(DivisionCode::parse(text), Err(DivisionCodeError), "{text}");
        }
    }
}
