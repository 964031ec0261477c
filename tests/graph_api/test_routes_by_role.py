"""Every route as every role, about an own and a foreign application: answered, or refused as the table of roles says.

The table of routes is walked, so a new one is tried as well; one whose body nobody has written down here fails. What is
allowed is answered as the local operator is; what is refused changes nothing, and is in the audit log. What somebody
may not see is told of word for word as what never was.
"""

import json
import re
from itertools import count

import pytest

from provisor.admin import actor as may
from provisor.admin.actor import ALL_PERMISSIONS, OF_APPLICATIONS, Actor
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import APPLICATION_OWNER, PERMISSIONS, ROLES
from provisor.graph_api.routes import ROUTES
from support.graph_objects import stored
from support.route_requests import ADDRESS, BODIES, JOB, NAMES, ask, assigning, filled, named
from support.two_applications import (
    OF_ONE,
    OPERATOR,
    OUTSIDERS,
    PLACES,
    never,
    two_applications,
)

# Answered to whoever may it of any application, with what the caller may see.
FILTERED = {
    "GET /applicationTemplates",
    "GET /applicationTemplates/{applicationTemplate}",
    "GET /applications",
    "GET /servicePrincipals",
    "GET /users/{user}/appRoleAssignments",
    "GET /groups/{group}/appRoleAssignments",
    "GET /auditLogs/provisioning",
}
# Refused to everybody, whatever they may: what it would change cannot be changed.
REFUSED = {
    **{name: 400 for name, route in NAMES.items() if "/bulkUpload" in route.path},
    **{name: 400 for name, route in NAMES.items() if route.method in ("PUT", "PATCH") and "/templates/" in route.path},
}
ASKS_ONLY = {name for name in NAMES if name.endswith(("/parseExpression", "/getByIds", "ExtensionProperties"))}
CHANGING = [name for name, route in NAMES.items() if route.method != "GET" and name not in ASKS_ONLY]
READING = [name for name in NAMES if name not in CHANGING]
# Administrators of cloud applications may the same as those of applications: one of them is enough.
TRIED = [role for role in ROLES if role != "Cloud Application Administrator"]


def test_roles_that_are_not_tried_may_what_another_may():
    assert {(one.permissions, one.own_permissions) for one in ROLES.values()} == {
        (ROLES[role].permissions, ROLES[role].own_permissions) for role in TRIED
    }


def test_no_role_may_change_what_it_may_not_see():  # or a change would be made, and its answer refused
    for role in ROLES.values():
        for held in (role.permissions, role.permissions | role.own_permissions):
            assert may.JOB_READ in held or not held & {may.JOB_WRITE, may.JOB_RUN, may.JOB_CREDENTIALS}
            assert may.APPLICATION_READ in held or not held & OF_APPLICATIONS
            assert may.DIRECTORY_READ in held or may.DIRECTORY_WRITE not in held


def test_no_route_is_forgotten():
    assert {name for name, route in NAMES.items() if route.body is not None} == set(BODIES)
    assert {*FILTERED, *REFUSED} <= set(NAMES)


@pytest.fixture(scope="module")
def prepared(migrated_file, tmp_path_factory):
    return two_applications(tmp_path_factory.mktemp("two"), migrated_file)


@pytest.fixture(scope="module")
def still(prepared, tmp_path_factory):
    """A copy that nobody may change: refusals and reading. Both applications have a plan under way there."""
    opened = prepared.open(tmp_path_factory.mktemp("still"))
    for place in PLACES:
        known = prepared.known[place]
        known["request"] = opened.admin.plan_making.ask(ME, known["job"]).id
        schema = opened.graph.get(f"{JOB}/schema".format(**{**known, "assignment": ""})).body
        known["schema"] = {name: value for name, value in schema.items() if not name.startswith("@")}
        known["audit"] = opened.graph.get("/auditLogs/directoryAudits").value[0]["id"]
        known["directory"] = schema["directories"][1]["id"]
        known["rule"] = schema["synchronizationRules"][0]["id"]
        for _ in range(2_000):
            if opened.graph.get(f"/beta/provisor/planRequests/{known['request']}").body["status"] != "running":
                break
    yield opened
    opened.close()


@pytest.fixture
def copies(prepared, tmp_path):
    """Opens further ones, as if nothing had been asked of them."""
    made, numbers = [], count()

    def opened():
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        made.append(prepared.open(folder))
        return made[-1]

    yield opened
    for each in made:
        each.close()


def about_one(name):
    """Whether the route is about one application, in its path or its body."""
    route = NAMES[name]
    return route.permission in OF_APPLICATIONS and name not in FILTERED


def permissions_of(name):
    """What the route asks for, all of it."""
    route = NAMES[name]
    return [one for one in (route.permission, *route.also) if one]


def missing(actor, name, place, prepared):
    """What the caller lacks of what the route asks for, the application's part asked with it."""
    needed = permissions_of(name)
    application = prepared.known[place]["servicePrincipal"] if about_one(name) else None
    return [one for one in needed if not actor.may(one, application if one in OF_APPLICATIONS else None)]


def refusal(actor, name, place, lacks, prepared):
    """403, or 404 where the caller may not know that it exists."""
    if not about_one(name) or not actor.may(lacks[0]):
        return 403
    return 403 if actor.sees(prepared.known[place]["servicePrincipal"], lacks[0]) else 404


def told(reply, name, known):
    """What an answer says, without ids, times and what tells one request from another."""
    values = named(NAMES[name], known)
    text = json.dumps({name: value for name, value in reply.error.items() if name != "innerError"})
    inner = {name: value for name, value in reply.error["innerError"].items() if name in ("reason", "hint")}
    for name in sorted(OF_ONE, key=lambda name: -len(values[name])):  # an id of a job has others in it
        text = text.replace(values[name], f"<{name}>")
    return reply.status, text, inner, sorted(reply.headers)


def kept(opened, reply):
    """What the audit log has of a request."""
    return opened.database.reader().all(
        "SELECT actor_id, actor_kind, address, result, detail FROM audit_event WHERE correlation = ?",
        (reply.headers["request-id"],),
    )


def audit_refused(opened, actor, reply, lacks):
    (event,) = kept(opened, reply)
    assert event[:4] == (actor.id, "token", ADDRESS, "failure")
    assert json.loads(event[4])["permission"] in lacks


@pytest.fixture(scope="module")
def actors(still, prepared):
    """Who the tokens say that one is."""
    who = {role: still.admin.authentication.authenticate(prepared.tokens[role]) for role in (*TRIED, "no role")}
    assert who[APPLICATION_OWNER].owned == {prepared.known["Own"]["servicePrincipal"]}
    return who


@pytest.mark.fast_rows(24)
@pytest.mark.parametrize("name", NAMES)
def test_whom_the_table_refuses_it_is_refused_and_nothing_is_changed(name, still, prepared, actors):
    before = stored(still.admin)
    for role, actor in actors.items():
        for place in PLACES if about_one(name) else PLACES[:1]:
            lacks = missing(actor, name, place, prepared)
            if not lacks:
                continue
            known, token = prepared.known[place], prepared.tokens[role]

            reply = ask(still, name, token, known)

            assert reply.status == refusal(actor, name, place, lacks, prepared), (role, place, reply.body)
            audit_refused(still, actor, reply, lacks)
            if about_one(name) and not actor.sees(known["servicePrincipal"]):
                nobodys = never(known)
                unknown = ask(still, name, token, nobodys)
                assert told(unknown, name, nobodys) == told(reply, name, known), (role, place)
    assert stored(still.admin) == before


def whoever_may(name, actors, prepared):
    """Roles and places for which it is not refused."""
    for role, actor in actors.items():
        for place in PLACES if about_one(name) else PLACES[:1]:
            if not missing(actor, name, place, prepared):
                yield role, place


def without_links(reply):
    """The answer, but for the moment at which it was given, which the tokens of links hold too."""
    return without_the_time(reply.body)


def without_the_time(value):
    match value:
        case dict():
            told = {name: each for name, each in value.items() if not name.endswith(("Link", "ObservationDateTime"))}
            return {name: without_the_time(each) for name, each in told.items()}
        case list():
            return [without_the_time(each) for each in value]
        case _:
            return value


@pytest.mark.fast_rows(24)
@pytest.mark.parametrize("name", READING)
def test_whoever_may_reads_what_the_operator_reads(name, still, prepared, actors):
    before = stored(still.admin)
    for role, place in whoever_may(name, actors, prepared):
        known, token = prepared.known[place], prepared.tokens[role]

        reply, theirs = (ask(still, name, each, known) for each in (token, OPERATOR))

        assert reply.status == theirs.status == REFUSED.get(name, 200), (role, place, reply.body)
        if role == APPLICATION_OWNER:
            foreign = prepared.known["Foreign"]
            hidden = [foreign[one] for one in ("application", "servicePrincipal", "job", "event")] + ["Foreign"]
            assert [one for one in hidden if one in reply.raw.decode()] == []
        elif name not in REFUSED and "auditLogs/directoryAudits" not in name:
            assert without_links(reply) == without_links(theirs), (role, place)
    assert stored(still.admin) == before


@pytest.mark.fast_rows(24)
@pytest.mark.parametrize("name", CHANGING)
def test_whoever_may_is_answered_as_the_operator_is(name, copies, still, prepared, actors):
    answered = {}
    for role, place in whoever_may(name, actors, prepared):
        if role == "Application Administrator" and place == "Own":
            continue  # as a Global Administrator there
        known = prepared.known[place]
        if place not in answered:
            answered[place] = ask(copies(), name, OPERATOR, known)
            assert answered[place].status == REFUSED.get(name, NAMES[name].status), answered[place].body
        opened = copies()

        reply = ask(opened, name, prepared.tokens[role], known)

        assert reply.status == answered[place].status, (role, place, reply.body)
        assert [event for event in kept(opened, reply) if event[3] == "failure"] == []
        if reply.status < 400:
            assert [event[0] for event in kept(opened, reply)][:1] in ([actors[role].id], []), (role, place)


# What a route asks for


def somebody(permissions):
    return Actor(id="somebody", name="somebody", kind="user", permissions=frozenset(permissions))


@pytest.mark.fast_rows(24)
@pytest.mark.parametrize("name", [name for name, route in NAMES.items() if route.permission])
def test_a_route_says_what_its_verb_asks_for(name, still, copies, prepared, actors):
    needed = permissions_of(name)
    known = prepared.known["Own"]
    for lacking in needed:
        still.fixed["somebody"] = somebody(ALL_PERMISSIONS - {lacking})

        reply = ask(still, name, "somebody", known)

        assert reply.status == 403, (lacking, reply.body)
        assert f"the permission {lacking} is required" in reply.error["message"]
    opened = still if name in READING else copies()
    opened.fixed["somebody"] = somebody(needed)

    reply = ask(opened, name, "somebody", known)

    assert reply.status == REFUSED.get(name, NAMES[name].status), reply.body


@pytest.mark.parametrize("place", ["jobs", "jobs/{job}"])
def test_saved_credentials_are_tried_without_the_right_to_give_others(place, still, prepared):
    still.fixed["somebody"] = somebody({may.JOB_RUN})
    known = prepared.known["Own"]
    path = f"/servicePrincipals/{known['servicePrincipal']}/synchronization/{place.format(job=known['job'])}"

    reply = still.graph.as_("somebody").post(f"{path}/validateCredentials", {"useSavedCredentials": True})

    assert reply.status == 204, reply.body


# Nobody


@pytest.mark.parametrize("who", ["no token", "an unknown token", *OUTSIDERS[1:]])
def test_nobody_is_answered_nothing(who, still, prepared, actors):
    before = stored(still.admin)
    token = {"no token": None, "an unknown token": "prvt_" + "x" * 40}.get(who, prepared.tokens.get(who))

    for number, name in enumerate(NAMES):  # from many addresses: one is soon told to wait
        reply = ask(still, name, token, prepared.known["Own"], f"198.51.100.{number}")
        assert (reply.status, reply.error["code"]) == (401, "InvalidAuthenticationToken"), name

    assert stored(still.admin) == before


# Lists and their counts

LISTS = {
    "/applications?$count=true": 1,
    "/servicePrincipals?$count=true": 1,
    "/servicePrincipals?$count=true&$filter=displayName eq 'Foreign'": 0,
    "/servicePrincipals?$count=true&$filter=id eq '{servicePrincipal}'": 0,
    "/servicePrincipals?$count=true&$filter=appId eq '{appId}'": 0,
    "/applications?$count=true&$filter=appId eq '{appId}'": 0,
    "/auditLogs/provisioning?$count=true&$filter=jobId eq '{job}'": 0,
    "/auditLogs/provisioning?$count=true&$filter=servicePrincipal/id eq '{servicePrincipal}'": 0,
    "/users/{user}/appRoleAssignments?$count=true": 1,
    "/users/{user}/appRoleAssignments?$count=true&$filter=resourceId eq {servicePrincipal}": 0,
    "/groups/{group}/appRoleAssignments?$count=true": 1,
}


@pytest.mark.parametrize("path", LISTS)
def test_an_owner_is_counted_what_an_owner_sees(path, still, prepared, actors):
    known = prepared.known["Foreign"] | {"assignment": ""}
    known["appId"] = still.graph.get(f"/servicePrincipals/{known['servicePrincipal']}").body["appId"]
    asked = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], path).replace(" ", "%20")

    reply = still.graph.as_(prepared.tokens[APPLICATION_OWNER]).get(asked)
    theirs = still.graph.get(asked)

    assert (reply.status, reply.body["@odata.count"], len(reply.value)) == (200, LISTS[path], LISTS[path])
    assert theirs.body["@odata.count"] > LISTS[path]


# What is named otherwise, and what of two places is named at once: an own one first, then a foreign one

MIXED = {
    "GET /servicePrincipals/{own.servicePrincipal}/synchronization/jobs/{job}": None,
    "POST /servicePrincipals/{own.servicePrincipal}/synchronization/jobs/{job}/start": None,
    "POST /servicePrincipals/{servicePrincipal}/synchronization/jobs/{own.job}/start": None,
    "DELETE /servicePrincipals/{servicePrincipal}/synchronization/jobs/{own.job}": None,
    "GET /servicePrincipals/{own.servicePrincipal}/appRoleAssignedTo/{assignment}": None,
    "DELETE /servicePrincipals/{own.servicePrincipal}/appRoleAssignedTo/{assignment}": None,
    "GET /applications/{own.application}/extensionProperties/{extensionProperty}": None,
    "DELETE /applications/{own.application}/extensionProperties/{extensionProperty}": None,
    "GET /provisor/plans/{own.plan}/differences/{other}": None,
    "GET /provisor/plans/{plan}/differences/{own.other}": None,
    "POST /servicePrincipals/{own.servicePrincipal}/appRoleAssignedTo": assigning("{own.newUser}"),
    "POST /users/{own.user}/appRoleAssignments": assigning("{own.user}"),
    "GET /servicePrincipals(appId='{appId}')": None,
    "PATCH /applications(appId='{appId}')": {"displayName": "Renamed"},
    "GET /servicePrincipals(appId='{appId}')/synchronization/jobs/{job}": None,
    "PUT /servicePrincipals(appId='{appId}')/synchronization/secrets": {"value": []},
    "GET /provisor/jobs/{name}/settings": None,  # a job may be named by its application
    "POST /provisor/jobs/{name}/heldDeletions/allow": None,
    "GET /provisor/jobs/{servicePrincipal}/plans": None,
    "GET /auditLogs/provisioning?$filter=cycleId%20eq%20'{cycle}'": None,
    "GET /auditLogs/provisioning?$filter=contains(servicePrincipal/displayName,'{name}')": None,
    "GET /applications?$filter=startswith(displayName,'{name}')": None,
}


@pytest.mark.parametrize("request_", MIXED)
def test_a_foreign_one_is_told_of_as_nothing_is_in_every_way_of_naming_it(request_, still, prepared, actors):
    method, _, path = request_.partition(" ")
    foreign = prepared.known["Foreign"]
    seen = still.graph.get(f"/servicePrincipals/{foreign['servicePrincipal']}").body
    event = still.graph.get(f"/auditLogs/provisioning/{foreign['event']}").body
    others = {"appId": seen["appId"], "name": "Foreign", "cycle": event["cycleId"]}
    nobodys = {"appId": never(foreign)["event"], "name": "Nowhere", "cycle": never(foreign)["event"]}
    before, replies = stored(still.admin), []
    for known in (foreign | others, never(foreign) | nobodys):
        values = known | {"assignment": known["assignment"]["User"]}
        values |= {f"own.{name}": value for name, value in prepared.known["Own"].items()}
        asked = re.sub(r"\{([\w.]+)\}", lambda found, values=values: values[found[1]], path)
        body = filled(MIXED[request_], values)
        graph = still.graph.as_(prepared.tokens[APPLICATION_OWNER])
        reply = graph.request(method, f"/beta{asked}", body=body)
        said = re.sub(r'"(date|request-id|client-request-id)":"[^"]*"', "", reply.raw.decode())
        for name in re.findall(r"\{(\w+)\}", f"{path} {json.dumps(MIXED[request_])}"):
            said = said.replace(values[name], f"<{name}>")
        replies.append((reply.status, said))

    assert replies[0] == replies[1]
    assert replies[0][0] in (400, 404) or '"value":[]' in replies[0][1]
    assert stored(still.admin) == before


def test_the_log_is_counted_as_far_as_an_owner_may_read_it(still, prepared, actors):
    path = "/auditLogs/provisioning?$count=true&$top=1"
    own = f"{path}&$filter=jobId%20eq%20'{prepared.known['Own']['job']}'"

    counts = [still.graph.as_(prepared.tokens[APPLICATION_OWNER]).get(one).body["@odata.count"] for one in (path, own)]

    assert counts[0] == counts[1] == still.graph.get(own).body["@odata.count"]


def test_every_permission_of_the_table_that_graph_knows_is_asked_by_a_route():
    asked = {route.permission for route in ROUTES if route.permission}

    assert asked <= set(PERMISSIONS)
    assert asked >= OF_APPLICATIONS | {may.DIRECTORY_READ, may.DIRECTORY_WRITE, may.DIRECTORY_PURGE, may.AUDIT_READ}
