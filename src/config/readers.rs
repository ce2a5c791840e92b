//! What a file says of its readers, checked driver by driver and put as the drivers take it. What an antenna reads for
//! follows from what it looks at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use engine::plan::{self, ZoneKind};
use readers::{Input, Link, Login, NoSuchRegion, Purpose, Tells, Tls, Topics};
use recording::{LaneLine, Name};

use super::file;
use super::{high, listed};

/// The protocol that a reader speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// LLRP, the standard's.
    Llrp,
    /// ThingMagic (Mercury) modules on a serial line.
    ThingMagic,
    /// M100, R200 and QM100 modules on a serial line.
    M100,
    /// UHFReader18 and UHFReader288 readers on a serial line.
    UhfReader,
    /// Impinj's IoT device interface.
    ImpinjIot,
    /// Zebra's IoT Connector.
    ZebraIotc,
}

/// A driver by its name in a file, and the keys that belong to it beside those that every reader has.
struct Known {
    name: &'static str,
    driver: Driver,
    keys: &'static [&'static str],
}

const SERIAL: &[&str] = &["device", "baud", "region", "inputs"];

const KNOWN: &[Known] = &[
    Known {
        name: "llrp",
        driver: Driver::Llrp,
        keys: &[
            "address",
            "listen",
            "tls",
            "tls_trust_file",
            "tls_certificate_file",
            "tls_key_file",
            "inputs",
        ],
    },
    Known { name: "thingmagic", driver: Driver::ThingMagic, keys: SERIAL },
    Known { name: "m100", driver: Driver::M100, keys: SERIAL },
    Known { name: "uhfreader", driver: Driver::UhfReader, keys: SERIAL },
    Known {
        name: "impinj-iot",
        driver: Driver::ImpinjIot,
        keys: &[
            "address",
            "tls",
            "tls_trust_file",
            "tls_certificate_file",
            "tls_key_file",
            "user",
            "password_env",
            "password_file",
            "inputs",
        ],
    },
    Known {
        name: "zebra-iotc",
        driver: Driver::ZebraIotc,
        keys: &[
            "transport",
            "broker",
            "topic_prefix",
            "topics",
            "address",
            "tls",
            "tls_trust_file",
            "tls_certificate_file",
            "tls_key_file",
            "user",
            "password_env",
            "password_file",
            "inputs",
        ],
    },
];

impl Driver {
    /// Its name in a file.
    pub fn name(self) -> &'static str {
        KNOWN.iter().find(|known| known.driver == self).map_or("", |known| known.name)
    }
}

/// Where a reader's password is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Secret {
    /// In an environment variable.
    Env(String),
    /// In a file; the line's end is no part of it.
    File(PathBuf),
}

/// A reader of the file.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Its name.
    pub id: Name,
    /// What it speaks.
    pub driver: Driver,
    /// What its driver needs to know, but for the password.
    told: readers::Reader,
    password: Option<(String, Secret)>,
}

impl Reader {
    /// What its driver needs to know; the password is fetched now. An error says where it was looked for.
    pub fn driver(&self) -> Result<readers::Reader, String> {
        let mut told = self.told.clone();
        let Some((user, secret)) = &self.password else { return Ok(told) };
        let (user, password) =
            (user.clone(), secret.fetch().map_err(|why| format!("[[readers]] `{}`: {why}", self.id))?);
        match &mut told.link {
            Link::Http { login, .. } | Link::Mqtt { login, .. } | Link::WebSocket { login, .. } => {
                *login = Some(Login { user, password });
            }
            Link::Dial { .. } | Link::Listen { .. } | Link::Serial { .. } => {}
        }
        Ok(told)
    }

    /// Its antenna ports; none where all of them are read as they are.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.told.antennas.iter().map(|antenna| antenna.port)
    }

    /// How it is reached; never with its password.
    pub fn link(&self) -> &Link {
        &self.told.link
    }

    /// What it reads with.
    pub fn antennas(&self) -> &[readers::Antenna] {
        &self.told.antennas
    }

    /// What its input contacts tell.
    pub fn inputs(&self) -> &[Input] {
        &self.told.inputs
    }
}

impl Secret {
    fn fetch(&self) -> Result<String, String> {
        match self {
            Secret::Env(name) => std::env::var(name).map_err(|_| {
                format!("password_env: there is no environment variable {name}; set it to the password")
            }),
            Secret::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("password_file {}: {error}", path.display()))?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }
}

/// Where things of a store are, by name: what an antenna or an input may point at.
pub(super) struct Places {
    /// Lanes, with [`ZoneKind::Exit`], and zones.
    pub(super) kinds: BTreeMap<Name, ZoneKind>,
    /// Lanes alone.
    pub(super) lanes: BTreeSet<Name>,
    /// Gates that an output contact opens.
    pub(super) gates: BTreeSet<Name>,
}

impl Places {
    /// The kind of a place; `what` names it.
    pub(super) fn kind(&self, what: &str, name: &Name) -> Result<ZoneKind, String> {
        self.kinds.get(name).copied().ok_or_else(|| {
            let known = listed(self.kinds.keys());
            format!("{what} names zone `{name}`, which is no lane or zone here ({known})")
        })
    }
}

/// Checks the readers; also gives the antennas as the engine knows them.
pub(super) fn check(
    wanted: &[file::Reader],
    places: &Places,
) -> Result<(Vec<Reader>, Vec<plan::Antenna>), String> {
    let (mut readers, mut antennas) = (Vec::new(), Vec::new());
    for reader in wanted {
        let known = KNOWN.iter().find(|known| known.name == reader.driver).ok_or_else(|| {
            let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
            let (id, driver) = (&reader.id, &reader.driver);
            format!("[[readers]] `{id}`: there is no driver `{driver}`; there are {}", names.join(", "))
        })?;
        only_its_keys(reader, known)?;
        let mut told = readers::Reader::dialled(reader.id.clone(), "", Vec::new());
        let of_reader = |why: String| format!("[[readers]] `{}`: {why}", reader.id);
        told.link = link(reader, known.driver).map_err(of_reader)?;
        if let Some(region) = &reader.region {
            let region =
                region.parse().map_err(|error: NoSuchRegion| of_reader(format!("region: {error}")))?;
            told.region = Some(region);
        }
        for antenna in each_port_once(reader)? {
            let what = format!("reader `{}`, antenna {}", reader.id, antenna.port);
            let kind = places.kind(&what, &antenna.zone)?;
            told.antennas.push(readers::Antenna {
                port: antenna.port,
                power_dbm: antenna.power_dbm,
                purpose: purpose(antenna.purpose.as_deref(), kind, &what)?,
                mode: antenna.mode,
            });
            // Where a cart's antenna is, the plan cannot say.
            let hangs = antenna.moves_with.is_none();
            antennas.push(plan::Antenna {
                reader: reader.id.clone(),
                port: antenna.port,
                zone: antenna.zone.clone(),
                position: antenna.position.filter(|_| hangs),
                facing: antenna.facing.filter(|_| hangs),
                moves: !hangs,
            });
        }
        told.inputs = inputs(reader, places)?;
        let password = login(reader).map_err(of_reader)?;
        readers.push(Reader { id: reader.id.clone(), driver: known.driver, told, password });
    }
    no_line_twice(&readers)?;
    no_input_twice(&readers)?;
    Ok((readers, antennas))
}

/// Two readers on one serial line, or with one MQTT topic for their tags, would be taken for one another.
fn no_line_twice(readers: &[Reader]) -> Result<(), String> {
    let mut seen: BTreeMap<String, &Name> = BTreeMap::new();
    for reader in readers {
        let place = match reader.link() {
            Link::Serial { device, .. } => format!("device {}", device.display()),
            Link::Mqtt { broker, topics, .. } => format!("topic {} at broker {broker}", topics.data),
            Link::Listen { address, .. } => format!("listen {address}"),
            Link::Dial { .. } | Link::Http { .. } | Link::WebSocket { .. } => continue,
        };
        if let Some(other) = seen.get(&place) {
            return Err(format!(
                "[[readers]] `{}`: {place} is reader `{other}`'s: each has its own",
                reader.id
            ));
        }
        seen.insert(place, &reader.id);
    }
    Ok(())
}

fn no_input_twice(readers: &[Reader]) -> Result<(), String> {
    let mut seen = Vec::new();
    for input in readers.iter().flat_map(Reader::inputs) {
        if seen.contains(&&input.tells) {
            return Err(match &input.tells {
                Tells::Beam { lane, .. } => {
                    format!(
                        "two inputs are the beam of the same line of lane `{lane}`: one contact tells of each line"
                    )
                }
                Tells::Gate { gate } => {
                    format!("two inputs are the contact of gate `{gate}`: one contact tells of each gate")
                }
            });
        }
        seen.push(&input.tells);
    }
    Ok(())
}

/// Refuses keys of other drivers.
fn only_its_keys(reader: &file::Reader, known: &Known) -> Result<(), String> {
    let there = [
        ("address", reader.address.is_some()),
        ("listen", reader.listen.is_some()),
        ("device", reader.device.is_some()),
        ("baud", reader.baud.is_some()),
        ("tls", reader.tls.is_some()),
        ("tls_trust_file", reader.tls_trust_file.is_some()),
        ("tls_certificate_file", reader.tls_certificate_file.is_some()),
        ("tls_key_file", reader.tls_key_file.is_some()),
        ("user", reader.user.is_some()),
        ("password_env", reader.password_env.is_some()),
        ("password_file", reader.password_file.is_some()),
        ("region", reader.region.is_some()),
        ("transport", reader.transport.is_some()),
        ("broker", reader.broker.is_some()),
        ("topic_prefix", reader.topic_prefix.is_some()),
        ("topics", reader.topics.is_some()),
        ("inputs", !reader.inputs.is_empty()),
    ];
    match there.iter().find(|(key, there)| *there && !known.keys.contains(key)) {
        None => Ok(()),
        Some((key, _)) => {
            let of: Vec<&str> = KNOWN.iter().filter(|k| k.keys.contains(key)).map(|k| k.name).collect();
            Err(format!(
                "[[readers]] `{}`: `{key}` is nothing to driver \"{}\" (it belongs to {}); \"{}\" takes {}",
                reader.id,
                known.name,
                of.join(", "),
                known.name,
                known.keys.join(", ")
            ))
        }
    }
}

/// How the reader is reached.
fn link(reader: &file::Reader, driver: Driver) -> Result<Link, String> {
    match driver {
        Driver::Llrp => llrp(reader),
        Driver::ThingMagic | Driver::M100 | Driver::UhfReader => match (&reader.device, reader.baud) {
            (None, _) => Err("device is missing, such as \"/dev/ttyUSB0\"".into()),
            (_, Some(baud)) if !(1_200..=4_000_000).contains(&baud) => {
                Err(format!("baud {baud}: bits per second, such as 115200"))
            }
            (Some(device), baud) => Ok(Link::Serial { device: device.clone(), baud }),
        },
        Driver::ImpinjIot => {
            let address = address(reader, "192.0.2.10")?;
            Ok(Link::Http { address, tls: tls(reader, false)?, login: None })
        }
        Driver::ZebraIotc => zebra(reader),
    }
}

fn llrp(reader: &file::Reader) -> Result<Link, String> {
    match (&reader.address, &reader.listen) {
        (Some(_), Some(_)) => {
            Err("address and listen: either we connect to the reader (address) or it to us (listen)".into())
        }
        (Some(_), None) => {
            let address = address(reader, "192.0.2.10:5084")?;
            Ok(Link::Dial { address, tls: tls(reader, false)? })
        }
        (None, Some(listen)) if listen.parse::<std::net::SocketAddr>().is_err() => {
            Err(format!("listen `{listen}`: address and port such as 0.0.0.0:5084"))
        }
        (None, Some(listen)) => Ok(Link::Listen { address: listen.clone(), tls: tls(reader, true)? }),
        (None, None) => Err("address is missing, such as \"192.0.2.10:5084\" (or listen, where the reader \
                             connects to us, such as \"0.0.0.0:5084\")"
            .into()),
    }
}

fn address(reader: &file::Reader, such_as: &str) -> Result<String, String> {
    match reader.address.as_deref().map(str::trim) {
        None => Err(format!("address is missing, such as \"{such_as}\"")),
        Some("") => Err(format!("address is empty: give one such as \"{such_as}\"")),
        Some(address) => Ok(address.to_owned()),
    }
}

/// Over a broker, or straight from the reader.
fn zebra(reader: &file::Reader) -> Result<Link, String> {
    let over_mqtt = match reader.transport.as_deref() {
        Some("mqtt") => true,
        Some("websocket") => false,
        Some(other) => return Err(format!("transport `{other}` is not known; \"mqtt\" or \"websocket\"")),
        None => reader.broker.is_some() || reader.address.is_none(),
    };
    if !over_mqtt {
        if reader.broker.is_some() || reader.topic_prefix.is_some() || reader.topics.is_some() {
            return Err("broker, topic_prefix and topics belong to transport \"mqtt\"".into());
        }
        let address = address(reader, "192.0.2.10")?;
        return Ok(Link::WebSocket { address, tls: tls(reader, false)?, login: None });
    }
    if reader.address.is_some() {
        return Err(
            "address belongs to transport \"websocket\"; with \"mqtt\" the reader and we meet at `broker`"
                .into(),
        );
    }
    let broker = match reader.broker.as_deref().map(str::trim) {
        None | Some("") => {
            return Err(
                "broker is missing, such as \"192.0.2.5:1883\" (or address, with transport \"websocket\")"
                    .into(),
            );
        }
        Some(broker) => broker.to_owned(),
    };
    let mut topics = Topics::under(reader.topic_prefix.as_deref().unwrap_or(&reader.id));
    let said = reader.topics.clone().unwrap_or_default();
    for (topic, said, key) in [
        (&mut topics.management_commands, said.management_commands, "management_commands"),
        (&mut topics.management_responses, said.management_responses, "management_responses"),
        (&mut topics.control_commands, said.control_commands, "control_commands"),
        (&mut topics.control_responses, said.control_responses, "control_responses"),
        (&mut topics.management_events, said.management_events, "management_events"),
        (&mut topics.data, said.data, "data"),
    ] {
        *topic = said.unwrap_or_else(|| std::mem::take(topic));
        // MQTT 5, 4.7: wildcards stand in filters only.
        if topic.is_empty() || topic.contains(['#', '+', '\0']) {
            return Err(format!("topics: {key} `{topic}`: the whole name of one topic, without # and +"));
        }
    }
    Ok(Link::Mqtt { broker, tls: tls(reader, false)?, login: None, topics })
}

/// Who we are to the reader, and where the password is.
fn login(reader: &file::Reader) -> Result<Option<(String, Secret)>, String> {
    let secret = match (&reader.password_env, &reader.password_file) {
        (Some(_), Some(_)) => return Err("password_env and password_file: one of them".into()),
        (Some(name), None) => Some(Secret::Env(name.clone())),
        (None, Some(path)) => Some(Secret::File(path.clone())),
        (None, None) => None,
    };
    match (reader.user.clone(), secret) {
        (Some(user), Some(secret)) => Ok(Some((user, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err("user needs password_env (the name of an environment variable) or password_file".into())
        }
        (None, Some(_)) => Err("a password needs its user".into()),
    }
}

/// What stands behind TLS, where it is wanted. `we_serve`: the reader connects to us, so the certificate is ours.
fn tls(reader: &file::Reader, we_serve: bool) -> Result<Option<Tls>, String> {
    let files = [
        ("tls_trust_file", &reader.tls_trust_file),
        ("tls_certificate_file", &reader.tls_certificate_file),
        ("tls_key_file", &reader.tls_key_file),
    ];
    if reader.tls != Some(true) {
        return match files.iter().find(|(_, file)| file.is_some()) {
            Some((key, _)) => {
                Err(format!("{key} stands without `tls = true`: say that, or leave the file out"))
            }
            None => Ok(None),
        };
    }
    match (&reader.tls_certificate_file, &reader.tls_key_file) {
        (Some(_), None) => return Err("tls_certificate_file needs its tls_key_file".into()),
        (None, Some(_)) => return Err("tls_key_file needs its tls_certificate_file".into()),
        (None, None) if we_serve => {
            return Err(
                "`tls = true` with listen needs tls_certificate_file and tls_key_file: what we show the \
                 reader that connects"
                    .into(),
            );
        }
        _ => {}
    }
    if !we_serve && reader.tls_trust_file.is_none() {
        return Err(
            "`tls = true` needs tls_trust_file: the reader's certificate, or that of the authority that \
             signed it, as PEM"
                .into(),
        );
    }
    Ok(Some(Tls {
        trust_file: reader.tls_trust_file.clone(),
        certificate_file: reader.tls_certificate_file.clone(),
        key_file: reader.tls_key_file.clone(),
    }))
}

/// The antennas, where each port stands once and powers are a reader's.
fn each_port_once(reader: &file::Reader) -> Result<&[file::Antenna], String> {
    let id = &reader.id;
    let mut ports = BTreeSet::new();
    for antenna in &reader.antennas {
        let port = antenna.port;
        if port == 0 || !ports.insert(port) {
            return Err(format!("reader `{id}`: antenna port {port}: ports count from 1, each stands once"));
        }
        if antenna.power_dbm.is_some_and(|power| !(0.0..=33.0).contains(&power)) {
            return Err(format!(
                "reader `{id}`, antenna {port}: power_dbm lies in 0 to 33 (readers' own range)"
            ));
        }
    }
    Ok(&reader.antennas)
}

/// What an antenna reads for: what the file says, else what it looks at. A lane and an exit zone let nothing wait; what
/// hangs on a floor, in a fitting room or on display has to be missed within seconds of being taken, so that the
/// engine knows what came along; a stockroom is counted.
fn purpose(said: Option<&str>, looks_at: ZoneKind, what: &str) -> Result<Purpose, String> {
    match said {
        Some("exit") => Ok(Purpose::Exit),
        Some("shelf") => Ok(Purpose::Shelf),
        Some("stock") => Ok(Purpose::Stock),
        Some(other) => Err(format!("{what}: purpose `{other}` is not known; exit, shelf, stock")),
        None => Ok(match looks_at {
            ZoneKind::Exit => Purpose::Exit,
            ZoneKind::Floor | ZoneKind::Fitting | ZoneKind::Display => Purpose::Shelf,
            ZoneKind::Stockroom => Purpose::Stock,
        }),
    }
}

/// What a reader's input contacts tell.
fn inputs(reader: &file::Reader, places: &Places) -> Result<Vec<Input>, String> {
    let mut ports = BTreeSet::new();
    reader
        .inputs
        .iter()
        .map(|input| {
            let what = format!("reader `{}`, input {}", reader.id, input.port);
            if input.port == 0 || !ports.insert(input.port) {
                return Err(format!("{what}: ports count from 1, each stands once"));
            }
            let level = |key, said: &Option<String>| high(said.as_deref(), true, &format!("{what}: {key}"));
            let (active_high, tells) = match (&input.beam, &input.gate) {
                (Some(lane), None) => {
                    if input.open.is_some() {
                        return Err(format!("{what}: `open` belongs to a gate's contact; a beam's says `blocked`"));
                    }
                    if !places.lanes.contains(lane) {
                        let known = listed(&places.lanes);
                        return Err(format!("{what}: beam names lane `{lane}`; [[lanes]] has: {known}"));
                    }
                    let line = match input.line.as_deref() {
                        Some("entry") => LaneLine::Entry,
                        Some("exit") => LaneLine::Exit,
                        Some(other) => {
                            return Err(format!("{what}: line `{other}` is not known; \"entry\" or \"exit\""));
                        }
                        None => {
                            return Err(format!(
                                "{what}: line is missing: \"entry\" (the store side) or \"exit\" (the street side)"
                            ));
                        }
                    };
                    (level("blocked", &input.blocked)?, Tells::Beam { lane: lane.clone(), line })
                }
                (None, Some(gate)) => {
                    if input.line.is_some() || input.blocked.is_some() {
                        return Err(format!("{what}: `line` and `blocked` belong to a beam; a gate's contact says `open`"));
                    }
                    if !places.gates.contains(gate) {
                        let known = listed(&places.gates);
                        return Err(format!(
                            "{what}: gate names `{gate}`; gates that a reader's output opens are: {known}"
                        ));
                    }
                    (level("open", &input.open)?, Tells::Gate { gate: gate.clone() })
                }
                _ => {
                    return Err(format!(
                        "{what}: it tells of one thing: beam = \"a lane\" with line, or gate = \"a gate\""
                    ));
                }
            };
            Ok(Input { port: input.port, active_high, tells })
        })
        .collect()
}
