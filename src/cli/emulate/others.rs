//! Emulated readers and modules that speak something else than LLRP: serial modules on pseudo-terminals, readers with
//! their vendors' interfaces. Each says where a client finds it.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use ::sim::impinj::{self, Impinj};
use ::sim::serial::{Emulated, Field, Hosted};
use ::sim::zebra::{self, Broker, Topics, Zebra};
use ::sim::{field, m100, thingmagic, uhfreader};
use anyhow::Context;

use super::super::Usage;
use super::{Args, Kind, acceptor};
use crate::web;

/// Vendors' interfaces listen here, beside a store's pages.
const PORT: u16 = 8081;
/// An emulated Zebra reader's topics stand under this.
const TOPIC_PREFIX: &str = "zebra";

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let field = || Field::stock(args.tags as usize, args.rate);
    match args.kind {
        Kind::Thingmagic => {
            hosted("ThingMagic M6e", thingmagic::ThingMagic::new(thingmagic::Model::M6e), field(), &args)
                .await
        }
        Kind::M100 => hosted("M100", m100::M100::new(m100::Build::default()), field(), &args).await,
        Kind::Uhfreader => {
            let module = uhfreader::UhfReader::new(uhfreader::Model::Reader288, 0);
            hosted("UHFReader288", module, field(), &args).await
        }
        Kind::ImpinjIot => {
            let settings = impinj::Settings {
                tags: field::tags(args.tags as usize),
                rate: args.rate,
                ..Default::default()
            };
            let (user, password) = (settings.user.clone(), settings.password.clone());
            only_over_listen(&args, "impinj-iot")?;
            let (listener, tls) = listen(&args, "Impinj reader", &user, &password).await?;
            Impinj::new(settings).serve(listener, tls).await?;
            Ok(ExitCode::SUCCESS)
        }
        Kind::ZebraIotc => zebra(&args).await,
        Kind::Llrp => Ok(ExitCode::SUCCESS),
    }
}

/// A module on a pseudo-terminal, until stopped.
async fn hosted(
    name: &str,
    module: impl Emulated + 'static,
    field: Field,
    args: &Args,
) -> anyhow::Result<ExitCode> {
    let given = [
        ("--listen", args.listen.is_some()),
        ("--connect", args.connect.is_some()),
        ("--tls", args.tls || args.tls_cert.is_some()),
        ("--orders", args.orders),
    ];
    if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
        return Err(Usage(format!("{option}: a serial module has none; it is found by its device")).into());
    }
    let hosted = Hosted::start(module, field).context("no pseudo-terminal can be opened")?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{name} on {} with {} tags", hosted.path().display(), args.tags)?;
    stdout.flush()?;
    std::future::pending().await
}

async fn zebra(args: &Args) -> anyhow::Result<ExitCode> {
    let settings =
        zebra::Settings { tags: field::tags(args.tags as usize), rate: args.rate, ..Default::default() };
    if args.orders {
        return Err(Usage("--orders belongs to the LLRP reader".into()).into());
    }
    let Some(broker) = &args.connect else {
        let (user, password) = (settings.user.clone(), settings.password.clone());
        let (listener, tls) = listen(args, "Zebra reader", &user, &password).await?;
        Zebra::new(settings).serve(listener, tls).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let (host, port) = broker
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)))
        .ok_or_else(|| {
            Usage(format!("--connect {broker}: host and port of a broker, such as 127.0.0.1:1883"))
        })?;
    let topic = |name: &str| format!("{TOPIC_PREFIX}/{name}");
    let topics = Topics {
        management_commands: topic("management/command"),
        management_responses: topic("management/response"),
        control_commands: topic("control/command"),
        control_responses: topic("control/response"),
        management_events: topic("management/event"),
        data: topic("data"),
    };
    let mut stdout = std::io::stdout();
    writeln!(
        stdout,
        "Zebra reader at broker {broker}, topics under {TOPIC_PREFIX}/, with {} tags",
        args.tags
    )?;
    stdout.flush()?;
    Zebra::new(settings).meet(Broker { host, port, login: None, topics }).await;
    Ok(ExitCode::SUCCESS)
}

fn only_over_listen(args: &Args, kind: &str) -> Result<(), Usage> {
    let given = [("--connect", args.connect.is_some()), ("--orders", args.orders)];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Usage(format!("{option} is nothing to --as {kind}"))),
        None => Ok(()),
    }
}

type Tls = Option<std::sync::Arc<tokio_rustls::rustls::ServerConfig>>;

/// Opens a reader's HTTP port and says where it is and who may come in.
async fn listen(
    args: &Args,
    name: &str,
    user: &str,
    password: &str,
) -> anyhow::Result<(tokio::net::TcpListener, Tls)> {
    let address = args.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
    web::check_loopback(address)?;
    let (acceptor, certificate) = acceptor(args)?;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("{address}: the port cannot be opened; choose another with --listen"))?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let address = listener.local_addr()?;
    let mut stdout = std::io::stdout();
    writeln!(
        stdout,
        "{name} on {scheme}://{address} with {} tags; user {user}, password {password}",
        args.tags
    )?;
    if let Some(certificate) = certificate {
        write!(stdout, "{certificate}")?;
    }
    stdout.flush()?;
    Ok((listener, acceptor.map(|acceptor| acceptor.config().clone())))
}
