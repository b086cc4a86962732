-- What the pages need: what an owner calls an invite, whether its rooms are shown to everybody who has the code, and keys that all
-- instances share.

ALTER TABLE invites ADD COLUMN label TEXT;
ALTER TABLE invites ADD COLUMN show_rooms BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE keys (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
