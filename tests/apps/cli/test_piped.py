"""What another program reads: a row of a list is one line, with the name whole, however narrow the terminal was."""

import pytest

LONG = "verylong" * 25
NAME = f"{LONG}@contoso.example"
APP = "Cisco Umbrella User Management"
OTHER = f"{LONG} of a long application"


@pytest.fixture
def full(provisor, monkeypatch):
    """One of everything, by long names, where COLUMNS says that there is little room."""
    monkeypatch.setenv("COLUMNS", "80")
    for command in (
        ("user", "create", f"userPrincipalName={NAME}", f"displayName={LONG} {LONG}\n{LONG}"),
        ("group", "create", f"displayName={LONG}", f"description={LONG} {LONG}"),
        ("member", "add", LONG, NAME),
        ("app", "add", APP, "--name", OTHER),
        ("app", "role", "add", OTHER, LONG, "--value", f"{LONG}.value"),
        ("app", "assign", OTHER, "--user", NAME),
        ("app", "owner", "add", OTHER, NAME),
        ("job", "create", OTHER),
    ):
        assert provisor(*command).code == 0
    return provisor


LISTS = {
    "user list": (("user", "list"), NAME),
    "user list --search": (("user", "list", "--search", "verylong"), NAME),
    "group list": (("group", "list"), LONG),
    "member list": (("member", "list", LONG), NAME),
    "app list": (("app", "list"), OTHER),
    "app assignments": (("app", "assignments", OTHER), NAME),
    "app owner list": (("app", "owner", "list", OTHER), NAME),
    "app role list": (("app", "role", "list", OTHER), f"{LONG}.value"),
    "job list": (("job", "list"), OTHER),
}


@pytest.mark.parametrize(("command", "name"), LISTS.values(), ids=LISTS.keys())
def test_a_row_is_one_line_with_the_name_whole(full, command, name):
    lines = full(*command).out.splitlines()

    rows = [line for line in lines if "verylong" in line]
    assert [name in row for row in rows] == [True]


def test_the_names_of_the_recycle_bin_are_whole_too(full):
    full("user", "delete", NAME)

    assert NAME in full("user", "list", "--deleted").out
