"""Handlers, one file a noun: each asks one verb and answers; every file ends with its ROUTES."""
