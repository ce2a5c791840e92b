//! A small store to tell scenes in: who walks where with what, and what the readers and cameras would say of it. Power
//! falls with distance, bodies and noise blur it; nothing in here knows how the engine decides.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::plan::{Antenna, Flow, Lane, Policy, Terminal, Zone, ZoneKind};
use engine::{PassageEvent, Perception, Plan, Proposal, Shop, Stamp};
use recording::{
    Beam, Candidate, Catalogue, CatalogueChange, Direction, Hex, Item, ItemAction, KnownPiece, LaneLine,
    Line, Name, Observation, Outcome, Person, PersonEnd, PieceState, Product, Read, Tick, Time,
};

/// GTINs of the little shop: a tee in two sizes, a coat, and a mug without tags.
pub(crate) const TEE_S: &str = "09520000000011";
pub(crate) const TEE_M: &str = "09520000000028";
pub(crate) const COAT: &str = "09520000000035";
pub(crate) const MUG: &str = "09520000000042";
/// Known, but without a price.
pub(crate) const SCARF: &str = "09520000000059";

pub(crate) fn time(seconds: f64) -> Time {
    Time::from_micros(1_790_000_000_000_000 + (seconds * 1e6).round() as i64)
}

/// SGTIN-96 bits (TDS 14.6.1): header 30, filter, partition 5 (company prefix of 7 digits), serial.
pub(crate) fn sgtin_with_filter(gtin: &str, serial: u64, filter: u128) -> Hex {
    let prefix: u128 = gtin[1..8].parse().unwrap();
    let item: u128 = format!("{}{}", &gtin[0..1], &gtin[8..13]).parse().unwrap();
    let bits =
        (0x30_u128 << 88) | (filter << 85) | (5 << 82) | (prefix << 58) | (item << 38) | u128::from(serial);
    Hex::from_bytes(&bits.to_be_bytes()[4..]).unwrap()
}

pub(crate) fn sgtin(gtin: &str, serial: u64) -> Hex {
    sgtin_with_filter(gtin, serial, 1)
}

/// One lane of 1.2 m × 2 m with an antenna at each end overhead, the terminal in the middle of it.
pub(crate) fn lane(id: &str, x: f64) -> Lane {
    Lane {
        id: id.into(),
        flow: Flow::ShowThenTap,
        area: vec![[x, 0.0], [x + 1.2, 0.0], [x + 1.2, 2.0], [x, 2.0]],
        entry_line: [[x, 0.0], [x + 1.2, 0.0]],
        exit_line: [[x, 2.0], [x + 1.2, 2.0]],
        terminal: Some(format!("term-{id}").into()),
        gate: None,
        group: "exits".into(),
        by: None,
    }
}

pub(crate) fn plan(lanes: usize) -> Plan {
    let mut plan = Plan {
        store: "0952005.05001.0".into(),
        currency: "USD".into(),
        lanes: Vec::new(),
        zones: vec![Zone {
            id: "floor".into(),
            kind: ZoneKind::Floor,
            area: vec![[-10.0, -20.0], [10.0, -20.0], [10.0, -3.0], [-10.0, -3.0]],
        }],
        antennas: Vec::new(),
        terminals: Vec::new(),
        fixtures: Vec::new(),
        policy: Policy::default(),
    };
    for number in 0..lanes {
        let (id, x) = (format!("exit-{}", number + 1), 1.6 * number as f64);
        plan.lanes.push(lane(&id, x));
        for (port, y) in [(1, 0.4), (2, 1.6)] {
            plan.antennas.push(Antenna {
                reader: format!("reader-{id}").into(),
                port,
                zone: id.as_str().into(),
                position: Some([x + 0.6, y, 2.3]),
                facing: Some([0.0, 0.0, -1.0]),
                moves: false,
            });
        }
        plan.terminals.push(Terminal { id: format!("term-{id}").into(), position: Some([x + 0.6, 1.0]) });
    }
    plan.antennas.push(Antenna {
        reader: "reader-floor".into(),
        port: 1,
        zone: "floor".into(),
        position: Some([0.6, -8.0, 2.3]),
        facing: Some([0.0, 0.0, -1.0]),
        moves: false,
    });
    plan
}

/// Where somebody is: straight lines between (second, x, y).
#[derive(Clone)]
pub(crate) struct Path(pub(crate) Vec<(f64, f64, f64)>);

impl Path {
    pub(crate) fn at(&self, second: f64) -> Option<(f64, f64)> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        if second < first.0 || second > last.0 {
            return None;
        }
        for pair in self.0.windows(2) {
            let ((t0, x0, y0), (t1, x1, y1)) = (pair[0], pair[1]);
            if (t0..=t1).contains(&second) {
                let share = if t1 > t0 { (second - t0) / (t1 - t0) } else { 0.0 };
                return Some((x0 + share * (x1 - x0), y0 + share * (y1 - y0)));
            }
        }
        None
    }

    /// The same walk, later and elsewhere.
    pub(crate) fn shifted(&self, seconds: f64, dx: f64, dy: f64) -> Path {
        Path(self.0.iter().map(|(t, x, y)| (t + seconds, x + dx, y + dy)).collect())
    }
}

/// From the floor through the lane at `x`, standing two seconds at the terminal; in the lane from about `at`.
pub(crate) fn walk_out(x: f64, at: f64) -> Path {
    Path(vec![
        (at - 6.0, x, -7.2),
        (at, x, 0.0),
        (at + 0.9, x, 1.0),
        (at + 4.0, x, 1.0),
        (at + 5.0, x, 2.2),
        (at + 7.0, x, 4.6),
    ])
}

/// A scene in the making: lines with the second they arrive.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    pub(crate) shop: Shop,
    pub(crate) lines: Vec<(f64, Line)>,
    noise: u64,
    /// Reads per antenna and second of a tag near by.
    pub(crate) rate: f64,
}

impl Scene {
    pub(crate) fn new(lanes: usize) -> Scene {
        let mut scene =
            Scene { plan: plan(lanes), shop: Shop::default(), lines: Vec::new(), noise: 42, rate: 10.0 };
        for (gtin, name, price, tagged) in [
            (TEE_S, "Tee, black, S", Some(2990), true),
            (TEE_M, "Tee, black, M", Some(2990), true),
            (COAT, "Coat", Some(19_900), true),
            (MUG, "Mug", Some(1290), false),
            (SCARF, "Scarf", None, true),
        ] {
            scene.fold(Catalogue {
                product: Some(Product {
                    gtin: gtin.into(),
                    sku: None,
                    name: Some(name.into()),
                    unit_minor: price,
                    tax_category: None,
                    weight_g: None,
                    tagged,
                    image: None,
                }),
                item: None,
            });
        }
        scene
    }

    fn fold(&mut self, change: Catalogue) {
        self.shop.fold(&Outcome::Catalogue(CatalogueChange { at: time(0.0), change }));
    }

    /// The shop knows this piece; the bits of its tag.
    pub(crate) fn piece_in(&mut self, gtin: &str, serial: u64, state: PieceState) -> Hex {
        let epc = sgtin(gtin, serial);
        self.fold(Catalogue {
            product: None,
            item: Some(KnownPiece {
                gtin: gtin.into(),
                serial: serial.to_string().into(),
                epc: Some(epc.clone()),
                zone: Some("floor".into()),
                state,
            }),
        });
        epc
    }

    pub(crate) fn piece(&mut self, gtin: &str, serial: u64) -> Hex {
        self.piece_in(gtin, serial, PieceState::InStock)
    }

    fn random(&mut self) -> f64 {
        // SplitMix64: the same scene every time.
        self.noise = self.noise.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.noise;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, from twelve uniform numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random()).sum::<f64>() - 6.0
    }

    pub(crate) fn add(&mut self, second: f64, what: impl Into<Observation>) {
        self.lines.push((second, Line::new(time(second), what.into())));
    }

    /// A camera follows somebody, ten times a second.
    pub(crate) fn person(&mut self, source: &str, track: &str, path: &Path) {
        let (from, to) = (path.0[0].0, path.0[path.0.len() - 1].0);
        let mut second = from;
        while second <= to {
            if let Some((x, y)) = path.at(second) {
                let (dx, dy) = (0.05 * self.normal(), 0.05 * self.normal());
                self.add(
                    second,
                    Person {
                        source: source.into(),
                        track: track.into(),
                        x: x + dx,
                        y: y + dy,
                        sd: Some(0.08),
                        confidence: Some(0.9),
                    },
                );
            }
            second += 0.1;
        }
        self.add(to + 0.05, PersonEnd { source: source.into(), track: track.into() });
    }

    /// One read as the contract has it.
    pub(crate) fn read(&mut self, second: f64, antenna: usize, epc: &Hex, rssi: f64) -> Read {
        let antenna = &self.plan.antennas[antenna];
        let read = Read {
            reader: antenna.reader.clone(),
            antenna: antenna.port,
            epc: epc.clone(),
            pc: Some(0x3000),
            rssi: Some((rssi * 2.0).round() as f32 / 2.0),
            phase: None,
            channel: None,
            frequency_khz: None,
            doppler_hz: None,
            count: 1,
            tid: None,
        };
        self.add(second, read.clone());
        read
    }

    /// A tag is where the path says, at 1 m height, behind `loss_db` of body, bag or foil: every antenna may read it.
    pub(crate) fn tag(&mut self, epc: &Hex, path: &Path, loss_db: f64) {
        self.tag_as(path, loss_db, |scene, second, antenna, rssi| {
            scene.read(second, antenna, epc, rssi);
        });
    }

    pub(crate) fn tag_as(
        &mut self,
        path: &Path,
        loss_db: f64,
        mut heard: impl FnMut(&mut Scene, f64, usize, f64),
    ) {
        let (from, to) = (path.0[0].0, path.0[path.0.len() - 1].0);
        let own = 2.0 * self.normal();
        for antenna in 0..self.plan.antennas.len() {
            let at = self.plan.antennas[antenna].position.unwrap();
            let mut second = from + self.random() / self.rate;
            while second <= to {
                if let Some((x, y)) = path.at(second) {
                    let metres = ((x - at[0]).powi(2) + (y - at[1]).powi(2) + (at[2] - 1.0).powi(2)).sqrt();
                    let rssi = -46.0 - 25.0 * metres.log10() - loss_db + own + 2.5 * self.normal();
                    // P(read) by level as measured on an R420.
                    if self.random() < 1.0 / (1.0 + (-(rssi + 68.6) / 2.2).exp()) {
                        heard(self, second, antenna, rssi);
                    }
                }
                second += (0.6 + 0.8 * self.random()) / self.rate;
            }
        }
    }

    pub(crate) fn sight(&mut self, second: f64, track: &str, action: ItemAction, candidates: &[(&str, f64)]) {
        self.add(
            second,
            Item {
                source: "cam".into(),
                track: Some(track.into()),
                action,
                zone: Some("floor".into()),
                candidates: candidates
                    .iter()
                    .map(|(gtin, p)| Candidate { gtin: Name::from(*gtin), p: *p })
                    .collect(),
                quantity: 1,
                confidence: Some(0.95),
            },
        );
    }

    pub(crate) fn beam(&mut self, second: f64, lane: &str, line: LaneLine, blocked: bool) {
        self.add(second, Beam { lane: lane.into(), line, blocked });
    }

    /// Tells the scene, with a tick every 100 ms, until `until`.
    pub(crate) fn tell(mut self, until: f64) -> Told {
        let mut second = 0.0;
        while second <= until {
            self.add(second, Tick {});
            second += 0.1;
        }
        self.lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut told = Told {
            perception: Perception::new(Arc::new(self.plan.clone())),
            shop: self.shop,
            lines: self.lines.into_iter().map(|(_, line)| line).collect(),
            next: 0,
            now: Time::default(),
            events: Vec::new(),
        };
        told.lines.retain(|line| line.known_at() <= time(until));
        told
    }
}

/// A scene being told.
pub(crate) struct Told {
    pub(crate) perception: Perception,
    pub(crate) shop: Shop,
    pub(crate) lines: Vec<Line>,
    pub(crate) next: usize,
    pub(crate) now: Time,
    pub(crate) events: Vec<PassageEvent>,
}

impl Told {
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { seq: self.next as u64, now: self.now }
    }

    /// Tells all that arrives up to a second.
    pub(crate) fn until(&mut self, second: f64) -> &mut Self {
        while let Some(line) = self.lines.get(self.next).filter(|line| line.known_at() <= time(second)) {
            self.next += 1;
            self.now = self.now.max(line.known_at());
            let stamp = Stamp { seq: self.next as u64, now: self.now };
            self.perception.observe(stamp, line, &self.shop, &mut self.events);
        }
        self
    }

    pub(crate) fn proposal(&mut self, passage: &str) -> Proposal {
        self.perception.proposal(passage, self.stamp(), &self.shop).expect("the passage is known")
    }

    /// What a tap at this lane's terminal would freeze now.
    pub(crate) fn tap(&mut self, lane: &str) -> Proposal {
        let passage = self.perception.at_terminal(lane).expect("somebody is at the terminal");
        self.proposal(&passage)
    }

    pub(crate) fn began(&self) -> Vec<Name> {
        let began = |event: &PassageEvent| match event {
            PassageEvent::Began { passage, .. } => Some(passage.clone()),
            _ => None,
        };
        self.events.iter().filter_map(began).collect()
    }

    /// Of every passage that ended: its lane, direction and how long the whole took, seconds.
    pub(crate) fn ended(&self) -> Vec<(Name, Option<Direction>, f64)> {
        let ended = |event: &PassageEvent| match event {
            PassageEvent::Ended { lane, direction, began_at, ended_at, .. } => {
                Some((lane.clone(), *direction, ended_at.seconds_after(*began_at)))
            }
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }
}

/// (GTIN, serial, quantity) of a proposal's lines.
pub(crate) fn lines(proposal: &Proposal) -> Vec<(String, Option<String>, u32)> {
    let line = |l: &recording::ReceiptLine| {
        (l.gtin.to_string(), l.serial.as_ref().map(ToString::to_string), l.quantity)
    };
    proposal.lines.iter().map(line).collect()
}

pub(crate) fn one(gtin: &str, serial: u64) -> (String, Option<String>, u32) {
    (gtin.to_owned(), Some(serial.to_string()), 1)
}

pub(crate) fn holds(proposal: &Proposal) -> Vec<String> {
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    proposal.holds.iter().for_each(|hold| *kinds.entry(hold.kind.to_string()).or_default() += 1);
    kinds.into_keys().collect()
}
