-- By whom an objectGUID is held: its key, the same for every spelling, beside the document that has it as sent.

CREATE TABLE native_object (
    resource_id TEXT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    kind TEXT NOT NULL,
    guid TEXT NOT NULL
);
CREATE INDEX native_object_guid ON native_object (guid, tenant);
