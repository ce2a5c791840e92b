//! Opening a serial device, and saying in words why it cannot be. Never speaks to what hangs on it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_serial::{ErrorKind, SerialPortBuilderExt, SerialStream};

use crate::{Link, Reader};

/// How long a device may take to accept a few bytes before the line counts as dead.
const WRITE: Duration = Duration::from_secs(2);

/// Why a serial device cannot be used, and what would help.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The configuration names a network address.
    #[error("this kind of reader hangs on a serial line: `device` is needed, such as \"/dev/ttyUSB0\"")]
    NotSerial,
    /// There is no such file.
    #[error("there is no device {device}{}; is the reader plugged in?", there(.others))]
    NoSuchDevice {
        /// What was asked for.
        device: String,
        /// The serial devices that there are.
        others: Vec<String>,
    },
    /// We may not open it.
    #[error(
        "no permission to open {0}; the user that runs portico must be in the group that owns it, often `dialout`: \
         `usermod -aG dialout USER`, then log in anew"
    )]
    NoPermission(String),
    /// Somebody else has it open.
    #[error(
        "{0} is in use by another program; stop it (a store that runs already, a vendor's test program, a modem service)"
    )]
    Busy(String),
    /// It does not know the rate.
    #[error("{device} does not take {baud} baud: {reason}")]
    Rate {
        /// The device.
        device: String,
        /// Bits per second.
        baud: u32,
        /// The system's words.
        reason: String,
    },
    /// It is no serial line, or broken.
    #[error("{device} cannot be opened as a serial line: {reason}")]
    Unusable {
        /// The device.
        device: String,
        /// The system's words.
        reason: String,
    },
}

fn there(others: &[String]) -> String {
    match others {
        [] => " (no serial device at all)".to_owned(),
        others => format!(" (there are {})", others.join(", ")),
    }
}

/// The device of a reader and the rate that its configuration names, if any.
pub(super) fn device(reader: &Reader) -> Result<(&Path, Option<u32>), LineError> {
    match &reader.link {
        Link::Serial { device, baud } => Ok((device, *baud)),
        _ => Err(LineError::NotSerial),
    }
}

/// Opens a device for ourselves alone: 8 data bits, no parity, 1 stop bit, no flow control.
pub(super) fn open(device: &Path, baud: u32) -> Result<SerialStream, LineError> {
    let name = device.display().to_string();
    let path = device.to_str().ok_or_else(|| LineError::Unusable {
        device: name.clone(),
        reason: "its name is not UTF-8".to_owned(),
    })?;
    tokio_serial::new(path, baud).open_native_async().map_err(|error| match error.kind {
        ErrorKind::Io(io::ErrorKind::NotFound) => LineError::NoSuchDevice { device: name, others: others() },
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => LineError::NoPermission(name),
        // The library's kind for a lock that somebody else holds.
        ErrorKind::NoDevice => LineError::Busy(name),
        ErrorKind::InvalidInput => LineError::Rate { device: name, baud, reason: error.description },
        _ => LineError::Unusable { device: name, reason: error.description },
    })
}

fn others() -> Vec<String> {
    let ports = tokio_serial::available_ports().unwrap_or_default();
    ports.into_iter().take(8).map(|port| PathBuf::from(port.port_name).display().to_string()).collect()
}

/// Sends all of it; words when the line does not take it.
pub(super) async fn write(line: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), String> {
    match timeout(WRITE, line.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(gone(&error)),
        Err(_) => Err("the device takes no more bytes".to_owned()),
    }
}

/// What a failed read or write of an open device means.
pub(super) fn gone(error: &io::Error) -> String {
    format!("the device vanished ({error}); was it unplugged?")
}
