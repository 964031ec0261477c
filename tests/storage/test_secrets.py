"""Secrets are stored encrypted and bound to where they belong."""

import stat
import threading

import pytest

from provisor.engine.ports import Secret
from provisor.storage import key_rotation, secrets
from provisor.storage.key_file import KeyRing
from provisor.storage.secrets import SecretError, SecretOwner, load_key


@pytest.fixture
def key(tmp_path):
    return load_key(tmp_path / "secret.key")


@pytest.fixture
def own(tenant):
    return SecretOwner(tenant=tenant, kind="application", id="a")


@pytest.fixture
def save(database, key, own, now):
    def run(text="t0ken", name="SecretToken", owner=own, ring=key):
        with database.transaction() as connection:
            secrets.save(connection, ring, owner=owner, name=name, secret=Secret(text), now=now)

    return run


def test_a_secret_comes_back(database, key, own, save):
    save()

    assert secrets.read(database.reader(), key, owner=own, name="SecretToken").reveal() == "t0ken"


def test_a_secret_is_not_in_the_database_in_clear(save, tmp_path):
    save("very-visible-token")

    assert all(b"very-visible-token" not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("column", "value"),
    [("owner", "b"), ("owner_kind", "source"), ("name", "Oauth2ClientSecret"), ("tenant", "elsewhere")],
)
def test_a_secret_copied_to_another_row_does_not_open(database, key, own, tenant, save, column, value):
    save()
    kept = {"tenant": tenant, "owner_kind": "application", "owner": "a", "name": "SecretToken"} | {column: value}
    with database.transaction() as connection:
        connection.execute(f"UPDATE secret SET {column} = ?", (value,))
    owner = SecretOwner(tenant=kept["tenant"], kind=kept["owner_kind"], id=kept["owner"])

    with pytest.raises(SecretError, match="was not stored for it"):
        secrets.read(database.reader(), key, owner=owner, name=kept["name"])


def test_a_secret_under_another_key_is_refused_naming_the_setting(database, own, save, tmp_path):
    save()

    with pytest.raises(SecretError, match="PROVISOR_SECRET_KEY_FILE"):
        secrets.read(database.reader(), load_key(tmp_path / "other.key"), owner=own, name="SecretToken")


def test_saving_under_another_key_is_refused(save, tmp_path):
    save()

    with pytest.raises(SecretError, match="holds another key"):
        save("second", ring=load_key(tmp_path / "other.key"))


def test_a_wrong_key_file_is_told_when_it_is_loaded(database, tenant, save, tmp_path):
    save()
    current = secrets.current_key(database.reader(), tenant)
    load_key(tmp_path / "other.key")

    with pytest.raises(SecretError, match=rf"holds another key \([0-9a-f]{{16}}\).*{current}"):
        load_key(tmp_path / "other.key", current)


def test_a_missing_key_file_is_told_and_not_made_anew(database, tenant, save, tmp_path):
    save()

    with pytest.raises(SecretError, match="is missing"):
        load_key(tmp_path / "lost.key", secrets.current_key(database.reader(), tenant))

    assert not (tmp_path / "lost.key").exists()


def test_saving_again_replaces(database, key, own, save):
    save()
    save("second")

    assert secrets.read(database.reader(), key, owner=own, name="SecretToken").reveal() == "second"
    assert secrets.names(database.reader(), own) == ["SecretToken"]


def test_a_secret_nobody_saved_is_none(database, key, own):
    assert secrets.read(database.reader(), key, owner=own, name="SecretToken") is None


def test_a_forgotten_secret_is_gone_and_the_others_stay(database, own, save):
    save()
    save(name="BaseAddress")
    with database.transaction() as connection:
        secrets.forget(connection, own, "SecretToken")

    assert secrets.names(database.reader(), own) == ["BaseAddress"]


# Rotation

MANY = 120  # more than two steps of rows


@pytest.fixture
def stored(save):
    for number in range(MANY):
        save(f"text {number}", name=f"name {number:03}")


def all_read(database, ring, owner):
    """Every secret as it was saved."""
    return [
        secrets.read(database.reader(), ring, owner=owner, name=f"name {number:03}").reveal() == f"text {number}"
        for number in range(MANY)
    ]


def keys_in_use(database):
    return {row[0] for row in database.reader().all("SELECT key_id FROM secret")}


def test_a_rotation_leaves_nothing_under_the_old_key(database, tenant, own, stored, tmp_path):
    before = KeyRing(tmp_path / "secret.key").ids

    *_, done = key_rotation.rotation(database, tenant, tmp_path / "secret.key")

    after = KeyRing(tmp_path / "secret.key")
    assert after.ids == (done.key_id,)
    assert keys_in_use(database) == {done.key_id}
    assert done.key_id not in before
    assert (done.moved, all(all_read(database, after, own))) == (MANY, True)


@pytest.mark.parametrize("steps", range(7))
def test_a_rotation_cut_short_at_any_step_loses_nothing_and_is_finished_by_the_next(
    database, tenant, own, stored, tmp_path, steps
):
    path = tmp_path / "secret.key"
    cut_short = key_rotation.rotation(database, tenant, path)
    for _ in range(steps):
        next(cut_short)
    cut_short.close()  # as a kill there would leave it: each step is on the disk or is not begun
    between = KeyRing(path)
    readable = all(all_read(database, between, own))

    *_, done = key_rotation.rotation(database, tenant, path)

    assert readable
    assert KeyRing(path).ids == (done.key_id,)
    assert keys_in_use(database) == {done.key_id}
    assert all(all_read(database, KeyRing(path), own))
    assert done.continued == (0 < steps < 6)


def test_a_running_process_reads_and_saves_on_after_a_rotation(database, tenant, own, key, stored, save, tmp_path):
    *_, done = key_rotation.rotation(database, tenant, tmp_path / "secret.key")

    save("later", name="later")

    assert all(all_read(database, key, own))
    assert keys_in_use(database) == {done.key_id}


def test_who_saves_and_reads_during_rotations_loses_nothing(database, tenant, own, save, now, tmp_path):
    path, rounds, wrong = tmp_path / "secret.key", 5, []
    save("text 0", name="kept")
    ended = threading.Event()

    def work():
        """As a process that runs on with the keys it has read at its start."""
        ring, number = KeyRing(path), 0
        while not ended.is_set() or number < rounds:
            number += 1
            save(f"text {number}", name="changing", ring=ring)
            for name, text in (("changing", f"text {number}"), ("kept", "text 0")):
                read = secrets.read(database.reader(), ring, owner=own, name=name)
                wrong.extend([] if read.reveal() == text else [(name, number)])

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(rounds):
        list(key_rotation.rotation(database, tenant, path))
    ended.set()
    thread.join()

    assert wrong == []
    assert keys_in_use(database) == set(KeyRing(path).ids)


def test_two_rotations_at_once_are_refused(database, tenant, stored, tmp_path):
    first = key_rotation.rotation(database, tenant, tmp_path / "secret.key")
    next(first)

    with pytest.raises(SecretError, match="Another process is replacing"):
        next(key_rotation.rotation(database, tenant, tmp_path / "secret.key"))
    first.close()


def test_after_a_lost_key_a_reset_forgets_what_was_under_it(database, tenant, own, save, tmp_path):
    save()
    other = load_key(tmp_path / "other.key")
    with database.transaction() as connection:
        gone = key_rotation.reset(connection, tenant, other)

    save("again", ring=other)

    assert gone == [("application a", "SecretToken")]
    assert secrets.read(database.reader(), other, owner=own, name="SecretToken").reveal() == "again"


def test_a_rotated_key_file_is_readable_by_its_owner_only(database, tenant, stored, tmp_path):
    list(key_rotation.rotation(database, tenant, tmp_path / "secret.key"))

    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


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


def test_the_key_shows_itself_to_nobody(key, tmp_path):
    assert repr(key.newest) == str(key.newest) == "SecretKey(…)"
    assert repr(key) == f"KeyRing('{tmp_path}/secret.key')"
