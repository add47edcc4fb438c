//! The RFC 6962 tree over all events: roots, inclusion proofs, consistency proofs.
//!
//! A tree of `n` leaves splits at the largest power of two below `n`. The [`Frontier`] keeps only
//! the roots of the complete subtrees from left to right, one per bit of `n`, so that appending
//! costs one node hash on average and a root at most 63.

use super::hash::{Digest, HashKind, empty_root, node_hash};

/// The right edge of a growing tree: all that is needed to append leaves and to give the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    kind: HashKind,
    size: u64,
    /// Roots of the complete subtrees, biggest first: one per one-bit of `size`.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new(kind: HashKind) -> Frontier {
        Frontier {
            kind,
            size: 0,
            // A 64-bit size has at most 64 one-bits, so this never grows.
            peaks: Vec::with_capacity(64),
        }
    }

    /// A frontier from its parts, as a snapshot keeps them; `None` if the number of peaks is not
    /// the number of one-bits of the size.
    pub fn from_parts(kind: HashKind, size: u64, peaks: Vec<Digest>) -> Option<Frontier> {
        (peaks.len() == size.count_ones() as usize).then_some(Frontier { kind, size, peaks })
    }

    /// The hash function of the tree.
    pub fn kind(&self) -> HashKind {
        self.kind
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, biggest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf_hash: Digest) {
        let mut subtree = leaf_hash;
        let merges = self.size.trailing_ones() as usize;
        let kept = self.peaks.len() - merges;
        for left in self.peaks[kept..].iter().rev() {
            subtree = node_hash(self.kind, left, &subtree);
        }
        self.peaks.truncate(kept);
        self.peaks.push(subtree);
        self.size += 1;
    }

    /// The root over all leaves.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return empty_root(self.kind);
        };
        peaks.fold(*last, |right, left| node_hash(self.kind, left, &right))
    }
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

/// The root over a slice of leaf hashes.
pub fn root_of(kind: HashKind, leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::new(kind);
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// The audit path of leaf `index` (RFC 6962 §2.1.1), nearest sibling first; `None` if there is no
/// such leaf. Costs one hash per leaf.
pub fn inclusion_proof(kind: HashKind, leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut leaves, mut index) = (leaves, index);
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            path.push(root_of(kind, right));
            leaves = left;
        } else {
            path.push(root_of(kind, left));
            index -= left.len();
            leaves = right;
        }
    }
    path.reverse();
    Some(path)
}

/// The proof that the tree over all leaves begins with the tree over the first `old_size`
/// (RFC 6962 §2.1.2); empty when both are the same tree. `None` if `old_size` is 0, which is the
/// beginning of every tree and needs no proof, or beyond the leaves. Costs one hash per leaf.
pub fn consistency_proof(
    kind: HashKind,
    leaves: &[Digest],
    old_size: usize,
) -> Option<Vec<Digest>> {
    if old_size == 0 || old_size > leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut leaves, mut old) = (leaves, old_size);
    // Whether the old tree still is the left edge of the whole, whose root the verifier knows.
    let mut known = true;
    while old < leaves.len() {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if old <= left.len() {
            path.push(root_of(kind, right));
            leaves = left;
        } else {
            path.push(root_of(kind, left));
            old -= left.len();
            leaves = right;
            known = false;
        }
    }
    if !known {
        path.push(root_of(kind, leaves));
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows that leaf `index` of the tree of `size` leaves with this root has this
/// hash (RFC 9162 §2.1.3.2).
#[must_use]
pub fn verify_inclusion(
    kind: HashKind,
    leaf_hash: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(kind, sibling, &hash);
            // A node without a sibling on its level stands as it is on the levels above.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(kind, &hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `new_size` leaves begins with the tree of `old_size`
/// (RFC 9162 §2.1.4.2). The empty tree begins every tree and takes an empty proof.
#[must_use]
pub fn verify_consistency(
    kind: HashKind,
    old_size: u64,
    new_size: u64,
    proof: &[Digest],
    old_root: &Digest,
    new_root: &Digest,
) -> bool {
    if old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == empty_root(kind);
    }
    // The proof leaves out the first node where it is the old root itself.
    let (start, rest) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        match proof.split_first() {
            Some((first, rest)) => (first, rest),
            None => return false,
        }
    };
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    let shared = node.trailing_ones();
    node >>= shared;
    last >>= shared;
    let (mut old, mut new) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old = node_hash(kind, sibling, &old);
            new = node_hash(kind, sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(kind, &new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old == *old_root && new == *new_root
}

#[cfg(test)]
mod tests {
    use super::super::hash::leaf_hash;
    use super::*;

    const KIND: HashKind = HashKind::Sha256;
    const SIZE_MAX: usize = 70;

    fn leaves(count: usize) -> Vec<Digest> {
        let leaf = |i: usize| leaf_hash(KIND, format!("leaf {i}").as_bytes());
        (0..count).map(leaf).collect()
    }

    /// MTH of RFC 6962 §2.1, word by word.
    fn naive_root(leaves: &[Digest]) -> Digest {
        match leaves.len() {
            0 => empty_root(KIND),
            1 => leaves[0],
            n => {
                let mut k = 1;
                while k * 2 < n {
                    k *= 2;
                }
                node_hash(KIND, &naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
            }
        }
    }

    /// PATH of RFC 6962 §2.1.1, word by word.
    fn naive_path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
        let n = leaves.len();
        if n == 1 {
            return Vec::new();
        }
        let k = split(n);
        let (mut path, sibling) = if m < k {
            (naive_path(m, &leaves[..k]), naive_root(&leaves[k..]))
        } else {
            (naive_path(m - k, &leaves[k..]), naive_root(&leaves[..k]))
        };
        path.push(sibling);
        path
    }

    /// SUBPROOF of RFC 6962 §2.1.2, word by word.
    fn naive_subproof(m: usize, leaves: &[Digest], known: bool) -> Vec<Digest> {
        let n = leaves.len();
        if m == n {
            return if known {
                Vec::new()
            } else {
                vec![naive_root(leaves)]
            };
        }
        let k = split(n);
        let (mut proof, sibling) = if m <= k {
            (
                naive_subproof(m, &leaves[..k], known),
                naive_root(&leaves[k..]),
            )
        } else {
            (
                naive_subproof(m - k, &leaves[k..], false),
                naive_root(&leaves[..k]),
            )
        };
        proof.push(sibling);
        proof
    }

    #[test]
    fn the_frontier_gives_the_root_of_the_definition_at_every_size() {
        let leaves = leaves(SIZE_MAX);
        let mut frontier = Frontier::new(KIND);
        assert_eq!(frontier.root(), naive_root(&[]));
        for size in 1..=SIZE_MAX {
            frontier.push(leaves[size - 1]);
            assert_eq!(frontier.size(), size as u64);
            assert_eq!(frontier.root(), naive_root(&leaves[..size]), "{size}");
            let parts = Frontier::from_parts(KIND, frontier.size(), frontier.peaks().to_vec());
            assert_eq!(parts.as_ref(), Some(&frontier));
        }
        assert_eq!(Frontier::from_parts(KIND, 3, vec![leaves[0]]), None);
    }

    #[test]
    fn the_tree_of_certificate_transparency_has_its_known_root() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Digest> = inputs.iter().map(|input| leaf_hash(KIND, input)).collect();
        let root: String = root_of(KIND, &leaves)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            root,
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn every_inclusion_proof_is_that_of_the_definition_and_verifies() {
        let leaves = leaves(SIZE_MAX);
        for size in 1..=SIZE_MAX {
            let leaves = &leaves[..size];
            let root = root_of(KIND, leaves);
            for index in 0..size {
                let proof = inclusion_proof(KIND, leaves, index).expect("the leaf is there");
                assert_eq!(proof, naive_path(index, leaves), "{index} of {size}");
                let holds = |leaf: &Digest, index: usize, proof: &[Digest]| {
                    verify_inclusion(KIND, leaf, index as u64, size as u64, proof, &root)
                };
                assert!(holds(&leaves[index], index, &proof), "{index} of {size}");
                assert!(!holds(&leaf_hash(KIND, b"other"), index, &proof));
                assert!(!holds(&leaves[index], size, &proof));
                assert!(size == 1 || !holds(&leaves[index], (index + 1) % size, &proof));
                assert!(!holds(
                    &leaves[index],
                    index,
                    &[proof.clone(), vec![root]].concat()
                ));
                assert!(proof.is_empty() || !holds(&leaves[index], index, &proof[1..]));
            }
            assert_eq!(inclusion_proof(KIND, leaves, size), None);
        }
    }

    #[test]
    fn every_consistency_proof_is_that_of_the_definition_and_verifies() {
        let leaves = leaves(SIZE_MAX);
        for size in 1..=SIZE_MAX {
            let leaves = &leaves[..size];
            let root = root_of(KIND, leaves);
            for old in 1..=size {
                let proof = consistency_proof(KIND, leaves, old).expect("a prefix");
                assert_eq!(proof, naive_subproof(old, leaves, true), "{old} of {size}");
                let old_root = root_of(KIND, &leaves[..old]);
                let holds = |proof: &[Digest], old_root: &Digest, root: &Digest| {
                    verify_consistency(KIND, old as u64, size as u64, proof, old_root, root)
                };
                let wrong = leaf_hash(KIND, b"wrong");
                assert!(holds(&proof, &old_root, &root), "{old} of {size}");
                assert!(!holds(&proof, &wrong, &root));
                assert!(!holds(&proof, &old_root, &wrong));
                assert!(!holds(
                    &[proof.clone(), vec![root]].concat(),
                    &old_root,
                    &root
                ));
                assert!(proof.is_empty() || !holds(&proof[1..], &old_root, &root));
            }
            assert!(verify_consistency(
                KIND,
                0,
                size as u64,
                &[],
                &empty_root(KIND),
                &root
            ));
            assert!(!verify_consistency(
                KIND,
                size as u64 + 1,
                size as u64,
                &[],
                &root,
                &root
            ));
            assert_eq!(consistency_proof(KIND, leaves, size + 1), None);
            assert_eq!(consistency_proof(KIND, leaves, 0), None);
        }
    }
}
