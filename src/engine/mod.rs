//! The state machine that decides. `execute` turns commands into events, `apply` turns events
//! into state; nothing else changes state, so `state = fold(apply, events)`.
//!
//! May import `domain` only. No async, no I/O, no clock, no randomness, no floating point, no
//! logging, no iteration in hash order: time, identity and randomness come in with the command.

pub mod command;
pub mod event;
pub mod refusal;
pub mod terms;
