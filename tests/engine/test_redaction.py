"""What redacted mappings write is hidden in captures, whatever a target answered."""

import pytest

from provisor.engine.modified import REDACTED
from provisor.engine.ports import Exchange
from provisor.engine.redaction import Redaction


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"\xff", b'{"a": "\xff"}', b"[" * 4096, b"[" * 900 + b"]" * 900, b'{"a": ' * 600 + b"1" + b"}" * 600],
    ids=["no JSON", "not UTF-8", "text that is not UTF-8", "bottomless", "deep lists", "deep objects"],
)
def test_a_body_that_cannot_be_looked_through_is_hidden_whole(directory, body):
    redaction = Redaction(directory.rules().of("user").mapper, [])

    seen = redaction.exchange(Exchange(method="PATCH", url="https://a.example", response_body=body))

    assert seen.response_body == REDACTED.encode()
