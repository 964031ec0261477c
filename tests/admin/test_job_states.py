"""The states of a job and what moves it from one to another: spec/provisioning-service.md sections 1, 2.1 to 2.3."""

from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import RESET_SCOPES, read_reset_scope
from provisor.engine.behaviour import PROVISOR
from provisor.rules.failure import Failure
from provisor.storage import escrow, jobs, quarantine, run_requests
from provisor.storage.escrow import FailedRow
from provisor.storage.secrets import load_key

APP = "Cisco Umbrella User Management"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
FAILURE = Failure(code="Timeout", message="No answer.", hint="")


@pytest.fixture
def admin(database, tenant, tmp_path):
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: NOW,
            random_bytes=bytes,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: pytest.fail("nothing may be sent"),
        )
    )


@pytest.fixture(params=["provisor", "entra"])
def fresh(request, admin):
    """A new job, in both behaviours."""
    admin.applications.add(ME, APP)
    return admin.jobs.create(ME, APP, behaviour=request.param).job


@pytest.fixture
def configured(admin, fresh):
    return admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1:1", token="a-token").job


STATES = {
    "Disabled": ("Disabled", "NotRun"),
    "NotRun": ("Active", "NotRun"),
    "Active": ("Active", "Active"),
    "Paused": ("Paused", "Paused"),
    "Quarantine": ("Active", "Quarantine"),
    "Quarantine, disabled": ("Disabled", "Quarantine"),
}


def put(database, job, state):
    """The job in a state, with the position that it would have there."""
    schedule, code = STATES[state]
    passed = state not in ("Disabled", "NotRun")
    with database.transaction() as connection:
        if code == "Quarantine":
            quarantine.impose(connection, job, "QuarantinedOnDemand", FAILURE, now=NOW)
        jobs.change(
            connection,
            job.number,
            schedule_state=schedule,
            status_code=code,
            watermark=7 if passed else None,
            steady_first_at=1 if passed else None,
        )


def state_of(admin):
    job = admin.jobs.show(ME, APP).job
    return job.schedule_state, job.status_code


def test_section_2_2_a_new_job_is_disabled_not_configured_and_zeroed(admin, fresh):
    status = admin.cycles.status(ME, APP).to_json()

    assert state_of(admin) == ("Disabled", "NotConfigured")
    assert (status["lastExecution"], status["steadyStateFirstAchievedTime"]) == (None, "0001-01-01T00:00:00Z")
    assert [one["value"] for one in status["synchronizedEntryCountByType"]] == [0, 0]


def test_section_2_2_saved_credentials_make_it_not_run(admin, configured):
    assert state_of(admin) == ("Disabled", "NotRun")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Disabled", "NotRun"),
        ("NotRun", "NotRun"),
        ("Active", "Active"),
        ("Paused", "Active"),
        ("Quarantine", "Active"),
        ("Quarantine, disabled", "Active"),
    ],
)
def test_section_2_2_a_start_makes_the_schedule_active(admin, database, configured, state, code):
    put(database, configured, state)

    admin.jobs.start(ME, APP)

    assert state_of(admin) == ("Active", code)


@pytest.mark.parametrize(
    ("state", "asked"), [(state, state not in ("NotRun", "Active")) for state in STATES], ids=STATES
)
def test_section_2_2_who_is_started_runs_at_once_and_who_runs_already_is_left_alone(
    admin, database, configured, state, asked
):
    put(database, configured, state)

    admin.jobs.start(ME, APP)

    assert bool(run_requests.unanswered(database.reader(), configured.number)) is asked


@pytest.mark.parametrize("state", STATES)
def test_section_2_2_a_pause_keeps_everything_and_starts_no_further_cycle(admin, database, configured, state):
    put(database, configured, state)
    before = jobs.read(database.reader(), configured.number)

    admin.jobs.pause(ME, APP)

    after = jobs.read(database.reader(), configured.number)
    assert state_of(admin) == ("Paused", "Paused")
    assert (after.watermark, after.full_evaluation) == (before.watermark, before.full_evaluation)
    assert jobs.scheduled(database.reader(), after.tenant) == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("words", ["", *RESET_SCOPES])
def test_section_2_3_a_restart_makes_the_schedule_active_whatever_it_forgets(admin, database, configured, state, words):
    put(database, configured, state)

    admin.jobs.restart(ME, APP, reset_scope=words)

    schedule, code = state_of(admin)
    stays = state.startswith("Quarantine") and words not in ("", "QuarantineState", "Full", "None")
    assert schedule == "Active"
    assert code in (("Quarantine",) if stays else ("Active", "NotRun"))
    assert bool(run_requests.unanswered(database.reader(), configured.number)) is not stays  # it runs when that lets it


# What a restart forgets: the position, the links, what failed; whether it allows deletions.
FORGETS = {
    "": {"position", "failures"},
    "None": set(),
    "Watermark": {"position"},
    "Escrows": {"failures"},
    "QuarantineState": set(),
    "ConnectorDataStore": {"position", "links", "failures"},
    "ForceDeletes": {"brake"},
    "Full": {"position", "links", "failures"},
    "Watermark, Escrows, QuarantineState": {"position", "failures"},
    "escrows,forcedeletes": {"failures", "brake"},
}


@pytest.mark.parametrize("words", FORGETS)
def test_section_2_3_a_restart_forgets_what_its_reset_scope_names(admin, database, configured, words):
    put(database, configured, "Active")
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)"
            " VALUES (?, 'o', 'user', 't', 'linked', 'h', 'h', '{}')",
            (configured.number,),
        )
        escrow.record(connection, configured.number, [FailedRow(1, "o", FAILURE, 0, who=("user", "o"))], PROVISOR)

    admin.jobs.restart(ME, APP, reset_scope=words)

    reader, job = database.reader(), jobs.read(database.reader(), configured.number)
    forgotten = {
        "position": job.watermark is None,
        "links": reader.one("SELECT count(*) FROM link") == (0,),
        "failures": not escrow.anything(reader, configured.number),
        "brake": job.force_deletes is not None,
    }
    assert {name for name, gone in forgotten.items() if gone} == FORGETS[words]


@pytest.mark.parametrize("words", ["Bogus", "Watermark, None", "None,Escrows"])
def test_section_2_3_words_that_no_reset_scope_has_are_refused(admin, configured, words):
    with pytest.raises(AdminError) as refused:
        admin.jobs.restart(ME, APP, reset_scope=words)

    assert refused.value.code == "invalid-value"


def test_section_2_3_an_empty_reset_scope_is_what_the_portals_button_does():
    assert read_reset_scope(" ") == {"Watermark", "Escrows", "QuarantineState"}


def filtered(document):
    clause = {"sourceOperandName": "department", "operatorName": "IS NOT NULL", "targetOperand": {"values": []}}
    users = document["synchronizationRules"][0]["objectMappings"][0]
    users["scope"] = {"groups": [{"name": "Somewhere", "clauses": [clause]}]}
    return document


SAVED = {
    "a mapping": lambda admin: admin.schemas.map(ME, APP, "user", source="mail", target="displayName"),
    "a filter": lambda admin: admin.schemas.save(ME, APP, filtered(admin.schemas.export(ME, APP))),
    "the mappings of the template": lambda admin: admin.schemas.restore(ME, APP),
    "another scope": lambda admin: admin.jobs.settings(ME, APP, scope="all"),
}


@pytest.mark.parametrize("what", SAVED)
def test_section_2_2_what_is_saved_about_everybody_is_heeded_by_the_next_cycle(admin, database, configured, what):
    admin.schemas.map(ME, APP, "user", source="department", target="name.formatted")
    put(database, configured, "Active")
    with database.transaction() as connection:
        jobs.change(connection, configured.number, full_evaluation=False, rules_changed=False)

    SAVED[what](admin)

    job = admin.jobs.show(ME, APP).job
    assert (job.full_evaluation, job.rules_changed) == ((True, False) if what == "another scope" else (False, True))


@pytest.mark.parametrize("fresh", ["entra"], indirect=True)
def test_section_2_3_a_narrower_scope_waits_for_a_restart_in_the_faithful_behaviour(admin, database, configured):
    put(database, configured, "Active")
    admin.jobs.settings(ME, APP, scope="all")
    with database.transaction() as connection:
        jobs.change(connection, configured.number, full_evaluation=False)

    admin.jobs.settings(ME, APP, scope="assigned")
    waits = admin.jobs.show(ME, APP).job
    admin.jobs.restart(ME, APP)

    assert (waits.full_evaluation, waits.watermark) == (False, 7)
    assert admin.jobs.show(ME, APP).job.watermark is None


@pytest.mark.parametrize("fresh", ["provisor"], indirect=True)
def test_a_narrower_scope_takes_access_away_with_the_next_cycle_in_the_better_behaviour(admin, database, configured):
    put(database, configured, "Active")
    admin.jobs.settings(ME, APP, scope="all")
    with database.transaction() as connection:
        jobs.change(connection, configured.number, full_evaluation=False)

    admin.jobs.settings(ME, APP, scope="assigned")

    assert admin.jobs.show(ME, APP).job.full_evaluation is True


@pytest.mark.parametrize("what", ["credentials", "interval", "behaviour"])
def test_section_2_3_what_concerns_nobody_in_particular_restarts_nothing(admin, database, configured, what):
    put(database, configured, "Active")
    change = {
        "credentials": lambda: admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1:2", token="b-token"),
        "interval": lambda: admin.jobs.settings(ME, APP, interval_seconds=1),
        "behaviour": lambda: admin.jobs.settings(ME, APP, behaviour="entra"),
    }

    change[what]()

    job = admin.jobs.show(ME, APP).job
    assert (job.full_evaluation, job.watermark) == (False, 7)


@pytest.mark.parametrize("state", STATES)
def test_section_2_2_a_job_is_deleted_from_every_state(admin, database, configured, state):
    put(database, configured, state)

    admin.removals.delete_job(ME, APP)

    assert jobs.by_id(database.reader(), configured.id) is None
    for table in jobs.HANGS_OFF:
        assert database.reader().one(f"SELECT count(*) FROM {table}") == (0,)


# Ids, section 1


def test_section_1_the_first_job_of_an_application_has_the_id_of_its_service_principal(admin, fresh):
    template, tenant, principal = fresh.id.split(".")

    assert (template, principal) == ("ciscoUmbrella", fresh.application)
    assert tenant == fresh.tenant.replace("-", "")
    assert len(tenant) == 32


@pytest.mark.parametrize(("template", "tag"), [("ciscoUmbrella", "ciscoUmbrella"), ("scim", "scim")])
def test_section_1_a_job_id_begins_with_the_tag_of_its_template(admin, template, tag):
    application = admin.applications.add(ME, template).application

    assert admin.jobs.create(ME, application.id).job.id.startswith(f"{tag}.")


def test_section_1_a_further_job_has_an_id_of_its_own_in_the_same_form(admin, fresh):
    second = admin.jobs.create(ME, APP).job

    assert second.id != fresh.id
    assert second.id.rpartition(".")[0] == fresh.id.rpartition(".")[0]
    assert len(second.id.rpartition(".")[2]) == 36


def test_section_1_no_job_gets_the_id_of_one_that_was_deleted(admin, fresh):
    admin.removals.delete_job(ME, APP)

    again = admin.jobs.create(ME, APP).job
    admin.removals.delete_job(ME, APP)

    assert again.id != fresh.id


def test_several_jobs_of_an_application_are_named_by_their_ids(admin, fresh):
    second = admin.jobs.create(ME, APP).job

    with pytest.raises(AdminError) as refused:
        admin.jobs.show(ME, APP)

    assert refused.value.code == "name-ambiguous"
    assert fresh.id in refused.value.hint
    assert second.id in refused.value.hint
    assert admin.jobs.show(ME, second.id).job == second


# The interval, sections 2.1 and 3


@pytest.mark.parametrize(
    ("seconds", "told"), [(None, "PT40M"), (1, "PT1S"), (60, "PT1M"), (90, "PT90S"), (86_400, "PT1440M")]
)
def test_section_2_1_the_interval_of_a_started_job(admin, configured, seconds, told):
    admin.jobs.start(ME, APP)
    if seconds is not None:
        admin.jobs.settings(ME, APP, interval_seconds=seconds)

    assert admin.jobs.show(ME, APP).interval == told


def test_section_2_1_a_job_that_was_never_started_shows_the_longest_interval(admin, fresh):
    assert admin.jobs.show(ME, APP).interval == "P10675199DT2H48M5.4775807S"


def test_section_2_1_an_interval_that_was_chosen_is_shown_before_the_start_too(admin, fresh):
    admin.jobs.settings(ME, APP, interval_seconds=5)

    assert admin.jobs.show(ME, APP).interval == "PT5S"
