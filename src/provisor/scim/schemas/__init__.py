"""What resources look like: schemas as values, those that we speak, and how a provider describes them (RFC 7643).

Pure. Reading order: schema, user_schema, resource_types, discovery.
"""
