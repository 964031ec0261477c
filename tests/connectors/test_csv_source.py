"""CSV files as a source: what is told of people, groups and members, what cannot be read, and files that are not whole."""

import os

import pytest

from provisor.connectors.csv_source import CsvSource
from provisor.engine.ports import ConnectorError, Malformed, Unreachable
from provisor.engine.sources import CursorLost, MembersTold, RecordTold, RecordUnreadable
from provisor.rules.source_settings import CsvSettings, problems

USERS = "userPrincipalName,accountEnabled,Cost Center,manager\nAnna@x.com,false,7,\nben@x.com,,,ANNA@x.com\n"
GROUPS = "displayName\nSales\nMarket\n"
MEMBERS = "group,member\nsales,anna@x.com\nSales,Market\nMarket,ben@x.com\n"


@pytest.fixture
def files(tmp_path):
    """Writes the files of a source, and makes the source that reads them."""

    def write(users=USERS, groups=GROUPS, members=MEMBERS, **anchors):
        named = {}
        for name, text in (("users", users), ("groups", groups), ("members", members)):
            if text is not None:
                path = tmp_path / f"{name}.csv"
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
                named[name] = str(path)
        return CsvSource(CsvSettings(**named, **anchors))

    return write


def told(source, cursor=None):
    return [one for page in source.read(cursor) for one in page.told]


def records(source):
    return {one.anchor: one for one in told(source) if isinstance(one, RecordTold)}


def unreadable(source):
    return [one for one in told(source) if isinstance(one, RecordUnreadable)]


def change(path, text):
    """Write a file anew, as another one, so that its stamp differs whatever the clock says."""
    other = path.with_suffix(".new")
    other.write_text(text)
    other.replace(path)


def test_a_person_is_told_by_name_with_values_of_the_directory(files):
    assert records(files())["user:anna@x.com"] == RecordTold(
        kind="user",
        anchor="user:anna@x.com",
        reference="user:anna@x.com",
        values={"userPrincipalName": "Anna@x.com", "accountEnabled": False, "Cost Center": "7"},
    )


def test_a_manager_is_a_reference(files):
    assert records(files())["user:ben@x.com"].values == {
        "userPrincipalName": "ben@x.com",
        "manager": "user:anna@x.com",
    }


def test_a_group_is_told_with_all_its_members(files):
    found = records(files())

    assert found["group:sales"].members == MembersTold(added=("user:anna@x.com", "group:market"), whole=True)
    assert found["group:market"].members == MembersTold(added=("user:ben@x.com",), whole=True)


def test_a_group_that_no_row_names_has_no_members(files):
    assert records(files(groups=GROUPS + "Empty\n"))["group:empty"].members == MembersTold(whole=True)


def test_without_a_file_of_members_nothing_is_said_of_them(files):
    assert records(files(members=None))["group:sales"].members is None


def test_people_come_before_groups(files):
    assert [one.kind for one in told(files())] == ["user", "user", "group", "group"]


def test_object_guid_identifies_where_there_is_such_a_column(files):
    users = "objectGUID,userPrincipalName,manager\n8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0,anna@x.com,\n01234567-89ab-cdef-0123-456789abcdef,ben@x.com,{8F1D2C3B-4A59-6877-8695-A4B3C2D1E0F0}\n"

    found = records(files(users=users))

    anna = "user:Oywdj1lKd2iGlaSzwtHg8A=="
    assert found[anna].values["objectGUID"] == "Oywdj1lKd2iGlaSzwtHg8A=="
    assert found["user:Z0UjAauJ780BI0VniavN7w=="].values["manager"] == anna
    assert found["group:sales"].members.added == (anna, "group:market")


def test_the_identifying_column_can_be_chosen(files):
    users, groups = "userPrincipalName,employeeId\nanna@x.com,7\n", "displayName,id\nSales,7\n"

    found = records(files(users, groups, "group,member\n7,anna@x.com\n", user_anchor="employeeId"))

    assert found["group:7"].members.added == ("user:7",)


def test_a_member_of_whom_no_file_tells_is_waited_for(files):
    members = "group,member\nSales,Cleo@x.com\n"

    assert records(files(members=members))["group:sales"].members.added == ("user:cleo@x.com",)


def test_a_template_of_entra_is_understood(files):
    users = "version:v1.0,,\nName [displayName] Required,User name [userPrincipalName] Required,Block sign in (Yes/No) [accountEnabled]\nExample: Chris Green,chris@contoso.com,No\nAnna,anna@x.com,Yes\n"

    assert records(files(users=users))["user:anna@x.com"].values == {
        "displayName": "Anna",
        "userPrincipalName": "anna@x.com",
        "accountEnabled": False,
    }


@pytest.mark.parametrize(
    ("users", "where", "anchor"),
    [
        (USERS + "cleo@x.com,maybe,,\n", "users.csv, row 4", "user:cleo@x.com"),
        (USERS + "ANNA@x.com,,,\n", "users.csv, row 4", "user:anna@x.com"),
        (USERS + "cleo@x.com\n", "users.csv, row 4", None),
        (USERS + ",true,,\n", "users.csv, row 4", None),
        (USERS.encode() + b"cl\xff@x.com,true,,\n", "users.csv, row 4", None),
        (USERS + '"cleo@x.com,true,,\n', "users.csv, row 4", None),
        (USERS + "cleo@x.co", "users.csv, row 4", None),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_whom_it_is_about(files, users, where, anchor):
    (one,) = unreadable(files(users=users))

    assert (one.where, one.anchor) == (where, anchor)


@pytest.mark.parametrize(
    ("row", "anchor"),
    [
        ("Nobody,anna@x.com", "group:nobody"),
        ("Sales,sales", "group:sales"),
        (",anna@x.com", None),
        ("Sales,", None),
        ("Sales,a,b", None),
    ],
)
def test_a_membership_that_cannot_be_read_is_told(files, row, anchor):
    (one,) = unreadable(files(members=f"{MEMBERS}{row}\n"))

    assert (one.where, one.anchor) == ("members.csv, row 5", anchor)


def test_a_name_of_a_user_and_a_group_is_not_guessed_at(files):
    (one,) = unreadable(files(groups=GROUPS + "anna@x.com\n"))

    assert "is a user and a group" in one.reason
    assert one.anchor is None


def test_a_group_keeps_members_whom_an_unreadable_row_may_have_named(files):
    found = records(files(members=MEMBERS + "torn\n"))

    assert found["group:sales"].members == MembersTold(added=("user:anna@x.com", "group:market"), whole=False)


def test_a_member_whose_own_row_is_refused_stays_a_member(files):
    source = files(users=USERS + "cleo@x.com,maybe,,\n", members=MEMBERS + "Sales,cleo@x.com\n")

    assert records(source)["group:sales"].members.added[-1] == "user:cleo@x.com"


def test_a_second_row_with_the_name_of_another_is_refused(files):
    users = "userPrincipalName,employeeId\nanna@x.com,1\nANNA@x.com,2\n"

    (one,) = unreadable(files(users=users, user_anchor="employeeId"))

    assert (one.anchor, one.reason) == ("user:2", "an earlier row has its userPrincipalName already")


@pytest.mark.parametrize("file", ["users", "groups", "members"])
@pytest.mark.parametrize("text", ["", "HEADER", "HEADER\n", "HEADER\n\n\n"])
def test_a_file_without_rows_fails_the_read(files, file, text):
    header = {"users": USERS, "groups": GROUPS, "members": MEMBERS}[file].split("\n")[0]

    source = files(**{file: text.replace("HEADER", header)})

    with pytest.raises(Malformed, match=f"{file}.csv"):
        told(source)


def test_a_file_in_which_no_row_is_usable_fails_the_read(files):
    with pytest.raises(Malformed, match="no usable row"):
        told(files(users="userPrincipalName,accountEnabled\nanna@x.com,maybe\n"))


@pytest.mark.parametrize("file", ["users", "groups", "members"])
def test_a_file_that_vanished_fails_the_read(files, tmp_path, file):
    source = files()
    (tmp_path / f"{file}.csv").unlink()

    with pytest.raises(Unreachable, match=f"{file}.csv"):
        told(source)


def test_a_pipe_is_refused(files, tmp_path):
    source = files()
    (tmp_path / "users.csv").unlink()
    os.mkfifo(tmp_path / "users.csv")

    with pytest.raises(Malformed, match="no ordinary file"):
        told(source)


@pytest.mark.parametrize("file", ["users", "groups", "members"])
def test_a_file_that_changes_while_it_is_read_fails_the_read(files, tmp_path, file):
    pages = files().read(None)
    next(pages)

    change(tmp_path / f"{file}.csv", "anything")

    with pytest.raises(Unreachable, match=f"{file}.csv changed while it was read"):
        next(pages)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"users": "displayName\nAnna\n"}, "userPrincipalName"),
        ({"users": MEMBERS}, "looks like memberships"),
        ({"members": "a,b\n1,2\n"}, "needs the columns group and member"),
        ({"groups": "displayName;id\nSales;1\n"}, "not separated by commas"),
    ],
)
def test_columns_that_are_not_understood_fail_the_read(files, broken, reason):
    with pytest.raises(Malformed, match=reason):
        told(files(**broken))


def settle(folder):
    """Have the files been written long ago."""
    for path in folder.iterdir():
        os.utime(path, (1, 1))


def test_a_read_of_the_same_files_tells_nothing(files, tmp_path):
    source = files()
    settle(tmp_path)
    *_, last = source.read(None)

    (page,) = source.read(last.cursor)

    assert (page.told, page.last, page.full, page.cursor) == ((), True, False, last.cursor)


@pytest.mark.parametrize("file", ["users", "groups", "members"])
def test_files_that_changed_are_to_be_read_whole(files, tmp_path, file):
    source = files()
    settle(tmp_path)
    *_, last = source.read(None)

    change(tmp_path / f"{file}.csv", MEMBERS)

    with pytest.raises(CursorLost):
        told(source, last.cursor)


def test_files_that_were_written_in_the_moment_of_the_read_are_to_be_read_again(files):
    source = files()
    *_, last = source.read(None)

    assert source.moved(last.cursor) is None
    with pytest.raises(CursorLost):
        told(source, last.cursor)


def test_only_the_last_page_is_the_last(files):
    pages = list(files().read(None))

    assert [page.last for page in pages] == [False, True]
    assert {page.expected for page in pages} == {4}


def test_a_read_goes_on_in_another_process(files, tmp_path):
    first, *rest = files().read(None)
    named = {name: str(tmp_path / f"{name}.csv") for name in ("users", "groups", "members")}

    goes_on = CsvSource(CsvSettings(**named)).read(first.cursor)

    assert [page.told for page in goes_on] == [page.told for page in rest]


def test_a_read_does_not_go_on_in_other_files(files, tmp_path):
    source = files()
    first = next(source.read(None))

    change(tmp_path / "users.csv", USERS)

    with pytest.raises(CursorLost):
        told(source, first.cursor)


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "nonsense", '[{"a":[1,2]},true,0,false]'])
def test_a_cursor_of_something_else_is_lost(files, cursor):
    with pytest.raises(CursorLost):
        told(files(), cursor)


def test_nothing_moved_while_the_files_are_the_same(files, tmp_path):
    source = files()
    settle(tmp_path)
    *_, last = source.read(None)

    assert source.moved(last.cursor) is False


@pytest.mark.parametrize("file", ["users", "groups", "members"])
def test_a_file_that_is_another_one_has_moved(files, tmp_path, file):
    source = files()
    *_, last = source.read(None)

    change(tmp_path / f"{file}.csv", MEMBERS)

    assert source.moved(last.cursor) is True


def test_a_file_that_vanished_has_moved(files, tmp_path):
    source = files()
    *_, last = source.read(None)
    (tmp_path / "users.csv").unlink()

    assert source.moved(last.cursor) is True


def test_who_is_there_after_all_is_found(files):
    found = list(files().look(["user:ben@x.com", "group:sales", "user:nobody@x.com"]))

    assert [(one.anchor, one.members) for one in found] == [("user:ben@x.com", None), ("group:sales", None)]


def test_nobody_is_said_to_be_gone_while_a_row_may_be_about_anybody(files):
    with pytest.raises(Malformed, match=r"users.csv, row 4 may be about anybody"):
        list(files(users=USERS + "torn\n").look(["user:ben@x.com"]))


def test_columns_of_no_attribute_are_told_as_extensions(files):
    source = files(
        users="userPrincipalName,objectGUID,Cost Center,extension_aa_x\na@x.com,,7,8\n",
        groups="displayName,Cost Center\nSales,7\n",
    )

    assert [(one.name, one.type, one.kinds) for one in source.attributes()] == [
        ("Cost Center", "String", ("user", "group")),
        ("objectGUID", "Binary", ("user",)),
    ]


def test_a_check_of_good_files_is_well(files):
    checks = list(files().check())

    assert [(check.what, check.well) for check in checks] == [
        ("users.csv", True),
        ("groups.csv", True),
        ("members.csv", True),
        ("rows", True),
    ]
    assert checks[-1].sentence == "4 people and groups can be read, and 0 rows cannot."


def test_a_check_ends_after_what_fails(files, tmp_path):
    source = files()
    (tmp_path / "groups.csv").unlink()

    assert [(check.what, check.well) for check in source.check()] == [("users.csv", True), ("groups.csv", False)]


def test_a_check_tells_of_a_row_that_may_be_about_anybody(files):
    *_, check = files(users=USERS + "torn\n").check()

    assert not check.well
    assert "users.csv, row 4" in check.sentence


def test_a_check_tells_of_a_file_without_rows(files):
    *_, check = files(members="group,member\n").check()

    assert (check.what, check.well) == ("rows", False)


def test_members_without_groups_are_no_settings():
    assert list(problems(CsvSettings(users="u.csv", members="m.csv"))) == [
        "A file of members is named, and none of the groups that they are in."
    ]


def test_a_large_file_is_told_in_pages(files):
    users = "userPrincipalName\n" + "".join(f"person{n}@x.com\n" for n in range(2_500))

    pages = list(files(users, None, None).read(None))

    assert [len(page.told) for page in pages] == [1_000, 1_000, 500]


@pytest.mark.parametrize("cut", range(0, 600, 7))
def test_a_file_that_is_cut_off_anywhere_tells_nobody_else(files, cut):
    users = "userPrincipalName,city\n" + "".join(f"person{n}@x.com,Oslo\n" for n in range(26))
    whole = records(files(users, None, None))
    source = files(users[:cut], None, None)

    try:
        found = records(source)
    except ConnectorError:
        found = {}

    assert found.keys() <= whole.keys()


@pytest.mark.parametrize("kind", ["users", "groups", "members"])
def test_nothing_is_shown_of_a_file_that_is_none_of_people_or_groups(files, tmp_path, kind):
    secret = tmp_path / "provisor.key"
    secret.write_text("c2VjcmV0IGtleQ==\nmore of it\n")
    files()
    named = {"groups": str(tmp_path / "groups.csv"), kind: str(secret)}

    checks = [*CsvSource(CsvSettings(**named)).check()]

    assert not checks[-1].well
    assert "c2VjcmV0" not in repr(checks)


def test_no_row_is_told_of_a_file_whose_only_known_column_was_named_by_hand(tmp_path):
    path = tmp_path / "passwd"
    path.write_text("root:x:0:0\nanna:x:1000:1000\n")

    with pytest.raises(Malformed, match="another file"):
        told(CsvSource(CsvSettings(users=str(path), user_anchor="root:x:0:0")))
