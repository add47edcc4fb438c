//! The suffix that goes with a public identifier: who has not been given it cannot ask.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::domain::{as_meant, base32};

/// Characters of a suffix. Fifty bits: a thousand tries a second hit once in some thirty-five
/// thousand years, however many identifiers there are, and it can still be typed by hand.
pub(super) const SUFFIX_LEN: usize = 10;
/// Bits of the code that the suffix does not show.
const UNSHOWN_BITS: usize = 64 - 5 * SUFFIX_LEN;

/// What stands before the identifier, so that the secret serves one purpose only.
const PURPOSE: &[u8] = b"quantong/check/1\n";

/// The secret of a ledger, ready to be used.
#[derive(Clone)]
pub(super) struct CheckKey(Hmac<Sha256>);

impl CheckKey {
    pub(super) fn new(secret: &str) -> CheckKey {
        let key = Hmac::new_from_slice(secret.as_bytes());
        CheckKey(key.expect("a key of any length is taken"))
    }

    fn code(&self, id: &str) -> [u8; SUFFIX_LEN] {
        let mut code = self.0.clone();
        code.update(PURPOSE);
        code.update(id.as_bytes());
        let code = code.finalize().into_bytes();
        let first = code
            .first_chunk()
            .map_or(0, |first| u64::from_be_bytes(*first));
        base32(first >> UNSHOWN_BITS)
    }

    /// The suffix of an identifier as it is written.
    pub(super) fn suffix(&self, id: &str) -> String {
        self.code(id).into_iter().map(char::from).collect()
    }

    /// True if a suffix is that of an identifier. Takes as long whether it is or not.
    pub(super) fn fits(&self, id: &str, given: &str) -> bool {
        let own = self.code(id);
        let given = given.bytes().map(as_meant);
        let same_length = given.len() == SUFFIX_LEN;
        let differ = own.into_iter().zip(given).fold(0, |d, (a, b)| d | (a ^ b));
        same_length & (differ == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "VO-310117-25-00000A7-K";

    #[test]
    fn the_suffix_is_the_beginning_of_the_code_in_the_alphabet_of_identifiers() {
        // Computed apart from this program: HMAC-SHA-256 with the key "secret".
        assert_eq!(CheckKey::new("secret").suffix(ID), "TYRHVXY9YB");
    }

    #[test]
    fn a_suffix_fits_its_identifier_and_ledger_only() {
        let key = CheckKey::new("secret");
        let suffix = key.suffix(ID);
        assert!(key.fits(ID, &suffix));
        assert!(key.fits(ID, &suffix.to_lowercase()));
        assert!(!CheckKey::new("other").fits(ID, &suffix));
        assert!(!key.fits("VO-310117-25-00000A8-H", &suffix));
        for wrong in ["", &suffix[1..], &format!("{suffix}0"), "券券券"] {
            assert!(!key.fits(ID, wrong), "{wrong}");
        }
        for at in 0..SUFFIX_LEN {
            let mut wrong = suffix.clone().into_bytes();
            wrong[at] = if wrong[at] == b'Z' { b'Y' } else { b'Z' };
            let wrong = String::from_utf8(wrong).expect("ASCII");
            assert!(!key.fits(ID, &wrong), "{wrong}");
        }
    }
}
