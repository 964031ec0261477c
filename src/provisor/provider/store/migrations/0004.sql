-- Lists of the dashboard answer from these alone, whatever the number of people: who is disabled, and whom the AD
-- connector brought by display name.

CREATE INDEX resource_disabled ON resource (tenant, kind, name_key) WHERE active = 0;
CREATE INDEX ad_identity_display ON ad_identity (tenant, kind, display_key) WHERE display_key IS NOT NULL;
