-- Files from which vouchers are issued, once their issue is approved.
CREATE TABLE voucher_files (
    id          BIGINT NOT NULL PRIMARY KEY,
    -- SHA-256 of the file, in hexadecimal.
    sha256      TEXT   NOT NULL,
    programme   BIGINT NOT NULL,
    issuer      BIGINT NOT NULL,
    -- atomic or chunks.
    mode        TEXT   NOT NULL,
    row_count   BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    -- Who sent it; the references of its rows are theirs.
    sent_by     BIGINT NOT NULL,
    approved_on TEXT   NOT NULL,
    event       BIGINT NOT NULL
);

-- What became of each chunk of rows, in order; the vouchers are those of the events that follow.
CREATE TABLE voucher_file_chunks (
    event     BIGINT NOT NULL PRIMARY KEY,
    file      BIGINT NOT NULL,
    place     BIGINT NOT NULL,
    issued    BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    -- Rows whose voucher was there before, under the same reference.
    unchanged BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    issued_on TEXT   NOT NULL
);
CREATE INDEX voucher_file_chunks_file ON voucher_file_chunks (file, place);

-- Where the rows stand that were refused; why, says table refusals under the same event.
CREATE TABLE voucher_file_refusals (
    event BIGINT NOT NULL PRIMARY KEY,
    file  BIGINT NOT NULL,
    line  BIGINT NOT NULL
);
