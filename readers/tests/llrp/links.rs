//! The ways to a reader beside plain TCP: over TLS, and readers that connect to us.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::common::{Deed, Emulated, Store, configured, from_noon};
use rcgen::{CertificateParams, KeyPair};
use readers::llrp::probe;
use readers::{Link, Reader, Tls, tls};
use recording::Health;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const SECOND: Duration = Duration::from_secs(1);

/// A certificate that its holder made itself, and its key, as files.
fn own_certificate(folder: &tempfile::TempDir, name: &str) -> Tls {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let file = |ending: &str, text: String| {
        let path = folder.path().join(format!("{name}{ending}"));
        std::fs::write(&path, text).unwrap();
        path
    };
    Tls {
        trust_file: None,
        certificate_file: Some(file(".pem", certificate.pem())),
        key_file: Some(file(".key", key.serialize_pem())),
    }
}

fn trusting(other: &Tls) -> Tls {
    Tls { trust_file: other.certificate_file.clone(), ..Tls::default() }
}

/// The emulated reader behind a port that speaks TLS.
async fn behind_tls(emulated: &Emulated, config: Arc<ServerConfig>) -> (SocketAddr, Emulating) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (acceptor, plug) = (TlsAcceptor::from(config), emulated.plugger());
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                plug(Box::new(stream));
            }
        }
    });
    (address, task)
}

type Emulating = tokio::task::JoinHandle<()>;

#[tokio::test(start_paused = true)]
async fn a_reader_is_read_over_tls_when_it_shows_the_trusted_certificate() {
    from_noon(async {
        let folder = tempfile::tempdir().unwrap();
        let (theirs, stranger) = (own_certificate(&folder, "reader"), own_certificate(&folder, "stranger"));
        let emulated = Emulated::unplugged(0);
        let (address, _task) = behind_tls(&emulated, tls::server(&theirs).unwrap()).await;
        let over = |tls| {
            let link = Link::Dial { address: address.to_string(), tls: Some(tls) };
            Reader { link, ..configured(address, &[1, 2]) }
        };
        let found = probe(&over(trusting(&theirs)), 5 * SECOND).await.unwrap();
        assert_eq!(found.model, "Impinj Speedway R420");
        let error = probe(&over(trusting(&stranger)), 5 * SECOND).await.unwrap_err().to_string();
        assert!(error.contains("not the trusted one") && error.contains(&address.to_string()), "{error}");

        let mut store = Store::start(over(trusting(&theirs)));
        let taken = store.during(5 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Up]);
        assert!(taken.reads.len() > 200, "{}", taken.reads.len());
        store.stop().await;
        let mut store = Store::start(over(trusting(&stranger)));
        let taken = store.until(Health::Down, 5 * SECOND).await;
        assert!(taken.reason().contains("not the trusted one"), "{}", taken.reason());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_speaks_no_tls_is_named_as_such() {
    from_noon(async {
        let folder = tempfile::tempdir().unwrap();
        let emulated = Emulated::start(0).await;
        let tls = Some(trusting(&own_certificate(&folder, "reader")));
        let link = Link::Dial { address: emulated.address.to_string(), tls };
        let reader = Reader { link, ..configured(emulated.address, &[1]) };
        let error = probe(&reader, 5 * SECOND).await.unwrap_err().to_string();
        assert!(error.contains("5085"), "{error}");
    })
    .await;
}

/// A port that is free now.
async fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn called_by_reader(address: SocketAddr, tls: Option<Tls>) -> Reader {
    let link = Link::Listen { address: address.to_string(), tls };
    Reader { link, ..configured(address, &[1]) }
}

async fn call(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_connects_to_us_is_read_and_may_come_again() {
    from_noon(async {
        let address = free().await;
        let emulated = Emulated::unplugged(0);
        let mut store = Store::start(called_by_reader(address, None));
        let taken = store.until(Health::Down, 15 * SECOND).await;
        assert!(taken.reason().contains("no reader has connected"), "{}", taken.reason());
        emulated.plug(call(address).await);
        store.until(Health::Up, 5 * SECOND).await;
        assert!(store.during(2 * SECOND).await.reads.len() > 90);

        // The reader's power fails: the connection hangs, and it comes again long before keep-alives are missed.
        emulated.does(Deed::Restart);
        emulated.plug(call(address).await);
        let taken = store.until(Health::Down, 2 * SECOND).await;
        assert!(taken.reason().contains("anew"), "{}", taken.reason());
        store.until(Health::Up, 3 * SECOND).await;
        assert!(store.during(2 * SECOND).await.reads.len() > 90);
        assert!(store.stop().await < 2 * SECOND);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn readers_connect_to_us_over_tls_too_and_must_show_a_certificate_where_one_is_trusted() {
    from_noon(async {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (own_certificate(&folder, "store"), own_certificate(&folder, "reader"));
        let address = free().await;
        let emulated = Emulated::unplugged(0);
        let tls = Tls { trust_file: theirs.certificate_file.clone(), ..ours.clone() };
        let mut store = Store::start(called_by_reader(address, Some(tls)));
        store.during(SECOND).await;
        let name = || tls::server_name("store").unwrap();

        let nameless = TlsConnector::from(tls::client(&trusting(&ours)).unwrap());
        let _turned_away = nameless.connect(name(), call(address).await).await;
        let _in_the_clear = call(address).await;
        assert_eq!(store.during(5 * SECOND).await.healths(), []);

        let known = Tls { trust_file: ours.certificate_file.clone(), ..theirs };
        let connector = TlsConnector::from(tls::client(&known).unwrap());
        emulated.plug(connector.connect(name(), call(address).await).await.unwrap());
        store.until(Health::Up, 15 * SECOND).await;
        assert!(store.during(2 * SECOND).await.reads.len() > 90);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_another_program_has_is_said_and_taken_when_it_is_free() {
    from_noon(async {
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = other.local_addr().unwrap();
        let emulated = Emulated::unplugged(0);
        let mut store = Store::start(called_by_reader(address, None));
        let taken = store.until(Health::Down, SECOND).await;
        assert!(taken.reason().contains("another program"), "{}", taken.reason());
        drop(other);
        store.during(3 * SECOND).await;
        emulated.plug(call(address).await);
        store.until(Health::Up, 5 * SECOND).await;
    })
    .await;
}

#[test]
fn llrp_over_a_serial_line_is_refused_in_words() {
    let link = Link::Serial { device: "/dev/ttyUSB0".into(), baud: None };
    let reader = Reader { link, ..configured("192.0.2.10", &[1]) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(probe(&reader, SECOND)).unwrap_err().to_string();
    assert!(error.contains("/dev/ttyUSB0") && error.contains("address"), "{error}");
}
