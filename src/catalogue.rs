//! Products and tagged items from plain CSV. A row that cannot be taken is told by its line number and reason; the
//! others are taken.

use std::collections::BTreeMap;
use std::io::Read;

use recording::{Catalogue, Hex, KnownPiece, Name, PieceState, Product};

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Of the file, counted from 1; the header is line 1.
    pub line: u64,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows taken.
    pub taken: Vec<Catalogue>,
    /// Rows not taken.
    pub bad: Vec<BadRow>,
}

/// A file that is no such CSV at all.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// A column is missing.
    #[error("the header has no column `{missing}`; it has: {found}. A plain CSV starts with {wanted}")]
    Header {
        /// The column.
        missing: &'static str,
        /// What stands there.
        found: String,
        /// A whole header.
        wanted: &'static str,
    },
    /// It cannot be read.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

const PRODUCTS: &str = "gtin,sku,name,unit_minor,tax_category,weight_g,tagged,image";
const ITEMS: &str = "epc,gtin,serial,zone,state";

/// Reads products: `gtin` and `unit_minor` are required columns; an empty `unit_minor` is a product without a price.
pub fn products(from: impl Read) -> Result<Rows, CsvError> {
    rows(from, &["gtin", "unit_minor"], PRODUCTS, product)
}

/// Reads items: each row has either `epc` (hexadecimal or URI), or `gtin` and `serial`.
pub fn items(from: impl Read) -> Result<Rows, CsvError> {
    rows(from, &[], ITEMS, item)
}

/// Of a wrong header, so many characters are told.
const LONGEST_HEADER: usize = 200;

type Row<'a> = BTreeMap<&'a str, &'a str>;

fn rows(
    from: impl Read,
    required: &[&'static str],
    wanted: &'static str,
    one: impl Fn(&Row<'_>) -> Result<Catalogue, String>,
) -> Result<Rows, CsvError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        // A line ends at its \n, and trimming takes the \r before it: by its default, csv counts the lines of a file
        // with \r\n one too low.
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(from);
    let headers = reader.headers()?.clone();
    let names: Vec<String> =
        headers.iter().map(|h| h.trim_start_matches('\u{feff}').to_lowercase()).collect();
    let header_error = |missing| {
        // A file that is no CSV may be one line of any length.
        let all = names.join(",");
        let mut found: String = all.chars().take(LONGEST_HEADER).collect();
        if found.len() < all.len() {
            found.push('…');
        }
        CsvError::Header { missing, found, wanted }
    };
    if let Some(missing) = required.iter().find(|column| !names.iter().any(|name| name == *column)) {
        return Err(header_error(missing));
    }
    if wanted == ITEMS && !names.iter().any(|n| n == "epc") {
        for column in ["gtin", "serial"] {
            if !names.iter().any(|name| name == column) {
                return Err(header_error(column));
            }
        }
    }
    let mut rows = Rows::default();
    let mut record = csv::ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(rows),
            // An empty line.
            Ok(true) if record.len() == 1 && record.iter().all(|field| field.trim_ascii().is_empty()) => {
                continue;
            }
            Ok(true) => {}
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(error) => {
                rows.bad.push(BadRow { line, reason: error.to_string() });
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        let result = match csv::StringRecord::from_byte_record(record.clone()) {
            Err(error) => Err(format!("not UTF-8: {}", error.utf8_error())),
            Ok(text) if text.len() > names.len() => Err(format!(
                "{} fields, but the header has {}: is a comma not quoted?",
                text.len(),
                names.len()
            )),
            Ok(text) => one(&names
                .iter()
                .map(String::as_str)
                .zip(text.iter())
                .filter(|(_, v)| !v.is_empty())
                .collect()),
        };
        match result {
            Ok(taken) => rows.taken.push(taken),
            Err(reason) => rows.bad.push(BadRow { line, reason }),
        }
    }
}

fn gtin(row: &Row<'_>) -> Result<Name, String> {
    let text = row.get("gtin").ok_or("gtin is empty: 14 digits are needed")?;
    let gtin: epc::Gtin = text.parse().map_err(|e| format!("gtin `{text}`: {e}"))?;
    Ok(gtin.to_string().into())
}

fn number<T: std::str::FromStr>(row: &Row<'_>, column: &str, right: &str) -> Result<Option<T>, String> {
    match row.get(column) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| format!("{column} `{text}`: {right}")),
    }
}

fn product(row: &Row<'_>) -> Result<Catalogue, String> {
    let gtin = gtin(row)?;
    let right = "whole minor units such as 4990 for 49.90";
    let unit_minor = number::<i64>(row, "unit_minor", right)?;
    if unit_minor.is_some_and(|price| !(0..=1_000_000_000_000).contains(&price)) {
        return Err(format!(
            "unit_minor {}: a price is not negative, and at most 10^12",
            unit_minor.unwrap_or(0)
        ));
    }
    let tagged = match row.get("tagged").map(|text| text.to_lowercase()).as_deref() {
        None | Some("yes") => true,
        Some("no") => false,
        Some(other) => return Err(format!("tagged `{other}`: yes or no")),
    };
    let text = |column: &str| row.get(column).map(|text| Name::from(*text));
    let product = Product {
        gtin,
        sku: text("sku"),
        name: text("name"),
        unit_minor,
        tax_category: text("tax_category"),
        weight_g: number(row, "weight_g", "whole grams")?,
        tagged,
        image: text("image"),
    };
    Ok(Catalogue { product: Some(product), item: None })
}

fn item(row: &Row<'_>) -> Result<Catalogue, String> {
    let state = match row.get("state").copied() {
        None | Some("in_stock") => PieceState::InStock,
        Some("sold") => PieceState::Sold,
        Some("returned") => PieceState::Returned,
        Some("display") => PieceState::Display,
        Some("missing") => PieceState::Missing,
        Some(other) => {
            return Err(format!("state `{other}`: in_stock, sold, returned, display or missing"));
        }
    };
    let mut epc = None;
    let mut piece = None;
    if let Some(text) = row.get("epc") {
        if text.starts_with("urn:") {
            piece = Some(epc::Piece::from_uri(text).map_err(|e| format!("epc `{text}`: {e}"))?);
        } else {
            let bits = Hex::parse(text).map_err(|e| format!("epc `{text}`: {e}"))?;
            piece = match epc::decode(bits.bytes()) {
                Ok(decoded) => Some(decoded.piece),
                // A shop may know by its own list which piece a foreign tag is on.
                Err(_) if row.contains_key("gtin") && row.contains_key("serial") => None,
                Err(refusal) => return Err(format!("epc `{text}`: {refusal}")),
            };
            epc = Some(bits);
        }
    }
    let (gtin, serial): (Name, Name) = match piece {
        Some(piece) => {
            let (gtin, serial) = (piece.gtin.to_string(), piece.serial.as_str().to_owned());
            for (column, said, tag) in
                [("gtin", row.get("gtin"), &gtin), ("serial", row.get("serial"), &serial)]
            {
                if said.is_some_and(|said| said != tag) {
                    let said = said.unwrap_or(&"");
                    return Err(format!(
                        "{column} `{said}`, but the epc says `{tag}`: leave one of them out"
                    ));
                }
            }
            (gtin.into(), serial.into())
        }
        None => {
            let serial =
                row.get("serial").ok_or("neither epc nor gtin and serial: one of them names the piece")?;
            let checked: epc::Serial = serial.parse().map_err(|e| format!("serial `{serial}`: {e}"))?;
            (gtin(row)?, checked.as_str().into())
        }
    };
    let zone = row.get("zone").map(|zone| Name::from(*zone));
    Ok(Catalogue { product: None, item: Some(KnownPiece { gtin, serial, epc, zone, state }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_is_told_by_its_line_and_the_others_are_taken() {
        let csv = "gtin,sku,name,unit_minor,tagged\n\
                   09520000000011,TEE,\"Tee, black\",4990,yes\n\
                   09520000000012,TEE,Wrong check digit,4990,yes\n\
                   09520000000028,MUG,Mug,twelve,no\n\
                   09520000000028,MUG,Mug,1200,no\n";
        let rows = products(csv.as_bytes()).unwrap();
        assert_eq!(rows.taken.len(), 2);
        assert_eq!(rows.taken[0].product.as_ref().unwrap().name.as_deref(), Some("Tee, black"));
        assert_eq!(rows.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3, 4]);
        assert!(
            rows.bad[1].reason.contains("unit_minor `twelve`: whole minor units"),
            "{}",
            rows.bad[1].reason
        );
    }

    #[test]
    fn a_file_without_its_columns_says_which_are_missing() {
        let error = products("ean,price\n1,2\n".as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("the header has no column `gtin`; it has: ean,price."), "{error}");
        let error = items("gtin,zone\n1,2\n".as_bytes()).unwrap_err().to_string();
        assert!(error.contains("no column `serial`"), "{error}");
    }

    // GS1 TDS 2.3 annex E.3: this tag is piece 09506000134352/123456789.
    #[test]
    fn an_item_is_named_by_its_tag_or_by_gtin_and_serial() {
        let csv = "epc,gtin,serial,zone,state\n\
                   3066C4409047E140075BCD15,,,floor,in_stock\n\
                   ,09506000134352,123456789,floor,sold\n\
                   3066C4409047E140075BCD15,09520000000011,,floor,in_stock\n\
                   ,,,floor,in_stock\n";
        let rows = items(csv.as_bytes()).unwrap();
        let keys: Vec<_> = rows
            .taken
            .iter()
            .map(|row| {
                row.item.as_ref().map(|item| (item.gtin.to_string(), item.serial.to_string())).unwrap()
            })
            .collect();
        assert_eq!(keys[0], ("09506000134352".to_string(), "123456789".to_string()));
        assert_eq!(keys[0], keys[1]);
        assert_eq!(rows.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [4, 5]);
    }
}
