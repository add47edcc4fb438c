-- What a move between cities adds to a transfer, and steps that were undone.

-- Programme of the new city, in a move.
ALTER TABLE transfers ADD COLUMN to_programme BIGINT;
-- Last day on which it can be approved, if one was set.
ALTER TABLE transfers ADD COLUMN expires_on TEXT;
-- The first of the two cities that approved a move.
ALTER TABLE transfers ADD COLUMN endorsed_by BIGINT;

CREATE TABLE reversals (
    event       BIGINT NOT NULL PRIMARY KEY,
    -- Position of the event that was undone.
    reverses    BIGINT NOT NULL,
    -- revocation, budget_change, transfer, relocation, consent or settlement_payment.
    what        TEXT   NOT NULL,
    -- The city whose step it was.
    city        BIGINT NOT NULL,
    programme   BIGINT,
    voucher     BIGINT,
    transfer    BIGINT,
    instruction BIGINT,
    amount      BIGINT NOT NULL,
    reversed_on TEXT   NOT NULL,
    reversed_by BIGINT NOT NULL
);
