"""Finding resources: filter, sort, page."""
