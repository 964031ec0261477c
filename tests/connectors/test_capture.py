"""What is kept of an exchange: the token is taken out however a server spells it, and nothing else is."""

import pytest

from provisor.connectors.capture import DOTS, Redactor
from provisor.engine.ports import Secret

TOKEN = "sekret/Token~7"
ETAG = b'{"meta":{"version":"W/\\"1\\""},"detail":"'


def spelt(escaped, letters):
    """The token with some of its letters written by `escaped`."""
    return "".join(escaped(letter) if letter in letters else letter for letter in TOKEN)


SPELLINGS = {
    "as it is": TOKEN,
    "a slash escaped": TOKEN.replace("/", "\\/"),
    "one letter as an escape of JSON": spelt(lambda letter: f"\\u00{ord(letter):02x}", "T"),
    "every letter as one": spelt(lambda letter: f"\\u00{ord(letter):02x}", TOKEN),
    "in capitals": spelt(lambda letter: f"\\U00{ord(letter):02X}", "/"),
    "one letter as an escape of addresses": spelt(lambda letter: f"%{ord(letter):02x}", "~"),
    "in capitals there": spelt(lambda letter: f"%{ord(letter):02X}", "/~"),
    "in another case behind a backslash": TOKEN.upper().replace("/", "\\/"),
    "a backslash before a letter": TOKEN.replace("k", "\\k"),
}


def kept(told):
    """What is kept of an answer that tells this."""
    redact = Redactor(Secret(TOKEN))
    answer = redact.body(ETAG + told.encode() + b'"}')
    return redact.exchange("GET", "https://a.example", b"", 200, answer, 1.0).response_body


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_token_is_taken_out_of_an_answer_however_it_is_spelt(spelling):
    assert kept(spelling) == ETAG + DOTS.encode() + b'"}'


@pytest.mark.parametrize("told", ["sekret", "a\\u00e9b", "100 %", "\\u0073ekret/Token~", "sekret/\\\\/Token~7"])
def test_what_is_not_the_token_is_kept_as_it_came(told):
    assert kept(told) == ETAG + told.encode() + b'"}'
