-- Applications for vouchers, what a voucher was issued for, and what happened to each.
CREATE TABLE applications (
    id           INTEGER NOT NULL PRIMARY KEY,
    programme    BIGINT NOT NULL,
    -- The city that reviews and issues.
    issuer       BIGINT NOT NULL,
    enterprise   BIGINT NOT NULL,
    -- Asked for, and approved; none before.
    amount       BIGINT NOT NULL,
    approved     BIGINT,
    -- submitted, in_review, returned, approved, declined, withdrawn or issued.
    status       TEXT   NOT NULL,
    -- None if nothing was said, and for a team: its words are personal data.
    purpose      TEXT,
    filed_on     TEXT   NOT NULL,
    -- Who submitted it last, and who approved it.
    submitted_by BIGINT NOT NULL,
    approved_by  BIGINT,
    -- Of the newest step: the code of a decline, and why in words.
    code         TEXT,
    reason       TEXT,
    -- The voucher that was issued on it.
    voucher      BIGINT,
    event        BIGINT NOT NULL
);
CREATE INDEX applications_enterprise ON applications (enterprise, id);
CREATE INDEX applications_issuer ON applications (issuer, id);

-- The events that concern a voucher or an application, besides those that stand in the rows of
-- vouchers and claims themselves.
CREATE TABLE history (
    -- voucher or application, and which.
    about    TEXT   NOT NULL,
    about_id BIGINT NOT NULL,
    event    BIGINT NOT NULL,
    PRIMARY KEY (about, about_id, event)
);

-- The application that a voucher answers, the voucher whose money it is issued for again, and the
-- newest voucher that is issued for its own.
ALTER TABLE vouchers ADD COLUMN application BIGINT;
ALTER TABLE vouchers ADD COLUMN replaces BIGINT;
ALTER TABLE vouchers ADD COLUMN replaced_by BIGINT;

-- What was read before is read again: it has a history too.
DELETE FROM view_position;
