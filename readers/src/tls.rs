//! TLS for any driver, from the PEM files of the configuration.
//!
//! A reader is trusted in one of two ways, and there is no third (no list of public authorities: readers stand on a shop's
//! own network). Either its own certificate stands in the file: then exactly that one is taken, whatever host name or
//! dates it bears, for readers make their own and nobody renews those. Or the certificate of the authority that signed it
//! does: then name and dates must be right. In both cases the handshake proves that the other side holds the key.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{self, CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    ServerConfig, SignatureScheme,
};

use crate::Tls;

/// Why no TLS can be set up from these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Nobody is named as trusted.
    #[error(
        "TLS needs a file that says whom to trust: the reader's own certificate (`openssl s_client -connect HOST:PORT` \
         shows it), or that of the authority that signed it, in PEM"
    )]
    NobodyTrusted,
    /// Our own certificate is needed.
    #[error(
        "a reader that connects to us over TLS needs to see a certificate of ours: name its file and its key's"
    )]
    NoCertificate,
    /// One of certificate and key is named, the other is not.
    #[error("a certificate and its key belong together: name both files, or neither")]
    Half,
    /// A file cannot be read.
    #[error("{}: {source}; name a PEM file that the store may read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {found}; it should hold {wanted}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// A host that no certificate can be for.
    #[error("`{0}` is neither a host name nor an IP address")]
    Host(String),
}

const CERTIFICATES: &str = "one or more certificates (-----BEGIN CERTIFICATE-----)";
const KEY: &str = "one private key without a password (-----BEGIN PRIVATE KEY-----)";
const PAIR: &str = "the key of the certificate beside it";

/// Our side of a connection that we make. Without a certificate of ours none is shown.
pub fn client(tls: &Tls) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let trusted = Trusted::read(tls, &provider)?.ok_or(TlsError::NobodyTrusted)?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // Fails only for providers without ciphers for a version; this one has them all.
    let config = config.map_err(|error| inconsistent(tls, &error))?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(trusted));
    Ok(Arc::new(match own(tls)? {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            config.with_client_auth_cert(chain, key).map_err(|error| inconsistent(tls, &error))?
        }
    }))
}

/// Our side of a connection that is made to us. A reader must show a certificate where somebody is named as trusted.
pub fn server(tls: &Tls) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let trusted = Trusted::read(tls, &provider)?;
    let (chain, key) = own(tls)?.ok_or(TlsError::NoCertificate)?;
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| inconsistent(tls, &error))?;
    let config = match trusted {
        None => config.with_no_client_auth(),
        Some(trusted) => config.with_client_cert_verifier(Arc::new(trusted)),
    };
    Ok(Arc::new(config.with_single_cert(chain, key).map_err(|error| inconsistent(tls, &error))?))
}

/// The name that a certificate must bear: a host name, or an IP address with or without brackets.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned()).map_err(|_| TlsError::Host(host.to_owned()))
}

/// What a failed connection says of TLS, and what would help; `None` when the fault is not TLS's.
pub fn explain(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(fault) => certificate_fault(fault),
        Error::InvalidMessage(_) => {
            "what answers does not speak TLS; check the port (LLRP over TLS: 5085), or leave TLS out".into()
        }
        Error::AlertReceived(alert) => format!(
            "the other side ended the TLS handshake ({alert:?}); does it want a certificate of ours, or another one?"
        ),
        Error::NoCertificatesPresented => "the other side shows no certificate".into(),
        Error::PeerIncompatible(why) => format!(
            "the other side speaks no TLS that is still safe ({why:?}; TLS 1.2 or 1.3 is needed); update its software"
        ),
        other => format!("TLS: {other}"),
    })
}

fn certificate_fault(fault: &CertificateError) -> String {
    use CertificateError as C;
    match fault {
        C::UnknownIssuer => "its certificate is not the trusted one, nor signed by it; is this the reader, and is its \
                             present certificate in the file?"
            .into(),
        C::Expired | C::ExpiredContext { .. } => {
            "its certificate has expired; renew it, or trust the reader's own certificate itself".into()
        }
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "its certificate is not valid yet; is the clock of this machine right?".into()
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "its certificate is for another host; write the address as the certificate has it, or trust the reader's own \
             certificate itself"
                .into()
        }
        C::BadSignature => "the other side does not hold the key of its certificate".into(),
        other => format!(
            "its certificate cannot be used ({other:?}); an old kind (X.509 version 1, an RSA key below 2048 bits) must \
             be replaced in the reader"
        ),
    }
}

fn inconsistent(tls: &Tls, error: &Error) -> TlsError {
    let path = tls.key_file.clone().unwrap_or_default();
    TlsError::Content { path, found: error.to_string(), wanted: PAIR }
}

fn fault(path: &Path, wanted: &'static str) -> impl Fn(pem::Error) -> TlsError {
    move |error| match error {
        pem::Error::Io(source) => TlsError::Unreadable { path: path.to_owned(), source },
        pem::Error::NoItemsFound => {
            TlsError::Content { path: path.to_owned(), found: "nothing of the kind in it".into(), wanted }
        }
        error => TlsError::Content { path: path.to_owned(), found: format!("no PEM ({error})"), wanted },
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = fault(path, CERTIFICATES);
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(&fault)?.collect::<Result<_, _>>().map_err(&fault)?;
    if found.is_empty() { Err(fault(pem::Error::NoItemsFound)) } else { Ok(found) }
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Our certificate, with those between it and its authority, and its key.
fn own(tls: &Tls) -> Result<Option<Own>, TlsError> {
    match (&tls.certificate_file, &tls.key_file) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            Ok(Some((chain, PrivateKeyDer::from_pem_file(key).map_err(fault(key, KEY))?)))
        }
        _ => Err(TlsError::Half),
    }
}

/// Whom we trust.
struct Trusted {
    /// Exactly these,
    known: Vec<CertificateDer<'static>>,
    /// or whom they have signed.
    servers: Arc<WebPkiServerVerifier>,
    clients: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trusted").field("certificates", &self.known.len()).finish_non_exhaustive()
    }
}

impl Trusted {
    fn read(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<Option<Trusted>, TlsError> {
        let Some(path) = &tls.trust_file else { return Ok(None) };
        let known = certificates(path)?;
        let unfit = |found: String| TlsError::Content { path: path.clone(), found, wanted: CERTIFICATES };
        let mut roots = RootCertStore::empty();
        for certificate in &known {
            roots.add(certificate.clone()).map_err(|error| unfit(error.to_string()))?;
        }
        let roots = Arc::new(roots);
        let servers = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone()).build();
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build();
        Ok(Some(Trusted {
            known,
            servers: servers.map_err(|error| unfit(error.to_string()))?,
            clients: clients.map_err(|error| unfit(error.to_string()))?,
            provider: provider.clone(),
        }))
    }

    fn knows(&self, certificate: &CertificateDer<'_>) -> bool {
        self.known.iter().any(|known| known.as_ref() == certificate.as_ref())
    }
}

/// A certificate that only bears the name of an authority is a stranger's, not a broken handshake.
fn stranger(error: Error) -> Error {
    match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => CertificateError::UnknownIssuer.into(),
        error => error,
    }
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.knows(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.servers
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(stranger)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Trusted {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A reader that signed its certificate itself would not find its authority here and show none.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.knows(end_entity) {
            return Ok(ClientCertVerified::assertion());
        }
        self.clients.verify_client_cert(end_entity, intermediates, now).map_err(stranger)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}
