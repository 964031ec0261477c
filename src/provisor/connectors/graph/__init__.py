"""A tenant of Microsoft Entra as a source of identities, read through Microsoft Graph by plain HTTP.

Blocking, for one thread at a time. Order: clouds, wire, sign_in, refusals, client; choices, records, cursors,
assignments, available; tenant. Facts: spec/graph-synchronization-api.md sections 11 and 12.
"""
