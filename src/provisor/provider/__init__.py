"""Cisco Umbrella User Management as a program of its own: a SCIM 2.0 service provider with its own database.

Must not: import any room but scim and database; it and the engine know nothing of each other.
Sources: spec/scim-wire.md sections 5 to 12, RFC 7643, RFC 7644. A room imports what stands below it: commands, serving,
dashboard, watch, protocol, query, verbs, store, model. Start with serving.app.
"""
