"""`log export` and `log tail` as a person or another program meets them."""

import csv
import json
import os
import subprocess
import sys

import pytest

from provisor.database import open_database
from provisor.engine.log_event import Facts, encode
from provisor.storage import log, tenants
from provisor.storage.log import LogRow

FACTS = encode(Facts(kind="user", modified=[("displayName", None, "Ö=1")])).decode()


def written(folder, *names):
    """Events about these people, each at a second of its own."""
    database = open_database(f"sqlite:///{folder / 'data' / 'provisor.sqlite'}")
    tenant = tenants.only(database.reader())
    with database.transaction() as connection:
        start = log.newest_number(connection)
        log.append(
            connection,
            [
                LogRow(
                    f"id-{at:04}",
                    tenant,
                    1,
                    "c",
                    at * 1_000_000,
                    "create",
                    "success",
                    None,
                    f"s{at}",
                    name,
                    None,
                    FACTS,
                )
                for at, name in enumerate(names, start + 1)
            ],
        )
    database.close()


def test_csv_is_three_files_for_their_owner_alone(provisor, tmp_path):
    written(tmp_path, "anna", "=cmd")

    done = provisor("log", "export", "--format", "csv", "--output", tmp_path / "out")

    files = sorted((tmp_path / "out").iterdir())
    assert (done.code, [file.name for file in files]) == (
        0,
        ["ProvisioningLogs.csv", "ProvisioningLogs_ModifiedProperties.csv", "ProvisioningLogs_ProvisioningSteps.csv"],
    )
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    rows = list(csv.DictReader((tmp_path / "out" / "ProvisioningLogs.csv").open(encoding="utf-8", newline="")))
    assert [row["sourceIdentity.displayName"] for row in rows] == ["anna", "'=cmd"]


@pytest.mark.parametrize("names", [(), ("anna",), ("anna", "=bo", "carl")], ids=len)
def test_json_is_one_array_of_what_fits_oldest_first(provisor, tmp_path, names):
    written(tmp_path, *names)

    done = provisor("log", "export", "--format", "json")

    assert [event["sourceIdentity"]["displayName"] for event in json.loads(done.out)] == list(names)


def test_json_lines_go_to_a_file_with_the_filters_of_the_list(provisor, tmp_path):
    written(tmp_path, "anna", "bo", "carl")

    provisor("log", "export", "--format", "jsonl", "--output", tmp_path / "log.jsonl", "--since", "1970-01-01T00:00:02")

    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["sourceIdentity"]["displayName"] for line in lines] == ["bo", "carl"]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_a_file_that_is_there_is_not_replaced(provisor, tmp_path, form):
    written(tmp_path, "anna")
    path = tmp_path / "out"
    arguments = ("log", "export", "--format", form, "--output", path)
    provisor(*arguments)
    before = path.read_bytes() if path.is_file() else {file.name: file.read_bytes() for file in path.iterdir()}

    again = provisor(*arguments)

    after = path.read_bytes() if path.is_file() else {file.name: file.read_bytes() for file in path.iterdir()}
    assert (again.code, after) == (1, before)
    assert "is not replaced" in again.err


def test_csv_without_a_folder_is_wrong_usage(provisor):
    assert provisor("log", "export", "--format", "csv").code == 2


@pytest.mark.parametrize("arguments", [("--since", "yesterday"), ("--hours", "1", "--since", "2026-01-01")])
def test_a_time_that_cannot_be_meant_is_wrong_usage(provisor, arguments):
    assert provisor("log", "list", *arguments).code == 2


def test_a_tail_begins_with_the_newest_oldest_first(provisor, tmp_path):
    written(tmp_path, "anna", "bo", "carl")

    done = provisor("log", "tail", "--lines", "2", "--json")

    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["id-0002", "id-0003"]


NARROW = {"--identity": "anna", "--cycle": "c", "--source-system": "Provisor Directory", "--status": "success"}


@pytest.mark.parametrize("verb", ["list", "tail", "export"])
@pytest.mark.parametrize("option", NARROW)
def test_section_17_3_a_filter_lets_in_what_fits_and_nothing_else(provisor, tmp_path, verb, option):
    written(tmp_path, "anna")
    form = ("--format", "jsonl") if verb == "export" else ("--json",)

    found = provisor("log", verb, option, NARROW[option], *form)
    nothing = provisor("log", verb, option, "failure" if option == "--status" else "another", *form)

    assert (found.out.count("id-0001") > 0, nothing.out.count("id-0001")) == (True, 0)
    assert (found.code, nothing.code) == (0, 0)


@pytest.mark.slow
def test_a_tail_that_follows_shows_every_event_once_and_ends_with_ctrl_c(provisor, tmp_path):
    written(tmp_path, "anna")
    process = subprocess.Popen(
        [sys.executable, "-m", "provisor", "log", "tail", "--follow", "--json"],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = json.loads(process.stdout.readline())["id"]

    written(tmp_path, "bo", "carl")
    more = [json.loads(process.stdout.readline())["id"] for _ in range(2)]
    process.send_signal(2)
    rest, _ = process.communicate(timeout=30)

    assert ([first, *more], rest, process.returncode) == (["id-0001", "id-0002", "id-0003"], "", 130)
