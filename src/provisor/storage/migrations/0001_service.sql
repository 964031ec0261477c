-- The service's tables. Times are UTC integer microseconds; documents are JSON text. Every table carries the tenant, or
-- hangs off a job that does: by job.number, because Graph's id of 90 bytes in every row and every index was a quarter to
-- a third of what a cycle wrote.

-- One row, made at the first start.
CREATE TABLE tenant (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

-- Settings of the tenant, as text.
CREATE TABLE setting (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- The last change number given out; it moves once in every transaction that changes what a target should hold.
CREATE TABLE feed (
    tenant TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
);

-- Where objects come from, and which column identifies a row there.
CREATE TABLE source (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  -- local, csv
    name TEXT NOT NULL,
    user_anchor TEXT,  -- fixed by the first import, like group_anchor
    group_anchor TEXT,
    created_at INTEGER NOT NULL,
    last_run TEXT  -- JSON: summary of the newest import
);
CREATE UNIQUE INDEX source_name ON source (tenant, name);

-- People and groups. A purged one stays as a tombstone until every job has passed its change number.
CREATE TABLE object (
    id TEXT NOT NULL PRIMARY KEY,  -- a GUID in time order, so that a first import appends to the index
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,  -- user, group
    anchor TEXT,  -- null once purged, so that the anchor may come again as a new object
    name TEXT NOT NULL,  -- userPrincipalName of a user, displayName of a group
    folded_name TEXT NOT NULL,
    attributes TEXT NOT NULL,  -- JSON under Graph's property names, without manager
    manager TEXT,  -- an object's id
    enabled INTEGER NOT NULL DEFAULT 1,  -- accountEnabled
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    purged_at INTEGER,
    change INTEGER NOT NULL,
    alive_change INTEGER NOT NULL  -- the change number at which deleted_at, purged_at or enabled last moved
);
CREATE UNIQUE INDEX object_anchor ON object (tenant, source, kind, anchor);
-- The recycle bin. purged_at never differs in it, but one condition more makes SQLite prefer it to object_kind. Made
-- before object_name, which is to be taken where both seem equally good: SQLite takes the one that was made last.
CREATE INDEX object_bin ON object (tenant, kind, purged_at, id) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX object_change ON object (tenant, change, id);
CREATE INDEX object_deleted ON object (tenant, deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
-- object_kind and object_name hold all that a page, a count and a search must know, so that whoever is passed over is
-- not read. Both have the same columns, or SQLite would prefer object_kind where it is only asked whether somebody is
-- there.
CREATE INDEX object_kind ON object (tenant, kind, id, deleted_at, purged_at, folded_name);
CREATE INDEX object_manager ON object (manager) WHERE manager IS NOT NULL;
CREATE INDEX object_name ON object (tenant, kind, folded_name, id, deleted_at, purged_at);
CREATE INDEX object_purged ON object (tenant, change) WHERE purged_at IS NOT NULL;

-- Who is in which group. One that was removed stays as a tombstone until every job has passed it.
CREATE TABLE member (
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    change INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX member_change ON member (tenant, change, group_id, member_id);
CREATE INDEX member_of ON member (member_id, group_id);
CREATE INDEX member_removed ON member (tenant, change) WHERE removed_at IS NOT NULL;

-- Enterprise applications: the service principal and its app roles.
CREATE TABLE application (
    id TEXT NOT NULL PRIMARY KEY,  -- of the service principal
    tenant TEXT NOT NULL,
    app_id TEXT NOT NULL,
    template TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,  -- JSON list of app roles
    created_at INTEGER NOT NULL
);
CREATE INDEX application_name ON application (tenant, display_name);

CREATE TABLE application_owner (
    application TEXT NOT NULL,
    object TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (application, object)
);

-- Who is assigned to an application, in which role. Tombstones as for memberships.
CREATE TABLE assignment (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    application TEXT NOT NULL,
    principal TEXT NOT NULL,
    principal_kind TEXT NOT NULL,  -- user, group
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    change INTEGER NOT NULL
);
CREATE INDEX assignment_application ON assignment (application, principal_kind, principal) WHERE removed_at IS NULL;
CREATE INDEX assignment_change ON assignment (application, change);
CREATE INDEX assignment_page ON assignment (application, id) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX assignment_principal ON assignment (principal, application, role);
CREATE INDEX assignment_removed ON assignment (tenant, change) WHERE removed_at IS NOT NULL;

-- Directory extensions that were registered, extension_{appId without hyphens}_{attribute}.
CREATE TABLE extension_property (
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    attribute TEXT NOT NULL,
    data_type TEXT NOT NULL,
    targets TEXT NOT NULL,  -- JSON list: User, Group
    created_at INTEGER NOT NULL,
    PRIMARY KEY (name, tenant)
);

-- Provisioning jobs. `number` is what other tables call a job by and never comes again; `id` is what people and Graph
-- do.
CREATE TABLE job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,  -- Graph's form: template.tenant.guid
    tenant TEXT NOT NULL,
    application TEXT NOT NULL,
    template TEXT NOT NULL,
    schedule_state TEXT NOT NULL,  -- Active, Disabled, Paused
    interval_seconds INTEGER NOT NULL,
    status_code TEXT NOT NULL,  -- NotConfigured, NotRun, Active, Paused, Quarantine
    settings TEXT NOT NULL,  -- JSON: scope, skip out of scope deletions, notification
    behaviour TEXT NOT NULL,  -- entra, provisor
    ruleset_version INTEGER NOT NULL,
    watermark INTEGER,  -- null: the next cycle is an initial one
    full_evaluation INTEGER NOT NULL DEFAULT 0,  -- 1: the next cycle judges every object (rules or scope changed)
    last_began_at INTEGER,
    last_ended_at INTEGER,
    last_cycle INTEGER NOT NULL DEFAULT 0,
    steady_first_at INTEGER,
    steady_last_at INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,  -- a cycle that began before the last one must not move the watermark
    created_at INTEGER NOT NULL
);
CREATE INDEX job_application ON job (application);

-- What the log calls a job that is gone: its events stay, under the names it had last.
CREATE TABLE deleted_job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    application TEXT NOT NULL,
    application_name TEXT NOT NULL,
    template TEXT NOT NULL,
    deleted_at INTEGER NOT NULL
);
CREATE INDEX deleted_job_name ON deleted_job (tenant, application_name);

-- Every saved version of a job's rules; a cycle keeps the one it began with.
CREATE TABLE ruleset (
    job INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,  -- Graph's synchronizationSchema
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (job, version)
);

-- Credentials, encrypted (storage/secrets.py).
CREATE TABLE secret (
    job INTEGER NOT NULL,
    name TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (job, name)
);

-- Which account or group at the target belongs to which object, and what we last wrote there.
CREATE TABLE link (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    state TEXT NOT NULL,  -- linked, released
    wanted_hash TEXT NOT NULL,
    pushed_hash TEXT NOT NULL,
    pushed_document TEXT NOT NULL,
    PRIMARY KEY (job, object)
);
CREATE UNIQUE INDEX link_target ON link (job, kind, target_id);

-- Which memberships the target holds, and which it is still to be told of.
CREATE TABLE member_link (
    job INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    pushed INTEGER NOT NULL DEFAULT 0,  -- 1: the target holds it, 2: nobody knows
    pending INTEGER NOT NULL DEFAULT 0,  -- 1: to add, -1: to remove, 0: as wanted
    PRIMARY KEY (job, group_id, member_id)
);
-- Not held and not wanted: nearly always empty, so that a group is tidied up without reading its members.
CREATE INDEX member_link_idle ON member_link (job, group_id) WHERE pushed = 0 AND pending = 0;
CREATE INDEX member_link_member ON member_link (job, member_id);
CREATE INDEX member_link_pending ON member_link (job, group_id, member_id) WHERE pending <> 0;

-- Memberships the target said it took away. Told again if the account turns out to have another id; gone with it.
CREATE TABLE member_taken (
    job INTEGER NOT NULL,
    member_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (job, member_id, group_id)
);
CREATE INDEX member_taken_group ON member_taken (job, group_id);

-- Who is looked at again once somebody else has an account at the target.
CREATE TABLE waiting (
    job INTEGER NOT NULL,
    waits_for TEXT NOT NULL,
    object TEXT NOT NULL,
    attribute TEXT NOT NULL,  -- members, or a reference such as manager
    PRIMARY KEY (job, waits_for, object, attribute)
);
-- The whole row, or SQLite would rather go through all who wait than look up what one object waits for.
CREATE INDEX waiting_object ON waiting (job, object, attribute, waits_for);

-- The runs of a job. An unfinished one keeps its phase and cursor, and is carried on by the next run.
CREATE TABLE cycle (
    job INTEGER NOT NULL,
    n INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,  -- initial, incremental, plan
    phase TEXT NOT NULL,
    state TEXT NOT NULL,  -- running, succeeded, entry-level-errors, failed, planned, abandoned
    ruleset_version INTEGER NOT NULL,
    low INTEGER NOT NULL,  -- it covers the change numbers above low, up to high
    high INTEGER NOT NULL,
    cursor TEXT,
    counters TEXT NOT NULL,  -- JSON
    error TEXT,  -- JSON: the failure that stopped the cycle
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,  -- of the job when the cycle began
    application_name TEXT,  -- by which its events are told, whatever the application is called later
    PRIMARY KEY (job, n)
);
CREATE INDEX cycle_id ON cycle (job, id);

-- What an incremental cycle must look at, made once at its start by INSERT .. SELECT through the indexes above.
CREATE TABLE work (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,  -- user, group, members, references
    object TEXT NOT NULL,
    PRIMARY KEY (job, kind, object)
);

-- What the target said it holds, read page by page when listing is cheaper than one look-up each.
CREATE TABLE listing (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    folded_value TEXT NOT NULL,
    target_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (job, kind, path, folded_value, target_id)
);

-- What is planned, under way, failed and tried again, or waits for a free place; and of a plan, who is left alone.
CREATE TABLE operation (
    job INTEGER NOT NULL,
    stage INTEGER NOT NULL,  -- 1 entry, 2 members or references
    object TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,  -- what a person calls the object
    kind TEXT NOT NULL,  -- create, update, link, disable, release, delete, members, reference; verdict: left alone
    phase INTEGER NOT NULL,  -- order of execution
    state TEXT NOT NULL,  -- planned, sent, retry, waiting; verdict (of a plan only)
    target_id TEXT,
    wanted_hash TEXT,
    base_hash TEXT,
    found_document TEXT,  -- the target's document as the match saw it
    found_by TEXT,  -- of a link: the attribute by which the account was found
    links_only INTEGER NOT NULL DEFAULT 0,  -- of a link: nothing is sent, as updating is switched off
    held INTEGER NOT NULL DEFAULT 0,  -- of a create: its account is looked for once more before it is sent
    verdict TEXT,  -- of a verdict: the code that says why nothing is sent, and the sentence
    reason TEXT,
    removes INTEGER NOT NULL DEFAULT 0,  -- how many accounts or memberships it takes away
    sent TEXT,  -- JSON, of a create from its request on: the values by which its account can be found
    attempts INTEGER NOT NULL DEFAULT 0,
    failure TEXT,  -- JSON: code, message, hint
    first_failed_at INTEGER,
    PRIMARY KEY (job, stage, object)
);
-- Two people must not claim one account in the same plan.
CREATE INDEX operation_claim ON operation (job, object_kind, target_id) WHERE kind = 'link';
CREATE INDEX operation_removes ON operation (job, state, stage, object_kind, removes) WHERE removes > 0;
CREATE INDEX operation_state ON operation (job, state, phase, stage, object);

-- Creates that were sent and not clearly answered, whatever becomes of their objects: their accounts are looked for.
CREATE TABLE unknown_create (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    sent TEXT NOT NULL,  -- JSON (engine.unknown.SentValues)
    PRIMARY KEY (job, object)
);

-- The provisioning log.
CREATE TABLE log_event (
    id TEXT NOT NULL PRIMARY KEY,  -- in time order
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    cycle TEXT NOT NULL,
    day INTEGER NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT,
    source_id TEXT,
    name TEXT,
    target_id TEXT,
    document TEXT NOT NULL,  -- JSON: the facts of the event (engine.facts)
    facet INTEGER NOT NULL
);
CREATE INDEX log_event_cycle ON log_event (cycle, facet, at, id);
CREATE INDEX log_event_facet ON log_event (facet, at, id);
-- Narrow: names and target ids come in any order, so that every event writes a page of each.
CREATE INDEX log_event_name ON log_event (name);
CREATE INDEX log_event_source ON log_event (source_id);
CREATE INDEX log_event_target ON log_event (target_id) WHERE target_id IS NOT NULL;

-- Which combinations there are of the columns that events are filtered by: some dozens. Each has its events in order, so
-- that any filter, however rare what it asks for, is answered without passing over events.
CREATE TABLE log_facet (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL  -- empty: none
);
CREATE UNIQUE INDEX log_facet_of ON log_facet (tenant, job, action, status, code);

-- Who changed what: one event for every verb of an administrator.
CREATE TABLE audit_event (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    activity TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_event_at ON audit_event (tenant, at, id);
