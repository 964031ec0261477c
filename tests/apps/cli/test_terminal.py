"""What a terminal of 80 columns shows: ids whole, and no colour for those who want none."""

import json
import re

import pytest

from provisor import gallery, main, wiring
from provisor.terminal import print_table, progress_bar
from provisor.testing.memory_target import MemoryTarget
from support.command_line import on_screen

APP = "Cisco Umbrella User Management"
APP_ID = "0198d2c4-6a51-7e1c-9a53-6b1f0a2c9d11"
ANNA = "anna.with.a.long.name@contoso.example"
COLOURED = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def screen(monkeypatch):
    """Shows a command, or whatever prints, on a terminal of 80 columns with colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def show(*command):
        if callable(command[0]):
            return on_screen(monkeypatch, command[0])
        return on_screen(monkeypatch, lambda: main.guarded(lambda: main.run(list(command))))

    return show


@pytest.fixture
def ids(provisor, monkeypatch, tmp_path):
    """A person, a group, an application with its job and a cycle that is over; what they are called by."""
    template = gallery.template("ciscoUmbrella")
    monkeypatch.setattr(
        wiring.StoredConnections, "connect", lambda self, job: MemoryTarget(template.user_type, template.group_type)
    )
    token = tmp_path / "token"
    token.write_text("t\n")

    def made(*command):
        return json.loads(provisor(*command, "--json").out)

    user = made("user", "create", f"userPrincipalName={ANNA}", "displayName=Anna With A Long Display Name")["id"]
    group = made("group", "create", "displayName=Sales", "description=Everyone who sells anything to anybody")["id"]
    provisor("member", "add", "Sales", ANNA)
    app = made("app", "add", APP)["id"]
    provisor("app", "assign", APP, "--user", ANNA)
    assignment = made("app", "assignments", APP)[0]["id"]
    provisor("app", "owner", "add", APP, ANNA)
    job = made("job", "create", APP)["id"]
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    provisor("job", "run", APP)
    event = made("log", "list")[0]["id"]
    made("target", "token", "create", "--label", "a label that is rather long for a label")
    of_target = made("target", "token", "list")[0]["id"]
    return {"user": user, "group": group, "app": app, "assignment": assignment, "job": job, "event": event,
            "token": of_target}  # fmt: skip


LISTINGS = {
    "user list": (("user", "list"), "user"),
    "user show": (("user", "show", ANNA), "user"),
    "group list": (("group", "list"), "group"),
    "group show": (("group", "show", "Sales"), "group"),
    "member list": (("member", "list", "Sales"), "user"),
    "app list": (("app", "list"), "app"),
    "app show": (("app", "show", APP), "app"),
    "app assignments": (("app", "assignments", APP), "assignment"),
    "job list": (("job", "list"), "job"),
    "job status": (("job", "status", APP), "job"),
    "log list": (("log", "list"), "event"),
    "log show": (("log", "show", "EVENT"), "event"),
    "target token list": (("target", "token", "list"), "token"),
}


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize(("command", "what"), LISTINGS.values(), ids=LISTINGS.keys())
def test_every_id_stands_whole_on_a_line(ids, screen, command, what):
    command = [ids["event"] if word == "EVENT" else word for word in command]

    lines = screen(*command).splitlines()

    assert [line for line in lines if ids[what] in line]


def test_a_table_that_fits_is_a_table(screen):
    shown = screen(lambda: print_table(("Name", "Id"), [("anna", APP_ID)]))

    assert "Name   Id" in COLOURED.sub("", shown)


def test_no_line_is_longer_than_the_terminal_unless_an_id_is(screen):
    long = f"umbrella.{'a' * 32}.{APP_ID}"

    lines = screen(lambda: print_table(("", ""), [("Job", f"{long}.tail"), ("Error", "a word " * 40)])).splitlines()

    assert [line for line in lines if len(line) > 80] == [line for line in lines if long in line]


def test_rows_beside_an_id_that_leaves_no_room_become_tables_of_their_own(screen):
    row = ("Umbrella", "Active", f"{'a' * 40}.{APP_ID}")

    shown = screen(lambda: print_table(("Application", "Schedule", "Id"), [row] * 2))

    assert shown.count(f"{'a' * 40}.{APP_ID}") == 2
    assert shown.count("Application   Umbrella") == 2


WITHOUT_COLOUR = {
    "a table": ("user", "list"),
    "an error": ("user", "show", "nobody"),
    "wrong usage": ("user", "list", "--limit", "0"),
    "no such command": ("usr",),
    "an option misspelt": ("user", "list", "--serch", "x"),
    "help": ("--help",),
    "help of a noun": ("user", "--help"),
    "help of a command": ("user", "list", "--help"),
    "help of the target": ("target", "--help"),
    "help of a command of the target": ("target", "token", "create", "--help"),
    "wrong usage of the target": ("target", "serve", "--port", "x"),
    "a table of the target": ("target", "token", "list"),
    "an error of the target": ("target", "token", "revoke", "nobody"),
    "an expression": ("expression", "eval", "Joinn()"),
}


@pytest.mark.parametrize("command", WITHOUT_COLOUR.values(), ids=WITHOUT_COLOUR.keys())
def test_no_color_is_honoured(provisor, monkeypatch, screen, command):
    monkeypatch.setenv("NO_COLOR", "1")

    shown = screen(*command)

    assert shown.strip()
    assert not COLOURED.findall(shown)


def test_an_error_is_red_where_colours_are_wanted(provisor, screen):
    assert "\x1b[31m" in screen("user", "show", "nobody")


class Half:
    phase, completed_objects, all_objects, seconds_left = "writing", 1, 2, 3.0


def test_a_progress_bar_without_colour(monkeypatch, screen):
    monkeypatch.setenv("NO_COLOR", "1")

    def half():
        with progress_bar() as move:
            move(Half())

    shown = screen(half)

    assert "writing" in shown
    assert not COLOURED.findall(shown)
