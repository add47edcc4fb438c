//! Table tests of the engine: one line per refusal code and per posting row.

mod administrators;
mod boundaries;
mod carried_transfers;
mod claims;
mod commitments;
mod files;
mod in_force;
mod issued;
mod orders;
mod parties;
mod people;
mod postings;
mod programmes;
mod random;
mod refusals;
mod registration;
mod relocations;
mod renewal;
mod scopes;
mod second_steps;
mod simulate;
mod standing;
mod steps;
mod table;
mod transfers;
mod vouchers;
pub(super) mod world;
