-- Whether an invite was saved while codes opened accounts here: turning that on opens none for invites that were made before. Where it is on
-- already, those that are out keep what they have.
ALTER TABLE invites ADD COLUMN opens_accounts BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE invites SET opens_accounts = TRUE
    WHERE registration_token <> 'none' OR accounts > 0
        OR EXISTS (SELECT 1 FROM keys WHERE name = 'token rules' AND value LIKE '(true,%');

-- The server admin who has stopped an invite. From now on `paused_by` is its owner or nobody, and each ends their own pause.
ALTER TABLE invites ADD COLUMN held_by TEXT;
UPDATE invites SET held_by = paused_by, paused_by = NULL WHERE paused_by <> owner;

-- Whether redeeming again may bring somebody into a room that they have missed.
ALTER TABLE outcomes ADD COLUMN again BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE outcomes SET again = FALSE WHERE reason IN (
    'You are banned from this room.',
    'The person who made this invite is not in this room any more.',
    'You do not take invitations from the person who made this invite.',
    'The person who made this invite may no longer invite people to this room.',
    'The admins of this room do not let anybody in by this invite.',
    'You ignore the person who made this invite.'
);
