-- One schema for SQLite and PostgreSQL. Times are milliseconds since the epoch, given by the service: the database never
-- looks at a clock. Rows of `invites` are never removed, so that a code is never issued twice.

CREATE TABLE invites (
    code         TEXT    NOT NULL PRIMARY KEY,
    owner        TEXT    NOT NULL,
    chat         BOOLEAN NOT NULL,
    -- Whether the owner wants the code to open an account as well.
    registration BOOLEAN NOT NULL,
    -- What is known of the homeserver's registration token of this name: 'none'; 'making', we are about to make one and there
    -- was none; 'ours'; 'foreign', somebody else made it and it is not ours to delete.
    registration_token TEXT NOT NULL DEFAULT 'none',
    created_at   BIGINT  NOT NULL,
    changed_at   BIGINT  NOT NULL,
    deleted_at   BIGINT
);

CREATE INDEX invites_by_owner ON invites (owner, created_at);
CREATE INDEX invites_to_sweep ON invites (registration_token, deleted_at);

-- Counts what changes in what an owner sees of their invites, so that a list in memory is known to be right, or not.
CREATE TABLE owners (
    owner   TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

CREATE TABLE invite_rooms (
    code     TEXT   NOT NULL REFERENCES invites (code),
    room     TEXT   NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (code, room)
);

CREATE INDEX invite_rooms_by_room ON invite_rooms (room);

CREATE TABLE redemptions (
    code         TEXT   NOT NULL REFERENCES invites (code),
    redeemer     TEXT   NOT NULL,
    started_at   BIGINT NOT NULL,
    -- When they were first let in to anything.
    came_at      BIGINT,
    -- When they were in everything.
    completed_at BIGINT,
    -- The direct chat: the mark under which one may have been made, and the room.
    chat_marker  TEXT,
    chat_room    TEXT,
    PRIMARY KEY (code, redeemer)
);

-- What came of each room. The direct chat stands here under the empty name.
CREATE TABLE outcomes (
    code     TEXT   NOT NULL,
    redeemer TEXT   NOT NULL,
    room     TEXT   NOT NULL,
    joined   BOOLEAN NOT NULL,
    reason   TEXT,
    errcode  TEXT,
    at       BIGINT NOT NULL,
    PRIMARY KEY (code, redeemer, room),
    FOREIGN KEY (code, redeemer) REFERENCES redemptions (code, redeemer)
);

-- Who is at work on what, among several instances. A lease that is not renewed ends by itself.
CREATE TABLE leases (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL
);
