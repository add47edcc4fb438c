//! Documents in and out. May import `domain`, the engine's commands and the views.

pub mod credit_file;
pub mod dataset;
pub mod voucher_file;
