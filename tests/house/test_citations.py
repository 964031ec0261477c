"""What the tree cites stands in the tree: every citation of a page, and of a section of it, leads somewhere."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDERS = sorted(path.name for path in DOCS.iterdir() if path.is_dir())
SPECIFICATIONS = sorted(path.stem for path in (DOCS / "spec").glob("*.md") if "-" in path.stem)
SUFFIXES = {".py", ".md", ".sql", ".toml", ".html", ".css", ".json", ".importlinter", ""}

ITEM = r"(?:\d+(?:\.\d+)*|\*[^*]+\*)"
CITATION = re.compile(
    rf"(?<![\w./-])((?:{'|'.join(FOLDERS)})/[\w-]+\.md)(?: sections? ({ITEM}(?:(?:,? and |, | to ){ITEM})*))?"
)
_NAMES = "|".join(SPECIFICATIONS)
WITHOUT_ITS_FOLDER = re.compile(
    rf"(?<!spec/)\b(?:{_NAMES})\b|\b(?:{_NAMES})\b(?!\.md)|(?<![\w/-])[\w-]+\.md sections? "
)
# Pages that are not in the tree, as they were cited once. A seed of random numbers is none of them.
ELSEWHERE = re.compile(
    r"design\.md|design (?:page|section)|(?<![-\w])(?:the|this|our|\() ?issue\b(?! \d)|\bissue(?:,| paragraph| section)"
    r"|It must show|\bseeds/|\bshared/"
)


def files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix in SUFFIXES and path != Path(__file__):
            yield path


@cache
def flat(path):
    """The text with its lines joined, since a citation may go on in the next line of a docstring or a comment."""
    return re.sub(r"[ \t]*\n[ \t]*(?:# |> )?", " ", path.read_text(encoding="utf-8"))


@cache
def sections(page):
    """Numbers and *titles* of a page's headings."""
    found = set()
    for heading in re.findall(r"^#{2,} (.+)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE):
        number, title = re.fullmatch(r"(?:(\d+(?:\.\d+)*)\.? )?(.+)", heading).groups()
        found |= {number, f"*{title}*"}
    return found


def named(text):
    """The sections that a list of them names: "2, 5.1 and 7 to 9"."""
    for first, last in re.findall(rf"({ITEM})(?: to ({ITEM}))?", text):
        yield first
        if last:
            (within, _, start), end = first.rpartition("."), last.rpartition(".")[2]
            yield from (f"{within}.{number}".lstrip(".") for number in range(int(start) + 1, int(end) + 1))


def broken(text):
    for page, listed in CITATION.findall(text):
        if not (DOCS / page).exists():
            yield page
        else:
            yield from (f"{page} section {section}" for section in named(listed) if section not in sections(page))


def test_every_citation_leads_to_a_page_and_a_section():
    assert sum(len(CITATION.findall(flat(path))) for path in files()) > 150
    assert not {str(path.relative_to(ROOT)): found for path in files() if (found := list(broken(flat(path))))}


def test_every_specification_is_cited_with_its_folder():
    cited = {
        f"{path.relative_to(ROOT)}: {text[max(0, found.start() - 30) : found.end() + 30]}"
        for path in files()
        if (text := flat(path))
        for found in WITHOUT_ITS_FOLDER.finditer(text)
        if "](" not in text[max(0, found.start() - 30) : found.end()]
    }

    assert not cited


def test_a_page_is_named_by_its_path_below_docs():
    longer = re.compile(rf"docs/(?:{'|'.join(FOLDERS)})/[\w-]+\.md")

    assert not [str(path) for path in files() if path.is_relative_to(ROOT / "src") and longer.search(flat(path))]


def test_nothing_is_cited_that_is_not_in_the_tree():
    assert not {
        f"{path.relative_to(ROOT)}: {flat(path)[max(0, found.start() - 30) : found.end() + 30]}"
        for path in files()
        for found in ELSEWHERE.finditer(flat(path))
    }


def test_every_decision_that_is_cited_was_taken():
    taken = {path.name[:4] for path in (DOCS / "decisions").glob("*.md")}
    cited = {
        number
        for path in files()
        for listed in re.findall(r"\b[Dd]ecisions? (\d{4}(?:(?:,? and |, )\d{4})*)", flat(path))
        for number in re.findall(r"\d{4}", listed)
    }

    assert cited
    assert cited <= taken


@pytest.mark.parametrize("page", sorted(path.name for path in (DOCS / "spec").glob("*.md")))
def test_a_specification_refers_to_sections_it_has(page):
    # RFCs have sections of their own: "R44 §3.1, §8.1", and where the RFC was named before, "§3.5.2.3".
    own = re.sub(r"\bR4[34] (?:§[\d.]+(?:, | |/)?)+", "", (DOCS / "spec" / page).read_text())
    referred = [number for number in re.findall(r"§(\d+(?:\.\d+)*)", own) if number.count(".") < 2]

    assert not [number for number in referred if number not in sections(f"spec/{page}")]


def test_every_page_is_in_the_index():
    index = (DOCS / "README.md").read_text()
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} - {"README.md"}

    assert not {page for page in pages if f"]({page})" not in index}


@pytest.mark.parametrize(
    "text",
    [
        "spec/nowhere.md",
        "(spec/scim-wire.md section 99)",
        "spec/scim-wire.md sections 2 and 99",
        "spec/scim-wire.md sections 12 to 15",
        "spec/scim-wire.md sections 2, 5 and 11.9",
        "explanation/settled-cases.md section *Nowhere*",
        "explanation/settled-cases.md section *Capacity* and *Nowhere*",
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text):
    assert list(broken(text))


@pytest.mark.parametrize(
    "text",
    ["scim-wire section 5", "scim-wire.md section 5", "spec scim-wire", "spec/scim-wire 5", "expressions.md section 3"],
)
def test_a_specification_without_its_folder_is_found(text):
    assert WITHOUT_ITS_FOLDER.search(text)


@pytest.mark.parametrize(
    "text",
    ["design.md section 5", "(issue, Guard)", '(issue, "It must show" 5)', "seeds/000.txt", "design page, section 4"],
)
def test_a_page_that_is_not_in_the_tree_is_found(text):
    assert ELSEWHERE.search(text)


@pytest.mark.parametrize("text", ["scimmyjs issue 59", "the issuer", "200 seeds", "a seed that fails", "by design"])
def test_what_only_looks_like_such_a_page_is_not(text):
    assert not ELSEWHERE.search(text)
