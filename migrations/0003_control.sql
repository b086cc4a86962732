-- Invites under control: limits, pauses, the uses that are taken, room admins' blocks, and who did what.

-- What an invite is called to people who may know of it, but not its code.
ALTER TABLE invites ADD COLUMN number BIGINT;
UPDATE invites SET number = numbered.number
    FROM (SELECT code, ROW_NUMBER() OVER (ORDER BY created_at, code) AS number FROM invites) AS numbered
    WHERE numbered.code = invites.code;
CREATE UNIQUE INDEX invites_by_number ON invites (number);
CREATE INDEX invites_by_age ON invites (created_at);

CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) SELECT 'invites', COUNT(*) FROM invites;

ALTER TABLE invites ADD COLUMN welcome TEXT;
ALTER TABLE invites ADD COLUMN not_before BIGINT;
ALTER TABLE invites ADD COLUMN expires_at BIGINT;
ALTER TABLE invites ADD COLUMN max_uses BIGINT;
-- The owner, or the server admin who has stopped it.
ALTER TABLE invites ADD COLUMN paused_by TEXT;

-- A use is taken before somebody is let in, and given back if nothing comes of it: so many are taken now.
ALTER TABLE invites ADD COLUMN uses BIGINT NOT NULL DEFAULT 0;
ALTER TABLE redemptions ADD COLUMN use_at BIGINT;
UPDATE redemptions SET use_at = came_at WHERE came_at IS NOT NULL;
UPDATE invites SET uses = (SELECT COUNT(*) FROM redemptions d WHERE d.code = invites.code AND d.use_at IS NOT NULL);
CREATE INDEX redemptions_on_their_way ON redemptions (use_at) WHERE came_at IS NULL;

-- From when on the registration token may not be as the invite wants it.
ALTER TABLE invites ADD COLUMN token_due BIGINT;
UPDATE invites SET token_due = changed_at
    WHERE registration_token = 'making' OR registration_token = 'ours' AND (deleted_at IS NOT NULL OR NOT registration);
DROP INDEX invites_to_sweep;
CREATE INDEX invites_with_due_token ON invites (token_due);

-- What holds for the whole server, as long as it stands here.
CREATE TABLE switches (
    name  TEXT   NOT NULL PRIMARY KEY,
    actor TEXT   NOT NULL,
    at    BIGINT NOT NULL
);

-- Invites that a room's admins keep out of it. They stay when the room leaves the invite, in case that it comes back.
CREATE TABLE blocks (
    room   TEXT   NOT NULL,
    code   TEXT   NOT NULL REFERENCES invites (code),
    actor  TEXT   NOT NULL,
    reason TEXT,
    at     BIGINT NOT NULL,
    PRIMARY KEY (code, room)
);

-- Who did what to which invite, and from where.
CREATE TABLE audit (
    at     BIGINT NOT NULL,
    id     TEXT   NOT NULL,
    actor  TEXT   NOT NULL,
    door   TEXT   NOT NULL,
    action TEXT   NOT NULL,
    code   TEXT,
    detail TEXT,
    PRIMARY KEY (at, id)
);
