"""What is installed is what is tested: bounds and pins say the same, and what is known to break is kept out."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
RUNNING = [*PROJECT["dependencies"], *EXTRAS["traces"]]
DECLARED = [Requirement(text) for text in dict.fromkeys([*RUNNING, *EXTRAS["dev"], *EXTRAS["sdk"]])]
PINNED = {
    canonicalize_name(pin.name): pin
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
    for pin in [Requirement(line)]
}
INNER_PARTS = ("uvicorn", "psycopg", "typer", "ry")  # of which we use more than they promise to keep

each = pytest.mark.parametrize("requirement", DECLARED, ids=lambda requirement: requirement.name)


def pinned_version(requirement):
    [pin] = PINNED[canonicalize_name(requirement.name)].specifier
    assert pin.operator == "=="
    return Version(pin.version)


@each
def test_the_lowest_version_allowed_is_the_one_that_is_tested(requirement):
    # An older one would be allowed without anybody having tried it, with the holes that were found in it since.
    lowest = [Version(bound.version) for bound in requirement.specifier if bound.operator == ">="]

    assert lowest == [pinned_version(requirement)]


@each
def test_the_tested_version_is_allowed(requirement):
    assert requirement.specifier.contains(pinned_version(requirement))


@pytest.mark.parametrize("name", INNER_PARTS)
def test_a_library_whose_inner_parts_are_used_stays_within_its_minor_version(name):
    [requirement] = [requirement for requirement in DECLARED if requirement.name == name]
    tested = pinned_version(requirement)

    assert not requirement.specifier.contains(f"{tested.major}.{tested.minor + 1}.0")
    assert not requirement.specifier.contains(f"{tested.major + 1}.0.0")


def test_every_pin_names_one_version_of_one_library():
    assert all([bound.operator for bound in pin.specifier] == ["=="] for pin in PINNED.values())
    assert not any(pin.url for pin in PINNED.values())


@pytest.mark.parametrize("requirement", RUNNING, ids=lambda text: Requirement(text).name)
def test_what_running_needs_is_justified_in_the_table_of_decision_1(requirement):
    decision = (ROOT / "docs" / "decisions" / "0001-layout-and-dependencies.md").read_text()
    named = {
        name.strip()
        for line in decision.splitlines()
        if line.startswith("| ")
        for name in line[2:].split("|")[0].split(",")
    }

    assert Requirement(requirement).name in named
