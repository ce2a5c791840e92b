//! What a person does next. Every behaviour in the store is a list of these, whether the family's dice or a scene's text
//! wrote it: there is none that hides elsewhere. Carried out by `world::acts` and its neighbours.

use recording::TapOutcome;

use crate::space::P2;
use crate::stock::Carry;

/// One thing that a person does next. A person's steps end with `Gone`; who has no step left is gone as well.
///
/// Lanes, fixtures and zones are indices into the plan, persons are the numbers that `World::comes` and
/// `World::will_come` give, pieces are indices into the world's pieces. A step that cannot be done (nobody there, nothing
/// in hand) is over at once; waiting steps give up after the time that stands with them, so that no list stands still.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    // Walking.
    /// Walk there, around racks and people.
    Go(P2),
    /// Walk to a place before a fixture from which it is in reach.
    Visit { fixture: usize },
    /// Stay at a fixture for so many seconds, moving along it a step at a time.
    Browse { fixture: usize, seconds: f64 },
    /// Stay here for so many seconds. In a lane this is lingering.
    Stand(f64),
    /// Walk along a lane's middle to so many metres behind its entry line. Less than zero is before the lane (a
    /// turn-round ends there), more than its length is on the street. Nobody overtakes in a lane.
    LaneTo { lane: usize, depth_m: f64 },
    /// Walk on to where the lane's terminal is in reach.
    ToTerminal { lane: usize },
    /// Out of the lane on the street side and away: over when one is out of sight.
    Leave { lane: usize },
    /// Keep with the leader of one's party, beside them where there is room, behind them in a lane; over when they have
    /// left the picture, and then one leaves likewise.
    Follow,
    /// Walk up to another person, until they are in reach of a hand (gives up after 40 s).
    Meet { person: u32 },
    /// Stand in a lift's cabin while it goes to that floor; whoever follows one and is there rides along (waits 25 s for
    /// them). Over when one stands on the other floor.
    Ride { lift: usize, floor: usize },
    /// Into a free cubicle of the fitting room, waiting before it for one. Where the plan has none, a corner of the shop.
    Cubicle,

    // Lanes.
    /// Wait for one's turn at a lane, in the line of those who wait there. One's whole party is given the lane together.
    Queue { lane: usize },
    /// Go in close behind whoever is in the lane now, without waiting until they are out (waits 30 s for somebody to
    /// have come in).
    Tailgate { lane: usize },
    /// Wait in line, and go in only when another person stands first in the line of their own lane too (both need this
    /// step, naming each other): the two then walk through side by side. Gives up waiting for them after 40 s.
    Abreast { lane: usize, with: u32 },

    // Things.
    /// Has had this since before coming, carried so, or as one carries things.
    Bring { what: Brought, carry: Option<Carry> },
    /// Take a piece from a fixture; the way of carrying is the person's own, or what `Stow` says later.
    Take { fixture: usize, what: Wanted },
    /// Put pieces on a fixture; on another than their own they are misplaced.
    PutBack { fixture: usize, which: Which },
    /// Leave pieces lying where one stands (in a cubicle, in the lane).
    LayDown { which: Which },
    /// Pick up what lies within reach of where one stands.
    PickUp,
    /// Carry pieces another way from now on: into a bag, put on, under the clothes, into a foil-lined bag.
    Stow { which: Which, carry: Carry },
    /// Tear the tags off and leave them on a fixture; the garments stay in hand.
    TearOff { which: Which, fixture: usize },
    /// Hand pieces to a person within reach (1.5 m; waits 20 s for them to be). From then on they carry them.
    HandTo { person: u32, which: Which },
    /// Lay everything into the tray at the lane's terminal.
    IntoTray { lane: usize },
    /// Take everything out of that tray again.
    OutOfTray { lane: usize },
    /// Staff: take up to this many pieces that a fixture is short of out of the stockroom, whichever way one carries.
    Load { fixture: usize, count: usize },
    /// Leave all pieces in the stockroom (a return that staff take in).
    Return,

    // Paying.
    /// Hold a card to the lane's terminal: one's first card is 0, another is 1. Twice the same is a double tap.
    Tap { lane: usize, outcome: TapOutcome, card: u8 },

    // Ends.
    /// Think how to leave, by what is in hand and the family's shares; becomes a list of the steps above.
    Decide,
    /// Out of the picture.
    Gone,
}

/// Which piece one wants of a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any with a tag.
    Tagged,
    /// Any without a tag.
    Untagged,
    /// Any of a product.
    Product(usize),
    /// This one, wherever it lies.
    Piece(usize),
}

/// Which of the pieces in one's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one taken last.
    Last,
    All,
    /// This one, if one has it.
    Piece(usize),
}

/// What somebody may come in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// A piece that this store sold on an earlier day.
    SoldBefore,
    /// Another brand's garment with its tag still on: the store knows neither piece nor product.
    Foreign,
    /// A piece that the store knows, of a product without a price.
    Unpriced,
    /// A piece of a product that is in no rack: made for this person.
    Product(usize),
    /// A counterfeit: the bits of a piece that lies in the store on another chip.
    CloneOf(usize),
    /// A piece with two tags on it.
    TwoTags(usize),
    /// A piece whose tag answers weakly (a far, badly tuned chip).
    Weak(usize),
}
