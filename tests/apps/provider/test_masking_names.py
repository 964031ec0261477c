"""Names of secrets: whatever a secret is called, however its name is spelled and wherever it stands, it is not kept."""

import json
from urllib.parse import quote

import pytest

from provisor.provider.watch.masking import MASK, shown_answer

SECRET = "hunter2-of-ana"

NAMES = [
    *("password", "passwd", "pwd", "pass", "passphrase", "passcode", "pass word", "secret", "client secret"),
    *("token", "access token", "refresh token", "id token", "jwt", "api key", "private key", "access key", "key"),
    *("keys", "ssh key", "shared key", "sig", "signature", "session", "session id", "sid", "code", "auth code", "otp"),
    *("auth", "authorization", "credential", "credentials", "cookie", "pin", "assertion"),
]

SPELLINGS = {
    "snake": lambda name: name.replace(" ", "_"),
    "kebab": lambda name: name.replace(" ", "-"),
    "dotted": lambda name: name.replace(" ", "."),
    "capitals": lambda name: name.replace(" ", "_").upper(),
    "camel": lambda name: name.split()[0] + "".join(word.title() for word in name.split()[1:]),
    "pascal": lambda name: name.title().replace(" ", ""),
    "with X": lambda name: "X-" + name.title().replace(" ", "-"),
    "with a prefix": lambda name: "my_" + name.replace(" ", "_"),
    "with a number": lambda name: name.replace(" ", "_") + "_2",
    "blank": lambda name: name,
}
ENCODINGS = {
    "plain": lambda name: name,
    "blank encoded": lambda name: name.replace(" ", "%20"),
    "plus": lambda name: name.replace(" ", "+"),
    "first letter encoded": lambda name: f"%{ord(name[0]):02X}{name[1:]}",
    "all encoded": lambda name: "".join(f"%{ord(letter):02x}" for letter in name),
    "encoded twice": lambda name: "".join(f"%25{ord(letter):02x}" for letter in name),
}


def filters(name):
    return [
        f'{name} eq "{SECRET}"',
        f"{name} eq {SECRET}",
        f"{name} eq '{SECRET}'",
        f'"{SECRET}" eq {name}',
        f"{SECRET} eq {name}",
        f"'{SECRET}' eq {name}",
        f'"{SECRET}" eq "{name}"',
        f'"{SECRET}"eq {name}',
        f'"{SECRET}" = {name}',
        f'"{SECRET}" == "{name}"',
        f'"{SECRET}" {name}',
        f'userName eq "ana" and "{SECRET}" eq {name}',
        f'{name} = "{SECRET}"',
        f'{name} "{SECRET}"',
        f"{name} is {SECRET}",
        f'{name} like "{SECRET}"',
        f'({name} eq "{SECRET}',
        f'not ({name} co "{SECRET}")',
        f'userName eq "ana" or {name} ne "{SECRET}"',
        f'emails[{name} eq "{SECRET}"]',
        f'emails["{SECRET}" eq {name}]',
        f'emails.{name} sw "{SECRET}"',
        f'urn:example:User:{name} eq "{SECRET}"',
    ]


def encoded(text):
    return quote(text, safe="")


def asked(scim, path, query=""):
    return scim.send("GET", scim.base + path, query, {"Authorization": f"Bearer {scim.token}"}, b"")


def query(scim, name):
    for spell in ENCODINGS.values():
        for key in (spell(name), f"user[{spell(name)}]", f"count=1&{spell(name)}"):
            asked(scim, "/Users", f"{key}={SECRET}")
            asked(scim, "/Users", f"{key}={SECRET}&count=1")


def path(scim, name):
    one = name.replace(" ", "-")
    for place in (one, one if one[-1] in "sS" else one + "s", f"reset-{one}"):
        asked(scim, f"/{place}/{SECRET}")
        asked(scim, f"/Users/{place}/{SECRET}")
        asked(scim, f"/Users/1;{place}={SECRET}")
    scim.send("GET", f"/{one}/{SECRET}", "", {"Authorization": f"Bearer {scim.token}"}, b"")


def filter_(scim, name):
    for text in filters(name):
        asked(scim, "/Users", f"filter={encoded(text)}")
        asked(scim, "/Users", f"count=1&Filter={encoded(encoded(text))}")


def searched(scim, name):
    for text in filters(name):
        scim.post("/Users/.search", {"filter": text})
        scim.patch("/Users/1", {"op": "remove", "path": text})


def body(scim, name):
    for value in (
        {name: SECRET},
        {"userName": "ana", name: SECRET},
        {"x": {name: SECRET}},
        {"x": [{"y": {name: [SECRET]}}]},
        {name: {"value": SECRET}},
        {"x": {"name": name, "value": SECRET}},
        {"x": {"key": name, "Value": SECRET}},
        {"x": json.dumps({name: SECRET})},
        {"x": f"{name}={SECRET}"},
    ):
        scim.post("/Users", value)
    scim.patch("/Users/1", {"op": "add", "path": name, "value": SECRET})
    scim.patch("/Users/1", {"op": "add", "value": {name: SECRET}})


def no_json(scim, name):
    for text in (
        f"{name}={SECRET}",
        f"{name}: {SECRET}",
        f'{{"{name}": "{SECRET}"',
        f'{{"a": 1, "{name}" : "{SECRET}"',
    ):
        scim.request("POST", "/Users", raw=text.encode())
        scim.request("POST", "/Users", raw=text.encode() + b" " * 9_000)


def header(scim, name):
    wire = name.replace(" ", "-")
    scim.request("GET", "/Users", headers={wire: SECRET, f"X-{wire}": SECRET, "User-Agent": f"a {name}={SECRET}"})


def error(scim, name):
    asked(scim, "/Users", f"startIndex={encoded(f'{name}={SECRET}')}")
    scim.post("/Users", {"userName": "ana", "active": f"{name}={SECRET}"})
    scim.request("POST", "/Users", raw=b"{}", headers={"Content-Type": f"text/plain; {name}={SECRET}"})


PLACES = [query, path, filter_, searched, body, no_json, header, error]


@pytest.fixture
def kept(umbrella):
    """Everything of requests that is stored."""

    def read():
        umbrella.runner.run(umbrella.target.exchanges.flush())
        umbrella.log()
        reader = umbrella.database.reader()
        logged = reader.all("SELECT path, query, object_id FROM request_log")
        exchanged = reader.all("SELECT sent_headers, sent_body, answered_headers, answered_body FROM exchange")
        return [str(text) for row in (*logged, *exchanged) for text in row]

    return read


def some(values, every):
    """All of them, of which the fast suite takes a few."""
    return [
        value if number % every == 0 else pytest.param(value, marks=pytest.mark.slow)
        for number, value in enumerate(values)
    ]


@pytest.mark.test_rows(72)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("name", some(NAMES, 9))
def test_a_secret_by_this_name_is_kept_nowhere(scim, kept, place, name):
    spelled = {spell(name) for spell in SPELLINGS.values()}

    for one in sorted(spelled):
        place(scim, one)
    stored = kept()

    assert len(stored) > len(spelled)
    assert [text for text in stored if SECRET in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_shows_no_secret_of_a_tenants_own_schema(name):
    for spell in SPELLINGS.values():
        assert SECRET not in shown_answer(json.dumps({"userName": "ana", "x": [{spell(name): SECRET}]}).encode())


@pytest.mark.parametrize(
    "header", ["Cookie", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-Amz-Security-Token"]
)
def test_headers_of_credentials_are_not_kept(scim, kept, header):
    scim.request("GET", "/Users", headers={header: SECRET})

    assert [text for text in kept() if SECRET in text] == []


def test_of_a_query_only_the_parameters_of_scim_are_shown(scim, kept):
    asked(scim, "/Users", f"count=1&startIndex=2&note={SECRET}&{SECRET}&Attributes=userName&aadOptscim062020")

    [query] = [text for text in kept() if text.startswith("count=1")]
    assert query == f"count=1&startIndex=2&note={MASK}&{MASK}&Attributes=userName&aadOptscim062020"


@pytest.mark.parametrize(
    "query",
    [
        "filter=addresses.postalCode%20eq%20%2212345%22",
        "filter=displayName+eq+%22Key+Account%22",
        "filter=password+pr",
        "attributes=userName,password&sortBy=title&sortOrder=ascending&count=1&startIndex=2&cursor=abc",
        "excludedAttributes=members&filter=id+eq+%22a%22+and+members+eq+%22b%22",
        "filter=title+eq+%22Monkey+Keeper%2C+Code+of+Conduct%22",
        "filter=userName+eq+%22sigrid.pinkerton%40example.org%22",
    ],
)
def test_an_ordinary_question_is_shown_as_sent(scim, kept, query):
    asked(scim, "/Users", query)

    assert query in kept()


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_what_the_server_says_of_itself_is_shown(scim_generic, generic, path):
    scim_generic.get(path)
    generic.runner.run(generic.target.exchanges.flush())

    [(body,)] = generic.database.reader().all("SELECT answered_body FROM exchange")
    assert MASK not in body
