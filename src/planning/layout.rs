//! A layout: which antennas hang where, on which reader, at what power, and how each reader asks. Made from the store's
//! file, changed by one step at a time, and put back as a store's file. Knows no world.

use std::fmt;

use toml::{Table, Value};

use super::returns::Bought;
use super::section::{Candidate, Section, Setting};

/// An antenna of a layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Antenna {
    /// `reader/port` for one of the file's, a candidate's name for one that is new.
    pub name: String,
    /// The lane or zone that its reads speak for.
    pub zone: String,
    /// Metres.
    pub position: [f64; 3],
    /// Boresight.
    pub facing: [f64; 3],
    /// Gain, dBi.
    pub gain_dbi: f64,
    /// Power, dBm.
    pub power_dbm: f64,
    /// Its reader's port.
    pub port: u16,
    /// It hangs where the file has none.
    pub new: bool,
    /// What it costs with its cable.
    price_minor: i64,
    /// Powers to choose among.
    powers_dbm: Vec<f64>,
    /// What else the file says of it.
    keys: Table,
}

/// A reader of a layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name.
    pub id: String,
    /// Its antennas by port.
    pub antennas: Vec<Antenna>,
    /// The file does not have it.
    pub new: bool,
    /// How it asks, where not as the file has it.
    pub setting: Option<Setting>,
    /// What else the file says of it.
    keys: Table,
}

/// All readers of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Its readers in the file's order, new ones last.
    pub readers: Vec<Reader>,
}

/// One change of a layout.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Hang an antenna where none is.
    Hang {
        /// Where.
        candidate: Candidate,
    },
    /// Take one down for good.
    TakeDown {
        /// Which.
        antenna: String,
    },
    /// Hang one elsewhere.
    Move {
        /// Which.
        antenna: String,
        /// Where to.
        candidate: Candidate,
    },
    /// Drive one with another power.
    Power {
        /// Which.
        antenna: String,
        /// The new power.
        power_dbm: f64,
    },
    /// Let a reader ask in another way.
    Ask {
        /// Which.
        reader: String,
        /// How.
        setting: Setting,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Hang { candidate } => {
                write!(f, "hang one at `{}`: {}", candidate.id, place(candidate.position, candidate.facing))
            }
            Step::TakeDown { antenna } => write!(f, "take {antenna} down"),
            Step::Move { antenna, candidate } => {
                let to = place(candidate.position, candidate.facing);
                write!(f, "hang {antenna} at `{}` instead: {to}", candidate.id)
            }
            Step::Power { antenna, power_dbm } => write!(f, "drive {antenna} with {power_dbm} dBm"),
            Step::Ask { reader, setting } => write!(f, "let {reader} ask as `{}`", setting.id),
        }
    }
}

/// Where an antenna hangs and where it looks, in words.
pub fn place([x, y, z]: [f64; 3], facing: [f64; 3]) -> String {
    format!("x {x:.2}, y {y:.2}, {z:.2} m high, {}", looks(facing))
}

fn looks([x, y, z]: [f64; 3]) -> String {
    let length = (x * x + y * y + z * z).sqrt().max(1e-9);
    let ways = [
        (-z, "straight down"),
        (z, "straight up"),
        (x, "towards higher x"),
        (-x, "towards lower x"),
        (y, "towards higher y"),
        (-y, "towards lower y"),
    ];
    match ways.into_iter().find(|(along, _)| *along > 0.97 * length) {
        Some((_, words)) => format!("looking {words}"),
        None => format!("looking along [{:.2}, {:.2}, {:.2}]", x / length, y / length, z / length),
    }
}

impl Layout {
    /// The layout of a store's file, which has been checked before.
    pub fn of(file: &Table, section: &Section) -> Layout {
        let readers = file.get("readers").and_then(Value::as_array);
        let reader = |reader: &Value| {
            let mut keys = reader.as_table().cloned().unwrap_or_default();
            let id = keys.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let antennas = keys.remove("antennas");
            let antennas = antennas.as_ref().and_then(Value::as_array).into_iter().flatten();
            let antennas =
                antennas.filter_map(Value::as_table).map(|a| Antenna::of(a, &id, section)).collect();
            Reader { id, antennas, new: false, setting: None, keys }
        };
        Layout { readers: readers.into_iter().flatten().map(reader).collect() }
    }

    /// Every antenna, with its reader.
    pub fn antennas(&self) -> impl Iterator<Item = (&Reader, &Antenna)> {
        self.readers.iter().flat_map(|reader| reader.antennas.iter().map(move |antenna| (reader, antenna)))
    }

    /// An antenna by its name.
    pub fn antenna(&self, name: &str) -> Option<&Antenna> {
        self.antennas().map(|(_, antenna)| antenna).find(|antenna| antenna.name == name)
    }

    /// The layout after a step; `None` where it changes nothing or cannot be.
    pub fn after(&self, step: &Step, section: &Section, lanes: &[String]) -> Option<Layout> {
        let mut next = self.clone();
        match step {
            Step::Hang { candidate } => next.hang(candidate, section, lanes)?,
            Step::TakeDown { antenna } => drop(next.take_down(antenna)?),
            Step::Move { antenna, candidate } => {
                let taken = next.take_down(antenna)?;
                next.hang(candidate, section, lanes)?;
                let gain = taken.gain_dbi;
                let hung = next.each_mut().find(|a| a.name == candidate.id)?;
                // It is the same antenna, wherever it hangs.
                (hung.gain_dbi, hung.price_minor) = (gain, taken.price_minor);
            }
            Step::Power { antenna, power_dbm } => {
                let antenna = next.each_mut().find(|a| a.name == *antenna)?;
                antenna.power_dbm = *power_dbm;
            }
            Step::Ask { reader, setting } => {
                next.readers.iter_mut().find(|r| r.id == *reader)?.setting = Some(setting.clone());
            }
        }
        next.readers.retain(|reader| !(reader.new && reader.antennas.is_empty()));
        (next != *self).then_some(next)
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut Antenna> {
        self.readers.iter_mut().flat_map(|reader| &mut reader.antennas)
    }

    fn take_down(&mut self, name: &str) -> Option<Antenna> {
        self.readers.iter_mut().find_map(|reader| {
            let at = reader.antennas.iter().position(|antenna| antenna.name == name)?;
            Some(reader.antennas.remove(at))
        })
    }

    /// On a reader that looks at such places already and has a port left, else on a new one.
    fn hang(&mut self, candidate: &Candidate, section: &Section, lanes: &[String]) -> Option<()> {
        if self.antenna(&candidate.id).is_some() {
            return None;
        }
        let at_lane = |zone: &String| lanes.contains(zone);
        let alike = |reader: &Reader| {
            let mut zones = reader.antennas.iter().map(|antenna| &antenna.zone);
            zones.any(|zone| at_lane(zone) == at_lane(&candidate.zone))
                && reader.antennas.len() < reader.ports(section)
        };
        let reader = match self.readers.iter().position(alike) {
            Some(at) => at,
            None => {
                self.readers.push(self.another());
                self.readers.len() - 1
            }
        };
        let reader = self.readers.get_mut(reader)?;
        let free = (1..=u16::MAX).find(|port| reader.antennas.iter().all(|a| a.port != *port))?;
        reader.antennas.push(Antenna {
            name: candidate.id.clone(),
            zone: candidate.zone.clone(),
            position: candidate.position,
            facing: candidate.facing,
            gain_dbi: candidate.gain_dbi,
            power_dbm: candidate.power_dbm,
            port: free,
            new: true,
            price_minor: candidate.price_minor.unwrap_or(section.antenna_minor),
            powers_dbm: candidate.powers_dbm.clone().unwrap_or_else(|| section.powers_dbm.clone()),
            keys: Table::new(),
        });
        Some(())
    }

    /// A reader that the store does not have yet.
    fn another(&self) -> Reader {
        let named = |id: &String| self.readers.iter().any(|reader| reader.id == *id);
        let number = (1..).find(|n| !named(&format!("planned-{n}"))).unwrap_or(1);
        let id = format!("planned-{number}");
        let mut keys = Table::new();
        keys.insert("id".into(), id.clone().into());
        keys.insert("driver".into(), "llrp".into());
        // An address that nobody has (RFC 5737), to be replaced by the reader's own.
        keys.insert("address".into(), format!("192.0.2.{}:5084", 200 + number).into());
        Reader { id, antennas: Vec::new(), new: true, setting: None, keys }
    }

    /// What has to be bought and done for this layout by a store that has `standing`; by one that has nothing yet where
    /// that is `None`.
    pub fn bill(&self, standing: Option<&Layout>, section: &Section) -> Vec<Bought> {
        let new = |antenna: &&Antenna| standing.is_none() || antenna.new;
        let mut prices: Vec<i64> =
            self.antennas().map(|(_, antenna)| antenna).filter(new).map(|a| a.price_minor).collect();
        prices.sort_unstable_by_key(|price| -price);
        let hung = prices.len() as i64;
        let readers = self.readers.iter().filter(|r| standing.is_none() || r.new);
        let readers = readers.filter(|reader| !reader.antennas.is_empty()).count() as i64;
        // What was taken down hangs elsewhere now.
        let is_spare = |antenna: &Antenna| self.antenna(&antenna.name).is_none();
        let spare = standing.map_or(0, |s| s.antennas().filter(|(_, antenna)| is_spare(antenna)).count());
        let mut bill: Vec<Bought> = Vec::new();
        for each_minor in prices.into_iter().skip(spare) {
            match bill.last_mut().filter(|bought| bought.each_minor == each_minor) {
                Some(bought) => bought.count += 1,
                None => bill.push(Bought { what: "antenna with its cable".into(), count: 1, each_minor }),
            }
        }
        bill.push(Bought { what: "antenna to hang".into(), count: hung, each_minor: section.work_minor });
        bill.push(Bought { what: "reader".into(), count: readers, each_minor: section.reader_minor });
        bill.retain(|bought| bought.count > 0);
        bill
    }

    /// What this layout takes of the budget, minor units: what a store that has `standing` must buy for it, or all of it
    /// where that hangs only on paper.
    pub fn cost_minor(&self, standing: &Layout, section: &Section) -> i64 {
        let bill = self.bill(section.bought.then_some(standing), section);
        bill.iter().map(|bought| bought.count.saturating_mul(bought.each_minor)).fold(0, i64::saturating_add)
    }

    /// The store's file with this layout in place of its own.
    pub fn file(&self, file: &Table) -> Table {
        let mut file = file.clone();
        file.insert("readers".into(), Value::Array(self.readers.iter().filter_map(Reader::entry).collect()));
        if let Some(simulation) = file.get_mut("simulation").and_then(Value::as_table_mut) {
            let mut setups = simulation.get("readers").and_then(Value::as_array).cloned().unwrap_or_default();
            let id_of = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
            let hangs = |id: &str| self.readers.iter().find(|r| r.id == id && !r.antennas.is_empty());
            setups.retain(|entry| {
                id_of(entry, "id").is_some_and(|id| hangs(&id).is_some_and(|reader| reader.setting.is_none()))
            });
            setups.extend(self.readers.iter().filter_map(Reader::simulated));
            simulation.insert("readers".into(), Value::Array(setups));
            // What is said of an antenna goes with it.
            if let Some(antennas) = simulation.get_mut("antennas").and_then(Value::as_array_mut) {
                antennas.retain(|said| {
                    let (reader, port) =
                        (id_of(said, "reader"), said.get("port").and_then(Value::as_integer));
                    let name = format!("{}/{}", reader.unwrap_or_default(), port.unwrap_or_default());
                    self.antenna(&name).is_some()
                });
            }
            // What would go wrong with a reader that is not there any more cannot.
            if let Some(faults) = simulation.get_mut("faults").and_then(Value::as_array_mut) {
                faults.retain(|f| {
                    f.get("reader").and_then(Value::as_str).is_some_and(|id| hangs(id).is_some())
                });
            }
        }
        file
    }

    /// `[[readers]]` and, where one asks in another way, `[[simulation.readers]]`: to be put in the store's file in place
    /// of its own.
    pub fn fragment(&self) -> Table {
        let mut fragment = Table::new();
        fragment
            .insert("readers".into(), Value::Array(self.readers.iter().filter_map(Reader::entry).collect()));
        let setups: Vec<Value> = self.readers.iter().filter_map(Reader::simulated).collect();
        if !setups.is_empty() {
            let simulation = Table::from_iter([("readers".to_owned(), Value::Array(setups))]);
            fragment.insert("simulation".into(), Value::Table(simulation));
        }
        fragment
    }
}

impl Antenna {
    fn of(keys: &Table, reader: &str, section: &Section) -> Antenna {
        let mut keys = keys.clone();
        let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
        let point = |value: Option<Value>| {
            let parts = value.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(number);
            <[f64; 3]>::try_from(parts.collect::<Vec<_>>()).ok()
        };
        let port = keys.remove("port").as_ref().and_then(Value::as_integer).unwrap_or(1);
        let zone = keys.remove("zone");
        Antenna {
            name: format!("{reader}/{port}"),
            zone: zone.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            position: point(keys.remove("position")).unwrap_or_default(),
            facing: point(keys.remove("facing")).unwrap_or([0.0, 0.0, -1.0]),
            gain_dbi: keys.remove("gain_dbi").as_ref().and_then(number).unwrap_or(6.0),
            power_dbm: keys.remove("power_dbm").as_ref().and_then(number).unwrap_or(28.5),
            port: u16::try_from(port).unwrap_or(1),
            new: false,
            price_minor: section.antenna_minor,
            powers_dbm: section.powers_dbm.clone(),
            keys,
        }
    }

    /// Whether it hangs in the shop, and is not on a cart.
    pub fn hangs(&self) -> bool {
        !self.keys.contains_key("moves_with")
    }

    /// Powers that differ from its own, the next lower and the next higher one.
    pub fn other_powers(&self) -> impl Iterator<Item = f64> {
        let own = self.power_dbm;
        let lower = self.powers_dbm.iter().copied().filter(|p| *p < own - 0.5).max_by(f64::total_cmp);
        let higher = self.powers_dbm.iter().copied().filter(|p| *p > own + 0.5).min_by(f64::total_cmp);
        lower.into_iter().chain(higher)
    }

    fn entry(&self, setting: Option<&Setting>) -> Value {
        let point = |p: [f64; 3]| Value::Array(p.into_iter().map(Value::from).collect());
        let mut entry = Table::new();
        entry.insert("port".into(), i64::from(self.port).into());
        entry.insert("zone".into(), self.zone.clone().into());
        entry.insert("position".into(), point(self.position));
        entry.insert("facing".into(), point(self.facing));
        entry.insert("gain_dbi".into(), self.gain_dbi.into());
        entry.insert("power_dbm".into(), self.power_dbm.into());
        entry.extend(self.keys.clone());
        if let Some(Setting { purpose, mode, .. }) = setting {
            if let Some(purpose) = purpose {
                entry.insert("purpose".into(), purpose.clone().into());
            }
            if let Some(mode) = mode {
                entry.insert("mode".into(), i64::from(*mode).into());
            }
        }
        Value::Table(entry)
    }
}

impl Reader {
    /// Its entry in the file; none for a reader without antennas.
    fn entry(&self) -> Option<Value> {
        let antennas = self.antennas.iter().map(|antenna| antenna.entry(self.setting.as_ref()));
        let antennas: Vec<Value> = antennas.collect();
        let mut entry = self.keys.clone();
        if antennas.is_empty() {
            return None;
        }
        entry.insert("antennas".into(), Value::Array(antennas));
        Some(Value::Table(entry))
    }

    /// How the simulated store lets it ask, where not as the file has it.
    fn simulated(&self) -> Option<Value> {
        let setting = self.setting.as_ref().filter(|_| !self.antennas.is_empty())?;
        let mut entry = Table::new();
        entry.insert("id".into(), self.id.clone().into());
        entry.insert("setup".into(), Value::Table(setting.setup.clone()));
        Some(Value::Table(entry))
    }

    /// How many antennas it can have: a serial module of this kind has one socket.
    fn ports(&self, section: &Section) -> usize {
        match self.keys.get("driver").and_then(Value::as_str) {
            Some("m100") => 1,
            _ => section.reader_ports,
        }
    }
}
