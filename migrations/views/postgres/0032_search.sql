-- Names as they are searched for: in one spelling whatever their width and case (Unicode NFKC, lower
-- case), which the databases cannot make themselves. Several names stand in lines of their own.
ALTER TABLE members ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
ALTER TABLE categories ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
-- None for a team, which has no name here.
ALTER TABLE enterprises ADD COLUMN search_text TEXT;
ALTER TABLE providers ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
ALTER TABLE programmes ADD COLUMN search_text TEXT NOT NULL DEFAULT '';

-- All is read again from the journal: the names before have it too.
DELETE FROM view_position;
