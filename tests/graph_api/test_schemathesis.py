"""schemathesis over every route of the API: no 5xx, no hang, nothing changed where a 4xx was answered; every answer as it
is declared.

How requests are made and spoilt: support.attack. The slow part sends tens of thousands.
"""

import time
from datetime import UTC, datetime
from json import dumps
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected
from provisor.graph_api.app import GraphApi
from provisor.graph_api.openapi import openapi
from provisor.graph_api.routes import ROUTES
from support.attack import NOTHING, Manner, attack
from support.graph_client import GraphClient
from support.graph_service import APP, PEOPLE, service_in

SLOWEST_SECONDS = 5.0
PARTS = 16
# What is written beside what was asked for: refusals are kept, and plans are made after they were answered.
BESIDE = {"audit_event", "plan", "plan_operation", "setting", "tenant", "clock"}
LOOKS = 2_000

PARAMETERS = [
    "$filter", "$select", "$top", "$orderby", "$count", "$search", "$expand", "$skiptoken", "$deltatoken", "$format",
    "filter", "$FILTER", "$apply", "access_token", "api-version",
]  # fmt: skip
NAMES = [
    "id", "displayName", "userPrincipalName", "accountEnabled", "members@odata.bind", "@odata.id", "@odata.type", "value",
    "schema", "scope", "templateId", "name", "key", "criteria", "error", "\0", "jobId eq 'x'", "displayName eq 'a'",
]  # fmt: skip
HEADERS = {
    "If-Match": ['W/"1"', "*", '"', "W/"],
    "Content-Type": ["application/xml", "application/json; charset=utf-16", ";", ""],
    "Accept": ["text/html", "*/*;q=x"],
    "Content-Encoding": ["gzip", "br"],
    "Prefer": ["return=minimal", "odata.maxpagesize=5", ","],
    "ConsistencyLevel": ["eventual", "x"],
    "client-request-id": ["x", "0" * 5_000],
    "X-Forwarded-Host": ["evil.example"],
}


def operations():
    import schemathesis  # half a second, which the processes that run none of this are spared

    schema = schemathesis.openapi.from_dict(openapi(ROUTES, "beta"))
    return [result.ok() for result in schema.get_all_operations()]


class Attacked:
    """A service with something of everything; sends requests, and looks at what became of them and of the tables."""

    def __init__(self, folder, migrated_file, declared):
        self.admin, self.target = service_in(folder, migrated_file)
        self.app = GraphApi(
            self.admin, ROUTES, lambda token, address, correlation: ME, now=lambda: datetime.now(UTC),
            requests_per_second=1e9,
        )  # fmt: skip
        self.graph = GraphClient(self.app, declared=declared)
        self.sent = 0
        self.known = self.filled()
        self.stored, self.mark = self.tables(), self.reader.mark()

    @property
    def reader(self):
        return self.admin.users.context.database.reader()

    def filled(self):
        """Somebody in escrow, a group, a plan; and what a path may name."""
        self.admin.groups.create(ME, {"displayName": "Staff"})
        self.target.fail(1, Rejected("no", status=400), method="POST", times=2)
        self.admin.cycles.run(ME, APP)
        self.target.heal()
        self.admin.plans.make(ME, APP)
        shown = self.admin.jobs.show(ME, APP).job
        user, group = self.admin.users.page(ME)[0].id, self.admin.groups.page(ME)[0].id
        principal = self.graph.get(f"/servicePrincipals/{shown.application}").body
        (application,) = self.graph.get("/applications").value
        return {
            "job": shown.id, "servicePrincipal": shown.application, "application": application["id"], "plan": "1",
            "other": "1", "user": user, "group": group, "member": user, "owner": user, "directoryObject": user,
            "object": PEOPLE[0], "event": self.graph.get("/auditLogs/provisioning").value[0]["id"],
            "template": "ciscoUmbrella", "directory": principal["id"], "deletedItem": user,
            "applicationTemplate": self.graph.get("/applicationTemplates").value[0]["id"],
        }  # fmt: skip

    def tables(self):
        return {
            table: self.reader.all(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in sorted(self.reader.tables() - BESIDE)
            if len(self.reader.all(f"SELECT name FROM pragma_table_info('{table}')")) > 1
        }

    def send(self, one):
        self.sent += 1
        path = one.path
        for name, value in one.parts.items():
            path = path.replace("{" + name + "}", quote(value, safe="", errors="surrogatepass"))
        query = urlencode(one.query, errors="surrogatepass")
        raw = one.body if isinstance(one.body, bytes) else dumps(one.body, default=str).encode()
        began = time.monotonic()

        answer = self.graph.request(
            one.method,
            f"/beta{path}" + (f"?{query}" if query else ""),
            raw=None if one.body is NOTHING else raw,
            headers=one.headers,
        )

        assert time.monotonic() - began < SLOWEST_SECONDS, one
        assert answer.status < 500, (one, answer.body)
        self.look_at_the_tables(one, answer.status)

    def look_at_the_tables(self, one, status):
        """They are read again only after a commit, which the database tells cheaply."""
        mark = self.reader.mark()
        if mark == self.mark:
            return
        before, self.stored, self.mark = self.stored, self.tables(), mark
        if status >= 400:
            changed = [name for name in before if before[name] != self.stored[name]]
            assert changed == [], one

    def close(self):
        self.app.close()


@pytest.fixture
def attacked(tmp_path, migrated_file, declared):
    service = Attacked(tmp_path, migrated_file, declared)
    yield service
    service.close()


def attack_part(service, part, *, examples, spoils):
    """How many requests were sent."""
    manner = Manner(parameters=PARAMETERS, headers=HEADERS, names=NAMES, known=service.known)
    for one in attack(operations()[part], manner, examples=examples, spoils=spoils):
        service.send(one)
    return service.sent


@pytest.mark.parametrize("part", range(4))
def test_no_route_fails_whatever_schemathesis_sends(attacked, part):
    assert attack_part(attacked, slice(part, None, 4), examples=1, spoils=3) > 50


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_route_fails_after_thousands_of_requests(attacked, part, thorough):
    sent = attack_part(attacked, slice(part, None, PARTS), examples=10 if thorough else 1, spoils=12 if thorough else 8)

    assert sent > (500 if thorough else 50)


# $filter


FILTERED = [route for route in ROUTES if "$filter" in route.query]


def properties(route):
    """What its documents have, one level deep, and what it says that it can be filtered by."""
    document = openapi((route,), "beta")
    schemas = document["components"]["schemas"]
    kind = getattr(route.answer, "__args__", (None,))[0]
    item = schemas.get(getattr(kind, "__name__", ""), {})
    found = list(route.filtered_by)
    for name, schema in item.get("properties", {}).items():
        found.append(name)
        inner = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
        found += [f"{name}/{each}" for each in inner.get("properties", {})]
    return found or ["id", "displayName"]


TEXTS = st.one_of(st.sampled_from(["", "a", "x'y", "failure", "create", "%", "_", "'"]), st.text(max_size=12))
LITERALS = st.one_of(
    TEXTS.map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(["null", "true", "false", "0", "-5", "2.5", "9999999999999999999", "03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8"]),
    st.sampled_from(["2026-11-28", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2026-11-28T10:00:00+14:00"]),
)  # fmt: skip


def filters(names):
    name = st.sampled_from([*names, *(one.upper() for one in names[:3]), "nothing"])
    one = st.one_of(
        st.builds("{} {} {}".format, name, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le", "EQ"]), LITERALS),
        st.builds("{}({},{})".format, st.sampled_from(["startswith", "endswith", "contains", "startsWith"]), name, LITERALS),
        st.builds(lambda name, values: f"{name} in ({','.join(values)})", name, st.lists(LITERALS, min_size=1, max_size=4)),
    )  # fmt: skip
    return st.recursive(
        one,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("{} or {}".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=5,
    )


@pytest.fixture(scope="module")
def filtered(tmp_path_factory, migrated_file, declared):
    service = Attacked(tmp_path_factory.mktemp("filtered"), migrated_file, declared)
    yield service
    service.close()


def known_path(service, route):
    return "/beta" + route.path.format_map(service.known)


@pytest.mark.parametrize("route", FILTERED, ids=lambda route: route.path)
def test_a_filter_of_any_shape_is_answered_or_refused_by_name(filtered, route, thorough):
    path = known_path(filtered, route)

    @settings(max_examples=60 if thorough else 20)
    @given(text=filters(properties(route)), count=st.sampled_from(["", "&$count=true"]))
    def one(text, count):
        reply = filtered.graph.get(f"{path}?$filter={quote(text)}&$top=5{count}")

        assert reply.status in (200, 400), (text, reply.body)
        if reply.status == 400:
            assert reply.error["message"], text

    one()
