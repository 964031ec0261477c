"""Several tenants in one server: own paths, tokens, profiles and data; extension schemas; the narrow Umbrella."""

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from provisor.provider.commands.serve import app
from provisor.provider.store.schema_files import read_schema_files
from provisor.provider.store.tables import TargetError, now_microseconds
from provisor.provider.store.tenants import NewTenant, create_tenant, find_tenant, load_tenants
from provisor.provider.store.tokens import create_token
from provisor.scim.schemas.schema import schema_from_json

BADGE = {
    "id": "urn:example:params:scim:schemas:Badge",
    "name": "Badge",
    "attributes": [
        {"name": "number", "type": "integer"},
        {"name": "doors", "type": "string", "multiValued": True, "caseExact": True},
        {"name": "issuer", "type": "complex", "subAttributes": [{"name": "office", "required": True}]},
    ],
}
URN = BADGE["id"]


def add(target, name, **wanted):
    """Make a tenant beside the running server, with a token; returns a client of it."""
    schemas = wanted.pop("schemas", {})
    tenant = create_tenant(target.database, NewTenant(name=name, schemas=schemas, **wanted))
    with target.database.transaction() as connection:
        _, clear = create_token(connection, tenant, kind="entra", label=name, now=now_microseconds())
    target.target.learned_at = 0
    return dataclasses.replace(target.client, base=tenant.base_path, token=clear)


@pytest.fixture
def acme(umbrella):
    return add(umbrella, "acme", profile="generic", base_path="/acme")


def test_a_tenant_made_while_the_server_runs_is_served(acme):
    user = acme.user(title="Chief")

    assert user["title"] == "Chief"
    assert user["meta"]["location"].endswith(f"/acme/Users/{user['id']}")


def test_tenants_share_no_names_ids_or_lists(umbrella, acme):
    ours, theirs = umbrella.client.user("ana"), acme.user("ana")

    assert acme.get(f"/Users/{ours['id']}").status == 404
    assert acme.delete(f"/Users/{ours['id']}").status == 404
    assert umbrella.client.get(f"/Users/{theirs['id']}").status == 404
    assert [user["id"] for user in acme.get("/").resources] == [theirs["id"]]
    assert acme.find("/Users", f'id eq "{ours["id"]}"')["totalResults"] == 0


def test_a_member_of_another_tenant_is_nobody(umbrella, acme):
    stranger = umbrella.client.user()["id"]

    answer = acme.post("/Groups", {"displayName": "x", "members": [{"value": stranger}]})

    assert answer.status == 400


def test_a_token_opens_its_own_tenant_only(umbrella, acme):
    assert acme.request("GET", "/Users", token=umbrella.client.token).status == 401
    assert umbrella.client.request("GET", "/Users", token=acme.token).status == 401


def test_every_tenant_has_its_own_profile_and_limit(umbrella, acme):
    small = add(umbrella, "small", group_limit=1)
    small.group("one")

    assert small.post("/Groups", {"displayName": "two"}).status == 403
    assert acme.group("one")
    assert len(acme.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").json["attributes"]) > 10
    assert len(small.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").json["attributes"]) == 4


def test_the_log_names_the_tenant(umbrella, acme):
    acme.get("/Users")
    umbrella.log()

    assert umbrella.database.reader().all("SELECT DISTINCT tenant FROM request_log") == [
        (find_tenant(umbrella.database, "acme").number,)
    ]


def test_a_base_path_is_made_of_the_name(umbrella):
    assert add(umbrella, "beta").base == "/tenants/beta/scim/v2"


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("Acme", {}, "cannot be the name"),
        ("", {}, "cannot be the name"),
        ("default", {}, "already"),
        ("acme", {"base_path": "/other"}, "already"),
        ("b", {"profile": "okta"}, "profile"),
        ("b", {"base_path": "x"}, "not a base path"),
        ("b", {"base_path": "/x/"}, "not a base path"),
        ("b", {"base_path": "/x/../y"}, "not a base path"),
        ("b", {"base_path": "/acme"}, "acme"),
        ("b", {"base_path": "/acme/inner"}, "acme"),
        ("b", {"base_path": "/scim"}, "/scim/v2"),
        ("b", {"base_path": "/metrics"}, "/metrics"),
        ("b", {"base_path": "/identity"}, "default"),
        ("b", {"profile": "generic", "strict": True}, "generic"),
        ("b", {"schemas": {"User": [schema_from_json(BADGE)]}}, "generic"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_and_not_made(umbrella, acme, name, more, says):
    with pytest.raises(TargetError, match=says):
        create_tenant(umbrella.database, NewTenant(**{"name": name, "schemas": {}, **more}))

    assert [tenant.name for tenant in load_tenants(umbrella.database.reader())] == ["default", "acme"]


@pytest.fixture
def badges(umbrella):
    schemas = {"User": [schema_from_json(BADGE)], "Group": [schema_from_json({**BADGE, "id": f"{URN}s"})]}
    return add(umbrella, "badges", profile="generic", schemas=schemas)


def test_an_extension_from_a_file_is_told_stored_filtered_and_patched(badges):
    user = badges.user(**{URN: {"number": 7, "doors": ["a", "B"], "issuer": {"office": "Ulm"}}})
    badges.user("other")

    changed = badges.patch(f"/Users/{user['id']}", {"op": "replace", "path": f"{URN}:issuer.office", "value": "Bonn"})

    assert URN in user["schemas"]
    assert changed.json[URN]["issuer"] == {"office": "Bonn"}
    assert badges.find("/Users", f"{URN}:number gt 6")["totalResults"] == 1
    assert badges.find("/Users", f'{URN}:doors eq "b"')["totalResults"] == 0
    assert badges.get(f"/Schemas/{URN}").json["name"] == "Badge"
    types = {
        kind["id"]: [item["schema"] for item in kind["schemaExtensions"]]
        for kind in badges.get("/ResourceTypes").resources
    }
    assert URN in types["User"]
    assert types["Group"] == [f"{URN}s"]


def test_an_extension_holds_what_its_schema_says(badges):
    wrong = badges.post("/Users", {"userName": "a", URN: {"number": "many"}})
    lacking = badges.post("/Users", {"userName": "a", URN: {"issuer": {"other": 1}, "number": 1}})

    assert (wrong.status, wrong.json["scimType"]) == (400, "invalidValue")
    assert lacking.json[URN] == {"number": 1}


def attribute(**more):
    return {**BADGE, "attributes": [{"name": "number", **more}]}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], None),
        ("x", "object"),
        ({**BADGE, "id": "Badge"}, "URN"),
        ({**BADGE, "id": "urn:ietf:params:scim:schemas:core:2.0:User"}, "served already"),
        ({**BADGE, "attributes": []}, "no attributes"),
        ({**BADGE, "attributes": {}}, "list"),
        ([BADGE, BADGE], "twice"),
        (attribute(name="1st"), "1st"),
        (attribute(type="text"), "type"),
        (attribute(multiValued="yes"), "multiValued"),
        (attribute(mutability="writeonce"), "mutability"),
        (attribute(returned="sometimes"), "returned"),
        (attribute(uniqueness="server"), "uniqueness"),
        (attribute(type="complex"), "subAttributes"),
        (attribute(subAttributes=[{"name": "x"}]), "only a complex"),
        (attribute(type="complex", subAttributes=[{"name": "x", "type": "complex"}]), "complex"),
        ({**BADGE, "attributes": [{"name": "a"}, {"name": "A"}]}, "two attributes"),
    ],
)
def test_a_schema_file_that_is_wrong_is_refused_by_name(tmp_path, document, says):
    file = tmp_path / "badge.json"
    file.write_text(json.dumps(document))

    if says is None:
        assert read_schema_files([file]) == []
        return
    with pytest.raises(TargetError, match=says) as refusal:
        read_schema_files([file])

    assert str(file) in str(refusal.value)


def test_a_file_that_is_no_json_is_refused_by_name(tmp_path):
    file = tmp_path / "badge.json"
    file.write_text("{")

    with pytest.raises(TargetError, match=r"badge\.json"):
        read_schema_files([file])


def test_a_list_as_schemas_answers_it_is_a_schema_file(badges, tmp_path):
    file = tmp_path / "schemas.json"
    file.write_text(json.dumps({"Resources": [badges.get(f"/Schemas/{URN}").json]}))

    assert read_schema_files([file]) == [dataclasses.replace(schema_from_json(BADGE), description="")]


@pytest.fixture
def strict(umbrella):
    return add(umbrella, "strict", strict=True)


def test_the_narrow_umbrella_answers_the_filters_of_its_description(strict):
    user, group = strict.user("ana")["id"], strict.group("Staff")["id"]
    strict.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": user}]})

    assert strict.find("/Users", 'userName eq "ANA"')["totalResults"] == 1
    assert strict.find("/Groups", 'displayName eq "staff"')["totalResults"] == 1
    assert strict.find("/Groups", f'id eq "{group}" and members eq "{user}"')["totalResults"] == 1
    assert strict.get("/Users").json["totalResults"] == 1


@pytest.mark.parametrize(
    ("path", "filter_"),
    [
        ("/Users", 'externalId eq "a"'),
        ("/Users", 'userName sw "a"'),
        ("/Users", 'userName eq "a" or userName eq "b"'),
        ("/Users", 'userName eq "a" and active eq true'),
        ("/Users", 'not (userName eq "a")'),
        ("/Users", "userName pr"),
        ("/Users", 'displayName eq "a"'),
        ("/Users", 'id eq "a"'),
        ("/Users", 'id eq "a" and manager eq "b"'),
        ("/Groups", 'id eq "a"'),
        ("/", 'id eq "a"'),
        ("/Groups", 'members eq "a"'),
        ("/Groups", 'externalId eq "a"'),
        ("/", 'externalId eq "a"'),
    ],
)
def test_the_narrow_umbrella_refuses_other_filters(strict, path, filter_):
    answer = strict.get(path, filter=filter_)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


def test_the_narrow_umbrella_does_not_serve_what_it_does_not_advertise(strict):
    config = strict.get("/ServiceProviderConfig").json
    statuses = [
        strict.post("/Bulk", {"Operations": []}).status,
        strict.get("/Users", sortBy="userName").status,
        strict.get("/Users", cursor="").status,
        strict.post("/Users/.search", {"sortBy": "userName"}).status,
        strict.get("/Me").status,
    ]

    assert statuses == [501] * 5
    assert config["bulk"] == {"supported": False, "maxOperations": 0, "maxPayloadSize": 0}
    assert (config["sort"]["supported"], "pagination" in config) == (False, False)


def test_the_narrow_umbrella_serves_the_rest(strict):
    user = strict.user("ana")

    put = strict.put(f"/Users/{user['id']}", {"userName": "ana", "displayName": "Ana"})
    found = strict.post("/Users/.search", {"filter": 'userName eq "ana"'})

    assert put.status == 200
    assert found.resources == [put.json]
    assert strict.request("GET", f"/Users/{user['id']}", headers={"If-None-Match": put.headers["etag"]}).status == 304


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PROVISOR_TARGET_DATABASE_URL", f"sqlite:///{tmp_path / 'target.sqlite'}")

    def run(*arguments):
        return CliRunner().invoke(app, list(arguments))

    return run


def test_a_tenant_is_made_listed_and_given_tokens_by_commands(run, tmp_path):
    file = tmp_path / "badge.json"
    file.write_text(json.dumps(BADGE))

    made = run(
        "tenant", "create", "acme", "--profile", "generic", "--base-path", "/acme", "--schema", str(file), "--json"
    )
    token = json.loads(run("token", "create", "--tenant", "acme", "--label", "one", "--json").stdout)
    listed = json.loads(run("tenant", "list", "--json").stdout)

    assert json.loads(made.stdout) == {"name": "acme", "profile": "generic", "basePath": "/acme"}
    assert token["url"].endswith("/acme")
    assert [(tenant["name"], tenant["profile"], tenant["basePath"]) for tenant in listed] == [
        ("default", "umbrella", "/identity/v2/scim"),
        ("acme", "generic", "/acme"),
    ]
    assert len(json.loads(run("token", "list", "--tenant", "acme", "--json").stdout)) == 1
    assert json.loads(run("token", "list", "--json").stdout) == []
    assert run("token", "revoke", "one").exit_code == 1
    assert run("token", "revoke", "one", "--tenant", "acme").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["tenant", "create", "A B"], 1),
        (["tenant", "create", "acme", "--profile", "x"], 1),
        (["tenant", "create", "acme", "--schema", "missing.json"], 2),
        (["token", "list", "--tenant", "nobody"], 1),
        (["serve", "--tenant", "nobody", "--port", "0"], 1),
        (["serve", "--tenant", "default", "--profile", "generic"], 2),
        (["serve", "--tls-key", "x"], 2),
        (["serve", "--tls-key", "x", "--tls-certificate", "y", "--port", "0"], 2),
        (["serve", "--tls-key", __file__, "--tls-certificate", __file__, "--port", "0"], 1),
        (["serve", "--profile", "generic", "--strict-umbrella", "--port", "0"], 1),
        (["backup"], 2),
    ],
)
def test_a_command_that_cannot_be_done_ends_with_its_code_and_a_sentence(run, arguments, code):
    outcome = run(*arguments)

    assert outcome.exit_code == code
    assert outcome.stderr.strip()
