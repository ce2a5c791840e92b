//! Products and pieces made known to a store that does not run: through the engine, as one transaction of its journal.

use std::sync::Arc;

use engine::{Engine, Output, Outputs, Plan, Stamp};
use recording::{Catalogue, Line};

use super::BEFORE_ALL;
use super::clock::Clock;
use crate::db::{Batch, Db, DbError};

/// Takes changes in; tells how many were news. What is known already leaves no trace, so the same list twice changes
/// nothing.
pub async fn learn(
    db: &Db,
    plan: Arc<Plan>,
    changes: impl IntoIterator<Item = Catalogue>,
) -> Result<usize, DbError> {
    let shop = db.shop().await?;
    let mut last = db.last_stamp().await?.unwrap_or(BEFORE_ALL);
    let now = Clock::start(Some(last.now), 1.0).now();
    let mut engine = Engine::new(plan, shop, last);
    let (mut lines, mut facts, mut outputs) = (Vec::new(), Vec::new(), Outputs::new());
    for change in changes {
        let line = Line { received_at: Some(now), ..Line::new(now, change.into()) };
        let stamp = Stamp { seq: last.seq + 1, now };
        engine.step(stamp, &line, &mut outputs);
        let before = facts.len();
        facts.extend(outputs.drain(..).filter_map(|output| match output {
            Output::Outcome(outcome) if outcome.is_fact() => Some((stamp.seq, outcome)),
            Output::Outcome(_) | Output::Effect(_) => None,
        }));
        if facts.len() > before {
            lines.push((stamp.seq, line));
            last = stamp;
        }
    }
    db.commit(&Batch { lines: &lines, facts: &facts }).await?;
    Ok(lines.len())
}
