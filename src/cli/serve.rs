//! `quantong serve`: the REST API on a data folder.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use super::folder::{CliError, Folder};
use super::init::first_administrator;
use crate::api::{ApiSettings, Following, Network, serve};
use crate::journal::{Database, HashKind, SignIns};
use crate::node::{Clock, Node, StartError, TERM};
use crate::views::Views;

/// Longest address to begin with: what stands behind it still fits into a picture that a phone
/// reads from a card.
const PUBLIC_URL_BYTES_MAX: usize = 200;

/// Settings of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "QUANTONG_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where other nodes on the same database reach this one, like http://10.0.0.5:8080; the
    /// address it listens on if not given, which must not be 0.0.0.0 then
    #[arg(long, env = "QUANTONG_ADVERTISE")]
    advertise: Option<String>,
    /// What the addresses on printed vouchers begin with, like https://vouchers.example.cn; where
    /// the request came to if not given
    #[arg(long, env = "QUANTONG_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, like 10.0.0.5 or 10.0.0.0/8, with commas between
    /// them; none if not given
    #[arg(long, env = "QUANTONG_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<Network>,
    /// Most requests a second of one token on this node, bulks counted as one; any number if not
    /// given
    #[arg(long, env = "QUANTONG_TOKEN_RATE", value_parser = clap::value_parser!(u32).range(1..))]
    token_rate: Option<u32>,
    /// Events after which a snapshot of the state is made; 0 for never
    #[arg(long, env = "QUANTONG_SNAPSHOT_EVERY", default_value_t = 1_000_000)]
    snapshot_every: u64,
}

pub(super) async fn run(folder: &Folder, command: &Serve) -> Result<(), CliError> {
    let listener = bind(&command.listen)?;
    let address = match &command.advertise {
        Some(address) => address.trim_end_matches('/').to_owned(),
        None => own_address(&listener)?,
    };
    if address.is_empty() && *folder.database() != Database::Sqlite {
        warn_of_no_address();
    }
    let fresh = !folder.has_ledger().await? && create(folder).await?;
    let node = folder
        .join(Clock::System, address, command.snapshot_every)
        .await?;
    if fresh {
        if !node.lead(2 * TERM).await {
            let what = "another node leads the new ledger; `quantong token` makes a token";
            return Err(CliError::Failed(what.to_owned()));
        }
        first_administrator(&node).await?;
    }
    let settings = ApiSettings {
        public_url: command.public_url.clone(),
        trusted_proxies: command.trusted_proxy.clone(),
        token_rate: command.token_rate,
        ..ApiSettings::default()
    };
    serve_node(folder, node, settings, listener).await
}

/// An address that others can be added to, without a slash at its end.
fn public_url(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    let fits = rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest.len() <= PUBLIC_URL_BYTES_MAX
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"?#\"'<>".contains(&byte))
    });
    if fits {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("an address begins with https:// or http:// and has neither ? nor #".to_owned())
    }
}

pub(super) fn bind(listen: &str) -> Result<TcpListener, CliError> {
    TcpListener::bind(listen)
        .map_err(|error| CliError::Usage(format!("cannot listen on {listen}: {error}")))
}

/// Where others reach this node, if they reach the address that it listens on.
fn own_address(listener: &TcpListener) -> Result<String, CliError> {
    let address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        return Ok(String::new());
    }
    Ok(format!("http://{address}"))
}

/// A node alone on its database needs no address, so this ends nothing.
fn warn_of_no_address() {
    tracing::warn!(
        "no other node can reach this one: it listens on every address of this host and \
         --advertise does not say which one is for them. While it leads, writes that reach other \
         nodes are answered 503. With more than one node start it with \
         --advertise http://HOST:PORT (QUANTONG_ADVERTISE) \
         / 其他节点无法访问本节点：监听所有地址时须用 --advertise 指明供其他节点访问的地址"
    );
}

/// Creates the ledger; false if another node was faster.
async fn create(folder: &Folder) -> Result<bool, CliError> {
    let created = folder
        .create("quantong.example/ledger", HashKind::Sha256, None)
        .await;
    match created {
        Ok(()) => Ok(true),
        Err(CliError::Start(StartError::Exists)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Serves a node until the process is told to stop, then stops the node.
pub(super) async fn serve_node(
    folder: &Folder,
    node: Node,
    settings: ApiSettings,
    listener: TcpListener,
) -> Result<(), CliError> {
    let views = Views::open_or_mend(folder.database(), folder.path()).await?;
    let views = Arc::new(Following::start(views, node.clone()));
    let sign_ins = SignIns::open(folder.database(), folder.path(), node.ledger()).await?;
    announce(&listener)?;
    let followed = Arc::clone(&views);
    let served = serve(node.clone(), followed, sign_ins.clone(), settings, listener).await;
    sign_ins.close().await;
    let by_itself = node.has_ended();
    node.stop().await;
    if let Some(views) = Arc::into_inner(views) {
        views.stop().await;
    }
    served?;
    if by_itself {
        let what = "the node cannot go on and has stopped; the log says why";
        return Err(CliError::Failed(what.to_owned()));
    }
    Ok(())
}

/// Says where the server listens. A closed standard output stops no server.
fn announce(listener: &TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let text = format!(
        "API description: http://{address}/v1/openapi.json\nlistening on http://{address}\n"
    );
    let _closed = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}
