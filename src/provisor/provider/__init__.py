"""Cisco Umbrella User Management as a program of its own: a SCIM 2.0 service provider with its own database.

Must not: import any room of ours but scim and database; the engine knows nothing of it and it nothing of the engine.
Sources: spec/scim-wire.md sections 5 to 12, RFC 7643, RFC 7644. A room imports what stands below it: commands, serving,
dashboard, watch, protocol, query, verbs, store, model. Start with serving.app.
"""
