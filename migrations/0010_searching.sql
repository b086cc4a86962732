-- What server admins search is read from an index, the newest first.

CREATE INDEX invites_live ON invites (number) WHERE deleted_at IS NULL;
CREATE INDEX invites_live_by_owner ON invites (owner, number) WHERE deleted_at IS NULL;
DROP INDEX invites_by_age;

-- Whose invite an entry is about.
ALTER TABLE audit ADD COLUMN owner TEXT;
UPDATE audit SET owner = (SELECT i.owner FROM invites i WHERE i.code = audit.code) WHERE code IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor, at, id);
CREATE INDEX audit_by_owner ON audit (owner, at, id);
CREATE INDEX audit_by_code ON audit (code, at, id);
