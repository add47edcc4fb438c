//! Readable identifiers for the outside.

use std::fmt;

use super::InlineText;

/// The kinds of entity that have a readable identifier, each with its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// `EN`, an enterprise or team.
    Enterprise,
    /// `PR`, a provider.
    Provider,
    /// `US`, a principal.
    Principal,
    /// `AG`, an agreement.
    Agreement,
    /// `VO`, a voucher.
    Voucher,
    /// `TR`, a transfer.
    Transfer,
    /// `CL`, an approved claim.
    Claim,
    /// `RF`, a refusal; its serial is the position of the event in the journal.
    Refusal,
    /// `LN`, an obligation line.
    Line,
    /// `SI`, a settlement instruction.
    Instruction,
    /// `PM`, a payment to a payee.
    Payment,
    /// `PP`, a command that waits for further persons.
    Proposal,
    /// `OR`, an order.
    Order,
    /// `AD`, an application for admission.
    Admission,
    /// `CF`, a credit flag.
    CreditFlag,
    /// `AP`, an application for a voucher.
    Application,
}

impl IdKind {
    /// All kinds.
    pub const ALL: &[IdKind] = &[
        IdKind::Enterprise,
        IdKind::Provider,
        IdKind::Principal,
        IdKind::Agreement,
        IdKind::Voucher,
        IdKind::Transfer,
        IdKind::Claim,
        IdKind::Refusal,
        IdKind::Line,
        IdKind::Instruction,
        IdKind::Payment,
        IdKind::Proposal,
        IdKind::Order,
        IdKind::Admission,
        IdKind::CreditFlag,
        IdKind::Application,
    ];

    /// The two letters an identifier of this kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            IdKind::Enterprise => "EN",
            IdKind::Provider => "PR",
            IdKind::Principal => "US",
            IdKind::Agreement => "AG",
            IdKind::Voucher => "VO",
            IdKind::Transfer => "TR",
            IdKind::Claim => "CL",
            IdKind::Refusal => "RF",
            IdKind::Line => "LN",
            IdKind::Instruction => "SI",
            IdKind::Payment => "PM",
            IdKind::Proposal => "PP",
            IdKind::Order => "OR",
            IdKind::Admission => "AD",
            IdKind::CreditFlag => "CF",
            IdKind::Application => "AP",
        }
    }
}

/// Four characters derived from the ledger's identity. They enter the check character, so that an
/// identifier of another ledger is caught, but are not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerTag([u8; 4]);

impl LedgerTag {
    /// The tag of the ledger with this UUID: its last 20 bits in Crockford's base 32.
    pub fn of_ledger(uuid: &[u8; 16]) -> LedgerTag {
        let low = (u32::from(uuid[13]) << 16) | (u32::from(uuid[14]) << 8) | u32::from(uuid[15]);
        LedgerTag([15, 10, 5, 0].map(|shift| CROCKFORD[((low >> shift) & 31) as usize]))
    }
}

/// An identifier as the outside writes it: `VO-310117-25-00000A7-K`, that is kind, city, year,
/// serial in Crockford's base 32, and a check character (ISO 7064 MOD 37,36 over everything
/// before it and the ledger's tag).
///
/// The city and the year are those of the entity when it was made; `000000` and `00` where it has
/// none. A single wrong character and a swap of two neighbours are always caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicId {
    /// What it names.
    pub kind: IdKind,
    /// Division code of the city, 0 for none.
    pub city: u32,
    /// Last two digits of the year.
    pub year: u8,
    /// Position in the entity's table, or in the journal.
    pub serial: u64,
}

/// Why a text is no identifier of this ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicIdError {
    /// The text has another shape or begins with another prefix.
    #[error("not an identifier of this kind; it looks like {0}-310117-25-0000001-X")]
    Malformed(&'static str),
    /// A mistyped character, or an identifier of another ledger.
    #[error("the check character does not match: mistyped, or of another ledger")]
    CheckFailed,
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Seven characters of 5 bits hold the 32 bits of every dense id; a refusal's serial is longer.
const SERIAL_LEN_MIN: usize = 7;
/// Thirteen characters of 5 bits hold 64 bits.
const SERIAL_LEN_MAX: usize = 13;

/// The lowest bits of a number in the alphabet of identifiers, five to a character.
pub fn base32<const N: usize>(number: u64) -> [u8; N] {
    let mut text = [0; N];
    let mut rest = number;
    for byte in text.iter_mut().rev() {
        *byte = CROCKFORD[usize::try_from(rest & 31).unwrap_or(0)];
        rest >>= 5;
    }
    text
}

/// A character of that alphabet as somebody meant it who has typed it: lower case is upper case,
/// `O` is `0`, `I` and `L` are `1`.
pub const fn as_meant(byte: u8) -> u8 {
    match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    }
}

/// ISO 7064 MOD 37,36: the check character of a string over 0-9A-Z.
fn check_character(text: impl Iterator<Item = u8>) -> u8 {
    let mut product = 36_usize;
    for byte in text {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => 0,
        };
        let value = usize::from(value);
        let sum = (product + value) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    ALPHANUMERIC[(37 - product) % 36]
}

impl PublicId {
    /// Writes the identifier for the ledger with this tag.
    pub fn format(&self, tag: LedgerTag) -> InlineText<32> {
        let serial: [u8; SERIAL_LEN_MAX] = base32(self.serial);
        let zeros = serial.iter().take_while(|b| **b == b'0').count();
        let serial = &serial[zeros.min(SERIAL_LEN_MAX - SERIAL_LEN_MIN)..];
        let serial = std::str::from_utf8(serial).expect("the alphabet is ASCII");
        let text = format!(
            "{}-{:06}-{:02}-{serial}",
            self.kind.prefix(),
            self.city,
            self.year
        );
        let plain = text.bytes().filter(|b| *b != b'-').chain(tag.0);
        let check = char::from(check_character(plain));
        InlineText::parse(&format!("{text}-{check}")).expect("at most 28 clean characters")
    }

    /// Reads an identifier of one kind of the ledger with this tag. Lower case is taken as upper
    /// case, and Crockford's look-alikes in the serial (`O` for `0`, `I` and `L` for `1`) as meant.
    pub fn parse(text: &str, kind: IdKind, tag: LedgerTag) -> Result<PublicId, PublicIdError> {
        let malformed = PublicIdError::Malformed(kind.prefix());
        // 2 + 6 + 2 + 13 + 1 characters and four hyphens.
        if text.len() > 28 || !text.is_ascii() {
            return Err(malformed);
        }
        let upper = text.to_ascii_uppercase();
        let fields: Vec<&str> = upper.split('-').collect();
        let [prefix, city, year, serial, check] = fields[..] else {
            return Err(malformed);
        };
        let digits =
            |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        if prefix != kind.prefix() || !digits(city, 6) || !digits(year, 2) || check.len() != 1 {
            return Err(malformed);
        }
        if !(SERIAL_LEN_MIN..=SERIAL_LEN_MAX).contains(&serial.len()) {
            return Err(malformed);
        }
        let mut number = 0_u64;
        let mut canonical = Vec::with_capacity(SERIAL_LEN_MAX);
        for byte in serial.bytes() {
            let byte = as_meant(byte);
            let digit = CROCKFORD.iter().position(|b| *b == byte).ok_or(malformed)?;
            number = number.checked_mul(32).ok_or(malformed)? | digit as u64;
            canonical.push(byte);
        }
        let plain = prefix
            .bytes()
            .chain(city.bytes())
            .chain(year.bytes())
            .chain(canonical);
        if check.as_bytes() != [check_character(plain.chain(tag.0))] {
            return Err(PublicIdError::CheckFailed);
        }
        let city = city.parse().map_err(|_| malformed)?;
        let year = year.parse().map_err(|_| malformed)?;
        Ok(PublicId {
            kind,
            city,
            year,
            serial: number,
        })
    }
}

impl fmt::Display for IdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: LedgerTag = LedgerTag(*b"Q7AZ");
    const ID: PublicId = PublicId {
        kind: IdKind::Voucher,
        city: 310_117,
        year: 25,
        serial: 327,
    };

    fn parse(text: &str) -> Result<PublicId, PublicIdError> {
        PublicId::parse(text, IdKind::Voucher, TAG)
    }

    #[test]
    fn the_check_character_is_that_of_iso_7064() {
        // The worked example of the standard for MOD 37,36.
        assert_eq!(check_character("A12425GABC1234002".bytes()), b'M');
    }

    #[test]
    fn an_identifier_comes_back_as_written() {
        let text = ID.format(TAG).to_string();
        assert!(text.starts_with("VO-310117-25-00000A7-"), "{text}");
        assert_eq!(parse(&text), Ok(ID));
        assert_eq!(parse(&text.to_lowercase()), Ok(ID));
        let longest = PublicId {
            kind: IdKind::Refusal,
            serial: u64::MAX,
            ..ID
        };
        let text = longest.format(TAG);
        assert_eq!(
            PublicId::parse(text.as_str(), IdKind::Refusal, TAG),
            Ok(longest)
        );
    }

    #[test]
    fn every_single_wrong_character_and_every_swap_is_caught() {
        let text = ID.format(TAG).to_string();
        for i in 3..text.len() {
            for replacement in ALPHANUMERIC {
                let mut bytes = text.clone().into_bytes();
                let meant = matches!((bytes[i], replacement), (b'0', b'O') | (b'1', b'I' | b'L'));
                if bytes[i] == b'-' || bytes[i] == *replacement || (meant && i > 12) {
                    continue;
                }
                bytes[i] = *replacement;
                let wrong = String::from_utf8(bytes).expect("ASCII");
                assert!(parse(&wrong).is_err(), "{wrong}");
            }
            let mut bytes = text.clone().into_bytes();
            bytes.swap(i - 1, i);
            let swapped = String::from_utf8(bytes).expect("ASCII");
            assert!(swapped == text || parse(&swapped).is_err(), "{swapped}");
        }
    }

    #[test]
    fn an_identifier_of_another_ledger_or_kind_is_caught() {
        let text = ID.format(TAG).to_string();
        let other = LedgerTag(*b"Q7AY");
        let read = PublicId::parse(&text, IdKind::Voucher, other);
        assert_eq!(read, Err(PublicIdError::CheckFailed));
        let read = PublicId::parse(&text, IdKind::Claim, TAG);
        assert_eq!(read, Err(PublicIdError::Malformed("CL")));
    }
}
