//! HTTP/1.1 to a reader: one request on one connection, everything bounded in size and time, errors in words that say
//! what helps. Never follows a redirect, never keeps a cookie, never shows a password.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use crate::{Login, Tls, tls};

/// An answer's body at most: a reader's description of itself is the longest, some 200 KiB.
const MOST_BODY: usize = 1024 * 1024;
/// Characters shown of what a reader says of an error.
const MOST_WORDS: usize = 300;

/// A connection's bytes.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Where a reader serves HTTP, and who we are to it.
#[derive(Clone)]
pub(crate) struct Client {
    address: String,
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    authorization: Option<HeaderValue>,
}

/// What a reader answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body as JSON; `Null` where it is empty or none.
    pub(crate) body: Value,
}

impl Answer {
    /// Whether it is a yes.
    pub(crate) fn is_yes(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a yes, else why not, in words.
    pub(crate) fn yes(self, asked: &str) -> Result<Value, String> {
        if self.is_yes() { Ok(self.body) } else { Err(self.refusal(asked)) }
    }

    /// Why not, in words.
    pub(crate) fn refusal(&self, asked: &str) -> String {
        let said = said(&self.body);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        match self.status {
            401 | 403 => {
                format!("it refuses our login (HTTP {}){said}; check `user` and the password", self.status)
            }
            status => format!("it refuses {asked} (HTTP {status}){said}"),
        }
    }
}

/// What a reader says of an error, by the names that Impinj and Zebra give it.
pub(crate) fn said(body: &Value) -> String {
    let words = ["message", "description", "detail", "invalidPropertyId"];
    let words = words.iter().filter_map(|name| body.get(name)?.as_str()).filter(|words| !words.is_empty());
    let said = match body.as_str() {
        Some(text) => text.to_owned(),
        None => words.collect::<Vec<_>>().join(", "),
    };
    said.chars().take(MOST_WORDS).collect()
}

impl Client {
    /// A reader at `address` (`host`, `host:port`, `[IPv6]:port`).
    pub(crate) fn new(address: &str, tls: Option<&Tls>, login: Option<&Login>) -> Result<Client, String> {
        let (host, port) = split(address, if tls.is_some() { 443 } else { 80 }).ok_or_else(|| {
            format!("`{address}` is no address; write `host`, `host:port` or `[IPv6]:port`")
        })?;
        let tls = tls.map(tls::client).transpose().map_err(|error| error.to_string())?;
        let mut client =
            Client { address: address.to_owned(), host: host.to_owned(), port, tls, authorization: None };
        if let Some(login) = login {
            let pair = STANDARD.encode(format!("{}:{}", login.user, login.password));
            client.authorization = sensitive(&format!("Basic {pair}"));
        }
        Ok(client)
    }

    /// The same, with a token instead of a password.
    pub(crate) fn with_token(&self, token: &str) -> Client {
        Client { authorization: sensitive(&format!("Bearer {token}")), ..self.clone() }
    }

    /// Asks, within a time.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        within: Duration,
    ) -> Result<Answer, String> {
        let asking = async {
            let response = self.send(method, path, body).await?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), MOST_BODY).collect().await.map_err(|error| {
                match error.downcast_ref::<LengthLimitError>() {
                    Some(_) => format!("its answer to {path} is longer than {MOST_BODY} bytes"),
                    None => format!("its answer to {path} broke off: {error}"),
                }
            })?;
            let bytes = body.to_bytes();
            let text = || Value::String(String::from_utf8_lossy(&bytes).trim().to_owned());
            let body = if bytes.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
            };
            Ok(Answer { status, body })
        };
        let late = || Err(format!("no answer to {path} came within {within:?}"));
        timeout(within, asking).await.unwrap_or_else(|_| late())
    }

    /// Opens a body that never ends.
    pub(crate) async fn open(&self, path: &str, within: Duration) -> Result<Incoming, String> {
        let late = || Err(format!("no answer to {path} came within {within:?}"));
        let response =
            timeout(within, self.send(Method::GET, path, None)).await.unwrap_or_else(|_| late())?;
        let status = response.status().as_u16();
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(Answer { status, body: Value::Null }.refusal(path))
    }

    /// Who we are, as a header.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// The address as people write it, for a `Host` header.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// A new connection.
    pub(crate) async fn dial(&self) -> Result<Box<dyn Wire>, String> {
        let stream = dial(&self.address, &self.host, self.port).await?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(config) => {
                let name = tls::server_name(&self.host).map_err(|error| error.to_string())?;
                let sealed = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
                let sealed = sealed.map_err(|error| match tls::explain(&error) {
                    Some(words) => format!("{}: {words}", self.address),
                    None => format!("{}: no TLS connection ({error})", self.address),
                })?;
                Ok(Box::new(sealed))
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Incoming>, String> {
        let wire = self.dial().await?;
        let failed = |error: hyper::Error| format!("{}: the connection broke: {error}", self.address);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(wire)).await.map_err(failed)?;
        // It ends with the response's body, or with the sender.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "HTTP connection to a reader");
            }
        });
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(HOST, self.authority()).header(ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(bytes)).map_err(|error| format!("{path}: {error}"))?;
        sender.send_request(request).await.map_err(failed)
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A TCP connection, or why there is none and what helps.
async fn dial(address: &str, host: &str, port: u16) -> Result<TcpStream, String> {
    let found = lookup_host((host, port)).await.map_err(|error| {
        format!("no host `{host}` is known ({error}); check the name, or give the reader's IP address")
    })?;
    let mut last = None;
    for socket in found {
        match TcpStream::connect(socket).await {
            Ok(stream) => {
                // Small requests must not wait for company. Failing to ask for it is no harm.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "it has no address"));
    Err(match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!(
                "{address} refused the connection; check the port, and that the reader's interface is switched on"
            )
        }
        _ => format!("{address}: {error}; check the network between the store and the reader"),
    })
}

/// Host and port.
pub(crate) fn split(address: &str, usual: u16) -> Option<(&str, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) })
        }
        // More than one colon: an IPv6 address without brackets, so without a port.
        None => match address.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (address, None),
        },
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|port| *port > 0))?;
    let wrong = host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@?#".contains(c));
    (!wrong).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        assert_eq!(split("192.0.2.10", 443), Some(("192.0.2.10", 443)));
        assert_eq!(split("impinj-14-2b-3c.local:8443", 443), Some(("impinj-14-2b-3c.local", 8443)));
        assert_eq!(split("[2001:db8::7]:8080", 80), Some(("2001:db8::7", 8080)));
        assert_eq!(split("2001:db8::7", 80), Some(("2001:db8::7", 80)));
        for wrong in ["", ":80", "reader:", "reader:0", "https://reader", "root:impinj@reader", "[::1"] {
            assert_eq!(split(wrong, 80), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_is_in_no_text_of_ours() {
        let login = Login { user: "root".into(), password: "s3cret".into() };
        assert!(!format!("{login:?}").contains("s3cret"));
        let client = Client::new("192.0.2.10", None, Some(&login)).unwrap();
        // RFC 7617: base64 of `root:s3cret`.
        assert_eq!(client.authorization().unwrap(), "Basic cm9vdDpzM2NyZXQ=");
        assert_eq!(format!("{:?}", client.authorization().unwrap()), "Sensitive");
    }

    #[test]
    fn a_refusal_says_what_the_reader_said() {
        let body = json!({"message": "Invalid request", "invalidPropertyId": "#/antennaConfigs/0/rfMode"});
        let refusal = Answer { status: 400, body }.refusal("the preset");
        assert_eq!(refusal, "it refuses the preset (HTTP 400): Invalid request, #/antennaConfigs/0/rfMode");
        let refusal = Answer { status: 401, body: Value::Null }.refusal("the preset");
        assert!(refusal.contains("check `user` and the password"), "{refusal}");
    }
}
