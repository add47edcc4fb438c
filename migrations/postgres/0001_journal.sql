-- The journal. Nothing here is ever updated; no row of `journal` is ever deleted.
--
-- The insert itself (src/journal/postgres.rs) lets a row in only after its predecessor of the same
-- ledger; the keys let only one of two writers in behind the same predecessor. Every key begins
-- with the ledger, so that a database that is spread over several machines can keep a ledger
-- together. Nothing is used that such databases lack: no trigger, sequence, advisory lock or
-- storage parameter.

CREATE TABLE journal (
    -- UUID of the ledger.
    ledger    BYTEA  NOT NULL,
    -- Number of the batch, from 0 without gaps.
    batch_no  BIGINT NOT NULL,
    -- Positions of the first and the last event, from 0 without gaps.
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    -- Epoch of the node that wrote the row; never falls.
    epoch     BIGINT NOT NULL,
    -- Roots of the tree over all events before the batch, and up to and with it.
    prev_root BYTEA  NOT NULL,
    root      BYTEA  NOT NULL,
    -- The events, one frame each (docs/FORMATS.md). Last, so that the other columns are read
    -- without it.
    body      BYTEA  NOT NULL,
    CONSTRAINT journal_batch_no PRIMARY KEY (ledger, batch_no),
    CONSTRAINT journal_first_seq UNIQUE (ledger, first_seq),
    CONSTRAINT journal_prev_root UNIQUE (ledger, prev_root),
    CONSTRAINT journal_shape CHECK (
        octet_length(ledger) = 16 AND batch_no >= 0 AND first_seq >= 0 AND last_seq >= first_seq
        AND epoch >= 0 AND octet_length(prev_root) = 32 AND octet_length(root) = 32
        AND octet_length(body) > 8
    )
);

-- What opens the commitments to personal data: see docs/FORMATS.md. A row may be missing because
-- it was erased; the events stay as they are.
CREATE TABLE private (
    ledger BYTEA   NOT NULL,
    -- Position of the event, and number of the field within it.
    seq    BIGINT  NOT NULL,
    field  INTEGER NOT NULL,
    salt   BYTEA   NOT NULL,
    value  TEXT    NOT NULL,
    CONSTRAINT private_key PRIMARY KEY (ledger, seq, field),
    CONSTRAINT private_shape CHECK (
        octet_length(ledger) = 16 AND seq >= 0 AND field BETWEEN 0 AND 65535
        AND octet_length(salt) = 16
    )
);
