"""What others may use in their tests: an in-memory target, a fault proxy, a crash harness, a scan for secrets.

Imports no test framework. Nothing of the running product imports this room. The rest is in tests/support.
"""
