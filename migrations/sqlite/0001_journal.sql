-- The journal of one ledger. Nothing here is ever updated; no row of `journal` is ever deleted.
--
-- A file holds one ledger, so the ledger is no part of the keys: batch_no alone is the row's
-- number and SQLite's rowid, which makes every append a plain write at the end of the table. The
-- insert itself (src/journal/sqlite.rs) lets a row in only after its predecessor of the same
-- ledger.

CREATE TABLE journal (
    -- Number of the batch, from 0 without gaps.
    batch_no  INTEGER NOT NULL PRIMARY KEY CHECK (batch_no >= 0),
    -- UUID of the ledger, the same in every row of the file.
    ledger    BLOB    NOT NULL CHECK (length(ledger) = 16),
    -- Positions of the first and the last event, from 0 without gaps.
    first_seq INTEGER NOT NULL CHECK (first_seq >= 0),
    last_seq  INTEGER NOT NULL CHECK (last_seq >= first_seq),
    -- Epoch of the node that wrote the row; never falls.
    epoch     INTEGER NOT NULL CHECK (epoch >= 0),
    -- Roots of the tree over all events before the batch, and up to and with it.
    prev_root BLOB    NOT NULL CHECK (length(prev_root) = 32),
    root      BLOB    NOT NULL CHECK (length(root) = 32),
    -- The events, one frame each (docs/FORMATS.md). Last, so that the other columns are read
    -- without it.
    body      BLOB    NOT NULL CHECK (length(body) > 8)
) STRICT;

-- There is no unique key on prev_root: SQLite runs one writing transaction at a time and batch_no
-- is unique, so two rows on one predecessor cannot come about, and the key's random pages would
-- cost every small commit a sixth of its time.
CREATE UNIQUE INDEX journal_first_seq ON journal (first_seq);

-- What opens the commitments to personal data: see docs/FORMATS.md. A row may be missing because
-- it was erased; the events stay as they are.
CREATE TABLE private (
    ledger BLOB    NOT NULL CHECK (length(ledger) = 16),
    -- Position of the event, and number of the field within it.
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    field  INTEGER NOT NULL CHECK (field BETWEEN 0 AND 65535),
    salt   BLOB    NOT NULL CHECK (length(salt) = 16),
    value  TEXT    NOT NULL,
    PRIMARY KEY (ledger, seq, field)
) STRICT, WITHOUT ROWID;
