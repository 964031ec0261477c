"""Attribute-Mapping: mappings, expressions, scoping filters, and what a change of them would do."""
