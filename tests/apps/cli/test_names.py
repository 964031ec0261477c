"""No name comes in that nobody could tell from another: characters × fields × ways in, at the command line."""

import csv
import json

import pytest

pytestmark = pytest.mark.fast_rows(4)

APP = "Cisco Umbrella User Management"
GUID = "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"

# Each with how an error shows the character.
UNSEEN = {
    "C0": ("an\x01a", r"\x01"),
    "escape": ("an\x1b[31ma", r"\x1b"),
    "tab": ("an\ta", r"\t"),
    "line end": ("an\na", r"\n"),
    "DEL": ("an\x7fa", r"\x7f"),
    "C1": ("an\x9ba", r"\x9b"),
    "next line": ("an\x85a", r"\x85"),
    "zero width space": ("an\u200ba", r"\u200b"),
    "joiner of Latin letters": ("an\u200da", r"\u200d"),
    "non-joiner of Latin letters": ("an\u200ca", r"\u200c"),
    "word joiner": ("an\u2060a", r"\u2060"),
    "byte order mark": ("an\ufeffa", r"\ufeff"),
    "soft hyphen": ("an\u00ada", r"\xad"),
    "override": ("an\u202ea", r"\u202e"),
    "isolate": ("an\u2066a", r"\u2066"),
    "mark of direction": ("an\u200fa", r"\u200f"),
    "tag": ("an\U000e0041a", r"\U000e0041"),
    "style of no emoji": ("an\ufe0fa", r"\ufe0f"),
    "another variant": ("an\U000e0100a", r"\U000e0100"),
    "noncharacter": ("an\ufffea", r"\ufffe"),
    "noncharacter of a plane": ("an\U0001ffffa", r"\U0001ffff"),
    "blank of Braille": ("an\u2800a", r"\u2800"),
    "filler of Hangul": ("an\u3164a", r"\u3164"),
    "half-width filler": ("an\uffa0a", r"\uffa0"),
    "line separator": ("an\u2028a", r"\u2028"),
    "paragraph separator": ("an\u2029a", r"\u2029"),
    "blank before": (" ana", '" ana'),
    "blank behind": ("ana ", 'ana "'),
    "hard blank behind": ("ana\u00a0", r"ana\xa0"),
    "wide blank before": ("\u3000ana", r"\u3000ana"),
    "narrow blank behind": ("ana\u202f", r"ana\u202f"),
}
NOT_IN_FILES = {"NUL": ("an\0a", r"\x00")}  # what reads files refuses it
SEEN = ["علی\u200cرضا", "शक्\u200dति", "ന\u0d4d\u200d", "👩🏽\u200d💻", "\u2764\ufe0f", "1\ufe0f\u20e3", "José", "日本", "김철수",
        "\ue000", "a\u00a0b", "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"]  # fmt: skip


def written(folder, name, rows):
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    return path


def prepared(provisor, folder):
    provisor("user", "create", "userPrincipalName=by-hand@x.example")
    provisor("group", "create", "displayName=By hand")
    provisor("app", "add", APP)
    provisor("app", "role", "add", APP, "Auditor")
    provisor("job", "create", APP)
    of_file = written(folder, "first.csv", [["userPrincipalName", "objectGUID"], ["of-file@x.example", GUID]])
    groups = written(folder, "first-groups.csv", [["id", "displayName"], ["7", "Of file"]])
    assert provisor("import", "csv", "--users", of_file, "--groups", groups).code == 0


def rules_with(provisor, folder, name, *, of):
    rules = json.loads(provisor("schema", "export", APP).out)
    mapping = rules["synchronizationRules"][0]["objectMappings"][0]
    clause = {"operatorName": "IS NOT NULL", "sourceOperandName": "city", "targetOperand": {"values": []}}
    if of == "filter":
        mapping["scope"] = {"groups": [{"name": name, "clauses": [clause]}]}
    else:
        mapping["name"] = name
    path = folder / "rules.json"
    path.write_text(json.dumps(rules), encoding="utf-8")
    return path


# Every way for a name to come in: what it is, and the command that brings it.
TYPED = {
    "user create": lambda name, folder: ("user", "create", f"userPrincipalName={name}"),
    "user set": lambda name, folder: ("user", "set", "by-hand@x.example", f"userPrincipalName={name}"),
    "user set, of a file": lambda name, folder: ("user", "set", "of-file@x.example", f"userPrincipalName={name}"),
    "group create": lambda name, folder: ("group", "create", f"displayName={name}"),
    "group set": lambda name, folder: ("group", "set", "By hand", f"displayName={name}"),
    "app add": lambda name, folder: ("app", "add", APP, "--name", name),
    "app rename": lambda name, folder: ("app", "rename", APP, name),
    "app set --tag": lambda name, folder: ("app", "set", APP, "--tag", name),
    "app role add": lambda name, folder: ("app", "role", "add", APP, name),
    "app role add --value": lambda name, folder: ("app", "role", "add", APP, "Chief", "--value", name),
    "app role set --name": lambda name, folder: ("app", "role", "set", APP, "Auditor", "--name", name),
    "app role set --value": lambda name, folder: ("app", "role", "set", APP, "Auditor", "--value", name),
    "import --source": lambda name, folder: ("import", "csv", "--users", folder / "first.csv", "--source", name),
    "target token create": lambda name, folder: ("target", "token", "create", "--label", name),
}
READ = {
    "a new user": ("--users", "userPrincipalName", [GUID.replace("8", "9", 1)], ["objectGUID"]),
    "a user renamed": ("--users", "userPrincipalName", [GUID], ["objectGUID"]),
    "a new group": ("--groups", "displayName", ["8"], ["id"]),
    "a group renamed": ("--groups", "displayName", ["7"], ["id"]),
}


def badly_answered(answered, shown, code):
    """Why this is no proper refusal of that character, if it is none."""
    said = answered.out + answered.err
    raw = [letter for letter in said if letter != "\n" and not letter.isprintable()]
    if answered.code != code:
        return f"ended with {answered.code}"
    if raw:
        return f"raw characters {raw}"
    return None if shown in said else f"does not show {shown}: {said}"


@pytest.mark.parametrize("entry", TYPED)
def test_a_name_that_is_typed_holds_nothing_unseen(provisor, tmp_path, entry):
    prepared(provisor, tmp_path)

    wrong = {
        what: badly_answered(provisor(*TYPED[entry](name, tmp_path)), shown, 1)
        for what, (name, shown) in {**UNSEEN, **NOT_IN_FILES}.items()
    }

    assert {what: why for what, why in wrong.items() if why} == {}


@pytest.mark.parametrize("entry", TYPED)
def test_bytes_that_are_no_text_make_no_name(provisor, tmp_path, entry):
    prepared(provisor, tmp_path)

    answered = provisor(*TYPED[entry]("an\udc80a", tmp_path))

    assert answered.code in (1, 2)
    assert "\udc80" not in answered.err


@pytest.mark.parametrize("entry", READ)
def test_a_row_with_a_name_that_holds_something_unseen_is_refused_and_the_others_come_in(provisor, tmp_path, entry):
    prepared(provisor, tmp_path)
    option, column, key, anchor = READ[entry]

    wrong = {}
    for number, (what, (name, shown)) in enumerate(UNSEEN.items()):
        other = GUID.replace("8f1d", f"{number:04d}") if option == "--users" else f"other{number}"
        rows = [[column, *anchor], [name, *key], [f"other{number}@x.example", other]]
        answered = provisor("import", "csv", option, written(tmp_path, "people.csv", rows))
        wrong[what] = badly_answered(answered, shown, 3)
        noun = option[2:-1]
        if "people.csv, row 2: " not in answered.out or provisor(noun, "show", f"other{number}@x.example").code:
            wrong[what] = answered.out

    assert {what: why for what, why in wrong.items() if why} == {}


@pytest.mark.parametrize("of", ["filter", "mapping"])
def test_the_names_within_rules_hold_nothing_unseen(provisor, tmp_path, of):
    prepared(provisor, tmp_path)

    wrong = {
        what: badly_answered(
            provisor("schema", "import", APP, rules_with(provisor, tmp_path, name, of=of)), shown, 1
        )
        for what, (name, shown) in UNSEEN.items()
    }  # fmt: skip

    assert {what: why for what, why in wrong.items() if why} == {}


def test_a_new_column_has_a_name_without_anything_unseen(provisor, tmp_path):
    wrong = {}
    for what, (name, shown) in UNSEEN.items():
        rows = [["userPrincipalName", name], ["ana@x.example", "1"]]
        wrong[what] = badly_answered(provisor("import", "csv", "--users", written(tmp_path, "a.csv", rows)), shown, 1)

    assert {what: why for what, why in wrong.items() if why} == {}


def test_a_membership_of_somebody_with_an_unseen_character_is_refused_and_shown(provisor, tmp_path):
    prepared(provisor, tmp_path)

    wrong = {}
    for what, (name, shown) in UNSEEN.items():
        rows = [["group", "member"], ["Of file", name], ["Of file", "of-file@x.example"]]
        answered = provisor("import", "csv", "--members", written(tmp_path, "members.csv", rows))
        # A blank at the edge is seen between quotation marks only where the rest of the name makes some necessary.
        wrong[what] = badly_answered(answered, shown.strip('"'), 3)

    assert {what: why for what, why in wrong.items() if why} == {}


@pytest.mark.parametrize("entry", ["user create", "user set", "group create", "group set", "app add", "app role add"])
def test_a_name_that_people_write_is_taken(provisor, tmp_path, entry):
    prepared(provisor, tmp_path)
    key = {"user set": "by-hand@x.example", "group set": "By hand"}.get(entry, "")

    refused = []
    for name in SEEN:
        command = [name if part == key else part for part in TYPED[entry](name, tmp_path)]
        if key:
            command[2] = key
            key = name
        if provisor(*command).code:
            refused.append(name)

    assert refused == []


def test_names_that_people_write_are_imported(provisor, tmp_path):
    users = written(tmp_path, "users.csv", [["userPrincipalName"], *([name] for name in SEEN)])
    groups = written(tmp_path, "groups.csv", [["displayName"], *([name] for name in SEEN)])

    answered = provisor("import", "csv", "--users", users, "--groups", groups)

    assert answered.code == 0


@pytest.mark.parametrize("entry", [each for each in TYPED if each not in ("import --source", "target token create")])
def test_a_name_is_at_most_as_long_as_entra_takes_it(provisor, tmp_path, entry):
    prepared(provisor, tmp_path)

    answered = provisor(*TYPED[entry]("x" * 257, tmp_path))

    assert answered.code == 1
    assert "257 characters" in answered.err
    assert provisor(*TYPED[entry]("x" * 256, tmp_path)).code == 0
