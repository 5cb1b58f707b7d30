//! A PostgreSQL of a test's own.
//!
//! [`fresh_database`] is what most tests want: an empty database on a cluster that all tests of the process
//! share. [`Cluster`] is for tests that stop, crash or restart the server. Both live in a temporary folder
//! and vanish with the test process, however that ends.
//!
//! `TOUCHLINE_TEST_DATABASE_URL` names another server to use instead; databases made there stay there.

use std::{
    env, fmt, fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio_postgres::NoTls;

/// The script that owns the server; its header says how it is spoken to.
const KEEPER: &str = include_str!("postgres.sh");
const NOT_INSTALLED: &str = "PostgreSQL is not installed (no initdb on PATH or in /usr/lib/postgresql/*/bin), \
     and these tests are never skipped: `cargo xtask test` installs what they need";

/// An empty database, as `postgres://user@127.0.0.1:PORT/NAME`. Its server does not wait for the disk: use
/// [`Cluster::start`] where a crash must lose nothing.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
pub async fn fresh_database() -> String {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    match env::var("TOUCHLINE_TEST_DATABASE_URL") {
        // Other test processes use that server too, today and before.
        Ok(server) => create_database(&server, &format!("t_{}_{n}", std::process::id())).await,
        Err(_) => SHARED.get_or_init(|| Cluster::start(false)).database(&format!("t_{n}")).await,
    }
}

/// A PostgreSQL server with a data folder of its own, stopped and removed when dropped or when the process
/// ends. Its methods block for as long as PostgreSQL takes; starting takes one to two seconds.
pub struct Cluster {
    directory: PathBuf,
    port: u16,
    keeper: Mutex<Keeper>,
}

struct Keeper {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// Makes and starts a cluster. A `durable` one flushes every commit to disk; the other is faster and may
    /// lose everything in a crash.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start; the message ends with the server's log.
    pub fn start(durable: bool) -> Self {
        let Some(programs) = programs() else { fail(NOT_INSTALLED) };
        let mut keeper = or_fail(Keeper::spawn(&programs, durable), "could not run the keeper of PostgreSQL");
        let answer = keeper.answer();
        let Some((verdict, directory)) = answer.split_once(' ') else {
            fail("could not make a folder for PostgreSQL");
        };
        let mut cluster = Self { directory: directory.into(), port: 0, keeper: Mutex::new(keeper) };
        if verdict != "ok" {
            cluster.fail("initdb");
        }
        // Between our look and the server's bind somebody else may take the port.
        for _ in 0..5 {
            cluster.port = or_fail(free_port(), "no free port on 127.0.0.1");
            if cluster.keeper().order(&format!("start {}", cluster.port)) {
                return cluster;
            }
        }
        cluster.fail("start")
    }

    /// Address of the database `postgres`, which always exists.
    pub fn url(&self) -> String {
        format!("postgres://touchline@127.0.0.1:{}/postgres", self.port)
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Panics
    /// When the server is not running or the name is taken.
    pub async fn database(&self, name: &str) -> String {
        create_database(&self.url(), name).await
    }

    /// Kills the server and all its processes with SIGKILL: nothing is flushed, nobody says goodbye. The
    /// data folder stays for [`Cluster::start_again`].
    ///
    /// # Panics
    /// When the server is not running.
    pub fn kill_hard(&self) {
        let killed = self.keeper().order("crash");
        if !killed {
            self.fail("kill_hard");
        }
    }

    /// Starts the server again after [`Cluster::kill_hard`], on the same port and data.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        let started = self.keeper().order(&format!("start {}", self.port));
        if !started {
            self.fail("start_again");
        }
    }

    /// Stops the server and removes its folder; dropping does the same.
    pub fn stop(self) {}

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, what: &str) -> ! {
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        let from = log.lines().count().saturating_sub(20);
        let tail: Vec<_> = log.lines().skip(from).collect();
        fail(&format!("PostgreSQL: {what} failed\n{}", tail.join("\n")))
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.url())
    }
}

impl Keeper {
    fn spawn(programs: &Path, durable: bool) -> std::io::Result<Self> {
        let mut process = Command::new("sh")
            .args(["-c", KEEPER, "postgres.sh"])
            .arg(programs)
            .arg(if durable { "durable" } else { "fast" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0) // out of reach of whatever is sent to the tests' group, such as Ctrl-C
            .spawn()?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().map(BufReader::new);
        let answers = answers.ok_or_else(|| std::io::Error::other("no pipe to the keeper"))?;
        Ok(Self { process, orders, answers })
    }

    /// The next line that the keeper says; empty when it has gone.
    fn answer(&mut self) -> String {
        let mut line = String::new();
        let _gone = self.answers.read_line(&mut line);
        line.trim_end().to_owned()
    }

    fn order(&mut self, order: &str) -> bool {
        let told = self.orders.as_mut().is_some_and(|orders| writeln!(orders, "{order}").is_ok());
        told && self.answer() == "ok"
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None; // closes the pipe, which is the order to stop and tidy up
        let _status = self.process.wait();
    }
}

/// The folder with `initdb` and `postgres`: on the path, else the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    programs_in(env::split_paths(&path)).or_else(|| {
        let mut debian: Vec<_> = fs::read_dir("/usr/lib/postgresql").ok()?.flatten().collect();
        debian.sort_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
        programs_in(debian.into_iter().rev().map(|entry| entry.path().join("bin")))
    })
}

fn programs_in(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    // A link's own folder need not hold the other programs; its target's does.
    let real = folders.into_iter().filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok());
    real.filter_map(|initdb| initdb.parent().map(Path::to_owned))
        .find(|folder| folder.join("postgres").is_file())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

async fn create_database(server: &str, name: &str) -> String {
    let connected = tokio_postgres::connect(server, NoTls).await;
    let (client, connection) = or_fail(connected, "could not connect to PostgreSQL");
    let connection = tokio::spawn(connection);
    let created = client.batch_execute(&format!("CREATE DATABASE \"{name}\" TEMPLATE template0")).await;
    or_fail(created, "could not create a database");
    drop(client);
    let _closed = connection.await;
    with_database(server, name)
}

/// The same server address with another database name; user, password and options are kept.
fn with_database(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    format!("{}/{name}{options}", &address[..end])
}

fn or_fail<T, E: fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| fail(&format!("{what}: {error:?}")))
}

#[expect(clippy::panic, reason = "a test without its database must fail, loudly and at once")]
fn fail(message: &str) -> ! {
    panic!("{message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpStream, thread, time::Duration};

    async fn client(url: &str) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    #[tokio::test]
    async fn each_fresh_database_is_empty_and_nobody_elses() {
        let (one, two) = (fresh_database().await, fresh_database().await);
        assert_ne!(one, two);
        client(&one).await.batch_execute("CREATE TABLE mine (id TEXT)").await.unwrap();
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        let count: i64 = client(&two).await.query_one(tables, &[]).await.unwrap().get(0);
        assert_eq!(count, 0);
        // The same from the start, whatever the machine is set to.
        let facts = "SELECT current_setting('server_encoding'), current_setting('timezone')";
        let row = client(&two).await.query_one(facts, &[]).await.unwrap();
        assert_eq!((row.get(0), row.get(1)), ("UTF8", "UTC"));
    }

    #[tokio::test]
    async fn what_was_committed_survives_a_hard_kill() {
        let cluster = Cluster::start(true);
        let url = cluster.database("crash").await;
        let before = client(&url).await;
        before.batch_execute("CREATE TABLE kept (n INT); INSERT INTO kept VALUES (7)").await.unwrap();
        before.batch_execute("BEGIN; INSERT INTO kept VALUES (8)").await.unwrap();
        cluster.kill_hard();
        assert!(before.simple_query("SELECT 1").await.is_err(), "the old connection must be dead");
        assert!(tokio_postgres::connect(&url, NoTls).await.is_err(), "nobody must listen any more");

        cluster.start_again();
        let rows = client(&url).await.query("SELECT n FROM kept", &[]).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<i32>>(), [7]);
        let fsync: String = client(&url).await.query_one("SHOW fsync", &[]).await.unwrap().get(0);
        assert_eq!(fsync, "on");
    }

    #[test]
    fn stopping_leaves_nothing() {
        let cluster = Cluster::start(false);
        let (directory, port) = (cluster.directory.clone(), cluster.port);
        assert!(directory.is_dir() && TcpStream::connect(("127.0.0.1", port)).is_ok());
        cluster.stop();
        assert!(!directory.exists() && TcpStream::connect(("127.0.0.1", port)).is_err());
    }

    #[test]
    #[ignore = "the process that the next test kills"]
    fn starts_a_cluster_and_waits() {
        let cluster = Cluster::start(false);
        println!("\ncluster {} {}", cluster.port, cluster.directory.display());
        thread::sleep(Duration::from_secs(60));
    }

    #[test]
    fn a_killed_test_process_leaves_nothing() {
        let mut victim = Command::new(env::current_exe().unwrap())
            .args(["--exact", "postgres::tests::starts_a_cluster_and_waits", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(victim.stdout.take().unwrap()).lines();
        let line = said.map_while(Result::ok).find(|line| line.starts_with("cluster ")).unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let (port, directory) = (words[1].parse::<u16>().unwrap(), PathBuf::from(words[2]));
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        victim.kill().unwrap();
        victim.wait().unwrap();
        let gone = || !directory.exists() && TcpStream::connect(("127.0.0.1", port)).is_err();
        let soon = (0..200).any(|_| gone() || (thread::sleep(Duration::from_millis(50)), false).1);
        assert!(soon, "{} or its server is still there", directory.display());
    }

    #[test]
    fn a_machine_without_postgresql_is_told_what_to_do() {
        assert_eq!(programs_in([PathBuf::from("/nowhere")]), None);
        assert!(NOT_INSTALLED.contains("cargo xtask test"));
    }

    #[test]
    fn only_the_database_name_of_an_address_changes() {
        for (server, expected) in [
            (
                "postgres://me:secret@db:5433/main?sslmode=disable",
                "postgres://me:secret@db:5433/t?sslmode=disable",
            ),
            ("postgres://me@db", "postgres://me@db/t"),
            ("postgres://db/?a=b/c", "postgres://db/t?a=b/c"),
        ] {
            assert_eq!(with_database(server, "t"), expected);
        }
    }
}
