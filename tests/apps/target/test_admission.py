"""Who is let in is remembered, but never longer than it is true."""

import asyncio
from contextlib import closing

import pytest

from provisor.target.store import now_microseconds, open_target, the_tenant
from provisor.target.tokens import Admission, create_token, revoke_token


class Door:
    """An Admission on a loop that takes a turn for every question, or answers several in one."""

    def __init__(self, connection):
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._admission = self._runner.run(self._made(connection))

    async def _made(self, connection):
        return Admission(connection)

    async def _ask(self, questions):
        return [self._admission.look_up(*question) for question in questions]

    def look_up(self, *question):
        return self._runner.run(self._ask([question]))[0]

    def look_up_in_one_turn(self, *questions):
        return self._runner.run(self._ask(questions))

    def close(self):
        self._runner.close()


@pytest.fixture
def door():
    made = []

    def make(connection):
        made.append(Door(connection))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def database(tmp_path):
    with closing(open_target(f"sqlite:///{tmp_path / 'target.sqlite'}")) as opened:
        yield opened


def made(database, **more):
    tenant = the_tenant(database)
    with database.transaction() as connection:
        token, clear = create_token(connection, tenant, kind="other", label="one", now=1, **more)
    return tenant, token, clear.encode()


def test_a_remembered_token_is_refused_once_it_is_revoked(database, door):
    tenant, token, clear = made(database)
    admission = door(database.reader())
    before = admission.look_up(tenant.number, clear, 2)

    with database.transaction() as connection:
        revoke_token(connection, tenant, "one", now_microseconds())

    assert (before, admission.look_up(tenant.number, clear, 3)) == (token.id, None)


def test_a_remembered_token_is_refused_once_it_has_expired(database, door):
    tenant, token, clear = made(database, expires_at=100)
    admission = door(database.reader())

    assert admission.look_up(tenant.number, clear, 99) == token.id
    assert admission.look_up(tenant.number, clear, 100) is None


def test_a_token_made_after_it_was_refused_is_let_in(database, door):
    tenant = the_tenant(database)
    admission = door(database.reader())
    refused = admission.look_up(tenant.number, b"unknown", 2)

    _, token, clear = made(database)

    assert (refused, admission.look_up(tenant.number, clear, 3)) == (None, token.id)


def test_a_remembered_token_opens_no_other_tenant(database, door):
    tenant, _, clear = made(database)
    admission = door(database.reader())
    admission.look_up(tenant.number, clear, 2)

    assert admission.look_up(tenant.number + 1, clear, 2) is None


def test_a_token_is_read_once_while_nothing_is_written(database, door):
    tenant, _, clear = made(database)
    reader = database.reader()
    asked = []
    reader.raw.set_trace_callback(asked.append)
    admission = door(reader)

    for now in range(2, 12):
        admission.look_up(tenant.number, clear, now)

    assert sum("FROM token" in statement for statement in asked) == 1


def test_the_database_is_asked_what_changed_once_a_turn(database, door):
    tenant, token, clear = made(database)
    reader = database.reader()
    admission = door(reader)
    asked = []
    reader.raw.set_trace_callback(asked.append)

    found = admission.look_up_in_one_turn(*[(tenant.number, clear, now) for now in range(2, 12)])

    assert found == [token.id] * 10
    assert sum("data_version" in statement for statement in asked) == 1
