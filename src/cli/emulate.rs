//! `portico emulate`: one emulated reader or module, for any client that speaks its protocol; LLRP unless told otherwise.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use ::llrp::server::Profile;
use ::sim::emulate::{Emulated, MOST_RATE, Order, emulate};
use anyhow::Context;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::web;

mod others;

/// LLRP's ports, plain and over TLS (IANA).
const PORT: u16 = 5084;
const TLS_PORT: u16 = 5085;
/// Orders and outputs under way.
const QUEUE: usize = 64;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Version {
    /// LLRP 1.0.1 alone; asked for a newer one it answers that it does not speak it
    #[value(name = "1.0.1")]
    First,
    /// LLRP 1.0.1, and 1.1 with clients that ask for it
    #[value(name = "1.1")]
    Second,
}

/// What is emulated, by its driver's name in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// A reader that speaks LLRP
    Llrp,
    /// A ThingMagic module on a pseudo-terminal
    Thingmagic,
    /// An M100 module on a pseudo-terminal
    M100,
    /// A UHFReader288 on a pseudo-terminal
    Uhfreader,
    /// An Impinj reader with its IoT device interface
    ImpinjIot,
    /// A Zebra reader with its IoT Connector: over WebSocket, or with --connect at an MQTT broker
    ZebraIotc,
}

#[derive(clap::Args)]
pub(super) struct Args {
    /// What is emulated; options that say LLRP, ROSpec or password are the LLRP reader's alone
    #[arg(long = "as", value_name = "DRIVER", value_enum, default_value = "llrp")]
    kind: Kind,
    /// Where the reader listens [default: 127.0.0.1:5084, over TLS 127.0.0.1:5085; vendors' interfaces 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Tags in its field
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tags: u32,
    /// Reads a second, all tags together
    #[arg(long, value_name = "READS_PER_S", default_value_t = 150.0)]
    rate: f64,
    /// The newest LLRP that it speaks
    #[arg(long, value_enum, default_value = "1.1")]
    version: Version,
    /// ROSpecs it has room for; an Impinj R220 or R420 has one
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    rospecs: u16,
    /// Every tag's access password, eight hexadecimal digits
    #[arg(long, value_name = "HEX", default_value = "00000000", value_parser = password)]
    access_password: u32,
    /// Every tag's kill password, eight hexadecimal digits; without one a tag cannot be killed
    #[arg(long, value_name = "HEX", default_value = "00000000", value_parser = password)]
    kill_password: u32,
    /// LLRP over TLS, with a certificate made for this run and printed
    #[arg(long)]
    tls: bool,
    /// LLRP over TLS with the certificates in this PEM file; a new one is written where neither file is there
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The reader makes the connection, to a client that listens there (zebra-iotc: to an MQTT broker); it listens itself
    /// only with --listen
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["tls", "tls_cert"])]
    connect: Option<String>,
    /// Takes orders on standard input, one a line (gpi 1 high, gpi 1 low, antenna 2 off, antenna 2 on, exception TEXT), and
    /// prints each output that a client sets
    #[arg(long)]
    orders: bool,
}

fn password(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    match u32::from_str_radix(digits, 16) {
        Ok(password) if digits.len() <= 8 && !digits.starts_with('+') => Ok(password),
        _ => Err("a password is up to eight hexadecimal digits".into()),
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if !(0.1..=MOST_RATE).contains(&args.rate) {
        return Err(super::Usage(format!("--rate {}: 0.1 to {MOST_RATE} reads a second", args.rate)).into());
    }
    if args.kind != Kind::Llrp {
        return others::run(args).await;
    }
    let mut stdout = std::io::stdout();
    let tls = args.tls || args.tls_cert.is_some();
    let listen = args.listen.or_else(|| {
        let port = if tls { TLS_PORT } else { PORT };
        args.connect.is_none().then(|| (Ipv4Addr::LOCALHOST, port).into())
    });
    let mut listener = None;
    if let Some(listen) = listen {
        web::check_loopback(listen)?;
        let (acceptor, certificate) = acceptor(&args)?;
        let socket = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen}: the port cannot be opened; choose another with --listen"))?;
        let over = if tls { " over TLS" } else { "" };
        writeln!(stdout, "LLRP reader on {}{over} with {} tags", socket.local_addr()?, args.tags)?;
        if let Some(certificate) = certificate {
            write!(stdout, "{certificate}")?;
        }
        listener = Some((socket, acceptor));
    }
    if let Some(client) = &args.connect {
        writeln!(stdout, "LLRP reader connects to {client} with {} tags", args.tags)?;
    }
    stdout.flush()?;
    let (to_orders, orders) = mpsc::channel(QUEUE);
    let (outputs, to_print) = mpsc::channel(QUEUE);
    let emulated = Emulated {
        profile: profile(&args),
        tags: args.tags as usize,
        rate: args.rate,
        kill_password: args.kill_password,
        access_password: args.access_password,
        listener,
        dial: args.connect,
        orders,
        outputs,
    };
    if args.orders {
        tokio::select! {
            () = emulate(emulated) => {}
            () = take_orders(to_orders) => {}
            printed = print(to_print) => printed?,
        }
    } else {
        emulate(emulated).await;
    }
    Ok(ExitCode::SUCCESS)
}

fn profile(args: &Args) -> Profile {
    Profile {
        max_rospecs: args.rospecs.into(),
        max_version: match args.version {
            Version::First => 1,
            Version::Second => 2,
        },
        ..Profile::default()
    }
}

/// What takes TLS connections, and the certificate in words where it was made for this run only.
fn acceptor(args: &Args) -> anyhow::Result<(Option<TlsAcceptor>, Option<String>)> {
    let (certificates, key, shown) = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            if !cert.exists() && !key.exists() {
                let made = made()?;
                write_new(key, &made.signing_key.serialize_pem())?;
                write_new(cert, &made.cert.pem())?;
            }
            let read = |path: &Path| {
                std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
            };
            (read(cert)?, read(key)?, None)
        }
        _ if args.tls => {
            let made = made()?;
            let certificate = made.cert.pem();
            (
                certificate.clone().into_bytes(),
                made.signing_key.serialize_pem().into_bytes(),
                Some(certificate),
            )
        }
        _ => return Ok((None, None)),
    };
    let named =
        |path: &Option<PathBuf>| path.as_ref().map_or(String::new(), |path| path.display().to_string());
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&certificates)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{}: holds no PEM certificates", named(&args.tls_cert)))?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .with_context(|| format!("{}: holds no PEM private key", named(&args.tls_key)))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .context("the certificate and its key do not belong together")?;
    Ok((Some(TlsAcceptor::from(Arc::new(config))), shown))
}

/// A certificate for this machine's loopback names, signed by itself.
fn made() -> anyhow::Result<rcgen::CertifiedKey<rcgen::KeyPair>> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    rcgen::generate_simple_self_signed(names).context("no certificate can be made")
}

/// Writes a file that only its owner may read.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{}: cannot be written", path.display()))
}

/// Passes on what standard input says until it ends; then only the clients speak.
async fn take_orders(orders: mpsc::Sender<Order>) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match order(&line) {
            Some(order) => {
                if orders.send(order).await.is_err() {
                    return;
                }
            }
            None if line.trim().is_empty() => {}
            None => tracing::warn!(
                "{line:?} is no order; those are: gpi PORT high|low, antenna PORT on|off, exception TEXT"
            ),
        }
    }
    std::future::pending().await
}

fn order(line: &str) -> Option<Order> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["gpi", port, level @ ("high" | "low")] => {
            Some(Order::Gpi { port: port.parse().ok()?, high: *level == "high" })
        }
        ["antenna", id, state @ ("on" | "off")] => {
            Some(Order::Antenna { id: id.parse().ok()?, connected: *state == "on" })
        }
        ["exception", ..] => Some(Order::Exception(words.get(1..)?.join(" "))),
        _ => None,
    }
}

async fn print(mut outputs: mpsc::Receiver<(u16, bool)>) -> anyhow::Result<()> {
    while let Some((port, high)) = outputs.recv().await {
        writeln!(std::io::stdout(), "gpo {port} {}", if high { "high" } else { "low" })?;
    }
    std::future::pending().await
}
