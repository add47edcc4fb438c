//! Leading and standing by: how a node holds the lease of its database, and how it gets it.
//!
//! A leader answers a read only while its tenure lasts, which is counted from before the last beat
//! was sent and is shorter than the term for which others watch the beat stand still. So nobody
//! else can have begun to lead when the answer is given, whatever the clocks of the hosts say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::journal::{Candidate, Lease, StoreError};

/// How long a beat must stand still before another node takes over.
pub const TERM: Duration = Duration::from_millis(3_000);

/// How long a leader relies on a beat. What is missing to the term is for clocks that run at
/// different speeds.
const TRUST: Duration = Duration::from_millis(2_400);

/// Between two beats.
const BEAT: Duration = Duration::from_millis(600);

/// How soon a beat that failed is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// How often those who stand by look at the lease.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// Who leads now, which takes a term to find out where nobody does: a node that leads moves the
/// beat on.
///
/// # Errors
/// The database does not answer.
pub async fn leads_now(lease: &dyn Lease) -> Result<Option<Candidate>, StoreError> {
    let Some(first) = lease.look().await?.filter(|row| row.held) else {
        return Ok(None);
    };
    let began = Instant::now();
    while began.elapsed() < TERM {
        tokio::time::sleep(LOOK).await;
        match lease.look().await? {
            Some(row) if row.held && row.beat == first.beat => {}
            Some(row) if row.held => return Ok(Some(row.leader)),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// How a node stands to the others of its database.
pub(super) enum Standing {
    /// No other process can open the journal; false while it cannot be written.
    Alone { writes: bool },
    /// It keeps up with the journal; the leader, if one is known.
    Follows(Option<Candidate>),
    /// It writes, as long as the tenure lasts.
    Leads(Arc<Tenure>),
}

/// Instants on the clock that never jumps and on the one that goes on while the host sleeps.
#[derive(Clone, Copy)]
struct Moment(Instant, SystemTime);

impl Moment {
    fn now() -> Moment {
        Moment(Instant::now(), SystemTime::now())
    }

    /// True if neither clock has moved on by so much. A clock that was set back says nothing.
    fn within(&self, limit: Duration) -> bool {
        self.0.elapsed() < limit && self.1.elapsed().unwrap_or_default() < limit
    }
}

/// For how long a leader may rely on leading.
pub(super) struct Tenure {
    sent: Mutex<Moment>,
    lost: AtomicBool,
}

impl Tenure {
    fn since(sent: Moment) -> Tenure {
        Tenure {
            sent: Mutex::new(sent),
            lost: AtomicBool::new(false),
        }
    }

    /// True if nobody else can have begun to lead.
    pub(super) fn holds(&self) -> bool {
        !self.lost() && self.sent.lock().within(TRUST)
    }

    /// True if somebody else leads.
    pub(super) fn lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Keeps the lease while the node leads.
pub(super) struct Keeper {
    pub(super) tenure: Arc<Tenure>,
    lease: Arc<dyn Lease>,
    me: Candidate,
    task: JoinHandle<()>,
}

impl Keeper {
    fn start(
        runtime: &Handle,
        lease: Arc<dyn Lease>,
        me: Candidate,
        beat: u64,
        sent: Moment,
    ) -> Keeper {
        let tenure = Arc::new(Tenure::since(sent));
        let (kept, by, held) = (Arc::clone(&lease), me.clone(), Arc::clone(&tenure));
        let task = runtime.spawn(async move { keep(&*kept, &by, beat, &held).await });
        Keeper {
            tenure,
            lease,
            me,
            task,
        }
    }

    /// Ends the tenure and lets others lead at once, if the database can be told.
    pub(super) async fn release(&self) {
        self.tenure.lost.store(true, Ordering::Relaxed);
        self.task.abort();
        let released = async {
            match self.lease.look().await? {
                Some(row) if row.held && row.leader == self.me => {
                    self.lease.write(Some(row.beat), &self.me, false).await
                }
                _ => Ok(false),
            }
        };
        if let Err(error) = released.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                error,
                "the lease was not given back; others wait for its end"
            );
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Moves the beat on until somebody else leads.
async fn keep(lease: &dyn Lease, me: &Candidate, mut beat: u64, tenure: &Tenure) {
    loop {
        tokio::time::sleep(BEAT).await;
        let sent = Moment::now();
        match renew(lease, me, &mut beat).await {
            Ok(true) => *tenure.sent.lock() = sent,
            Ok(false) => {
                tracing::warn!("another node has taken the lease");
                tenure.lost.store(true, Ordering::Relaxed);
                return;
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the lease was not renewed and is tried again"
                );
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Moves the beat on; false if somebody else leads.
async fn renew(lease: &dyn Lease, me: &Candidate, beat: &mut u64) -> Result<bool, StoreError> {
    loop {
        if lease.write(Some(*beat), me, true).await? {
            *beat += 1;
            return Ok(true);
        }
        // It may have been moved on by a beat of our own whose answer was lost.
        match lease.look().await? {
            Some(row) if row.held && row.leader == *me => *beat = row.beat,
            _ => return Ok(false),
        }
    }
}

/// What a look at the lease has led to.
pub(super) enum Looked {
    /// This node leads from now on.
    Elected(Keeper),
    /// Another one does.
    Led(Candidate),
    /// Nobody does as far as is known.
    Open,
}

/// Watches the lease and takes it when it is free.
pub(super) struct Contender {
    lease: Arc<dyn Lease>,
    me: Candidate,
    /// Until the lease was read once, a row of this node's own is from a process that has ended:
    /// it had the data folder locked.
    before: bool,
    /// The beat that stands still, and when it was read first.
    watched: Option<(u64, Instant)>,
}

impl Contender {
    pub(super) fn new(lease: Arc<dyn Lease>, me: Candidate) -> Contender {
        Contender {
            lease,
            me,
            before: true,
            watched: None,
        }
    }

    /// Looks once, and takes the lease if it is free.
    pub(super) async fn look(&mut self, runtime: &Handle) -> Result<Looked, StoreError> {
        let asked = Instant::now();
        let row = self.lease.look().await?;
        let before = std::mem::take(&mut self.before);
        let free = row.as_ref().is_none_or(|row| {
            let own = row.leader == self.me || before && row.leader.node == self.me.node;
            !row.held || own || self.stands_still(row.beat, asked)
        });
        if !free {
            return Ok(row.map_or(Looked::Open, |row| Looked::Led(row.leader)));
        }
        let sent = Moment::now();
        let read = row.map(|row| row.beat);
        if !self.lease.write(read, &self.me, true).await? {
            return Ok(Looked::Open);
        }
        let (lease, me) = (Arc::clone(&self.lease), self.me.clone());
        let beat = read.unwrap_or(0) + 1;
        Ok(Looked::Elected(Keeper::start(
            runtime, lease, me, beat, sent,
        )))
    }

    /// True if the beat was the same for a term, up to when this look was asked for.
    fn stands_still(&mut self, beat: u64, asked: Instant) -> bool {
        match self.watched {
            Some((same, since)) if same == beat => asked.duration_since(since) >= TERM,
            _ => {
                self.watched = Some((beat, Instant::now()));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::LeaseRow;
    use async_trait::async_trait;

    /// A lease in memory that can be cut off.
    #[derive(Default)]
    struct Memory {
        row: Mutex<Option<LeaseRow>>,
        away: AtomicBool,
    }

    impl Memory {
        fn reach(&self) -> Result<(), StoreError> {
            if self.away.load(Ordering::Relaxed) {
                return Err(StoreError::Database("cut off".into()));
            }
            Ok(())
        }
    }

    #[async_trait]
    impl Lease for Memory {
        async fn look(&self) -> Result<Option<LeaseRow>, StoreError> {
            self.reach()?;
            Ok(self.row.lock().clone())
        }

        async fn write(
            &self,
            read: Option<u64>,
            leader: &Candidate,
            held: bool,
        ) -> Result<bool, StoreError> {
            self.reach()?;
            let mut row = self.row.lock();
            if row.as_ref().map(|row| row.beat) != read {
                return Ok(false);
            }
            *row = Some(LeaseRow {
                beat: read.unwrap_or(0) + 1,
                held,
                leader: leader.clone(),
            });
            Ok(true)
        }
    }

    fn candidate(number: u8) -> Candidate {
        Candidate {
            node: [number; 16],
            address: format!("http://127.0.0.1:{number}"),
            secret: format!("s{number}"),
        }
    }

    async fn elected(contender: &mut Contender) -> Option<Keeper> {
        match contender.look(&Handle::current()).await.expect("a lease") {
            Looked::Elected(keeper) => Some(keeper),
            _ => None,
        }
    }

    #[tokio::test]
    async fn one_leads_and_the_next_one_waits_until_it_lets_go() {
        let lease = Arc::new(Memory::default());
        let mut first = Contender::new(lease.clone(), candidate(1));
        let mut second = Contender::new(lease.clone(), candidate(2));
        let keeper = elected(&mut first).await.expect("the lease is free");
        assert!(keeper.tenure.holds());
        assert!(elected(&mut second).await.is_none());
        let tenure = Arc::clone(&keeper.tenure);
        keeper.release().await;
        assert!(!tenure.holds());
        let keeper = elected(&mut second).await.expect("it was let go");
        // A restart on the same data folder takes its own lease back at once; nobody else's.
        let again = Candidate {
            secret: "other".to_owned(),
            ..candidate(2)
        };
        assert!(elected(&mut first).await.is_none());
        let restarted = elected(&mut Contender::new(lease, again)).await;
        assert!(restarted.expect("its own").tenure.holds());
        tokio::time::sleep(BEAT + RETRY).await;
        assert!(keeper.tenure.lost() && !keeper.tenure.holds());
    }

    #[tokio::test]
    async fn a_leader_that_is_cut_off_stops_relying_on_its_lease_before_another_takes_it() {
        let lease = Arc::new(Memory::default());
        let mut first = Contender::new(lease.clone(), candidate(1));
        let keeper = elected(&mut first).await.expect("the lease is free");
        // Beats keep it for longer than a term.
        let mut second = Contender::new(lease.clone(), candidate(2));
        let began = Instant::now();
        while began.elapsed() < TERM + LOOK {
            assert!(elected(&mut second).await.is_none());
            assert!(keeper.tenure.holds());
            tokio::time::sleep(LOOK).await;
        }
        lease.away.store(true, Ordering::Relaxed);
        let cut = Instant::now();
        tokio::time::sleep(TRUST).await;
        assert!(!keeper.tenure.holds(), "{:?}", cut.elapsed());
        keeper.task.abort();
        lease.away.store(false, Ordering::Relaxed);
        while elected(&mut second).await.is_none() {
            tokio::time::sleep(LOOK).await;
        }
        assert!(!keeper.tenure.holds());
        assert!(cut.elapsed() < TRUST + TERM + TERM);
    }
}
