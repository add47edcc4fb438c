-- The registers of parties: admission, recognition, status, relations, credit flags. As in the first
-- file, amounts are fen, days text, flags 0 or 1, and `event` is the position of the event from
-- which a row came.

-- None without a last day; what `suspended` says holds up to it.
ALTER TABLE providers ADD COLUMN suspended_until TEXT;

-- Applications for admission.
CREATE TABLE admissions (
    id              BIGINT NOT NULL PRIMARY KEY,
    public_id       TEXT   NOT NULL,
    code            TEXT   NOT NULL,
    -- None until the provider is in the register.
    provider        BIGINT,
    city            BIGINT NOT NULL,
    -- The term applied for.
    effective_from  TEXT   NOT NULL,
    effective_to    TEXT   NOT NULL,
    -- applied, returned, declined, withdrawn, published, admitted.
    status          TEXT   NOT NULL,
    -- Last day of publicity.
    publicity_until TEXT,
    applied_on      TEXT   NOT NULL,
    applied_by      BIGINT NOT NULL,
    event           BIGINT NOT NULL
);

CREATE TABLE objections (
    admission   BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    reason_code TEXT   NOT NULL,
    -- open, upheld, dismissed.
    status      TEXT   NOT NULL,
    objected_on TEXT   NOT NULL,
    event       BIGINT NOT NULL,
    PRIMARY KEY (admission, number)
);

-- Terms of admission as they were granted and ended, newest last: from the first day of an entry on
-- the entries before it say nothing more. `provider_categories` are those of the registration.
CREATE TABLE provider_terms (
    event          BIGINT NOT NULL PRIMARY KEY,
    provider       BIGINT NOT NULL,
    -- admitted, ended.
    kind           TEXT   NOT NULL,
    effective_from TEXT   NOT NULL,
    effective_to   TEXT,
    -- Codes by their numbers, bit n for category n.
    categories     BIGINT,
    admission      BIGINT
);

-- Stances of cities on what other cities admitted or certified, as they were entered.
CREATE TABLE recognitions (
    event          BIGINT NOT NULL PRIMARY KEY,
    city           BIGINT NOT NULL,
    -- provider, admitted_by, status_of; and which one.
    subject        TEXT   NOT NULL,
    provider       BIGINT,
    subject_city   BIGINT,
    -- recognises, refuses, silent.
    stance         TEXT   NOT NULL,
    -- None for all; bit n for category n.
    categories     BIGINT,
    effective_from TEXT   NOT NULL,
    effective_to   TEXT
);

-- Certified status of enterprises, as entered: of one first day the newest entry holds.
CREATE TABLE statuses (
    event          BIGINT NOT NULL PRIMARY KEY,
    enterprise     BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    effective_from TEXT   NOT NULL,
    effective_to   TEXT   NOT NULL,
    certificate_no TEXT   NOT NULL,
    certified_by   BIGINT NOT NULL
);

-- Related parties, as entered: of one first day the newest entry holds.
CREATE TABLE relations (
    event            BIGINT NOT NULL PRIMARY KEY,
    provider         BIGINT,
    enterprise       BIGINT,
    other_provider   BIGINT,
    other_enterprise BIGINT,
    kind             TEXT   NOT NULL,
    effective_from   TEXT   NOT NULL,
    effective_to     TEXT
);

-- Credit flags. The reason and the document stand in the journal alone: they are for the city that
-- raised the flag.
CREATE TABLE credit_flags (
    id             BIGINT NOT NULL PRIMARY KEY,
    public_id      TEXT   NOT NULL,
    provider       BIGINT,
    enterprise     BIGINT,
    code           TEXT   NOT NULL,
    -- warning, block.
    level          TEXT   NOT NULL,
    effective_from TEXT   NOT NULL,
    -- None until it is lifted.
    effective_to   TEXT,
    city           BIGINT NOT NULL,
    -- in_force, lifted; one that has ended by its last day stays in_force here.
    status         TEXT   NOT NULL,
    lifted_on      TEXT,
    raised_on      TEXT   NOT NULL,
    -- As the sender named it.
    external_ref   TEXT,
    event          BIGINT NOT NULL
);
CREATE INDEX credit_flags_city ON credit_flags (city, id);

-- Versions of the accounts that parties are paid to. The account is masked but for its last four
-- characters; none for a team.
CREATE TABLE bank_accounts (
    event      BIGINT NOT NULL PRIMARY KEY,
    provider   BIGINT,
    enterprise BIGINT,
    version    BIGINT NOT NULL,
    -- proposed, in_force, declined. Of several in_force the newest holds, of several proposed the
    -- newest waits.
    status     TEXT   NOT NULL,
    account    TEXT
);

-- Parties that were struck off.
CREATE TABLE dissolutions (
    event          BIGINT NOT NULL PRIMARY KEY,
    provider       BIGINT,
    enterprise     BIGINT,
    effective_from TEXT   NOT NULL,
    successor      BIGINT
);
