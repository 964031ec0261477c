"""A service whose application is in memory, with a gallery application in it, and people who are assigned to that."""

import os
import shutil
from datetime import UTC, datetime, timedelta

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.database import open_database
from provisor.gallery import template
from provisor.graph_api.app import GraphApi
from provisor.graph_api.routes import ROUTES
from provisor.storage import tenants
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget
from support.graph_client import GraphClient

APP = "Cisco Umbrella User Management"
TEMPLATE = "ciscoUmbrella"
URL = "http://127.0.0.1:9/scim"
SECRETS = [{"key": "BaseAddress", "value": URL}, {"key": "SecretToken", "value": "a-secret-token"}]


class Synchronized:
    """The service; `now` is a clock that a test sets."""

    def __init__(self, folder, migrated_file, *, declared=None):
        shutil.copy(migrated_file, folder / "service.db")
        found = template(TEMPLATE)
        self.target = MemoryTarget(found.user_type, found.group_type)
        self.now = datetime.now(UTC)
        self.database = open_database(f"sqlite:///{folder / 'service.db'}")
        self.tenant = tenants.only(self.database.reader())
        self.callers = {"operator": LOCAL_OPERATOR}
        self.admin = Admin(
            Context(
                database=self.database,
                tenant=self.tenant,
                now=lambda: self.now,
                random_bytes=os.urandom,
                load_key=lambda: load_key(folder / "secret.key"),
                problem_with_credentials=lambda url, token: None,
                connect=lambda job: self.target,
                connect_unsaved=lambda job, pairs: self.target,
                key_file=folder / "secret.key",
            )
        )
        self.app = GraphApi(
            self.admin,
            ROUTES,
            lambda token, address, correlation: self.callers.get(token),
            now=lambda: self.now,
            requests_per_second=1e6,
        )
        self.graph = GraphClient(self.app, declared=declared)
        self.application = self.add(APP)

    def add(self, name):
        return self.admin.applications.add(LOCAL_OPERATOR, APP, name=name).application

    def later(self, **given):
        self.now += timedelta(**given)

    def person(self, upn, **more):
        made = self.admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": upn, "displayName": upn, **more}).object
        self.admin.applications.assign(LOCAL_OPERATOR, self.application.id, users=[upn])
        return made.id

    def group(self, name, members=()):
        made = self.admin.groups.create(LOCAL_OPERATOR, {"displayName": name}).object
        for member in members:
            self.admin.members.add(LOCAL_OPERATOR, name, member)
        self.admin.applications.assign(LOCAL_OPERATOR, self.application.id, groups=[name])
        return made.id

    def of(self, application):
        return f"/servicePrincipals/{application.id}/synchronization"

    @property
    def path(self):
        """Of the synchronization of the first application."""
        return self.of(self.application)

    def job(self, application=None, *, secrets=True):
        """The path of a new job."""
        around = self.of(application or self.application)
        reply = self.graph.post(f"{around}/jobs", {"templateId": TEMPLATE})
        assert reply.status == 201, reply.body
        if secrets:
            assert self.graph.put(f"{around}/secrets", {"value": SECRETS}).status == 204
        return f"{around}/jobs/{reply.body['id']}"

    def close(self):
        self.app.close()
