"""Every part of every body of synchronization, replaced by what does not belong there: never a fault of ours, and
nothing changed where it was refused."""

import copy

import pytest

from support.synchronized import SECRETS, TEMPLATE

ODD = [
    *(None, 0, -1, 1.5, True, "", "x", "*", "\r\n", "\x00", "é" * 300, [], {}, [[]], {"a": []}, "9" * 400, 10**30),
    *(
        "P1D",
        "٣",
        '{"Enabled": [], "Recipients": 5}',
        '{"DeleteThresholdEnabled": true, "DeleteThresholdValue": 1e400}',
    ),
]
NOTICES = '{"Enabled":true,"Recipients":"a@x.example","DeleteThresholdEnabled":true,"DeleteThresholdValue":4}'
PAIRS = [*SECRETS, {"key": "SyncNotificationSettings", "value": NOTICES}, {"key": "SyncAll", "value": "True"}]
SETTINGS = [{"name": "Leavers", "value": "delete-after"}, {"name": "DeleteAfterDays", "value": "3"}]
CHECK = {"useSavedCredentials": False, "credentials": SECRETS, "templateId": TEMPLATE}
TRIED = {
    "expression": 'Join("-", [a], [b])',
    "testInputObject": {"definition": None, "properties": [{"key": "a", "value": "x"}, {"key": "b", "value": ["x"]}]},
    "targetAttributeDefinition": {"name": "x", "type": "Boolean", "multivalued": False},
}
SUBJECT = {
    "objectId": "x",
    "objectTypeName": "Group",
    "links": {"members": [{"objectId": "x", "objectTypeName": "User"}]},
}
SCHEDULE = {"interval": "PT5M", "state": "Disabled", "expiration": None}
BODIES = {
    "PATCH {job}": {"synchronizationJobSettings": SETTINGS, "schedule": SCHEDULE, "templateId": TEMPLATE},
    "POST {job}/restart": {"criteria": {"resetScope": "Full"}},
    "POST {job}/validateCredentials": CHECK,
    "POST {job}/provisionOnDemand": {"parameters": [{"ruleId": "RULE", "subjects": [SUBJECT]}]},
    "POST {job}/schema/parseExpression": TRIED,
    "POST {around}/jobs": {"templateId": "nothing"},
    "POST {around}/jobs/validateCredentials": CHECK,
    "PUT {around}/secrets": {"value": PAIRS, "linksAfterwards": "keep"},
    "PUT {around}": {"secrets": PAIRS, "linksAfterwards": "keep"},
}


def parts(value, path=()):
    """The place of the value itself, and of everything in it."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from parts(inner, (*path, key))


def replaced(value, path, odd):
    if not path:
        return odd
    found = copy.copy(value)
    found[path[0]] = replaced(value[path[0]], path[1:], odd)
    return found


def contents(service):
    reader = service.database.reader()
    tables = ("job", "ruleset", "secret", "run_request", "application", "link", "quarantine")
    return [reader.all(f"SELECT * FROM {table}") for table in tables]


@pytest.fixture
def job(service):
    return service.job()


@pytest.mark.parametrize("what", BODIES)
def test_an_odd_body_is_taken_or_refused_whole(service, job, what, thorough):
    method, _, path = what.partition(" ")
    path = path.format(job=job, around=service.path)
    schema = service.graph.get(f"{job}/schema").body
    body = copy.deepcopy(BODIES[what])
    if "parameters" in body:
        body["parameters"][0]["ruleId"] = schema["synchronizationRules"][1]["id"]

    for number, place in enumerate(parts(body)):
        for odd in ODD if thorough else ODD[number % 4 :: 4]:
            before = contents(service)

            reply = service.graph.request(method, path, body=replaced(body, place, odd))

            assert reply.status < 500, (place, odd)
            if reply.status >= 400:
                assert contents(service) == before, (place, odd)
    assert service.graph.get(job).status == 200
    assert service.graph.get(f"{service.path}/secrets").status == 200


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
@pytest.mark.parametrize("within", ["synchronizationRules", "directories"])
def test_an_odd_part_of_a_schema_is_taken_or_refused_whole(service, job, within, odd, thorough):
    schema = service.graph.get(f"{job}/schema").body
    every = [(within, *place) for place in parts(schema[within])]

    for place in every[ODD.index(odd) % 5 :: max(1, len(every) // (25 if thorough else 6))]:
        before = contents(service)

        reply = service.graph.put(f"{job}/schema", replaced(schema, place, odd))

        assert reply.status in (204, 400), place
        if reply.status == 400:
            assert contents(service) == before, place
        for what in ("", "/directories", "/functions", "/filterOperators"):
            assert service.graph.get(f"{job}/schema{what}").status == 200, place
