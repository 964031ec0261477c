"""Every command explains itself with an example, and `provisor --help` imports nothing heavy."""

import subprocess
import sys
from importlib import import_module

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from provisor.main import NOUNS, root

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


def leaves():
    """(words, command) of every command there is."""
    for noun, (module, attribute, _) in NOUNS.items():
        yield from below((noun,), get_command(getattr(import_module(module), attribute)))


def below(words, command):
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from below((*words, name), inner)
    else:
        yield words, command


COMMANDS = list(leaves())


@pytest.mark.parametrize("words, command", COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_has_an_example_of_itself(words, command):
    text = f"{command.help or ''}\n{command.epilog or ''}"

    assert "Example" in text
    assert f"provisor {' '.join(words)}" in text


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


def test_nouns_of_the_root_are_the_ones_that_main_names():
    assert list(NOUNS) == root().list_commands(None)


def test_no_command_takes_a_secret_as_an_argument():
    options = {option for _, command in COMMANDS for parameter in command.params for option in parameter.opts}

    assert not {option for option in options if option.strip("-") in ("token", "secret", "password", "secret-token")}


def test_the_attributes_of_an_example_are_not_taken_for_markup(provisor):
    assert "[givenName]" in provisor("schema", "map", "--help").out
