"""Failures in a browser: by cause, who, the exchange, retry."""

from provisor.admin.actor import LOCAL_OPERATOR as ME

from .conftest import APP, HOSTILE


def test_where_nothing_fails_the_page_says_what_it_is_for(world, ana):
    assert "Nothing fails" in ana.get(f"{world.address}/failures").text


def test_failures_are_grouped_by_cause_with_what_to_do(world, ana):
    world.fail("anna")
    world.fail("bo")
    world.fail("carl", "MandatoryFieldsMissing", "displayName is missing")

    text = ana.get(f"{world.address}/failures").text

    assert "3 objects could not be provisioned" in text
    assert text.index("2 failures: EntryConflict") < text.index("1 failure: MandatoryFieldsMissing")
    assert "What to do: Rename the other account." in text
    assert "next try with the next cycle" in text


def test_a_cause_lists_its_objects(world, ana):
    world.fail("anna")
    world.fail("bo")
    world.fail("carl", "MandatoryFieldsMissing", "displayName is missing")
    cause = world.admin.escrow.causes(ME, APP)[0].cause

    page = ana.get(f"{world.address}/failures/cause/{cause}")
    found = ana.get(f"{world.address}/failures/cause/{cause}?search=BO")

    assert sorted(row.split()[0] for row in page.document.rows[1:]) == ["anna@x.example", "bo@x.example"]
    assert [row.split()[0] for row in found.document.rows[1:]] == ["bo@x.example"]


def test_a_long_cause_goes_on_on_the_next_page(world, ana):
    for number in range(60):
        world.person(f"p{number:02}")
        world.fail(f"p{number:02}", sent=False)
    cause = world.admin.escrow.causes(ME, APP)[0].cause

    first = ana.get(f"{world.address}/failures/cause/{cause}")
    further = next(one for one in first.document.links if one and "after=" in one)
    rows = first.document.rows[1:] + ana.get(further).document.rows[1:]

    assert len(rows) == len({row.split()[0] for row in rows}) == 60


def test_one_is_shown_with_the_request_and_its_answer(world, ana):
    world.fail("anna")

    text = ana.get(f"{world.address}/failures/{world.id('anna')}").text

    assert "POST https://u.example/Users 409" in text
    assert '"userName": "x"' in text
    assert "The user itself" in text


def test_an_answer_that_is_nested_without_end_is_shown_as_it_came(world, ana):
    world.fail("anna", answer="[" * 5_000)

    page = ana.get(f"{world.address}/failures/{world.id('anna')}")

    assert page.status == 200
    assert "[" * 5_000 in page.html


def test_an_exchange_that_is_not_kept_is_said_to_be_gone(world, ana):
    world.fail("anna", sent=False)

    assert "it is not kept any more" in ana.get(f"{world.address}/failures/{world.id('anna')}").text


def test_all_of_a_cause_are_tried_again(world, ana):
    world.fail("anna")
    world.fail("carl", "MandatoryFieldsMissing", "displayName is missing")
    cause = world.admin.escrow.causes(ME, APP)[0].cause
    address = f"{world.address}/failures/retry"

    page = ana.follow(ana.submit(ana.get(f"{world.address}/failures/cause/{cause}"), address, cause=cause, object=None))

    assert "1 is tried again with the next run." in page.text


def test_one_is_tried_again(world, ana):
    world.fail("anna")
    address = f"{world.address}/failures/retry"

    page = ana.follow(ana.submit(ana.get(f"{world.address}/failures/{world.id('anna')}"), address))

    assert "1 is tried again with the next run. Provisioning is off: they wait until it is on." in page.text


def test_a_cause_that_is_gone_leads_back(world, ana):
    page = ana.follow(ana.get(f"{world.address}/failures/cause/gone"))

    assert "Nobody fails for that any more." in page.text


def test_retrying_a_cause_that_is_gone_is_told(world, ana):
    world.fail("anna")
    address = f"{world.address}/failures/retry"

    answer = ana.submit(ana.get(f"{world.address}/failures"), address, cause="gone")

    assert answer.status == 404
    assert "Nobody is in escrow for 'gone'." in answer.text
    assert "`provisor" not in answer.text


def test_who_does_not_fail_is_not_there(world, ana):
    assert ana.get(f"{world.address}/failures/{world.id('anna')}").status == 404


def test_markup_in_an_answer_stays_text(world, ana):
    world.fail("anna", why=HOSTILE)

    for address in ("failures", f"failures/{world.id('anna')}"):
        page = ana.get(f"{world.address}/{address}")
        assert "<script>alert" not in page.html
        assert "&lt;script&gt;" in page.html
