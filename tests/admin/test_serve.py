"""What keeps a job from running at all under `provisor serve` is told and logged, and the others go on."""

import os
import signal

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.errors import AdminError
from provisor.main import build
from provisor.runner.recording.summary import CycleSummary
from provisor.runner.serving import is_served
from provisor.settings import read_settings
from provisor.storage import jobs

APP = "Cisco Umbrella User Management"


@pytest.fixture
def admin(tmp_path):
    made = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")}))
    made.applications.add(LOCAL_OPERATOR, APP)
    made.jobs.create(LOCAL_OPERATOR, APP)
    made.jobs.save_credentials(LOCAL_OPERATOR, APP, url="http://127.0.0.1:9/scim", token="t")
    made.jobs.start(LOCAL_OPERATOR, APP)
    return made


def broken_rules(admin, job):
    with admin.cycles.context.database.transaction() as connection:
        jobs.save_rules(
            connection, job, {"synchronizationRules": []}, created_by="test", now=admin.cycles.context.now()
        )


def lost_credentials(admin, job):
    with admin.cycles.context.database.transaction() as connection:
        connection.execute("DELETE FROM secret")


@pytest.mark.parametrize(
    ("happens", "code"),
    [(broken_rules, "job-not-runnable"), (lost_credentials, "no-credentials")],
    ids=["rules", "credentials"],
)
def test_what_keeps_a_job_from_running_is_in_the_log(admin, happens, code):
    happens(admin, admin.jobs.show(LOCAL_OPERATOR, APP).job.number)
    told = []

    def failed(job, sentence):
        told.append(sentence)
        os.kill(os.getpid(), signal.SIGTERM)

    admin.cycles.serve(LOCAL_OPERATOR, said=lambda sentence: None, failed=failed)

    (event,) = admin.logs.page(LOCAL_OPERATOR, status="failure")
    assert (event.code, event.source_id, event.name) == (code, None, APP)
    assert event.document["provisioningStatusInfo"]["errorInformation"]["reason"] in told[0]


def test_a_wrong_key_file_is_told_before_anything_runs(admin, tmp_path):
    (tmp_path / "data" / "secret.key").write_bytes(b"k" * 32)
    again = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")}))

    with pytest.raises(AdminError, match="holds another key") as raised:
        again.cycles.serve(LOCAL_OPERATOR, said=print, failed=print)

    assert raised.value.code == "secret-key"


def test_a_serve_is_seen_while_it_runs_and_not_afterwards(admin):
    path = admin.cycles.context.database.path
    seen = []

    def failed(job, sentence):
        seen.append(is_served(path))
        os.kill(os.getpid(), signal.SIGTERM)

    admin.cycles.serve(LOCAL_OPERATOR, said=lambda sentence: None, failed=failed)

    assert (seen, is_served(path)) == ([True], False)


def test_what_a_serve_writes_is_passed_on_before_it_ends(admin, tmp_path):
    broken_rules(admin, admin.jobs.show(LOCAL_OPERATOR, APP).job.number)
    admin.logs.forward(LOCAL_OPERATOR, "file", str(tmp_path / "log.jsonl"))

    admin.cycles.serve(
        LOCAL_OPERATOR, said=lambda sentence: None, failed=lambda job, sentence: os.kill(os.getpid(), signal.SIGTERM)
    )

    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert "job-not-runnable" in line


def test_a_receiver_that_fails_is_told_and_jobs_go_on(admin, tmp_path):
    broken_rules(admin, admin.jobs.show(LOCAL_OPERATOR, APP).job.number)
    folder = tmp_path / "gone"
    folder.mkdir()
    admin.logs.forward(LOCAL_OPERATOR, "file", str(folder / "log.jsonl"))
    (folder / "log.jsonl").unlink()
    folder.rmdir()
    told = []

    def failed(what, sentence):
        told.append(what)
        if "service" in told:
            os.kill(os.getpid(), signal.SIGTERM)

    admin.cycles.serve(LOCAL_OPERATOR, said=lambda sentence: None, failed=failed)

    assert {"service", admin.jobs.show(LOCAL_OPERATOR, APP).job.id} == set(told)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("succeeded", "succeeded"),
        ("failed", "failed"),
        ("stopped", "was stopped"),
        ("entry-level-errors", "ended with failures"),
    ],
)
def test_how_a_cycle_ended_is_said_in_words(state, words):
    assert CycleSummary(n=1, id="", kind="initial", state=state).ended == words
