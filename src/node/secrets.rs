//! What needs randomness: salts, tokens, the secret of the public check. Made at the edge, never in
//! the engine.

use crate::domain::{PersonalOpening, PersonalText, hex};
use crate::journal::{Candidate, PrivateKey, PrivateRow, Store, StoreError, salted_commitment};

/// Where the secret of the public check is kept: in table `private`, under the first event and a
/// number that is no field of it. So whoever shares the database or takes over the archive has it.
pub(super) const CHECK_SECRET: PrivateKey = PrivateKey {
    seq: 0,
    field: u16::MAX,
};

/// `N` random bytes of the operating system.
///
/// # Panics
/// If the operating system has none: no token may be made then.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A personal text with a fresh salt.
pub fn personal(value: &str) -> PersonalText {
    let salt = random();
    PersonalText {
        commitment: salted_commitment(&salt, value),
        opening: Some(Box::new(PersonalOpening {
            salt,
            value: value.into(),
        })),
    }
}

/// What a node writes into a lease; an identity of its own unless it has one from before.
pub fn candidate(node: Option<[u8; 16]>, address: String) -> Candidate {
    Candidate {
        node: node.unwrap_or_else(random),
        address,
        secret: hex(&random::<16>()),
    }
}

/// Makes the secret of the public check where there is none yet. Of several nodes that begin at
/// once one makes it.
///
/// # Errors
/// The database cannot be read, or not be written when it has to be.
pub async fn keep_check_secret(store: &mut dyn Store) -> Result<(), StoreError> {
    if store.reader().private(CHECK_SECRET).await?.is_some() {
        return Ok(());
    }
    let opening = PersonalOpening {
        salt: random(),
        value: hex(&random::<32>()).into(),
    };
    let key = CHECK_SECRET;
    store.keep_private(&PrivateRow { key, opening }).await
}

/// A new access token and its SHA-256.
pub fn new_token() -> (String, [u8; 32]) {
    let secret: [u8; 32] = random();
    let mut token = String::from("qt_");
    for byte in secret {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _written = write!(token, "{byte:02x}");
    }
    let hash = token_hash(&token);
    (token, hash)
}

/// SHA-256 of a token, the form in which the ledger knows it.
pub fn token_hash(token: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(token.as_bytes()).into()
}
