"""What a newcomer types first, and an administrator last: make's set-ups, and the units of the services."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from itertools import takewhile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.source_trees import parsed_below

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text()
UNITS = dict(zip(("provisor", "provisor-target"), re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL), strict=True))
PROGRAM = "/opt/provisor/.venv/bin/provisor"

each = pytest.mark.parametrize("name", UNITS)


def installs(goal, folder):
    """What make would install for a goal, in a folder where nothing is yet."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    told = subprocess.run(["make", "-n", goal], cwd=folder, capture_output=True, text=True, check=True).stdout
    return re.findall(r"pip install .* -e (\S+)", told)


@pytest.mark.parametrize("goal", ["demo", "install"])
def test_running_installs_nothing_that_only_tests_need(goal, tmp_path):
    assert installs(goal, tmp_path) == ["."]


@pytest.mark.parametrize("goal", ["setup", "check", "fast", "fix", "bench"])
def test_developing_installs_everything_at_once(goal, tmp_path):
    assert installs(goal, tmp_path) == ["'.[dev]'"]


def test_all_tests_have_the_clients_of_microsoft_beside(tmp_path):
    assert installs("test", tmp_path) == ["'.[dev,sdk]'"]


def with_what_they_need(names):
    """Libraries, and those that they cannot do without."""
    found, waiting = set(), list(names)
    while waiting:
        if (name := canonicalize_name(waiting.pop())) not in found:
            found.add(name)
            needed = [Requirement(text) for text in requires(name) or ()]
            waiting += [one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]
    return found


OF_ANOTHER_PYTHON = {"src/provisor/testing/samba_hand.py"}  # of the one that Debian installs Samba's modules for


def test_what_runs_imports_nothing_that_only_tests_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"][
        "traces"
    ]  # of which tests/runner/test_tracing.py says that it may be absent
    installed = with_what_they_need(Requirement(text).name for text in [*project["dependencies"], *extra])
    homes = packages_distributions()
    imported = {
        (name.partition(".")[0], str(path.relative_to(ROOT)))
        for path, tree in parsed_below(ROOT / "src" / "provisor").items()
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom) and node.module
            else []
        )
    }

    assert not {
        (name, path)
        for name, path in imported
        if path not in OF_ANOTHER_PYTHON
        and name not in sys.stdlib_module_names | {"provisor"}
        and not installed & {canonicalize_name(home) for home in homes.get(name, ())}
    }


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", UNITS[unit], re.MULTILINE)


@each
def test_a_unit_starts_a_command_with_options_that_exist(name):
    [command] = values(name, "ExecStart")
    program, *words = shlex.split(command)
    verbs = list(takewhile(lambda word: not word.startswith("--"), words))
    reference = (ROOT / "docs" / "reference" / "cli.md").read_text()
    heading = f"## `provisor {' '.join(verbs)}`\n"

    assert program == PROGRAM
    assert heading in reference
    options = reference.partition(heading)[2].partition("\n## ")[0]
    assert not [word for word in words if word.startswith("--") and f"`{word}`" not in options]


@each
def test_a_unit_sets_settings_that_exist_within_its_own_folders(name):
    settings = dict(value.split("=", 1) for value in values(name, "Environment"))
    documented = (ROOT / "docs" / "reference" / "settings.md").read_text()

    assert settings
    assert not [setting for setting in settings if f"`{setting}`" not in documented]
    assert settings["PROVISOR_DATA"] == f"/var/lib/{values(name, 'StateDirectory')[0]}"


@each
def test_a_unit_runs_as_somebody_of_its_own_for_whom_alone_its_files_are(name):
    assert values(name, "User") == [name]
    assert values(name, "UMask") == ["0077"]
    assert values(name, "StateDirectoryMode") == ["0700"]


@each
@pytest.mark.skipif(
    not shutil.which("systemd-analyze") and os.environ.get("PROVISOR_TEST_SERVICES") != "required",
    reason="judged by systemd itself, where it is installed",
)
def test_systemd_takes_the_unit(name, tmp_path):
    unit = tmp_path / f"{name}.service"
    unit.write_text(UNITS[name].replace(PROGRAM, str(Path(sys.executable).parent / "provisor")))

    judged = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)

    assert (judged.returncode, judged.stderr) == (0, "")
