-- What claims that wait for a budget claim stands apart from what is held.

ALTER TABLE voucher_money ADD COLUMN claimed BIGINT NOT NULL DEFAULT 0;

DROP VIEW vouchers;
CREATE VIEW vouchers AS
SELECT issued_vouchers.id, public_id, programme, version, issuer, holder, amount, free, held, claimed,
    approved, returned, issued_on, use_by, cash_by, parent, frozen, revoked, event, application,
    replaces, replaced_by
FROM issued_vouchers JOIN voucher_money ON voucher_money.id = issued_vouchers.id;

-- All is read again from the journal.
DELETE FROM view_position;
