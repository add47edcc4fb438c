-- The claims have a file of their own, views-claims.db (see sqlite_claims): both files are written at the
-- same time. A reporting tool attaches it:
--   ATTACH DATABASE 'views-claims.db' AS claims_file;
-- All is read again from the journal after this.
DROP TABLE claims;
DELETE FROM view_position;
