-- The life of programmes.

-- draft, published, amended, year_closing, carried or closed; pack for what was carried into a year.
ALTER TABLE programmes ADD COLUMN status TEXT NOT NULL DEFAULT 'draft';
-- Of a pack: the programme or pack it was carried out of, and the programme of its year.
ALTER TABLE programmes ADD COLUMN carried_from BIGINT;
ALTER TABLE programmes ADD COLUMN carried_into BIGINT;

CREATE TABLE budget_changes (
    -- The event is the key: one change is one event.
    event       BIGINT NOT NULL PRIMARY KEY,
    programme   BIGINT NOT NULL,
    city        BIGINT NOT NULL,
    amount      BIGINT NOT NULL,
    -- raise or cut.
    direction   TEXT   NOT NULL,
    document_no TEXT,
    changed_on  TEXT   NOT NULL,
    changed_by  BIGINT NOT NULL
);
