//! Passwords: verifiers by Argon2id, and whether a password fits one.

use argon2::{Algorithm, Argon2, Params, Version};

use super::secrets::random;
use crate::domain::hex;

/// 19 MiB, two passes, one lane: what OWASP's cheat sheet on password storage asks for at least.
/// Two at a time take 38 MiB and, on a desk, some 25 ms each.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;
const HASH: usize = 32;

/// Fewest and most bytes of a password. The upper bound keeps a request small; the lower one is
/// the shortest that NIST SP 800-63B lets stand alone, rounded up.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 10..=256;

/// What a verifier says of a password.
const TAG: &str = "argon2id";

fn derive(password: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<String> {
    let params = Params::new(memory, passes, lanes, Some(HASH)).ok()?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; HASH];
    argon
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hex(&hash))
}

/// A verifier with a fresh salt: `argon2id$memory$passes$lanes$salt$hash`, hexadecimal. Takes
/// milliseconds: not for a thread that others wait for.
pub fn verifier(password: &str) -> String {
    let salt: [u8; SALT] = random();
    let cost = (MEMORY_KIB, PASSES, LANES);
    let hash = derive(password, &salt, cost).expect("the parameters are those of this file");
    format!("{TAG}${MEMORY_KIB}${PASSES}${LANES}${}${hash}", hex(&salt))
}

/// True if the password is the verifier's. Takes as long whether it is or not, and as long for a
/// verifier that is missing: nobody learns from the time which names there are.
pub fn fits(verifier: Option<&str>, password: &str) -> bool {
    let parsed = verifier.and_then(parse);
    let known = parsed.is_some();
    let (cost, salt, expected) = parsed.unwrap_or_else(|| {
        let cost = (MEMORY_KIB, PASSES, LANES);
        (cost, vec![0; SALT], "0".repeat(2 * HASH))
    });
    let Some(hash) = derive(password, &salt, cost) else {
        return false;
    };
    let same_length = hash.len() == expected.len();
    let difference = hash
        .bytes()
        .zip(expected.bytes())
        .fold(0, |sum, (a, b)| sum | (a ^ b));
    known & same_length & (difference == 0)
}

type Parsed = ((u32, u32, u32), Vec<u8>, String);

fn parse(verifier: &str) -> Option<Parsed> {
    let mut parts = verifier.split('$');
    if parts.next()? != TAG {
        return None;
    }
    let mut number = || parts.next()?.parse().ok();
    let cost = (number()?, number()?, number()?);
    let salt = parts.next()?;
    let digits = |i: usize| u8::from_str_radix(salt.get(2 * i..2 * i + 2)?, 16).ok();
    let salt: Option<Vec<u8>> = (0..salt.len() / 2).map(digits).collect();
    Some((cost, salt?, parts.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_fits_its_password_and_no_other() {
        let one = verifier("correct horse");
        assert!(fits(Some(&one), "correct horse"));
        assert!(!fits(Some(&one), "correct horsf"));
        assert!(!fits(Some(&one), ""));
        // Another salt each time, and nothing of the password.
        assert_ne!(one, verifier("correct horse"));
        assert!(!one.contains("horse"));
    }

    #[test]
    fn a_verifier_that_is_missing_or_broken_fits_nothing() {
        for broken in ["", "argon2id", "argon2id$1$1$1$$", "x$19456$2$1$00$00"] {
            assert!(!fits(Some(broken), ""), "{broken}");
        }
        assert!(!fits(None, ""));
    }
}
