-- Tables that change with every claim, made so that a transaction writes few pages. All is read again
-- from the journal after this.

-- Up to where the journal was read. Each part is written in transactions of its own, with its position.
-- On PostgreSQL the claims may be a step ahead of all others for a moment; they are never behind.
DROP TABLE view_position;
CREATE TABLE view_position (
    -- 1: claims. 2: all other tables.
    part     INTEGER NOT NULL PRIMARY KEY CHECK (part IN (1, 2)),
    -- UUID of the ledger and root over the events read, in hexadecimal.
    ledger   TEXT   NOT NULL,
    root     TEXT   NOT NULL,
    -- Number of batches and of events read.
    batches  BIGINT NOT NULL,
    events   BIGINT NOT NULL
);

DROP TABLE vouchers;
-- Vouchers as they were issued: what hardly changes.
CREATE TABLE issued_vouchers (
    id        INTEGER NOT NULL PRIMARY KEY,
    public_id TEXT   NOT NULL,
    programme BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    issuer    BIGINT NOT NULL,
    holder    BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    issued_on TEXT   NOT NULL,
    use_by    TEXT   NOT NULL,
    cash_by   TEXT   NOT NULL,
    -- The voucher it came from by a transfer.
    parent    BIGINT,
    frozen    BIGINT NOT NULL,
    revoked   BIGINT NOT NULL,
    event     BIGINT NOT NULL,
    -- The application it answers, the voucher whose money it is issued for again, and the newest
    -- voucher that is issued for its own.
    application BIGINT,
    replaces    BIGINT,
    replaced_by BIGINT
);
CREATE INDEX vouchers_holder ON issued_vouchers (holder, id);
CREATE INDEX vouchers_issuer ON issued_vouchers (issuer, id);

-- Where the amount of each voucher is; what was transferred away is in none of the columns. It changes
-- with every claim, so it stands in narrow rows: a transaction writes few pages.
CREATE TABLE voucher_money (
    id       INTEGER NOT NULL PRIMARY KEY,
    free     BIGINT NOT NULL,
    held     BIGINT NOT NULL,
    approved BIGINT NOT NULL,
    returned BIGINT NOT NULL
);

-- Both together.
CREATE VIEW vouchers AS
SELECT issued_vouchers.id, public_id, programme, version, issuer, holder, amount, free, held, approved,
    returned, issued_on, use_by, cash_by, parent, frozen, revoked, event, application, replaces,
    replaced_by
FROM issued_vouchers JOIN voucher_money ON voucher_money.id = issued_vouchers.id;

DROP INDEX claims_voucher;
DROP INDEX claims_provider;
-- By voucher and by provider the index of the claims has a run of its own for every 262,144 claims.
-- Keys come in at random places, but in the newest run only, so that a transaction writes few pages
-- however many claims there are. To find the claims of voucher 5 with it, ask run by run:
--   SELECT claims.* FROM (SELECT id AS run FROM claims
--     WHERE id <= (SELECT MAX(id) FROM claims) / 262144) AS runs
--   CROSS JOIN claims ON (claims.id / 262144) * 4294967296 + voucher = run * 4294967296 + 5;
CREATE INDEX claims_voucher ON claims ((id / 262144) * 4294967296 + voucher);
CREATE INDEX claims_provider ON claims ((id / 262144) * 4294967296 + provider);
