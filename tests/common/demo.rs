//! A demo that runs while a test looks at it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::http::{free_address, get, request};
use super::portico;

/// A running demo; killed when the test lets go of it.
pub struct Demo {
    /// Where its pages are.
    pub address: SocketAddr,
    child: Child,
}

impl Demo {
    /// Starts a demo that keeps its data in a folder.
    pub fn start(data: &Path, speed: &str) -> Demo {
        Demo::with(data, &["--seed", "7", "--speed", speed])
    }

    /// The same with these options.
    pub fn with(data: &Path, options: &[&str]) -> Demo {
        let address = free_address();
        let child = portico()
            .arg("demo")
            .args(options)
            .args(["--listen", &address.to_string(), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(data.join("stderr.txt")).unwrap())
            .spawn()
            .unwrap();
        Demo { address, child }
    }

    /// Waits until its pages answer.
    pub fn wait_until_open(&mut self) {
        let began = Instant::now();
        while request(self.address, "GET", "/healthz", "").is_none() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the demo ended by itself: {status}");
            }
            assert!(began.elapsed() < Duration::from_secs(20), "the demo does not open");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Every receipt it has, oldest first.
    pub fn receipts(&self) -> Vec<serde_json::Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/receipts?limit=500{after}");
            let Some(page) = get(self.address, &path) else { return all };
            let receipts = page["receipts"].as_array().unwrap().clone();
            all.extend(receipts);
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return all,
            }
        }
    }

    /// Waits until it has at least so many receipts.
    pub fn wait_for_receipts(&mut self, count: usize, within: Duration) -> Vec<serde_json::Value> {
        let began = Instant::now();
        loop {
            let receipts = self.receipts();
            if receipts.len() >= count {
                return receipts;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the demo ended by itself: {status}");
            }
            assert!(began.elapsed() < within, "{} of {count} receipts after {within:?}", receipts.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
