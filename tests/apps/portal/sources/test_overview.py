"""The list of sources and the overview of one: how it stands, its runs, its buttons, what becomes of it."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from support.sourced import AD, PASSWORD

HOSTILE = "<script>alert(1)</script>\"'& x"


def test_without_a_source_the_list_teaches_which_kind_is_for_whom(ida):
    page = ida.get("/sources")

    for kind in ("active-directory", "ldap", "entra", "csv"):
        assert f"/sources/new/{kind}" in page.document.links
    assert "No source yet" in page.text


def test_who_only_reads_is_told_who_adds_sources(as_role):
    page = as_role("Security Reader").get("/sources")

    assert "A Hybrid Identity Administrator adds sources." in page.text
    assert "/sources/new" not in page.document.links


def test_the_list_says_how_each_is_and_whom_it_feeds(ida, read_corp):
    [_, row] = ida.get("/sources").document.rows

    assert "corp" in row
    assert "Active Directory" in row
    assert "Healthy" in row
    assert "3 users and 1 group" in row


def test_names_are_text(ida, admin):
    admin.sources.settings.add(ME, HOSTILE, AD, given_secrets=PASSWORD)

    page = ida.get("/sources")

    assert "<script>alert" not in page.html
    assert HOSTILE in page.text


@pytest.mark.parametrize("page", ["", "/connection", "/filtering", "/schedule", "/preview", "/deletions", "/delete"])
@pytest.mark.parametrize("name", [HOSTILE, "x" * 254, "'; DROP TABLE source; --"])
def test_names_are_text_on_every_page_of_a_source(ida, admin, name, page):
    made = admin.sources.settings.add(ME, name, AD, given_secrets=PASSWORD)

    shown = ida.get(f"/sources/{made.source.id}{page}")

    assert shown.status == 200
    assert "<script>alert" not in shown.html
    assert name in shown.text


def test_a_source_that_was_never_started_leads_on_to_the_wizard(ida, corp):
    page = ida.get(corp)

    assert f"{corp}/filtering" in page.document.links
    assert "It was never started" in page.text
    assert f"{corp}/run" not in page.document.forms


def test_the_overview_shows_figures_runs_and_settings(ida, read_corp):
    text = ida.get(read_corp).text

    assert "3 Users fed" in text
    assert "1 Groups fed" in text
    assert "Full read" in text
    assert "sync@contoso.example" in text
    assert "Saved; it is never shown" in text
    assert "correct horse battery" not in text


def test_a_source_that_fails_says_what_is_wrong_and_what_to_do(ida, admin, domain, read_corp):
    domain.source.faults.down = True
    admin.sources.runs.run(ME, "corp")

    text = ida.get(read_corp).text

    assert "The source cannot be read" in text
    assert "Check that the server is up" in text
    assert "Failing" in ida.get("/sources").text


@pytest.mark.parametrize(("read", "wanted"), [("delta", "delta"), ("full", "full")])
def test_a_run_is_asked_for(ida, admin, read_corp, read, wanted):
    ida.submit(ida.get(read_corp), f"{read_corp}/run", read=read)

    assert admin.sources.settings.show(ME, "corp").source.run_wanted == wanted


def test_it_is_paused_and_started(ida, admin, read_corp):
    ida.submit(ida.get(read_corp), f"{read_corp}/pause")
    assert admin.sources.settings.show(ME, "corp").source.schedule_state == "Paused"

    ida.submit(ida.get(read_corp), f"{read_corp}/start")
    assert admin.sources.settings.show(ME, "corp").source.schedule_state == "Active"


def test_staging_is_switched_on_and_off(ida, admin, read_corp):
    ida.submit(ida.get(read_corp), f"{read_corp}/staging", staging="on")
    assert "Staging mode. The source is read, and the directory is not touched." in ida.get(read_corp).text

    ida.submit(ida.get(read_corp), f"{read_corp}/staging", staging="off")
    assert not admin.sources.settings.show(ME, "corp").source.staging


def test_a_source_without_its_secret_is_not_started(ida, admin):
    made = admin.sources.settings.add(ME, "corp", AD)
    page = f"/sources/{made.source.id}/schedule"

    answer = ida.submit(ida.get(page), page, do="start")

    assert answer.status == 400
    assert "The schedule was saved, and the source was not started" in answer.text
    assert "has no secret to sign in with" in answer.text


def test_a_source_that_feeds_somebody_is_deleted_only_when_they_are_kept(ida, admin, service, read_corp):
    page = f"{read_corp}/delete"

    refused = ida.submit(ida.get(page), page)
    assert (refused.status, "Tick that they stay." in refused.text) == (400, True)
    answer = ida.submit(refused, page, keep="yes")

    assert answer.location == "/sources"
    assert "3 users and 1 group stay in the directory" in ida.follow(answer).text
    assert admin.sources.settings.all(ME) == []
    assert len(service.people()) == 3


def test_a_connection_that_was_changed_says_when_everything_is_read_again(ida, read_corp):
    page = f"{read_corp}/connection"

    shown = ida.follow(ida.submit(ida.get(page), page, do="save", addresses="dc1.contoso.example", signInName="mail"))

    assert "Everything is read once more" in shown.text


def test_another_server_asks_for_the_password_again(ida, read_corp):
    page = f"{read_corp}/connection"

    shown = ida.submit(ida.get(page), page, do="save", addresses="dc9.contoso.example")

    assert shown.status == 400
    assert 'id="password-wrong"' in shown.html


def test_a_connection_that_somebody_else_changed_meanwhile_is_not_written_over(ida, admin, read_corp):
    page = f"{read_corp}/connection"
    opened = ida.get(page)
    admin.sources.settings.change(ME, "corp", changes={"netBiosDomain": "CONTOSO"})

    answer = ida.submit(opened, page, do="save", addresses="dc1.contoso.example")

    assert answer.status == 409
    assert "CONTOSO" in answer.text


def test_runs_are_listed_page_by_page(ida, admin, domain, service, read_corp):
    for number in range(51):
        service.move(seconds=30)
        domain.person("anna", title=f"Title {number}")
        admin.sources.runs.run(ME, "corp")

    first = ida.get(f"{read_corp}/runs")
    later = next(link for link in first.document.links if "before=" in link)

    assert ida.get(later).html.count('rowheader"') == 2


def test_records_that_are_left_out_are_told_with_why(ida, admin, domain, read_corp):
    domain.person("svc", sAMAccountName=None)
    admin.sources.runs.run(ME, "corp")

    text = ida.get(f"{read_corp}/records").text

    assert "svc@contoso.example" in text
    assert "Left out" in text
    assert "No such record" in ida.get(f"{read_corp}/records?show=refused").text


# The home page


def test_home_names_a_source_that_fails(ida, admin, domain, read_corp):
    assert "Sources that need you" not in ida.get("/").text
    domain.source.faults.down = True
    admin.sources.runs.run(ME, "corp")

    page = ida.get("/")

    assert "Sources that need you" in page.text
    assert read_corp in page.document.links


def test_home_says_nothing_of_sources_to_who_may_not_see_them(as_role, admin, domain, read_corp):
    domain.source.faults.down = True
    admin.sources.runs.run(ME, "corp")

    assert "Sources that need you" not in as_role("Reports Reader").get("/").text


def test_the_first_step_of_objectguid_leads_to_the_wizard(ida):
    assert "/sources/new/active-directory" in ida.get("/first-steps/object-guid").document.links


def test_with_a_domain_it_leads_to_the_optional_features(ida, corp):
    assert f"{corp}/optional-features" in ida.get("/first-steps/object-guid").document.links
