-- What a day looked like is kept, not counted: many may come, and fail, on one day. Written at the end of the transaction that changes what it counts.
-- `day` is counted from the epoch (UTC). `what` is 'created' (invites), 'joined' (people who came in to anything) or 'missed' (rooms that somebody did
-- not come in to, by `reason`; otherwise that is '').
CREATE TABLE day_counts (
    day    BIGINT NOT NULL,
    what   TEXT   NOT NULL,
    reason TEXT   NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (day, what, reason)
);
INSERT INTO day_counts (day, what, reason, number)
    SELECT created_at / 86400000, 'created', '', COUNT(*) FROM invites GROUP BY created_at / 86400000;
INSERT INTO day_counts (day, what, reason, number)
    SELECT day, 'joined', '', SUM(came) FROM arrivals GROUP BY day;
INSERT INTO day_counts (day, what, reason, number)
    SELECT at / 86400000, 'missed', COALESCE(reason, ''), COUNT(*) FROM outcomes WHERE NOT joined GROUP BY at / 86400000, COALESCE(reason, '');

DROP INDEX invites_by_age;
DROP INDEX arrivals_by_day;
DROP INDEX outcomes_missed;
