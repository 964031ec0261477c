"""A service with an own and a foreign application, both with something of everything, and a token for every role.

It is made once; whoever changes something opens a copy. Order: what is known, making it, opening it, who calls.
"""

import os
import shutil
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.roles import APPLICATION_OWNER, ROLES
from provisor.database import open_database
from provisor.engine.ports import Rejected
from provisor.gallery import template
from provisor.graph_api.app import GraphApi
from provisor.graph_api.routes import ROUTES
from provisor.storage import accounts, tenants
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget
from support.graph_client import GraphClient
from support.graph_objects import UMBRELLA

APP, TEMPLATE = "Cisco Umbrella User Management", "ciscoUmbrella"
PLACES = ("Own", "Foreign")
OLGA, GONE = "olga@x.example", "gone@x.example"
PEOPLE = [f"p{number}@x.example" for number in range(8)]
OPERATOR = "operator"
# What of a path belongs to one application; the rest names people, groups, and what comes with the product.
OF_ONE = (
    "application", "servicePrincipal", "job", "plan", "other", "request", "assignment", "extensionProperty", "event",
)  # fmt: skip
OUTSIDERS = ("no role", "expired", "revoked", "person deleted")


class Opened:
    """A service over a file, with its applications in memory."""

    def __init__(self, folder):
        self.database = open_database(f"sqlite:///{folder / 'service.db'}")
        self.targets = {}
        self.fixed = {OPERATOR: ME}
        self.admin = Admin(
            Context(
                database=self.database,
                tenant=tenants.only(self.database.reader()),
                now=lambda: datetime.now(UTC),
                random_bytes=os.urandom,
                load_key=lambda: load_key(folder / "secret.key"),
                problem_with_credentials=lambda url, token: None,
                connect=self.target,
                connect_unsaved=lambda job, pairs: self.target(job),
                key_file=folder / "secret.key",
            )
        )
        self.app = GraphApi(
            self.admin,
            ROUTES,
            lambda token, *from_: self.fixed.get(token) or self.admin.authentication.authenticate(token, *from_),
            now=lambda: datetime.now(UTC),
            trust_proxy=True,
            requests_per_second=1e9,
        )
        self.graph = GraphClient(self.app, OPERATOR)

    def target(self, job):
        if job.application not in self.targets:
            found = template(TEMPLATE)
            self.targets[job.application] = MemoryTarget(found.user_type, found.group_type)
        return self.targets[job.application]

    def close(self):
        for thread in threading.enumerate():
            if thread.name.startswith("plan "):
                thread.join(20)
        self.app.close()
        self.database.close()


@dataclass(frozen=True, kw_only=True)
class TwoApplications:
    """The folder, what there is of each place, and who presents which token."""

    folder: Path
    known: dict
    tokens: dict

    def open(self, folder):
        """A copy, as if nothing had been asked of it yet."""
        for name in ("service.db", "secret.key"):
            shutil.copy(self.folder / name, folder / name)
        return Opened(folder)


def two_applications(folder, migrated_file):
    """Made, and closed again."""
    shutil.copy(migrated_file, folder / "service.db")
    opened = Opened(folder)
    try:
        common = _directory(opened)
        known = {place: common | _application(opened, place) for place in PLACES}
        tokens = _tokens(opened)
        for token in tokens.values():  # the first use is noted, later ones of this hour are not
            opened.admin.authentication.authenticate(token)
        assert opened.admin.link_key  # likewise
    finally:
        opened.close()
    return TwoApplications(folder=folder, known=known, tokens=tokens)


def _directory(opened):
    admin = opened.admin
    ids = {
        name: admin.users.create(ME, {"userPrincipalName": name, "displayName": name.partition("@")[0]}).object.id
        for name in (*PEOPLE, OLGA, GONE, "new@x.example", "deleted@x.example")
    }
    groups = {name: admin.groups.create(ME, {"displayName": name}).object.id for name in ("Staff", "Inner")}
    for member in (PEOPLE[0], PEOPLE[7]):
        admin.members.add(ME, "Staff", member)
    admin.members_by_id.add(ME, groups["Staff"], groups["Inner"])
    admin.typed_users.set_manager(ME, ids[PEOPLE[7]], ids[PEOPLE[0]])
    admin.users.delete(ME, "deleted@x.example")
    return {
        "user": ids[PEOPLE[7]], "group": groups["Staff"], "member": ids[PEOPLE[0]],
        "directoryObject": ids[PEOPLE[0]], "deletedItem": ids["deleted@x.example"], "newUser": ids["new@x.example"],
        "applicationTemplate": UMBRELLA, "template": TEMPLATE,
    }  # fmt: skip


def _application(opened, place):
    admin, graph = opened.admin, opened.graph
    found = admin.applications.add(ME, APP, name=place).application
    job = admin.jobs.create(ME, place).job
    admin.jobs.save_credentials(ME, place, url="http://127.0.0.1:1/scim", token="a-secret-token")
    admin.applications.assign(ME, place, users=PEOPLE, groups=["Staff"])
    owner = OLGA if place == "Own" else PEOPLE[1]
    admin.applications.add_owner(ME, place, owner)
    opened.target(job).fail(1, Rejected("no", status=400), method="POST", times=2)
    admin.cycles.run(ME, place)
    opened.target(job).heal()
    failed = {one["objectId"]: one["displayName"] for one in graph.get(f"/beta/provisor/jobs/{job.id}/escrows").value}
    admin.jobs.settings(
        ME, place, deletion_threshold=1, limits=dict.fromkeys(("users", "groups", "memberships"), "off")
    )
    admin.applications.unassign(ME, place, users=[one for one in PEOPLE[1:7] if one not in failed.values()])
    opened.target(job).fail(1, Rejected("no", status=400), method="POST", times=9)
    admin.cycles.run(ME, place)
    opened.target(job).heal()
    plans = [str(admin.plans.make(ME, place).stored.number) for _ in range(2)]
    linked = next(one for one in PEOPLE if graph.get(f"/beta/provisor/jobs/{job.id}/links/{one}").status == 200)
    named = f"/applications/{found.object_id}/extensionProperties"
    body = {"name": "colour" if place == "Own" else "shape", "dataType": "String", "targetObjects": ["User"]}
    extension = graph.post(named, body)
    assert extension.status == 201, extension.body
    held = graph.get(f"/servicePrincipals/{found.id}/appRoleAssignedTo").value
    event = admin.logs.page(ME, job=job.id)[0].id
    return {
        "application": found.object_id, "servicePrincipal": found.id, "job": job.id, "plan": plans[0], "other": plans[1],
        "extensionProperty": extension.body["id"], "event": event, "linked": linked, "failed": next(iter(failed)), "owner": admin.users.show(ME, owner).object.id,
        "assignment": {one["principalType"]: one["id"] for one in held if one["principalDisplayName"] in ("p7", "Staff")},
    }  # fmt: skip


def _tokens(opened):
    """A secret for every role, and for those who are let in nowhere."""
    tokens, people = opened.admin.machines["token"], {APPLICATION_OWNER: OLGA}
    made = {
        role: tokens.create(ME, role, [role], person=people.get(role)).secret.reveal()
        for role in ROLES
    } | {
        "person deleted": tokens.create(ME, "deleted", [APPLICATION_OWNER], person=GONE).secret.reveal(),
        "revoked": tokens.create(ME, "revoked", ["Global Administrator"]).secret.reveal(),
        "expired": tokens.create(ME, "expired", ["Global Administrator"], lifetime=timedelta(days=1)).secret.reveal(),
        "no role": tokens.create(ME, "no role", ["Security Reader"]).secret.reveal(),
    }  # fmt: skip
    tokens.revoke(ME, "revoked")
    opened.admin.users.delete(ME, GONE)
    with opened.database.transaction() as connection:
        of = {each.name: each.id for each in accounts.all_of(connection, opened.admin.tenant, "token")}
        accounts.set_roles(connection, of["no role"], ["A role of an earlier release"])
        connection.execute("UPDATE account SET expires_at = 1 WHERE id = ?", (of["expired"],))
    return made


def never(known):
    """The same, with ids that nothing ever had, of the same shape."""
    others = {name: f"deadbeef-0000-4000-8000-{number:012}" for number, name in enumerate(OF_ONE)}
    others |= {"plan": "987654", "other": "987653", "request": "0" * 32, "job": f"{known['job'][:-4]}0000"}
    return known | others | {"assignment": {kind: f"{value[:-4]}0000" for kind, value in known["assignment"].items()}}
