//! From an address in the configuration to a TCP connection, with errors that say what failed and what helps; and what
//! goes out over it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ::llrp::Session;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use crate::Link;

/// LLRP's registered port (IANA: llrp 5084/tcp).
const PORT: u16 = 5084;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is none.
    #[error("`{0}` is no address; write `host`, `host:5084` or `[IPv6]:5084`")]
    Address(String),
    /// The name cannot be found.
    #[error("no host `{host}` is known ({source}); check the name, or give the reader's IP address")]
    NoSuchHost {
        /// The name.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// The host answers, but not on this port.
    #[error(
        "{0} refused the connection; check the port (LLRP: 5084), and that LLRP is switched on in the reader"
    )]
    Refused(String),
    /// Nothing answers.
    #[error("{address} does not answer within {within:?}; check power, cable, address and firewall")]
    NoAnswer {
        /// The address.
        address: String,
        /// How long it had.
        within: Duration,
    },
    /// LLRP does not run over such a link.
    #[error("LLRP does not run over a serial line ({0}); give the reader's `address`")]
    Serial(String),
    /// Something else.
    #[error("{address}: {source}; check the network between the store and the reader")]
    Unreachable {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What LLRP runs over, whatever it is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Opens a link, within a time.
pub(super) async fn open(link: &Link, within: Duration) -> Result<Box<dyn Stream>, ConnectError> {
    match link {
        Link::Dial { address, .. } => Ok(Box::new(connect(address, within).await?)),
        Link::Listen { address, .. } => Err(ConnectError::Address(address.clone())),
        Link::Serial { device, .. } => Err(ConnectError::Serial(device.display().to_string())),
        Link::Http { address, .. } | Link::WebSocket { address, .. } | Link::Mqtt { broker: address, .. } => {
            Err(ConnectError::Address(address.clone()))
        }
    }
}

/// Connects, name look-up included, within a time.
async fn connect(address: &str, within: Duration) -> Result<TcpStream, ConnectError> {
    let (host, port) = split(address).ok_or_else(|| ConnectError::Address(address.to_owned()))?;
    let connecting = async {
        let found = lookup_host((host, port)).await;
        let found = found.map_err(|source| ConnectError::NoSuchHost { host: host.to_owned(), source })?;
        let mut last = None;
        for socket in found {
            match TcpStream::connect(socket).await {
                Ok(stream) => {
                    // Acknowledgements of keep-alives must not wait for company. Failing to ask for it is no harm.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(source) => last = Some(source),
            }
        }
        let source = last.unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "it has no address"));
        let address = address.to_owned();
        Err(match source.kind() {
            ErrorKind::ConnectionRefused => ConnectError::Refused(address),
            _ => ConnectError::Unreachable { address, source },
        })
    };
    let no_answer = ConnectError::NoAnswer { address: address.to_owned(), within };
    timeout(within, connecting).await.unwrap_or(Err(no_answer))
}

/// Sends all that the session has for the reader.
pub(super) async fn write(
    session: &mut Session,
    stream: &mut (impl AsyncWrite + Unpin),
    patience: Instant,
) -> Result<(), String> {
    while let Some(bytes) = session.poll_output() {
        match timeout_at(patience, stream.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(format!("the connection broke: {error}")),
            Err(_) => return Err("it takes no more bytes; the line or the reader hangs".into()),
        }
    }
    Ok(())
}

/// Host and port.
fn split(address: &str) -> Option<(&str, u16)> {
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
    let port = port.map_or(Some(PORT), |port| port.parse().ok().filter(|port| *port > 0))?;
    let wrong = host.is_empty() || host.contains(char::is_whitespace) || host.contains('/');
    (!wrong).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        assert_eq!(split("192.0.2.10:5085"), Some(("192.0.2.10", 5085)));
        assert_eq!(split("speedwayr-11-22-33.local"), Some(("speedwayr-11-22-33.local", 5084)));
        assert_eq!(split("[2001:db8::7]:5084"), Some(("2001:db8::7", 5084)));
        assert_eq!(split("[2001:db8::7]"), Some(("2001:db8::7", 5084)));
        assert_eq!(split("2001:db8::7"), Some(("2001:db8::7", 5084)));
        for wrong in [
            "",
            ":5084",
            "reader:",
            "reader:0",
            "reader:70000",
            "reader:llrp",
            "http://reader",
            "[::1",
            "a b",
        ] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
