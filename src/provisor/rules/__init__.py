"""What an administrator configures: mappings, scoping filters, matching, and the document that carries them.

Pure: knows what one record becomes at the target and whether it is in scope, with the reason. Must not: know what the
target holds, decide what to do, read or write anything. Rules: spec/provisioning-service.md sections 4 to 6.
"""
