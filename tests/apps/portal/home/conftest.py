"""An organisation before and after it is provisioned, into an application in memory; a browser for each role."""

import json
import os
from types import SimpleNamespace

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.gallery import template
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
BOUNDARY = "a-boundary-that-nothing-contains"


@pytest.fixture
def target():
    found = template("ciscoUmbrella")
    return MemoryTarget(found.user_type, found.group_type)


@pytest.fixture
def admin(database, tenant, tmp_path, clock, target):
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock.now,
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: target,
            connect_unsaved=lambda job, pairs: target,
        )
    )


@pytest.fixture
def directory(admin):
    """Four people, one of them assigned to nothing, and a group of two."""
    made = {}
    for name in ("anna", "bo", "carl", "dora"):
        given = {"userPrincipalName": f"{name}@x.example", "displayName": name.title(), "givenName": name.title()}
        made[name] = admin.users.create(ME, {**given, "surname": "Example"}).object.id
    made["staff"] = admin.groups.create(ME, {"displayName": "Staff", "securityEnabled": "true"}).object.id
    for name in ("anna", "bo"):
        admin.members.add(ME, "Staff", f"{name}@x.example")
    return made


@pytest.fixture
def application(admin, directory):
    """The application with its job, which has no credentials yet."""
    added = admin.applications.add(ME, APP).application.id
    job = admin.jobs.create(ME, APP).job.id
    return SimpleNamespace(id=added, job=job, page=f"/applications/{added}/provisioning/{job}")


@pytest.fixture
def configured(admin, application):
    admin.jobs.save_credentials(ME, APP, url="https://umbrella.example/scim", token="a-token")
    return application


@pytest.fixture
def provisioned(admin, configured):
    """Everybody in the group has an account."""
    admin.applications.assign(ME, APP, groups=["Staff"])
    admin.jobs.start(ME, APP)
    admin.cycles.run(ME, APP)
    return configured


@pytest.fixture
def browser_of(make_account, make_browser, admin):
    """A browser of somebody with these roles; of an owner of the application called `owns`."""

    def signed_in(*roles, owns=None):
        name = f"{roles[0].replace(' ', '').lower()}@contoso.com"
        if "Application Owner" in roles:
            admin.users.create(ME, {"userPrincipalName": "owner@x.example", "displayName": "Owner"})
            if owns is not None:
                admin.applications.add_owner(ME, owns, "owner@x.example")
            admin.accounts.add(ME, name, roles, person="owner@x.example", password="correct horse battery")
        else:
            make_account(name, roles=roles)
        browser = make_browser()
        assert browser.sign_in(name).status == 303
        return browser

    return signed_in


@pytest.fixture
def root(browser_of):
    """A browser of a Global Administrator."""
    return browser_of("Global Administrator")


@pytest.fixture
def upload(pages):
    """Send a form of a page with a file, as browsers do."""

    def send(browser, page, action, field, content, **fields):
        given = page.document.forms[action] | fields
        given.pop(field, None)
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in given.items()
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="schema.json"\r\n\r\n'
        body = b"".join(parts) + head.encode() + text + f"\r\n--{BOUNDARY}--\r\n".encode()
        headers = {
            "cookie": "; ".join(f"{key}={value}" for key, value in browser.cookies.items()),
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
            "content-length": str(len(body)),
        }
        return pages.send("POST", action, "", headers, body)

    return send
