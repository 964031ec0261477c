-- Sources that are read on a schedule. What they say is kept as records, as it came, and what the directory has of it is
-- derived: so a change of rules needs no new read, and two sources can feed one person.
CREATE TABLE connected_source (
    source TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    settings TEXT NOT NULL,  -- JSON (rules.source_settings)
    precedence INTEGER NOT NULL,  -- where two say something of one attribute, the lower number wins
    schedule_state TEXT NOT NULL,  -- Active, Paused
    staging INTEGER NOT NULL DEFAULT 0,  -- 1: records are kept, and the directory is not touched
    interval_seconds INTEGER NOT NULL,
    deletion_threshold INTEGER,  -- as many may leave in one run; null: any number
    cursor TEXT,  -- null: the next read is a full one
    full_reads INTEGER NOT NULL DEFAULT 0,  -- how many began
    within_full INTEGER NOT NULL DEFAULT 0,  -- 1: the cursor is within a full read
    unreadable INTEGER NOT NULL DEFAULT 0,  -- 1: this full read told something of nobody knows whom
    runs INTEGER NOT NULL DEFAULT 0,
    run_wanted TEXT,  -- delta, full: by somebody, as soon as possible
    allowed INTEGER,  -- how many may leave in the next run, whatever the threshold says
    held TEXT,  -- JSON: whom a run did not delete, how many and why, until somebody allows or rejects it
    failures INTEGER NOT NULL DEFAULT 0,  -- runs that failed one after another
    failing_since INTEGER,
    error TEXT,  -- JSON: of the last run, if it failed
    last_began_at INTEGER,
    last_ended_at INTEGER,
    last_full_at INTEGER,  -- when a full read last came to its end
    next_at INTEGER  -- when the next run is due, where it is not the interval that says so
);

-- What a source said last of an object, and what it feeds. One that left stays while its object can be restored.
CREATE TABLE source_record (
    source TEXT NOT NULL,
    anchor TEXT NOT NULL,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  -- user, group, container
    reference TEXT NOT NULL,  -- how other records name it
    document TEXT NOT NULL,  -- JSON under the source's own names
    flowed TEXT NOT NULL DEFAULT '{}',  -- JSON under Graph's names: what it gives its object
    manager TEXT,  -- a reference
    object TEXT,  -- what it feeds; null: it was not judged yet, or is left out
    presence TEXT NOT NULL,  -- here, leaving (the directory has not followed yet), gone
    reason TEXT,  -- JSON: why it is left out, or what keeps it from being taken over
    dirty INTEGER NOT NULL,  -- 1: to be judged, 2: judged, references still to follow, 3: leaving, and allowed to
    seen INTEGER NOT NULL,  -- the full read that told of it last
    left_at INTEGER,
    PRIMARY KEY (source, anchor)
);
CREATE INDEX source_record_dirty ON source_record (source, dirty, kind, anchor) WHERE dirty > 0;
CREATE INDEX source_record_fed ON source_record (source, kind) WHERE presence = 'here' AND object IS NOT NULL;
CREATE INDEX source_record_leaving ON source_record (source, anchor) WHERE presence = 'leaving';
CREATE INDEX source_record_manager ON source_record (source, manager) WHERE manager IS NOT NULL;
CREATE INDEX source_record_object ON source_record (object) WHERE object IS NOT NULL;
CREATE INDEX source_record_reason ON source_record (source, anchor) WHERE reason IS NOT NULL;
CREATE INDEX source_record_reference ON source_record (source, reference);

-- Who is in a group, as the source says: it may name somebody of whom it has not told yet.
CREATE TABLE source_member (
    source TEXT NOT NULL,
    group_anchor TEXT NOT NULL,
    reference TEXT NOT NULL,
    tenant TEXT NOT NULL,
    state INTEGER NOT NULL,  -- 1: to be added, 0: as in the directory, 2: waits for a record, -1: to be removed
    seen INTEGER NOT NULL,
    PRIMARY KEY (source, group_anchor, reference)
);
CREATE INDEX source_member_reference ON source_member (source, reference, group_anchor);
CREATE INDEX source_member_state ON source_member (source, state, group_anchor, reference) WHERE state IN (1, -1);

-- Who is assigned to a mirrored application at the source.
CREATE TABLE source_assignment (
    source TEXT NOT NULL,
    application TEXT NOT NULL,  -- as the source names it
    reference TEXT NOT NULL,
    role TEXT NOT NULL,  -- its value; empty: the default one
    tenant TEXT NOT NULL,
    PRIMARY KEY (source, application, reference, role)
);
CREATE INDEX source_assignment_reference ON source_assignment (source, reference);

-- The runs of a source, and what each did.
CREATE TABLE source_run (
    source TEXT NOT NULL,
    n INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  -- full, delta
    state TEXT NOT NULL,  -- running, succeeded, held, failed, stopped
    staging INTEGER NOT NULL,
    counters TEXT NOT NULL,  -- JSON
    error TEXT,  -- JSON
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (source, n)
);
CREATE INDEX source_run_began ON source_run (tenant, began_at);

-- Assignments that a source made are told from those made by hand, which it never takes away.
ALTER TABLE assignment ADD COLUMN source TEXT;

-- Whom a source means by an immutable id: onPremisesImmutableId as it is among the attributes, which is base64.
ALTER TABLE object ADD COLUMN immutable_id TEXT;
UPDATE object SET immutable_id = substr(substr(attributes, instr(attributes, '"onPremisesImmutableId":"') + 25), 1,
        instr(substr(attributes, instr(attributes, '"onPremisesImmutableId":"') + 25), '"') - 1)
    WHERE instr(attributes, '"onPremisesImmutableId":"') > 0;
CREATE INDEX object_immutable_id ON object (tenant, kind, immutable_id) WHERE immutable_id IS NOT NULL;
