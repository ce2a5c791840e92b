//! Certificates as readers and brokers make them: their own, for any name.

use std::io::Write as _;

use tempfile::NamedTempFile;

/// A certificate, and its key.
pub(crate) struct Certificate {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

/// A certificate with its key, and a file that holds the certificate.
pub(crate) fn certificate(name: &str) -> (Certificate, NamedTempFile) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate =
        Certificate { certificate_pem: made.cert.pem(), key_pem: made.signing_key.serialize_pem() };
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(certificate.certificate_pem.as_bytes()).unwrap();
    (certificate, file)
}
