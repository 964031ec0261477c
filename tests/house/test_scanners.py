"""What reads outside text by hand takes time in proportion to it too: asked through the doors that clients come by."""

import json
from datetime import UTC, datetime

import pytest
import regex

from provisor.connectors import addresses, capture, replies
from provisor.connectors.csv_files import CsvFile
from provisor.directory import attributes, objectguid
from provisor.engine.ports import Malformed
from provisor.expressions import compile_expression
from provisor.provider.model import documents
from provisor.provider.protocol import routes
from provisor.provider.query import cursors, find
from provisor.provider.store import resource_rows, tokens
from provisor.provider.watch import masking, request_log
from provisor.rules.scoping import compiled_pattern
from provisor.scim import coercion, guid
from provisor.scim.errors import ScimError, shown
from provisor.scim.filter import evaluation
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import parse
from provisor.scim.naming import problem_with_name
from provisor.scim.patch.applying import apply
from provisor.scim.patch.membership import split_members
from provisor.scim.patch.operations import parse_operations
from provisor.scim.path import parse_path, resolve
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from provisor.scim.validate import accept, understand
from provisor.scim.values import fold
from provisor.storage.secrets import Secret
from provisor.testing.adversary import grows_faster, texts

NOW = datetime(2026, 11, 28, tzinfo=UTC)
FULL = accept({"userName": "ana", "emails": [{"type": "work", "value": "a@b.example"}]}, USER_TYPE)
WORDS = {
    "filter": ["userName", ' eq "', "a", " and ", " or ", "(", ")", "not (", "[", "]", '"', "\\", "\\u0061", " ", "."],
    "path": ["emails", '[type eq "work"]', ".value", "urn:", ":2.0:User:", "urn:a:1.0:", ":1", ".", "$ref", "["],
    "text": ["a", " ", "\u0301", "\u0323\u0301", "\u00c5", "\u03a3", "\u1112\u1161\u11ab", "\u200d", "\t", "0", "="],
    "name": ["\u0915", "\u094d", "\u200d", "\u200c", "\ufe0f", "\U0001f469", "a", " ", "\u200b", "\u0301"],
    "json": ["{", "[", '"', "\\", '"a":', "[]", "{}", '\\"', "1", ",", "\ufeff", " "],
    "secret": [
        "token",
        "password",
        " eq ",
        '"',
        "%20",
        "%25",
        "+",
        "bearer ",
        "basic ",
        "&amp;",
        "\\u0070",
        "umbrella_",
    ],
    "address": ["%", "%41", "+", "=", "&", ";", "/", "a", "//", ".", ",", "\u00e4"],
    "expression": ["(", ")", "[", "]", '"', "\\", ",", "Join(", 'Left("', "a", " ", "1", "-", "[a]"],
    "csv": ['"', ",", "\n", "a", '"\n', "\r", "\0"],
    "html": ["<", ">", "&", "/", "a ", "\n"],
}


def quietly(function):
    """The same, for texts of which most are refused."""

    def run(text):
        try:
            return function(text)
        except (ScimError, Malformed, ValueError):
            return None

    return run


def read_csv(text):
    with CsvFile(text) as file:
        return sum(len(page.rows) + len(page.bad) for page in file.pages())


def patched(path):
    return apply(FULL, parse_operations({"Operations": [{"op": "add", "path": path, "value": "x"}]}), USER_TYPE)


def evaluated(expression):
    compiled = compile_expression(expression)
    return lambda text: compiled.evaluate({"s": text}, NOW, bytes)


def reply(text):
    return replies.ReceivedReply(400, json.dumps({"detail": text}).encode(), {"Retry-After": text[:100]}, None)


DOORS = {
    "filter": ("filter", lambda text: parse(text, USER_TYPE)),
    "filter by name": ("filter", lambda text: find.name_asked(text, "User")),
    "filter over a document": (
        "text",
        lambda text: evaluate(parse(f"title co {json.dumps(text[:8000])}"), {"title": text}, USER_TYPE),
    ),
    "path": ("path", lambda text: parse_path(text, USER_TYPE)),
    "path resolved": ("path", lambda text: resolve(text, USER_TYPE)),
    "path of a PATCH": ("path", patched),
    "members": (
        "path",
        lambda text: split_members(parse_operations({"Operations": [{"op": "remove", "path": text}]})),
    ),
    "user": ("text", lambda text: accept({"userName": text, "title": text, "x509Certificates": text}, USER_TYPE)),
    "group": ("text", lambda text: accept({"displayName": text, "members": text}, GROUP_TYPE)),
    "an answer": ("text", lambda text: understand({"userName": text, "emails": text, "meta": text}, USER_TYPE)),
    "base64": (
        "text",
        lambda text: coercion.coercer(USER_TYPE.schema.attribute("x509Certificates").sub("value"), "x")(text),
    ),
    "time": ("text", evaluation.date_time),
    "GUID": ("text", guid.guid_key),
    "objectGUID": ("text", objectguid.read_guid),
    "attribute": ("text", lambda text: attributes.nearest("user", text[:2_000])),  # linear, and a hundred times as dear
    "folded": ("text", fold),
    "name": ("name", problem_with_name),
    "shown": ("text", shown),
    "whole number": ("text", lambda text: find.whole_number("count", text)),
    "ETag": ("secret", lambda text: resource_rows.check_version(1, text)),
    "bearer": ("secret", lambda text: tokens.bearer(text.encode())),
    "body": ("json", lambda text: documents.decode_body(text.encode())),
    "nested body": ("json", lambda text: documents.decode_body(b"[" * 60 + text.encode())),
    "route": ("address", routes.route),
    "query": ("address", lambda text: routes.parameters(text.encode())),
    "filter in a query": ("address", lambda text: routes.parameters(b"filter=" + text.encode())),
    "cursor": ("address", lambda text: cursors.read(text, b"k" * 32, "q", now=0, count=None)),
    "masked query": ("secret", masking.masked_query),
    "looked at": ("secret", masking.holds_secret),
    "masked body": ("secret", lambda text: masking.masked_body(text.encode())),
    "masked text": ("secret", lambda text: masking.masked_body(json.dumps({"a": text}).encode())),
    "masked JSON": ("json", lambda text: masking.masked_body(f'{{"token":{text}}}'.encode())),
    "masked header": ("secret", lambda text: masking.masked_headers([(b"user-agent", text.encode())])),
    "masked answer": ("secret", lambda text: masking.shown_answer(json.dumps({"detail": text}).encode())),
    "kept to be masked": ("secret", lambda text: masking.body_to_mask(text.encode(), 100)),
    "logged": ("secret", lambda text: request_log.about(text, text, text, (), 1_000)),
    "logged address": ("address", lambda text: request_log.about(text, text, text, {"pin"}, 1_000)),
    "expression": ("expression", compile_expression),
    "diacritics": ("text", evaluated("NormalizeDiacritics([s])")),
    "case": ("text", evaluated("ToLower([s], )")),
    "word": ("text", evaluated('Word([s], 3, " =")')),
    "split": ("text", evaluated('Split([s], "a")')),
    "date": ("text", evaluated('FormatDateTime([s], , "yyyy-MM-dd", "dd")')),
    "replaced": ("text", evaluated('Replace([s], "a", , , "b", , )')),
    "address of a target": ("address", lambda text: addresses.problem_with_address(f"https://{text}")),
    "token of a target": ("address", lambda text: addresses.problem_with_token(Secret(text))),
    "captured": (
        "json",
        lambda text: capture.Redactor(Secret("t")).exchange("PUT", text, b'{"password":' + text.encode(), 1, b"", 1.0),
    ),
    "detail of a target": ("html", lambda text: replies.refused(reply(text), "host", "do it", NOW, str)),
    "document of a target": ("json", lambda text: replies.document(text.encode())),
}


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_what_reads_outside_text_takes_time_in_proportion_to_it(door, thorough):
    words, read = DOORS[door]

    paired = 4 if thorough else 2

    slow = {make(40): grown for make in texts(WORDS[words], paired) if (grown := grows_faster(quietly(read), make))}

    assert not slow


@pytest.mark.slow
def test_a_file_is_read_in_time_in_proportion_to_it(tmp_path, thorough):
    number = 0

    def file(text):
        nonlocal number
        number += 1
        path = tmp_path / f"{number}.csv"
        path.write_text(f"a,b\n{text}", encoding="utf-8", newline="")
        return path

    slow = {
        make(40): grown
        for make in texts(WORDS["csv"], 4 if thorough else 2)
        if (grown := grows_faster(quietly(read_csv), lambda length, make=make: file(make(length))))
    }

    assert not slow


CATASTROPHES = [
    r"(a+)+b",
    r"(a|aa)+b",
    r"(a*)*b",
    r"(.*)*x",
    r"(a+)+\1b",
    r"(\w+\s?)+$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(?i)(a+)+b",
    r"((a{1,30}){1,30}){1,30}b",
]


@pytest.mark.fast_rows(6)
@pytest.mark.parametrize("text", ["a" * 65_536, "a" * 65_535 + "!", "ab " * 20_000], ids=["a", "a!", "ab"])
@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_an_administrators_pattern_ends_by_its_time_limit(pattern, text):
    # That this test ends at all is what it shows: without a limit most of these run for years.
    with_limit = evaluated(f'Replace([s], , {json.dumps(pattern)}, , "x", , )')(text)
    try:
        in_scope = compiled_pattern(pattern).fullmatch(text, timeout=0.05)
    except TimeoutError:
        in_scope = None

    assert with_limit is not None
    assert in_scope is None or in_scope.group() == text


@pytest.mark.parametrize("pattern", ["((a?){999}){999}", "(a?){999999}", "(((a?){99}){99}){99}", "a" * 501, "(" * 60])
def test_a_pattern_that_is_costly_to_prepare_is_refused_in_a_scoping_filter(pattern):
    with pytest.raises(regex.error):
        compiled_pattern(pattern)
