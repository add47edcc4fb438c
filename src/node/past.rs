//! The past, from the journal: which events there were at an instant or on a day, and what they
//! say.

use super::handle::unavailable;
use super::{Node, NodeError};
use crate::domain::{Day, RecordedAt, Seq};
use crate::engine::event::{EventMeta, Recorded};
use crate::journal::{ReadLimit, codec, frames};

impl Node {
    /// How many of the first `end` events were recorded at an instant or before.
    ///
    /// # Errors
    /// `Unavailable` if the database does not answer.
    pub async fn events_until(&self, at: RecordedAt, end: Seq) -> Result<Seq, NodeError> {
        self.first_where(end, |meta| meta.recorded_at > at).await
    }

    /// How many of the first `end` events are of business days before one.
    ///
    /// # Errors
    /// As [`Node::events_until`].
    pub async fn events_before_day(&self, day: Day, end: Seq) -> Result<Seq, NodeError> {
        self.first_where(end, |meta| meta.business_date >= day)
            .await
    }

    /// The first event below `end` that is late enough, by halves: days and instants never fall.
    async fn first_where(
        &self,
        end: Seq,
        late: impl Fn(&EventMeta) -> bool + Send,
    ) -> Result<Seq, NodeError> {
        let (mut early, mut found) = (0, end.0);
        while early < found {
            let middle = early + (found - early) / 2;
            let event = self.event(Seq(middle)).await?;
            if late(&event.ok_or(NodeError::Unavailable)?.meta) {
                found = middle;
            } else {
                early = middle + 1;
            }
        }
        Ok(Seq(found))
    }

    /// Hands on the events `from..to` in order.
    ///
    /// # Errors
    /// As [`Node::events_until`].
    pub async fn each_event(
        &self,
        from: Seq,
        to: Seq,
        mut each: impl FnMut(&Recorded) + Send,
    ) -> Result<(), NodeError> {
        let reader = self.reader();
        let head = reader.head_of_seq(from.0).await.map_err(unavailable)?;
        let Some(head) = head.filter(|_| from < to) else {
            return Ok(());
        };
        let mut batch = head.batch_no;
        loop {
            let rows = reader.rows_from(batch, ReadLimit::SCAN).await;
            let rows = rows.map_err(unavailable)?;
            for row in &rows {
                for (seq, leaf) in (row.head.first_seq..).zip(frames(&row.body)) {
                    if seq >= to.0 {
                        return Ok(());
                    }
                    if seq < from.0 {
                        continue;
                    }
                    let leaf = leaf.map_err(|_| NodeError::Unavailable)?;
                    let recorded = codec::decode(leaf).map_err(|_| NodeError::Unavailable)?;
                    each(&recorded);
                }
            }
            match rows.last() {
                Some(last) => batch = last.head.batch_no + 1,
                None => return Ok(()),
            }
        }
    }
}
