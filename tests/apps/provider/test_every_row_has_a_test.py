"""Every row of the wire contract's tables has a test named by it; rows are counted here, so that none is forgotten.

See spec/scim-wire.md sections 5, 6, 7, 9 and 10. A name may stand for several rows: 3_to_5, 12_and_24.
"""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CELLS = [
    f"cell_{op}_{path}"
    for op in ("add", "replace", "remove")
    for path in ("path_absent", "simple_path", "multi_valued_path", "filter_", "filter_sub")
]
VALIDATOR = [*map(str, range(1, 25)), "6a", *[f"p{number}" for number in range(1, 8)]]
GALLERY = [
    "gallery_schema_discoverability",
    "gallery_scim_null_update",
    "gallery_scim_user_and_group_create_and_update",
    "pagination_of_the_gallery_suite",
    "gallery_scim_update_manager",
    "gallery_restore",
    "gallery_postman_queries",
]
ROWS = {
    "5": ("test_tolerances.py", [f"row_{number}_" for number in range(1, 19)]),
    "6": ("test_rows_of_section_6.py test_serving.py", [f"row_{number}_" for number in range(1, 20)]),
    "7": ("test_rows_of_section_7.py", [f"row_{number}_" for number in range(1, 34)]),
    "9": ("test_rows_of_section_9.py", CELLS),
    "10.2": ("test_rows_of_section_10.py test_validator_cases.py", GALLERY),
}


def names_of_tests(files):
    return [
        name
        for file in files.split()
        for name in re.findall(r"^def test_(\w+)", (HERE / file).read_text(), re.MULTILINE)
    ]


@pytest.mark.parametrize("section", ROWS)
def test_every_row_of_a_section_has_a_test(section):
    files, rows = ROWS[section]
    names = names_of_tests(files)

    assert not [row for row in rows if not any(name.startswith(row) for name in names)]


def test_every_case_of_the_validator_has_a_test():
    named = set()
    for name in names_of_tests("test_validator_cases.py test_rows_of_section_10.py"):
        if span := re.match(r"(\d+)_to_(\d+)_", name):
            named |= {str(number) for number in range(int(span[1]), int(span[2]) + 1)}
        elif pair := re.match(r"(p?\d+a?)_and_(p?\d+a?)_", name):
            named |= {pair[1], pair[2]}
        elif one := re.match(r"(p?\d+a?)_", name):
            named.add(one[1])

    assert not set(VALIDATOR) - named
