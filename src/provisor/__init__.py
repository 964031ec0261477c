"""Provisor keeps the people and groups of a directory provisioned in the applications they use.

Pages of documentation are named by their path below docs/. Start with explanation/architecture.md; follow one record
with explanation/one-record.md.
"""
