"""Organisations and performances for the journeys: real processes, real HTTP, nothing outside the project."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provisor.admin.session import Session
from provisor.demo.from_files import FromFiles, OrganisationFiles
from provisor.demo.steps import Play
from provisor.demo.umbrella import Umbrella
from provisor.demo.verifier import verify
from provisor.main import build, site
from provisor.settings import read_settings

ODD = Path(__file__).parent / "odd"
DEMO_SECONDS = 100


@dataclass(frozen=True)
class Ended:
    """A demo that ran as a process of its own."""

    code: int
    text: str
    report: dict


@pytest.fixture
def run_demo(tmp_path):
    def run(*arguments, seconds=DEMO_SECONDS):
        done = subprocess.run(
            [sys.executable, "-m", "provisor", "demo", "--exit", "--json", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": str(tmp_path)},  # its folder goes with the test's
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.stdout, done.stderr
        return Ended(done.returncode, done.stdout + done.stderr, json.loads(done.stdout.splitlines()[-1]))

    return run


@dataclass(slots=True)
class WatchedUmbrella(Umbrella):
    """A target whose tokens the test learns, to look for them afterwards."""

    secrets: dict[str, str] = field(default_factory=dict)

    def generate_token(self, label):
        token = Umbrella.generate_token(self, label)
        self.secrets[label] = token.secret
        return token


@pytest.fixture
def perform(tmp_path):
    """Plays the demo in this process and leaves the target running: (play, umbrella, folder, verify)."""
    folder = tmp_path / "demo"
    folder.mkdir(mode=0o700)
    with WatchedUmbrella(folder) as umbrella:

        def run(users, groups=None, members=None, play_class=Play):
            session = Session(settings=read_settings({"PROVISOR_DATA": str(folder)}), build=build, site=site)
            files = OrganisationFiles(users=users, groups=groups, members=members)
            play = play_class(session, FromFiles(session, files), umbrella)
            play.perform()
            changes = folder / "changes.json"
            play.write_changes(changes)
            reader = umbrella.generate_token("verifier")

            def differences():
                return verify(
                    url=reader.url, token=reader.secret, users=users, groups=groups, members=members, changes=changes
                )

            return play, umbrella, folder, differences

        yield run


@pytest.fixture
def small_files(tmp_path):
    """Nine people, two of them in no group, and two groups."""
    users = tmp_path / "users.csv"
    names = [f"p{number}" for number in range(9)]
    rows = [f"{name}@x.example,Person {name},Given,Name {name}" for name in names]
    users.write_text("userPrincipalName,displayName,givenName,surname\n" + "\n".join(rows) + "\n")
    groups = tmp_path / "groups.csv"
    groups.write_text("displayName\nSales\nStaff\n")
    members = tmp_path / "members.csv"
    edges = [("Staff", name) for name in names[:7]] + [("Sales", name) for name in names[:4]]
    members.write_text("group,member\n" + "\n".join(f"{group},{name}@x.example" for group, name in edges) + "\n")
    return users, groups, members
