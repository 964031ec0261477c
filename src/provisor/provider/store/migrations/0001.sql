-- The target's tables. Times are UTC integer microseconds, whole milliseconds only (what the documents show).

CREATE TABLE tenant (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    profile TEXT NOT NULL,
    base_path TEXT NOT NULL UNIQUE,
    group_limit INTEGER,
    created_at INTEGER NOT NULL
);

CREATE TABLE setting (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- How many live resources of a kind there are, how often one was removed, and the last number given out: totals without
-- counting, and the answer to "is a remembered page position still right" for every process that serves the same file.
CREATE TABLE tally (
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    live INTEGER NOT NULL DEFAULT 0,
    removals INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind)
);

-- A number grows within one kind of one tenant, whose numbers lie together: a page of a list is a range of the primary
-- key and needs no index of its own. The document is stored as it is sent, meta last, its location without the server's
-- address and a group's without members. name_key is the folded userName of a user, displayName of a group.
CREATE TABLE resource (
    number INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name_key TEXT NOT NULL,
    external_id TEXT,
    display_key TEXT,
    active INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX resource_id ON resource (id);
CREATE UNIQUE INDEX resource_name ON resource (tenant, kind, name_key);
CREATE INDEX resource_external ON resource (tenant, kind, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX resource_display ON resource (tenant, kind, display_key) WHERE display_key IS NOT NULL;

-- Hangs off resource by ids, which are unique over all tenants. Both keys hold the whole row: neither reading a
-- group's members nor finding a person's groups touches a document.
CREATE TABLE membership (
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_kind TEXT NOT NULL,
    PRIMARY KEY (group_id, member_id)
) WITHOUT ROWID;
CREATE INDEX membership_member ON membership (member_id, group_id);

CREATE TABLE token (
    hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) WITHOUT ROWID;

CREATE TABLE request_log (
    number INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    at INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    kind TEXT,
    object_id TEXT,
    status INTEGER NOT NULL,
    token_id TEXT,
    duration INTEGER NOT NULL
);
