"""Sources as administrators keep them: added paused, read, changed with what that means, started, deleted."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from support.sourced import AD, PASSWORD, SourcedService


@pytest.fixture
def service(migrated_file, tmp_path):
    made = SourcedService(migrated_file, tmp_path / "service")
    yield made
    made.close()


@pytest.fixture
def sources(service):
    return service.admin.sources


@pytest.fixture
def corp(sources):
    return sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD)


def names(service, kind="users"):
    return [shown.name for shown in getattr(service.admin, kind).page(ME)]


def test_a_source_is_added_paused(sources, corp):
    assert (corp.source.schedule_state, corp.health, corp.next_at) == ("Paused", "not read yet", None)


def test_a_run_brings_people_and_groups(service, sources, corp):
    service.domain.person("anna")
    service.domain.group("sales", "anna")

    run = sources.runs.run(ME, "corp")

    assert (run.kind, run.state, run.counters["created"]) == ("full", "succeeded", 2)
    assert (names(service), names(service, "groups")) == (["anna@contoso.example"], ["sales"])


def test_whom_a_changed_filter_leaves_out_leaves_with_the_next_run_though_nothing_changed_at_the_source(
    service, sources, corp
):
    service.domain.person("anna")
    service.domain.person("bo", department="Temporary")
    sources.runs.run(ME, "corp")
    filters = [{"attribute": "department", "operator": "equals", "value": "Temporary"}]
    sources.settings.change(ME, "corp", document={**AD, "filters": filters})

    sources.runs.run(ME, "corp")

    assert names(service) == ["anna@contoso.example"]
