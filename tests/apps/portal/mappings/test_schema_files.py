"""The schema as a file: down as it is saved, up into the draft, and what of a file is refused."""

import json

import pytest

from provisor.portal.mappings.files import LONGEST_BYTES
from support.browser import Shown

BOUNDARY = "a-boundary-of-the-test"


def upload(browser, world, content, name="schema.json", page=None):
    """Send a file as a browser does."""
    path = f"{world.room}/schema"
    given = (page or browser.get(path)).document.forms[path]
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{given[field]}\r\n'.encode()
        for field in ("form_token", "edition")
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = b"".join([*parts, head, content, f"\r\n--{BOUNDARY}--\r\n".encode()])
    cookie = "; ".join(f"{one}={value}" for one, value in browser.cookies.items())
    headers = {
        "cookie": cookie,
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(body)),
    }
    answer = browser.target.send("POST", path, "", headers, body)
    return Shown(path, answer.status, answer.headers, answer.body.decode())


def changed(world):
    """A schema in which one mapping is left out."""
    document = world.rules()
    document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"].pop()
    return json.dumps(document).encode()


def test_a_file_is_looked_at_before_it_is_saved(ana, world, rows):
    answer = upload(ana, world, changed(world))
    page = ana.follow(answer)
    before = rows()
    ana.submit(page, f"{world.room}/changes", do="save")

    assert "schema.json is in the draft. Nothing is saved yet." in page.text
    assert any("name.formatted" in row and "removed" in row for row in page.document.rows)
    assert "name.formatted" in before
    assert "name.formatted" not in rows()


def test_what_was_downloaded_comes_back_unchanged(ana, world):
    content = ana.get(f"{world.room}/schema/download").html.encode()
    page = ana.follow(upload(ana, world, content))

    assert "0 differences" in page.text
    assert world.version() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "The document is not an object."),
        (b"{}", "It has no mapping of users."),
        (b'{"a": 1, "a": 2}', "occurs twice"),
        (b"[" * 100_000, "nested"),
        (b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}", "levels deep"),
        (b" " * (LONGEST_BYTES + 1), "is larger than"),
        (
            b'{"synchronizationRules": [{"objectMappings": [{"sourceObjectName": "<script>alert(1)</script>"}]}]}',
            "It maps",
        ),
    ],
    ids=["empty", "broken", "no text", "a list", "nothing in it", "twice", "deep", "too deep", "large", "hostile"],
)
def test_what_is_no_schema_is_refused_with_the_reason(ana, world, content, said):
    answer = upload(ana, world, content)

    assert answer.status == 400
    assert said in answer.text
    assert "<script>alert" not in answer.html
    assert "not saved yet" not in ana.get(world.users).text


def test_rules_that_cannot_run_are_taken_and_told_and_not_saved(ana, world):
    document = world.rules()
    document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][0]["matchingPriority"] = 0
    page = ana.follow(upload(ana, world, json.dumps(document).encode()))
    answer = ana.submit(page, f"{world.room}/changes", do="save")

    assert "No row matches objects" in page.text
    assert answer.status == 400
    assert world.version() == 1


def test_a_file_sent_from_a_page_that_is_out_of_date_is_refused(ana, world):
    opened = ana.get(f"{world.room}/schema")
    ana.submit(ana.get(world.users), world.users, do="delete-5")

    assert upload(ana, world, changed(world), page=opened).status == 409


def test_without_a_file_it_is_said(ana, world):
    path = f"{world.room}/schema"

    assert "No file was chosen." in ana.submit(ana.get(path), path).text


def test_the_name_of_a_file_stays_text(ana, world):
    page = ana.follow(upload(ana, world, changed(world), name="<b>x.json"))

    assert "<b>x" not in page.html
