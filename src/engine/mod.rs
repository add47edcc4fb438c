//! The state machine that decides. `execute` turns commands into events, `apply` turns events
//! into state; nothing else changes state, so `state = fold(apply, events)`.
//!
//! May import `domain` only. No async, no I/O, no clock, no randomness, no floating point, no
//! logging, no iteration in hash order: time, identity and randomness come in with the command.

pub mod actions;
mod apply;
pub mod books;
pub mod command;
pub mod event;
mod execute;
pub mod forecast;
pub mod invariants;
mod keys;
pub mod netting;
mod posting;
mod public;
mod read;
pub mod refusal;
mod rules;
pub mod simulate;
mod standing;
pub mod state;
mod tables;
pub mod terms;
mod timers;

pub use apply::{refusal_of, subject_of};
pub use execute::{
    ATOMIC_FILE_ROWS_MAX, AtomicOutcome, Done, FILE_CHUNK_ROWS, FILE_ROWS_MAX, ItemFault, Planned,
    Rejection, RowOutcome, check_bulk, emit_system, look_ahead, look_ahead_events, rehearse,
    rehearse_each, submit, submit_atomic,
};
pub use keys::{KEY_LIFE_S, KEYS_MAX};
pub use posting::posting;
pub use public::IdText;
pub use read::TableMemory;
pub use state::{STATE_FORMAT, State, StatePart};
pub use tables::{Hash128, Scoped};
pub use timers::{TIMERS_PER_BATCH, advance};

#[cfg(test)]
mod tests;
