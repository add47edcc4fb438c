//! Hashes of the tree and of personal data.
//!
//! Leaf and node hashes are those of RFC 6962 §2.1: a prefix byte 0x00 for a leaf and 0x01 for a
//! node keeps one from passing for the other. They are the hottest code of the journal, two per
//! event, so SHA-256 is padded here by hand and handed to the compression function in one call:
//! the general hasher's buffering costs as much as the hashing itself on inputs this short.

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;

/// The 32 bytes of a hash.
pub type Digest = [u8; 32];

/// The hash function of a ledger, chosen when it is created and never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashKind {
    /// SHA-256, the default.
    Sha256,
    /// SM3 (GB/T 32905-2016), for ledgers that must use the national algorithms.
    Sm3,
}

impl HashKind {
    /// The name in configuration and in data sets.
    pub const fn name(self) -> &'static str {
        match self {
            HashKind::Sha256 => "sha256",
            HashKind::Sm3 => "sm3",
        }
    }

    /// The hash with this name.
    pub fn parse(name: &str) -> Option<HashKind> {
        match name {
            "sha256" => Some(HashKind::Sha256),
            "sm3" => Some(HashKind::Sm3),
            _ => None,
        }
    }
}

const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

/// Initial state of SHA-256 (FIPS 180-4 §5.3.3).
const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

const BLOCK: usize = 64;
/// The byte 0x80 and the 64-bit length that end a SHA-256 message.
const PADDING_MIN: usize = 9;
/// Four blocks hold a leaf of 246 bytes; a claim has at most 160.
const SHORT_BLOCKS: usize = 4;

fn sha256_bytes(state: [u32; 8]) -> Digest {
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// Ends a message of `total` bytes whose last `used` bytes stand at the front of `blocks`, the
/// rest of which is zero.
fn sha256_finish(
    mut state: [u32; 8],
    blocks: &mut [[u8; BLOCK]],
    used: usize,
    total: usize,
) -> Digest {
    let count = (used + PADDING_MIN).div_ceil(BLOCK);
    let bytes = blocks.as_flattened_mut();
    bytes[used] = 0x80;
    let bits = (total as u64) * 8;
    bytes[count * BLOCK - 8..count * BLOCK].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &blocks[..count]);
    sha256_bytes(state)
}

fn sha256_leaf(leaf: &[u8]) -> Digest {
    let total = 1 + leaf.len();
    if total + PADDING_MIN <= SHORT_BLOCKS * BLOCK {
        let mut blocks = [[0_u8; BLOCK]; SHORT_BLOCKS];
        let bytes = blocks.as_flattened_mut();
        bytes[0] = LEAF_PREFIX;
        bytes[1..total].copy_from_slice(leaf);
        return sha256_finish(SHA256_START, &mut blocks, total, total);
    }
    let mut state = SHA256_START;
    let mut first = [0_u8; BLOCK];
    first[0] = LEAF_PREFIX;
    let (head, rest) = leaf.split_at(BLOCK - 1);
    first[1..].copy_from_slice(head);
    compress256(&mut state, &[first]);
    let (whole, tail) = rest.as_chunks::<BLOCK>();
    compress256(&mut state, whole);
    let mut last = [[0_u8; BLOCK]; 2];
    last.as_flattened_mut()[..tail.len()].copy_from_slice(tail);
    sha256_finish(state, &mut last, tail.len(), total)
}

fn sha256_node(left: &Digest, right: &Digest) -> Digest {
    let mut blocks = [[0_u8; BLOCK]; 2];
    let bytes = blocks.as_flattened_mut();
    bytes[0] = NODE_PREFIX;
    bytes[1..33].copy_from_slice(left);
    bytes[33..65].copy_from_slice(right);
    sha256_finish(SHA256_START, &mut blocks, 65, 65)
}

fn sm3(parts: [&[u8]; 3]) -> Digest {
    let mut hasher = Sm3::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The hash of one leaf: `H(0x00 ‖ leaf)`.
pub fn leaf_hash(kind: HashKind, leaf: &[u8]) -> Digest {
    match kind {
        HashKind::Sha256 => sha256_leaf(leaf),
        HashKind::Sm3 => sm3([&[LEAF_PREFIX], leaf, &[]]),
    }
}

/// The hash of an inner node: `H(0x01 ‖ left ‖ right)`.
pub fn node_hash(kind: HashKind, left: &Digest, right: &Digest) -> Digest {
    match kind {
        HashKind::Sha256 => sha256_node(left, right),
        HashKind::Sm3 => sm3([&[NODE_PREFIX], left, right]),
    }
}

/// The root of the tree without leaves: the hash of nothing.
pub fn empty_root(kind: HashKind) -> Digest {
    match kind {
        HashKind::Sha256 => Sha256::digest([]).into(),
        HashKind::Sm3 => sm3([&[], &[], &[]]),
    }
}

/// Domain of commitments to personal data. It is part of the stored format.
const PERSONAL_TAG: &[u8] = b"quantong/personal/1";

/// What the journal keeps of a personal text: `SHA-256("quantong/personal/1" ‖ salt ‖ value)`.
///
/// SHA-256 in every ledger: the commitment is no part of the tree, and one function lets the edge
/// make it without knowing the ledger. The random salt keeps short texts, such as telephone
/// numbers, from being found by trial.
pub fn salted_commitment(salt: &[u8; 16], value: &str) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(PERSONAL_TAG);
    hasher.update(salt);
    hasher.update(value);
    hasher.finalize().into()
}

/// The first 16 bytes of SHA-256, read big endian: fingerprints and keys of lookup tables.
pub fn digest128(bytes: &[u8]) -> u128 {
    let digest: Digest = Sha256::digest(bytes).into();
    let (first, _) = digest.split_at(16);
    u128::from_be_bytes(first.try_into().expect("split at 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hex;

    #[test]
    fn the_hand_padded_hash_agrees_with_the_general_hasher_at_every_length() {
        let data: Vec<u8> = (0..1_000_u32).map(|i| (i * 7 + i / 256) as u8).collect();
        for length in 0..data.len() {
            let leaf = &data[..length];
            let general = Sha256::new().chain_update([0]).chain_update(leaf);
            let general: Digest = general.finalize().into();
            assert_eq!(leaf_hash(HashKind::Sha256, leaf), general, "{length}");
        }
        let left = leaf_hash(HashKind::Sha256, b"left");
        let right = leaf_hash(HashKind::Sha256, b"right");
        let general = Sha256::new()
            .chain_update([1])
            .chain_update(left)
            .chain_update(right);
        let general: Digest = general.finalize().into();
        assert_eq!(node_hash(HashKind::Sha256, &left, &right), general);
    }

    #[test]
    fn known_hashes_are_met() {
        assert_eq!(
            hex(&empty_root(HashKind::Sha256)),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(&empty_root(HashKind::Sm3)),
            "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
        );
        // The leaf hash of the empty string in the test vectors of Certificate Transparency.
        assert_eq!(
            hex(&leaf_hash(HashKind::Sha256, b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        // GB/T 32905-2016, example 1, without the prefix.
        assert_eq!(
            hex(&sm3([b"abc", &[], &[]])),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        assert_eq!(digest128(b""), 0xe3b0_c442_98fc_1c14_9afb_f4c8_996f_b924);
    }

    #[test]
    fn a_commitment_depends_on_salt_and_value() {
        let commitment = salted_commitment(&[1; 16], "张三");
        assert_ne!(commitment, salted_commitment(&[2; 16], "张三"));
        assert_ne!(commitment, salted_commitment(&[1; 16], "张四"));
        let general = [
            b"quantong/personal/1".as_slice(),
            &[1; 16],
            "张三".as_bytes(),
        ]
        .concat();
        let general: Digest = Sha256::digest(general).into();
        assert_eq!(commitment, general);
    }

    #[test]
    fn names_of_hashes_read_back() {
        for kind in [HashKind::Sha256, HashKind::Sm3] {
            assert_eq!(HashKind::parse(kind.name()), Some(kind));
        }
        assert_eq!(HashKind::parse("md5"), None);
    }
}
