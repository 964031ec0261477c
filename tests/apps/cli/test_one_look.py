"""Both command lines in one binary look alike: errors, exit codes, JSON, help and prompts, of the target as of the rest."""

import json
import re
from pathlib import Path

import pytest

from provisor import main
from provisor.provider.store.tables import open_target
from provisor.terminal import print_json, print_json_line
from support.command_line import COMMANDS, CTRL_C, at_a_prompt, on_screen

pytestmark = pytest.mark.fast_rows(6)

APP = "Cisco Umbrella User Management"
PASSWORD = "correct horse battery"
RED = re.compile(r"\x1b\[31m(.+?)\x1b\[0m")


@pytest.fixture
def target(provisor, tmp_path):
    """Runs a command of the target, which has a token, an account and a tenant."""
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    provisor("target", "token", "create", "--label", "portal")
    provisor("target", "account", "create", "a@x.example", "--password-file", secret)
    provisor("target", "tenant", "create", "acme")
    return lambda *arguments: provisor("target", *arguments)


REFUSED = {
    "a token": ("target", "token", "revoke", "nobody"),
    "a token to rotate": ("target", "token", "rotate", "nobody"),
    "a tenant": ("target", "token", "list", "--tenant", "nobody"),
    "a tenant that is there": ("target", "tenant", "create", "acme"),
    "an account": ("target", "account", "delete", "b@x.example"),
    "an account that is there": ("target", "account", "create", "a@x.example", "--password-file", "PASSWORD"),
    "a user": ("user", "show", "nobody"),
    "an application": ("app", "show", "nobody"),
}


@pytest.mark.parametrize("command", REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_a_red_line_and_a_hint_under_it(target, monkeypatch, tmp_path, command):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    command = [str(tmp_path / "password") if word == "PASSWORD" else word for word in command]

    codes = []
    shown = on_screen(monkeypatch, lambda: codes.append(main.guarded(lambda: main.run(command))))

    red, hint = shown.splitlines()
    assert codes == [1]
    assert RED.fullmatch(red)
    assert hint.strip()
    assert "\x1b" not in hint


def test_a_database_that_cannot_be_opened_names_the_setting(provisor, monkeypatch):
    monkeypatch.setenv("PROVISOR_TARGET_DATABASE_URL", "mysql://x")

    answered = provisor("target", "token", "list")

    assert answered.code == 1
    assert answered.err.splitlines()[-1].endswith("PROVISOR_TARGET_DATABASE_URL.")


MISSING = {
    "a password": ("account", "create", "b@x.example", "--password-file", "nothing"),
    "another password": ("account", "reset", "a@x.example", "--password-file", "nothing"),
    "identities": ("import-ad", "nothing"),
    "a schema": ("tenant", "create", "b", "--profile", "generic", "--schema", "nothing"),
    "a schema of groups": ("tenant", "create", "b", "--profile", "generic", "--group-schema", "nothing"),
    "a certificate": ("serve", "--port", "0", "--tls-certificate", "nothing", "--tls-key", "PASSWORD"),
    "a key": ("serve", "--port", "0", "--tls-certificate", "PASSWORD", "--tls-key", "nothing"),
}


@pytest.mark.parametrize("command", MISSING.values(), ids=MISSING)
def test_a_file_that_is_named_and_not_there_is_wrong_usage(target, tmp_path, command):
    answered = target(*(str(tmp_path / "password") if word == "PASSWORD" else word for word in command))

    assert answered.code == 2
    assert "nothing" in answered.err


JSON = {
    "token list": ("token", "list"),
    "token create": ("token", "create", "--label", "two"),
    "token rotate": ("token", "rotate", "portal"),
    "token revoke": ("token", "revoke", "portal"),
    "account list": ("account", "list"),
    "tenant list": ("tenant", "list"),
    "tenant create": ("tenant", "create", "beta"),
    "import-ad": ("import-ad", "--forget"),
}


@pytest.mark.parametrize("command", JSON.values(), ids=JSON)
def test_json_is_indented_as_everywhere(target, command):
    answered = target(*command, "--json")

    assert answered.out == json.dumps(json.loads(answered.out), indent=2, ensure_ascii=False) + "\n"


LISTS = {
    "token list": (("token", "list"), ("Label", "Kind", "State", "Id"), "portal"),
    "account list": (("account", "list"), ("E-mail", "Role", "Created", "Signed in"), "a@x.example"),
    "tenant list": (("tenant", "list"), ("Tenant", "Profile", "Base path", "Users", "Groups"), "acme"),
}


@pytest.mark.parametrize(("command", "titles", "row"), LISTS.values(), ids=LISTS)
def test_a_list_is_a_table(target, command, titles, row):
    lines = target(*command).out.splitlines()

    assert re.split(r"  +", next(line for line in lines if line.strip()).strip()) == list(titles)
    assert [line for line in lines if row in line]


SENT = {
    "token list": (("token", "list"), "UPDATE token SET label = 'a\x1b[2J\x9b2Jb'"),
    "account list": (("account", "list"), "UPDATE account SET email = 'a\x1b[2J\x9b2Jb'"),
    "tenant list": (("tenant", "list"), "UPDATE tenant SET name = 'a\x1b[2J\x9b2Jb' WHERE name = 'acme'"),
    "a nearest name": (("token", "revoke", "a[2J2Jb"), "UPDATE token SET label = 'a\x1b[2J\x9b2Jb'"),
    "token list --json": (("token", "list", "--json"), "UPDATE token SET label = 'a\x1b[2J\x9b2Jb'"),
    "a file that was written": (("backup", "a\x1b[2J\x9b2Jb"), "SELECT 1"),
}


@pytest.mark.parametrize(("command", "stored"), SENT.values(), ids=SENT)
def test_no_control_character_reaches_the_terminal(target, tmp_path, monkeypatch, command, stored):
    monkeypatch.chdir(tmp_path)
    database = open_target(f"sqlite:///{tmp_path / 'data' / 'target.sqlite'}")
    with database.transaction() as connection:
        connection.execute(stored)
    database.close()

    answered = target(*command)

    assert "2Jb" in answered.out + answered.err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", answered.out + answered.err)


@pytest.mark.parametrize("show", [print_json, print_json_line])
def test_json_keeps_every_character_it_cannot_show(capsys, show):
    value = {"name": "é\x1b\x7f\x85\x9b\ud800😀"}

    show(value)

    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert "é" in out
    assert not re.search(r"[\x1b\x7f-\x9f]", out)


GROUPS = sorted({words[:end] for words, _ in COMMANDS for end in range(1, len(words))})
EVERY = [(), *GROUPS, *(words for words, _ in COMMANDS)]


@pytest.fixture
def helped(monkeypatch, capsys):
    """The help of a command on a terminal of so many columns."""

    def show(words, columns):
        monkeypatch.setenv("COLUMNS", columns)
        assert main.guarded(lambda: main.run([*words, "--help"])) == 0
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("columns", ["40", "80"])
@pytest.mark.parametrize("words", EVERY, ids=[" ".join(words) or "provisor" for words in EVERY])
def test_help_is_drawn_alike_and_nothing_of_it_is_cut_off(helped, words, columns):
    text = helped(words, columns)

    assert text.startswith(f"Usage: provisor {' '.join(words)}".rstrip())
    assert "╭" not in text
    assert "..." not in text.replace("[ARGS]...", "").replace("...}", "").replace("}...", "")


@pytest.mark.parametrize("words, command", COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_the_help_of_every_option_is_there_to_its_end(helped, words, command):
    text = "".join(helped(words, "60").split())  # lines are broken at hyphens too

    for parameter in command.params:
        assert "".join((getattr(parameter, "help", None) or "").split()) in text


@pytest.mark.parametrize("words", GROUPS, ids=[" ".join(words) for words in GROUPS])
def test_a_group_lists_its_commands_with_their_first_sentence(helped, words):
    text = " ".join(helped(words, "60").split())

    for inner, command in COMMANDS:
        if inner[:-1] == words:
            assert " ".join(command.help.split("\n\n")[0].split()).split(". ")[0].rstrip(".") in text


PROMPTS = {
    "a token": (rb"Secret Token: $", ("job", "credentials", APP, "--url", "https://x.example/scim")),
    "a password": (rb"Password.*: $", ("target", "account", "create", "a@x.example")),
    "a name to confirm": (rb"to go on: $", ("app", "delete", APP)),
}


@pytest.mark.parametrize(("prompt", "command"), PROMPTS.values(), ids=PROMPTS)
def test_ctrl_c_at_a_prompt_ends_with_130(provisor, tmp_path, prompt, command):
    provisor("app", "add", APP)

    code, out = at_a_prompt(prompt, [CTRL_C], *command, folder=tmp_path)

    assert (code, out) == (130, "")


def test_a_password_is_asked_for_until_it_is_typed_alike_twice(tmp_path):
    code, out = at_a_prompt(
        rb"(Password|Once more).*: $",
        [b"mistyped horse\n", f"{PASSWORD}\n".encode(), f"{PASSWORD}\n".encode(), f"{PASSWORD}\n".encode()],
        *("target", "account", "create", "a@x.example", "--json"),
        folder=tmp_path,
    )

    assert code == 0
    assert json.loads(out) == {"email": "a@x.example", "role": "full-admin"}


def test_a_prompt_is_not_part_of_what_another_program_reads(provisor, tmp_path):
    provisor("app", "add", APP)
    provisor("job", "create", APP)

    code, out = at_a_prompt(
        rb"Secret Token: $",
        [b"s3kret\n"],
        *("job", "credentials", APP, "--url", "https://x.example/scim", "--json"),
        folder=tmp_path,
    )

    assert code == 0
    assert json.loads(out)["application"] == APP


def test_settings_of_the_target_are_read_where_all_are():
    source = Path(__file__).parents[3] / "src" / "provisor"

    naming = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"environ\S*\(?.{0,20}PROVISOR_|^\w+ = \"PROVISOR_", path.read_text(), re.MULTILINE)
    }

    assert naming - {path for path in naming if path.startswith("testing/")} == {"settings.py"}
