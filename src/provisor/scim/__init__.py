"""The SCIM 2.0 protocol as values and functions, for both sides of the wire (RFC 7643, RFC 7644, spec/scim-wire.md).

Pure: no socket, file, clock or randomness; no knowledge of directory, engine or target. Reading order: values, errors,
schemas, filter, path, coercion, validate, patch, entra, messages; naming and nearest, which compares spellings.
"""
