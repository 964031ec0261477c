"""Writes docs/reference/sources.md from the tables of inbound rules; tests/house checks that the page is up to date.

Run from the project's folder: .venv/bin/python tools/write_sources_reference.py
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from provisor.directory.extensions import LONGEST_VALUE, MOST_VALUES
from provisor.directory.inbound.active_directory import COMPUTED, FLOWS
from provisor.directory.inbound.exclusions import EXCLUSIONS, MOST_MEMBERS
from provisor.directory.inbound.extending import LONGEST_TEXT_TAKEN
from provisor.directory.inbound.flowing import InboundFlow
from provisor.directory.inbound.ldap import LDAP_COMPUTED, LDAP_FLOWS
from provisor.directory.objects import DirectoryKind
from provisor.directory.writable import LONGEST_TEXT, MOST_IN_A_LIST

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "sources.md"
KINDS: tuple[DirectoryKind, ...] = ("user", "group")
READINGS = {"first": "", "all": "; every value", "only": "; a list of the first", "sid": "; as text, S-1-5-…"}
OPENING = f"""# What a source gives

Which objects of a source become users and groups of the directory, and from which of their attributes. Written from the tables in
`directory/inbound` by `tools/write_sources_reference.py`; they are those of [Entra Connect](../spec/entra-connect.md) where it has one.

What a source gives is *mastered* there: it cannot be changed here. Where several sources tell of one person, each attribute comes from the one
with the lowest precedence number that has a value for it. What was given and is given by nobody any more is cleared, except
*accountEnabled*, *securityEnabled* and names: they stay, so that nobody is let in again because a source fell silent.

A record that is left out feeds nobody; somebody whom it fed leaves the directory. Its code is one of those below, or of the
[other reasons](errors.md#sources).

Text is trimmed. Text of more than {LONGEST_TEXT:,} characters is shortened, and said so with the record; an address or identifier of that length
is left away, as part of it would be another one. So are characters that no text has. A list has {MOST_IN_A_LIST} values.
"""
EXTENSIONS = f"""
## Directory extensions

A chosen attribute becomes `extension_{{appId}}_{{name}}`, the name in its own case. An object has at most {MOST_VALUES} of them with a value.

| Type | Value |
|---|---|
| String | text, shortened to {LONGEST_TEXT_TAKEN} characters as Entra Connect does |
| Boolean | TRUE or FALSE |
| Integer, LargeInteger | a whole number of 32 or 64 bits |
| DateTime | from a generalizedTime, in UTC |
| Binary | base64 of the raw bytes, {LONGEST_VALUE} at most; more are left away, as some of them would be another value |

objectGUID is Binary: base64 of its 16 raw bytes, of which the first three fields have their lowest byte first. String, DateTime and
Binary can have several values; of the other types the first is taken.
"""
LDAP = """
## LDAP

Nobody is left out but by containers and filters. *onPremisesImmutableId* is the text of the anchor as it stands: there is no order of bytes
to be mistaken. An account is disabled where it says so in one of three ways; a lock after wrong passwords passes, and does not count.
"""
ENTRA = """
## Microsoft Entra ID

Graph's values pass as they are where the directory keeps such a property, extensions under their full names. A dynamic group arrives with the
members that the tenant tells, and without its rule.
"""
CSV = """
## CSV files

Columns mean what they mean in an [import](../how-to/import-a-directory.md): an attribute under any of its names, or a directory
extension under the column's own. The files are read whole whenever one of them is another one; whoever is in no row any more is gone.

* A file that is not there, is empty, has no usable row or changes while it is read fails the read, and nobody leaves.
* While a row cannot be read, and does not show whom it is about, nobody leaves either.
* The file of members needs a file of groups. A group is named by its name or by what identifies it, a member by userPrincipalName or as a
  group; a person of whom the files do not tell is waited for.
* Write a new file beside the old one and rename it: then no read meets half of it.
"""


def page() -> str:
    """The whole page."""
    return OPENING + _left_out() + _active_directory() + EXTENSIONS + _ldap() + ENTRA + CSV


def _left_out() -> str:
    rows = [f"| {row.kind} | It {_cell(row.when)} | `{row.code}` |" for row in EXCLUSIONS]
    rows += [
        f"| group | It has {MOST_MEMBERS:,} members or more | `group-too-large` |",
        "| both | It is in none of the chosen containers | `outside-containers` |",
        "| both | It is not directly in the chosen group | `outside-group` |",
        "| both | A filter fits it; a filter is of people, where it does not say otherwise | `filtered` |",
    ]
    head = "| Kind | What | Code |\n|---|---|---|\n"
    after = "\nMembership through the primary group, and of dynamic distribution groups, is never carried. Disabled people do arrive.\n"
    return "\n## Active Directory: who is left out\n\n" + head + "\n".join(rows) + "\n" + after


def _active_directory() -> str:
    return "\n## Active Directory: attributes\n" + _tables(FLOWS, COMPUTED)


def _ldap() -> str:
    return LDAP + _tables(LDAP_FLOWS, LDAP_COMPUTED)


def _tables(
    flows: Mapping[DirectoryKind, Sequence[InboundFlow]], computed: Mapping[DirectoryKind, Sequence[tuple[str, str]]]
) -> str:
    return "".join(_table(kind, flows[kind], computed[kind]) for kind in KINDS)


def _table(kind: DirectoryKind, flows: Sequence[InboundFlow], computed: Sequence[tuple[str, str]]) -> str:
    rows = [f"| {_sources(flow)} | {flow.target} |" for flow in flows]
    rows += [f"| {_cell(source)} | {target} |" for source, target in computed]
    return f"\n| Of a {kind} | Property |\n|---|---|\n" + "\n".join(rows) + "\n"


def _sources(flow: InboundFlow) -> str:
    shortened = f"; {flow.longest} characters" if flow.longest != LONGEST_TEXT else ""
    return f"{', else '.join(flow.sources)}{READINGS[flow.reading]}{shortened}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
