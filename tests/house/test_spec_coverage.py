"""The page that goes through the specification row by row leaves out none, and names tests that exist."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPECIFICATION = (ROOT / "docs" / "spec/provisioning-service.md").read_text()
COVERAGE = (ROOT / "docs" / "explanation" / "spec-coverage.md").read_text()
GRAPH_SPECIFICATION = (ROOT / "docs" / "spec/graph-synchronization-api.md").read_text()
GRAPH_COVERAGE = (ROOT / "docs" / "explanation" / "spec-coverage-graph.md").read_text()

HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)*)\.? ", re.MULTILINE)
REASONS = ("No test: ", "Not offered: ", "Otherwise: ")
# How many cells it takes to tell the rows of a table apart, where one is not enough; 0: told as a whole.
CELLS = {"3.4": 4, "9.1": 2, "6.5": 0, "19": 0}
# Sections of the page on Graph whose tables are told as a whole: names of enums and properties.
WHOLE = ("5", "9")
DECISION_TABLES = ("2.2", "2.3", "3.4", "5.3", "5.4", "9.1", "9.2", "10", "11.1", "12")


@cache
def numbered(text):
    """Each numbered section's own text, without that of the sections within it."""
    parts = HEADING.split(text)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def sections(text):
    """The same without section 0, which is about the page itself."""
    return {number: body for number, body in numbered(text).items() if number != "0"}


def rows(body):
    """The rows of the tables in a text, as cells."""
    lines = [line for line in body.splitlines() if line.startswith("|")]
    rules = {number for number, line in enumerate(lines) if set(line) <= set("|- ")}
    told = [line for number, line in enumerate(lines) if number not in rules and number + 1 not in rules]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in told]


def key(cells, number):
    return " · ".join(cells[: CELLS.get(number, 1)])


def documented(number):
    """What the rows of a section's tables are called."""
    return [name for cells in rows(sections(SPECIFICATION)[number]) if (name := key(cells, number))]


def told(number):
    return [cells[0] for cells in rows(sections(COVERAGE)[number])]


def own_text(body):
    """What a section says beside where it comes from."""
    return [line for line in body.splitlines()[1:] if line.strip() and not line.startswith("Sources:")]


@pytest.mark.parametrize("number", [number for number, body in sections(SPECIFICATION).items() if own_text(body)])
def test_every_section_and_every_row_of_its_tables_is_listed(number):
    assert told(number)
    assert [name for name in documented(number) if name not in told(number)] == []
    assert len(set(told(number))) == len(told(number))


@pytest.mark.parametrize("number", DECISION_TABLES)
def test_the_rows_of_a_decision_table_are_seen(number):
    assert len(documented(number)) >= 7


def named_for(number, claim):
    """Whether a test of a claim has the section in its name, alone or beside another one."""
    return re.search(rf"::test_section_([\d_]+_and_)?{number.replace('.', '_')}_(?!\d+_)", claim) is not None


def nameless(number):
    """The rows of a decision table that no test with the section in its name holds."""
    given = [(cells[0], cells[1]) for cells in rows(sections(COVERAGE)[number])]
    beside = {name for name, claim in given if claim.startswith(REASONS)} - set(documented(number))
    return [name for name, claim in given if name not in beside and not named_for(number, claim)]


@pytest.mark.parametrize("number", DECISION_TABLES)
def test_each_row_of_a_decision_table_is_a_test_with_the_section_in_its_name(number):
    assert nameless(number) == []


@pytest.mark.parametrize(
    ("number", "name", "named"),
    [
        ("2.2", "test_section_2_2_a_start_makes_it_active", True),
        ("9.2", "test_section_12_and_9_2_one_count_trips", True),
        ("12", "test_section_12_and_9_2_one_count_trips", True),
        ("2.2", "test_section_2_3_what_follows_2_2_restarts", False),
        ("10", "test_section_10_5_a_number_of_another", False),
        ("10", "test_what_is_told_in_section_10_too", False),
    ],
)
def test_a_test_is_named_for_its_sections_alone(number, name, named):
    assert named_for(number, f"`tests/x.py::{name}`") is named


@pytest.mark.parametrize("number", numbered(GRAPH_SPECIFICATION))
def test_every_section_on_graph_is_listed_and_each_row_of_its_tables_by_its_first_words(number):
    listed = [cells[0] for cells in rows(numbered(GRAPH_COVERAGE)[number])]
    documented = [cells[0] for cells in rows(numbered(GRAPH_SPECIFICATION)[number])]

    assert listed
    assert len(set(listed)) == len(listed)
    assert [row for row in documented if number not in WHOLE and not row.startswith(tuple(listed))] == []


PAGES = (sections(COVERAGE), numbered(GRAPH_COVERAGE))
CLAIMS = [(number, *cells) for page in PAGES for number, body in page.items() for cells in rows(body)]


@cache
def names_in(file):
    return set(re.findall(r"^(?:async )?def (test_\w+)", (ROOT / file).read_text(), re.MULTILINE))


def missing(claim):
    """The files and tests of a claim that are not there."""
    file = ""
    for named in re.findall(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`", claim):
        file = named[0] or file
        if not (ROOT / file).is_file() or (named[1] and named[1] not in names_in(file)):
            yield "::".join(named)


def test_every_row_names_tests_that_exist_or_a_reason():
    assert len(CLAIMS) > 300
    for number, name, claim in CLAIMS:
        assert not [*missing(claim)], (number, name)
        reason = next((claim.removeprefix(word) for word in REASONS if claim.startswith(word)), "")
        assert "`tests/" in claim or len(reason) > 25, (number, name)


@pytest.mark.parametrize(
    "claim",
    [
        "`tests/house/test_nowhere.py`",
        "`tests/house/test_files.py::test_nothing`",
        "`tests/house/test_files.py`, `::test_nothing`",
    ],
)
def test_a_test_that_is_not_there_is_missed(claim):
    assert [*missing(claim)]
