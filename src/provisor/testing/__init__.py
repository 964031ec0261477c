"""What others may use in their tests: an in-memory target, a fault proxy, a crash harness, a secrets scan.

Imports no test framework. Nothing of the running product imports this room.
"""
