"""PATCH: operations read, applied to a resource, and derived from two of them (RFC 7644 section 3.5.2).

Pure. operations holds values and bodies; applying, elements and derivation use them on a resource; membership on
groups that are not loaded. How Entra spells operations is in `scim.entra`.
"""
