"""The request log is bounded by who asks, and by what is not on the disk yet."""

import asyncio
from urllib.parse import quote

import pytest
from tests.apps.provider.test_masking_spellings import SECRET, SPELLINGS

from provisor.provider.verbs.request import ScimRequest
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


def told(umbrella, texts):
    """What the log stores of answered requests with these filters, written by one flush."""
    log = umbrella.target.log

    async def tell():
        for at, text in enumerate(texts):
            query = b"filter=" + text.encode("utf-8", "surrogateescape")
            scope = {"method": "GET", "path": "/identity/v2/scim/Users", "query_string": query}
            log.tell(ScimRequest(tenant=umbrella.tenant, now=0, at=at, scope=scope, token_id="t"), 200)
        await log.flush()

    umbrella.runner.run(tell())
    return [query for (query,) in umbrella.database.reader().all("SELECT query FROM request_log ORDER BY at")]


# A wide P as UTF-8, each byte of it a letter of Latin 1, as UTF-8 again.
TOLD_TWICE = {"wide, encoded twice": f"%C3%AF%C2%BC%C2%B0assword={SECRET}"}

# What stands beside a secret in one flush, and could keep it from being recognised when all are asked at once.
BESIDE = {
    "nobody": [],
    "an ordinary name": ["userName+eq+%22ana%22"],
    "a letter beyond Latin 1": ["userName+eq+%22%E2%82%AC%22"],
    "half a letter": ["userName+eq+%22%E2%82%22"],
    "an entity": ["userName+eq+%22&euro;%22"],
    "half an escape": ["userName+eq+%22%", "\\u00", "&#"],
    "an open quote": ['userName eq "'],
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.fast_rows(30)
@pytest.mark.parametrize("text", [*SPELLINGS.values(), *TOLD_TWICE.values()], ids=[*SPELLINGS, *TOLD_TWICE])
def test_a_secret_is_hidden_whatever_else_a_flush_writes(umbrella, text, beside):
    stored = told(umbrella, [*beside, quote(text, safe=""), text, *beside])

    assert len(stored) == 2 + 2 * len(beside)
    assert not [query for query in stored if SECRET in query]


def test_entries_without_secrets_are_stored_as_they_came(umbrella):
    texts = [f"userName+eq+%22u{number}@example.org%22" for number in range(120)]

    assert told(umbrella, texts) == [f"filter={text}" for text in texts]
