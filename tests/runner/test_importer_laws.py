"""Laws of the import: what comes in is what the file says, and importing the same again is nothing."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.database import open_database
from provisor.scim.naming import problem_with_name
from provisor.scim.values import fold
from provisor.storage import objects, tenants
from support.rehearsed import RehearsedCompany

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
# Mostly of what names are made of; else nearly every example would be refused by the filter.
KEY = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8).filter(
    lambda text: text.strip() and problem_with_name(text) is None
)
COLUMNS = ["userPrincipalName", "displayName", "department", "Größe"]
TABLES = st.lists(st.tuples(KEY, TEXT, TEXT, TEXT), max_size=8, unique_by=lambda row: fold(row[0]))


def in_a_directory_of_its_own(migrated_file, now, law):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "service.db"
        shutil.copy(migrated_file, path)
        database = open_database(f"sqlite:///{path}")
        law(RehearsedCompany(database, tenants.only(database.reader()), now, Path(name)))
        database.close()


def exported(company):
    found = objects.page(company.database.reader(), company.tenant, "user", limit=1_000)
    names = [*COLUMNS[:3], company.full_name(COLUMNS[3])]
    return [tuple(item.attributes.get(name, "") for name in names) for item in found]


@given(rows=TABLES)
@settings(max_examples=40)
def test_the_directory_says_what_the_file_says(migrated_file, now, rows):
    def law(company):
        summary = company.take(users=[COLUMNS, *rows])

        assert summary.refused == []
        assert sorted(exported(company)) == sorted(rows)

    in_a_directory_of_its_own(migrated_file, now, law)


@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), max_size=8))
@settings(max_examples=40)
def test_the_same_file_again_changes_nothing(migrated_file, now, rows):
    def law(company):
        first = company.take(users=[COLUMNS, *rows], complete=True)
        change = company.change

        second = company.take(users=[COLUMNS, *rows], complete=True)

        assert company.change == change
        assert second.users.unchanged == first.users.created
        assert second.refused == first.refused

    in_a_directory_of_its_own(migrated_file, now, law)


@given(before=TABLES, after=TABLES)
@settings(max_examples=40)
def test_a_complete_import_leaves_the_file_and_nothing_else(migrated_file, now, before, after):
    def law(company):
        company.take(users=[COLUMNS, *before])

        company.take(users=[COLUMNS, *after], complete=True, allow_deletes=100)

        assert sorted(exported(company)) == sorted(after)

    in_a_directory_of_its_own(migrated_file, now, law)
