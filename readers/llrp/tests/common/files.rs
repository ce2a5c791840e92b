//! The public definition files, read just as far as they are regular; and where our table differs from them.

use std::collections::{BTreeMap, BTreeSet};

use llrp::definitions::{self, Allowed, Choice, Definition, Enumeration, Kind, Repeat, Wire};

/// Attributes by name.
pub type Attributes = BTreeMap<String, String>;

/// One definition of a file: its kind, its attributes and what stands in it, in order.
#[derive(Debug)]
pub struct Entry {
    pub what: &'static str,
    pub of: Attributes,
    pub inside: Vec<(&'static str, Attributes)>,
}

impl Entry {
    pub fn name(&self) -> &str {
        &self.of["name"]
    }

    fn all(&self, what: &str, key: &str) -> impl Iterator<Item = String> {
        let found = self.inside.iter().filter(move |(kind, _)| *kind == what);
        found.map(|(_, of)| of[key].clone()).collect::<Vec<_>>().into_iter()
    }

    /// The fields, neighbouring reserved bits as one.
    fn fields(&self) -> Vec<String> {
        let text = |of: &Attributes, key: &str| of.get(key).cloned().unwrap_or_default();
        let mut out = Vec::new();
        let mut reserved = 0;
        for (what, of) in &self.inside {
            match *what {
                "reserved" => reserved += of["bitCount"].parse::<u32>().unwrap(),
                "field" => {
                    if reserved > 0 {
                        out.push(format!("reserved {reserved}"));
                        reserved = 0;
                    }
                    out.push(format!("{}: {} {}", of["name"], of["type"], text(of, "enumeration")));
                }
                _ => {}
            }
        }
        if reserved > 0 {
            out.push(format!("reserved {reserved}"));
        }
        out
    }

    fn members(&self) -> Vec<String> {
        let members = self.inside.iter().filter(|(what, _)| ["parameter", "choice"].contains(what));
        members.map(|(_, of)| format!("{} {}", of["repeat"], of["type"])).collect()
    }
}

const WHATS: [&str; 4] = ["message", "parameter", "choice", "enumeration"];
const INSIDE: [&str; 5] = ["field", "reserved", "parameter", "choice", "entry"];

/// The definitions of an XML file of the LLRP Toolkit's form, vendors' included.
pub fn read_xml(xml: &str) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    let text = without(&without(xml, "<!--", "-->"), "<annotation>", "</annotation>");
    for tag in text.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
        let plain = name.trim_start_matches("custom").to_ascii_lowercase();
        if let Some(what) = WHATS.iter().find(|what| plain == format!("{what}definition")) {
            out.push(Entry { what, of: attributes(tag), inside: Vec::new() });
        } else if let Some(what) = INSIDE.iter().find(|what| name == **what) {
            out.last_mut().unwrap().inside.push((what, attributes(tag)));
        }
    }
    out
}

/// A text without what stands between these marks: descriptions hold tags called as the definitions' are.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(from) {
        out.push_str(before);
        rest = behind.split_once(to).unwrap().1;
    }
    out + rest
}

fn attributes(tag: &str) -> Attributes {
    let mut out = Attributes::new();
    let mut rest = tag;
    while let Some((name, behind)) = rest.split_once('=') {
        let Some((value, behind)) = behind.trim_start().strip_prefix('"').and_then(|v| v.split_once('"'))
        else {
            break;
        };
        let name = name.split_whitespace().last().unwrap_or_default();
        out.insert(name.to_owned(), value.to_owned());
        rest = behind;
    }
    out
}

/// The definitions of one of LLRPCSharp's YAML deltas: block lists, and maps and lists in one line.
pub fn read_yaml(yaml: &str) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    let (mut section, mut level) = ("", 0);
    for line in yaml.lines() {
        let line = line.split('#').next().unwrap().trim_end();
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let item = text.strip_prefix("- ");
        let (key, value) = item.unwrap_or(text).split_once(':').unwrap_or((item.unwrap_or(text), ""));
        let value = value.trim().trim_matches('"');
        if let Some(what) = WHATS.iter().find(|what| text == format!("{what}s:")) {
            (section, level) = (what, 0);
        } else if item.is_some() && key == "name" && (level == 0 || indent == level) {
            level = indent;
            let of = Attributes::from([("name".into(), value.into())]);
            out.push(Entry { what: section, of, inside: Vec::new() });
        } else if let Some(entry) = out.last_mut() {
            match key {
                "typeNumber" => _ = entry.of.insert("typeNum".into(), value.into()),
                "parameterTypes" => {
                    let names = value.trim_matches(['[', ']']).split(',').map(str::trim);
                    for name in names.filter(|name| !name.is_empty()) {
                        entry.inside.push(("parameter", Attributes::from([("type".into(), name.into())])));
                    }
                }
                "reserved" => {
                    entry.inside.push(("reserved", Attributes::from([("bitCount".into(), value.into())])));
                }
                "name" if item.is_some() => {
                    entry.inside.push(("entry", Attributes::from([("name".into(), value.into())])));
                }
                "name" | "type" | "cardinality" | "enumeration" | "value" => {
                    let key = if key == "cardinality" { "repeat" } else { key };
                    if let Some((_, of)) = entry.inside.last_mut() {
                        of.insert(key.into(), value.into());
                    }
                }
                name if item.is_some() && section == "choice" => {
                    entry.inside.push(("parameter", Attributes::from([("type".into(), name.into())])));
                }
                name if item.is_some() => {
                    let Some(what) = INSIDE.iter().find(|what| name == **what) else { continue };
                    let pairs =
                        value.trim_matches(['{', '}', ' ']).split(',').filter_map(|p| p.split_once(':'));
                    let pairs = pairs.map(|(key, value)| (key.trim(), value.trim().trim_matches('"')));
                    let pairs =
                        pairs.map(|(key, value)| (if key == "cardinality" { "repeat" } else { key }, value));
                    let of = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
                    entry.inside.push((what, of));
                }
                _ => {}
            }
        }
    }
    out
}

/// A field's type as the files write it.
fn type_of(kind: Kind) -> String {
    match kind {
        Kind::Bits => "u1v".into(),
        Kind::Bytes { .. } => "u8v".into(),
        Kind::Words { .. } => "u16v".into(),
        Kind::Text => "utf8v".into(),
        Kind::Rest => "bytesToEnd".into(),
        other => other.to_string(),
    }
}

/// Our fields as that version sees them: neighbouring reserved bits are one, as are bits that version does not know.
fn fields(definition: &Definition, version: u8) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut reserved = 0;
    for field in definition.fields.iter().filter(|field| !(field.added && field.since > version)) {
        match field.kind {
            Kind::Reserved(bits) => reserved += u32::from(bits),
            Kind::Unsigned(bits) if field.since > version => reserved += u32::from(bits),
            kind => {
                if reserved > 0 {
                    out.push(format!("reserved {reserved}"));
                    reserved = 0;
                }
                let values = field.enumeration.map_or("", |enumeration| enumeration.name);
                out.push(format!("{}: {} {values}", field.name, type_of(kind)));
            }
        }
    }
    if reserved > 0 {
        out.push(format!("reserved {reserved}"));
    }
    out
}

fn members(definition: &Definition, version: u8) -> Vec<String> {
    let members = definition.members.iter().filter(|member| match member.allowed {
        Allowed::Parameter(parameter) => parameter.since <= version,
        Allowed::Choice(_) => true,
    });
    let times = |repeat| match repeat {
        Repeat::One => "1",
        Repeat::Optional => "0-1",
        Repeat::Any => "0-N",
        Repeat::Some => "1-N",
    };
    members.map(|member| format!("{} {}", times(member.repeat), member.name())).collect()
}

fn number(definition: &Definition) -> String {
    match definition.wire {
        Wire::Message(number) | Wire::Tlv(number) => number.to_string(),
        Wire::Tv(number) => number.to_string(),
        Wire::CustomMessage { subtype, .. } => subtype.to_string(),
        Wire::CustomParameter { subtype, .. } => subtype.to_string(),
        Wire::UnknownParameter | Wire::UnknownMessage => String::new(),
    }
}

/// Where our table, as this header version sees it, differs from a file: `Name number`, `Name fields`, `Name members`,
/// `Name alternatives`, `Name entries`, or `Name absent` where ours has no such thing.
pub fn differences(
    entries: &[Entry],
    version: u8,
    choices: &[&Choice],
    enumerations: &[&Enumeration],
) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for entry in entries {
        let name = entry.name();
        let mut differs = |what: &str, wrong: bool| {
            if wrong {
                out.insert(format!("{name} {what}"));
            }
        };
        match entry.what {
            "message" | "parameter" => {
                let found = match entry.what {
                    "message" => definitions::message_named(name),
                    _ => definitions::parameter_named(name),
                };
                let Some(ours) = found else {
                    differs("absent", true);
                    continue;
                };
                let theirs = entry.of.get("typeNum").or_else(|| entry.of.get("subtype"));
                differs("number", theirs != Some(&number(ours)));
                differs("fields", fields(ours, version) != entry.fields());
                differs("members", members(ours, version) != entry.members());
            }
            "choice" => {
                let Some(ours) = choices.iter().find(|choice| choice.name == name) else {
                    differs("absent", true);
                    continue;
                };
                let ours = ours.alternatives.iter().filter(|d| d.since <= version);
                let ours: BTreeSet<String> = ours.map(|d| d.name.to_owned()).collect();
                differs("alternatives", ours != entry.all("parameter", "type").collect());
            }
            _ => {
                let Some(ours) = enumerations.iter().find(|known| known.name == name) else {
                    differs("absent", true);
                    continue;
                };
                for (name, value) in entry.all("entry", "name").zip(entry.all("entry", "value")) {
                    differs("entries", ours.value_of(&name).map(|value| value.to_string()) != Some(value));
                }
            }
        }
    }
    out
}

/// Holds what differs against the list of what is known to, and why.
pub fn assert_known(found: BTreeSet<String>, known: &[(&str, &str)]) {
    let known: BTreeSet<String> = known.iter().map(|(what, _)| (*what).to_owned()).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "the table differs from the file in {new:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "no longer differs: {gone:?}");
}
