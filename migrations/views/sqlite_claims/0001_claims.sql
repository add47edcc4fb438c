-- The claims: half of all that is written, in a file that is written at the same time as the other one.

-- Up to where the journal was read; for a moment a step ahead of the other file, never behind.
CREATE TABLE view_position (
    part     INTEGER NOT NULL PRIMARY KEY CHECK (part = 1),
    -- UUID of the ledger and root over the events read, in hexadecimal.
    ledger   TEXT   NOT NULL,
    root     TEXT   NOT NULL,
    -- Number of batches and of events read.
    batches  BIGINT NOT NULL,
    events   BIGINT NOT NULL
);

CREATE TABLE claims (
    id              INTEGER NOT NULL PRIMARY KEY,
    public_id       TEXT   NOT NULL,
    voucher         BIGINT NOT NULL,
    programme       BIGINT NOT NULL,
    issuer          BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    provider        BIGINT NOT NULL,
    -- provider or enterprise.
    payee           TEXT   NOT NULL,
    category        BIGINT NOT NULL,
    contract_no     TEXT   NOT NULL,
    contract_date   TEXT   NOT NULL,
    contract_amount BIGINT NOT NULL,
    invoice_no      TEXT   NOT NULL,
    invoice_amount  BIGINT NOT NULL,
    paid_amount     BIGINT NOT NULL,
    amount          BIGINT NOT NULL,
    payer           BIGINT NOT NULL,
    agreement       BIGINT,
    period          BIGINT NOT NULL,
    filed_on        TEXT   NOT NULL,
    filed_by        BIGINT NOT NULL,
    -- approved, paid or reversed.
    status          TEXT   NOT NULL,
    -- Its obligation lines: the first one and how many; none if nobody owes.
    first_line      BIGINT,
    line_count      BIGINT NOT NULL,
    event           BIGINT NOT NULL,
    -- The order it was filed under.
    order_id        BIGINT
);
-- By city, programme or status many rows fit: the newest are found from the end of the table.
CREATE INDEX claims_invoice_no ON claims (invoice_no);
-- By voucher and by provider the index of the claims has a run of its own for every 65,536 claims.
-- Keys come in at random places, but in the newest run only, so that a transaction writes few pages
-- however many claims there are. To find the claims of voucher 5 with it, ask run by run:
--   SELECT claims.* FROM (SELECT id AS run FROM claims
--     WHERE id <= (SELECT MAX(id) FROM claims) / 65536) AS runs
--   CROSS JOIN claims WHERE (claims.id / 65536) * 4294967296 + voucher = runs.run * 4294967296 + 5;
CREATE INDEX claims_voucher ON claims ((id / 65536) * 4294967296 + voucher);
CREATE INDEX claims_provider ON claims ((id / 65536) * 4294967296 + provider);
