"""CSV files as they come: delimiters, encodings, quotes, rows that cannot be read."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.connectors.csv_files import LONGEST_ROW_CHARACTERS, CsvFile
from provisor.engine.ports import Malformed, Unreachable


@pytest.fixture
def read(tmp_path):
    def reading(content):
        path = tmp_path / "users.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with CsvFile(path) as file:
            pages = list(file.pages())
        return [row for page in pages for row in page.rows], [bad for page in pages for bad in page.bad]

    return reading


def numbers_and_reasons(bad):
    return [(row.number, row.reason) for row in bad]


def test_rows_are_numbered_as_in_a_spreadsheet(read):
    assert read("a,b\n1,2\n3,4\n") == ([(2, ["1", "2"]), (3, ["3", "4"])], [])


def test_a_byte_order_mark_belongs_to_no_name(tmp_path):
    (tmp_path / "f.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n")

    with CsvFile(tmp_path / "f.csv") as file:
        assert file.header == ("a", "b")


def test_a_quoted_cell_may_span_lines(read):
    rows, bad = read('a,b\n"1\n2",3\n4,5\n')

    assert rows == [(2, ["1\n2", "3"]), (3, ["4", "5"])]
    assert bad == []


def test_a_quote_inside_an_unquoted_cell_is_text(read):
    assert read('a,b\n5" pipe,x\n')[0] == [(2, ['5" pipe', "x"])]


def test_an_empty_line_is_counted_and_says_nothing(read):
    assert read("a,b\n\n1,2\n") == ([(3, ["1", "2"])], [])


@pytest.mark.parametrize(("line", "count"), [("1", 1), ("1,2,3", 3)])
def test_a_wrong_number_of_cells_is_reported_with_both_numbers(read, line, count):
    rows, bad = read(f"a,b\n{line}\n3,4\n")

    assert rows == [(3, ["3", "4"])]
    assert numbers_and_reasons(bad) == [(2, f"the row has {count} cells, the header has 2")]


def test_bytes_that_are_no_utf8_are_reported_with_their_column(read):
    rows, bad = read(b"a,b\n1,caf\xe9\n3,4\n")

    assert rows == [(3, ["3", "4"])]
    assert numbers_and_reasons(bad) == [(2, "the cell b has bytes that are not UTF-8")]
    assert bad[0].cells == ["1", "caf\N{REPLACEMENT CHARACTER}"]


def test_a_nul_is_reported_with_its_column(read):
    rows, bad = read("a,b\n1\0,2\n3,4\n")

    assert rows == [(3, ["3", "4"])]
    assert numbers_and_reasons(bad) == [(2, "the cell a has a NUL character")]


def test_an_unclosed_quote_takes_no_other_row_with_it(read):
    rows, bad = read('a,b\n"1,2\n3,4\n5,6\n')

    assert rows == [(3, ["3", "4"]), (4, ["5", "6"])]
    assert numbers_and_reasons(bad) == [(2, "a quote is opened and not closed")]


def test_an_unclosed_quote_far_from_the_end_takes_no_other_row_with_it(read):
    good = "".join(f"{number},x\n" for number in range(3_000))

    rows, bad = read(f'a,b\n"1,2\n{good}')

    assert len(rows) == 3_000
    assert numbers_and_reasons(bad) == [(2, "a quote is opened and not closed")]


def test_text_after_a_closing_quote_is_reported(read):
    rows, bad = read('a,b\n"1"x,2\n3,4\n')

    assert rows == [(3, ["3", "4"])]
    assert numbers_and_reasons(bad) == [(2, "text follows a closing quote")]


def test_a_row_longer_than_a_row_can_be_is_reported_and_skipped(read):
    rows, bad = read(f"a,b\n{'x' * (3 * LONGEST_ROW_CHARACTERS)},2\n3,4\n")

    assert rows == [(3, ["3", "4"])]
    assert numbers_and_reasons(bad) == [(2, "the row is longer than a row can be")]


def test_pages_hold_a_thousand_rows(tmp_path):
    (tmp_path / "f.csv").write_text("a\n" + "x\n" * 2_500)

    with CsvFile(tmp_path / "f.csv") as file:
        assert [len(page.rows) for page in file.pages()] == [1_000, 1_000, 500]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"a,a\n", "two columns named a"),
        (b"a,,b\n", "Column 2"),
        ("a,b\n".encode("utf-16"), "UTF-8"),
        (b"a;b\n1;2\n", "commas"),
        (b'"a\n', "header row"),
    ],
    ids=["empty", "twice", "nameless", "utf-16", "semicolons", "unclosed"],
)
def test_a_file_without_a_usable_header_is_refused(read, content, words):
    with pytest.raises(Malformed, match=words):
        read(content)


def test_a_file_that_is_not_there_is_refused_naming_it(tmp_path):
    with pytest.raises(Unreachable, match=r"absent\.csv"):
        CsvFile(tmp_path / "absent.csv")


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


@given(st.lists(st.tuples(CELL, CELL), max_size=6))
def test_whatever_is_written_is_read(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("a", "b"), *written])
    path.write_bytes(buffer.getvalue().encode())

    with CsvFile(path) as file:
        pages = list(file.pages())

    assert [tuple(cells) for page in pages for _, cells in page.rows] == written
    assert [page.bad for page in pages if page.bad] == []
