-- How many accounts were opened with registration tokens of this invite that are not there any more: pausing it takes its token away, and
-- the next one counts from nothing.
ALTER TABLE invites ADD COLUMN accounts BIGINT NOT NULL DEFAULT 0;
