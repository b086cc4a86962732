-- The parts of the user names of people who have made invites that a search may begin with. Bytes: texts are not everywhere in an order in which
-- those with the same beginning stand together.
CREATE TABLE owner_words (
    word BYTEA NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (word, owner)
);
