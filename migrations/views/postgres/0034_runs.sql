DROP INDEX claims_voucher;
DROP INDEX claims_provider;
-- By voucher and by provider the index of the claims has a run of its own for every 65,536 claims. Keys
-- come in at random places, but in the newest run only, so that they come in at few pages however many
-- claims there are. To find the claims of voucher 5 with it, ask run by run:
--   SELECT claims.* FROM (SELECT id AS run FROM claims
--     WHERE id <= (SELECT MAX(id) FROM claims) / 65536) AS runs
--   CROSS JOIN claims WHERE (claims.id / 65536) * 4294967296 + voucher = runs.run * 4294967296 + 5;
CREATE INDEX claims_voucher ON claims (((id / 65536) * 4294967296 + voucher));
CREATE INDEX claims_provider ON claims (((id / 65536) * 4294967296 + provider));
-- Every row changes often: a page keeps room for the next state of its rows, so that no index changes.
ALTER TABLE voucher_money SET (fillfactor = 50);
