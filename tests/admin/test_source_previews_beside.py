"""Previews of sources that are made while whoever asked does something else: followed, kept, one of a source at once."""

from threading import Event

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from support.sourced import AD, PASSWORD


@pytest.fixture
def corp(sourced):
    sourced.admin.sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD)
    sourced.domain.person("anna")
    return sourced


@pytest.fixture
def waiting(corp):
    """The source answers its first page when this is set."""
    going_on = Event()
    corp.each_page = lambda page: going_on.wait(10)
    yield going_on
    going_on.set()
    ended(corp.admin.sources.previews)


def ended(previews):
    for _ in range(400):
        found = previews.look(ME, "corp")
        if not found.is_running:
            return found
        Event().wait(0.025)
    raise AssertionError("no preview was made in ten seconds")


def test_asking_returns_at_once_and_the_preview_is_looked_at_later(corp, waiting):
    previews = corp.admin.sources.previews

    assert previews.ask(ME, "corp").is_running
    waiting.set()

    assert [one.name for one in ended(previews).preview.examples] == ["anna@contoso.example"]


def test_nothing_is_known_before_one_is_asked_for(corp):
    assert corp.admin.sources.previews.look(ME, "corp") is None


def test_a_second_one_of_the_same_source_waits_for_its_end(corp, waiting):
    previews = corp.admin.sources.previews
    previews.ask(ME, "corp")

    with pytest.raises(AdminError, match="A preview of corp is being made"):
        previews.ask(ME, "corp")


def test_the_newer_one_takes_the_place_of_the_older(corp):
    previews = corp.admin.sources.previews
    previews.ask(ME, "corp")
    ended(previews)
    corp.domain.person("bo")

    previews.ask(ME, "corp", full=True)

    assert len(ended(previews).preview.examples) == 2


def test_why_there_is_none_is_kept(corp):
    previews = corp.admin.sources.previews
    corp.domain.source.faults.down = True
    previews.ask(ME, "corp")

    assert ended(previews).error.code == "source-unreachable"


def test_a_source_without_its_secret_is_refused_now(sourced):
    sourced.admin.sources.settings.add(ME, "corp", AD)

    with pytest.raises(AdminError) as refused:
        sourced.admin.sources.previews.ask(ME, "corp")

    assert refused.value.code == "no-credentials"
