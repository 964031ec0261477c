"""What the client reads out of answers field by field: ids, lists, what was created, encodings, and what it sends."""

import json

import pytest

from provisor.connectors.bodies import NESTED
from provisor.connectors.identifiers import ID_LIMIT_BYTES
from provisor.engine.ports import Malformed, Rejected
from provisor.scim.errors import ERROR_URN
from provisor.scim.patch.operations import Operation
from support.prepared_answers import answering, reply

USER = {"schemas": [], "id": "u-1", "userName": "anna"}
ENDPOINT = "/scim/v2/Users"


def users(*numbers):
    return [{"id": f"u-{number}", "userName": "anna"} for number in numbers]


# Ids

READ_IDS = {
    "text": ("u-1", "u-1"),
    "number": (7, "7"),
    "zero": (0, "0"),
    "number of 30 digits": (10**29, "1" + "0" * 29),
    "letters of the world": ("Zoë-山田-👩‍💻", "Zoë-山田-👩‍💻"),
    "signs of addresses": ("a/../b?c#d%2Fe;f=g&h", "a/../b?c#d%2Fe;f=g&h"),
    "three dots": ("...", "..."),
    "edge blanks": (" u-1 ", " u-1 "),
    "the longest": ("a" * ID_LIMIT_BYTES, "a" * ID_LIMIT_BYTES),
}
UNUSABLE_IDS = {
    "null": (None, "no id"),
    "true": (True, "not text"),
    "fraction": (7.5, "not text"),
    "array": (["u-1"], "not text"),
    "object": ({"value": "u-1"}, "not text"),
    "empty": ("", "an empty id"),
    "blank": (" \t", "an empty id"),
    "dot": (".", "no address can name"),
    "two dots": ("..", "no address can name"),
    "NUL": ("u\0", "cannot be sent back"),
    "line break": ("u\r\nX: y", "cannot be sent back"),
    "escape": ("u\x1b[31m", "cannot be sent back"),
    "C1 control": ("u\x9b", "cannot be sent back"),
    "half a character": ("u\ud83d", "cannot be sent back"),
    "one letter more": ("a" * (ID_LIMIT_BYTES + 1), "2049 characters, above our limit of 2048 bytes"),
    "too many bytes": ("é" * 1025, "1025 characters, above our limit of 2048 bytes"),
    "1 MB": ("a" * 1_000_000, "1000000 characters, above our limit of 2048 bytes"),
}


@pytest.mark.parametrize(("given", "read"), READ_IDS.values(), ids=READ_IDS)
async def test_an_id_is_read_as_text(given, read):
    resource = {**USER, "id": given}
    answers = [reply(201, resource), reply(200, resource), reply(200, {"totalResults": 1, "Resources": [resource]})]
    async with answering(*answers) as (client, _):
        created = await client.create("user", {"userName": "anna"})
        again = await client.read("user", read)
        found = await client.find("user", "userName", "anna")
        page = await client.page("user", 1, 10)

    assert [one["id"] for one in (created.resource, again.resource, *found.resources, *page.resources)] == [read] * 4
    assert (found.complete, page.complete) == (True, True)


@pytest.mark.parametrize("name", ["ID", "Id", "iD"])
async def test_an_id_is_read_in_any_case(name):
    async with answering(reply(201, {name: "u-1"})) as (client, _):
        assert (await client.create("user", {"userName": "anna"})).resource["id"] == "u-1"
        assert (await client.read("user", "u-1")).resource == {"id": "u-1"}


@pytest.mark.parametrize(("given", "why"), UNUSABLE_IDS.values(), ids=UNUSABLE_IDS)
async def test_an_unusable_id_is_refused_by_name(given, why):
    async with answering(reply(201, {**USER, "id": given})) as (client, _):
        with pytest.raises(Malformed, match=why) as created:
            await client.create("user", {"userName": "anna"})
        with pytest.raises(Malformed, match=why):
            await client.read("user", "u-1")

    assert created.value.status == 201


@pytest.mark.parametrize(("given", "why"), UNUSABLE_IDS.values(), ids=UNUSABLE_IDS)
async def test_a_resource_with_an_unusable_id_is_left_out_and_told(given, why):
    body = {"totalResults": 2, "Resources": [{**USER, "id": given}, *users(2)]}
    async with answering(reply(200, body)) as (client, _):
        found = await client.find("user", "userName", "anna")
        page = await client.page("user", 1, 10)

    for one in (found, page):
        assert ([resource["id"] for resource in one.resources], one.complete) == (["u-2"], False)
        assert why in one.doubt


async def test_an_unusable_id_of_a_stranger_hides_nobody():
    stranger = {"id": "..", "userName": "bo"}
    async with answering(reply(200, {"totalResults": 2, "Resources": [stranger, *users(1)]})) as (client, _):
        found = await client.find("user", "userName", "anna")

    assert ([one["id"] for one in found.resources], found.complete) == (["u-1"], True)


UNSENDABLE = ["", " ", ".", "..", "a\0", "a\r\nb", "\x1b", "\ud83d", "a" * 1_000_000]


@pytest.mark.parametrize("target_id", UNSENDABLE, ids=lambda text: ascii(text)[:12])
async def test_an_id_that_no_address_can_name_is_never_sent(target_id):
    async with answering(reply(204)) as (client, server):
        for asking in (
            client.read("user", target_id),
            client.patch("user", target_id, [Operation(op="replace", path="active", value=False)]),
            client.patch_members(target_id, ["u-1"], []),
            client.delete("group", target_id),
        ):
            with pytest.raises(Rejected, match=r"Nothing was sent to .* the application gave it"):
                await asking

    assert server.requests == []


@pytest.mark.parametrize(
    ("target_id", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("../Groups/g-1", "..%2FGroups%2Fg-1"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("a b", "a%20b"),
        ("a\\b", "a%5Cb"),
        ("a;b=c&d", "a%3Bb%3Dc%26d"),
        ("...", "..."),
        ("é山👩", "%C3%A9%E5%B1%B1%F0%9F%91%A9"),
    ],
)
async def test_an_id_is_one_segment_of_the_address(target_id, segment):
    async with answering(reply(204)) as (client, server):
        await client.delete("user", target_id)

    assert server.line() == f"DELETE {ENDPOINT}/{segment} HTTP/1.1"


async def test_a_resource_other_than_the_one_asked_for_is_not_taken():
    async with answering(reply(200, {**USER, "id": "u-2"})) as (client, _):
        with pytest.raises(Malformed, match="is about the id u-2"):
            await client.read("user", "u-1")
        changed = await client.patch("user", "u-1", [Operation(op="replace", path="active", value=False)])

    assert changed.resource is None


async def test_an_id_may_come_back_in_another_case():
    async with answering(reply(200, {**USER, "id": "6F9619FF-8B86"})) as (client, _):
        assert (await client.read("user", "6f9619ff-8b86")).resource["id"] == "6F9619FF-8B86"


# Lists

LISTS = {
    "whole": ({"totalResults": 2, "startIndex": 1, "Resources": users(1, 2)}, 2, 2, None, ""),
    "with more to come": ({"totalResults": 9, "startIndex": 1, "Resources": users(1, 2)}, 2, 9, 3, ""),
    "numbers as text": ({"totalResults": "9", "startIndex": "1", "Resources": users(1)}, 1, 9, 2, ""),
    "numbers as floats": ({"totalResults": 9.0, "startIndex": 1.0, "Resources": users(1)}, 1, 9, 2, ""),
    "without total": ({"Resources": users(1, 2)}, 2, None, 3, ""),
    "without total, empty": ({"Resources": []}, 0, None, None, ""),
    "without start": ({"totalResults": 2, "Resources": users(1, 2)}, 2, 2, None, ""),
    "a start nobody can read": ({"totalResults": 1, "startIndex": {}, "Resources": users(1)}, 1, 1, None, ""),
    "itemsPerPage as asked for": ({"totalResults": 1, "itemsPerPage": 10, "Resources": users(1)}, 1, 1, None, ""),
    "total below zero": ({"totalResults": -1, "Resources": users(1)}, 1, None, 2, ""),
    "total of a fraction": ({"totalResults": 1.5, "Resources": users(1)}, 1, None, 2, ""),
    "total without end": ({"totalResults": 10**30, "Resources": users(1)}, 1, None, 2, ""),
    "nothing": ({"totalResults": 0}, 0, 0, None, ""),
    "null for nothing": ({"totalResults": 0, "Resources": None}, 0, 0, None, ""),
    "nothing of two": ({"totalResults": 2}, 0, 2, None, "lists nobody from number 1 of 2"),
    "null of two": ({"totalResults": 2, "Resources": None}, 0, 2, None, "lists nobody from number 1 of 2"),
    "more than the total": ({"totalResults": 1, "Resources": users(1, 2)}, 2, 1, None, "lists number 2 of 1"),
    "starting at 0": (
        {"totalResults": 2, "startIndex": 0, "Resources": users(1, 2)},
        2,
        2,
        None,
        "begins with number 0, not 1",
    ),
    "starting elsewhere": (
        {"totalResults": 9, "startIndex": "7", "Resources": users(7)},
        1,
        9,
        2,
        "begins with number 7, not 1",
    ),
    "one twice": ({"totalResults": 2, "Resources": users(1, 1)}, 1, 2, None, "lists the id u-1 twice"),
    "null among them": (
        {"totalResults": 3, "Resources": [None, *users(1, 2)]},
        2,
        3,
        None,
        "lists something that is not a resource",
    ),
    "an array among them": (
        {"totalResults": 9, "Resources": [*users(1), users(2)]},
        1,
        9,
        3,
        "lists something that is not a resource",
    ),
    "one object": ({"totalResults": 1, "Resources": USER}, 0, 1, None, "lists something that is not a resource"),
    "a text": ({"totalResults": 1, "Resources": "u-1"}, 0, 1, None, "lists something that is not a resource"),
    "an error among them": (
        {"totalResults": 2, "Resources": [{"schemas": [ERROR_URN], "status": "500"}, *users(1)]},
        1,
        2,
        None,
        "lists a resource that holds no id",
    ),
}


@pytest.mark.parametrize(("body", "count", "total", "following", "doubt"), LISTS.values(), ids=LISTS)
async def test_a_page_says_what_it_lists_and_whether_that_is_all_of_it(body, count, total, following, doubt):
    async with answering(reply(200, body)) as (client, _):
        page = await client.page("user", 1, 10)

    assert (len(page.resources), page.total, page.next_index) == (count, total, following)
    assert (page.complete, page.doubt) == (doubt == "", doubt)


async def test_a_page_that_begins_elsewhere_is_given_and_doubted():
    async with answering(reply(200, {"totalResults": 9, "startIndex": 1, "Resources": users(1)})) as (client, _):
        page = await client.page("user", 6, 5)

    assert ([one["id"] for one in page.resources], page.complete) == (["u-1"], False)
    assert page.doubt == "begins with number 1, not 6"


async def test_a_later_page_that_counts_only_itself_is_doubted():
    async with answering(reply(200, {"totalResults": 2, "startIndex": 6, "Resources": users(6, 7)})) as (client, _):
        page = await client.page("user", 6, 5)

    assert (len(page.resources), page.next_index, page.doubt) == (2, None, "lists number 7 of 2")


async def test_a_page_behind_the_last_one_is_empty_without_doubt():
    async with answering(reply(200, {"totalResults": 5, "startIndex": 6, "Resources": []})) as (client, _):
        page = await client.page("user", 6, 5)

    assert (page.resources, page.next_index, page.complete) == ([], None, True)


@pytest.mark.parametrize("resources", [[], users(1, 2)], ids=["as asked", "with a page nobody asked for"])
async def test_a_page_of_nothing_has_no_next_one(resources):
    async with answering(reply(200, {"totalResults": 9, "Resources": resources})) as (client, _):
        page = await client.page("user", 1, 0)

    assert (page.total, page.next_index, page.complete) == (9, None, True)


FOUND = {
    "the one": ({"totalResults": 1, "Resources": users(1)}, ["u-1"], ""),
    "the one, total as text": ({"totalResults": "1", "Resources": users(1)}, ["u-1"], ""),
    "the one, without total": ({"Resources": users(1)}, ["u-1"], ""),
    "the one, twice": ({"totalResults": 2, "Resources": users(1, 1)}, ["u-1"], ""),
    "nobody": ({"totalResults": 0, "Resources": []}, [], ""),
    "nobody, null": ({"totalResults": 0, "Resources": None}, [], ""),
    "all there are, strangers": ({"totalResults": 1, "Resources": [{"id": "u-9", "userName": "bo"}]}, [], ""),
    "some of the strangers": (
        {"totalResults": 500, "Resources": [{"id": "u-9", "userName": "bo"}]},
        [],
        "says that 500 match and lists 1",
    ),
    "fewer than match": ({"totalResults": 2, "Resources": users(1)}, ["u-1"], "says that 2 match and lists 1"),
    "one that is not shown": ({"totalResults": 1, "Resources": []}, [], "says that 1 match and lists 0"),
    "one that is not listed": ({"totalResults": "1"}, [], "says that 1 match and lists 0"),
    "one object": ({"totalResults": 1, "Resources": USER}, [], "lists something that is not a resource"),
    "null among them": (
        {"totalResults": 2, "Resources": [None, *users(1)]},
        ["u-1"],
        "lists something that is not a resource",
    ),
}


@pytest.mark.parametrize(("body", "ids", "doubt"), FOUND.values(), ids=FOUND)
async def test_who_is_not_found_is_absent_only_where_the_answer_is_whole(body, ids, doubt):
    async with answering(reply(200, body)) as (client, _):
        found = await client.find("user", "userName", "anna")

    assert ([one["id"] for one in found.resources], found.doubt, found.complete) == (ids, doubt, doubt == "")


@pytest.mark.parametrize("status", [201, 202, 206, 207])
async def test_a_list_with_a_status_of_something_else_is_doubted(status):
    async with answering(reply(status, {"totalResults": 0, "Resources": []})) as (client, _):
        found = await client.find("user", "userName", "anna")
        page = await client.page("user", 1, 10)

    assert (found.doubt, page.doubt) == (f"has the status {status}",) * 2


# What was created

HOST = "http://{host}"
LOCATIONS = {
    "absolute": (HOST + ENDPOINT + "/u-7", "u-7"),
    "a path": (ENDPOINT + "/u-7", "u-7"),
    "encoded": (ENDPOINT + "/a%2Fb%20c%C3%A9", "a/b cé"),
    "another host": ("https://other.example" + ENDPOINT + "/u-7", None),
    "another scheme": ("https://{host}" + ENDPOINT + "/u-7", None),
    "another endpoint": (HOST + "/scim/v2/Groups/u-7", None),
    "another version": (HOST + "/scim/v1/Users/u-7", None),
    "the endpoint": (HOST + ENDPOINT, None),
    "the endpoint with a slash": (HOST + ENDPOINT + "/", None),
    "deeper": (HOST + ENDPOINT + "/u-7/photos", None),
    "with a query": (HOST + ENDPOINT + "/u-7?a=b", None),
    "with a fragment": (HOST + ENDPOINT + "/u-7#a", None),
    "up": (HOST + ENDPOINT + "/..", None),
    "up, encoded": (HOST + ENDPOINT + "/%2E%2E", None),
    "control": (HOST + ENDPOINT + "/u%1B", None),
    "not UTF-8": (HOST + ENDPOINT + "/u%FF", None),
    "too long": (HOST + ENDPOINT + "/" + "a" * 2049, None),
    "no address": ("http://[bad", None),
    "another kind of address": ("urn:" + ENDPOINT + "/u-7", None),
    "empty": ("", None),
}


@pytest.mark.parametrize("status", [201, 204])
@pytest.mark.parametrize(("location", "target_id"), LOCATIONS.values(), ids=LOCATIONS)
async def test_the_id_of_what_was_created_is_taken_from_a_sure_location(location, target_id, status):
    async with answering(None) as (client, server):
        server.replies = [reply(status, Location=location.replace("{host}", server.origin[7:]))]
        if target_id is not None:
            assert (await client.create("user", {"userName": "anna"})).resource == {"id": target_id}
            return
        with pytest.raises(Malformed) as refused:
            await client.create("user", {"userName": "anna"})

    assert refused.value.status == status


@pytest.mark.parametrize("status", [200, 202, 206, 207])
async def test_a_location_is_no_answer_to_a_create_with_another_status(status):
    async with answering(reply(status, Location=f"{ENDPOINT}/u-7")) as (client, _):
        with pytest.raises(Malformed) as refused:
            await client.create("user", {"userName": "anna"})

    assert refused.value.status == status


async def test_the_body_of_what_was_created_goes_before_its_location():
    async with answering(reply(201, USER, Location=f"{ENDPOINT}/u-7")) as (client, _):
        assert (await client.create("user", {"userName": "anna"})).resource["id"] == "u-1"


@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 207])
async def test_a_create_answered_with_the_resource_is_done_whatever_the_success(status):
    async with answering(reply(status, USER)) as (client, _):
        assert (await client.create("user", {"userName": "anna"})).resource["id"] == "u-1"


# How text is written

ZOE = {"id": "u-1", "userName": "Zoë 山田 👩‍💻"}
SPELT = {
    "UTF-8": (json.dumps(ZOE, ensure_ascii=False).encode(), ""),
    "UTF-8 with a mark": (json.dumps(ZOE, ensure_ascii=False).encode("utf-8-sig"), ""),
    "escapes": (json.dumps(ZOE).encode(), ""),
    "UTF-16": (json.dumps(ZOE, ensure_ascii=False).encode("utf-16"), ""),
    "UTF-16 big-endian": (json.dumps(ZOE, ensure_ascii=False).encode("utf-16-be"), ""),
    "UTF-16 little-endian": (json.dumps(ZOE, ensure_ascii=False).encode("utf-16-le"), "charset=utf-8"),
    "UTF-32": (json.dumps(ZOE, ensure_ascii=False).encode("utf-32"), ""),
    "UTF-8, another charset declared": (json.dumps(ZOE, ensure_ascii=False).encode(), "charset=iso-8859-1"),
}


@pytest.mark.parametrize(("payload", "charset"), SPELT.values(), ids=SPELT)
async def test_text_is_read_as_it_was_written(payload, charset):
    async with answering(reply(200, payload, Content_Type=f"application/scim+json; {charset}")) as (client, _):
        assert (await client.read("user", "u-1")).resource == ZOE


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [("iso-8859-1", "ISO-8859-1"), ("windows-1252", '"windows-1252"'), ("iso-8859-15", "iso-8859-15; v=1")],
)
async def test_text_is_read_in_the_charset_it_declares(encoding, charset):
    payload = '{"id": "u-1", "userName": "Zoë"}'.encode(encoding)
    async with answering(reply(200, payload, Content_Type=f"application/json; charset={charset}")) as (client, _):
        assert (await client.read("user", "u-1")).resource["userName"] == "Zoë"


async def test_text_that_cannot_be_read_is_replaced_and_proves_nobody_absent():
    payload = b'{"totalResults": 1, "Resources": [{"id": "u-1", "userName": "Zo\xeb"}]}'
    async with answering(reply(200, payload)) as (client, _):
        found = await client.find("user", "userName", "Zoë")
        page = await client.page("user", 1, 10)

    assert (found.resources, found.complete, found.doubt) == ([], False, "is not UTF-8")
    assert ([one["userName"] for one in page.resources], page.complete) == (["Zo�"], False)


VALUES = {
    "half a character": (b'"an\\ud83d"', "an�"),
    "NUL": (b'"an\\u0000na"', "an�na"),
    "a raw tab": (b'"an\tna"', "an\tna"),
    "NaN": (b"NaN", None),
    "infinity": (b"-Infinity", None),
    "a number beyond a float": (b"1e999", None),
    "a number of 5,000 digits": (b"1" * 5000, None),
    "a number of 30 digits": (b"1" * 30, int("1" * 30)),
}


@pytest.mark.parametrize(("written", "read"), VALUES.values(), ids=VALUES)
async def test_a_value_that_cannot_be_kept_is_replaced_where_it_stands(written, read):
    async with answering(reply(200, b'{"id": "u-1", "userName": "anna", "odd": ' + written + b"}")) as (client, _):
        resource = (await client.read("user", "u-1")).resource

    assert (resource["userName"], resource.get("odd")) == ("anna", read)


@pytest.mark.parametrize("levels", [NESTED - 1, NESTED, 900])
async def test_a_value_is_read_as_deep_as_anything_goes_that_means_something(levels):
    written = b"[" * levels + b"]" * levels
    async with answering(reply(200, b'{"id": "u-1", "userName": "anna", "odd": ' + written + b"}")) as (client, _):
        resource = (await client.read("user", "u-1")).resource

    assert (resource["userName"], json.dumps(resource["odd"]).count("[")) == ("anna", NESTED - 1)


READ = {
    "active as text": ("active", "False", False),
    "active as a number": ("active", 1, 1),
    "active as a word": ("active", "yes", "yes"),
    "a list for a text": ("displayName", ["a"], "a"),
    "two for one text": ("displayName", ["a", "b"], ["a", "b"]),
    "a number for a text": ("externalId", 7, 7),
    "an object for a list": ("emails", {"value": "a@x"}, [{"value": "a@x"}]),
    "a text for a list": ("emails", "a@x", [{"value": "a@x"}]),
    "a text for an object": ("name", "Anna", "Anna"),
    "a text for meta": ("meta", "x", "x"),
    "wrong schemas": ("schemas", {}, {}),
    "an unknown attribute": ("shoeSize", [{"left": 1}], [{"left": 1}]),
}


@pytest.mark.parametrize(("field", "value", "read"), READ.values(), ids=READ)
async def test_a_field_of_another_type_is_read_where_it_fits_and_shown_as_it_came_elsewhere(field, value, read):
    async with answering(reply(200, {**USER, field: value})) as (client, _):
        resource = (await client.read("user", "u-1")).resource

    assert (resource[field], resource["userName"]) == (read, "anna")


# What we send

SENT = {
    "Latin": "Zoë Ångström-O'Neil",
    "combining": "Zoe\u0308",
    "Greek, Japanese": "Ελένη 山田太郎",
    "right to left": "\u200fשלום\u200e \u202eevil\u202c",
    "emoji": "👩‍💻🏳️‍🌈🇪🇸",
    "unassigned and private": "\u0378\ue000\U000f0000",
    "last of Unicode": "\U0010ffff",
    "controls": "a\x01\x1b\x7f\x9f",
    "NUL": "a\0b",
    "byte order mark": "\ufeffa",
    "line separators": "a\u2028b\u2029c\r\n",
    "JSON and filters": '" or userName pr or "\\',
    "percent and plus": "100%25+%2B&=?#;/",
    "every letter of a plane": "".join(map(chr, range(0x100, 0x800))),
}


@pytest.mark.parametrize("name", SENT.values(), ids=SENT)
async def test_a_name_is_sent_letter_by_letter(name):
    async with answering(reply(200, {**USER, "userName": name})) as (client, server):
        await client.create("user", {"userName": name})
        await client.patch("user", "u-1", [Operation(op="replace", path="displayName", value=name)])
        server.replies = [reply(200, {"totalResults": 1, "Resources": [{**USER, "userName": name}]})]
        await client.find("user", "userName", name)

    assert server.body(0)["userName"] == name
    assert server.body(1)["Operations"][0]["value"] == name
    assert server.line(2).isascii()


@pytest.mark.parametrize("half", ["\ud83d", "a\ude00b", "\udcff"], ids=ascii)
async def test_half_a_character_is_sent_nowhere(half):
    change = [Operation(op="replace", path="displayName", value=half)]
    async with answering(reply(200, USER)) as (client, server):
        for asking in (
            client.find("group", "displayName", half),
            client.create("user", {"userName": half}),
            client.create("group", {"displayName": half}),
            client.patch("user", "u-1", change),
            client.patch_members("g-1", [half], []),
        ):
            with pytest.raises(Rejected, match="half of a character") as refused:
                await asking
            str(refused.value).encode()

    assert server.requests == []
