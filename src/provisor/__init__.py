"""Provisor keeps the people and groups of a directory provisioned in the applications they use.

Start with docs/explanation/architecture.md; follow one record with docs/explanation/one-record.md.
"""
