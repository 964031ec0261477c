"""Clients that write over the API of a service that may be killed any moment, and know afterwards what must be there.

A client writes until its connection breaks. What was answered 2xx is to be there, once; the one request that was not
answered, wholly or not at all. Order: what a write leaves, one connection, the client, its writes.
"""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from support.graph_objects import DEFAULT_ACCESS, UMBRELLA

TIMEOUT_SECONDS = 30
MEMBERS = 5
BROKEN = (http.client.HTTPException, OSError)


class CutOffError(Exception):
    """The service went away before it had answered."""


@dataclass(kw_only=True)
class Written:
    """One write. `seen` looks at what is there: an empty set of remains, all of them, or, which is a fault, a part.

    A later write of the same `register` takes the place of an earlier one.
    """

    what: str
    seen: Callable
    answered: bool = False
    request_id: str = ""
    register: str = ""


class Wire:
    """One connection of somebody with a token."""

    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
        self.token = token

    def ask(self, method, path, body=None):
        """Status, headers, body. Raises CutOffError."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            self.connection.request(
                method, quote(f"/v1.0{path}", safe="/?&=$'()@,"), None if body is None else json.dumps(body), headers
            )
            answer = self.connection.getresponse()
            raw = answer.read()
        except BROKEN as error:
            raise CutOffError from error
        return answer.status, answer.headers, json.loads(raw) if raw else None

    def get(self, path):
        status, _, body = self.ask("GET", path)
        assert status in (200, 404), (path, body)
        return body if status == 200 else None

    def all(self, path):
        return self.get(path)["value"]

    def close(self):
        self.connection.close()


def access_token(url, client):
    """What a client is given for its secret. Raises CutOffError."""
    form = urlencode({"grant_type": "client_credentials", "scope": "x/.default", "client_id": client["clientId"],
                      "client_secret": client["clientSecret"]})  # fmt: skip
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", f"/{client['tenantId']}/oauth2/v2.0/token", form,
                           {"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        answer = connection.getresponse()
        raw = answer.read()
    except BROKEN as error:
        raise CutOffError from error
    finally:
        connection.close()
    assert answer.status == 200, raw
    return json.loads(raw)["access_token"]


def one_of(found):
    """Everything of one object, where there is one; a second is a fault."""
    return {f"{len(found)} of them": True} if found else {}


def as_given(found, given):
    """Which of the given properties an object has: all, or none as there is no such object."""
    return {} if found is None else {name: found.get(name) == value for name, value in given.items()}


@dataclass
class Writer:
    """One client: its own users, groups and application, named after it and the round."""

    name: str
    chance: object
    users: list = field(default_factory=list)
    written: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    number: int = 0

    def prepare(self, wire):
        """An application with a job, a group, and people to put into groups."""
        for _ in range(MEMBERS):
            self.users.append(self.made(wire, "/users", self.user(self.called()))["id"])
        made = self.made(wire, f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": self.called()})
        self.application, self.principal = made["application"]["id"], made["servicePrincipal"]["id"]
        self.around = f"/servicePrincipals/{self.principal}/synchronization"
        self.job = self.made(wire, f"{self.around}/jobs", {"templateId": "ciscoUmbrella"})["id"]
        self.schema = wire.get(f"{self.around}/jobs/{self.job}/schema")
        self.group = self.made(wire, "/groups", self.described(self.called()))["id"]

    def made(self, wire, path, body):
        status, _, found = wire.ask("POST", path, body)
        assert status == 201, found
        return found

    def write_until_cut_off(self, url, token):
        """Every kind of write in turn, in a random order, until the service is gone."""
        wire = Wire(url, token)
        writes = [self.new_user, self.new_group, self.more_members, self.one_member, self.changed_user, self.deleted_user,
                  self.instantiated, self.assigned, self.secrets, self.new_job, self.rules, self.app_roles,
                  self.extension]  # fmt: skip
        try:
            while True:
                self.chance.shuffle(writes)
                for write in writes:
                    write(wire)
        except CutOffError:
            pass
        finally:
            wire.close()

    def called(self):
        self.number += 1
        return f"{self.name}n{self.number}"

    def sent(self, wire, method, path, body, seen, *, register=""):
        """Send it, and note what it must have left. What was answered."""
        written = Written(what=f"{method} {path} {json.dumps(body)[:200]}", seen=seen, register=register)
        self.written.append(written)
        status, headers, found = wire.ask(method, path, body)
        written.answered, written.request_id = True, headers["request-id"]
        if status >= 300:
            self.unexpected.append((written.what, status, found))
        return found

    # What each write sends, and what it leaves

    def user(self, called):
        return {"userPrincipalName": f"{called}@x.example", "displayName": called, "givenName": "Given",
                "surname": called, "department": "Sales", "jobTitle": "Clerk", "mailNickname": called,
                "accountEnabled": True, "mail": f"{called}@mail.example", "passwordProfile": {"password": "Never kept 1"}}  # fmt: skip

    def described(self, called):
        return {"displayName": called, "mailEnabled": False, "mailNickname": called, "securityEnabled": True}

    def bound(self):
        return [f"https://graph.microsoft.com/v1.0/directoryObjects/{key}" for key in self.users]

    def new_user(self, wire):
        called = self.called()
        body = self.user(called) | {"manager@odata.bind": self.bound()[0]}
        told = {name: value for name, value in body.items() if not ("@" in name or name == "passwordProfile")}

        def seen(wire):
            found = wire.get(f"/users/{called}@x.example?$select=id,{','.join(told)}")
            manager = found and wire.get(f"/users/{found['id']}/manager")
            return as_given(found, told) | ({"manager": bool(manager)} if found else {})

        self.sent(wire, "POST", "/users", body, seen)

    def new_group(self, wire):
        called = self.called()

        def seen(wire):
            found = wire.all(f"/groups?$filter=displayName eq '{called}'")
            members = wire.all(f"/groups/{found[0]['id']}/members") if found else []
            return one_of(found) | {
                f"member {key}": key in {one["id"] for one in members} for key in self.users if found
            }

        self.sent(wire, "POST", "/groups", self.described(called) | {"members@odata.bind": self.bound()}, seen)

    def members(self, wire):
        return {one["id"] for one in wire.all(f"/groups/{self.group}/members?$top=999")}

    def more_members(self, wire):
        """Some at once, into a group of their own."""
        group = self.made(wire, "/groups", self.described(self.called()))["id"]

        def seen(wire):
            there = {one["id"] for one in wire.all(f"/groups/{group}/members")}
            return {key: key in there for key in self.users} if there else {}

        self.sent(wire, "PATCH", f"/groups/{group}", {"members@odata.bind": self.bound()}, seen)

    def one_member(self, wire):
        key = self.made(wire, "/users", self.user(self.called()))["id"]
        body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{key}"}
        self.sent(wire, "POST", f"/groups/{self.group}/members/$ref", body,
                  lambda wire: {key: True} if key in self.members(wire) else {})  # fmt: skip

    def changed_user(self, wire):
        key, called = self.users[1], self.called()
        given = {"surname": called, "city": called, "department": called}

        def seen(wire):
            found = wire.get(f"/users/{key}?$select={','.join(given)}")
            there = as_given(found, given)
            return there if any(there.values()) else {}

        self.sent(wire, "PATCH", f"/users/{key}", given, seen, register="user")

    def deleted_user(self, wire):
        key = self.made(wire, "/users", self.user(self.called()))["id"]

        def seen(wire):
            there = {"gone": wire.get(f"/users/{key}") is None,
                     "in the bin": wire.get(f"/directory/deletedItems/{key}") is not None}  # fmt: skip
            return there if any(there.values()) else {}

        self.sent(wire, "DELETE", f"/users/{key}", None, seen)

    def instantiated(self, wire):
        called = self.called()

        def seen(wire):
            both = {
                noun: wire.all(f"/{noun}?$filter=displayName eq '{called}'")
                for noun in ("applications", "servicePrincipals")
            }
            there = {noun: len(found) == 1 for noun, found in both.items()}
            return there if any(both.values()) else {}

        self.sent(wire, "POST", f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": called}, seen)

    def assigned(self, wire):
        key = self.made(wire, "/users", self.user(self.called()))["id"]
        body = {"principalId": key, "resourceId": self.principal, "appRoleId": DEFAULT_ACCESS}
        self.sent(wire, "POST", f"/servicePrincipals/{self.principal}/appRoleAssignedTo", body,
                  lambda wire: one_of(wire.all(f"/users/{key}/appRoleAssignments")))  # fmt: skip

    def secrets(self, wire):
        called = self.called()
        given = {"BaseAddress": f"https://127.0.0.1:9/{called}", "SecretToken": called,
                 "SyncNotificationSettings": json.dumps({"Enabled": True, "Recipients": f"{called}@x.example"})}  # fmt: skip

        def seen(wire):
            found = {one["key"]: one["value"] for one in wire.all(f"{self.around}/secrets")}
            there = {key: found.get(key) == value for key, value in given.items() if key != "SecretToken"}
            return there | {"masked": found.get("SecretToken") == "*"} if any(there.values()) else {}

        body = {"value": [{"key": key, "value": value} for key, value in given.items()], "linksAfterwards": "keep"}
        self.sent(wire, "PUT", f"{self.around}/secrets", body, seen, register="secrets")

    def new_job(self, wire):
        name = self.called()
        made = self.made(wire, f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": name})
        around = f"/servicePrincipals/{made['servicePrincipal']['id']}/synchronization"

        def seen(wire):
            jobs = wire.all(f"{around}/jobs")
            rules = [wire.get(f"{around}/jobs/{one['id']}/schema") for one in jobs]
            return one_of(jobs) | ({"rules": all(rules)} if jobs else {})

        self.sent(wire, "POST", f"{around}/jobs", {"templateId": "ciscoUmbrella"}, seen)

    def rules(self, wire):
        called = self.called()
        document = json.loads(json.dumps(self.schema))
        for row in self.two_rows(document):
            row["defaultValue"] = called
        path = f"{self.around}/jobs/{self.job}/schema"

        def seen(wire):
            there = [row["defaultValue"] == called for row in self.two_rows(wire.get(path))]
            return dict(enumerate(there)) if any(there) else {}

        self.sent(wire, "PUT", path, document, seen, register="rules")

    def two_rows(self, document):
        rows = document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
        return [row for row in rows if row["targetAttributeName"] in ("displayName", "name.familyName")]

    def app_roles(self, wire):
        called = self.called()
        kept = wire.get(f"/servicePrincipals/{self.principal}?$select=appRoles")["appRoles"][:1]  # that of the template
        given = [{"id": f"0f1e2d3c-4b5a-4678-9abc-{self.number:08}000{part}", "displayName": f"{called} {part}",
                  "description": "x", "allowedMemberTypes": ["User"], "isEnabled": False} for part in (0, 1)]  # fmt: skip

        def seen(wire):
            found = wire.get(f"/servicePrincipals/{self.principal}?$select=appRoles")["appRoles"]
            names = {role["displayName"] for role in found}
            there = {role["displayName"]: role["displayName"] in names for role in given}
            return there | {"no other": len(found) == len(kept) + 2} if any(there.values()) else {}

        self.sent(
            wire, "PATCH", f"/servicePrincipals/{self.principal}", {"appRoles": kept + given}, seen, register="roles"
        )

    def extension(self, wire):
        called = self.called()
        body = {"name": called, "dataType": "String", "targetObjects": ["User"]}
        path = f"/applications/{self.application}/extensionProperties"

        def seen(wire):
            return one_of([one for one in wire.all(f"{path}?$top=999") if one["name"].endswith(f"_{called}")])

        self.sent(wire, "POST", path, body, seen)
