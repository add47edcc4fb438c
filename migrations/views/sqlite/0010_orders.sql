-- Orders and what is held for them.

CREATE TABLE orders (
    id              INTEGER NOT NULL PRIMARY KEY,
    public_id       TEXT   NOT NULL,
    provider        BIGINT NOT NULL,
    category        BIGINT NOT NULL,
    -- What the contract was expected to amount to.
    contract_amount BIGINT NOT NULL,
    -- Last day of the hold.
    hold_until      TEXT   NOT NULL,
    -- proposed, agreed, confirmed, contracted, delivered, accepted, closed, cancelled or expired.
    status          TEXT   NOT NULL,
    disputed        BIGINT NOT NULL,
    -- The contract, once it is made.
    contract_no     TEXT,
    contract_date   TEXT,
    proposed_on     TEXT   NOT NULL,
    proposed_by     BIGINT NOT NULL,
    event           BIGINT NOT NULL
);
CREATE INDEX orders_provider ON orders (provider, id);

-- The vouchers of an order.
CREATE TABLE order_lines (
    order_id  BIGINT NOT NULL,
    -- Place in the order, from 0.
    place     BIGINT NOT NULL,
    voucher   BIGINT NOT NULL,
    issuer    BIGINT NOT NULL,
    holder    BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    -- What is held on it now.
    remaining BIGINT NOT NULL,
    PRIMARY KEY (order_id, voucher)
);
CREATE INDEX order_lines_holder ON order_lines (holder, order_id);
CREATE INDEX order_lines_voucher ON order_lines (voucher, order_id);
CREATE INDEX order_lines_issuer ON order_lines (issuer, order_id);

-- The order that a claim drew on.
ALTER TABLE claims ADD COLUMN order_id BIGINT;
