-- Those who did not join everything are listed from an index, however many did.

CREATE INDEX redemptions_incomplete ON redemptions (code, started_at DESC, redeemer) WHERE completed_at IS NULL;
