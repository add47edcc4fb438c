//! Throw-away PostgreSQL clusters for tests.
//!
//! A cluster stands in a temporary folder, listens on a loopback port and on a Unix socket in that
//! folder, and is stopped and removed when its handle is dropped or the test process ends in
//! whatever way: a small shell waits for the end of its standard input, which the process holds.
//!
//! PostgreSQL refuses to run as root; then it runs as `nobody`.
//!
//! Where no PostgreSQL is installed the tests say so and pass, except where
//! `QUANTONG_REQUIRE_POSTGRES=1` says that it must be there.

// Each test binary uses its own part of this file.
#![allow(dead_code)]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Password of every role: clients must give it, and must never show it.
pub(crate) const PASSWORD: &str = "never-to-be-shown";

/// The role that owns everything.
pub(crate) const OWNER: &str = "quantong";

/// Ports that no system hands out by itself, so that a stopped cluster finds its own again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How long a standby may take to follow.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a start is tried with another port.
const ATTEMPTS: u32 = 20;

/// A PostgreSQL server of our own.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU64,
    /// Stops the server and removes the folder when its standard input ends.
    keeper: Child,
}

/// The folder with `initdb`, `pg_ctl` and `psql`; the newest of several.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let mut installed: Vec<PathBuf> = versions
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let version = |path: &PathBuf| -> u32 {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    installed.sort_by_key(|path| std::cmp::Reverse(version(path)));
    folders.extend(installed.into_iter().map(|path| path.join("bin")));
    let needed = ["initdb", "pg_ctl", "psql"];
    folders
        .into_iter()
        .find(|folder| needed.iter().all(|name| folder.join(name).exists()))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout == b"0\n"
}

/// A command that runs as a user that PostgreSQL accepts.
fn command(program: &Path, folder: &Path) -> Command {
    static ROOT: OnceLock<bool> = OnceLock::new();
    let mut command = if *ROOT.get_or_init(is_root) {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .current_dir(folder)
        .env("LC_ALL", "C")
        .env("PGPASSWORD", PASSWORD)
        .stdin(Stdio::null());
    command
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("the program runs");
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder that belongs to the user PostgreSQL runs as.
fn new_folder() -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix("quantong-postgres-")
        .tempdir()
        .expect("a temporary folder")
        .keep();
    if is_root() {
        succeed(Command::new("chown").arg("nobody:nogroup").arg(&folder));
    }
    folder
}

/// A port that nobody listens on now. Different processes begin in different places.
fn free_port() -> u16 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let from = u64::from(std::process::id()) * 37;
    let count = u64::from(PORTS.end - PORTS.start);
    (0..count)
        .map(|_| {
            let at = (from + NEXT.fetch_add(1, Ordering::Relaxed)) % count;
            PORTS.start + u16::try_from(at).expect("within the range")
        })
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

impl Cluster {
    /// The cluster that the tests of a process share; `None`, said aloud, where there is no
    /// PostgreSQL.
    pub(crate) fn shared() -> Option<&'static Cluster> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        SHARED.get_or_init(Cluster::start_new).as_ref()
    }

    /// A cluster of its own, for tests that stop it.
    pub(crate) fn start_new() -> Option<Cluster> {
        let Some(programs) = programs() else {
            skip("no PostgreSQL is installed; tests on it were not run");
            return None;
        };
        let mut cluster = Cluster::place(programs);
        cluster.init();
        cluster.start_somewhere();
        Some(cluster)
    }

    /// A place for a cluster without anything in it.
    fn place(programs: PathBuf) -> Cluster {
        let folder = new_folder();
        let keeper = keeper(&programs, &folder);
        Cluster {
            programs,
            folder,
            port: 0,
            databases: AtomicU64::new(0),
            keeper,
        }
    }

    fn start_somewhere(&mut self) {
        for _ in 0..ATTEMPTS {
            self.port = free_port();
            if self.try_start() {
                return;
            }
        }
        panic!("PostgreSQL does not start:\n{}", self.log());
    }

    /// A copy of this cluster that follows it from now on. When this returns, a commit here has
    /// returned only when it is on the copy, too.
    pub(crate) fn start_standby(&self) -> Cluster {
        let mut standby = Cluster::place(self.programs.clone());
        let mut copy = standby.command("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"])
            .args(["--username", OWNER, "--port", &self.port.to_string()])
            .arg("--host")
            .arg(&self.folder)
            .arg("--pgdata")
            .arg(standby.data());
        succeed(&mut copy);
        standby.start_somewhere();
        // Set after the copy, which would inherit it and wait for a standby of its own.
        self.sql(
            "postgres",
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
        );
        self.sql("postgres", "SELECT pg_reload_conf()");
        let began = Instant::now();
        let state = "SELECT sync_state FROM pg_stat_replication";
        while self.sql("postgres", state).trim() != "sync" {
            assert!(
                began.elapsed() < PATIENCE,
                "the standby does not follow:\n{}",
                standby.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        standby
    }

    /// Makes a standby a cluster of its own.
    pub(crate) fn promote(&self) {
        let mut promote = self.command("pg_ctl");
        promote.args(["promote", "--wait", "--silent"]);
        succeed(promote.arg("--pgdata").arg(self.data()));
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn command(&self, program: &str) -> Command {
        command(&self.programs.join(program), &self.folder)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn init(&self) {
        let password = self.folder.join("password");
        std::fs::write(&password, PASSWORD).expect("the folder is ours");
        if is_root() {
            succeed(Command::new("chown").arg("nobody:nogroup").arg(&password));
        }
        let mut initdb = self.command("initdb");
        initdb
            .arg("--pgdata")
            .arg(self.data())
            .args(["--no-sync", "--no-locale", "--encoding=UTF8"])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
            .args(["--username", OWNER, "--pwfile"])
            .arg(password);
        succeed(&mut initdb);
    }

    fn try_start(&self) -> bool {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}",
            self.port,
            self.folder.display()
        );
        let mut start = self.command("pg_ctl");
        start.args(["start", "--wait", "--silent", "--pgdata"]);
        start.arg(self.data()).arg("--log").arg(self.log_file());
        start.args(["--options", &options]);
        let status = start.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.expect("pg_ctl runs").success()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What the server has said.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Stops the server as a crash would: nobody is told, nothing is finished.
    pub(crate) fn crash(&self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode", "immediate", "--wait", "--silent"]);
        succeed(stop.arg("--pgdata").arg(self.data()));
    }

    /// Starts the server again on the same port.
    pub(crate) fn restart(&self) {
        assert!(self.try_start(), "it does not start again:\n{}", self.log());
    }

    /// Makes an empty database and answers its address.
    pub(crate) fn new_database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(OWNER, PASSWORD, &name)
    }

    /// The address of a database.
    pub(crate) fn url(&self, user: &str, password: &str, database: &str) -> String {
        let port = self.port;
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Runs statements in a database and answers what they print.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--username", OWNER])
            .arg("--host")
            .arg(&self.folder)
            .args(["--port", &self.port.to_string(), "--dbname", database])
            .args(["--command", sql]);
        let output = psql.output().expect("psql runs");
        assert!(
            output.status.success(),
            "{sql}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("the database is in UTF-8")
    }
}

/// Says aloud that something is not tested on this machine, unless it must be.
pub(crate) fn skip(why: &str) {
    let required = std::env::var_os("QUANTONG_REQUIRE_POSTGRES");
    assert!(
        required.is_none_or(|value| value != "1"),
        "{why}, but QUANTONG_REQUIRE_POSTGRES=1"
    );
    // The test harness hides what is printed by macros.
    let told = writeln!(std::io::stderr(), "SKIPPED: {why}");
    told.expect("standard error is open");
}

/// The name of the database at the end of an address.
pub(crate) fn database_of(url: &str) -> &str {
    url.rsplit('/').next().expect("a name")
}

/// The shell that outlives the test process by a moment.
fn keeper(programs: &Path, folder: &Path) -> Child {
    let script = r#"
        trap '' INT TERM HUP
        read -r _
        "$0" stop --mode immediate --wait --silent --pgdata "$1/data" >/dev/null 2>&1
        cd / && rm -rf "$1"
    "#;
    let mut keeper = command(Path::new("sh"), folder);
    keeper
        .args(["-c", script])
        .arg(programs.join("pg_ctl"))
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell runs")
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The folder is in the system's temporary folder; what is left there hurts nobody.
        let _stopped = self.keeper.wait();
    }
}
