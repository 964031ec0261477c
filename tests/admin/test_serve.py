"""What keeps a job from running at all under `provisor serve` is told and logged, and the others go on."""

import os
import signal

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.main import build
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
        connection.execute("DELETE FROM secret WHERE job = ?", (job,))


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


def test_a_serve_is_seen_while_it_runs_and_not_afterwards(admin):
    path = admin.cycles.context.database.path
    seen = []

    def failed(job, sentence):
        seen.append(is_served(path))
        os.kill(os.getpid(), signal.SIGTERM)

    admin.cycles.serve(LOCAL_OPERATOR, said=lambda sentence: None, failed=failed)

    assert (seen, is_served(path)) == ([True], False)
