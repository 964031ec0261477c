import stat

import pytest

from provisor.engine.ports import Secret
from provisor.storage import jobs, secrets
from provisor.storage.secrets import SecretError, load_key

JOB, OTHER = 1, 2


@pytest.fixture
def key(tmp_path):
    return load_key(tmp_path / "secret.key")


@pytest.fixture(autouse=True)
def made(database, tenant, now):
    """Two jobs, JOB and OTHER."""
    with database.transaction() as connection:
        for application in ("a", "b"):
            jobs.create(
                connection,
                tenant=tenant,
                application=application,
                template="ciscoUmbrella",
                document={},
                created_by="local",
                now=now,
            )


def save(database, key, now, text="t0ken", name="SecretToken", job=JOB):
    with database.transaction() as connection:
        secrets.save(connection, key, job=job, name=name, secret=Secret(text), now=now)


def test_a_secret_comes_back(database, key, now):
    save(database, key, now)

    assert secrets.read(database.reader(), key, job=JOB, name="SecretToken").reveal() == "t0ken"


def test_a_secret_is_not_in_the_database_in_clear(database, key, now, tmp_path):
    save(database, key, now, "very-visible-token")

    assert all(b"very-visible-token" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_secret_copied_to_another_job_does_not_open(database, key, now):
    save(database, key, now)
    with database.transaction() as connection:
        connection.execute("INSERT INTO secret SELECT ?, name, nonce, ciphertext, created_at FROM secret", (OTHER,))

    with pytest.raises(SecretError, match="another key"):
        secrets.read(database.reader(), key, job=OTHER, name="SecretToken")


def test_a_secret_copied_from_another_database_does_not_open(database, key, now):
    """Both have a job of this number, but no two have one of the same id."""
    save(database, key, now)
    with database.transaction() as connection:
        connection.execute("UPDATE job SET id = 'ciscoUmbrella.elsewhere.1' WHERE number = ?", (JOB,))

    with pytest.raises(SecretError, match=r"of the job ciscoUmbrella\.elsewhere\.1 was stored under another key"):
        secrets.read(database.reader(), key, job=JOB, name="SecretToken")


def test_a_secret_under_another_key_is_refused_naming_the_setting(database, key, now, tmp_path):
    save(database, key, now)

    with pytest.raises(SecretError, match="PROVISOR_SECRET_KEY_FILE"):
        secrets.read(database.reader(), load_key(tmp_path / "other.key"), job=JOB, name="SecretToken")


def test_saving_again_replaces(database, key, now):
    save(database, key, now)
    save(database, key, now, "second")

    assert secrets.read(database.reader(), key, job=JOB, name="SecretToken").reveal() == "second"
    assert secrets.names(database.reader(), JOB) == ["SecretToken"]


def test_a_secret_nobody_saved_is_none(database, key):
    assert secrets.read(database.reader(), key, job=JOB, name="SecretToken") is None


def test_the_key_file_is_made_for_its_owner_only(tmp_path):
    load_key(tmp_path / "folder" / "secret.key")

    assert stat.S_IMODE((tmp_path / "folder" / "secret.key").stat().st_mode) == 0o600
    assert len(list((tmp_path / "folder").iterdir())) == 1


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    load_key(tmp_path / "secret.key")
    (tmp_path / "secret.key").chmod(0o640)

    with pytest.raises(SecretError, match="chmod 600"):
        load_key(tmp_path / "secret.key")


def test_a_file_that_is_no_key_is_refused(tmp_path):
    (tmp_path / "secret.key").write_text("short")
    (tmp_path / "secret.key").chmod(0o600)

    with pytest.raises(SecretError, match="32 bytes"):
        load_key(tmp_path / "secret.key")


def test_the_key_shows_itself_to_nobody(key):
    assert repr(key) == str(key) == "SecretKey(…)"
