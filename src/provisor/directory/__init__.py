"""The organisation's rules: attributes, unique names, soft delete and restore, and what a source row changes.

Pure: values in, values out; `now` is an argument. Must not: read files or databases, know of applications or targets.
Rules: explanation/settled-cases.md; spec/graph-synchronization-api.md section 11.
"""
