"""Commands by hand: what they print, how they fail, which exit code they leave."""

import json

import pytest

APP = "Cisco Umbrella User Management"


@pytest.fixture
def anna(provisor):
    answered = provisor(
        "user", "create", "userPrincipalName=anna@x.example", "displayName=Anna Ek", "surname=Ek", "--json"
    )
    return json.loads(answered.out)


def test_a_created_user_is_shown_under_graph_names(anna, provisor):
    shown = json.loads(provisor("user", "show", "ANNA@x.example", "--json").out)

    assert (shown["id"], shown["displayName"], shown["accountEnabled"]) == (anna["id"], "Anna Ek", True)


def test_an_empty_value_clears_an_attribute(anna, provisor):
    changed = json.loads(provisor("user", "set", anna["id"], "surname=", "--json").out)

    assert "surname" not in changed


def test_only_the_first_equals_sign_parts_name_and_value(anna, provisor):
    changed = json.loads(provisor("user", "set", anna["id"], "displayName=a=b", "--json").out)

    assert changed["displayName"] == "a=b"


def test_a_manager_is_named_like_a_user(anna, provisor):
    provisor("user", "create", "userPrincipalName=bo@x.example")

    changed = json.loads(provisor("user", "set", "bo@x.example", "manager=anna@x.example", "--json").out)

    assert changed["manager"] == "anna@x.example"


def test_a_deleted_user_can_be_restored(anna, provisor):
    provisor("user", "delete", "anna@x.example")
    gone = provisor("user", "show", "anna@x.example")
    provisor("user", "restore", "anna@x.example")

    assert gone.code == 1
    assert provisor("user", "show", "anna@x.example").code == 0


def test_a_purged_user_cannot_be_restored(anna, provisor):
    provisor("user", "delete", "anna@x.example")
    provisor("user", "purge", "anna@x.example")

    assert provisor("user", "restore", "anna@x.example").code == 1


def test_a_disabled_user_is_listed_as_such(anna, provisor):
    provisor("user", "disable", "anna@x.example")

    assert "disabled" in provisor("user", "list").out


def test_a_member_is_added_once(anna, provisor):
    provisor("group", "create", "displayName=Sales")

    added = [json.loads(provisor("member", "add", "Sales", "anna@x.example", "--json").out) for _ in range(2)]

    assert added == [{"added": True}, {"added": False}]


def test_members_are_listed_and_removed(anna, provisor):
    provisor("group", "create", "displayName=Sales")
    provisor("member", "add", "Sales", "anna@x.example")

    listed = json.loads(provisor("member", "list", "Sales", "--json").out)
    provisor("member", "remove", "Sales", "anna@x.example")

    assert [each["id"] for each in listed] == [anna["id"]]
    assert json.loads(provisor("member", "list", "Sales", "--json").out) == []


def test_a_failure_is_one_line_and_a_hint_without_a_traceback(provisor):
    answered = provisor("user", "show", "nobody@x.example")

    assert answered.code == 1
    assert answered.out == ""
    assert len(answered.err.strip().splitlines()) == 2
    assert "nobody@x.example" in answered.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("user", "bogus"),
        ("user", "create"),
        ("user", "create", "no-equals-sign"),
        ("import", "csv"),
        ("app", "assign", APP),
        ("job", "restart"),
        ("user", "list", "--limit", "many"),
        ("log", "list", "--status", "bogus"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(provisor, arguments):
    assert provisor(*arguments).code == 2


def test_terminal_escapes_of_a_name_are_not_sent_to_the_terminal(provisor):
    provisor("group", "create", "displayName=\x1b[31mred")

    assert "\x1b[31m" not in provisor("group", "list").out


def test_markup_in_a_name_is_text(provisor):
    provisor("group", "create", "displayName=[bold]not bold[/bold]")

    assert "[bold]not bold[/bold]" in provisor("group", "list").out


def test_a_database_that_cannot_be_opened_is_told_in_words(provisor, tmp_path, monkeypatch):
    monkeypatch.setenv("PROVISOR_DATABASE_URL", f"sqlite:///{tmp_path}")

    answered = provisor("user", "list")

    assert answered.code == 1
    assert f"Cannot open the database {tmp_path}: Is a directory." in answered.err


@pytest.mark.parametrize(
    "command",
    [
        ("import", "csv", "--users", "absent"),
        ("schema", "import", APP, "absent"),
        ("expression", "check", "absent"),
        ("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", "absent"),
        ("demo", "--users", "absent", "--exit"),
    ],
    ids=["import", "schema", "expression", "credentials", "demo"],
)
def test_a_file_that_is_not_there_is_wrong_usage_everywhere(provisor, command, tmp_path):
    answered = provisor(*(tmp_path / word if word == "absent" else word for word in command))

    assert answered.code == 2
    assert "absent" in answered.err


class TestImport:
    def test_a_summary_names_file_row_and_reason(self, provisor, tmp_path):
        users = tmp_path / "users.csv"
        users.write_text("userPrincipalName,accountEnabled\nanna@x.example,true\nbo@x.example,maybe\n")

        summary = json.loads(provisor("import", "csv", "--users", users, "--json").out)

        assert summary["users"] == {
            "created": 1,
            "updated": 0,
            "restored": 0,
            "unchanged": 0,
            "deleted": 0,
            "refused": 1,
        }
        assert (summary["refused"][0]["file"], summary["refused"][0]["row"]) == ("users.csv", 3)

    def test_an_unreadable_file_fails_before_anything_is_written(self, provisor, tmp_path):
        answered = provisor("import", "csv", "--users", tmp_path / "absent.csv")

        assert answered.code == 2
        assert json.loads(provisor("user", "list", "--json").out) == []

    def test_a_stopped_deletion_ends_with_1(self, provisor, tmp_path):
        users = tmp_path / "users.csv"
        rows = [f"p{number}@x.example" for number in range(20)]
        users.write_text("userPrincipalName\n" + "\n".join(rows) + "\n")
        provisor("import", "csv", "--users", users)
        users.write_text("userPrincipalName\np0@x.example\n")

        stopped = provisor("import", "csv", "--users", users, "--complete")
        allowed = provisor("import", "csv", "--users", users, "--complete", "--allow-deletes", "19")

        assert (stopped.code, allowed.code) == (1, 0)
        assert len(json.loads(provisor("user", "list", "--json").out)) == 1


class TestApplications:
    @pytest.fixture(autouse=True)
    def added(self, provisor):
        provisor("app", "add", APP)

    def test_an_application_is_listed_in_graph_words(self, provisor):
        (listed,) = json.loads(provisor("app", "list", "--json").out)

        assert (listed["displayName"], listed["applicationTemplateId"]) == (APP, "ciscoUmbrella")

    def test_the_same_name_is_refused(self, provisor):
        assert provisor("app", "add", APP).code == 1

    def test_an_unknown_template_names_those_there_are(self, provisor):
        answered = provisor("app", "add", "Bogus")

        assert answered.code == 1
        assert APP in answered.err

    def test_assignments_are_listed_and_ended(self, anna, provisor):
        assigned = json.loads(provisor("app", "assign", APP, "--user", "anna@x.example", "--json").out)
        (listed,) = json.loads(provisor("app", "assignments", APP, "--json").out)
        ended = json.loads(provisor("app", "unassign", APP, "--user", "anna@x.example", "--json").out)

        assert (assigned, listed["principalId"], ended) == ({"assigned": 1}, anna["id"], {"ended": 1})

    def test_everybody_is_assigned_at_once(self, anna, provisor):
        provisor("user", "create", "userPrincipalName=bo@x.example")

        assert json.loads(provisor("app", "assign", APP, "--all-users", "--json").out) == {"assigned": 2}

    def test_an_unknown_role_is_refused(self, anna, provisor):
        assert provisor("app", "assign", APP, "--user", anna["id"], "--role", "Bogus").code == 1

    def test_owners_are_added_and_removed(self, anna, provisor):
        provisor("app", "owner", "add", APP, "anna@x.example")
        before = json.loads(provisor("app", "owner", "list", APP, "--json").out)
        provisor("app", "owner", "remove", APP, "anna@x.example")

        assert before == ["anna@x.example"]
        assert json.loads(provisor("app", "owner", "list", APP, "--json").out) == []


def test_a_purge_that_may_mean_two_people_is_refused(anna, provisor):
    provisor("user", "delete", "anna@x.example")
    provisor("user", "create", "userPrincipalName=Anna@x.example")

    answered = provisor("user", "purge", "anna@x.example")

    assert answered.code == 1
    assert "by its id" in answered.err
    assert provisor("user", "show", "Anna@x.example").code == 0


def test_a_deleted_person_is_purged_by_name(anna, provisor):
    provisor("user", "delete", "anna@x.example")

    assert provisor("user", "purge", "anna@x.example").code == 0


def test_a_list_of_nobody_says_so(provisor):
    assert provisor("user", "list").out == "There are none.\n"


def test_a_long_name_is_shortened_in_a_list(provisor):
    provisor("user", "create", "userPrincipalName=x@x", f"displayName={'x' * 500}")

    assert max(len(line) for line in provisor("user", "list").out.splitlines()) < 150


def test_a_piped_table_has_no_blanks_at_its_edges(anna, provisor):
    assert not [line for line in provisor("user", "list").out.splitlines() if line.endswith(" ")]


def test_booleans_are_shown_as_they_are_typed(anna, provisor):
    assert "accountEnabled      true" in provisor("user", "show", "anna@x.example").out


@pytest.mark.parametrize(
    "arguments",
    [("user", "show", "\udcff"), ("user", "create", "userPrincipalName=\udcff@x")],
    ids=["key", "value"],
)
def test_bytes_that_are_no_text_are_wrong_usage(provisor, arguments):
    answered = provisor(*arguments)

    assert answered.code == 2
    assert answered.err.startswith("An argument is not UTF-8 text.")


def test_a_data_folder_that_is_a_file_is_one_sentence(provisor, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROVISOR_DATA", str(tmp_path / "file"))

    answered = provisor("user", "list")

    assert answered.code == 1
    assert "cannot be the data folder: it is a file." in answered.err


def test_control_characters_of_eight_bits_are_not_sent_to_the_terminal(provisor):
    provisor("user", "create", "userPrincipalName=x@x", "displayName=\x9b31mred")

    assert "\x9b" not in provisor("user", "list").out


def test_a_command_ended_by_ctrl_c_says_so(provisor, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("provisor.admin.directory.Objects.page", interrupted)

    answered = provisor("user", "list")

    assert (answered.code, answered.err.strip()) == (130, "Stopped.")


@pytest.mark.parametrize("option", [["--host", "0.0.0.0"], ["--trust-proxy"], ["--tls-cert", "x.pem"]])
def test_an_option_of_http_without_a_port_is_refused(provisor, option):
    answered = provisor("serve", *option)

    assert answered.code == 1
    assert "Name --port" in answered.err
