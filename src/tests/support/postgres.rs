//! A PostgreSQL of a test's own, which it may end and start again.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use sqlx::{Connection, PgConnection};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use super::{ANSWERS, moment, unique};

pub struct Postgres {
    folder: PathBuf,
    port: u16,
    process: Child,
}

impl Postgres {
    pub async fn start() -> Self {
        let folder = std::env::temp_dir().join(unique("postgres"));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = spawn(&folder, port);
        let mut postgres = Self { folder, port, process };
        postgres.wait().await;
        postgres
    }

    /// The database that is there from the beginning.
    pub fn url(&self) -> String {
        format!("postgresql://test@127.0.0.1:{}/postgres", self.port)
    }

    /// The address of its UNIX socket: `begin`, with the parameters that lead there.
    pub fn socket_url(&self, begin: &str) -> String {
        format!("{begin}host={}&port={}", self.folder.display(), self.port)
    }

    /// Ends it as a crash does (PostgreSQL, "Shutting Down the Server": the immediate way).
    pub async fn stop(&mut self) {
        let process = self.process.id().unwrap().to_string();
        let told = Command::new("bash").args(["-c", "kill -QUIT \"$0\"", &process]).status().await.unwrap();
        assert!(told.success(), "it has ended by itself");
        timeout(ANSWERS, self.process.wait()).await.expect("it ends").unwrap();
    }

    pub async fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.port);
        self.wait().await;
    }

    /// Until it answers.
    async fn wait(&mut self) {
        while PgConnection::connect(&self.url()).await.is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "PostgreSQL ended instead of starting");
            moment().await;
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.process.start_kill().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn spawn(folder: &Path, port: u16) -> Child {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres"));
    command.arg(folder).arg(port.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // The script becomes the server.
    command.kill_on_drop(true).spawn().unwrap()
}
