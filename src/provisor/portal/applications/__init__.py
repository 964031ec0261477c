"""Enterprise applications: the gallery, properties, owners, app roles, users and groups."""
