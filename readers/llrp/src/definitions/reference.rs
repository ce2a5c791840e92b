//! The table as a page to read, in Markdown.

use std::fmt::Write as _;

use super::vendors;
use super::{
    Allowed, Choice, Definition, Enumeration, Repeat, Wire, choices, enumerations, messages, parameters,
};

/// The whole table as a page in Markdown: every message, parameter, choice and enumeration with its number, fields and
/// what it may hold. `DEFINITIONS.md` in this package is this text.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    section(&mut page, "Messages", messages::ALL);
    section(&mut page, "Parameters", parameters::ALL);
    of_choices(&mut page, "Choices", choices::ALL);
    of_enumerations(&mut page, "Enumerations", enumerations::ALL);
    section(&mut page, "Impinj (25882)", vendors::ALL_IMPINJ);
    of_enumerations(&mut page, "Impinj: enumerations", enumerations::ALL_IMPINJ);
    section(&mut page, "Zebra (161)", vendors::ALL_ZEBRA);
    of_choices(&mut page, "Zebra: choices", choices::ALL_ZEBRA);
    of_enumerations(&mut page, "Zebra: enumerations", enumerations::ALL_ZEBRA);
    page
}

const INTRODUCTION: &str = "\
# Definitions

What the package `llrp` knows of LLRP. This page is made from its table of definitions and held equal to it by a test
(`LLRP_RENEW=1 cargo test -p llrp --test reference` writes it anew).

A field is `name: kind`. `u8` is an unsigned number of eight bits, `s16` a signed one of sixteen, `r7` seven reserved bits;
`u96` is twelve bytes; `bits` is a bit string after its count of bits; `u8v`, `u16v` and `u32v` are lists after their count of
entries, `hex8` and `hex16` the same, shown in hexadecimal; `utf8` is text after its count of bytes; `rest` is all bytes to the
end. After a kind stands the enumeration that names its values. What may stand inside is listed in the standard's order:
`name` once, `name?` at most once, `name*` any number of times, `name+` at least once, a choice in parentheses.

1.1 and 2.0 mark what LLRP 1.1 (header version 2) and LLRP 2.0 (header version 3) brought. *Unverified* is what only one public
source says; bytes that do not fit such a definition are kept as they are.
";

fn section(page: &mut String, title: &str, definitions: &[&Definition]) {
    let _ = write!(page, "\n## {title}\n\n");
    for definition in definitions {
        let _ = write!(page, "- **{}**, {}", definition.name, number(definition.wire));
        if definition.since > 1 {
            let _ = write!(page, ", {}", version(definition.since));
        }
        if !definition.verified {
            page.push_str(", *unverified*");
        }
        let mut fields = String::new();
        for field in definition.fields {
            let comma = if fields.is_empty() { "" } else { ", " };
            let _ = write!(fields, "{comma}`{}: {}`", field.name, field.kind);
            if let Some(enumeration) = field.enumeration {
                let _ = write!(fields, " {}", enumeration.name);
            }
            if field.since > 1 {
                let behind = if field.added { "added by " } else { "" };
                let _ = write!(fields, " ({behind}{})", version(field.since));
            }
        }
        if !fields.is_empty() {
            let _ = write!(page, "\\\n  {fields}");
        }
        let members: Vec<String> = definition
            .members
            .iter()
            .map(|member| {
                let name = match member.allowed {
                    Allowed::Parameter(parameter) => parameter.name.to_owned(),
                    Allowed::Choice(choice) => format!("({})", choice.name),
                };
                let times = match member.repeat {
                    Repeat::One => "",
                    Repeat::Optional => "?",
                    Repeat::Any => "\\*",
                    Repeat::Some => "+",
                };
                name + times
            })
            .collect();
        if !members.is_empty() {
            let _ = write!(page, "\\\n  holds {}", members.join(", "));
        }
        page.push('\n');
    }
}

fn of_choices(page: &mut String, title: &str, choices: &[&Choice]) {
    let _ = write!(page, "\n## {title}\n\n");
    for choice in choices {
        let names: Vec<&str> = choice.alternatives.iter().map(|definition| definition.name).collect();
        let _ = writeln!(page, "- **{}**: {}", choice.name, names.join(", "));
    }
}

fn of_enumerations(page: &mut String, title: &str, enumerations: &[&Enumeration]) {
    let _ = write!(page, "\n## {title}\n\n");
    for enumeration in enumerations {
        let entries: Vec<String> =
            enumeration.entries.iter().map(|(name, value)| format!("{value} {name}")).collect();
        let _ = writeln!(page, "- **{}**: {}", enumeration.name, entries.join(", "));
    }
}

fn number(wire: Wire) -> String {
    match wire {
        Wire::Message(number) | Wire::Tlv(number) => number.to_string(),
        Wire::Tv(number) => format!("{number} (TV)"),
        Wire::CustomMessage { subtype, .. } => format!("message {subtype}"),
        Wire::CustomParameter { subtype, .. } => format!("parameter {subtype}"),
        Wire::UnknownParameter | Wire::UnknownMessage => "any other number".into(),
    }
}

fn version(since: u8) -> &'static str {
    match since {
        0 | 1 => "1.0.1",
        2 => "1.1",
        _ => "2.0",
    }
}
