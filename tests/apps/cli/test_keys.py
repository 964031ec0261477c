"""`provisor admin key`: another key for stored credentials, and the way out when the file is lost."""

import json
import os

import pytest

APP = "Cisco Umbrella User Management"
URL = "http://127.0.0.1:9/scim"


@pytest.fixture
def configured(provisor, tmp_path):
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    (tmp_path / "token").write_text("t0ken-of-umbrella")
    assert provisor("job", "credentials", APP, "--url", URL, "--token-file", tmp_path / "token").code == 0


def test_after_a_rotation_the_credentials_are_read_on(configured, provisor, tmp_path):
    before = (tmp_path / "data" / "secret.key").read_bytes()

    rotated = provisor("admin", "key", "rotate", "--json")

    assert json.loads(rotated.out) | {"key": ""} == {"key": "", "moved": 2, "continued": False}
    assert (tmp_path / "data" / "secret.key").read_bytes() != before
    assert json.loads(provisor("job", "status", APP, "--json").out)["baseAddress"] == URL


def test_another_key_file_is_told_at_once_and_a_reset_is_the_way_out(configured, provisor, tmp_path):
    (tmp_path / "data" / "secret.key").write_bytes(b"k" * 32)
    save = ("job", "credentials", APP, "--url", URL, "--token-file", tmp_path / "token")
    refused = provisor(*save)

    reset = provisor("admin", "key", "reset", "--yes")

    assert "holds another key" in refused.err
    assert "2 secrets forgotten" in reset.out
    assert provisor(*save).code == 0


def test_a_key_file_behind_a_link_is_replaced_where_it_lies(configured, provisor, tmp_path):
    real, link = tmp_path / "elsewhere" / "key", tmp_path / "data" / "secret.key"
    real.parent.mkdir()
    link.rename(real)
    link.symlink_to(real)
    before = real.read_bytes()

    assert provisor("admin", "key", "rotate").code == 0
    assert link.is_symlink()
    assert real.read_bytes() not in (before, b"")
    assert json.loads(provisor("job", "status", APP, "--json").out)["baseAddress"] == URL


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_lost(configured, provisor, tmp_path, monkeypatch):
    (tmp_path / "data" / f".secret.key.{os.getpid()}").mkdir()  # where the new file would be drafted

    refused = provisor("admin", "key", "rotate")

    assert (refused.code, "cannot be replaced" in refused.err) == (1, True)
    assert json.loads(provisor("job", "status", APP, "--json").out)["baseAddress"] == URL


def test_a_database_without_secrets_is_reset_to_nothing(provisor):
    assert json.loads(provisor("admin", "key", "reset", "--yes", "--json").out) == []
