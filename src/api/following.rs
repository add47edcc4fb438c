//! Keeps the views up with the node, and tells how far they are. Where several nodes share the
//! tables, the one that leads writes them and the others watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::node::Node;
use crate::views::{Projector, Views, ViewsError};

/// How long the projector waits after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a node looks whether it leads.
const LOOK: Duration = Duration::from_millis(200);

/// How often the position is read while somebody waits for it.
const WATCH: Duration = Duration::from_millis(10);

/// Who waits until tables that another node writes have moved on.
#[derive(Default)]
struct Waiting {
    count: AtomicUsize,
    begun: Notify,
}

/// Why the tables stand still, since when: from the first failure to the next success.
#[derive(Clone, Debug)]
pub(super) struct Stuck {
    pub(super) error: String,
    pub(super) since: Instant,
}

/// How it stands with the tables, as the task tells it.
#[derive(Clone)]
struct Told {
    /// Number of events the tables hold.
    moved: watch::Sender<u64>,
    stuck: Arc<Mutex<Option<Stuck>>>,
}

impl Told {
    /// The tables were read or written and hold so many events. Whoever waits is told also when
    /// they were made anew.
    fn are_at(&self, events: u64) {
        *self.stuck.lock() = None;
        self.moved.send_replace(events);
    }

    /// Keeps why the tables stand still; true if that is another reason than before.
    fn failed(&self, error: &ViewsError) -> bool {
        let mut stuck = self.stuck.lock();
        let since = stuck
            .as_ref()
            .map_or_else(Instant::now, |stuck| stuck.since);
        // Without its causes, which may name the database.
        let error = error.to_string();
        let is_new = stuck.as_ref().is_none_or(|stuck| stuck.error != error);
        *stuck = Some(Stuck { error, since });
        is_new
    }
}

/// The views of a running node.
pub struct Following {
    views: Views,
    /// Number of events the tables hold.
    position: watch::Receiver<u64>,
    stuck: Arc<Mutex<Option<Stuck>>>,
    waiting: Arc<Waiting>,
    task: JoinHandle<()>,
}

impl Following {
    /// Begins to follow a node; ends with it.
    pub fn start(views: Views, node: Node) -> Following {
        let (moved, position) = watch::channel(0);
        let stuck = Arc::new(Mutex::new(None));
        let told = Told {
            moved,
            stuck: Arc::clone(&stuck),
        };
        let waiting = Arc::new(Waiting::default());
        let (kept, waited) = (views.clone(), Arc::clone(&waiting));
        let task = tokio::spawn(async move {
            while !node.has_ended() {
                let done = if node.leads() {
                    follow(&kept, &node, &told).await
                } else {
                    look_on(&kept, &node, &told, &waited).await
                };
                let Err(error) = done else {
                    continue;
                };
                if told.failed(&error) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the views stand still and are tried again"
                    );
                }
                if matches!(error, ViewsError::Silent(_)) {
                    kept.end_silent().await;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Following {
            views,
            position,
            stuck,
            waiting,
            task,
        }
    }

    /// Why the tables stand still, if they do.
    pub(super) fn stuck(&self) -> Option<Stuck> {
        self.stuck.lock().clone()
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
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn reach(&self, events: u64, patience: Duration) -> Result<bool, ViewsError> {
        let until = Instant::now() + patience;
        loop {
            if !self.are_told(events, until).await {
                return Ok(false);
            }
            // A database that has crashed since may have taken back what it was told to hold.
            if !self.views.may_go_back() || self.views.position().await?.events >= events {
                return Ok(true);
            }
            tokio::time::sleep(WATCH).await;
            if Instant::now() >= until {
                return Ok(false);
            }
        }
    }

    /// Waits until the task has told that the tables hold so many events.
    async fn are_told(&self, events: u64, until: Instant) -> bool {
        let mut position = self.position.clone();
        if *position.borrow_and_update() >= events {
            return true;
        }
        self.waiting.count.fetch_add(1, Ordering::Relaxed);
        self.waiting.begun.notify_one();
        let reached = position.wait_for(|at| *at >= events);
        let reached = tokio::time::timeout_at(until.into(), reached).await;
        self.waiting.count.fetch_sub(1, Ordering::Relaxed);
        matches!(reached, Ok(Ok(_)))
    }

    /// Ends and closes the tables.
    pub async fn stop(self) {
        self.task.abort();
        let _ended = self.task.await;
        self.views.close().await;
    }
}

/// Writes the tables as long as the node leads.
async fn follow(views: &Views, node: &Node, told: &Told) -> Result<(), ViewsError> {
    let mut projector: Projector = views.projector(node.reader(), node.ledger()).await?;
    told.moved.send_replace(projector.position().events);
    while node.leads() && !node.has_ended() {
        node.followed(projector.position().events);
        let more = projector.step().await?;
        told.are_at(projector.position().events);
        if more {
            continue;
        }
        let more = node.committed_beyond(projector.position().events);
        // Without news it is looked whether the node still leads, and whether what was written is
        // still there: a step would find out, but there may be none for long.
        let more = tokio::time::timeout(LOOK, more).await;
        if more.is_err() && views.may_go_back() {
            let held = views.position().await?.events;
            if held != projector.position().events {
                let why = "a crash of the database has taken rows back";
                tracing::warn!(held, why, "the views are written again");
                break;
            }
        }
    }
    Ok(())
}

/// Watches the tables as long as another node writes them.
async fn look_on(
    views: &Views,
    node: &Node,
    told: &Told,
    waiting: &Waiting,
) -> Result<(), ViewsError> {
    while !node.leads() && !node.has_ended() {
        told.are_at(views.position().await?.events);
        if waiting.count.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(WATCH).await;
        } else {
            let _begun = tokio::time::timeout(LOOK, waiting.begun.notified()).await;
        }
    }
    Ok(())
}
