"""The command line: one file per noun, each a skin over the verbs of `admin`.

Parses arguments, calls one verb, prints what it returned. Must not: decide, import runner, storage or connectors.
Every command has an example in its help, and `--json` where it prints data. Secrets are never arguments.
"""
