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
    number INTEGER NOT NULL,
    cleaned INTEGER NOT NULL DEFAULT 0  -- the highest change number of a tombstone that was removed
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

-- People and groups. A purged one stays as a tombstone until every job has passed its change number, and 8 days at least.
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
    enabled INTEGER NOT NULL DEFAULT 1,  -- accountEnabled; of a group securityEnabled
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
CREATE INDEX object_purged ON object (tenant, purged_at, change, id) WHERE purged_at IS NOT NULL;

-- What users and groups that are not deleted are searched, filtered and ordered by, folded; empty where there is no
-- value. Without an index but its key: an import pays 6 us a row for this table, and would pay 9 more for each index. An
-- index of parts of words would cost most, and finds no name of two characters, as many in Chinese are.
CREATE TABLE object_search (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    name TEXT NOT NULL,  -- userPrincipalName of a user, displayName of a group
    display_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    surname TEXT NOT NULL,
    mail TEXT NOT NULL,
    mail_nickname TEXT NOT NULL,
    employee_id TEXT NOT NULL,
    department TEXT NOT NULL,
    job_title TEXT NOT NULL,
    user_type TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    synced INTEGER NOT NULL,  -- onPremisesSyncEnabled
    PRIMARY KEY (tenant, kind, object)
) WITHOUT ROWID;

-- Who is in which group. One that was removed stays as a tombstone for as long as purged objects do.
CREATE TABLE member (
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    change INTEGER NOT NULL,
    removed_at INTEGER,
    nested INTEGER NOT NULL DEFAULT 0,  -- 1: the member is a group
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX member_change ON member (tenant, change, group_id, member_id);
-- Groups within groups, downwards and upwards: few, and walked without reading people.
CREATE INDEX member_nested ON member (group_id, member_id) WHERE nested = 1;
CREATE INDEX member_nested_of ON member (member_id, group_id) WHERE nested = 1;
CREATE INDEX member_of ON member (member_id, group_id);
CREATE INDEX member_removed ON member (tenant, removed_at, change) WHERE removed_at IS NOT NULL;

-- Enterprise applications: the service principal and the application that it is an instance of, with its app roles.
CREATE TABLE application (
    id TEXT NOT NULL PRIMARY KEY,  -- of the service principal
    tenant TEXT NOT NULL,
    app_id TEXT NOT NULL,
    object_id TEXT NOT NULL,  -- of the application, which is another object in Graph
    template TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,  -- JSON list of app roles
    account_enabled INTEGER NOT NULL DEFAULT 1,  -- whether people may sign in; provisioning does not ask
    assignment_required INTEGER NOT NULL DEFAULT 1,
    notes TEXT,
    tags TEXT NOT NULL,  -- JSON list of text
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX application_app_id ON application (tenant, app_id);
CREATE INDEX application_name ON application (tenant, display_name);
CREATE UNIQUE INDEX application_object ON application (tenant, object_id);

CREATE TABLE application_owner (
    application TEXT NOT NULL,
    object TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (application, object)
);
CREATE INDEX application_owner_object ON application_owner (object);

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
CREATE INDEX assignment_removed ON assignment (tenant, removed_at, change) WHERE removed_at IS NOT NULL;

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
    multi_valued INTEGER NOT NULL DEFAULT 0,
    synced INTEGER NOT NULL DEFAULT 0,  -- 1: an import registered it
    PRIMARY KEY (name, tenant)
);
CREATE INDEX extension_property_app ON extension_property (tenant, app_id);

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
    full_evaluation INTEGER NOT NULL DEFAULT 0,  -- 1: the next cycle judges every object (scope changed, say)
    rules_changed INTEGER NOT NULL DEFAULT 0,  -- 1: the next cycle judges whom the new rules can concern
    last_began_at INTEGER,
    last_ended_at INTEGER,
    last_cycle INTEGER NOT NULL DEFAULT 0,
    steady_first_at INTEGER,
    steady_last_at INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,  -- a cycle that began before the last one must not move the watermark
    next_at INTEGER,  -- when the next run is due, where it is not the interval that says so
    escrows_pruned INTEGER NOT NULL DEFAULT 0,  -- 1: paused, as an initial cycle had too many errors, which were cleared
    aborts INTEGER NOT NULL DEFAULT 0,  -- how often its cycle was to end at once: one that runs sees this move
    regroupings INTEGER NOT NULL DEFAULT 0,  -- how often nested groups were set since all memberships were compared
    force_deletes INTEGER,  -- when a restart allowed the next cycle to take away whatever it means to
    created_at INTEGER NOT NULL
);
CREATE INDEX job_application ON job (application);
CREATE INDEX job_schedule ON job (tenant, schedule_state);

-- Who wants a job to run now, of the process that serves it. One that was answered stays for a while, to be read.
CREATE TABLE run_request (
    job INTEGER NOT NULL,
    id TEXT NOT NULL,  -- in time order
    by_hand INTEGER NOT NULL,  -- 0: came with a start of the job, and waits while its schedule is not active
    allow_deletes INTEGER NOT NULL DEFAULT 0,
    asked_at INTEGER NOT NULL,
    answer TEXT,  -- JSON: what came of it
    PRIMARY KEY (job, id)
);
CREATE INDEX run_request_asked ON run_request (job, asked_at);
CREATE INDEX run_request_open ON run_request (job) WHERE answer IS NULL;

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
    tenant TEXT NOT NULL,
    owner_kind TEXT NOT NULL,  -- application, source, setting, webhook
    owner TEXT NOT NULL,  -- its id; of a setting its name
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,  -- of the key that it is stored under
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, owner_kind, owner, name)
);
CREATE INDEX secret_key ON secret (tenant, key_id, owner_kind, owner, name);

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
    disabled_at INTEGER,  -- of who left and whose account is to be deleted so many days later (engine/leavers.py)
    PRIMARY KEY (job, object)
);
CREATE INDEX link_disabled ON link (job, disabled_at) WHERE disabled_at IS NOT NULL;
CREATE UNIQUE INDEX link_target ON link (job, kind, target_id);

-- Whose link is gone: with those who have one, everybody who ever came into scope, which a statistic counts.
CREATE TABLE once_linked (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (job, object)
);

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
    by_change INTEGER NOT NULL DEFAULT 0,  -- 1: for what had changed, not for what is due on the interval
    affected TEXT,  -- JSON: the attributes of which an object must have one to be judged for new rules; null: none are
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

-- What is planned, under way, left to the next cycle, or waits for a free place; and of a plan, who is left alone.
CREATE TABLE operation (
    job INTEGER NOT NULL,
    stage INTEGER NOT NULL,  -- 1 entry, 2 members or references
    object TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,  -- what a person calls the object
    kind TEXT NOT NULL,  -- create, update, link, disable, release, delete, members, reference; verdict: left alone
    phase INTEGER NOT NULL,  -- order of execution
    state TEXT NOT NULL,  -- planned, sent, left, waiting, staged (held back); verdict (of a plan only)
    target_id TEXT,
    wanted_hash TEXT,
    base_hash TEXT,
    found_document TEXT,  -- the target's document as the match saw it
    found_by TEXT,  -- of a link: the attribute by which the account was found
    links_only INTEGER NOT NULL DEFAULT 0,  -- of a link: nothing is sent, as updating is switched off
    held INTEGER NOT NULL DEFAULT 0,  -- of a create: its account is looked for once more before it is sent
    verdict TEXT,  -- of a verdict, and of who waits: the code that says why nothing is sent, and the sentence
    reason TEXT,
    removes INTEGER NOT NULL DEFAULT 0,  -- how many accounts or memberships it takes away
    sent TEXT,  -- JSON, of a create from its request on: the values by which its account can be found
    left_over INTEGER NOT NULL DEFAULT 0,  -- a cycle left it to the next one, whatever a plan makes of it meanwhile
    told INTEGER NOT NULL DEFAULT 0,  -- of who waits: the log says so
    PRIMARY KEY (job, stage, object)
);
-- Two people must not claim one account in the same plan.
CREATE INDEX operation_claim ON operation (job, object_kind, target_id) WHERE kind = 'link';
CREATE INDEX operation_removes ON operation (job, state, stage, object, object_kind, removes) WHERE removes > 0;
CREATE INDEX operation_state ON operation (job, state, phase, stage, object);

-- Plans that were kept: what a job would do, to be looked at, compared, approved and applied.
CREATE TABLE plan (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    state TEXT NOT NULL,  -- making, planned, approved, applied, discarded
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    made_by_id TEXT NOT NULL,
    ruleset_version INTEGER NOT NULL,
    change INTEGER NOT NULL,  -- what it knows of the directory: everything up to this change number
    proposed TEXT,  -- JSON: the rules or settings it was made with, where those are not saved
    document TEXT NOT NULL,  -- JSON (engine.plan)
    decided_at INTEGER,
    decided_by TEXT,
    decided_by_id TEXT,
    cycle TEXT  -- the id of the one that applied it
);
CREATE INDEX plan_job ON plan (job, number);

-- What a plan would do, in the order in which it would be done, and whom it leaves alone.
CREATE TABLE plan_operation (
    plan INTEGER NOT NULL,
    position INTEGER NOT NULL,
    stage INTEGER NOT NULL,  -- as of an operation
    object TEXT NOT NULL,
    digest TEXT,  -- what exactly would be done; null: nothing is sent
    aim TEXT,  -- what the account would be like then, whatever it is like before
    detail TEXT NOT NULL,  -- JSON (engine.detail)
    stale TEXT,  -- why it was left out when the plan was applied
    PRIMARY KEY (plan, position)
);
CREATE INDEX plan_operation_object ON plan_operation (plan, stage, object) WHERE digest IS NOT NULL;

-- Who failed and is tried again: objects, and apart from them what refers to others (members, a manager).
CREATE TABLE escrow (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,  -- object, reference
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    cause TEXT NOT NULL,  -- the same for all that fail for one reason (engine.causes.signature)
    rival TEXT,  -- another object, which is in the way as far as anybody knows
    removes INTEGER NOT NULL,  -- whether it would have taken access away
    event TEXT,  -- the log's about the last failure
    attempts INTEGER NOT NULL,
    first_failed_at INTEGER NOT NULL,
    last_failed_at INTEGER NOT NULL,
    due INTEGER NOT NULL,  -- 0: with the next cycle
    PRIMARY KEY (job, object, kind)
);
CREATE INDEX escrow_cause ON escrow (job, cause, object, kind);
CREATE INDEX escrow_due ON escrow (job, due);
CREATE INDEX escrow_rival ON escrow (job, rival) WHERE rival IS NOT NULL;

-- Jobs with too many or critical errors, while that lasts.
CREATE TABLE quarantine (
    job INTEGER NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    series_began INTEGER NOT NULL,
    current_began INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    series_count INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    event TEXT  -- the log's about the failure
);

-- What a job has taken away since its last full cycle began, which is what its limits count, and since when removals
-- wait for the end of an import.
CREATE TABLE taken (
    job INTEGER NOT NULL PRIMARY KEY,
    user_count INTEGER NOT NULL DEFAULT 0,
    group_count INTEGER NOT NULL DEFAULT 0,
    membership_count INTEGER NOT NULL DEFAULT 0,
    unlinked_count INTEGER NOT NULL DEFAULT 0,  -- of the users, those that are not provisioned any more
    goes_on INTEGER NOT NULL DEFAULT 0,  -- what was held was rejected: the next full cycle does not count afresh
    waits_since INTEGER
);

-- Deletions that are held back until a person decides, while there are any: why, and since when.
CREATE TABLE hold (
    job INTEGER NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL
);

-- Who is held back, and who of them may go.
CREATE TABLE held (
    job INTEGER NOT NULL,
    stage INTEGER NOT NULL,  -- as of an operation
    object TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,  -- as of an operation
    removes INTEGER NOT NULL,  -- how many accounts, or memberships, it takes away
    reason TEXT NOT NULL,
    allowed_at INTEGER,
    PRIMARY KEY (job, stage, object)
);
CREATE INDEX held_amounts ON held (job, allowed_at, stage, object_kind, removes);
CREATE INDEX held_allowed ON held (job, stage, object) WHERE allowed_at IS NOT NULL;

-- Who was linked when links were forgotten, until they are linked again: too many new accounts for them mean that the
-- matching finds nobody. And to what: nobody would look for the account of who is not wanted any more.
CREATE TABLE had_link (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    document TEXT NOT NULL,  -- as of a link
    allowed INTEGER NOT NULL DEFAULT 0,  -- somebody allowed that they get a new account
    PRIMARY KEY (job, object)
);

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
    number INTEGER PRIMARY KEY,  -- in the order of commits, which is what a tail follows; the newest one is never removed
    id TEXT NOT NULL UNIQUE,  -- in time order
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
CREATE INDEX log_event_at ON log_event (tenant, at, id);  -- events come in this order: it grows at its end
CREATE INDEX log_event_cycle ON log_event (cycle, facet, at, id);
CREATE INDEX log_event_facet ON log_event (facet, at, id);
-- Narrow: names and target ids come in any order, so that every event writes a page of each.
CREATE INDEX log_event_name ON log_event (name);
CREATE INDEX log_event_source ON log_event (source_id);
CREATE INDEX log_event_target ON log_event (target_id) WHERE target_id IS NOT NULL;

-- The request and the answer behind a failure, redacted and bounded, for a time that the job's settings say.
CREATE TABLE exchange (
    event TEXT NOT NULL PRIMARY KEY,  -- of the log
    job INTEGER NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL  -- JSON (engine.log_event.Sent)
);
CREATE INDEX exchange_at ON exchange (job, at);

-- Which combinations there are of the columns that events are filtered by: some dozens. Each has its events in order, so
-- that any filter, however rare what it asks for, is answered without passing over events.
CREATE TABLE log_facet (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    frame INTEGER NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL  -- empty: none
);
CREATE UNIQUE INDEX log_facet_of ON log_facet (tenant, job, frame, action, status, code);

-- What a job, its application and its two ends were called when events were written: an event is what it was, whatever
-- is renamed or removed later.
CREATE TABLE log_frame (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job_id TEXT NOT NULL,  -- Graph's id of it
    application TEXT NOT NULL,  -- the service principal
    app_id TEXT NOT NULL,
    application_name TEXT NOT NULL,
    source_name TEXT NOT NULL,
    user_urn TEXT NOT NULL,
    group_urn TEXT NOT NULL
);
CREATE UNIQUE INDEX log_frame_of ON log_frame
    (tenant, job_id, application, app_id, application_name, source_name, user_urn, group_urn);

-- How many events of a sort a day had, written with them and never removed: what a report and statistics to date tell,
-- however short the log is kept.
CREATE TABLE statistic (
    job INTEGER NOT NULL,
    day INTEGER NOT NULL,  -- since 1970, UTC
    kind TEXT NOT NULL,  -- user, group, job
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL,  -- empty: none
    number INTEGER NOT NULL,
    PRIMARY KEY (job, day, kind, action, status, code)
);

-- Who changed what, and who was refused what: one event for every verb of an administrator.
CREATE TABLE audit_event (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,  -- the name at that time
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,  -- operator, user, token, client, service
    address TEXT,  -- where the request came from
    correlation TEXT,  -- the request's id
    through TEXT,  -- who sat there, where somebody acted as another
    activity TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT 'success'  -- success, failure
);
CREATE INDEX audit_event_activity ON audit_event (tenant, activity, at, id);
CREATE INDEX audit_event_actor ON audit_event (tenant, actor, at, id);
CREATE INDEX audit_event_actor_id ON audit_event (tenant, actor_id, at, id);
CREATE INDEX audit_event_at ON audit_event (tenant, at, id);
CREATE INDEX audit_event_failure ON audit_event (tenant, at, id) WHERE result <> 'success';
CREATE INDEX audit_event_target ON audit_event (tenant, target, at, id);

-- Who is signed in with a browser (web/sessions.py). `hash` is SHA-256 of what its cookie holds.
CREATE TABLE browser_session (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX browser_session_account ON browser_session (account);

-- Failed sign-ins of the last hour, by address, by account and by both (web/throttle.py).
CREATE TABLE sign_in_failure (
    who TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    refused_until INTEGER NOT NULL
);

-- Who may sign in (storage/accounts.py). Of a secret there is only a hash.
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  -- user, token, client
    name TEXT NOT NULL,  -- of a token or client its label
    folded_name TEXT NOT NULL,
    roles TEXT NOT NULL,  -- JSON
    person TEXT,  -- an object's id, which access does not outlive
    enabled INTEGER NOT NULL DEFAULT 1,
    password TEXT,  -- argon2id
    secret BLOB,  -- SHA-256, of a token or client
    subject TEXT,  -- issuer and subject, where another vouches
    stamp INTEGER NOT NULL DEFAULT 0,  -- grows whenever what was signed in before must end
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
);
CREATE UNIQUE INDEX account_name ON account (tenant, kind, folded_name);
CREATE UNIQUE INDEX account_secret ON account (secret) WHERE secret IS NOT NULL;
CREATE UNIQUE INDEX account_subject ON account (tenant, subject) WHERE subject IS NOT NULL;

-- What clients were given for their secret.
CREATE TABLE access_token (
    hash BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    stamp INTEGER NOT NULL,  -- of the account at that time
    expires_at INTEGER NOT NULL
);
CREATE INDEX access_token_account ON access_token (account);
CREATE INDEX access_token_expires ON access_token (expires_at);

-- One-time links by which somebody chooses a password.
CREATE TABLE setup_link (
    hash BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    account TEXT,  -- null: whoever opens it makes the first account
    expires_at INTEGER NOT NULL
);

-- What somebody is told of: written with the event itself (storage/outbox.py).
CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY,  -- in time order
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL  -- JSON (engine.notice)
);
CREATE INDEX notice_at ON notice (tenant, at);

-- Troubles that have begun and are not over: nobody is told twice of one.
CREATE TABLE open_trouble (
    tenant TEXT NOT NULL,
    trouble TEXT NOT NULL,  -- quarantine, deletions, credential, webhook
    about TEXT NOT NULL,  -- the id of what has the trouble
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (tenant, trouble, about)
);

-- Who is to be told of which notice; `message` is null until it is put into one.
CREATE TABLE outbox (
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,  -- mail:ADDRESS or webhook:ID
    notice TEXT NOT NULL,
    message TEXT,
    PRIMARY KEY (tenant, channel, notice)
);
CREATE INDEX outbox_message ON outbox (message, notice) WHERE message IS NOT NULL;
CREATE INDEX outbox_notice ON outbox (notice);
CREATE INDEX outbox_waiting ON outbox (tenant, channel, notice) WHERE message IS NULL;

-- What goes out in one piece: a notice, or a digest of several. Its id is what receivers know it by, each time it is
-- sent.
CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,  -- due, sending (surely not there yet), handed (nobody knows), sent, given-up
    attempts INTEGER NOT NULL DEFAULT 0,
    made_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    failing_since INTEGER,
    ended_at INTEGER,
    doubtful INTEGER NOT NULL DEFAULT 0,  -- 1: an earlier try may have arrived
    error TEXT
);
CREATE INDEX message_channel ON message (tenant, channel, made_at);
CREATE INDEX message_ended ON message (tenant, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX message_open ON message (tenant, due_at) WHERE ended_at IS NULL;

-- Addresses that are told of every notice by HTTP, signed with a secret of each.
CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    url TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    failing_since INTEGER,
    disabled_at INTEGER
);
CREATE INDEX webhook_tenant ON webhook (tenant, created_at, id);
