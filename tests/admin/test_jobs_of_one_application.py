"""An application has one or more jobs (spec/provisioning-service.md section 1)."""

import shutil
from uuid import UUID

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.main import build
from provisor.settings import read_settings

APP = "Cisco Umbrella User Management"


@pytest.fixture
def admin(tmp_path, migrated_file):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(migrated_file, data / "provisor.sqlite")
    return build(read_settings({"PROVISOR_DATA": str(data)}))


@pytest.fixture
def application(admin):
    return admin.applications.add(ME, APP).application


def create(admin, application):
    return admin.jobs.create(ME, application.id).job


def test_the_first_job_is_called_after_the_service_principal(admin, application):
    job = create(admin, application)

    assert job.id == f"ciscoUmbrella.{application.tenant.replace('-', '')}.{application.id}"


def test_further_jobs_have_ids_of_their_own(admin, application):
    jobs = [create(admin, application) for _ in range(3)]

    stem, _, first = jobs[0].id.rpartition(".")
    assert first == application.id
    assert len({job.id for job in jobs}) == 3
    for job in jobs[1:]:
        own, _, last = job.id.rpartition(".")
        assert (own, UUID(last) != UUID(application.id)) == (stem, True)
    assert [each.job.id for each in admin.jobs.all(ME)] == [job.id for job in jobs]


def test_the_id_of_a_deleted_job_never_comes_again(admin, application):
    first = create(admin, application)
    admin.removals.delete_job(ME, first.id)

    assert create(admin, application).id != first.id


def test_several_jobs_are_named_by_their_ids(admin, application):
    jobs = [create(admin, application) for _ in range(2)]

    with pytest.raises(AdminError) as refused:
        admin.jobs.show(ME, APP)

    assert refused.value.code == "name-ambiguous"
    assert all(job.id in refused.value.hint for job in jobs)
    assert [admin.jobs.show(ME, job.id).job.number for job in jobs] == [job.number for job in jobs]


def test_jobs_of_one_application_share_its_credentials_until_the_last_is_gone(admin, application):
    first, second = (create(admin, application) for _ in range(2))
    admin.jobs.save_credentials(ME, first.id, url="http://127.0.0.1:9/scim", token="a-secret-token")

    shared = admin.jobs.show(ME, second.id).credentials
    admin.removals.delete_job(ME, first.id)
    kept = admin.jobs.show(ME, second.id).credentials
    admin.removals.delete_job(ME, second.id)

    assert shared == kept == ("BaseAddress", "SecretToken")
    assert admin.jobs.show(ME, create(admin, application).id).credentials == ()


def test_jobs_of_one_application_are_settled_apart(admin, application):
    first, second = (create(admin, application) for _ in range(2))

    admin.jobs.settings(ME, first.id, scope="all")

    assert admin.jobs.show(ME, second.id).job.settings["scope"] == "assigned"


def test_an_application_is_removed_with_all_its_jobs(admin, application):
    jobs = [create(admin, application) for _ in range(2)]

    gone = admin.removals.delete_application(ME, application.id)

    assert gone.jobs == tuple(job.id for job in jobs)
    assert admin.jobs.all(ME) == []
