//! A shop's file as it is given out again: the store's own configuration, with readers that can be met, or that nobody can.

use super::Plan;

impl Plan {
    /// The shop's file as the contract has it, for a recording: all readers speak LLRP, at addresses that nobody has
    /// (RFC 5737).
    pub(crate) fn recorded_toml(&self) -> String {
        self.config_toml(|reader| {
            let last = self.readers.iter().position(|r| r.id == reader).unwrap_or(0) + 10;
            vec![("driver", "llrp".into()), ("address", format!("192.0.2.{last}:5084"))]
        })
    }

    /// The shop's file as the contract has it, with `keys(reader)` as each reader's driver and how it is reached. What
    /// hangs on wires (contacts, lights) and needs secrets stays out: in a simulated store everything is simulated but the
    /// readers.
    pub(crate) fn config_toml(&self, keys: impl Fn(&str) -> Vec<(&'static str, String)>) -> String {
        let mut table = self.table.clone();
        for of_the_machine in ["database", "web", "recording", "lights"] {
            table.remove(of_the_machine);
        }
        let mut each = |section: &str, change: &dyn Fn(&mut toml::Table)| {
            let entries = table.get_mut(section).and_then(toml::Value::as_array_mut);
            entries.into_iter().flatten().filter_map(toml::Value::as_table_mut).for_each(change);
        };
        each("readers", &|reader| {
            reader.retain(|key, _| matches!(key, "id" | "antennas"));
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
            if gate.get("driver").and_then(toml::Value::as_str) != Some("none") {
                gate.retain(|key, _| key == "id");
                gate.insert("driver".into(), "simulated".into());
            }
        });
        table.to_string()
    }
}
