"""What the scan for secrets finds in files, databases and processes, and how it tells."""

import base64
import os
import sqlite3
import subprocess
import sys

import pytest

from provisor.testing.secrets_scan import CHUNK_BYTES, Leak, find_secrets

SECRET = "umbrella_entra_s3cr3t/with+odd"


def leaks(*paths, **options):
    return {(one.place.rpartition("/")[2], one.form) for one in find_secrets({"token": SECRET}, paths, **options)}


def test_nothing_is_found_where_nothing_is(tmp_path):
    (tmp_path / "log").write_text("the token ends in …odd")

    assert leaks(tmp_path) == set()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (f"Authorization: Bearer {SECRET}\n".encode(), "plain"),
        (SECRET.encode("utf-16"), "utf-16"),
        (b"?token=umbrella_entra_s3cr3t%2Fwith%2Bodd", "percent"),
        (base64.b64encode(SECRET.encode()), "base64+0"),
        (base64.b64encode(b"x" + SECRET.encode() + b"y"), "base64+1"),
        (base64.b64encode(b"ab" + SECRET.encode() + b"c"), "base64+2"),
    ],
)
def test_a_secret_is_found_in_every_form(tmp_path, content, form):
    (tmp_path / "log").write_bytes(b"before " + content + b" after")

    assert leaks(tmp_path) == {("log", form)}


def test_a_secret_is_found_across_the_edge_of_a_piece(tmp_path):
    (tmp_path / "log").write_bytes(b"x" * (CHUNK_BYTES - 10) + SECRET.encode())

    assert leaks(tmp_path) == {("log", "plain")}


def test_a_secret_is_found_in_a_database(tmp_path):
    database = sqlite3.connect(tmp_path / "service.sqlite")
    database.execute("CREATE TABLE secret (value TEXT)")
    database.execute("INSERT INTO secret VALUES (?)", (SECRET,))
    database.commit()

    assert leaks(tmp_path) == {("service.sqlite", "plain")}


def test_an_excepted_file_is_passed_over(tmp_path):
    kept = tmp_path / "token"
    kept.write_text(SECRET)

    assert leaks(tmp_path, except_paths=[kept]) == set()


def test_a_leak_does_not_say_what_the_secret_is(tmp_path):
    (tmp_path / "log").write_text(SECRET)

    found = find_secrets({"token": SECRET}, [tmp_path])

    assert found == [Leak(secret="token", place=str(tmp_path / "log"), form="plain")]
    assert SECRET not in repr(found)


def test_a_secret_too_short_to_be_looked_for_is_refused():
    with pytest.raises(ValueError, match="token"):
        find_secrets({"token": "1234567"})


@pytest.mark.parametrize("place", ["cmdline", "environ"])
def test_a_secret_of_a_descendant_process_is_found(place):
    argument = SECRET if place == "cmdline" else "nothing"
    parent = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()', sys.argv[1]])"
    )
    environment = {**os.environ, **({"TOKEN": SECRET} if place == "environ" else {})}
    with subprocess.Popen(
        [sys.executable, "-c", parent, argument], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        process.stdout.readline()
        found = find_secrets({"token": SECRET}, pids=[process.pid])
        process.communicate(b"\n")

    assert {one.place.rpartition("/")[2] for one in found} == {place}
    assert len(found) == 2
