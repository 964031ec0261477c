-- What the dashboard needs. Only random ids and passwords as hashes; keys are text in hexadecimal.

CREATE TABLE account (
    email_key TEXT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT
);

-- shown_token: the id of a token that was shown to this session and not yet acknowledged as saved.
CREATE TABLE session (
    hash TEXT NOT NULL PRIMARY KEY,
    email_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    shown_token TEXT
);

CREATE TABLE sign_in_failure (
    who TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    refused_until BIGINT NOT NULL
);

CREATE TABLE audit_event (
    id TEXT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    deed TEXT NOT NULL
);
CREATE INDEX audit_event_at ON audit_event (tenant, at);

-- Identities that the on-premises AD connector brought. They lie beside SCIM's, which never overwrite them.
CREATE TABLE ad_identity (
    id TEXT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT,
    display_key TEXT,
    object_guid TEXT,
    imported_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    repointed_at BIGINT
);
CREATE UNIQUE INDEX ad_identity_name ON ad_identity (tenant, kind, name_key);
CREATE INDEX ad_identity_guid ON ad_identity (tenant, object_guid);

CREATE TABLE ad_membership (
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX ad_membership_member ON ad_membership (member_id, group_id);

-- The bodies of the newest requests, for the inspector; found by when a request came and how long it took.
CREATE TABLE exchange (
    tenant BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration BIGINT NOT NULL,
    sent_headers TEXT NOT NULL,
    sent_body TEXT NOT NULL,
    sent_size BIGINT NOT NULL,
    answered_headers TEXT NOT NULL,
    answered_body TEXT NOT NULL,
    answered_size BIGINT NOT NULL,
    PRIMARY KEY (tenant, at, duration)
);
