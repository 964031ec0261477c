"""SCIM filters: text -> tree -> yes or no, and back to text (RFC 7644 section 3.4.2.2).

Pure. tree says what a filter is, grammar reads and writes its text, evaluation says what it means. A provider turns
the tree into SQL; every comparison is a `Compare(path, op, value)`.
"""
