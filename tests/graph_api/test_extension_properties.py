"""Directory extensions over the API: registered with a type, shown where selected, checked by their types."""

from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.runner.importing.import_source import CsvImport
from provisor.storage import extensions
from support.graph_objects import instantiate, stored, user


@pytest.fixture
def application(graph):
    return instantiate(graph)["application"]


@pytest.fixture
def define(graph, application):
    def defined(name="badge", data_type="String", targets=("User",), **more):
        body = {"name": name, "dataType": data_type, "targetObjects": list(targets), **more}
        return graph.post(f"/applications/{application['id']}/extensionProperties", body)

    return defined


def named(application, name):
    return f"extension_{application['appId'].replace('-', '')}_{name}"


def test_a_registered_extension_has_its_long_name(graph, define, application):
    reply = define(targets=("User", "Group"))

    assert reply.status == 201
    assert reply.body["name"] == named(application, "badge")
    assert reply.body["targetObjects"] == ["User", "Group"]
    assert (reply.body["isMultiValued"], reply.body["isSyncedFromOnPremises"]) == (False, False)
    assert reply.body["appDisplayName"] == "Umbrella test"
    assert graph.get(reply.headers["location"]).body["id"] == reply.body["id"]
    assert len(graph.get(f"/applications(appId='{application['appId']}')/extensionProperties").value) == 1


FITS = [
    ("String", "x" * 256), ("String", ""), ("Boolean", True), ("Boolean", False), ("Integer", 2**31 - 1),
    ("Integer", -(2**31)), ("LargeInteger", 2**63 - 1), ("Binary", "AAAA"), ("DateTime", "2031-03-04T10:00:00Z"),
    ("DateTime", "2031-03-04T10:00:00.1234567+01:00"),
]  # fmt: skip
MISFITS = [
    ("String", "x" * 257), ("String", 5), ("String", ["x"]), ("Boolean", "true"), ("Boolean", 1), ("Integer", 2**31),
    ("Integer", "5"), ("Integer", True), ("Integer", 1.5), ("LargeInteger", 2**63), ("Binary", "A" * 400),
    ("Binary", "not base64!"), ("DateTime", "yesterday"), ("DateTime", "2031-03-04"), ("DateTime", "2031-03-04T10:00:00"),
    ("String", {"a": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("data_type", "value"), FITS, ids=lambda value: str(value)[:30])
def test_a_value_of_the_type_is_kept_and_shown_where_selected(graph, admin, define, application, data_type, value):
    define(data_type=data_type)
    name, key = named(application, "badge"), user(admin)

    assert graph.patch(f"/users/{key}", {name: value}).status == 204
    assert graph.get(f"/users/{key}?$select=id,{name}").body[name] == value
    assert name not in graph.get(f"/users/{key}").body

    assert graph.patch(f"/users/{key}", {name: None}).status == 204
    assert name not in graph.get(f"/users/{key}?$select=id,{name}").body


@pytest.mark.parametrize(("data_type", "value"), MISFITS, ids=lambda value: str(value)[:30])
def test_a_value_of_another_type_is_refused_by_name(graph, admin, define, application, data_type, value):
    define(data_type=data_type)
    name, key = named(application, "badge"), user(admin)
    before = stored(admin)

    reply = graph.patch(f"/users/{key}", {name: value})

    assert reply.status == 400
    assert name in reply.error["message"]
    assert stored(admin) == before


def test_several_values_are_a_list(graph, admin, define, application):
    define(isMultiValued=True)
    name, key = named(application, "badge"), user(admin)

    assert graph.patch(f"/users/{key}", {name: ["a", "b"]}).status == 204
    assert graph.get(f"/users/{key}?$select={name}").body[name] == ["a", "b"]
    assert graph.patch(f"/users/{key}", {name: "a"}).status == 400
    assert graph.patch(f"/users/{key}", {name: ["a", "x" * 257]}).status == 400


@pytest.mark.parametrize(
    "more",
    [
        {"name": ""}, {"name": "a b"}, {"name": "x" * 129}, {"name": "9x"}, {"data_type": "string"},
        {"data_type": "Text"}, {"targets": ()}, {"targets": ("Device",)}, {"data_type": "Integer", "isMultiValued": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_definition_is_refused(define, more):
    reply = define(**more)

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "invalid-extension")


def test_an_extension_is_of_the_kinds_it_names(graph, admin, define, application):
    define(targets=("Group",))
    name = named(application, "badge")

    reply = graph.patch(f"/users/{user(admin)}", {name: "x"})

    assert "is not an extension of users" in reply.error["message"]
    assert graph.get(f"/users?$select={name}").status == 400
    assert graph.get(f"/groups?$select={name}").status == 200


def test_names_of_extensions_are_case_sensitive(graph, define, application):
    define()

    assert graph.get(f"/users?$select={named(application, 'Badge')}").status == 400


def test_a_second_registration_is_refused(define):
    define()

    assert define().error["innerError"]["reason"] == "extension-exists"


def test_a_deleted_extension_hides_its_values_and_gives_them_back(graph, admin, define, application):
    key, name = user(admin), named(application, "badge")
    made = define()
    graph.patch(f"/users/{key}", {name: "7"})

    assert graph.delete(f"/applications/{application['id']}/extensionProperties/{made.body['id']}").status == 204
    assert graph.get(f"/users/{key}?$select={name}").status == 400
    assert graph.patch(f"/users/{key}", {name: "8"}).status == 400
    assert define(data_type="Integer").error["innerError"]["reason"] == "extension-exists"

    define()
    assert graph.get(f"/users/{key}?$select={name}").body[name] == "7"


def test_an_extension_that_a_job_reads_stays(graph, admin, define, application):
    made = define()
    job = admin.jobs.create(LOCAL_OPERATOR, "Umbrella test").job
    admin.schemas.map(LOCAL_OPERATOR, job.id, "user", source=made.body["name"], target="externalId")

    reply = graph.delete(f"/applications/{application['id']}/extensionProperties/{made.body['id']}")

    assert reply.error["innerError"]["reason"] == "extension-in-use"
    assert job.id in reply.error["message"]


def test_extensions_of_imports_are_told_from_others(graph, admin, define):
    define()
    with admin.users.context.database.transaction() as connection:
        name = extensions.register(connection, admin.users.context.tenant, "objectGUID", "user", now=datetime.now(UTC))

    def available(body=None):
        reply = graph.post("/directoryObjects/getAvailableExtensionProperties", body)
        return {one["name"]: one["appDisplayName"] for one in reply.value}

    assert available({"isSyncedFromOnPremises": True}) == {name: "Tenant Schema Extension App"}
    assert len(available()) == 2
    assert list(available({"isSyncedFromOnPremises": False}).values()) == ["Umbrella test"]
    own = f"{name[10:18]}-{name[18:22]}-{name[22:26]}-{name[26:30]}-{name[30:42]}"
    assert [one["name"] for one in graph.get(f"/applications(appId='{own}')/extensionProperties").value] == [name]


def test_cells_of_a_typed_extension_are_read_by_its_type(graph, admin, define, application, tmp_path):
    define(name="badge", data_type="Integer")
    name = named(application, "badge")
    file = tmp_path / "users.csv"
    file.write_text(f"userPrincipalName,{name}\nanna@fjord.example,7\nbo@fjord.example,seven\n")

    summary = admin.imports.csv(LOCAL_OPERATOR, CsvImport(users=file))

    assert (summary.users.created, summary.users.refused) == (1, 1)
    assert graph.get(f"/users/anna@fjord.example?$select={name}").body[name] == 7
