"""How much one request may ask for: the numbers in ServiceProviderConfig and in every refusal.

Pure. Filters and paths are bounded in scim.grammar, PATCH operations in scim.operations, rates in guard.
"""

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 50  # objects and lists inside each other; a SCIM message needs eight
MAX_RESULTS = 200  # a page
VALUES = 1_000  # of one multi-valued attribute, but a group's members, which are rows
ATTRIBUTE_OPERATIONS = 500  # in a PATCH, on anything but members
BULK_OPERATIONS = 1_000
KEY_BYTES = 2_000  # of userName, displayName and externalId, which are found by an index; PostgreSQL's holds 2,704
SCAN_SECONDS = 10.0  # for a filter that only documents can answer
CURSOR_SECONDS = 3600  # a cursor costs us nothing, but its pages should be from about the same time
