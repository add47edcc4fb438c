//! Black-box tests: the real binary, real databases, real servers.

mod amendments;
mod applications;
mod archive;
mod bulk;
mod check;
mod crash;
mod credit;
mod days;
mod docs;
mod docs_more;
mod figures;
mod files;
mod folders;
mod followers;
mod http;
mod import;
mod layers;
mod lists;
mod metrics;
mod model;
mod nodes;
mod outage;
mod own_matters;
mod passing_on;
mod postgres;
mod relay;
mod restored;
mod second_steps;
mod server;
mod sign_in;
mod simulate;
mod snapshots;
mod views;
mod views_kept;
mod walk;

#[path = "../support/postgres.rs"]
mod cluster;
