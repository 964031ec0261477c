"""App roles over the whole path: commands, directory, cycle, HTTP, and what the application then holds."""

import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

pytestmark = pytest.mark.slow

APP = "Generic SCIM 2.0"
TYPE = "WindowsAzureActiveDirectoryRole"
ASSIGNMENTS = "[appRoleAssignments]"
START_SECONDS = 30


class Company:
    """A service and its application in a folder, driven by commands only."""

    def __init__(self, folder):
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
        self.environment = {**kept, "PROVISOR_DATA": str(folder / "data")}
        self.server = None
        self.url = self.token = ""

    def __call__(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "provisor", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self):
        ready = self.folder / "url"
        self.server = subprocess.Popen(
            [*(sys.executable, "-m", "provisor", "target", "serve", "--profile", "generic"),
             *("--port", "0", "--ready-file", str(ready))],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not (ready.exists() and ready.read_text().strip()):
            assert self.server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        made = json.loads(
            self("target", "token", "create", "--label", "t", "--url", ready.read_text().strip(), "--json")
        )
        self.url, self.token = made["url"], made["token"]

    def close(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(20)

    def cycle(self):
        """Counts of one cycle, of what was sent to change something."""
        counts = json.loads(self("job", "run", APP, "--json"))["counts"]
        return {name: count for name, count in counts.items() if name.startswith("user.") and name != "user.skip"}

    def roles(self):
        request = urllib.request.Request(f"{self.url}/Users", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            (user,) = json.load(answer)["Resources"]
        return user.get("roles", [])

    def values(self):
        """The values of the roles, those written as JSON text read."""
        return sorted(
            json.loads(role["value"])["value"] if role["value"].startswith("{") else role["value"]
            for role in self.roles()
        )


@pytest.fixture
def company(tmp_path):
    made = Company(tmp_path)
    made.serve()
    yield made
    made.close()


def configured(company, behaviour, expression, target):
    users = company.folder / "users.csv"
    users.write_text("userPrincipalName,displayName\nana@x.example,Ana\n")
    company("import", "csv", "--users", users)
    company("app", "add", APP)
    company("app", "role", "add", APP, "Auditor", "--value", "audit")
    company("job", "create", APP, "--behaviour", behaviour)
    (company.folder / "token").write_text(company.token)
    company("job", "credentials", APP, "--url", company.url, "--token-file", company.folder / "token")
    company("schema", "map", APP, expression, target)
    company("app", "assign", APP, "--user", "ana@x.example", "--role", "User")


# What the application holds after creation, a second role, the first one ended.
STORIES = {
    "all, added": (f"AppRoleAssignmentsComplex({ASSIGNMENTS})", ["User"], ["User", "audit"], ["User", "audit"]),
    "all, replaced": (f"AssertiveAppRoleAssignmentsComplex({ASSIGNMENTS})", ["User"], ["User", "audit"], ["audit"]),
}


@pytest.mark.test_rows(2)
@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
@pytest.mark.parametrize("story", STORIES)
def test_roles_reach_the_application_and_change_there_once(company, behaviour, story):
    expression, created, added, ended = STORIES[story]
    configured(company, behaviour, expression, "roles")

    assert company.cycle() == {"user.create": 1}
    assert [(role["value"], role["type"]) for role in company.roles()] == [(created[0], TYPE)]
    assert company.cycle() == {}

    company("app", "assign", APP, "--user", "ana@x.example", "--role", "audit")
    assert company.cycle() == {"user.update": 1}
    assert company.values() == added
    assert company.cycle() == {}

    company("app", "unassign", APP, "--user", "ana@x.example", "--role", "User")
    company.cycle()
    assert company.values() == ended

    company("user", "set", "ana@x.example", "department=Sales")
    assert company.cycle() == {"user.update": 1}
    assert company.values() == ended


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_a_single_role_reaches_the_application_and_another_is_added(company, behaviour):
    configured(company, behaviour, f"SingleAppRoleAssignment({ASSIGNMENTS})", 'roles[primary eq "True"].value')

    assert company.cycle() == {"user.create": 1}
    (role,) = company.roles()
    assert (role["value"], role["type"], role["primary"]) == ("User", TYPE, True)

    company("app", "unassign", APP, "--user", "ana@x.example", "--role", "User")
    company("app", "assign", APP, "--user", "ana@x.example", "--role", "audit")
    company.cycle()
    company.cycle()
    assert company.values() == ["User", "audit"]

    company("user", "set", "ana@x.example", "department=Sales")
    assert company.cycle() == {"user.update": 1}
    assert company.values() == ["User", "audit"]
