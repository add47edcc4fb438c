//! Quantong 券通: a clearing engine for innovation vouchers across cities.

pub mod api;
pub mod cli;
pub mod documents;
pub mod domain;
pub mod engine;
pub mod journal;
pub mod node;
pub mod views;
