//! Personal data that is committed to but not written into the journal.

use serde::{Deserialize, Serialize};

/// A text about a natural person. The journal keeps only the commitment
/// `SHA-256(tag ‖ salt ‖ value)`; the opening stands in an erasable table beside it.
///
/// Two texts are equal when their commitments are; the opening may be missing (erased, or the
/// event was read back from the journal).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersonalText {
    /// `SHA-256(tag ‖ salt ‖ value)`.
    pub commitment: [u8; 32],
    /// Salt and value, present only on the way in.
    #[serde(skip)]
    pub opening: Option<Box<PersonalOpening>>,
}

/// What opens a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalOpening {
    /// Random salt, made at the edge.
    pub salt: [u8; 16],
    /// The text itself.
    pub value: Box<str>,
}

impl PartialEq for PersonalText {
    fn eq(&self, other: &PersonalText) -> bool {
        self.commitment == other.commitment
    }
}

impl Eq for PersonalText {}
