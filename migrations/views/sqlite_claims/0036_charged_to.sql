-- A claim stands under the programme of its voucher. This is the pack that it was charged to when it was
-- approved, or is while it waits; none if that is the programme itself.
ALTER TABLE claims ADD COLUMN charged_to BIGINT;

-- All is read again from the journal.
DELETE FROM view_position;
