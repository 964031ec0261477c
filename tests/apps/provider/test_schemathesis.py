"""schemathesis over every endpoint of the interface document: no 5xx, no hang, no change where a 4xx was answered.

How requests are made and spoilt: support.attack.
"""

import time
from json import dumps
from urllib.parse import quote, urlencode

import pytest

from provisor.provider.watch.openapi import openapi
from support.attack import NOTHING, Manner, attack

SLOWEST_SECONDS = 5.0
PARTS = 8  # of the endpoints, so that several processes share the work

NAMES = ["userName", "displayName", "active", "members", "emails", "schemas", "id", "meta", "value", "op", "path", "\0"]
PARAMETERS = ["filter", "startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes", "cursor"]
HEADERS = {
    "If-Match": ['W/"1"', "*", '"', "W/"],
    "If-None-Match": ["*", 'W/"1", W/"2"'],
    "Content-Type": ["application/xml", "application/json; charset=utf-16", ";", ""],
    "Accept": ["text/html", "*/*;q=x"],
    "Content-Encoding": ["gzip", "br"],
}


def fetch(target):
    return target.send("GET", "/openapi.json", "", {}, b"")


def operations(profile):
    import schemathesis  # half a second, which the processes that run none of this are spared

    from provisor.provider.model.profiles import PROFILES
    from provisor.provider.store.tables import BASE_PATH, Tenant

    tenant = Tenant(number=1, name="default", profile=PROFILES[profile], base_path=BASE_PATH, group_limit=None)
    schema = schemathesis.openapi.from_dict(openapi(tenant))
    return [result.ok() for result in schema.get_all_operations()]


class Attack:
    """Sends requests and looks at what became of them and of the tables."""

    def __init__(self, target):
        self.target = target
        self.sent = 0
        self.stored, self.mark = self.tables(), self.reader.mark()

    @property
    def reader(self):
        return self.target.database.reader()

    def tables(self):
        return [
            self.reader.all(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in ("resource", "membership", "native_object")
        ]

    def send(self, one):
        self.sent += 1
        path = one.path
        for name, value in one.parts.items():
            path = path.replace("{" + name + "}", quote(value, safe="", errors="surrogatepass").replace("%2F", "/"))
        body = one.body
        if not isinstance(body, bytes):
            body = b"" if body is NOTHING else dumps(body, default=str).encode()
        began = time.monotonic()

        answer = self.target.client.request(
            one.method, path, query=urlencode(one.query, errors="surrogatepass"), raw=body, headers=one.headers
        )

        assert time.monotonic() - began < SLOWEST_SECONDS, one
        assert answer.status < 500 or answer.status == 501, one
        self.look_at_the_tables(one, answer.status)
        if answer.status >= 400:
            assert answer.json["detail"], one
            assert answer.json["status"] == str(answer.status), one

    def look_at_the_tables(self, one, status):
        """They are read again only after a commit, which the database tells cheaply."""
        mark = self.reader.mark()
        if mark == self.mark:
            return
        before, self.stored, self.mark = self.stored, self.tables(), mark
        if status >= 400:
            assert self.stored == before, one


def attacked(target, profile, part, *, examples, spoils):
    """How many requests were sent."""
    known = target.client.user("known", displayName="Known")["id"]
    target.client.group("known", members=[known])
    attacker = Attack(target)
    manner = Manner(parameters=PARAMETERS, headers=HEADERS, names=NAMES, known={"id": known})
    for one in attack(operations(profile)[part], manner, examples=examples, spoils=spoils):
        attacker.send(one)
    return attacker.sent


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_the_document_names_every_endpoint(make_target, profile):
    target = make_target(profile)

    answer = fetch(target)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["servers"] == [{"url": target.tenant.base_path}]
    assert len(operations(profile)) == len(
        [1 for item in answer.json["paths"].values() for name in item if name != "parameters"]
    )


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_no_endpoint_fails_whatever_schemathesis_sends(make_target, profile):
    assert attacked(make_target(profile), profile, slice(None), examples=1, spoils=4) > 150


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_no_endpoint_fails_after_thousands_of_requests(make_target, profile, part, thorough):
    sent = attacked(make_target(profile), profile, slice(part, None, PARTS), examples=30 if thorough else 2, spoils=25)

    assert sent > (2_000 if thorough else 100)
