-- The accounts of a day are kept as well, once a person: what the audit log has of them is cut some day.
INSERT INTO day_counts (day, what, reason, number)
    SELECT at / 86400000, 'accounts', '', COUNT(DISTINCT actor) FROM audit WHERE action = 'account_created' GROUP BY at / 86400000;
DROP INDEX audit_accounts;

-- The states in which few invites are, for server admins who ask for all of them.
CREATE INDEX invites_paused ON invites (number) WHERE deleted_at IS NULL AND paused_by IS NOT NULL;
CREATE INDEX invites_held ON invites (number) WHERE deleted_at IS NULL AND held_by IS NOT NULL;
CREATE INDEX invites_with_start ON invites (number) WHERE deleted_at IS NULL AND not_before IS NOT NULL;
