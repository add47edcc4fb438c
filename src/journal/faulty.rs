//! A store that fails on demand, for tests of recovery.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::row::{Row, RowHead};
use super::store::{
    AppendError, LedgerUuid, PrivateKey, PrivateRow, Store, StoreError, StoreReader,
};

/// Where an append fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// Before the commit: nothing is written, and the store says so.
    Before,
    /// In the commit: nothing is written, and the store does not know.
    During,
    /// After the commit: everything is written, and the store does not know.
    After,
}

#[derive(Debug)]
struct Plan {
    appends: Mutex<(u64, BTreeMap<u64, FaultPoint>)>,
    paused: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

/// The handle by which a test says what is to fail. Clones act on the same store.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Plan>);

impl Default for Faults {
    fn default() -> Faults {
        Faults(Arc::new(Plan {
            appends: Mutex::default(),
            paused: watch::Sender::new(false),
            held: watch::Sender::new(false),
        }))
    }
}

impl Faults {
    /// Lets an append fail: `ahead` 0 is the next one, 1 the one after it.
    pub fn fail(&self, ahead: u64, point: FaultPoint) {
        let mut appends = self.0.appends.lock();
        let at = appends.0 + ahead;
        appends.1.insert(at, point);
    }

    /// Number of appends that were asked for so far.
    pub fn appends(&self) -> u64 {
        self.0.appends.lock().0
    }

    /// Holds every append from now on before it writes anything.
    pub fn pause(&self) {
        self.0.paused.send_replace(true);
    }

    /// Lets held appends go on.
    pub fn resume(&self) {
        self.0.paused.send_replace(false);
    }

    /// Waits until an append is being held.
    pub async fn held(&self) {
        let mut held = self.0.held.subscribe();
        let waited = held.wait_for(|held| *held).await;
        waited.expect("the sender is held by this handle");
    }

    fn next(&self) -> Option<FaultPoint> {
        let mut appends = self.0.appends.lock();
        let at = appends.0;
        appends.0 += 1;
        appends.1.remove(&at)
    }

    async fn wait(&self) {
        let mut paused = self.0.paused.subscribe();
        if !*paused.borrow_and_update() {
            return;
        }
        self.0.held.send_replace(true);
        let waited = paused.wait_for(|paused| !*paused).await;
        waited.expect("the sender is held by this handle");
        self.0.held.send_replace(false);
    }
}

/// A store that passes everything on, but fails the appends it was told to.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    faults: Faults,
}

impl<S: Store> FaultyStore<S> {
    /// Wraps a store; it works until the handle says otherwise.
    pub fn new(inner: S, faults: Faults) -> FaultyStore<S> {
        FaultyStore { inner, faults }
    }
}

fn injected() -> StoreError {
    StoreError::Database("a fault injected by a test".into())
}

#[async_trait]
impl<S: Store> Store for FaultyStore<S> {
    fn ledger(&self) -> LedgerUuid {
        self.inner.ledger()
    }

    async fn append(&mut self, rows: &[Row], private: &[PrivateRow]) -> Result<(), AppendError> {
        let fault = self.faults.next();
        self.faults.wait().await;
        match fault {
            None => self.inner.append(rows, private).await,
            Some(FaultPoint::Before) => Err(AppendError::Failed(injected())),
            Some(FaultPoint::During) => Err(AppendError::Unknown(injected())),
            Some(FaultPoint::After) => {
                self.inner.append(rows, private).await?;
                Err(AppendError::Unknown(injected()))
            }
        }
    }

    async fn head(&mut self) -> Result<Option<RowHead>, StoreError> {
        self.inner.head().await
    }

    async fn erase_private(&mut self, keys: &[PrivateKey]) -> Result<u64, StoreError> {
        self.inner.erase_private(keys).await
    }

    async fn keep_private(&mut self, row: &PrivateRow) -> Result<(), StoreError> {
        self.inner.keep_private(row).await
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        self.inner.reader()
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        Box::new(self.inner).close().await
    }
}
