"""Every command explains itself with an example, and `provisor --help` imports nothing heavy."""

import subprocess
import sys

import pytest

from provisor.main import NOUNS, root
from support.command_line import COMMANDS

HEAVY = (
    "aiohttp",
    "cryptography",
    "msgspec",
    "pydantic",
    "regex",
    "rich.console",
    "ry",
    "sqlite3",
    "uvicorn",
)


@pytest.mark.parametrize("words, command", COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_has_an_example_of_itself(words, command):
    assert f"Example: provisor {' '.join(words)}" in command.help


def test_every_noun_is_listed(provisor):
    answered = provisor("--help")

    assert answered.code == 0
    assert all(f"  {noun} " in answered.out for noun in NOUNS)


def test_the_list_of_nouns_imports_nothing_heavy():
    code = (
        "import sys\nfrom provisor.main import guarded, run\nguarded(lambda: run(['--help']))\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


OF_CYCLES_AND_SERVERS = ("aiohttp", "alembic", "asyncio", "provisor.runner", "sqlalchemy", "ssl", "uvicorn")


def test_showing_a_user_imports_nothing_of_cycles_and_servers(provisor):
    provisor("user", "create", "userPrincipalName=anna@contoso.example")
    code = (
        "import sys\nfrom provisor.main import guarded, run\n"
        "ended = guarded(lambda: run(['user', 'show', 'anna@contoso.example']))\n"
        f"print(ended, [name for name in {OF_CYCLES_AND_SERVERS!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "0 []"


def test_nouns_of_the_root_are_the_ones_that_main_names():
    assert list(NOUNS) == root().list_commands(None)


def test_no_command_takes_a_secret_as_an_argument():
    options = {option for _, command in COMMANDS for parameter in command.params for option in parameter.opts}

    assert not {option for option in options if option.strip("-") in ("token", "secret", "password", "secret-token")}


def test_the_attributes_of_an_example_are_not_taken_for_markup(provisor):
    assert "[givenName]" in provisor("schema", "map", "--help").out
