//! The REST surface: routes under `/v1`, problem documents, access, OpenAPI.
//!
//! May import the node, the views, `domain`, the engine's types, the journal's codec and the reader
//! of voucher files.

mod accounts;
mod bank;
mod bodies;
mod bulk;
mod check;
mod client;
mod context;
mod credit;
mod decide;
mod details;
mod following;
mod forward;
mod history;
mod lists;
mod metrics;
mod moment;
mod openapi;
mod problem;
mod rate;
mod read;
mod render;
mod request;
mod resources;
mod routes;
mod server;
mod sign_in;
mod simulations;
mod voucher_files;
mod write;

pub use client::{Network, NoNetwork};
pub use following::Following;
pub use openapi::openapi;
pub use problem::{FieldError, Lang, PROBLEMS, Problem, text};
pub use server::{ApiSettings, serve};
