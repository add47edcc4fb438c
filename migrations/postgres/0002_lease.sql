-- Who leads the ledger of this database: one row, or none before the first leader. Not a part of
-- the journal: the fence alone decides who writes; the lease says who should, and where others
-- pass writes on to.

CREATE TABLE lease (
    only_one SMALLINT NOT NULL,
    -- The node; the same after a restart on the same data folder.
    node     BYTEA    NOT NULL,
    -- Where other nodes reach it; empty if it serves nobody.
    address  TEXT     NOT NULL,
    -- What marks a request as passed on by another node; made anew at every start.
    secret   TEXT     NOT NULL,
    -- Grows with every change. Who has watched it stand still for a term may take over.
    beat     BIGINT   NOT NULL,
    -- False after the leader has let go.
    held     BOOLEAN  NOT NULL,
    CONSTRAINT lease_one PRIMARY KEY (only_one),
    CONSTRAINT lease_shape CHECK (only_one = 1 AND octet_length(node) = 16 AND beat > 0)
);
