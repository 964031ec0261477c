"""For every page of the portal an address by which it is tried. Whoever adds a page adds its row here.

`{application}`, `{job}`, `{user}`, `{group}`, `{event}` are filled in (support/portal_service.py). A rule whose names
are all of these needs no row.
"""

import re
from urllib.parse import quote

# By the rule's path. Several addresses: several looks of one page, such as a search without results.
ADDRESSES = {
    "/sign-in": ["/sign-in", "/sign-in?to=/users"],
}
# Answered with something else than a page of their own, and where that is not 200, with what.
NO_PAGES = {
    "/sign-in/openid-connect": "leads to another's page",
    "/sign-in/openid-connect/callback": "comes from another's page",
}
STATUSES = {"/set-up/{code}": 404, "/sign-in/link/{code}": 404}  # of links that are over

_NAMES = re.compile(r"{(\w+)}")


def addresses(path, names):
    """The addresses at which the page of a rule is tried. Raises KeyError where nobody has said one."""
    if path in NO_PAGES:
        return []
    return [_filled(one, path, names) for one in ADDRESSES.get(path, [path])]


def _filled(address, path, names):
    def name(found):
        if found[1] not in names:
            raise KeyError(f"{path} has no row in tests/apps/portal/example_paths.py")
        return quote(str(names[found[1]]), safe="")

    return _NAMES.sub(name, address)
