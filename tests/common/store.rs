//! A store that `portico run` opens for a test, and a shopper in it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{free_address, get, request};
use super::{portico, text};

/// A store in a temporary folder.
pub struct Store {
    folder: tempfile::TempDir,
    pub pages: SocketAddr,
    running: Option<Child>,
}

/// A lane with a terminal and the reader over it, whatever else the test wants.
const LANE: &str = r#"
[[lanes]]
id = "exit-1"
area = [[0.0,0.0],[1.2,0.0],[1.2,2.0],[0.0,2.0]]
entry_line = [[0.0,0.0],[1.2,0.0]]
exit_line = [[0.0,2.0],[1.2,2.0]]
terminal = "term-1"
gate = "gate-1"

[[terminals]]
id = "term-1"
driver = "simulated"
position = [0.6, 1.0]

[[zones]]
id = "floor"
kind = "floor"
area = [[-10.0,-20.0],[10.0,-20.0],[10.0,-3.0],[-10.0,-3.0]]
"#;

impl Store {
    /// With these readers, gates and lights in its file.
    pub fn new(tables: &str) -> Store {
        let store = Store { folder: tempfile::tempdir().unwrap(), pages: free_address(), running: None };
        let database = store.path("portico.db");
        let head = format!(
            "[store]\nid = \"0952005.05001.0\"\n[database]\nurl = \"sqlite://{}\"\n[web]\nlisten = \"{}\"\n\
             [recording]\ndirectory = \"{}\"\n",
            database.display(),
            store.pages,
            store.path("recordings").display()
        );
        fs::write(store.path("store.toml"), head + LANE + tables).unwrap();
        store
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command against this store; its exit code and all it said.
    pub fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = portico().args(arguments).arg("--config").arg(self.path("store.toml")).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    /// Makes products or pieces known.
    pub fn import(&self, what: &str, csv: &str) {
        let file = self.path(&format!("{what}.csv"));
        fs::write(&file, csv).unwrap();
        let (code, said) = self.command(&["import", what, file.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{said}");
    }

    /// `portico run`, until the pages answer.
    pub fn open(&mut self) {
        let log = fs::File::create(self.path("stderr.txt")).unwrap();
        let mut command = portico();
        command.arg("run").arg("--config").arg(self.path("store.toml")).stdout(Stdio::null()).stderr(log);
        self.running = Some(command.spawn().unwrap());
        self.wait("the store opens", |store| request(store.pages, "GET", "/healthz", "").is_some());
    }

    /// What the store logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("stderr.txt")).unwrap_or_default()
    }

    /// Each line of its recording.
    pub fn recorded(&self) -> Vec<Value> {
        let files = fs::read_dir(self.path("recordings")).unwrap();
        let read = |file: std::io::Result<fs::DirEntry>| fs::read(file.unwrap().path()).unwrap();
        files.flat_map(|file| super::json_lines(&read(file))).collect()
    }

    /// Waits for something to come about.
    #[track_caller]
    pub fn wait(&self, what: &str, mut until: impl FnMut(&Store) -> bool) {
        let began = Instant::now();
        while !until(self) {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}: not within 20 s\n{}", self.log());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Rows of a list of the API.
    pub fn list(&self, name: &str) -> Vec<Value> {
        get(self.pages, &format!("/api/v1/{name}")).unwrap()[name].as_array().unwrap().clone()
    }

    pub fn alerts(&self) -> Vec<String> {
        self.list("alerts").iter().map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// A figure of `/metrics`, by its whole name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let (_, text) = request(self.pages, "GET", "/metrics", "").unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    pub fn post(&self, path: &str, body: &str) {
        let (status, said) = request(self.pages, "POST", path, body).unwrap();
        assert!(status < 300, "{path}: {status} {said}");
    }

    /// Observations as a camera pipeline would send them, at this moment.
    pub fn observe(&self, what: Value) {
        let mut line = what;
        line["at"] = json!(now());
        self.post("/api/v1/observations", &format!("{line}\n"));
    }

    /// Asks the store to stop, as a service manager does, and waits until it has.
    pub fn close(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = recording::Time::from_micros(i64::try_from(since.as_micros()).unwrap());
    now.to_string()
}
