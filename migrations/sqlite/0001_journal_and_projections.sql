-- The journal is the spine; every other table is a projection of its facts and could be made anew from them.
-- Times are microseconds since 1970-01-01T00:00:00Z, money is minor units, GTINs have 14 digits.

-- One row is either a batch of lines (NDJSON, in `body`) or one fact (JSON). `seq` has no gaps.
-- digest = SHA-256(body); chain = SHA-256(chain of the row before, seq, kind, at, first_line, last_line, digest).
-- The body of a row of lines may be dropped when it is no longer needed (NULL): the chain still holds.
CREATE TABLE journal (
    seq        INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('lines', 'fact')),
    -- A fact's type; a row of lines has none.
    type       TEXT    CHECK ((type IS NOT NULL) = (kind = 'fact')),
    at         INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    last_line  INTEGER NOT NULL CHECK (last_line >= first_line),
    body       BLOB    CHECK (body IS NOT NULL OR kind = 'lines'),
    digest     BLOB    NOT NULL,
    chain      BLOB    NOT NULL
);

CREATE INDEX journal_lines ON journal (last_line) WHERE kind = 'lines';

-- Where the journal ends: one row, written with every commit, so that a tail cut off is noticed.
CREATE TABLE head (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    seq   INTEGER NOT NULL,
    line  INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    chain BLOB    NOT NULL
);

-- What goes out of the store, in order: each feed keeps the `seq` up to which it has sent.
CREATE VIEW outbox AS SELECT seq, type, body FROM journal WHERE kind = 'fact';

CREATE TABLE products (
    gtin         TEXT    PRIMARY KEY,
    fact         INTEGER NOT NULL REFERENCES journal (seq),
    sku          TEXT,
    name         TEXT,
    unit_minor   INTEGER,
    tax_category TEXT,
    weight_g     INTEGER,
    tagged       BOOLEAN NOT NULL,
    image        TEXT
);

CREATE TABLE pieces (
    gtin   TEXT    NOT NULL,
    serial TEXT    NOT NULL,
    fact   INTEGER NOT NULL REFERENCES journal (seq),
    epc    TEXT,
    zone   TEXT,
    state  TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (gtin, serial)
);

CREATE INDEX pieces_zone ON pieces (zone, state);

CREATE TABLE moves (
    fact   INTEGER PRIMARY KEY REFERENCES journal (seq),
    gtin   TEXT    NOT NULL,
    serial TEXT    NOT NULL
);

CREATE INDEX moves_piece ON moves (gtin, serial, fact);

CREATE TABLE attempts (
    id           TEXT    PRIMARY KEY,
    fact         INTEGER NOT NULL REFERENCES journal (seq),
    state        TEXT    NOT NULL,
    passage      TEXT    NOT NULL,
    lane         TEXT    NOT NULL,
    terminal     TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    decided_at   INTEGER NOT NULL
);

CREATE INDEX attempts_passage ON attempts (passage);

-- `first_fact` is the fact that made it known, `fact` the latest. One attempt pays one receipt.
CREATE TABLE receipts (
    id          TEXT    PRIMARY KEY,
    number      INTEGER NOT NULL UNIQUE,
    first_fact  INTEGER NOT NULL REFERENCES journal (seq),
    fact        INTEGER NOT NULL REFERENCES journal (seq),
    token       TEXT    NOT NULL UNIQUE,
    attempt     TEXT    NOT NULL UNIQUE REFERENCES attempts (id),
    lane        TEXT    NOT NULL,
    passage     TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    total_minor INTEGER NOT NULL,
    tax_minor   INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL,
    paid_at     INTEGER NOT NULL
);

CREATE TABLE receipt_lines (
    receipt    TEXT    NOT NULL REFERENCES receipts (id),
    line       INTEGER NOT NULL,
    gtin       TEXT    NOT NULL,
    serial     TEXT,
    epc        TEXT,
    sku        TEXT,
    name       TEXT,
    quantity   INTEGER NOT NULL,
    unit_minor INTEGER NOT NULL,
    basis      TEXT    NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (receipt, line)
);

CREATE INDEX receipt_lines_piece ON receipt_lines (gtin, serial);

-- Double entry: a debit is positive, a credit negative, and what one fact books adds up to zero.
CREATE TABLE ledger (
    fact         INTEGER NOT NULL REFERENCES journal (seq),
    account      TEXT    NOT NULL,
    receipt      TEXT    NOT NULL REFERENCES receipts (id),
    currency     TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (fact, account)
);

CREATE INDEX ledger_receipt ON ledger (receipt);

CREATE TABLE passages (
    id         TEXT    PRIMARY KEY,
    first_fact INTEGER NOT NULL UNIQUE REFERENCES journal (seq),
    fact       INTEGER NOT NULL REFERENCES journal (seq),
    lane       TEXT    NOT NULL,
    began_at   INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    receipt    TEXT,
    released   BOOLEAN
);

CREATE INDEX passages_by_hand ON passages (first_fact) WHERE outcome = 'held' OR NOT released;

CREATE TABLE evidence (
    fact    INTEGER PRIMARY KEY REFERENCES journal (seq),
    passage TEXT    NOT NULL,
    line    INTEGER,
    gtin    TEXT,
    serial  TEXT
);

CREATE INDEX evidence_passage ON evidence (passage, line);

CREATE TABLE alerts (
    fact    INTEGER PRIMARY KEY REFERENCES journal (seq),
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    lane    TEXT,
    passage TEXT
);
