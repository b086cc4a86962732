-- What everybody sees who has the link, even where the names of the rooms are hidden: a title, and the id of the room whose picture it is.

ALTER TABLE invites ADD COLUMN public_title TEXT;
ALTER TABLE invites ADD COLUMN picture TEXT;
