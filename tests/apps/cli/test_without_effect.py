"""An option, a rule or a setting that could do nothing is refused at whichever door it comes."""

import io
import json

import pytest

APP = "Generic SCIM 2.0"
SINGLE = "SingleAppRoleAssignment([appRoleAssignments])"


@pytest.fixture
def job(provisor):
    """The job of an application, with the mappings of its template."""
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    return APP


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("userPrincipalName,displayName\na@x.example,A\n")
    return path


def exported(provisor):
    return json.loads(provisor("schema", "export", APP).out)


def users_of(document):
    return next(
        mapping
        for rule in document["synchronizationRules"]
        for mapping in rule["objectMappings"]
        if mapping["sourceObjectName"] == "User"
    )


def save(provisor, tmp_path, document):
    path = tmp_path / "rules.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return provisor("schema", "import", APP, path)


def with_clause(document, name):
    clause = {"sourceOperandName": name, "operatorName": "EQUALS", "targetOperand": {"values": ["Sales"]}}
    users_of(document)["scope"] = {"groups": [{"name": "F", "clauses": [clause]}]}
    return document


def with_row(document, name):
    users_of(document)["attributeMappings"].append(
        {"targetAttributeName": "userType", "source": {"type": "Attribute", "name": name}}
    )
    return document


@pytest.mark.parametrize("change", [with_clause, with_row])
def test_imported_rules_with_an_unknown_attribute_are_refused(job, provisor, tmp_path, change):
    answered = save(provisor, tmp_path, change(exported(provisor), "departmnt"))

    assert answered.code == 1
    assert "A user has no attribute departmnt. The nearest one is department." in answered.err
    assert exported(provisor) != change(exported(provisor), "departmnt")


@pytest.mark.parametrize("change", [with_clause, with_row])
def test_imported_rules_with_a_known_attribute_are_taken(job, provisor, tmp_path, change):
    assert save(provisor, tmp_path, change(exported(provisor), "department")).code == 0


def test_an_extension_is_taken_once_it_is_registered(job, provisor, tmp_path):
    path = tmp_path / "extended.csv"
    path.write_text("userPrincipalName,costCentre\na@x.example,7\n")
    before = provisor("schema", "map", APP, "costCentre", "userType")

    provisor("import", "csv", "--users", path)
    after = provisor("schema", "map", APP, "costCentre", "userType")

    assert (before.code, after.code) == (1, 0)
    (row,) = [
        each for each in users_of(exported(provisor))["attributeMappings"] if each["targetAttributeName"] == "userType"
    ]
    name = row["source"]["name"]
    assert save(provisor, tmp_path, with_clause(exported(provisor), name)).code == 0
    refused = save(provisor, tmp_path, with_clause(exported(provisor), f"{name}s"))
    assert f"The nearest one is {name}." in refused.err


MAPPED = {
    "unknown attribute": (["departmnt", "userType"], "The nearest one is department."),
    "unknown attribute of groups": (["department", "displayName", "--kind", "group"], "an attribute of users"),
    "unknown target": (["department", "usertyp"], "the nearest is userType"),
    "unknown function": (["ToUper([department])", "userType"], "Did you mean ToUpper"),
    "too many arguments": (["ToUpper([department], [city], [mail])", "userType"], "takes at most"),
    "a number that is none": (['Left([department], "x")', "userType"], "a whole number is needed"),
    "a constant of another type": (['"perhaps"', "active"], '"perhaps" does not fit'),
    "assignments as text": (["appRoleAssignments", "userType"], "no text"),
}


@pytest.mark.parametrize(("arguments", "said"), MAPPED.values(), ids=MAPPED)
def test_a_mapping_that_could_do_nothing_is_refused(job, provisor, arguments, said):
    before = exported(provisor)

    answered = provisor("schema", "map", APP, *arguments)

    assert answered.code == 1
    assert said in answered.err
    assert exported(provisor) == before


def test_a_scope_without_assignments_is_refused_where_roles_are_mapped(job, provisor):
    provisor("schema", "map", APP, SINGLE, 'roles[primary eq "True"].value')

    answered = provisor("job", "settings", APP, "--scope", "all")

    assert answered.code == 1
    assert "needs assignments" in answered.err


def test_roles_are_refused_where_the_scope_is_everybody(job, provisor):
    provisor("job", "settings", APP, "--scope", "all")

    answered = provisor("schema", "map", APP, SINGLE, 'roles[primary eq "True"].value')

    assert answered.code == 1
    assert "needs assignments" in answered.err


def test_a_key_that_stands_twice_is_refused(job, provisor, tmp_path):
    answered = save(provisor, tmp_path, '{"synchronizationRules": [], "synchronizationRules": []}')

    assert answered.code == 1
    assert 'the key "synchronizationRules" occurs twice' in answered.err


def test_rules_from_standard_input_may_begin_with_a_byte_order_mark(job, provisor, monkeypatch):
    data = json.dumps(exported(provisor)).encode("utf-8-sig")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    assert provisor("schema", "import", APP, "-").code == 0


OPTIONS = {
    "no change of a role named": (["app", "role", "set", APP, "User"], "Name what to change"),
    "nothing and something": (["job", "restart", APP, "--reset-scope", "None, Full"], "cannot be combined"),
    "misspelt reset": (["job", "restart", APP, "--reset-scope", "Watermrk"], "Did you mean Watermark?"),
    "anchor of no people": (["import", "csv", "--groups", "FILE", "--anchor", "mail"], "no effect without --users"),
    "anchor of no groups": (["import", "csv", "--users", "FILE", "--group-anchor", "id"], "no effect without --groups"),
    "deletes of nothing": (
        ["import", "csv", "--users", "FILE", "--allow-deletes", "9"],
        "no effect without --complete",
    ),
    "copying and more": (["demo", "--write-files", "x", "--users", "FILE"], "leave the other options out"),
}


@pytest.mark.parametrize(("arguments", "said"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_that_could_do_nothing_is_refused(job, provisor, people, arguments, said):
    answered = provisor(*(people if argument == "FILE" else argument for argument in arguments))

    assert answered.code in (1, 2)
    assert said in " ".join(answered.err.replace("│", " ").split())


def test_an_attribute_that_the_expression_does_not_read_is_warned_of(provisor):
    answered = provisor("expression", "eval", "ToUpper([departmnt])", "--attribute", "department=x")

    assert answered.code == 0
    assert "The expression does not read department." in answered.err


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROVISOR_DATABSE_URL", "PROVISOR_DATABASE_URL"),
        ("PROVISOR_DATABASE", "PROVISOR_DATABASE_URL"),
        ("PROVISOR_DATA_DIR", "PROVISOR_DATA"),
        ("PROVISOR_SECRET_KEY", "PROVISOR_SECRET_KEY_FILE"),
        ("PROVISOR_TARGET_DATABASE", "PROVISOR_TARGET_DATABASE_URL"),
        ("provisor_data", "PROVISOR_DATA"),
    ],
)
def test_a_misspelt_setting_is_refused(provisor, monkeypatch, name, meant):
    monkeypatch.setenv(name, "x")

    answered = provisor("app", "list")

    assert answered.code == 1
    assert f"{name} has no effect. Write {meant}." in answered.err.replace("\n", " ").strip()


def test_a_variable_of_somebody_else_is_left_alone(provisor, monkeypatch):
    monkeypatch.setenv("PROVISOR_TEST_SERVICES", "x")

    assert provisor("app", "list").code == 0


class TestRoles:
    """The roles of an application at the command line."""

    def test_a_role_is_added_changed_and_removed(self, job, provisor):
        provisor("app", "role", "add", APP, "Auditor", "--value", "audit")
        provisor("app", "role", "set", APP, "audit", "--name", "Reviewer", "--disable")

        (_, role) = json.loads(provisor("app", "role", "list", APP, "--json").out)
        removed = provisor("app", "role", "remove", APP, "Reviewer")

        assert (role["displayName"], role["value"], role["isEnabled"]) == ("Reviewer", "audit", False)
        assert removed.code == 0
        assert len(json.loads(provisor("app", "role", "list", APP, "--json").out)) == 1

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["add", APP, "User"], "has a role User already"),
            (["add", APP, "Chief", "--value", "User"], "has a role User already"),
            (["add", APP, " "], "is blank"),
            (["set", APP, "Nobody", "--name", "x"], "has no role 'Nobody'"),
            (["remove", APP, "00000000-0000-0000-0000-000000000000"], "Default access is not a role"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_a_role_that_cannot_be_is_refused(self, job, provisor, arguments, said):
        answered = provisor("app", "role", *arguments)

        assert answered.code == 1
        assert said in answered.err

    def test_a_role_is_disabled_before_it_is_removed(self, job, provisor):
        provisor("app", "role", "add", APP, "Auditor")

        refused = provisor("app", "role", "remove", APP, "Auditor")
        provisor("app", "role", "set", APP, "Auditor", "--disable")

        assert refused.code == 1
        assert f"The role Auditor of {APP} is enabled." in refused.err
        assert provisor("app", "role", "remove", APP, "Auditor").code == 0

    def test_a_role_in_use_is_not_removed_and_one_switched_off_not_given(self, job, provisor, people):
        provisor("import", "csv", "--users", people)
        provisor("app", "assign", APP, "--user", "a@x.example", "--role", "User")

        removed = provisor("app", "role", "remove", APP, "User")
        provisor("app", "role", "set", APP, "User", "--disable")
        given = provisor("app", "assign", APP, "--user", "a@x.example", "--role", "User")

        assert removed.code == 1
        assert "End these assignments first" in removed.err
        assert given.code == 1
        assert "switched off" in given.err

    def test_the_default_access_is_assigned_by_name_or_id_and_ended_alone(self, job, provisor, people):
        provisor("import", "csv", "--users", people)
        provisor("app", "assign", APP, "--user", "a@x.example", "--role", "User")

        given = provisor("app", "assign", APP, "--user", "a@x.example", "--role", "Default Access", "--json")
        ended = provisor(
            "app", "unassign", APP, "--user", "a@x.example", "--role", "00000000-0000-0000-0000-000000000000", "--json"
        )

        assert json.loads(given.out) == {"assigned": 1}
        assert json.loads(ended.out) == {"ended": 1}
