-- What a plan holds is listed by sort and found by name, of 100,000 without reading their documents.
ALTER TABLE plan_operation ADD COLUMN sort TEXT NOT NULL DEFAULT '';  -- create, failure, … (storage.plans.sort_of)
ALTER TABLE plan_operation ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
CREATE INDEX plan_operation_sort ON plan_operation (plan, sort, position, folded_name);

-- Who waits for the deletion of an account is listed by the day.
DROP INDEX link_disabled;
CREATE INDEX link_disabled ON link (job, disabled_at, object) WHERE disabled_at IS NOT NULL;
