-- Nothing that a request waits for counts people: how many came is kept in the same transaction as what it counts.

ALTER TABLE invites ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN came BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN completed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN last_came_at BIGINT;
UPDATE invites SET
    begun = (SELECT COUNT(*) FROM redemptions d WHERE d.code = invites.code),
    came = (SELECT COUNT(d.came_at) FROM redemptions d WHERE d.code = invites.code),
    completed = (SELECT COUNT(d.completed_at) FROM redemptions d WHERE d.code = invites.code),
    last_came_at = (SELECT MAX(d.came_at) FROM redemptions d WHERE d.code = invites.code)
    WHERE EXISTS (SELECT 1 FROM redemptions d WHERE d.code = invites.code);

-- How many came on which day, counted from the epoch (UTC).
CREATE TABLE arrivals (
    code TEXT   NOT NULL REFERENCES invites (code),
    day  BIGINT NOT NULL,
    came BIGINT NOT NULL,
    PRIMARY KEY (code, day)
);
INSERT INTO arrivals (code, day, came) SELECT code, came_at / 86400000, COUNT(*) FROM redemptions
    WHERE came_at IS NOT NULL GROUP BY code, came_at / 86400000;

-- How many came into which room. It stays when the room leaves the invite, in case that it comes back.
CREATE TABLE room_arrivals (
    code TEXT   NOT NULL REFERENCES invites (code),
    room TEXT   NOT NULL,
    came BIGINT NOT NULL,
    PRIMARY KEY (code, room)
);
INSERT INTO room_arrivals (code, room, came) SELECT code, room, COUNT(*) FROM outcomes WHERE joined AND room <> '' GROUP BY code, room;

-- The number of the invite as long as it is not deleted, so that those of a room can be read from the newest on.
ALTER TABLE invite_rooms ADD COLUMN number BIGINT;
UPDATE invite_rooms SET number = (SELECT i.number FROM invites i WHERE i.code = invite_rooms.code AND i.deleted_at IS NULL);
DROP INDEX invite_rooms_by_room;
CREATE INDEX invite_rooms_by_room ON invite_rooms (room, number);

CREATE INDEX redemptions_by_start ON redemptions (code, started_at DESC, redeemer);

-- How many accounts the registration token has opened that is about to be removed: noted before, so that the count survives whatever happens
-- in between.
ALTER TABLE invites ADD COLUMN accounts_leaving BIGINT NOT NULL DEFAULT 0;

-- When it was last tried to make the direct chat: without an answer it may be made yet.
ALTER TABLE redemptions ADD COLUMN chat_tried_at BIGINT;
