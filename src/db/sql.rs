//! Every statement there is, in SQL that SQLite and PostgreSQL share. No other file holds any, except the migrations.

macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(pub(super) const $name: &str = $sql;)+

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $name),)+];
    };
}

statements! {
    HEAD = "SELECT seq, line, at, chain FROM head WHERE id = 1";
    PUT_HEAD = "INSERT INTO head (id, seq, line, at, chain) VALUES (1, $1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, line = excluded.line, at = excluded.at,
            chain = excluded.chain";
    PUT_ROW = "INSERT INTO journal (seq, kind, type, at, first_line, last_line, body, digest, chain)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ROWS_AFTER = "SELECT seq, kind, type, at, first_line, last_line, body, digest, chain FROM journal
        WHERE seq > $1 ORDER BY seq LIMIT $2";
    FACTS_AFTER = "SELECT seq, at, last_line, body FROM journal
        WHERE kind = 'fact' AND seq > $1 ORDER BY seq LIMIT $2";
    LINES_AFTER = "SELECT seq, first_line, body FROM journal
        WHERE kind = 'lines' AND last_line > $1 ORDER BY last_line LIMIT $2";

    PUT_PRODUCT = "INSERT INTO products
            (gtin, fact, sku, name, unit_minor, tax_category, weight_g, tagged, image)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (gtin) DO UPDATE SET fact = excluded.fact, sku = excluded.sku, name = excluded.name,
            unit_minor = excluded.unit_minor, tax_category = excluded.tax_category,
            weight_g = excluded.weight_g, tagged = excluded.tagged, image = excluded.image";
    PUT_PIECE = "INSERT INTO pieces (gtin, serial, fact, epc, zone, state, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (gtin, serial) DO UPDATE SET fact = excluded.fact, epc = excluded.epc,
            zone = excluded.zone, state = excluded.state, since = excluded.since";
    MOVE_PIECE = "UPDATE pieces SET fact = $3, zone = $4, state = $5, since = $6
        WHERE gtin = $1 AND serial = $2";
    PUT_MOVE = "INSERT INTO moves (fact, gtin, serial) VALUES ($1, $2, $3)";
    PUT_ATTEMPT = "INSERT INTO attempts
            (id, fact, state, passage, lane, terminal, currency, amount_minor, decided_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET fact = excluded.fact, state = excluded.state,
            passage = excluded.passage, lane = excluded.lane, terminal = excluded.terminal,
            currency = excluded.currency, amount_minor = excluded.amount_minor,
            decided_at = excluded.decided_at";
    PUT_PASSAGE = "INSERT INTO passages
            (id, first_fact, fact, lane, began_at, ended_at, outcome, receipt, released)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET fact = excluded.fact, lane = excluded.lane,
            began_at = excluded.began_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
            receipt = excluded.receipt, released = excluded.released";
    PUT_EVIDENCE = "INSERT INTO evidence (fact, passage, line, gtin, serial) VALUES ($1, $2, $3, $4, $5)";
    PUT_ALERT = "INSERT INTO alerts (fact, at, kind, lane, passage) VALUES ($1, $2, $3, $4, $5)";

    LAST_NUMBER = "SELECT COALESCE(MAX(number), 0) FROM receipts";
    // The attempt that pays a passage's next receipt: the captured one; its fact may come after the receipt's.
    PAYING_ATTEMPT = "SELECT a.id, a.terminal FROM attempts a
        WHERE a.passage = $1 AND a.state IN ('approved', 'committed', 'unknown')
            AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.attempt = a.id)
        ORDER BY CASE a.state WHEN 'approved' THEN 0 ELSE 1 END,
            CASE WHEN a.decided_at = $2 THEN 0 ELSE 1 END, a.fact DESC LIMIT 1";
    STORED_RECEIPT = "SELECT r.number, r.status, r.passage, r.currency, r.total_minor, r.tax_minor, a.terminal
        FROM receipts r JOIN attempts a ON a.id = r.attempt WHERE r.id = $1";
    PUT_RECEIPT = "INSERT INTO receipts (id, number, first_fact, fact, lane, passage, status, currency,
            total_minor, tax_minor, decided_at, paid_at, token, attempt)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    SET_RECEIPT_STATUS = "UPDATE receipts SET fact = $2, status = $3 WHERE id = $1";
    PUT_RECEIPT_LINE = "INSERT INTO receipt_lines
            (receipt, line, gtin, serial, epc, sku, name, quantity, unit_minor, basis, confidence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    PUT_ENTRY = "INSERT INTO ledger (fact, account, receipt, currency, amount_minor)
        VALUES ($1, $2, $3, $4, $5)";

    RECEIPTS = "SELECT r.number, j.seq, j.body FROM receipts r JOIN journal j ON j.seq = r.fact
        WHERE r.number > $1 ORDER BY r.number LIMIT $2";
    RECEIPTS_NEWEST = "SELECT r.number, j.seq, j.body FROM receipts r JOIN journal j ON j.seq = r.fact
        WHERE r.number < $1 ORDER BY r.number DESC LIMIT $2";
    RECEIPT = "SELECT r.number, j.seq, j.body FROM receipts r JOIN journal j ON j.seq = r.fact
        WHERE r.id = $1";
    RECEIPT_BY_TOKEN = "SELECT r.number, j.seq, j.body FROM receipts r JOIN journal j ON j.seq = r.fact
        WHERE r.token = $1";
    TOKEN_OF = "SELECT token FROM receipts WHERE id = $1";
    PASSAGES = "SELECT p.first_fact, j.seq, j.body FROM passages p JOIN journal j ON j.seq = p.fact
        WHERE p.first_fact > $1 ORDER BY p.first_fact LIMIT $2";
    PASSAGES_NEWEST = "SELECT p.first_fact, j.seq, j.body FROM passages p JOIN journal j ON j.seq = p.fact
        WHERE p.first_fact < $1 ORDER BY p.first_fact DESC LIMIT $2";
    PASSAGES_BY_HAND = "SELECT p.first_fact, j.seq, j.body FROM passages p JOIN journal j ON j.seq = p.fact
        WHERE (p.outcome = 'held' OR NOT p.released) AND p.first_fact < $1
        ORDER BY p.first_fact DESC LIMIT $2";
    PASSAGE = "SELECT p.first_fact, j.seq, j.body FROM passages p JOIN journal j ON j.seq = p.fact
        WHERE p.id = $1";
    ALERTS = "SELECT a.fact, j.seq, j.body FROM alerts a JOIN journal j ON j.seq = a.fact
        WHERE a.fact > $1 ORDER BY a.fact LIMIT $2";
    ALERTS_NEWEST = "SELECT a.fact, j.seq, j.body FROM alerts a JOIN journal j ON j.seq = a.fact
        WHERE a.fact < $1 ORDER BY a.fact DESC LIMIT $2";
    EVIDENCE_OF_PASSAGE = "SELECT e.fact, j.seq, j.body FROM evidence e JOIN journal j ON j.seq = e.fact
        WHERE e.passage = $1 ORDER BY e.fact";
    // What was weighed later, or under the same line number for another piece, is not what the line rests on.
    EVIDENCE_OF_LINE = "SELECT e.fact, j.seq, j.body
        FROM receipts r JOIN receipt_lines l ON l.receipt = r.id
            JOIN evidence e ON e.passage = r.passage AND e.line = l.line
            JOIN journal j ON j.seq = e.fact
        WHERE r.id = $1 AND l.line = $2 AND (e.gtin IS NULL OR e.gtin = l.gtin)
            AND (e.serial IS NULL OR e.serial = l.serial)
        ORDER BY e.fact";
    PRODUCT = "SELECT gtin, sku, name, unit_minor, tax_category, weight_g, tagged, image FROM products
        WHERE gtin = $1";
    PRODUCTS = "SELECT gtin, sku, name, unit_minor, tax_category, weight_g, tagged, image FROM products
        WHERE gtin > $1 ORDER BY gtin LIMIT $2";
    ITEMS = "SELECT i.gtin, i.serial, i.epc, i.zone, i.state, i.since, p.sku, p.name, p.unit_minor
        FROM pieces i LEFT JOIN products p ON p.gtin = i.gtin
        WHERE (i.gtin, i.serial) > ($1, $2) AND (CAST($3 AS TEXT) IS NULL OR i.zone = $3)
            AND (CAST($4 AS TEXT) IS NULL OR i.state = $4)
        ORDER BY i.gtin, i.serial LIMIT $5";
    ITEM = "SELECT i.gtin, i.serial, i.epc, i.zone, i.state, i.since, p.sku, p.name, p.unit_minor
        FROM pieces i LEFT JOIN products p ON p.gtin = i.gtin WHERE i.gtin = $1 AND i.serial = $2";
    MOVES_OF_ITEM = "SELECT m.fact, j.seq, j.body FROM moves m JOIN journal j ON j.seq = m.fact
        WHERE m.gtin = $1 AND m.serial = $2 ORDER BY m.fact";
    STOCK = "SELECT zone, state, COUNT(*) FROM pieces GROUP BY zone, state ORDER BY zone, state";

    ALL_PRODUCTS = "SELECT gtin, fact, sku, name, unit_minor, tax_category, weight_g, tagged, image
        FROM products";
    ALL_PIECES = "SELECT gtin, serial, fact, epc, zone, state, since FROM pieces";
    ALL_MOVES = "SELECT fact, gtin, serial FROM moves";
    ALL_ATTEMPTS = "SELECT id, fact, state, passage, lane, terminal, currency, amount_minor, decided_at
        FROM attempts";
    ALL_PASSAGES = "SELECT id, first_fact, fact, lane, began_at, ended_at, outcome, receipt, released
        FROM passages";
    ALL_EVIDENCE = "SELECT fact, passage, line, gtin, serial FROM evidence";
    ALL_ALERTS = "SELECT fact, at, kind, lane, passage FROM alerts";
    ALL_RECEIPTS = "SELECT id, number, first_fact, fact, lane, passage, status, currency, total_minor,
            tax_minor, decided_at, paid_at FROM receipts";
    ALL_RECEIPT_LINES = "SELECT receipt, line, gtin, serial, epc, sku, name, quantity, unit_minor, basis,
            confidence FROM receipt_lines";
    ALL_ENTRIES = "SELECT fact, account, receipt, currency, amount_minor FROM ledger";
    RECEIPT_ATTEMPTS = "SELECT id, attempt, token FROM receipts";
    UNBALANCED = "SELECT fact, CAST(SUM(amount_minor) AS BIGINT) FROM ledger GROUP BY fact, currency
        HAVING SUM(amount_minor) <> 0 ORDER BY fact LIMIT 1";
    LINE_WITHOUT_EVIDENCE = "SELECT l.receipt, l.line
        FROM receipts r JOIN receipt_lines l ON l.receipt = r.id
        WHERE NOT EXISTS (SELECT 1 FROM evidence e
            WHERE e.passage = r.passage AND e.line = l.line AND (e.gtin IS NULL OR e.gtin = l.gtin)
                AND (e.serial IS NULL OR e.serial = l.serial))
        ORDER BY r.number, l.line LIMIT 1";
}

/// Takes the right to write at once, not at the first write. SQLite alone.
pub(super) const BEGIN_TO_WRITE: &str = "BEGIN IMMEDIATE";
/// Answers `ok` when the pages of the file are sound. SQLite alone.
pub(super) const QUICK_CHECK: &str = "PRAGMA quick_check(1)";
/// Which migrations this database has had.
pub(super) const MIGRATED: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";

#[cfg(test)]
mod tests {
    use sqlx::{Executor as _, SqlSafeStr as _};

    use super::*;

    #[tokio::test]
    async fn the_database_takes_every_statement() {
        let db = crate::db::Db::open("sqlite::memory:").await.expect("a database in memory");
        let mut connection = db.readers.acquire().await.expect("its connection");
        for (name, sql) in ALL.iter().chain(&[("QUICK_CHECK", QUICK_CHECK), ("MIGRATED", MIGRATED)]) {
            if let Err(error) = connection.prepare(sql.into_sql_str()).await {
                panic!("{name}: {error}");
            }
        }
    }
}
