-- Why a server admin has paused all invites, or one of somebody else's.
ALTER TABLE switches ADD COLUMN reason TEXT;
ALTER TABLE invites ADD COLUMN held_reason TEXT;

-- Those that end next.
CREATE INDEX invites_live_by_end ON invites (expires_at, number) WHERE deleted_at IS NULL;

-- What a day looked like. None of these is written to when somebody joins, apart from the first on a day with an invite: how many
-- joined is counted in `arrivals` already, and what is missed or an account is in an index of its own.
CREATE INDEX invites_by_age ON invites (created_at);
CREATE INDEX arrivals_by_day ON arrivals (day);
CREATE INDEX outcomes_missed ON outcomes (at, reason) WHERE NOT joined;
CREATE INDEX audit_accounts ON audit (at, actor) WHERE action = 'account_created';
