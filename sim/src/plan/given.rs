//! A shop's file as it is given out again: the store's own configuration, with readers that can be met, or that nobody can.

use super::Plan;

/// Whether gates and lights hang on readers' contacts in a shop's file that is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wires {
    /// As the shop's file has it: there are readers to hang them on.
    Hung,
    /// Nobody would hear them: gates are simulated, and there are no lights.
    Left,
}

impl Plan {
    /// The shop's file as the contract has it, for a recording: all readers speak LLRP, at addresses that nobody has
    /// (RFC 5737).
    pub(crate) fn recorded_toml(&self) -> String {
        self.config_toml(Wires::Left, |reader| {
            let last = self.readers.iter().position(|r| r.id == reader).unwrap_or(0) + 10;
            vec![("driver", "llrp".into()), ("address", format!("192.0.2.{last}:5084"))]
        })
    }

    /// The shop's file as the contract has it, with `keys(reader)` as each reader's driver and how it is reached. What
    /// needs secrets stays out, and so do the contacts of beams: those are told over the API.
    pub(crate) fn config_toml(
        &self,
        wires: Wires,
        keys: impl Fn(&str) -> Vec<(&'static str, String)>,
    ) -> String {
        let mut table = self.table.clone();
        for of_the_machine in ["database", "web", "recording"] {
            table.remove(of_the_machine);
        }
        if wires == Wires::Left {
            table.remove("lights");
        }
        let mut each = |section: &str, change: &dyn Fn(&mut toml::Table)| {
            let entries = table.get_mut(section).and_then(toml::Value::as_array_mut);
            entries.into_iter().flatten().filter_map(toml::Value::as_table_mut).for_each(change);
        };
        each("readers", &|reader| {
            reader.retain(|key, _| match key {
                "id" | "antennas" => true,
                "inputs" => wires == Wires::Hung,
                _ => false,
            });
            if let Some(inputs) = reader.get_mut("inputs").and_then(toml::Value::as_array_mut) {
                inputs.retain(|input| input.get("gate").is_some());
            }
            let id = reader.get("id").and_then(toml::Value::as_str).unwrap_or_default();
            for (key, value) in keys(id) {
                reader.insert(key.into(), value.into());
            }
        });
        each("terminals", &|terminal| {
            terminal.retain(|key, _| matches!(key, "id" | "position"));
            terminal.insert("driver".into(), "simulated".into());
        });
        each("gates", &|gate| {
            let driver = gate.get("driver").and_then(toml::Value::as_str).unwrap_or_default();
            let hangs = wires == Wires::Hung && matches!(driver, "llrp-gpo" | "gpo");
            if driver != "none" && !hangs {
                gate.retain(|key, _| key == "id");
                gate.insert("driver".into(), "simulated".into());
            }
        });
        table.to_string()
    }
}
