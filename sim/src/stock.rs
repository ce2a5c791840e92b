//! What the shop sells: products in look-alike colours and sizes, their pieces, and the tags on them. Tags are written
//! by this file's own SGTIN-96 encoder (GS1 TDS 2.x, §14.6.1), on purpose a second one beside the store's decoder.

use std::fmt::Write as _;

use recording::{Hex, Name};

use crate::chance::Chance;
use crate::radio::Goods;

/// GS1's prefix for examples, as a company of seven digits.
const COMPANY: u64 = 9_520_000;
/// Another brand's company of seven digits, GS1's for examples as well (952 is the prefix of demonstrations).
const FOREIGN_COMPANY: u64 = 9_521_141;

/// What a product is, and what it is mistaken for.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) gtin: Name,
    pub(crate) item_reference: u64,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) style: usize,
    pub(crate) colour: usize,
    pub(crate) unit_minor: i64,
    pub(crate) weight_g: u32,
    pub(crate) tagged: bool,
    /// False for goods whose pieces the shop knows and whose price it does not: they are not in the catalogue.
    pub(crate) priced: bool,
    /// Index of the fixture it belongs on.
    pub(crate) home: usize,
}

impl Product {
    /// What a tag on it is fixed to: denim with rivets and printed hoodies hold metal.
    pub(crate) fn goods(&self) -> Goods {
        match STYLES.get(self.style).map(|style| style.code) {
            Some("JEA" | "HOO") => Goods::FoilPrint,
            Some("MUG" | "KEY") => Goods::Metal,
            _ => Goods::Cloth,
        }
    }
}

struct Style {
    code: &'static str,
    name: &'static str,
    colours: &'static [(&'static str, &'static str)],
    sizes: &'static [&'static str],
    unit_minor: i64,
    weight_g: u32,
    tagged: bool,
    home: usize,
}

const SML: &[&str] = &["S", "M", "L"];
const STYLES: [Style; 10] = [
    Style {
        code: "TEE",
        name: "Tee",
        colours: &[("BLK", "black"), ("WHT", "white")],
        sizes: SML,
        unit_minor: 2490,
        weight_g: 180,
        tagged: true,
        home: 0,
    },
    Style {
        code: "HOO",
        name: "Hoodie",
        colours: &[("NVY", "navy"), ("GRY", "grey")],
        sizes: SML,
        unit_minor: 5990,
        weight_g: 620,
        tagged: true,
        home: 1,
    },
    Style {
        code: "SHI",
        name: "Oxford shirt",
        colours: &[("WHT", "white"), ("BLU", "blue")],
        sizes: SML,
        unit_minor: 4990,
        weight_g: 260,
        tagged: true,
        home: 2,
    },
    Style {
        code: "JEA",
        name: "Straight jeans",
        colours: &[("IND", "indigo")],
        sizes: &["30", "32", "34"],
        unit_minor: 7990,
        weight_g: 710,
        tagged: true,
        home: 3,
    },
    Style {
        code: "DRE",
        name: "Linen dress",
        colours: &[("RED", "red")],
        sizes: &["S", "M"],
        unit_minor: 8990,
        weight_g: 340,
        tagged: true,
        home: 4,
    },
    Style {
        code: "CAP",
        name: "Cap",
        colours: &[("GRN", "green")],
        sizes: &[],
        unit_minor: 1990,
        weight_g: 90,
        tagged: true,
        home: 5,
    },
    Style {
        code: "MUG",
        name: "Enamel mug",
        colours: &[("WHT", "white"), ("BLU", "blue")],
        sizes: &[],
        unit_minor: 1450,
        weight_g: 310,
        tagged: false,
        home: 5,
    },
    Style {
        code: "KEY",
        name: "Keyring",
        colours: &[("BRS", "brass")],
        sizes: &[],
        unit_minor: 890,
        weight_g: 25,
        tagged: false,
        home: 5,
    },
    Style {
        code: "TOT",
        name: "Tote bag",
        colours: &[("NAT", "natural")],
        sizes: &[],
        unit_minor: 1890,
        weight_g: 120,
        tagged: false,
        home: 5,
    },
    // Delivered before its price was.
    Style {
        code: "SCA",
        name: "Scarf",
        colours: &[("OCH", "ochre")],
        sizes: &[],
        unit_minor: 0,
        weight_g: 110,
        tagged: true,
        home: 4,
    },
];

/// The GTIN-14 of one of the company's references: indicator 0, and GS1's check digit (General Specifications §7.9).
fn gtin14(item_reference: u64) -> String {
    let body = format!("0{COMPANY:07}{item_reference:05}");
    let weighted: u32 = body
        .bytes()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{body}{}", (10 - weighted % 10) % 10)
}

/// Everything in the catalogue, in a fixed order.
pub(crate) fn products() -> Vec<Product> {
    let mut all = Vec::new();
    for (style_at, style) in STYLES.iter().enumerate() {
        let sizes: &[&str] = if style.sizes.is_empty() { &[""] } else { style.sizes };
        for (colour_at, (colour_code, colour)) in style.colours.iter().enumerate() {
            for size in sizes {
                let item_reference = all.len() as u64 + 1;
                let dash = if size.is_empty() { "" } else { "-" };
                let comma = if size.is_empty() { "" } else { ", " };
                all.push(Product {
                    gtin: gtin14(item_reference).into(),
                    item_reference,
                    sku: format!("{}-{colour_code}{dash}{size}", style.code),
                    name: format!("{}, {colour}{comma}{size}", style.name),
                    style: style_at,
                    colour: colour_at,
                    unit_minor: style.unit_minor,
                    weight_g: style.weight_g,
                    tagged: style.tagged,
                    priced: style.unit_minor > 0,
                    home: style.home,
                });
            }
        }
    }
    all
}

/// The catalogue as the contract's plain CSV.
pub(crate) fn catalogue_csv(products: &[Product]) -> String {
    let mut out = String::from("gtin,sku,name,unit_minor,tax_category,weight_g,tagged,image\n");
    for p in products.iter().filter(|p| p.priced) {
        let category = if p.tagged { "clothing" } else { "general" };
        let tagged = if p.tagged { "yes" } else { "no" };
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "{},{},\"{}\",{},{category},{},{tagged},",
            p.gtin, p.sku, p.name, p.unit_minor, p.weight_g
        );
    }
    out
}

/// SGTIN-96 of this shop's goods: filter 1 (point of sale), partition 5 (company of 24 bits, reference of 20).
pub(crate) fn sgtin96(item_reference: u64, serial: u64) -> [u8; 12] {
    sgtin96_of(COMPANY, 1, item_reference, serial)
}

/// The same piece's bits as another encoder writes them: filter 0, all others (TDS 2.x, table 10-5). One piece still.
pub(crate) fn sgtin96_alias(item_reference: u64, serial: u64) -> [u8; 12] {
    sgtin96_of(COMPANY, 0, item_reference, serial)
}

/// A garment of another brand: its company prefix is one of GS1's for examples, too, and none of this shop's.
pub(crate) fn foreign96(item_reference: u64, serial: u64) -> [u8; 12] {
    sgtin96_of(FOREIGN_COMPANY, 1, item_reference, serial)
}

/// Header 0x30, filter, partition 5 (company of 24 bits, reference of 20), serial of 38.
fn sgtin96_of(company: u64, filter: u128, item_reference: u64, serial: u64) -> [u8; 12] {
    let serial = u128::from(serial & ((1 << 38) - 1));
    let bits = (0x30_u128 << 88)
        | (filter << 85)
        | (5_u128 << 82)
        | (u128::from(company) << 58)
        | (u128::from(item_reference & 0xF_FFFF) << 38)
        | serial;
    let mut out = [0; 12];
    for (to, from) in out.iter_mut().zip(bits.to_be_bytes().iter().skip(4)) {
        *to = *from;
    }
    out
}

/// How a person carries a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carry {
    /// Over the arm or in the hand.
    Hand,
    /// In a shopping bag at the side.
    Bag,
    /// Put on.
    Worn,
    /// A pile on both arms.
    Stacked,
    /// On the knees of who sits.
    Lap,
    /// On hangers on a rail with wheels.
    Rail,
    /// Folded in a carton in the arms.
    Carton,
    /// In a cart's wire basket, or the one under a pram.
    Cart,
    /// In a tray that is carried.
    Tray,
    /// In a foil-lined bag.
    Foil,
    /// Under the clothes.
    Hidden,
}

impl Carry {
    /// Its word in `truth.json`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Carry::Hand => "hand",
            Carry::Bag => "bag",
            Carry::Worn => "worn",
            Carry::Stacked => "stacked",
            Carry::Lap => "lap",
            Carry::Rail => "rail",
            Carry::Carton => "carton",
            Carry::Cart => "cart",
            Carry::Tray => "tray",
            Carry::Foil => "foil",
            Carry::Hidden => "hidden",
        }
    }

    /// Whether eyes are kept off it on purpose.
    pub(crate) fn conceals(self) -> bool {
        matches!(self, Carry::Foil | Carry::Hidden)
    }
}

/// Where a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Fixture(usize),
    Stockroom,
    Held {
        person: u32,
        carry: Carry,
        slot: usize,
    },
    /// Left lying on the floor of the shop, in a cubicle or a lane, where its tag says.
    Floor,
    /// In the tray at a lane's terminal.
    Tray(usize),
    /// Out of the store for good; its entry may be used again.
    Gone,
}

/// What is special about a piece, apart from what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Story {
    /// A piece like any other.
    #[default]
    Usual,
    /// Paid for on an earlier day.
    SoldBefore,
    /// Another brand's: the store knows neither piece nor product.
    Foreign,
    /// Its tag has the bits of another piece's.
    Clone,
    /// A garment whose tag was torn off.
    Torn,
    /// A tag with no garment: it was torn off.
    LooseTag,
    /// A second tag on the garment with this index: the tags go where it goes.
    SecondTagOf(usize),
}

/// One physical piece. What has no tag has no `epc`.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) product: usize,
    pub(crate) serial: u64,
    pub(crate) epc: Option<Hex>,
    pub(crate) place: Place,
    pub(crate) story: Story,
}

impl Piece {
    /// Whether somebody who leaves with it owes the shop its price.
    pub(crate) fn for_sale(&self) -> bool {
        matches!(self.story, Story::Usual | Story::Clone | Story::Torn)
    }

    /// Whether it is a garment, not only a tag.
    pub(crate) fn is_goods(&self) -> bool {
        !matches!(self.story, Story::LooseTag | Story::SecondTagOf(_))
    }

    /// Its serial as `truth.json` tells it: of a piece that has a tag, or had one until it was torn off.
    pub(crate) fn told_serial(&self) -> Option<String> {
        (self.epc.is_some() || self.story == Story::Torn).then(|| self.serial.to_string())
    }

    /// How somebody carries it, if anybody does.
    pub(crate) fn carried_as(&self) -> Option<Carry> {
        match self.place {
            Place::Held { carry, .. } => Some(carry),
            _ => None,
        }
    }

    /// What is wrong with its tag, in `truth.json`'s words.
    pub(crate) fn tag_word(&self) -> Option<&'static str> {
        match self.story {
            Story::Torn => Some("torn"),
            Story::Clone => Some("clone"),
            _ => None,
        }
    }

    /// Whether the store's list of pieces has it.
    pub(crate) fn is_known(&self) -> bool {
        self.epc.is_some() && matches!(self.story, Story::Usual | Story::SoldBefore | Story::LooseTag)
    }
}

/// A new piece of a product, with a serial that no other has.
pub(crate) fn piece(
    products: &[Product],
    product: usize,
    place: Place,
    chance: &mut Chance,
    next: &mut u64,
) -> Piece {
    *next += 1 + chance.index(37) as u64;
    let serial = *next;
    let epc = products
        .get(product)
        .filter(|p| p.tagged)
        .and_then(|p| Hex::from_bytes(&sgtin96(p.item_reference, serial)).ok());
    Piece { product, serial, epc, place, story: Story::Usual }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GS1 TDS 2.x's own example layout, checked with the contract's piece 9520000.000001.6789: built by hand from
    /// the field widths 8, 3, 3, 24, 20, 38.
    #[test]
    fn an_sgtin_96_has_the_standards_fields() {
        let epc = sgtin96(1, 6789);
        let bits = epc.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        assert_eq!(bits >> 88, 0x30);
        assert_eq!((bits >> 85) & 7, 1, "filter: point of sale");
        assert_eq!((bits >> 82) & 7, 5, "partition: seven digits of company");
        assert_eq!((bits >> 58) & 0xFF_FFFF, 9_520_000);
        assert_eq!((bits >> 38) & 0xF_FFFF, 1);
        assert_eq!(bits & ((1 << 38) - 1), 6789);
    }

    #[test]
    fn the_contracts_example_gtins_have_these_check_digits() {
        assert_eq!(gtin14(1), "09520000000011");
        assert_eq!(gtin14(2), "09520000000028");
    }

    #[test]
    fn the_catalogue_has_look_alikes_and_untagged_goods() {
        let all = products();
        assert!(all.iter().filter(|p| p.tagged).count() >= 20);
        assert!(all.iter().filter(|p| !p.tagged).count() >= 2);
        let tees = all.iter().filter(|p| p.style == 0 && p.colour == 0).count();
        assert_eq!(tees, 3, "three sizes of one colour");
    }
}
