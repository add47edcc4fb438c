//! The way between a server and its database, or another server, which can be led elsewhere and
//! cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Every connection ends now, whatever is under way on it.
    All,
    /// Half of the next request is delivered.
    Request,
    /// The next request that is answered has been carried out, but its answer is lost.
    Answer,
    /// The same for the next row of the journal: it is committed, and nobody hears of it.
    Commit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToDatabase,
    ToServer,
}

struct Shared {
    /// Port of the database.
    target: Mutex<u16>,
    /// What is to be cut next.
    next: Mutex<Option<Cut>>,
    /// Changes when every connection is to end.
    ended: watch::Sender<u64>,
    /// Changes when every connection falls silent.
    silent: watch::Sender<u64>,
    /// Answers to commits that were lost.
    commits: AtomicU64,
}

impl Shared {
    /// How many of these bytes are passed on. If not all, the connection is cut behind them.
    fn allowed(&self, way: Way, bytes: &[u8]) -> usize {
        let mut next = self.next.lock();
        let allowed = match (*next, way) {
            (Some(Cut::Request), Way::ToDatabase) => bytes.len() / 2,
            (Some(Cut::Answer), Way::ToServer) => 0,
            (Some(Cut::Commit), Way::ToServer) if committed(bytes) => 0,
            _ => return bytes.len(),
        };
        *next = None;
        if way == Way::ToServer && committed(bytes) {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        allowed
    }
}

/// True for the answer to one inserted row in a transaction that has been committed with it. Of all
/// that a server sends under load only a row of the journal is written in this way.
fn committed(answer: &[u8]) -> bool {
    let inserted = b"INSERT 0 1\0";
    answer.ends_with(b"Z\0\0\0\x05I") && answer.windows(inserted.len()).any(|at| at == inserted)
}

/// A port behind which a database stands.
pub(crate) struct Relay {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Stands before a port of this host.
    pub(crate) async fn start(target: u16) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            next: Mutex::new(None),
            ended: watch::Sender::new(0),
            silent: watch::Sender::new(0),
            commits: AtomicU64::new(0),
        });
        let linking = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(link(near, Arc::clone(&linking)));
            }
        });
        Relay { port, shared, task }
    }

    /// The address of a database by way of this relay.
    pub(crate) fn address(&self, database: &str) -> String {
        let direct = format!(":{}/", self.shared.target.lock());
        assert!(database.contains(&direct), "another database");
        database.replace(&direct, &format!(":{}/", self.port))
    }

    /// The address of a server by way of this relay.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Leads every connection from now on to another port.
    pub(crate) fn lead_to(&self, target: u16) {
        *self.shared.target.lock() = target;
        self.shared.ended.send_modify(|count| *count += 1);
    }

    /// From now on nothing comes through the connections that there are, and nobody ends them: so
    /// it is when a host loses its power. New ones are as ever.
    pub(crate) fn fall_silent(&self) {
        self.shared.silent.send_modify(|count| *count += 1);
    }

    /// Cuts now, or at the next bytes that fit.
    pub(crate) fn cut(&self, cut: Cut) {
        if cut == Cut::All {
            self.shared.ended.send_modify(|count| *count += 1);
        } else {
            *self.shared.next.lock() = Some(cut);
        }
    }

    /// True if a cut has still to happen.
    pub(crate) fn waits(&self) -> bool {
        self.shared.next.lock().is_some()
    }

    /// Number of commits whose answer was lost.
    pub(crate) fn lost_commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes on what the two sides of a connection say until one of them ends it or it is cut.
async fn link(near: TcpStream, shared: Arc<Shared>) {
    let mut ended = shared.ended.subscribe();
    let mut silent = shared.silent.subscribe();
    let target = *shared.target.lock();
    let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else {
        return;
    };
    for stream in [&near, &far] {
        stream.set_nodelay(true).expect("a TCP connection");
    }
    let (from_server, to_server) = near.into_split();
    let (from_database, to_database) = far.into_split();
    let passing = async {
        tokio::select! {
            () = pass(from_server, to_database, Way::ToDatabase, &shared) => {}
            () = pass(from_database, to_server, Way::ToServer, &shared) => {}
            _ = ended.changed() => {}
        }
    };
    // What was passing on keeps both ends open.
    let mut passing = std::pin::pin!(passing);
    tokio::select! {
        () = &mut passing => {}
        _ = silent.changed() => std::future::pending().await,
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, shared: &Shared) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let allowed = shared.allowed(way, &bytes[..read]);
        if to.write_all(&bytes[..allowed]).await.is_err() || allowed < read {
            return;
        }
    }
}
