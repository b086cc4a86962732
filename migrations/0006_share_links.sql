-- Links that members share by their apps.
CREATE TABLE share_links (
    -- What stands in its address.
    hash TEXT PRIMARY KEY,
    -- Matrix id of who shared it.
    sharer TEXT NOT NULL,
    -- Where it leads, and what goes with it, percent-encoded.
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    -- The invite to which it leads, if it is one of this server's.
    code TEXT REFERENCES invites (code),
    created_at BIGINT NOT NULL,
    -- Whether its page stands in the folder of static pages: 'none'; 'writing', it is about to; 'there'.
    page TEXT NOT NULL DEFAULT 'none'
);
CREATE INDEX share_links_to_write ON share_links (page) WHERE page = 'writing';
