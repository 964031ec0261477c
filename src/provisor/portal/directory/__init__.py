"""Users and groups: search, detail, changes, the recycle bin, import from CSV."""
