"""Deletions that a source holds back, allowed or rejected; and previews, made beside everything else."""

from threading import Event

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME


@pytest.fixture
def holding(admin, domain, read_corp):
    """The source, which holds one deletion back."""
    admin.sources.settings.change(ME, "corp", deletion_threshold=0)
    domain.remove("carl")
    admin.sources.runs.run(ME, "corp")
    return read_corp


def test_who_would_leave_is_listed_with_the_ways_on(ida, holding):
    page = ida.get(f"{holding}/deletions")

    assert "1 user held back" in page.text
    assert "carl@contoso.example" in page.text
    assert {f"{holding}/deletions/allow", f"{holding}/deletions/reject"} <= set(page.document.links)


def test_the_overview_the_list_and_home_say_that_deletions_are_held(ida, holding):
    assert "Deletions are held back" in ida.get(holding).text
    assert "Deletions held" in ida.get("/sources").text
    assert f"{holding}/deletions" in ida.get("/").document.links


def test_allowed_deletions_go_with_the_next_run(ida, admin, service, holding):
    page = f"{holding}/deletions/allow"
    answer = ida.submit(ida.get(page), page)
    assert "Allowed: 1. They go with the next run." in ida.follow(answer).text

    admin.sources.runs.run(ME, "corp")

    assert sorted(service.people()) == ["anna@contoso.example", "bo@contoso.example"]


def test_as_many_are_allowed_as_were_shown(ida, admin, domain, service, holding):
    page = f"{holding}/deletions/allow"
    shown = ida.get(page)
    domain.remove("bo")
    admin.sources.runs.run(ME, "corp")

    answer = ida.submit(shown, page)

    assert answer.status == 400
    assert "2 are held back by now, and 1 were shown." in answer.text


def test_rejected_deletions_are_judged_anew(ida, admin, service, holding):
    page = f"{holding}/deletions/reject"

    ida.submit(ida.get(page), page)

    assert admin.sources.settings.show(ME, "corp").source.held is None
    assert len(service.people()) == 3


def test_where_nothing_is_held_the_page_says_when_something_would_be(ida, read_corp):
    assert "When more than 500 would be deleted in one run" in ida.get(f"{read_corp}/deletions").text


# Previews


def made(admin):
    """Wait until the preview is there."""
    for _ in range(200):
        found = admin.sources.previews.look(ME, "corp")
        if not found.is_running:
            return found
        Event().wait(0.05)
    raise AssertionError("no preview was made in ten seconds")


def test_a_preview_shows_counts_and_examples_and_changes_nothing(ida, admin, domain, service, corp):
    domain.person("anna")
    domain.group("staff", "anna")
    page = f"{corp}/preview"
    ida.submit(ida.get(page), page)
    made(admin)

    shown = ida.get(page)

    assert "anna@contoso.example" in shown.text
    assert "Created: users" in shown.text
    assert "Created: groups" in shown.text
    assert service.people() == []
    assert f"{corp}/start" in shown.document.forms


def test_a_preview_that_is_being_made_is_followed_without_a_script(ida, admin, domain, service, corp):
    domain.person("anna")
    going_on = Event()
    service.each_page = lambda page: going_on.wait(10)
    page = f"{corp}/preview"

    ida.submit(ida.get(page), page)
    shown = ida.get(page)
    again = admin.sources.previews.look(ME, "corp")
    going_on.set()
    made(admin)

    assert "A preview is being made" in shown.text
    assert '<noscript><meta http-equiv="refresh"' in shown.html
    assert again.is_running


def test_a_preview_of_a_source_that_does_not_answer_says_why(ida, admin, domain, corp):
    domain.source.faults.down = True
    page = f"{corp}/preview"

    ida.submit(ida.get(page), page)
    made(admin)

    assert "gave no answer" in ida.get(page).text


def test_a_preview_without_a_secret_is_refused(ida, admin):
    made_source = admin.sources.settings.add(ME, "hollow", _AD)
    page = f"/sources/{made_source.source.id}/preview"

    assert ida.submit(ida.get(page), page).status == 400


_AD = {
    "type": "active-directory",
    "server": {"addresses": ["dc1.contoso.example"], "user": "sync@contoso.example"},
    "base": "DC=contoso,DC=example",
}
