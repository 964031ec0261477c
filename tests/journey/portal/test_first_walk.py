"""Steps 3 to 7 of the tutorial in a browser, clicked through as a person does, with scripts and without."""

import pytest

from support.chromium import needs_chromium
from support.tutorial_walk import GROUPS, GROUPS_MAPPING, NUMBER, USERS_MAPPING, people

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.timeout(400)]

EXTENSION = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"

# As the tutorial has them: attribute, type, matching, supported for filtering.
USER_ATTRIBUTES = [
    ("userName", "String", "1", "✓ Yes"),
    ("externalId", "String", "", ""),
    ("active", "Boolean", "", ""),
    ("displayName", "String", "", ""),
    ("name.givenName", "String", "", ""),
    ("name.familyName", "String", "", ""),
    ("name.formatted", "String", "", ""),
    (f"{EXTENSION}:nativeObjectId", "String", "", ""),
]
GROUP_ATTRIBUTES = [
    ("displayName", "String", "1", "✓ Yes"),
    ("externalId", "String", "", ""),
    ("members", "Reference", "", ""),
]


@pytest.mark.parametrize("scripted", [True, False], ids=["scripted", "unscripted"])
def test_the_tutorial_is_walked_from_the_token_to_the_logs(begin, scripted):
    with begin(scripted=scripted) as walk:
        walk.sign_in_to_umbrella()
        walk.generate_token()
        walk.become_administrator()
        walk.import_organisation()
        walk.add_application()
        walk.assign()
        walk.begin_provisioning()
        walk.enter_credentials()
        assert len(walk.checks) >= 5
        assert all(" passed " in check for check in walk.checks), walk.checks
        assert walk.review(USERS_MAPPING, "09-users-mapping") == USER_ATTRIBUTES
        assert walk.review(GROUPS_MAPPING, "10-groups-mapping") == GROUP_ATTRIBUTES
        walk.start()
        walk.watch_the_cycle()
        names = {name for name, *_ in people()}
        assert len(names) == NUMBER
        assert walk.logged() == names | set(GROUPS)
        assert {row[0] for row in walk.at_umbrella()} == names
        assert [row[0] for row in walk.at_umbrella("Groups")] == list(GROUPS)
