"""Source to directory: a page of a source becomes changes, stored in one transaction with its cursor."""
