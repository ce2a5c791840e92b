//! What goes wrong with readers, and when, as plain data: for a scene's file, or drawn for the family `faults`. Does
//! nothing itself.

use serde::Deserialize;

use crate::chance::Chance;

/// One fault of one reader.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The reader's name in the plan.
    pub(crate) reader: String,
    /// Seconds since the world began.
    pub(crate) from_s: f64,
    pub(crate) to_s: f64,
    pub(crate) what: Failure,
}

impl Fault {
    /// What is wrong with it and what would be right, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Fault { from_s, to_s, what, .. } = self;
        if !((0.0..1e7).contains(from_s) && to_s > from_s && *to_s < 1e7) {
            return Err(format!(
                "from_s {from_s}, to_s {to_s}: seconds since the beginning, from_s below to_s"
            ));
        }
        let share = |share: f64| (0.0..=1.0).contains(&share);
        let right = match *what {
            Failure::AntennaDead { port } => port > 0,
            Failure::PowerSag { db } => (0.0..=40.0).contains(&db),
            Failure::Duplicates { share: of } => share(of),
            Failure::Late { share: of, most_s } => share(of) && (0.0..=3600.0).contains(&most_s),
            Failure::Outage | Failure::Restart => true,
            Failure::Clock { offset_ms, ppm } => offset_ms.abs() <= 1e9 && ppm.abs() <= 1e4,
        };
        if right {
            return Ok(());
        }
        Err(format!(
            "{what:?}: a port counts from 1, db is 0 to 40, a share 0 to 1, most_s at most 3600, offset_ms at most 1e9, \
             ppm at most 1e4"
        ))
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Failure {
    /// An antenna of the reader reads nothing; the reader says so.
    AntennaDead { port: u16 },
    /// Power falls evenly to so many dB less, and is whole again at the end; nobody says so.
    PowerSag { db: f64 },
    /// This share of the reports comes twice.
    Duplicates { share: f64 },
    /// This share of the reports comes late, by up to so many seconds.
    Late { share: f64, most_s: f64 },
    /// The network is gone. The reader reads on, keeps its reports, and sends them when the network is back.
    Outage,
    /// The reader is off, and forgets.
    Restart,
    /// The reader's clock jumps by so much, and runs so much too fast from then on. The store learns of a jump when the
    /// reader greets it anew, and follows the rest.
    Clock { offset_ms: f64, ppm: f64 },
}

/// What befalls a reader that is met live: whoever emulates it does the rest, as a real reader would.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Blow {
    /// An antenna by its port dies (`true`) or is back.
    Antenna { port: u16, dead: bool },
    /// Nothing comes or goes over its line any more, or does again; it reads on.
    CutOff(bool),
    /// It has no power, or has again; it has forgotten everything meanwhile.
    Off(bool),
    /// From now on its clock is so far ahead of the true time, and runs so much too fast.
    Clock { offset_us: i64, ppm: f64 },
}

/// A fault for a reader with so many antennas, from now on, or none: how often each kind comes has no public source and
/// is made frequent, so that an hour shows all of them.
pub(crate) fn drawn(reader: &str, antennas: usize, now_s: f64, chance: &mut Chance) -> Option<Fault> {
    let port = chance.index(antennas) as u16 + 1;
    let (sag_db, length_s) = (chance.between(3.0, 10.0), chance.unit());
    let offset_ms = chance.normal(0.0, 20_000.0).round();
    let ppm = chance.normal(0.0, 40.0);
    let kinds = [
        (None, 0.52),
        (Some((Failure::AntennaDead { port }, 20.0, 120.0)), 0.2),
        (Some((Failure::PowerSag { db: sag_db }, 60.0, 240.0)), 0.1),
        (Some((Failure::Outage, 4.0, 40.0)), 0.08),
        (Some((Failure::Restart, 15.0, 45.0)), 0.05),
        (Some((Failure::Clock { offset_ms, ppm }, 60.0, 300.0)), 0.05),
    ];
    let (what, least_s, most_s) = (*chance.one_of(&kinds)?)?;
    let to_s = now_s + least_s + (most_s - least_s) * length_s;
    Some(Fault { reader: reader.into(), from_s: now_s, to_s, what })
}

/// What every reader of the family does all day long: a little comes twice, a little comes late.
pub(crate) fn everyday(reader: &str) -> [Fault; 2] {
    let fault = |what| Fault { reader: reader.into(), from_s: 0.0, to_s: f64::MAX, what };
    [fault(Failure::Duplicates { share: 0.02 }), fault(Failure::Late { share: 0.02, most_s: 3.0 })]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_writes_a_fault_in_a_line() {
        let text = r#"{"reader": "exit-a", "from_s": 60, "to_s": 75.5, "what": "outage"}"#;
        let outage: Fault = serde_json::from_str(text).expect("an outage");
        assert_eq!(outage.what, Failure::Outage);
        let text = r#"{"reader": "exit-a", "from_s": 0, "to_s": 9, "what": {"antenna-dead": {"port": 3}}}"#;
        let dead: Fault = serde_json::from_str(text).expect("a dead antenna");
        assert_eq!(dead.what, Failure::AntennaDead { port: 3 });
        assert!(
            serde_json::from_str::<Fault>(r#"{"reader": "a", "from_s": 0, "to_s": 9, "what": "flood"}"#)
                .is_err()
        );
    }

    #[test]
    fn in_an_hour_of_draws_every_kind_of_fault_comes() {
        let mut chance = Chance::new(3, 6);
        let drawn: Vec<Fault> =
            (0..180).filter_map(|n| drawn("exit-a", 4, f64::from(n) * 20.0, &mut chance)).collect();
        let any = |is: fn(&Failure) -> bool| drawn.iter().any(|fault| is(&fault.what));
        assert!(
            any(|f| matches!(f, Failure::AntennaDead { .. }))
                && any(|f| matches!(f, Failure::PowerSag { .. }))
        );
        assert!(any(|f| matches!(f, Failure::Clock { .. })) && any(|f| *f == Failure::Restart));
        assert!(any(|f| *f == Failure::Outage));
        assert!(drawn.iter().all(|fault| fault.to_s > fault.from_s));
    }
}
