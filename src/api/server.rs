//! The HTTP server: limits, timeouts, graceful end.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use super::check::{self, Checks};
use super::client::Network;
use super::following::Following;
use super::rate::Rates;
use super::sign_in::{self, Door};
use super::voucher_files::{Kept, Running};
use super::{accounts, forward, history, lists, routes};
use crate::journal::SignIns;
use crate::node::Node;

/// Limits of the server.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Largest body of a single write: the longest claim with 64 evidence files is 20 kB.
    pub body_bytes_max: usize,
    /// Largest body of a bulk: 10,000 claims of some 600 bytes.
    pub bulk_bytes_max: usize,
    /// Largest file of vouchers: a million rows of some 60 bytes.
    pub file_bytes_max: usize,
    /// Threads that answer requests.
    pub workers: usize,
    /// How long an end waits for requests under way.
    pub shutdown: Duration,
    /// What addresses of the public check begin with, without a slash at the end; where the request
    /// came to if not given.
    pub public_url: Option<String>,
    /// Proxies whose word on where a request comes from is believed.
    pub trusted_proxies: Vec<Network>,
    /// Most requests a second of one token; `None` for any number.
    pub token_rate: Option<u32>,
}

impl Default for ApiSettings {
    fn default() -> ApiSettings {
        ApiSettings {
            body_bytes_max: 64 << 10,
            bulk_bytes_max: 8 << 20,
            file_bytes_max: 64 << 20,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            shutdown: Duration::from_secs(30),
            public_url: None,
            trusted_proxies: Vec::new(),
            token_rate: None,
        }
    }
}

/// What every handler is given.
pub(super) struct Shared {
    pub(super) node: Node,
    /// Where lists come from.
    pub(super) views: Arc<Following>,
    pub(super) settings: ApiSettings,
    /// The files of vouchers that are being issued.
    pub(super) files: Running,
    /// The files of vouchers that wait for a second person.
    pub(super) kept: Kept,
    /// Signing in.
    pub(super) door: Door,
    /// The public check.
    pub(super) checks: Checks,
    /// What each token has sent of late.
    pub(super) rates: Rates,
    /// For requests to the node that leads.
    pub(super) client: reqwest::Client,
}

/// Serves a node, its views and its table of sign-ins until the process is told to stop or the
/// node has ended by itself; requests that were accepted are finished.
///
/// # Errors
/// The listener cannot be used, or the secret of the public check cannot be read.
pub async fn serve(
    node: Node,
    views: Arc<Following>,
    sign_ins: SignIns,
    settings: ApiSettings,
    listener: TcpListener,
) -> std::io::Result<()> {
    let watched = node.clone();
    let secret = node.check_secret().await.map_err(std::io::Error::other)?;
    let secret = secret.ok_or_else(|| std::io::Error::other("the ledger has no check secret"))?;
    let shared = web::Data::new(Shared {
        node,
        views,
        settings: settings.clone(),
        files: Running::default(),
        kept: Kept::default(),
        door: Door::new(sign_ins),
        checks: Checks::new(&secret),
        rates: Rates::default(),
        client: forward::client(),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .wrap(from_fn(forward::pass_on))
            .configure(lists::configure)
            .configure(accounts::configure)
            .configure(history::configure)
            .configure(sign_in::configure)
            .configure(check::configure)
            .configure(routes::configure)
    })
    .workers(settings.workers)
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(settings.shutdown.as_secs())
    .listen(listener)?
    .run();
    let handle = server.handle();
    let watch = tokio::spawn(async move {
        watched.ended().await;
        handle.stop(true).await;
    });
    let served = server.await;
    watch.abort();
    served
}
