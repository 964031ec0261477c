"""Writes docs/reference/cli.md from the command line itself; tests/house checks that the page is up to date.

Run from the project's folder: .venv/bin/python tools/write_cli_reference.py
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from typer.main import get_command

from provisor.main import NOUNS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
OPENING = """# Command line

Every command of `provisor`, written from the code by `tools/write_cli_reference.py`. `--json` prints data for programs.
Secrets are read from a prompt, standard input or a file, never from an argument.

| Exit code | Means |
|---|---|
| 0 | done |
| 1 | failed; `job run` also when the cycle went through and somebody could not be provisioned |
| 2 | wrong usage; a file that is named and is not there, or may not be read, is that too |
| 3 | done, and rows of the imported files were refused |
| 130 | stopped with Ctrl-C |
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, in the order of the help."""
    for noun, (module, attribute, _) in NOUNS.items():
        yield from _below(f"provisor {noun}", get_command(getattr(import_module(module), attribute)))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})  # typer carries a click of its own: asked by shape, not by class
    if not children or command.invoke_without_command:
        yield name, command
    for child in children:
        yield from _below(f"{name} {child}", children[child])


def page() -> str:
    """The whole page."""
    return OPENING + "".join(_section(name, command) for name, command in commands())


def _section(name: str, command: Any) -> str:
    summary = (command.help or "").strip().split("\n\n")[0].replace("\n", " ")
    lines = [f"\n## `{name}`\n", f"{summary}\n"]
    rows = [_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "option":
        shown = ", ".join([*parameter.opts, *parameter.secondary_opts])
    else:
        shown = (parameter.metavar or parameter.name or "").upper()
    said = " ".join((getattr(parameter, "help", None) or "").split())
    return f"| `{shown}` | {said.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    PAGE.write_text(page())
