//! Black-box tests: the real binary, real databases, real servers.

mod amendments;
mod applications;
mod archive;
mod bulk;
mod crash;
mod days;
mod docs;
mod files;
mod http;
mod import;
mod layers;
mod lists;
mod model;
mod nodes;
mod outage;
mod postgres;
mod relay;
mod server;
mod sign_in;
mod simulate;
mod snapshots;
mod views;
mod walk;

#[path = "../support/postgres.rs"]
mod cluster;
