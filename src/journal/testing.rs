//! Rows for the tests of this module.

use super::body::BodyWriter;
use super::row::{Chain, Row};

#[path = "../../tests/support/postgres.rs"]
pub(crate) mod cluster;

/// The next `count` rows of a chain: row `n` has `n + 1` leaves that name their event, and epoch
/// `n / 2`.
pub(super) fn rows(chain: &mut Chain, count: u64) -> Vec<Row> {
    let next = |chain: &mut Chain| {
        let batch_no = chain.head().map_or(0, |head| head.batch_no + 1);
        let mut body = BodyWriter::default();
        for i in 0..=batch_no {
            let leaf = format!("event {}", chain.next_seq() + i);
            body.push(leaf.as_bytes()).expect("a short leaf");
        }
        let body = body.take(Vec::new());
        chain.seal(batch_no / 2, body).expect("good frames")
    };
    (0..count).map(|_| next(chain)).collect()
}
