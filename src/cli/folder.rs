//! The data folder and the database of its journal: opening the ledger, and making one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::{Day, PrincipalId};
use crate::engine::Rejection;
use crate::engine::command::{
    Command, IssueToken, Name, RegisterPrincipal, Role, Scope, SetGrant, Submission,
};
use crate::engine::event::{Event, SYSTEM};
use crate::journal::{
    Anchor, ArchiveError, Candidate, Database, HashKind, LedgerUuid, OpenError, PostgresUrlError,
    Store, StoreReader, read_anchor,
};
use crate::node::{
    Clock, Genesis, Node, NodeConfig, NodeError, ReplayError, Snapshots, StartError, TERM,
    candidate, create, keep_check_secret, new_token, personal,
};

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A benchmark ended.
    #[error(transparent)]
    Bench(#[from] super::bench::BenchError),
    /// The address of the database cannot be used.
    #[error(transparent)]
    Address(#[from] PostgresUrlError),
    /// The views cannot be made or read.
    #[error(transparent)]
    Views(#[from] crate::views::ViewsError),
    /// A journal in a file cannot be written or read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The node did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The node did not answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The journal does not replay.
    #[error("the journal is damaged")]
    Replay(#[from] ReplayError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::journal::StoreError),
    /// A file cannot be read or written.
    #[error("a file cannot be read or written")]
    File(#[from] std::io::Error),
    /// What the operator gave cannot be used.
    #[error("{0}")]
    Usage(String),
    /// Something that must hold does not.
    #[error("{0}")]
    Failed(String),
}

impl From<Rejection> for CliError {
    fn from(rejection: Rejection) -> CliError {
        CliError::Node(NodeError::Rejected(rejection))
    }
}

/// File with the identity of a folder's node.
const NODE_FILE: &str = "node";

/// A data folder, and the database in which the journal stands.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    database: Database,
}

impl Folder {
    /// The data folder at a path, with the journal in it.
    pub fn at(path: PathBuf) -> Folder {
        Folder::with(path, Database::Sqlite)
    }

    /// The data folder at a path, with the journal where `database` says.
    pub fn with(path: PathBuf, database: Database) -> Folder {
        Folder { path, database }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database in which the journal stands.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// True if there is a ledger. Makes nothing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_ledger(&self) -> Result<bool, CliError> {
        Ok(self.database.has_ledger(&self.path).await?)
    }

    /// Fails where there is no ledger, and makes nothing.
    ///
    /// # Errors
    /// There is no ledger, or the database does not answer.
    pub async fn require_ledger(&self) -> Result<(), CliError> {
        if self.has_ledger().await? {
            Ok(())
        } else {
            Err(self.missing()?)
        }
    }

    /// What is to be said of a folder and a database without a ledger.
    fn missing(&self) -> Result<CliError, CliError> {
        self.refuse_forgotten_database()?;
        if let Some(anchor) = self.anchor()? {
            return Ok(self.lost(&anchor));
        }
        let place = self.database.place(&self.path);
        Ok(CliError::Usage(format!(
            "there is no ledger in {place}; `quantong init`, `import` or `serve` make one"
        )))
    }

    /// What the folder's checkpoint file says of the journal.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn anchor(&self) -> Result<Option<Anchor>, CliError> {
        read_anchor(&self.path).map_err(|error| CliError::Failed(super::causes(&error)))
    }

    /// The folder knows of a ledger that is not where the command looks for it.
    fn lost(&self, anchor: &Anchor) -> CliError {
        let (folder, size) = (self.path.display(), anchor.size);
        let (missing, asks) = match &self.database {
            Database::Sqlite => ("it holds".to_owned(), "was --database forgotten"),
            Database::Postgres(url) => (format!("{url} holds"), "is --database the right one"),
        };
        CliError::Usage(format!(
            "the data folder {folder} belongs to a ledger with {size} events (its file \
             `checkpoint`), but {missing} no ledger: {asks} (QUANTONG_DATABASE)? A journal that is \
             lost comes back from an export by `quantong import-journal`; for a new ledger give a \
             new folder with --data"
        ))
    }

    /// Fails where a folder of a node on a database server is to hold a journal in SQLite: nobody
    /// wants that, and the folder would no longer go with its database.
    ///
    /// # Errors
    /// It is such a folder, and no journal in SQLite is in it.
    pub fn refuse_forgotten_database(&self) -> Result<(), CliError> {
        let other = self.database == Database::Sqlite
            && self.path.join(NODE_FILE).exists()
            && !self.database.has_file(&self.path);
        if !other {
            return Ok(());
        }
        let of = match self.anchor()? {
            Some(anchor) => format!(" on a ledger with {} events", anchor.size),
            None => String::new(),
        };
        Err(CliError::Usage(format!(
            "the data folder {} belongs to a node on a database server{of} (its file `node`), but \
             no database is given: was --database forgotten (QUANTONG_DATABASE)? For a journal in \
             SQLite give another folder with --data",
            self.path.display()
        )))
    }

    /// The journal that is there already, for reading only.
    ///
    /// # Errors
    /// It cannot be read, or the folder does not go with the database.
    pub async fn stored(&self) -> Result<Option<(LedgerUuid, Arc<dyn StoreReader>)>, CliError> {
        self.refuse_forgotten_database()?;
        self.database.goes_with(&self.path)?;
        Ok(self.database.read(&self.path).await?)
    }

    /// Fails if a ledger was in this place before that is not there any more, and makes nothing.
    async fn refuse_lost(&self) -> Result<(), CliError> {
        self.refuse_forgotten_database()?;
        let Some(anchor) = self.anchor()? else {
            return Ok(());
        };
        match self.stored().await? {
            Some(_) => Ok(()),
            None => Err(self.lost(&anchor)),
        }
    }

    /// Opens the journal for reading only, also beside a server that writes it.
    ///
    /// # Errors
    /// There is no ledger, or the database does not answer.
    pub async fn read(&self) -> Result<(LedgerUuid, Arc<dyn StoreReader>), CliError> {
        let read = self.database.read(&self.path).await?;
        match read {
            Some(read) => Ok(read),
            None => Err(self.missing()?),
        }
    }

    /// Opens the journal of one ledger, and begins it where there is none.
    ///
    /// # Errors
    /// The folder is in use or cannot be used, or the database does not answer.
    pub async fn store_for(&self, ledger: LedgerUuid) -> Result<Box<dyn Store>, CliError> {
        Ok(self.database.open(&self.path, ledger).await?)
    }

    /// Opens the journal.
    ///
    /// # Errors
    /// The folder is in use or cannot be used, or the database does not answer.
    pub async fn store(&self) -> Result<Box<dyn Store>, CliError> {
        let uuid = *uuid::Uuid::now_v7().as_bytes();
        Ok(self.database.open(&self.path, uuid).await?)
    }

    /// Creates a ledger, and makes nothing at all where the folder belongs to another one.
    ///
    /// # Errors
    /// There is one already, there was one that is lost or elsewhere, or the folder cannot be
    /// used.
    pub async fn create(
        &self,
        origin: &str,
        hash: HashKind,
        first_day: Option<Day>,
    ) -> Result<(), CliError> {
        self.refuse_lost().await?;
        let mut store = self.store().await?;
        let me = self.candidate(String::new())?;
        let recorded_at = Clock::System.now();
        let business_date = first_day.unwrap_or_else(|| Clock::day_of(recorded_at));
        let genesis = Genesis {
            origin: origin.to_owned(),
            hash,
            business_date,
            recorded_at,
        };
        let created = create(store.as_mut(), &genesis, &me).await;
        store.close().await?;
        Ok(created?)
    }

    /// Starts the only node on the ledger, and waits until it leads.
    ///
    /// # Errors
    /// There is no ledger, its journal is damaged, or another node leads.
    pub async fn start(&self, clock: Clock) -> Result<Node, CliError> {
        let node = self.join(clock, String::new(), 0).await?;
        if node.lead(2 * TERM).await {
            return Ok(node);
        }
        let leader = node.leader().map(|leader| leader.address);
        node.stop().await;
        let at = leader.filter(|address| !address.is_empty());
        let at = at.map_or_else(String::new, |address| format!(" at {address}"));
        Err(CliError::Usage(format!(
            "another node leads this ledger{at}; stop all nodes first, or use the API"
        )))
    }

    /// Starts a node on the ledger, which may share its database with others; `address` is where
    /// they reach it, and a snapshot is made after every so many events unless that is 0.
    ///
    /// # Errors
    /// There is no ledger, or its journal is damaged.
    pub async fn join(&self, clock: Clock, address: String, every: u64) -> Result<Node, CliError> {
        self.require_ledger().await?;
        let mut store = self.store().await?;
        keep_check_secret(store.as_mut()).await?;
        let config = NodeConfig {
            clock,
            anchor: Some(self.path.clone()),
            snapshots: Some(Snapshots {
                folder: self.path.clone(),
                every,
            }),
            candidate: self.candidate(address)?,
            ..NodeConfig::new("quantong")
        };
        Ok(Node::start(store, config).await?)
    }

    /// What this folder's node writes into a lease. Its identity is kept in the folder.
    fn candidate(&self, address: String) -> Result<Candidate, CliError> {
        if self.database == Database::Sqlite {
            return Ok(candidate(None, address));
        }
        let path = self.path.join(NODE_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => match uuid::Uuid::try_parse(text.trim()) {
                Ok(node) => Ok(candidate(Some(*node.as_bytes()), address)),
                Err(_) => Err(CliError::Usage(format!(
                    "{} does not hold a node's identity; remove it to get a new one",
                    path.display()
                ))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let me = candidate(None, address);
                let text = uuid::Uuid::from_bytes(me.node).to_string();
                std::fs::write(&path, text + "\n")?;
                Ok(me)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Registers a principal with a role and issues a token for it.
pub(crate) async fn enrol(
    node: &Node,
    name: &str,
    role: Role,
    scope: Scope,
) -> Result<(PrincipalId, String), CliError> {
    let principal = register(node, name).await?;
    grant(node, principal, role, scope).await?;
    let (token, token_hash) = new_token();
    let label = Name::parse(name).map_err(|e| CliError::Usage(format!("name: {e}")))?;
    let issue = IssueToken {
        principal,
        token_hash,
        label,
        expires_on: None,
    };
    act(node, SYSTEM, Command::IssueToken(Box::new(issue))).await?;
    Ok((principal, token))
}

/// Registers a principal.
pub(crate) async fn register(node: &Node, name: &str) -> Result<PrincipalId, CliError> {
    let command = RegisterPrincipal {
        name: personal(name),
    };
    match act(node, SYSTEM, Command::RegisterPrincipal(Box::new(command))).await? {
        Event::PrincipalRegistered(e) => Ok(e.principal),
        other => Err(CliError::Failed(format!(
            "unexpected answer {}",
            other.name()
        ))),
    }
}

/// Gives a principal a role.
pub(crate) async fn grant(
    node: &Node,
    principal: PrincipalId,
    role: Role,
    scope: Scope,
) -> Result<(), CliError> {
    let command = SetGrant {
        principal,
        role,
        scope,
        granted: true,
    };
    act(node, SYSTEM, Command::SetGrant(command))
        .await
        .map(|_| ())
}

/// Sends a command that must not be refused, and answers its last event.
pub(crate) async fn act(
    node: &Node,
    principal: PrincipalId,
    command: Command,
) -> Result<Event, CliError> {
    send(node, Submission::new(principal, command)).await
}

/// The same with all that a command can be sent with.
pub(crate) async fn send(node: &Node, submission: Submission) -> Result<Event, CliError> {
    let what = submission.command.kind().as_str();
    let answer = node.submit(submission).await?;
    let last = answer.events.into_iter().next_back();
    let event = last
        .ok_or_else(|| CliError::Failed(format!("{what} had no answer")))?
        .event;
    match crate::engine::refusal_of(&event) {
        Some(code) => Err(CliError::Failed(format!(
            "{what} was refused: {}",
            code.as_str()
        ))),
        None => Ok(event),
    }
}
