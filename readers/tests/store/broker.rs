//! A private Mosquitto on loopback, in a temporary folder, that ends with the test.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::certificate::Certificate;

/// A broker that runs.
pub(crate) struct Mosquitto {
    process: Child,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<&'static str> {
    let there = |program: &&str| {
        Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    ["mosquitto", "/usr/sbin/mosquitto"].into_iter().find(there)
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts one; `None`, with a message, where it is not installed.
pub(crate) fn mosquitto(
    port: u16,
    login: Option<(&str, &str)>,
    tls: Option<&Certificate>,
) -> Option<Mosquitto> {
    let Some(program) = program() else {
        println!("skipped: mosquitto is not installed (Debian: apt-get install mosquitto)");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut text =
        format!("listener {port} 127.0.0.1\nallow_anonymous {}\npersistence false\n", login.is_none());
    // Started as root it would become a user that cannot read the folder.
    text.push_str("user root\n");
    if let Some((user, password)) = login {
        std::fs::write(path("users"), format!("{user}:{password}\n")).unwrap();
        let hashed = Command::new("mosquitto_passwd").arg("-U").arg(path("users")).status();
        assert!(hashed.is_ok_and(|status| status.success()), "mosquitto_passwd comes with mosquitto");
        writeln!(text, "password_file {}", path("users").display()).unwrap();
    }
    if let Some(tls) = tls {
        std::fs::write(path("certificate.pem"), &tls.certificate_pem).unwrap();
        std::fs::write(path("key.pem"), &tls.key_pem).unwrap();
        writeln!(
            text,
            "certfile {}\nkeyfile {}",
            path("certificate.pem").display(),
            path("key.pem").display()
        )
        .unwrap();
    }
    std::fs::write(path("broker.conf"), text).unwrap();
    let log = std::fs::File::create(path("log")).unwrap();
    let process = Command::new(program)
        .arg("-c")
        .arg(path("broker.conf"))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let mosquitto = Mosquitto { process, port, _folder: folder };
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    for _ in 0..200 {
        if TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_ok() {
            return Some(mosquitto);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    let log = std::fs::read_to_string(mosquitto._folder.path().join("log")).unwrap_or_default();
    panic!("mosquitto did not come up: {log}");
}
