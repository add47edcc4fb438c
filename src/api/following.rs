//! Keeps the views up with the node, and tells how far they are.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::node::Node;
use crate::views::{Projector, Views, ViewsError};

/// How long the projector waits after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// The views of a running node.
pub struct Following {
    views: Views,
    /// Number of events the tables hold.
    position: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Following {
    /// Begins to follow a node; ends with it.
    pub fn start(views: Views, node: Node) -> Following {
        let (moved, position) = watch::channel(0);
        let kept = views.clone();
        let task = tokio::spawn(async move {
            while !node.has_ended() {
                let Err(error) = follow(&kept, &node, &moved).await else {
                    return;
                };
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the views stand still and are tried again"
                );
                tokio::time::sleep(PAUSE).await;
            }
        });
        Following {
            views,
            position,
            task,
        }
    }

    /// The tables.
    pub(super) fn views(&self) -> &Views {
        &self.views
    }

    /// Number of events the tables hold.
    pub(super) fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Waits until the tables hold so many events; false if that takes too long.
    pub async fn reach(&self, events: u64, patience: Duration) -> bool {
        let mut position = self.position.clone();
        let reached = position.wait_for(|at| *at >= events);
        matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_)))
    }

    /// Ends and closes the tables.
    pub async fn stop(self) {
        self.task.abort();
        let _ended = self.task.await;
        self.views.close().await;
    }
}

async fn follow(views: &Views, node: &Node, moved: &watch::Sender<u64>) -> Result<(), ViewsError> {
    let mut projector: Projector = views.projector(node.reader(), node.ledger()).await?;
    loop {
        // Whoever waits is told also when the tables were made anew.
        moved.send_replace(projector.position().events);
        if projector.step().await? {
            continue;
        }
        if !node.committed_beyond(projector.position().events).await {
            return Ok(());
        }
    }
}
