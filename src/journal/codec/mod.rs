//! Events as leaves, and the hashes by which commands and references are recognised.
//!
//! A leaf is one canonical CBOR map (see `docs/FORMATS.md`). Reading refuses every other
//! spelling, so a leaf that is accepted has exactly the bytes that [`encode`] writes for what
//! was read: nothing can be hidden in a journal, and two readers cannot disagree on its hash.
//! An entry once defined keeps its key and meaning for ever; new entries take new keys.
//!
//! May import `domain` and the engine's events and commands. Writing the event of a claim does
//! not allocate; reading it allocates nothing but what a third funder or a note needs.

mod cbor;
mod commands;
mod events;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod examples_applications;
#[cfg(test)]
mod examples_files;
#[cfg(test)]
mod examples_orders;
#[cfg(test)]
mod examples_people;
#[cfg(test)]
mod examples_periods;
#[cfg(test)]
mod examples_programmes;
#[cfg(test)]
mod examples_register;
#[cfg(test)]
mod examples_terms;
#[cfg(test)]
mod examples_transfers;
mod field;
mod fingerprint;
mod orders;
mod reference;
mod table;
mod terms;
#[cfg(test)]
mod tests;

use cbor::{Personal, Reader, Writer};
use field::Field;
pub use fingerprint::{
    IdempotencyKey, IdempotencyKeyError, fingerprint, fingerprint_with, idempotency_key,
    indexed_key,
};
pub use reference::{NoReference, external_ref};

use super::LEAF_BYTES_MAX;
use crate::domain::{InlineText, PrincipalId};
use crate::engine::command::{ExternalRef, RefSource};
use crate::engine::event::{Event, EventMeta, Recorded};

/// Why an event has no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The leaf would be longer than [`LEAF_BYTES_MAX`].
    #[error("{name}: a leaf has at most {LEAF_BYTES_MAX} bytes, this one {bytes}")]
    TooLong {
        /// Name of the event.
        name: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// An external reference on an event that cannot be the first of a command that takes one.
    #[error("{name}: this event bears no external reference")]
    Reference {
        /// Name of the event.
        name: &'static str,
    },
}

/// Why bytes are no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaf of kind {kind} ({}), version {version}: {fault}, before byte {at}", name(*.kind))]
pub struct LeafError {
    /// Kind as far as it was read, else 0.
    pub kind: u16,
    /// Version as far as it was read, else 0.
    pub version: u16,
    /// Up to where the leaf was read.
    pub at: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is longer than [`LEAF_BYTES_MAX`].
    #[error("it has more than {LEAF_BYTES_MAX} bytes")]
    TooLong,
    /// It ends too early.
    #[error("it is cut off")]
    Truncated,
    /// Bytes follow its end.
    #[error("bytes follow its end")]
    Trailing,
    /// Not the shortest spelling, or an indefinite length.
    #[error("not canonical CBOR")]
    NotCanonical,
    /// Another type of item is expected.
    #[error("an item of another type")]
    WrongType,
    /// A key that is unknown, repeated or out of order.
    #[error("key {0} is unknown here, repeated or out of order; newer software may know it")]
    Key(u64),
    /// A required entry is missing.
    #[error("key {0} is missing")]
    MissingKey(u8),
    /// A value that its type does not allow.
    #[error("not a valid {0}")]
    Value(&'static str),
    /// No kind has this number.
    #[error("this software does not know the kind; newer software may")]
    UnknownKind,
    /// The kind has no such version.
    #[error("this software does not know the version of this kind; newer software may")]
    UnknownVersion,
    /// An external reference on an event that bears none.
    #[error("this event bears no external reference")]
    Reference,
}

fn name(kind: u16) -> &'static str {
    let known = Event::KINDS.iter().find(|(number, _)| *number == kind);
    known.map_or("unknown", |(_, name)| name)
}

/// Appends the leaf of an event to `out`; on an error `out` is left as it was.
pub fn encode(recorded: &Recorded, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    let Recorded { meta, event } = recorded;
    if let Some(reference) = &meta.external_ref {
        let family = reference::family_of_event(event);
        let family = family.ok_or(EncodeError::Reference { name: event.name() })?;
        debug_assert_eq!(
            reference.key,
            reference::key(family, reference.source, reference.text.as_str()),
            "a reader computes the key of a reference from the leaf",
        );
    }
    let mut writer = Writer::new(out, Personal::Commitment);
    write_envelope(meta, event, &mut writer);
    events::write_payload(event, &mut writer);
    optional(&mut writer, 14, meta.bulk_fingerprint.as_ref());
    let bytes = out.len() - start;
    if bytes > LEAF_BYTES_MAX {
        out.truncate(start);
        let name = event.name();
        return Err(EncodeError::TooLong { name, bytes });
    }
    Ok(())
}

/// Reads a leaf. Only the exact bytes that [`encode`] writes are accepted; personal texts come
/// back without their openings.
pub fn decode(leaf: &[u8]) -> Result<Recorded, LeafError> {
    let mut one = Vec::with_capacity(1);
    decode_into(leaf, &mut one)?;
    Ok(one.pop().expect("a leaf is one event"))
}

/// As [`decode`], and appends the event to others; on an error they stay as they were. An event
/// is large: here it is written where it stays.
///
/// # Errors
/// The leaf is not exactly what [`encode`] writes.
pub fn decode_into(leaf: &[u8], events: &mut Vec<Recorded>) -> Result<(), LeafError> {
    let mut reader = Reader::new(leaf);
    let mut found = (0, 0);
    read_leaf(leaf, &mut reader, &mut found, events).map_err(|fault| LeafError {
        kind: found.0,
        version: found.1,
        at: leaf.len() - reader.left(),
        fault,
    })
}

/// The source of a reference as key 10: absent for the acting principal, 0 for the import,
/// 1 + n for principal n.
fn source_number(source: RefSource, acting: PrincipalId) -> Option<u64> {
    match source {
        RefSource::Import => Some(0),
        RefSource::Principal(principal) if principal == acting => None,
        RefSource::Principal(principal) => Some(u64::from(principal.0) + 1),
    }
}

fn source_of(number: Option<u64>, acting: PrincipalId) -> Result<RefSource, Fault> {
    let Some(number) = number else {
        return Ok(RefSource::Principal(acting));
    };
    let Some(principal) = number.checked_sub(1) else {
        return Ok(RefSource::Import);
    };
    match u32::try_from(principal).map(PrincipalId) {
        Ok(principal) if principal != acting => Ok(RefSource::Principal(principal)),
        Ok(_) => Err(Fault::NotCanonical),
        Err(_) => Err(Fault::Value("source of a reference")),
    }
}

/// Writes everything up to the key of the payload.
#[inline]
fn write_envelope(meta: &EventMeta, event: &Event, writer: &mut Writer<'_>) {
    let (kind, version) = events::kind_and_version(event);
    let text = meta.external_ref.as_ref().map(|reference| &reference.text);
    let source = meta.external_ref.as_ref();
    let source = source.and_then(|given| source_number(given.source, meta.principal));
    let index = (meta.index > 0).then_some(meta.index);
    let entries = 7
        + usize::from(meta.second.is_some())
        + usize::from(meta.key.is_some())
        + usize::from(meta.fingerprint.is_some())
        + usize::from(text.is_some())
        + usize::from(source.is_some())
        + usize::from(meta.reason.is_some())
        + usize::from(index.is_some())
        + usize::from(meta.bulk_fingerprint.is_some());
    writer.map(entries);
    entry(writer, 0, &kind);
    entry(writer, 1, &version);
    entry(writer, 2, &meta.seq);
    entry(writer, 3, &meta.recorded_at);
    entry(writer, 4, &meta.business_date);
    entry(writer, 5, &meta.principal);
    optional(writer, 6, meta.second.as_ref());
    optional(writer, 7, meta.key.as_ref());
    optional(writer, 8, meta.fingerprint.as_ref());
    optional(writer, 9, text);
    optional(writer, 10, source.as_ref());
    optional(writer, 11, meta.reason.as_ref());
    optional(writer, 12, index.as_ref());
    writer.uint(13);
}

#[inline]
fn entry(writer: &mut Writer<'_>, key: u8, value: &impl Field) {
    writer.uint(u64::from(key));
    value.write(writer);
}

#[inline]
fn optional(writer: &mut Writer<'_>, key: u8, value: Option<&impl Field>) {
    if let Some(value) = value {
        entry(writer, key, value);
    }
}

#[inline]
fn read_leaf(
    leaf: &[u8],
    reader: &mut Reader<'_>,
    found: &mut (u16, u16),
    events: &mut Vec<Recorded>,
) -> Result<(), Fault> {
    if leaf.len() > LEAF_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let mut map = reader.map()?;
    found.0 = required(&mut map, reader, 0)?;
    found.1 = required(&mut map, reader, 1)?;
    let seq = required(&mut map, reader, 2)?;
    let recorded_at = required(&mut map, reader, 3)?;
    let business_date = required(&mut map, reader, 4)?;
    let principal = required(&mut map, reader, 5)?;
    let second = read_optional(&mut map, reader, 6)?;
    let key = read_optional(&mut map, reader, 7)?;
    let fingerprint = read_optional(&mut map, reader, 8)?;
    let text: Option<InlineText<40>> = read_optional(&mut map, reader, 9)?;
    let source = read_optional(&mut map, reader, 10)?;
    let reason = read_optional(&mut map, reader, 11)?;
    let index = match read_optional(&mut map, reader, 12)? {
        Some(0) => return Err(Fault::NotCanonical),
        index => index.unwrap_or(0),
    };
    if !map.take(reader, 13) {
        map.end(reader)?;
        return Err(Fault::MissingKey(13));
    }
    let event =
        events::read_payload(found.0, found.1, reader).map_err(|fault| refine(found.0, fault))?;
    let bulk_fingerprint = read_optional(&mut map, reader, 14)?;
    map.end(reader)?;
    if reader.left() > 0 {
        return Err(Fault::Trailing);
    }
    let external_ref = match text {
        Some(text) => Some(Box::new(read_reference(text, source, principal, &event)?)),
        None if source.is_some() => return Err(Fault::NotCanonical),
        None => None,
    };
    events.push(Recorded {
        meta: EventMeta {
            seq,
            recorded_at,
            business_date,
            principal,
            second,
            key,
            fingerprint,
            bulk_fingerprint,
            external_ref,
            reason,
            index,
        },
        event,
    });
    Ok(())
}

/// Tells an unknown version of a known kind from an unknown kind.
#[cold]
fn refine(kind: u16, fault: Fault) -> Fault {
    let known = Event::KINDS.iter().any(|(number, _)| *number == kind);
    match fault {
        Fault::UnknownKind if known => Fault::UnknownVersion,
        fault => fault,
    }
}

fn read_reference(
    text: InlineText<40>,
    source: Option<u64>,
    acting: PrincipalId,
    event: &Event,
) -> Result<ExternalRef, Fault> {
    let source = source_of(source, acting)?;
    let family = reference::family_of_event(event).ok_or(Fault::Reference)?;
    Ok(ExternalRef {
        key: reference::key(family, source, text.as_str()),
        source,
        text,
    })
}

#[inline]
fn required<T: Field>(
    map: &mut cbor::MapReader,
    reader: &mut Reader<'_>,
    key: u8,
) -> Result<T, Fault> {
    if map.take(reader, key) {
        T::read(reader)
    } else {
        Err(Fault::MissingKey(key))
    }
}

#[inline]
fn read_optional<T: Field>(
    map: &mut cbor::MapReader,
    reader: &mut Reader<'_>,
    key: u8,
) -> Result<Option<T>, Fault> {
    if map.take(reader, key) {
        T::read(reader).map(Some)
    } else {
        Ok(None)
    }
}
