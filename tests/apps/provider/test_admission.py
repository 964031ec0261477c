"""Who is let in is remembered, but never longer than it is true."""

from contextlib import closing

import pytest

from provisor.provider.store.tables import now_microseconds, open_target, the_tenant
from provisor.provider.store.tokens import TokenCheck, create_token, revoke_token


@pytest.fixture
def database(tmp_path):
    with closing(open_target(f"sqlite:///{tmp_path / 'target.sqlite'}")) as opened:
        yield opened


def made(database, **more):
    tenant = the_tenant(database)
    with database.transaction() as connection:
        token, clear = create_token(connection, tenant, kind="other", label="one", now=1, **more)
    return tenant, token, clear.encode()


def test_a_remembered_token_is_refused_once_it_is_revoked(database):
    tenant, token, clear = made(database)
    admission = TokenCheck(database.reader())
    before = admission.look_up(tenant.number, clear, 2)

    with database.transaction() as connection:
        revoke_token(connection, tenant, "one", now_microseconds())

    assert (before, admission.look_up(tenant.number, clear, 3)) == (token.id, None)


def test_a_remembered_token_is_refused_once_it_has_expired(database):
    tenant, token, clear = made(database, expires_at=100)
    admission = TokenCheck(database.reader())

    assert admission.look_up(tenant.number, clear, 99) == token.id
    assert admission.look_up(tenant.number, clear, 100) is None


def test_a_token_made_after_it_was_refused_is_let_in(database):
    tenant = the_tenant(database)
    admission = TokenCheck(database.reader())
    refused = admission.look_up(tenant.number, b"unknown", 2)

    _, token, clear = made(database)

    assert (refused, admission.look_up(tenant.number, clear, 3)) == (None, token.id)


def test_a_remembered_token_opens_no_other_tenant(database):
    tenant, _, clear = made(database)
    admission = TokenCheck(database.reader())
    admission.look_up(tenant.number, clear, 2)

    assert admission.look_up(tenant.number + 1, clear, 2) is None


def test_a_token_is_read_once_while_nothing_is_written(database):
    tenant, _, clear = made(database)
    reader = database.reader()
    asked = []
    reader.raw.set_trace_callback(asked.append)
    admission = TokenCheck(reader)

    for now in range(2, 12):
        admission.look_up(tenant.number, clear, now)

    assert sum("FROM token" in statement for statement in asked) == 1


def test_the_database_is_asked_what_changed_once_a_millisecond(database):
    tenant, token, clear = made(database)
    reader = database.reader()
    asked = []
    reader.raw.set_trace_callback(asked.append)
    admission = TokenCheck(reader)

    found = [admission.look_up(tenant.number, clear, now) for now in [2_000] * 10 + [3_000] * 10]

    assert found == [token.id] * 20
    assert sum("data_version" in statement for statement in asked) == 2
