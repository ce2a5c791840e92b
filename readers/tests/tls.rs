//! TLS to readers: who is let in and who is not, and what is said of whoever is not.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use readers::{Tls, tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::{default_provider, sign::any_supported_type};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A folder of PEM files.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// A certificate and its key.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

fn for_host(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).unwrap()
}

impl Files {
    fn self_signed(&self, name: &str, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Pair {
            certificate: self.put(&format!("{name}.pem"), &certificate.pem()),
            key: self.put(&format!("{name}-key.pem"), &key.serialize_pem()),
        }
    }

    /// An authority's certificate, and what it needs to sign others.
    fn authority(&self, name: &str) -> (PathBuf, Issuer<'static, KeyPair>) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        (self.put(&format!("{name}.pem"), &certificate.pem()), Issuer::new(params, key))
    }

    fn signed(&self, name: &str, params: &CertificateParams, by: &Issuer<'static, KeyPair>) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, by).unwrap();
        Pair {
            certificate: self.put(&format!("{name}.pem"), &certificate.pem()),
            key: self.put(&format!("{name}-key.pem"), &key.serialize_pem()),
        }
    }
}

fn trusting(file: &Path) -> Tls {
    Tls { trust_file: Some(file.to_owned()), ..Tls::default() }
}

fn showing(pair: &Pair, tls: Tls) -> Tls {
    Tls { certificate_file: Some(pair.certificate.clone()), key_file: Some(pair.key.clone()), ..tls }
}

/// Both sides greet each other over TLS; what each says when that fails.
async fn meet(client: &Tls, host: &str, server: &Tls) -> (io::Result<()>, io::Result<()>) {
    let (ours, theirs) = tokio::io::duplex(16_384);
    let connector = TlsConnector::from(tls::client(client).unwrap());
    let acceptor = TlsAcceptor::from(tls::server(server).unwrap());
    let host = tls::server_name(host).unwrap();
    let connecting = async move {
        let mut stream = connector.connect(host, ours).await?;
        stream.write_all(b"ours").await?;
        // A server's no to a client's certificate comes after the client's own handshake (TLS 1.3).
        stream.read_exact(&mut [0; 6]).await.map(|_| ())
    };
    let accepting = async move {
        let mut stream = acceptor.accept(theirs).await?;
        stream.write_all(b"theirs").await?;
        stream.read_exact(&mut [0; 4]).await.map(|_| ())
    };
    tokio::join!(connecting, accepting)
}

fn words(result: io::Result<()>) -> String {
    tls::explain(&result.unwrap_err()).expect("a fault of TLS")
}

#[tokio::test]
async fn a_readers_own_certificate_is_taken_whatever_name_and_dates_it_bears() {
    let files = Files::new();
    let mut params = for_host("speedwayr-11-22-33");
    params.not_before = date_time_ymd(2015, 1, 1);
    params.not_after = date_time_ymd(2025, 1, 1);
    let reader = files.self_signed("reader", &params);
    let (ours, theirs) =
        meet(&trusting(&reader.certificate), "192.0.2.10", &showing(&reader, Tls::default())).await;
    ours.unwrap();
    theirs.unwrap();
}

#[tokio::test]
async fn another_certificate_for_the_same_name_is_not() {
    let files = Files::new();
    let reader = files.self_signed("reader", &for_host("reader.shop"));
    let other = files.self_signed("other", &for_host("reader.shop"));
    let (ours, _) =
        meet(&trusting(&reader.certificate), "reader.shop", &showing(&other, Tls::default())).await;
    assert!(words(ours).contains("not the trusted one"));
}

/// A server that shows a certificate and signs with whatever key it has.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesServerCert for Thief {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[tokio::test]
async fn a_trusted_certificate_without_its_key_proves_nothing() {
    let files = Files::new();
    let reader = files.self_signed("reader", &for_host("reader.shop"));
    let thief = files.self_signed("thief", &for_host("reader.shop"));
    for versions in [&[&TLS12][..], &[&TLS13]] {
        let shown = CertificateDer::from_pem_file(&reader.certificate).unwrap();
        let held = any_supported_type(&PrivateKeyDer::from_pem_file(&thief.key).unwrap()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Thief(Arc::new(CertifiedKey::new(vec![shown], held)))));
        let (ours, theirs) = tokio::io::duplex(16_384);
        let connector = TlsConnector::from(tls::client(&trusting(&reader.certificate)).unwrap());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let host = tls::server_name("reader.shop").unwrap();
        let (ours, _) = tokio::join!(connector.connect(host, ours), acceptor.accept(theirs));
        assert!(words(ours.map(|_| ())).contains("does not hold the key"));
    }
}

#[test]
fn a_key_of_another_certificate_is_refused_at_once() {
    let files = Files::new();
    let reader = files.self_signed("reader", &for_host("reader.shop"));
    let other = files.self_signed("other", &for_host("reader.shop"));
    let mixed = Pair { certificate: reader.certificate, key: other.key };
    let error = tls::server(&showing(&mixed, Tls::default())).unwrap_err().to_string();
    assert!(error.contains("other-key.pem") && error.contains("key of the certificate"), "{error}");
}

#[tokio::test]
async fn what_an_authority_signed_is_taken_for_its_own_name_and_dates_only() {
    let files = Files::new();
    let (authority, issuer) = files.authority("shop-authority");
    let right = files.signed("right", &for_host("reader.shop"), &issuer);
    let (ours, theirs) = meet(&trusting(&authority), "reader.shop", &showing(&right, Tls::default())).await;
    ours.unwrap();
    theirs.unwrap();

    let (ours, _) = meet(&trusting(&authority), "192.0.2.10", &showing(&right, Tls::default())).await;
    assert!(words(ours).contains("another host"));

    let mut params = for_host("reader.shop");
    params.not_before = date_time_ymd(2015, 1, 1);
    params.not_after = date_time_ymd(2025, 1, 1);
    let expired = files.signed("expired", &params, &issuer);
    let (ours, _) = meet(&trusting(&authority), "reader.shop", &showing(&expired, Tls::default())).await;
    assert!(words(ours).contains("expired"));

    params.not_before = date_time_ymd(2090, 1, 1);
    params.not_after = date_time_ymd(2095, 1, 1);
    let early = files.signed("early", &params, &issuer);
    let (ours, _) = meet(&trusting(&authority), "reader.shop", &showing(&early, Tls::default())).await;
    assert!(words(ours).contains("not valid yet"));

    let (_, stranger) = files.authority("another-authority");
    let foreign = files.signed("foreign", &for_host("reader.shop"), &stranger);
    let (ours, _) = meet(&trusting(&authority), "reader.shop", &showing(&foreign, Tls::default())).await;
    assert!(words(ours).contains("nor signed by it"));
}

#[tokio::test]
async fn a_server_that_wants_to_know_us_is_shown_our_certificate() {
    let files = Files::new();
    let reader = files.self_signed("reader", &for_host("reader.shop"));
    let store = files.self_signed("store", &for_host("store.shop"));
    let asking = showing(&reader, trusting(&store.certificate));
    let (ours, theirs) = meet(&showing(&store, trusting(&reader.certificate)), "reader.shop", &asking).await;
    ours.unwrap();
    theirs.unwrap();

    let (ours, theirs) = meet(&trusting(&reader.certificate), "reader.shop", &asking).await;
    assert!(words(ours).contains("certificate of ours"));
    assert!(words(theirs).contains("no certificate"));

    let stranger = files.self_signed("stranger", &for_host("store.shop"));
    let (ours, theirs) =
        meet(&showing(&stranger, trusting(&reader.certificate)), "reader.shop", &asking).await;
    assert!(ours.is_err());
    assert!(words(theirs).contains("not the trusted one"));
}

#[tokio::test]
async fn a_port_without_tls_is_named_as_such() {
    let files = Files::new();
    let reader = files.self_signed("reader", &for_host("reader.shop"));
    let (ours, mut theirs) = tokio::io::duplex(1024);
    // READER_EVENT_NOTIFICATION in the clear, as port 5084 greets.
    theirs.write_all(&[0x04, 0x3F, 0, 0, 0, 0x0A, 0, 0, 0, 0]).await.unwrap();
    let connector = TlsConnector::from(tls::client(&trusting(&reader.certificate)).unwrap());
    let error = connector.connect(tls::server_name("reader.shop").unwrap(), ours).await.unwrap_err();
    let words = tls::explain(&error).unwrap();
    assert!(words.contains("does not speak TLS") && words.contains("5085"), "{words}");
}

#[test]
fn files_that_are_missing_empty_or_of_another_kind_are_named() {
    let files = Files::new();
    let reader = files.self_signed("reader", &for_host("reader.shop"));
    let said = |tls: &Tls| tls::client(tls).unwrap_err().to_string();
    assert!(said(&Tls::default()).contains("whom to trust"));
    let missing = files.0.path().join("absent.pem");
    assert!(said(&trusting(&missing)).contains("absent.pem"));
    let text = files.put("notes.txt", "the reader's certificate is in the drawer\n");
    let words = said(&trusting(&text));
    assert!(words.contains("notes.txt") && words.contains("BEGIN CERTIFICATE"), "{words}");
    let words = said(&trusting(&reader.key));
    assert!(words.contains("reader-key.pem") && words.contains("BEGIN CERTIFICATE"), "{words}");
    let broken = files.put("broken.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    assert!(said(&trusting(&broken)).contains("broken.pem"));
    let half = Tls { certificate_file: Some(reader.certificate.clone()), ..trusting(&reader.certificate) };
    assert!(said(&half).contains("both files"));
    let swapped = Pair { certificate: reader.certificate.clone(), key: reader.certificate.clone() };
    let words = said(&showing(&swapped, trusting(&reader.certificate)));
    assert!(words.contains("reader.pem") && words.contains("private key"), "{words}");
    let nothing = tls::server(&trusting(&reader.certificate)).unwrap_err().to_string();
    assert!(nothing.contains("certificate of ours"), "{nothing}");
}

#[test]
fn hosts_are_taken_as_addresses_write_them() {
    for host in ["reader.shop", "speedwayr-11-22-33.local", "192.0.2.10", "[2001:db8::7]", "2001:db8::7"] {
        tls::server_name(host).unwrap();
    }
    assert!(tls::server_name("exit a").is_err());
}
