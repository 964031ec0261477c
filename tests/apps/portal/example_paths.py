"""For every page of the portal an address by which it is tried. Whoever adds a page adds its row here.

`{application}`, `{job}`, `{user}`, `{group}`, `{event}` are filled in (support/portal_service.py). A rule whose names
are all of these needs no row.
"""

import re
from urllib.parse import quote

# By the rule's path. Several addresses: several looks of one page, such as a search without results.
ADDRESSES = {
    "/sign-in": ["/sign-in", "/sign-in?to=/users"],
    "/users": ["/users", "/users?search=nobody-has-this-name"],
    "/groups": ["/groups", "/groups?search=nobody-has-this-name"],
    "/users/{id}/purge": ["/users/{deleted_user}/purge"],
    "/groups/{id}/purge": ["/groups/{deleted_group}/purge"],
    "/import/{upload}": ["/import/guessed"],
    "/applications/new/{template}": ["/applications/new/{template}"],
    "/settings/api-clients/{kind}/new": ["/settings/api-clients/token/new"],
    "/settings/administrators/{account}": ["/settings/administrators/{administrator}"],
    "/settings/administrators/{account}/set-up-link": ["/settings/administrators/{administrator}/set-up-link"],
    "/settings/administrators/{account}/delete": ["/settings/administrators/{administrator}/delete"],
}
for _each in ("", "/properties", "/groups", "/applications", "/edit", "/delete", "/reports", "/manager"):
    ADDRESSES[f"/users/{{id}}{_each}"] = [f"/users/{{user}}{_each}"]
for _each in ("", "/properties", "/groups", "/applications", "/edit", "/delete", "/members", "/members/add"):
    ADDRESSES[f"/groups/{{id}}{_each}"] = [f"/groups/{{group}}{_each}"]
ADDRESSES["/audit-logs/{event}"] = ["/audit-logs/{audit_event}"]
for _each in ("rotate", "revoke"):
    _path = "/settings/api-clients/{kind}/{account}/"
    ADDRESSES[_path + _each] = [f"/settings/api-clients/client/{{client}}/{_each}"]
    ADDRESSES[_path + _each] += [f"/settings/api-clients/token/{{token}}/{_each}"]
_JOB = "/applications/{application}/provisioning/{job}"
ADDRESSES[f"{_JOB}/failures/{{object}}"] = [f"{_JOB}/failures/{{refused_user}}"]
ADDRESSES[f"{_JOB}/links/{{object}}/forget"] = [f"{_JOB}/links/{{user}}/forget"]
ADDRESSES[f"{_JOB}/mappings/plans/{{making}}"] = [f"{_JOB}/mappings/plans/guessed"]
ADDRESSES[f"{_JOB}/plans/making/{{making}}"] = [f"{_JOB}/plans/making/guessed"]
ADDRESSES[f"{_JOB}/plans/{{plan}}/compare"] = [f"{_JOB}/plans/{{plan}}/compare?with={{other_plan}}"]
for _each in ("people", "plan", "outcome"):
    _path = f"/first-steps/{{application}}/{{job}}/{_each}"
    ADDRESSES[_path] = [f"{_path}?chosen={{user}}"]
ADDRESSES[f"{_JOB}/plans/{{plan}}/objects/{{position}}"] = [f"{_JOB}/plans/{{plan}}/objects/0"]
_MAPPINGS = "/applications/{application}/provisioning/{job}/mappings"
for _each in ("", "/scope", "/attributes", "/rows/{row}"):
    _path = f"{_MAPPINGS}/{{kind}}{_each}"
    ADDRESSES[_path] = [_path.replace("{kind}", kind).replace("{row}", "new") for kind in ("users", "groups")]
ADDRESSES["/sources/new/{kind}"] = [f"/sources/new/{kind}" for kind in ("active-directory", "ldap", "entra", "csv")]
for _each in ("", "/connection", "/filtering", "/optional-features", "/directory-extensions", "/schedule"):
    ADDRESSES[f"/sources/{{source}}{_each}"] = [f"/sources/{{source}}{_each}", f"/sources/{{new_source}}{_each}"]
ADDRESSES["/sources/{source}/directory-extensions"] += ["/sources/{source}/directory-extensions?search=objectguid"]
ADDRESSES["/sources/{source}/attributes"] = ["/sources/{tenant_source}/attributes"]
ADDRESSES["/sources/{source}/records"] = ["/sources/{source}/records", "/sources/{source}/records?show=refused"]
# Answered with something else than a page of their own, and where that is not 200, with what.
NO_PAGES = {
    "/sign-in/openid-connect": "leads to another's page",
    "/sign-in/openid-connect/callback": "comes from another's page",
    "/import/{upload}/refused.csv": "a file",
    "/provisioning-logs/download/{kind}": "a file",
    "/provisioning-logs/{event}/download": "a file",
    "/audit-logs/download/{kind}": "a file",
    "/report/download/{kind}": "a file",
    "/applications/{application}/provisioning/{job}/mappings/schema/download": "a file",
}
# Of what is over or is not there.
STATUSES = {
    "/set-up/{code}": 404,
    "/sign-in/link/{code}": 404,
    "/import/{upload}": 404,
    "/settings/administrators/openid-connect/remove": 400,
    f"{_JOB}/mappings/plans/{{making}}": 404,
    f"{_JOB}/plans/making/{{making}}": 404,
}

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
