"""A directory of our own in another process, whose Graph API is read as if it were a tenant of Microsoft Entra."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import APPLICATION_OWNER
from provisor.connectors.graph.tenant import EntraTenant
from provisor.engine.ports import Secret
from provisor.main import build
from provisor.rules.source_settings import EntraSettings
from provisor.settings import read_settings
from support.api_writers import Wire

OWNER = "owner@contoso.example"  # somebody must own the applications of a client that sees its own alone


class OtherTenant:
    """`provisor serve` with clients for the connector; what it holds is changed over its API."""

    def __init__(self, folder, migrated_file):
        data = folder / "other"
        data.mkdir(mode=0o700)
        shutil.copy(migrated_file, data / "provisor.sqlite")
        self.admin = build(read_settings({"PROVISOR_DATA": str(data)}))
        token = self.admin.machines["token"].create(ME, "changes", ["Global Administrator"]).secret.reveal()
        self._clients = {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "provisor", "serve", "--port", "0", "--requests-per-second", "1000000"],
            env={**kept, "PROVISOR_DATA": str(data)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        line = self._process.stdout.readline()
        self.url = next(word.rstrip(",/") for word in line.split() if word.startswith("http:"))
        self._token = token
        self._wire = Wire(self.url, token)

    def source(self, role="Security Reader", clock=None, **settings) -> EntraTenant:
        """The connector, signed in as a client with this role."""
        return EntraTenant(
            self.settings(role, **settings),
            {"clientSecret": Secret(self._client(role)["clientSecret"])},
            clock=clock or (lambda: datetime.now(UTC)),
        )

    def settings(self, role="Security Reader", **settings) -> EntraSettings:
        """What an administrator would say of it, with the client of this role."""
        client = self._client(role)
        given = {"tenant": client["tenantId"], "client": client["clientId"], "graph": self.url, "login": self.url}
        return EntraSettings(**{**given, **settings})

    def _client(self, role):
        if role not in self._clients:
            owner = None if role != APPLICATION_OWNER else self.admin.users.create(ME, {"userPrincipalName": OWNER})
            person = None if owner is None else owner.object.name
            made = self.admin.machines["client"].create(ME, role, [role], person=person)
            self._clients[role] = made.to_json()
        return self._clients[role]

    def ask(self, method, path, body=None):
        """One request that must succeed; its body."""
        status, _, answer = self._wire.ask(method, path, body)
        assert 200 <= status < 300, (status, answer)
        return answer

    def find(self, path):
        """What is there, or None."""
        return self._wire.get(path)

    def user(self, name, **values):
        """The id of a new user."""
        given = {
            "userPrincipalName": f"{name}@contoso.example", "displayName": name.title(), "mailNickname": name,
            "accountEnabled": True, "passwordProfile": {"password": "x" * 12}, **values,
        }  # fmt: skip
        return self.ask("POST", "/users", given)["id"]

    def group(self, name, *members, **values):
        """The id of a new group with these members."""
        given = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True, **values}
        if members:
            given["members@odata.bind"] = [self.link(key) for key in members]
        return self.ask("POST", "/groups", given)["id"]

    def link(self, key):
        """How a request names another object."""
        return f"{self.url}/v1.0/directoryObjects/{key}"

    def application(self, name, roles=()):
        """The object ids of a new application and of its service principal."""
        made = self.ask(
            "POST", "/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate", {"displayName": name}
        )
        if roles:
            whole = [*made["servicePrincipal"]["appRoles"], *roles]
            self.ask("PATCH", f"/applications/{made['application']['id']}", {"appRoles": whole})
        return made["application"]["id"], made["servicePrincipal"]["id"]

    def empty(self):
        """Delete everybody for good, over a connection that has not been idle for long."""
        self._wire.close()
        self._wire = Wire(self.url, self._token)
        for kind in ("users", "groups"):
            for one in self.ask("GET", f"/{kind}?$select=id&$top=999")["value"]:
                self.ask("DELETE", f"/{kind}/{one['id']}")
                self.ask("DELETE", f"/directory/deletedItems/{one['id']}")

    def close(self):
        """End the process."""
        self._wire.close()
        self._process.terminate()
        self._process.communicate(timeout=30)
        self.admin.users.context.database.close()


class EntraRig:
    """The connector of Microsoft Entra before such a directory, as the contract of sources has it."""

    tells_gone = True

    def __init__(self, other):
        self._other = other
        self._ids = {}
        other.empty()

    def settings(self):
        return self._other.settings()

    def connector(self):
        return self._other.source()

    def person(self, name, *, title="", manager=None):
        values = {"jobTitle": title or None}
        if name in self._ids:
            self._other.ask("PATCH", f"/users/{self._ids[name]}", values)
        else:
            self._ids[name] = self._other.user(name, **values)
        if manager is not None:
            link = {"@odata.id": self._other.link(self._ids[manager])}
            self._other.ask("PUT", f"/users/{self._ids[name]}/manager/$ref", link)

    def group(self, name, *members):
        wanted = {self._ids[each] for each in members}
        if name not in self._ids:
            self._ids[name] = self._other.group(name)
        at = f"/groups/{self._ids[name]}/members"
        held = {one["id"] for one in self._other.ask("GET", f"{at}?$select=id")["value"]}
        for key in wanted - held:
            self._other.ask("POST", f"{at}/$ref", {"@odata.id": self._other.link(key)})
        for key in held - wanted:
            self._other.ask("DELETE", f"{at}/{key}/$ref")

    def rename(self, name, called):
        self._other.ask("PATCH", f"/users/{self._ids[name]}", {"userPrincipalName": f"{called}@contoso.example"})

    def remove(self, name):
        self._other.ask("DELETE", f"/users/{self._ids[name]}")

    def called(self, record):
        values = record.values
        return values["userPrincipalName"].partition("@")[0] if record.kind == "user" else values["displayName"]

    def title(self, values):
        return values.get("jobTitle") or ""
