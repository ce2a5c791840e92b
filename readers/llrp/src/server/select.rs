//! Which tags an inventory asks for: the Select commands of a `C1G2InventoryCommand` and its singulation action (Gen2
//! §6.3.2.12.1, LLRP's C1G2Filter). Each tag is looked at as if it had just come into the field: flag SL down, every
//! inventoried flag at A. What rounds do to the flags afterwards is the host's radio's affair.

use super::tag::{Bank, Tag};
use crate::definitions::{enumerations as e, parameters as p};
use crate::element::{Element, Value};

/// The most filters that are looked at; a reader says in its capabilities how many it has.
pub(super) const MOST_FILTERS: u16 = 8;

/// Bits of a mask: how many, and the bytes that hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) bank: Bank,
    pub(super) pointer: usize,
    pub(super) count: u16,
    pub(super) bytes: Vec<u8>,
}

/// A bit string's bits, as far as its bytes go.
pub(super) fn bits(count: u16, bytes: &[u8]) -> impl Iterator<Item = bool> + '_ {
    (0..usize::from(count)).map(|n| bytes.get(n / 8).is_some_and(|byte| byte >> (7 - n % 8) & 1 == 1))
}

impl Mask {
    fn read(element: &Element) -> Mask {
        let (count, bytes) = match element.value("TagMask") {
            Some(Value::Bits { count, bytes }) => (*count, bytes.clone()),
            _ => (0, Vec::new()),
        };
        Mask {
            bank: Bank::of(element.unsigned("MB").unwrap_or_default()),
            pointer: element.unsigned("Pointer").and_then(|at| usize::try_from(at).ok()).unwrap_or_default(),
            count,
            bytes,
        }
    }

    /// Nothing to match is a match; reserved memory cannot be selected by.
    fn matches(&self, tag: &Tag) -> bool {
        self.count == 0
            || (self.bank != Bank::Reserved
                && tag.matches(self.bank, self.pointer, bits(self.count, &self.bytes).map(|bit| (true, bit))))
    }
}

/// What a filter does to the tags that match, or do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Selected; SL up, or the inventoried flag to A.
    Up,
    /// Not selected; SL down, or the inventoried flag to B.
    Down,
    Turn,
    Leave,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Filter {
    mask: Mask,
    /// The session whose inventoried flag it sets; `None` for SL, and for filters that know no flags.
    session: Option<u8>,
    matching: Act,
    others: Act,
}

impl Filter {
    fn read(element: &Element) -> Option<Filter> {
        use Act::{Down, Leave, Turn, Up};
        use e::{C1G2StateAwareAction as A, C1G2StateUnawareAction as U};
        let mask = Mask::read(element.child(&p::C1G2TagInventoryMask)?);
        let aware = element.child(&p::C1G2TagInventoryStateAwareFilterAction);
        let (session, (matching, others)) = if let Some(action) = aware {
            let target = action.unsigned("Target").unwrap_or_default();
            let session = target.checked_sub(1).map(|session| (session & 3) as u8);
            let acts = match action.unsigned("Action").unwrap_or_default() {
                A::AssertSLOrA_Noop => (Up, Leave),
                A::Noop_DeassertSLOrB => (Leave, Down),
                A::NegateSLOrABBA_Noop => (Turn, Leave),
                A::DeassertSLOrB_AssertSLOrA => (Down, Up),
                A::DeassertSLOrB_Noop => (Down, Leave),
                A::Noop_AssertSLOrA => (Leave, Up),
                A::Noop_NegateSLOrABBA => (Leave, Turn),
                _ => (Up, Down),
            };
            (session, acts)
        } else {
            let action = element.child(&p::C1G2TagInventoryStateUnawareFilterAction);
            let acts = match action.and_then(|action| action.unsigned("Action")).unwrap_or_default() {
                U::Select_DoNothing => (Up, Leave),
                U::DoNothing_Unselect => (Leave, Down),
                U::Unselect_DoNothing => (Down, Leave),
                U::Unselect_Select => (Down, Up),
                U::DoNothing_Select => (Leave, Up),
                _ => (Up, Down),
            };
            (None, acts)
        };
        Some(Filter { mask, session, matching, others })
    }
}

/// Which tags one antenna's inventory asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection {
    filters: Vec<Filter>,
    /// For a state-aware command: the session, whether tags at B are wanted, and whether SL must be up or down.
    wanted: Option<(u8, bool, Option<bool>)>,
}

impl Selection {
    /// Reads a `C1G2InventoryCommand`.
    pub(super) fn read(command: &Element) -> Selection {
        let filters = command.children(&p::C1G2Filter).take(usize::from(MOST_FILTERS));
        let control = command.child(&p::C1G2SingulationControl);
        let session = control.and_then(|control| control.unsigned("Session")).unwrap_or_default();
        let wanted = command.flag("TagInventoryStateAware").then(|| {
            let action =
                control.and_then(|control| control.child(&p::C1G2TagInventoryStateAwareSingulationAction));
            let sl = action.filter(|action| !action.flag("SAll")).map(|action| !action.flag("S"));
            ((session & 3) as u8, action.is_some_and(|action| action.flag("I")), sl)
        });
        Selection { filters: filters.filter_map(Filter::read).collect(), wanted }
    }

    /// Whether every tag is asked for.
    pub(super) fn is_open(&self) -> bool {
        self.filters.is_empty() && self.wanted.is_none()
    }

    /// Whether this tag answers.
    pub(super) fn admits(&self, tag: &Tag) -> bool {
        // SL, then the inventoried flags of the four sessions (`true` is A).
        let (mut sl, mut at_a) = (false, [true; 4]);
        if self.wanted.is_none() {
            // Filters without flags: what no filter speaks of is in unless the first one picks tags.
            sl =
                self.filters.first().is_none_or(|first| first.matching != Act::Up && first.others != Act::Up);
        }
        for filter in &self.filters {
            let act = if filter.mask.matches(tag) { filter.matching } else { filter.others };
            let flag = match filter.session {
                Some(session) => at_a.get_mut(usize::from(session)),
                None => Some(&mut sl),
            };
            if let Some(flag) = flag {
                match act {
                    Act::Up => *flag = true,
                    Act::Down => *flag = false,
                    Act::Turn => *flag = !*flag,
                    Act::Leave => {}
                }
            }
        }
        match self.wanted {
            None => sl,
            Some((session, at_b, sl_wanted)) => {
                at_a.get(usize::from(session)).is_some_and(|at_a| *at_a != at_b)
                    && sl_wanted.is_none_or(|wanted| wanted == sl)
            }
        }
    }
}
