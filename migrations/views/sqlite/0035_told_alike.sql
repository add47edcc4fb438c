-- Lists and single reads say the same.

-- Accounts of parties stand in `bank_accounts` alone.
ALTER TABLE providers DROP COLUMN bank_account;
-- `approvals` is how many must approve; this is how many still must.
ALTER TABLE proposals ADD COLUMN approvals_left BIGINT NOT NULL DEFAULT 0;
-- What an enterprise is today follows from its certificates: see docs/operations/views.md.
CREATE INDEX statuses_enterprise ON statuses (enterprise, effective_from);

-- All is read again from the journal.
DELETE FROM view_position;
