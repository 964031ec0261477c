"""Every fault of an answer at every place of a read: what it is taken for, and that it is never taken for an end."""

import gzip
import time

import pytest

from provisor.engine.ports import Malformed, Rejected, Throttled, Unauthorized, Unreachable
from provisor.engine.sources import CursorLost
from provisor.rules.source_settings import MirroredApplication
from support.prepared_answers import Cut, reply
from support.prepared_tenant import APP, crowd, page, person

MIRRORED = (MirroredApplication(service_principal=APP, application="here"),)
ROLES = f"/v1.0/servicePrincipals/{APP}?"
ASSIGNED = f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo"

# How the path of the request begins, and whether the read goes on from a cursor of a read that is over.
PLACES = {
    "first users": ("/v1.0/users/delta?$select", False),
    "further users": ("/v1.0/users/delta?$skiptoken=u", False),
    "changed users": ("/v1.0/users/delta?$deltatoken=u1", True),
    "first groups": ("/v1.0/groups/delta?$select", False),
    "further groups": ("/v1.0/groups/delta?$skiptoken=g", False),
    "changed groups": ("/v1.0/groups/delta?$deltatoken=g1", True),
    "roles": (ROLES, True),
    "assigned": (ASSIGNED, True),
    "further assigned": (f"{ASSIGNED}?$skiptoken", True),
}


def error(status, code="", message="", **headers):
    return reply(status, {"error": {"code": code, "message": message}}, **headers)


def silent(request):
    time.sleep(0.6)
    return reply(200, {"value": []})


LONG = reply(200, b'{"value": [' + b" " * (17 << 20) + b"]}")
BOMB = reply(200, gzip.compress(b'{"value": [' + b" " * (17 << 20) + b"]}"), Content_Encoding="gzip")

FAULTS = {
    "gone": (error(410, "syncStateNotFound", Location="https://graph.example/v1.0/users/delta"), CursorLost),
    "sync state": (error(400, "syncStateNotFound", "The sync state generation is not found."), CursorLost),
    "resync": (error(404, "resyncRequired"), CursorLost),
    "expired page": (error(400, "Directory_ExpiredPageToken"), CursorLost),
    "unauthorized": (error(401, "InvalidAuthenticationToken"), Unauthorized),
    "busy for long": (error(429, "TooManyRequests", Retry_After="300"), Throttled),
    "down for long": (error(503, "ServiceUnavailable", Retry_After="300"), Throttled),
    "busy": (error(429), Throttled),
    "broken": (error(500, "InternalServerError"), Unreachable),
    "gateway": (reply(502, b"<html>Bad gateway</html>"), Unreachable),
    "not built": (error(501, "NotImplemented"), Rejected),
    "moved": (reply(302, Location="https://evil.example/"), Malformed),
    "no content": (reply(204), Malformed),
    "text": (reply(200, b"<html>Sign in</html>"), Malformed),
    "nothing": (reply(200, b""), Malformed),
    "a list": (reply(200, []), Malformed),
    "cut": (Cut(reply(200, {"value": []})[:-3].replace(b"Content-Length: 13", b"Content-Length: 99")), Unreachable),
    "closed": (None, Unreachable),
    "silent": (silent, Unreachable),
    "no HTTP": (Cut(b"220 mail.example ESMTP\r\n"), Unreachable),
    "long": (LONG, Malformed),
    "unpacked long": (BOMB, Malformed),
    "packed badly": (reply(200, b"no gzip", Content_Encoding="gzip"), Unreachable),
}
# What only a page can be.
PAGES = {
    "no value": (reply(200, {}), Malformed),
    "a value that is no list": (reply(200, {"value": {}}), Malformed),
    "a link that is no text": (reply(200, {"value": [], "@odata.nextLink": 7}), Malformed),
    "another host": (page(next_link="https://evil.example/v1.0/users/delta?$skiptoken=1"), Malformed),
    "another port": (page(next_link="http://127.0.0.1:9/v1.0/users/delta?$skiptoken=1"), Malformed),
    "no address": (page(next_link="http://[::1/v1.0"), Malformed),
    "a file": (page(next_link="file:///etc/passwd"), Malformed),
}


@pytest.fixture
def filled(tenant):
    """A tenant whose every collection has two pages; its read with a mirrored application, and a cursor behind it."""
    tenant.on("/v1.0/users/delta", page(person("a"), next_link=f"{tenant.origin}/v1.0/users/delta?$skiptoken=u"))
    tenant.on("/v1.0/users/delta?$skiptoken=u", page(delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1"))
    tenant.on("/v1.0/users/delta?$deltatoken=u1", page(delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u2"))
    tenant.on("/v1.0/groups/delta", page(crowd("g"), next_link=f"{tenant.origin}/v1.0/groups/delta?$skiptoken=g"))
    tenant.on("/v1.0/groups/delta?$skiptoken=g", page(delta_link=f"{tenant.origin}/v1.0/groups/delta?$deltatoken=g1"))
    tenant.on("/v1.0/groups/delta?$deltatoken=g1", page(delta_link=f"{tenant.origin}/v1.0/groups/delta?$deltatoken=g2"))
    tenant.on(ROLES, reply(200, {"id": APP, "appRoles": []}))
    tenant.on(ASSIGNED, page(next_link=f"{tenant.origin}{ASSIGNED}?$skiptoken=2"))
    tenant.on(f"{ASSIGNED}?$skiptoken", page())
    *_, last = tenant.source(applications=MIRRORED).read(None)
    assert last.last
    return tenant, last.cursor


def fails(filled, place, answer, expected, *, seconds=0.3):
    """Read until the fault; what was told before, and the error."""
    tenant, cursor = filled
    path, later = PLACES[place]
    tenant.on(path, answer)
    pages = []
    source = tenant.source(applications=MIRRORED, seconds=seconds)
    with pytest.raises(expected) as raised:
        pages.extend(source.read(cursor if later else None))
    assert type(raised.value) is expected
    assert not any(each.last for each in pages)
    return raised.value


@pytest.mark.fast_rows(40)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_the_read_as_what_it_is(filled, place, fault):
    answer, expected = FAULTS[fault]

    raised = fails(filled, place, answer, expected, seconds=5.0 if expected is Malformed else 0.3)

    assert str(raised).endswith(".")
    assert "token-" not in str(raised)


@pytest.mark.fast_rows(20)
@pytest.mark.parametrize("place", [each for each in PLACES if each != "roles"])
@pytest.mark.parametrize("fault", PAGES)
def test_a_page_that_is_none_ends_the_read(filled, place, fault):
    answer, expected = PAGES[fault]

    fails(filled, place, answer, expected)


@pytest.mark.parametrize("place", [each for each in PLACES if "users" in each or "groups" in each])
def test_a_page_with_neither_link_is_no_end(filled, place):
    raised = fails(filled, place, page(), Malformed)

    assert "neither a next page nor an end" in str(raised)


@pytest.mark.parametrize("place", ["first users", "further groups", "changed users", "assigned"])
def test_pages_that_lead_round_in_a_circle_come_to_an_end(filled, place):
    tenant, _ = filled
    again = f"{tenant.origin}{PLACES[place][0]}"
    tenant.on(PLACES[place][0], page(next_link=again))

    raised = fails(filled, place, page(next_link=again), Malformed)

    assert "circle" in str(raised)


def test_empty_pages_without_end_come_to_an_end(tenant):
    count = iter(range(10_000))
    tenant.on(
        "/v1.0/users/delta", lambda _: page(next_link=f"{tenant.origin}/v1.0/users/delta?$skiptoken={next(count)}")
    )

    with pytest.raises(Malformed, match="circle"):
        list(tenant.source().read(None))

    assert len(tenant.paths()) < 1_100


@pytest.mark.parametrize("place", ["changed users", "changed groups"])
def test_a_link_of_a_cursor_that_is_refused_without_a_word_is_lost(filled, place):
    fails(filled, place, error(400, "Request_BadRequest", "The token is none of this query's."), CursorLost)


@pytest.mark.parametrize("place", ["first users", "further users", "first groups"])
def test_a_query_that_is_refused_is_not_asked_again_and_again(filled, place):
    raised = fails(filled, place, error(400, "Request_BadRequest", "Could not find a property named 'x'."), Rejected)

    assert "Could not find a property named 'x'" in str(raised)


@pytest.mark.parametrize(
    ("place", "right"),
    [("first users", "User.Read.All"), ("changed users", "User.Read.All"), ("first groups", "GroupMember.Read.All"),
     ("changed groups", "GroupMember.Read.All")],
)  # fmt: skip
def test_a_right_that_lacks_is_named(filled, place, right):
    raised = fails(
        filled,
        place,
        error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        Rejected,
    )

    assert raised.status == 403
    assert right in str(raised)
    assert "Insufficient privileges" in str(raised)


# Waiting


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("answer", "pauses"),
    [(error(429, Retry_After="7"), [7.0]), (error(503, Retry_After="3"), [3.0]), (error(429), [1.0]), (error(503), [1.0]),
     (error(429, Retry_After="Sun, 22 Nov 2026 09:00:05 GMT"), [5.0]), (error(500), [1.0]), (reply(504), [1.0]), (None, [1.0])],
    ids=["429", "503", "429 unsaid", "503 unsaid", "429 until", "500", "504", "closed"],
)  # fmt: skip
@pytest.mark.fast_rows(16)
def test_a_busy_tenant_is_asked_again_when_it_says(filled, place, answer, pauses):
    tenant, cursor = filled
    path, later = PLACES[place]
    tenant.on(
        path, answer, tenant.answers[next(each for each in (path, path.partition("?")[0]) if each in tenant.answers)][0]
    )

    *_, last = tenant.source(applications=MIRRORED).read(cursor if later else None)

    assert last.last
    assert tenant.paused == pauses


def test_nobody_waits_for_longer_than_half_a_minute(filled):
    raised = fails(filled, "first users", error(429), Throttled)

    assert sum(filled[0].paused) <= 30
    assert not raised.told


def test_a_long_pause_is_left_to_the_next_run(filled):
    raised = fails(filled, "first users", error(429, Retry_After="300"), Throttled)

    assert filled[0].paused == []
    assert raised.told
    assert f"{raised.until:%H:%M:%S}" == "09:05:00"


def test_a_silent_tenant_is_not_asked_again(filled):
    raised = fails(filled, "first users", silent, Unreachable)

    assert raised.timed_out
    assert filled[0].paused == []


def test_a_token_that_is_echoed_is_not_told(filled):
    raised = fails(filled, "first users", error(403, "x", "Bearer token-2 may not"), Rejected)

    assert "Bearer ••• may not" in str(raised)
