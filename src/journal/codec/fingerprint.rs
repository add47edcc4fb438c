//! Hashes by which a command is recognised when it is sent again.

use sha2::{Digest, Sha256};

use super::cbor::{Personal, Writer};
use super::commands;
use crate::domain::PrincipalId;
use crate::engine::command::Command;

const COMMAND_TAG: &[u8] = b"quantong/command/1";
const KEY_TAG: &[u8] = b"quantong/key/1";
const INDEXED_KEY_TAG: &[u8] = b"quantong/key-index/1";

/// The first 16 bytes of a SHA-256, as a big-endian number.
pub(super) fn first_half(hash: Sha256) -> u128 {
    let digest: [u8; 32] = hash.finalize().into();
    let (half, _) = digest
        .split_first_chunk()
        .expect("16 bytes are the first half of 32");
    u128::from_be_bytes(*half)
}

/// `SHA-256/128("quantong/command/1" ‖ canonical CBOR of [kind, {field: value}])`.
///
/// Personal texts enter by their value: the salt is new in every request, and a retry must have
/// the same fingerprint. Key, reference and reason stand beside the command and do not enter.
pub fn fingerprint(command: &Command) -> u128 {
    fingerprint_with(command, &mut Vec::with_capacity(512))
}

/// [`fingerprint`] with a buffer that the caller keeps; what it holds is overwritten.
pub fn fingerprint_with(command: &Command, buffer: &mut Vec<u8>) -> u128 {
    buffer.clear();
    buffer.extend_from_slice(COMMAND_TAG);
    commands::write(command, &mut Writer::new(buffer, Personal::Value));
    first_half(Sha256::new_with_prefix(buffer.as_slice()))
}

/// An idempotency key as the sender wrote it: 1 to 64 bytes of printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKey<'a>(&'a str);

/// The text is no idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an idempotency key has 1 to {} printable ASCII characters",
    IdempotencyKey::BYTES_MAX
)]
pub struct IdempotencyKeyError;

impl<'a> IdempotencyKey<'a> {
    /// Longest key: a UUID or a SHA-256 in hexadecimal digits.
    pub const BYTES_MAX: usize = 64;

    /// Parses 1 to 64 printable ASCII characters, the space included.
    pub fn parse(text: &'a str) -> Result<IdempotencyKey<'a>, IdempotencyKeyError> {
        let printable = text.bytes().all(|b| matches!(b, b' '..=b'~'));
        if printable && (1..=IdempotencyKey::BYTES_MAX).contains(&text.len()) {
            Ok(IdempotencyKey(text))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// `SHA-256/128("quantong/key/1" ‖ principal, 4 bytes big-endian ‖ key)`: keys of two principals
/// never meet.
pub fn idempotency_key(principal: PrincipalId, key: IdempotencyKey<'_>) -> u128 {
    let mut hash = Sha256::new_with_prefix(KEY_TAG);
    hash.update(principal.0.to_be_bytes());
    hash.update(key.as_str());
    first_half(hash)
}

/// The key of item `index` of a bulk command with the key `base`:
/// `SHA-256/128("quantong/key-index/1" ‖ base, 16 bytes ‖ index, 4 bytes)`, big-endian.
pub fn indexed_key(base: u128, index: u32) -> u128 {
    let mut hash = Sha256::new_with_prefix(INDEXED_KEY_TAG);
    hash.update(base.to_be_bytes());
    hash.update(index.to_be_bytes());
    first_half(hash)
}
