//! Short texts with a bound in bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text of at most `N` bytes of UTF-8 (`N` ≤ 255), stored in place so that it can be copied
/// and compared without touching the heap. Ordered by code point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InlineText<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is empty.
    #[error("the text is empty")]
    Empty,
    /// The text is longer than its bound in bytes.
    #[error("the text is longer than {0} bytes")]
    TooLong(usize),
    /// The text holds a control character or begins or ends with a blank.
    #[error("the text holds a control character or begins or ends with a blank")]
    Malformed,
}

fn check(text: &str, bytes_max: usize) -> Result<(), TextError> {
    if text.is_empty() {
        Err(TextError::Empty)
    } else if text.len() > bytes_max {
        Err(TextError::TooLong(bytes_max))
    } else if text.bytes().all(|b| b.is_ascii_graphic()) {
        // Most texts on the replay path; says the same as the general test below.
        Ok(())
    } else if text.chars().any(char::is_control) || text.trim() != text {
        Err(TextError::Malformed)
    } else {
        Ok(())
    }
}

impl<const N: usize> InlineText<N> {
    /// A lower bound of all texts in their order; itself none of them.
    pub const LEAST: InlineText<N> = InlineText {
        bytes: [0; N],
        len: 0,
    };

    /// A text of 1 to `N` bytes without control characters or surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, N)?;
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        let len = u8::try_from(text.len()).map_err(|_| TextError::TooLong(N))?;
        Ok(InlineText { bytes, len })
    }

    /// The text in one spelling, to compare what people write by hand: letters of ASCII in lower
    /// case, and full-width letters, digits, signs and blanks as those of ASCII. All else stays, so
    /// that a text is folded the same by every later version; it never gets longer.
    pub fn folded(&self) -> Self {
        let (mut bytes, mut len) = ([0; N], 0);
        for letter in self.as_str().chars() {
            let narrow = match letter {
                '\u{3000}' => ' ',
                '\u{ff01}'..='\u{ff5e}' => {
                    char::from_u32(u32::from(letter) - 0xfee0).expect("one of ASCII")
                }
                letter => letter,
            };
            let folded = narrow.to_ascii_lowercase();
            len += folded.encode_utf8(&mut bytes[len..]).len();
        }
        let len = u8::try_from(len).expect("no longer than it was");
        InlineText { bytes, len }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)])
            .expect("built from a str and never changed")
    }
}

impl<const N: usize> fmt::Display for InlineText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for InlineText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> Serialize for InlineText<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const N: usize> Deserialize<'de> for InlineText<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        InlineText::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A text of at most `N` bytes on the heap: names, titles, notes, document numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Text<const N: usize>(Box<str>);

impl<const N: usize> Text<N> {
    /// A text of 1 to `N` bytes without control characters or surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, N)?;
        Ok(Text(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Text<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Text::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_in_bytes_and_clean() {
        assert_eq!(
            InlineText::<6>::parse("券通").map(|t| t.to_string()),
            Ok("券通".to_owned())
        );
        assert_eq!(InlineText::<5>::parse("券通"), Err(TextError::TooLong(5)));
        assert_eq!(InlineText::<5>::parse(""), Err(TextError::Empty));
        assert_eq!(InlineText::<5>::parse("a\nb"), Err(TextError::Malformed));
        assert_eq!(Text::<5>::parse(" a"), Err(TextError::Malformed));
    }

    #[test]
    fn a_text_is_folded_into_one_spelling_of_letters_and_width() {
        for (text, folded) in [
            ("HT-1", "ht-1"),
            ("ht-1", "ht-1"),
            ("ＨＴ－１", "ht-1"),
            ("ｈＴ-１", "ht-1"),
            ("ＨＴ\u{3000}１～！", "ht 1~!"),
            // What is no letter of ASCII is left as it is.
            ("沪科〔2025〕第Ⅱ号", "沪科〔2025〕第Ⅱ号"),
            ("ÄÉ", "ÄÉ"),
        ] {
            let one = InlineText::<40>::parse(text);
            let one = one.map(|text| text.folded()).expect("a text");
            // It is what the folded text itself is read as, byte for byte.
            assert_eq!(InlineText::parse(folded), Ok(one));
            assert_eq!(one.folded(), one);
        }
    }

    #[test]
    fn inline_texts_are_ordered_by_code_point() {
        let parse = |text| InlineText::<8>::parse(text).expect("text");
        assert!(parse("V1") < parse("V10"));
        assert!(parse("V10") < parse("V2"));
        assert!(parse("a") > parse("Z"));
    }
}
