"""The request log is bounded by who asks, and by what is not on the disk yet."""

import asyncio

import pytest

from provisor.provider.watch.request_log import Entry

ENTRY = Entry(1, 0, "GET", "/", "", None, None, 200, None, 0)


@pytest.mark.parametrize(("token", "length"), [("wrong", 200), (None, 1_000)], ids=["a stranger", "a client"])
def test_of_an_address_as_much_is_kept_as_who_asks_is_trusted_with(umbrella, scim, token, length):
    scim.request("GET", f"/Users/{'y' * 5_000}", query=f"attributes={'z' * 5_000}", token=token)
    umbrella.log()

    [(path, query)] = umbrella.database.reader().all("SELECT path, query FROM request_log")

    assert (len(path), len(query)) == (length, length)


def test_requests_wait_for_the_log_when_too_much_of_it_is_not_on_the_disk(umbrella):
    async def fill():
        log = umbrella.target.log
        before = log.full
        for _ in range(2_000):
            log.add(ENTRY)
        flushing = asyncio.ensure_future(log.flush())
        await asyncio.sleep(0)  # it has begun: all is on its way, and nothing on the disk yet
        log.add(ENTRY)
        full = log.full
        await flushing
        return before, full

    assert umbrella.runner.run(fill()) == (False, True)
