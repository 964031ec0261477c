"""What a request does: create, replace, patch, delete, bulk."""
