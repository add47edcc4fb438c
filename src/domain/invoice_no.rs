//! Invoice numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of an invoice: 1 to 20 digits or upper-case letters. A fully digital invoice (数电票)
/// has 20 digits; an older one is written as its code followed by its number.
///
/// Held as one number that is equal if and only if the texts are equal (leading zeros count):
/// n digits become `(10ⁿ − 1) / 9 + value`, anything with a letter a base-37 number with the top
/// bit set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InvoiceNo(u128);

/// The text is no invoice number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an invoice number is 1 to 20 digits or capital letters, without blanks")]
pub struct InvoiceNoError;

const LETTERS: u128 = 1 << 127;

/// The first number above those of 20 digits.
const DIGITS_END: u128 = 111_111_111_111_111_111_111;

/// (10ⁿ − 1) / 9: the number of digit strings shorter than n, the empty one included.
fn shorter(n: u32) -> u128 {
    (10_u128.pow(n) - 1) / 9
}

impl InvoiceNo {
    /// Parses 1 to 20 digits or capital letters.
    pub fn parse(text: &str) -> Result<InvoiceNo, InvoiceNoError> {
        let len = u32::try_from(text.len()).map_err(|_| InvoiceNoError)?;
        if !(1..=20).contains(&len) {
            return Err(InvoiceNoError);
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let value = text.parse::<u128>().map_err(|_| InvoiceNoError)?;
            return Ok(InvoiceNo(shorter(len) + value));
        }
        let mut number = 0_u128;
        for byte in text.bytes() {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0' + 1,
                b'A'..=b'Z' => byte - b'A' + 11,
                _ => return Err(InvoiceNoError),
            };
            number = number * 37 + u128::from(digit);
        }
        Ok(InvoiceNo(LETTERS | number))
    }

    /// The number that stands for this text.
    pub const fn to_u128(self) -> u128 {
        self.0
    }

    /// The invoice number for which [`InvoiceNo::to_u128`] gives `number`, if there is one.
    pub fn from_u128(number: u128) -> Option<InvoiceNo> {
        if number & LETTERS == 0 {
            return (1..DIGITS_END)
                .contains(&number)
                .then_some(InvoiceNo(number));
        }
        // Every digit of base 37 stands for a character, the first 10 for digits: at most 20
        // characters, none of them missing, at least one a letter.
        let mut rest = number & !LETTERS;
        let mut letters = false;
        for _ in 0..20 {
            match rest % 37 {
                0 => break,
                digit => letters |= digit > 10,
            }
            rest /= 37;
        }
        (rest == 0 && letters).then_some(InvoiceNo(number))
    }

    fn text(self) -> String {
        if self.0 & LETTERS == 0 {
            let len = (1..=20).rev().find(|n| self.0 >= shorter(*n)).unwrap_or(1);
            let width = usize::try_from(len).unwrap_or(1);
            return format!("{:0width$}", self.0 - shorter(len).min(self.0));
        }
        let mut number = self.0 & !LETTERS;
        let mut bytes = Vec::with_capacity(20);
        while number > 0 {
            let digit = u8::try_from(number % 37).unwrap_or(0);
            bytes.push(if digit < 11 {
                b'/' + digit
            } else {
                b'A' + digit - 11
            });
            number /= 37;
        }
        bytes.iter().rev().map(|b| char::from(*b)).collect()
    }
}

impl fmt::Display for InvoiceNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl fmt::Debug for InvoiceNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invoice_numbers_come_back_as_written() {
        for text in [
            "25332000000969013425",
            "0",
            "00",
            "007",
            "99999999999999999999",
            "A",
            "0A",
            "3302171320ZZZZZZZZZZ",
            "ZZZZZZZZZZZZZZZZZZZZ",
        ] {
            let number = InvoiceNo::parse(text).expect(text);
            assert_eq!(number.to_string(), text);
            assert_eq!(InvoiceNo::from_u128(number.to_u128()), Some(number));
        }
    }

    #[test]
    fn leading_zeros_make_another_number() {
        assert_ne!(InvoiceNo::parse("7"), InvoiceNo::parse("07"));
    }

    #[test]
    fn other_texts_and_numbers_are_refused() {
        for text in ["", "123456789012345678901", "12 3", "abc", "12-3", "１"] {
            assert_eq!(InvoiceNo::parse(text), Err(InvoiceNoError), "{text}");
        }
        let digits_only = LETTERS | (1 + 37);
        for number in [
            0,
            shorter(21),
            LETTERS,
            LETTERS | 37,
            digits_only,
            u128::MAX,
        ] {
            assert_eq!(InvoiceNo::from_u128(number), None, "{number}");
        }
        let longest = InvoiceNo::parse("99999999999999999999").expect("20 digits");
        assert_eq!(longest.to_u128() + 1, DIGITS_END);
        assert_eq!(shorter(21), DIGITS_END);
    }
}
