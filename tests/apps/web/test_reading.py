"""What browsers send with forms: read whole or not at all, and not before it is known who sends it."""

import tempfile

import pytest

from provisor.web import reading
from provisor.web.reading import MAX_FORM_BYTES, MAX_LONG_FORM_BYTES, MAX_UPLOAD_BYTES

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "<script>alert(1)</script>.csv",
    "a\u202eb.csv",
    "%2e%2e%2fx.csv",
    "n" * 400,
]


def parts(*fields, files=()):
    """A multipart body: fields as pairs, files as name, file name and content."""
    out = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields
    ]
    for name, file, content in files:
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'
        out.append(head.encode() + content + b"\r\n")
    return b"".join(out) + b"--b--\r\n"


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Where uploads lie, empty before and after each test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_form_keeps_its_order_its_blanks_and_what_is_ticked_twice(site, post, token):
    body = f"form_token={token('/short')}&user=b&user=a&blank=&name=%C3%9Cnal+%2B".encode()

    assert post("/short", body, FORM).status == 303

    [(fields, _, _)] = site.skin.sent
    assert fields[1:] == [("user", "b"), ("user", "a"), ("blank", ""), ("name", "Ünal +")]
    assert site.skin.arrivals[-1].chosen("user") == ["b", "a"]
    assert site.skin.arrivals[-1].form["user"] == "a"


def test_nul_in_a_form_is_replaced(site, post, token):
    post("/short", f"form_token={token('/short')}&a%00=b%00".encode(), FORM)

    assert site.skin.sent[0][0][1] == ("a\ufffd", "b\ufffd")


@pytest.mark.parametrize(
    ("path", "most"), [("/short", MAX_FORM_BYTES), ("/long", MAX_LONG_FORM_BYTES)], ids=["short", "long"]
)
def test_a_form_is_taken_up_to_its_length_and_refused_beyond(site, post, token, path, most):
    start = f"form_token={token(path)}&text=".encode()

    assert post(path, start + b"x" * (most - len(start)), FORM).status == 303
    answer = post(path, start + b"x" * (most - len(start) + 1), FORM)

    assert answer.status == 413
    assert b"More was sent than this page takes" in answer.body
    assert len(site.skin.sent) == 1


@pytest.mark.parametrize(("path", "most"), [("/short", 20), ("/long", 5_000)], ids=["short", "long"])
def test_a_form_has_so_many_fields_and_no_more(site, post, token, path, most):
    start = f"form_token={token(path)}".encode()

    assert post(path, start + b"&a=" * (most - 1), FORM).status == 303
    assert post(path, start + b"&a=" * most, FORM).status == 413


def test_files_come_with_their_names_in_a_folder_of_the_owner_alone(site, post, token):
    files = [("a", "one.csv", b"1"), ("a", "two.csv", b"2"), ("b", "three.csv", b"3\r\n4"), ("c", "", b"")]
    body = parts(("form_token", token("/files")), ("word", "x"), files=files)

    assert post("/files", body, MULTIPART).status == 303

    [(fields, found, modes)] = site.skin.sent
    assert fields[1:] == [("word", "x")]
    assert {name: (file, content) for name, (file, _, content) in found.items()} == {
        "a": ("two.csv", b"2"),
        "b": ("three.csv", b"3\r\n4"),
    }
    assert modes == {0o700}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_name_is_a_name_and_no_path(site, post, token, folders, name):
    body = parts(("form_token", token("/files")), files=[("a", name, b"x")])

    assert post("/files", body, MULTIPART).status == 303

    [(_, found, _)] = site.skin.sent
    said, file, _ = found["a"]
    assert said == name[:254]
    assert file.parent.parent == folders
    assert file.name.isdecimal()


def test_a_file_that_is_not_small_comes_whole(site, post, token):
    content = bytes(range(256)) * 20_000
    body = parts(("form_token", token("/files")), files=[("a", "x.csv", content)])

    assert post("/files", body, MULTIPART).status == 303

    assert site.skin.sent[0][1]["a"][2] == content


@pytest.mark.parametrize(
    ("kind", "spoil", "status"),
    [
        ("multipart/form-data", lambda body: body, 403),
        ("multipart/form-data; boundary=", lambda body: body, 403),
        ("multipart/form-data; boundary=other", lambda body: body, 403),
        ("multipart/form-dataX; boundary=b", lambda body: body, 403),
        (MULTIPART, lambda body: body[:20], 403),
        (MULTIPART, lambda body: b"", 403),
        (MULTIPART, lambda body: b"\x00" * 1000, 403),
        (MULTIPART, lambda body: parts(*[("a", "b")] * 21), 413),
        (MULTIPART, lambda body: parts(files=[("a", "b", b"")] * 6), 413),
        (MULTIPART, lambda body: parts(("a", "x" * (MAX_FORM_BYTES + 1))), 413),
    ],
    ids=[
        "no boundary",
        "empty boundary",
        "another boundary",
        "another kind",
        "cut off",
        "empty",
        "only NUL",
        "too many fields",
        "too many files",
        "a long field",
    ],
)
def test_what_is_no_form_or_too_much_of_one_is_refused(site, post, token, kind, spoil, status):
    body = spoil(parts(("form_token", token("/files")), files=[("a", "x.csv", b"x")]))

    assert post("/files", body, kind).status == status
    assert site.skin.sent == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": str(MAX_UPLOAD_BYTES + 1)}, 413),
        ({"length": False}, 403),
        ({"content_length": "abc"}, 403),
        ({"content_length": "-1"}, 403),
        ({"content_length": "²"}, 403),
    ],
    ids=["too large", "not said", "a word", "negative", "no digit of ours"],
)
def test_files_whose_size_is_too_large_or_unknown_are_not_read(site, post, token, headers, status):
    body = parts(("form_token", token("/files")), files=[("a", "x.csv", b"x")])

    assert post("/files", body, MULTIPART, **headers).status == status
    assert site.skin.sent == []


@pytest.mark.parametrize("path", ["/short", "/long"])
def test_a_page_that_takes_no_files_reads_none(site, post, token, path):
    body = parts(("form_token", token(path)), files=[("a", "x.csv", b"x")])

    assert post(path, body, MULTIPART).status == 403
    assert site.skin.sent == []


@pytest.mark.parametrize("path", ["/long", "/files"])
@pytest.mark.parametrize(
    ("cookie", "headers"), [("of-nobody", {}), ("of-ana", {"sec_fetch_site": "cross-site"})], ids=["nobody", "foreign"]
)
def test_nothing_is_read_before_the_visitor_is_known(pages, path, cookie, headers):
    reads = []

    async def receive():
        reads.append(1)
        return {"type": "http.request", "body": b"x", "more_body": True}

    given = {"cookie": f"__Host-tried={cookie}", "content-type": MULTIPART, "content-length": "9"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    out = pages.receive("POST", path, given, receive)

    assert out[0]["status"] in (303, 403)
    assert reads == []


def test_so_many_files_are_received_at_once_and_no_more(site, post, token, folders, monkeypatch):
    body = parts(("form_token", token("/files")), files=[("a", "x.csv", b"x")])
    monkeypatch.setattr(site.site, "receiving", 4)
    refused = post("/files", body, MULTIPART)
    other = post("/long", f"form_token={token('/long')}".encode(), FORM)
    monkeypatch.setattr(site.site, "receiving", 3)

    assert [refused.status, other.status, post("/files", body, MULTIPART).status] == [503, 303, 303]
    assert post("/files", body, MULTIPART).status == 303


def test_a_browser_that_leaves_in_the_middle_leaves_nothing_behind(site, pages, token):
    whole = parts(("form_token", token("/files")), files=[("a", "x.csv", b"x" * 100_000)])
    messages = [{"type": "http.request", "body": whole[:50_000], "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return messages.pop(0)

    headers = {"cookie": "__Host-tried=of-ana", "content-type": MULTIPART, "content-length": str(len(whole))}
    out = pages.receive("POST", "/files", headers, receive)

    assert out[0]["status"] == 400
    assert b"content-security-policy" in dict(out[0]["headers"])
    assert site.skin.sent == []


def test_the_folder_is_gone_when_a_handler_fails_too(site, post, token):
    body = parts(("form_token", token("/files")), files=[("a", "x.csv", b"x")])
    site.skin.sent = None  # nothing can be added to it

    assert post("/files", body, MULTIPART).status == 500


def test_what_stands_in_an_address_is_storable_too():
    assert reading.storable({"a": "\x00b"}) == {"a": "\ufffdb"}
