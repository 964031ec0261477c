"""What others may use in their tests: an in-memory target, a fault proxy, a crash harness, a scan for secrets, a
throwaway Active Directory.

Imports no test framework. Of the running product, only the demo imports from this room. The rest is in tests/support.
"""
