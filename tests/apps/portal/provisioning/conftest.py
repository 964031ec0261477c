"""A portal over an application in memory, its job, and the fields of a form as a browser sends them."""

import os
import re
from html.parser import HTMLParser

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.gallery import template
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
PASSWORD = "correct horse battery"
URL, TOKEN = "https://umbrella.example/scim", "a-secret-token-of-umbrella"


class _Fields(HTMLParser):
    """What a browser would send of one form: radio buttons and boxes that are chosen, and texts of several lines."""

    def __init__(self, html, action):
        super().__init__()
        self.sent, self._action, self._inside, self._area, self._select = {}, action, False, None, None
        self.feed(html)

    def handle_starttag(self, tag, given):
        attributes = dict(given)
        name = attributes.get("name")
        if tag == "form":
            self._inside = attributes["action"] == self._action and attributes.get("method") == "post"
        elif not self._inside:
            return
        elif tag == "input" and (attributes.get("type") not in ("radio", "checkbox") or "checked" in attributes):
            self.sent[name] = attributes.get("value", "")
        elif tag == "textarea":
            self._area, self.sent[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in attributes or self._select not in self.sent):
            self.sent[self._select] = attributes["value"]

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._area = None

    def handle_data(self, text):
        if self._area:
            self.sent[self._area] += text.removeprefix("\n")


def fields(page, action):
    """Of a form of this page."""
    return _Fields(page.html, action).sent


@pytest.fixture
def target():
    found = template("ciscoUmbrella")
    return MemoryTarget(found.user_type, found.group_type)


@pytest.fixture
def admin(database, tenant, tmp_path, clock, target):
    asked = []
    admin = Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock.now,
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None if ":" in url else "The tenant URL has no scheme.",
            connect=lambda job: target,
            connect_unsaved=lambda job, pairs: asked.append(dict(pairs)) or target,
        )
    )
    admin.asked_with = asked
    return admin


class Job:
    """A job of an application, by the addresses of its pages."""

    def __init__(self, admin, name=APP):
        self.admin = admin
        self.application = admin.applications.add(ME, APP, name=name).application
        self.id = admin.jobs.create(ME, self.application.id).job.id
        self.provisioning = f"/applications/{self.application.id}/provisioning"
        self.path = f"{self.provisioning}/{self.id}"
        self.settings = f"{self.path}/settings"

    @property
    def shown(self):
        return self.admin.jobs.show(ME, self.id)

    @property
    def stored(self):
        return self.admin.credentials.show(ME, self.id)

    def configured(self, url=URL):
        self.admin.jobs.save_credentials(ME, self.id, url=url, token=TOKEN)
        return self

    def person(self, upn, **more):
        made = self.admin.users.create(ME, {"userPrincipalName": upn, "displayName": upn, **more}).object
        self.admin.applications.assign(ME, self.application.id, users=[upn])
        return made

    def ran(self):
        """One cycle, here."""
        return self.admin.cycles.run(ME, self.id)


@pytest.fixture
def job(admin):
    return Job(admin)


@pytest.fixture
def make_job(admin):
    return lambda name: Job(admin, name)


@pytest.fixture
def as_role(admin, make_browser):
    """A browser of somebody with this role, who owns no application."""

    def signed_in(role):
        name = re.sub(r"\W", ".", role.lower()) + "@contoso.com"
        admin.users.create(ME, {"userPrincipalName": name})
        admin.accounts.add(ME, name, (role,), person=name, password=PASSWORD)
        browser = make_browser()
        browser.sign_in(name)
        return browser

    return signed_in


@pytest.fixture
def send(ana, job):
    """Fill in the form of the settings, and send it."""

    def sent(browser=None, do="save", without=(), **typed):
        browser = browser or ana
        given = {**fields(browser.get(job.settings), job.settings), "do": do, **typed}
        return browser.request(
            "POST", job.settings, {name: text for name, text in given.items() if name not in without}
        )

    return sent
