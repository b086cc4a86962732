-- Why somebody is not in a room is a word of a fixed vocabulary from now on; `said` is what the homeserver said in its own words, where the
-- word is 'said'.
ALTER TABLE outcomes ADD COLUMN said TEXT;
UPDATE outcomes SET
    said = CASE reason
        WHEN 'You are banned from this room.' THEN NULL
        WHEN 'The person who made this invite is not in this room any more.' THEN NULL
        WHEN 'The person who made this invite may no longer invite people to this room.' THEN NULL
        WHEN 'You do not take invitations from the person who made this invite.' THEN NULL
        WHEN 'You ignore the person who made this invite.' THEN NULL
        WHEN 'The admins of this room do not let anybody in by this invite.' THEN NULL
        WHEN 'The homeserver is busy. Please redeem the invite again in a moment.' THEN NULL
        WHEN 'The homeserver could not do it. Please redeem the invite again later.' THEN NULL
        WHEN 'The direct chat could not be made. Please redeem the invite again later.' THEN NULL
        ELSE reason
    END,
    reason = CASE reason
        WHEN 'You are banned from this room.' THEN 'banned'
        WHEN 'The person who made this invite is not in this room any more.' THEN 'owner_left'
        WHEN 'The person who made this invite may no longer invite people to this room.' THEN 'owner_may_not_invite'
        WHEN 'You do not take invitations from the person who made this invite.' THEN 'invites_blocked'
        WHEN 'You ignore the person who made this invite.' THEN 'owner_ignored'
        WHEN 'The admins of this room do not let anybody in by this invite.' THEN 'room_blocked'
        WHEN 'The homeserver is busy. Please redeem the invite again in a moment.' THEN 'busy'
        WHEN 'The homeserver could not do it. Please redeem the invite again later.' THEN 'homeserver_failed'
        WHEN 'The direct chat could not be made. Please redeem the invite again later.' THEN 'chat_failed'
        ELSE 'said'
    END
    WHERE reason IS NOT NULL;
