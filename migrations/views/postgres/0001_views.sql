-- The read model: tables that any reporting tool may read. Everything here follows from the journal
-- and can be dropped and made anew (`quantong views rebuild`). The texts for SQLite and PostgreSQL
-- differ in the type of a key only: INTEGER makes a number the key of the table itself in SQLite.
--
-- Amounts are fen. Days are text, YYYY-MM-DD. Flags are 0 or 1. `id` is the number that other tables
-- refer to; `public_id` is what the API and people use. `event` is the position of the event from
-- which a row came.

-- Up to where the journal was read.
CREATE TABLE view_position (
    only_one BIGINT NOT NULL PRIMARY KEY CHECK (only_one = 1),
    -- UUID of the ledger and root over the events read, in hexadecimal.
    ledger   TEXT   NOT NULL,
    root     TEXT   NOT NULL,
    -- Number of batches and of events read.
    batches  BIGINT NOT NULL,
    events   BIGINT NOT NULL
);

CREATE TABLE members (
    id              BIGINT NOT NULL PRIMARY KEY,
    -- Division code.
    code            TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    name_zh         TEXT   NOT NULL,
    name_en         TEXT   NOT NULL,
    province        TEXT   NOT NULL,
    signed_protocol BIGINT NOT NULL,
    event           BIGINT NOT NULL
);

CREATE TABLE categories (
    id      BIGINT NOT NULL PRIMARY KEY,
    code    TEXT   NOT NULL,
    name_zh TEXT   NOT NULL,
    name_en TEXT   NOT NULL,
    event   BIGINT NOT NULL
);

CREATE TABLE enterprises (
    id               BIGINT NOT NULL PRIMARY KEY,
    public_id        TEXT   NOT NULL,
    -- None for a team.
    code             TEXT,
    -- None for a team: its name is personal data.
    name             TEXT,
    city             BIGINT NOT NULL,
    kind             TEXT   NOT NULL,
    controller_group TEXT,
    event            BIGINT NOT NULL
);
CREATE INDEX enterprises_city ON enterprises (city, id);

CREATE TABLE providers (
    id               BIGINT NOT NULL PRIMARY KEY,
    public_id        TEXT   NOT NULL,
    code             TEXT   NOT NULL,
    name             TEXT   NOT NULL,
    city             BIGINT NOT NULL,
    controller_group TEXT,
    admitted_from    TEXT   NOT NULL,
    admitted_to      TEXT   NOT NULL,
    bank_account     TEXT,
    suspended        BIGINT NOT NULL,
    event            BIGINT NOT NULL
);
CREATE INDEX providers_city ON providers (city, id);

-- Which categories a provider offers.
CREATE TABLE provider_categories (
    provider BIGINT NOT NULL,
    category BIGINT NOT NULL,
    PRIMARY KEY (provider, category)
);

CREATE TABLE programmes (
    id          BIGINT NOT NULL PRIMARY KEY,
    code        TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    city        BIGINT NOT NULL,
    budget_year BIGINT NOT NULL,
    -- Loads, raises and cuts together.
    budget      BIGINT NOT NULL,
    event       BIGINT NOT NULL
);

CREATE TABLE versions (
    programme      BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    effective_from TEXT   NOT NULL,
    document_no    TEXT   NOT NULL,
    payee          TEXT   NOT NULL,
    base           TEXT   NOT NULL,
    cap_enterprise BIGINT NOT NULL,
    cap_group      BIGINT NOT NULL,
    use_months     BIGINT NOT NULL,
    cash_days      BIGINT NOT NULL,
    event          BIGINT NOT NULL,
    PRIMARY KEY (programme, version)
);

CREATE TABLE agreements (
    id             BIGINT NOT NULL PRIMARY KEY,
    home           BIGINT NOT NULL,
    host           BIGINT NOT NULL,
    -- None for all categories.
    category       BIGINT,
    effective_from TEXT   NOT NULL,
    effective_to   TEXT   NOT NULL,
    -- home_pays, host_pays or pool_pays.
    model          TEXT   NOT NULL,
    pool           BIGINT,
    -- approval or payment.
    accrues_at     TEXT   NOT NULL,
    event          BIGINT NOT NULL
);

-- Shares of the funders in millionths, in the agreement's order.
CREATE TABLE agreement_shares (
    agreement  BIGINT NOT NULL,
    place      BIGINT NOT NULL,
    member     BIGINT NOT NULL,
    millionths BIGINT NOT NULL,
    PRIMARY KEY (agreement, place)
);

CREATE TABLE vouchers (
    id        BIGINT NOT NULL PRIMARY KEY,
    public_id TEXT   NOT NULL,
    programme BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    issuer    BIGINT NOT NULL,
    holder    BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    -- Where the amount is; what was transferred away is in none of them.
    free      BIGINT NOT NULL,
    held      BIGINT NOT NULL,
    approved  BIGINT NOT NULL,
    returned  BIGINT NOT NULL,
    issued_on TEXT   NOT NULL,
    use_by    TEXT   NOT NULL,
    cash_by   TEXT   NOT NULL,
    -- The voucher it came from by a transfer.
    parent    BIGINT,
    frozen    BIGINT NOT NULL,
    revoked   BIGINT NOT NULL,
    event     BIGINT NOT NULL
);
CREATE INDEX vouchers_holder ON vouchers (holder, id);
CREATE INDEX vouchers_issuer ON vouchers (issuer, id);

CREATE TABLE transfers (
    id         BIGINT NOT NULL PRIMARY KEY,
    voucher    BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    receiver   BIGINT NOT NULL,
    to_city    BIGINT,
    amount     BIGINT NOT NULL,
    -- proposed, approved or declined.
    status     TEXT   NOT NULL,
    child      BIGINT,
    issuer     BIGINT NOT NULL,
    proposed_on TEXT  NOT NULL,
    event      BIGINT NOT NULL
);

CREATE TABLE claims (
    id              BIGINT NOT NULL PRIMARY KEY,
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
    event           BIGINT NOT NULL
);
-- By city, programme or status many rows fit: the newest are found from the end of the table.
CREATE INDEX claims_voucher ON claims (voucher, id);
CREATE INDEX claims_provider ON claims (provider, id);
CREATE INDEX claims_invoice_no ON claims (invoice_no);

-- Commands that a rule refused. What the sender named and nobody has stands in no column.
CREATE TABLE refusals (
    event      BIGINT NOT NULL PRIMARY KEY,
    -- Name of the command.
    command    TEXT   NOT NULL,
    code       TEXT   NOT NULL,
    -- All faults in the order of the rules, joined by |.
    faults     TEXT   NOT NULL,
    voucher    BIGINT,
    provider   BIGINT,
    programme  BIGINT,
    enterprise BIGINT,
    invoice_no TEXT,
    amount     BIGINT,
    refused_on TEXT   NOT NULL,
    sent_by    BIGINT NOT NULL
);

-- What members owe each other, line by line.
CREATE TABLE obligation_lines (
    id        BIGINT NOT NULL PRIMARY KEY,
    debtor    BIGINT NOT NULL,
    creditor  BIGINT NOT NULL,
    -- None for arrears.
    programme BIGINT,
    amount    BIGINT NOT NULL,
    period    BIGINT NOT NULL,
    -- claim, reversal or arrears, and the claim or the settlement payment it comes from.
    origin    TEXT   NOT NULL,
    origin_id BIGINT NOT NULL,
    voided    BIGINT NOT NULL,
    event     BIGINT NOT NULL
);

CREATE TABLE periods (
    id        BIGINT NOT NULL PRIMARY KEY,
    -- YYYY-MM.
    month     TEXT   NOT NULL,
    -- open, closed, agreed, settling, settled or settled_with_carry.
    status    TEXT   NOT NULL,
    gross     BIGINT NOT NULL,
    closed_on TEXT,
    pay_by    TEXT,
    carried   BIGINT NOT NULL
);

-- What a member is owed and owes in a closed period.
CREATE TABLE positions (
    period     BIGINT NOT NULL,
    member     BIGINT NOT NULL,
    receivable BIGINT NOT NULL,
    payable    BIGINT NOT NULL,
    -- Revision of the statement that the member has confirmed.
    confirmed  BIGINT,
    PRIMARY KEY (period, member)
);

-- Settlement payments between members.
CREATE TABLE instructions (
    id       BIGINT NOT NULL PRIMARY KEY,
    period   BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    debtor   BIGINT NOT NULL,
    creditor BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    paid     BIGINT NOT NULL,
    carried  BIGINT NOT NULL,
    event    BIGINT NOT NULL
);

-- Payments to payees.
CREATE TABLE payments (
    id       BIGINT NOT NULL PRIMARY KEY,
    claim    BIGINT NOT NULL,
    payer    BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    bank_ref TEXT   NOT NULL,
    paid_on  TEXT   NOT NULL,
    returned BIGINT NOT NULL,
    event    BIGINT NOT NULL
);
CREATE INDEX payments_claim ON payments (claim, id);

-- Persons, offices and machines. Their names are personal data and stand in no table.
CREATE TABLE principals (
    id            BIGINT NOT NULL PRIMARY KEY,
    -- 0 for one that is shut out.
    enabled       BIGINT NOT NULL,
    registered_on TEXT   NOT NULL,
    registered_by BIGINT NOT NULL,
    event         BIGINT NOT NULL
);

-- Roles given and taken, one row for each time.
CREATE TABLE grants (
    event      BIGINT NOT NULL PRIMARY KEY,
    principal  BIGINT NOT NULL,
    role       TEXT   NOT NULL,
    -- corridor, member, enterprise or provider, and which.
    scope      TEXT   NOT NULL,
    scope_id   BIGINT NOT NULL,
    -- The member that the scope is.
    member     BIGINT,
    -- given or taken.
    change     TEXT   NOT NULL,
    -- 1 for a role that was given and not taken since.
    in_force   BIGINT NOT NULL,
    set_on     TEXT   NOT NULL,
    set_by     BIGINT NOT NULL,
    -- The one who agreed.
    agreed_by  BIGINT
);
CREATE INDEX grants_principal ON grants (principal, event);

-- Access tokens. Of a token itself only its SHA-256 is known.
CREATE TABLE tokens (
    event      BIGINT NOT NULL PRIMARY KEY,
    sha256     TEXT   NOT NULL,
    principal  BIGINT NOT NULL,
    label      TEXT   NOT NULL,
    expires_on TEXT,
    revoked    BIGINT NOT NULL,
    issued_on  TEXT   NOT NULL,
    issued_by  BIGINT NOT NULL
);
CREATE INDEX tokens_sha256 ON tokens (sha256);
CREATE INDEX tokens_principal ON tokens (principal, event);

-- Commands that wait, or waited, for further persons.
CREATE TABLE proposals (
    id          BIGINT NOT NULL PRIMARY KEY,
    action      TEXT   NOT NULL,
    -- Name of the command; what it says stands in the event.
    command     TEXT   NOT NULL,
    -- The member whose office decides; none for the corridor.
    member      BIGINT,
    checker     TEXT   NOT NULL,
    -- How many more must approve.
    approvals   BIGINT NOT NULL,
    -- open, done, declined, withdrawn, failed or expired.
    status      TEXT   NOT NULL,
    made_by     BIGINT NOT NULL,
    proposed_on TEXT   NOT NULL,
    expires_on  TEXT   NOT NULL,
    event       BIGINT NOT NULL
);

-- What was debited and credited to an account on a business day: a balance on any past day is a
-- sum over the days up to it.
CREATE TABLE account_days (
    party    BIGINT NOT NULL,
    -- Name of the account, for example due_to.
    account  TEXT   NOT NULL,
    -- What it is kept for: programme, member, provider, enterprise, period or nothing, and which.
    about    TEXT   NOT NULL,
    about_id BIGINT NOT NULL,
    day      TEXT   NOT NULL,
    debits   BIGINT NOT NULL,
    credits  BIGINT NOT NULL,
    PRIMARY KEY (party, account, about, about_id, day)
);
