//! `bench simulate`: every claim of a journal decided again.

use std::path::Path;
use std::time::Instant;

use super::{BenchError, Line, emit};
use crate::domain::Day;
use crate::engine::simulate::Question;
use crate::journal::Database;
use crate::node::{Node, NodeConfig, Telling};

/// Simulates the rules that hold on the journal in a folder, or in the database beside it.
pub(super) async fn run(folder: &Path, database: &Database) -> Result<(), BenchError> {
    let store = database.open(folder, [0x51; 16]).await?;
    let node = Node::start(store, NodeConfig::new("bench")).await?;
    let question = Question {
        programme: None,
        terms: None,
        agreement: None,
        from: Day::MIN,
        to: Day::MAX,
        budget: None,
    };
    let telling = Telling {
        unchanged: false,
        claims_max: 0,
    };
    let start = Instant::now();
    let simulated = node.simulate(question, telling).await;
    let elapsed = start.elapsed();
    node.stop().await;
    let report = simulated?.report;
    emit(&Line {
        name: "simulate",
        count: report.claims,
        elapsed,
        times: None,
        extra: vec![
            ("changed", report.changed.to_string()),
            ("left_out", report.left_out.to_string()),
        ],
    });
    Ok(())
}
