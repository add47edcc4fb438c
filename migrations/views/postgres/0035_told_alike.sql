-- Lists and single reads say the same.

-- Accounts of parties stand in `bank_accounts` alone.
ALTER TABLE providers DROP COLUMN bank_account;
-- `approvals` is how many must approve; this is how many still must.
ALTER TABLE proposals ADD COLUMN approvals_left BIGINT NOT NULL DEFAULT 0;
-- What an enterprise is today follows from its certificates: see docs/operations/views.md.
CREATE INDEX statuses_enterprise ON statuses (enterprise, effective_from);
-- A claim stands under the programme of its voucher. This is the pack that it was charged to when it was
-- approved, or is while it waits; none if that is the programme itself.
ALTER TABLE claims ADD COLUMN charged_to BIGINT;

-- All is read again from the journal.
DELETE FROM view_position;
