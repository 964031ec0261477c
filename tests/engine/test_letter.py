"""Letters about notices: what section 11.4 puts into them, digests, and that nothing in a notice becomes more than text."""

from datetime import UTC, datetime

import pytest

from provisor.engine import notice as notices
from provisor.engine.letter import problem_with_mailbox, write_letter
from provisor.engine.notice import Notice, event, headline, turned

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
QUARANTINE = Notice(
    trouble="quarantine",
    turn="began",
    about="ciscoUmbrella.t.1",
    name="Cisco Umbrella",
    job="ciscoUmbrella.t.1",
    reason="EncounteredQuarantineException",
    sentence="Cisco Umbrella refused the secret token.",
    facts=(("Error", "Unauthorized"), ("Next attempt", "2026-03-01 14:00 UTC"), ("Disabled on", "2026-03-29")),
    at=AT,
)
HOSTILE = "x\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\0\x1b[2J"


def letter(*given):
    return write_letter(given, letter_id="m1", to="ops@fjord.example", tenant="tenant-1", at=AT)


def test_section_11_4_the_subject_names_application_and_reason():
    assert letter(QUARANTINE).subject == (
        "[provisioning] Cisco Umbrella entered quarantine: EncounteredQuarantineException"
    )


@pytest.mark.parametrize(
    "line",
    [
        "Tenant: tenant-1",
        "Job: ciscoUmbrella.t.1",
        "Time: 2026-03-01 08:00:00 UTC",
        "Reason: EncounteredQuarantineException",
        "Cisco Umbrella refused the secret token.",
        "Error: Unauthorized",
        "Next attempt: 2026-03-01 14:00 UTC",
        "Disabled on: 2026-03-29",
    ],
)
@pytest.mark.parametrize("form", ["text", "html"])
def test_section_11_4_the_body_says(form, line):
    assert line in getattr(letter(QUARANTINE), form)


@pytest.mark.parametrize("trouble", ["quarantine", "deletions", "credential", "webhook"])
@pytest.mark.parametrize("turn", ["began", "changed", "over"])
def test_every_turn_of_every_trouble_has_a_headline(trouble, turn):
    notice = Notice(
        trouble=trouble, turn=turn, about="a", name="Umbrella", job=None, reason="Why", sentence="So.", at=AT
    )

    assert headline(notice).startswith("Umbrella ")
    assert ("Why" in headline(notice)) == (turn != "over")


def test_a_digest_says_how_many_and_holds_each():
    many = letter(QUARANTINE, turned(QUARANTINE, "over"))

    assert many.subject.startswith("[provisioning] 2 notices, the first: Cisco Umbrella entered quarantine")
    assert "Cisco Umbrella left quarantine" in many.text
    assert "Cisco Umbrella left quarantine" in many.html


@pytest.mark.parametrize("field", ["name", "reason", "sentence", "job", "fact", "fact name"])
def test_no_field_of_a_notice_begins_a_line_or_becomes_markup(field):
    given = {"facts": ((("Error", HOSTILE) if field == "fact" else (HOSTILE, "Error")),)}
    given = given if field.startswith("fact") else {field: HOSTILE}
    fields = {name: getattr(QUARANTINE, name) for name in Notice.__dataclass_fields__} | given

    written = letter(Notice(**fields))

    assert "\n" not in written.subject + written.subject.replace("\r", "\n")
    assert not [line for line in written.text.splitlines() if line.startswith("Bcc")]
    assert "<script" not in written.html
    assert not set(written.text + written.html + written.subject) & set("\0\x1b\r")


def test_a_subject_is_short_whatever_the_name():
    assert len(letter(turned(QUARANTINE, "over")).subject) < 80
    long = Notice(trouble="webhook", turn="over", about="a", name="n" * 900, job=None, reason="", sentence="", at=AT)
    assert len(letter(long).subject) == 200


def test_a_notice_that_was_kept_is_read_as_it_was():
    assert notices.read(notices.kept(QUARANTINE)) == QUARANTINE


def test_an_event_has_the_form_of_standard_webhooks():
    made = event(QUARANTINE, "tenant-1")

    assert (made["type"], made["timestamp"]) == ("quarantine.began", "2026-03-01T08:00:00+00:00")
    assert made["data"]["facts"]["Error"] == "Unauthorized"
    assert made["data"]["tenant"] == "tenant-1"


@pytest.mark.parametrize(
    "address", ["ops@fjord.example", "o.p+s@mail.fjord.example", "root@localhost", "a_b-c@x-y.example", "o'neil@x.ie"]
)
def test_an_address_is_taken(address):
    assert problem_with_mailbox(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ops",
        "@fjord.example",
        "ops@",
        "ops@fjord..example",
        "ops@fjord.example.",
        "Ops <ops@fjord.example>",
        "ops@fjord.example, other@fjord.example",
        "ops@fjord.example\r\nBcc: all@x.example",
        "ops\n@fjord.example",
        "ops @fjord.example",
        '"o p"@fjord.example',
        "øps@fjord.example",
        "ops@fjørd.example",
        "a@b@c.example",
        "ops@fjord.example>",
        "ops@fjord_example/x",
        f"{'a' * 250}@x.example",
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(address):
    assert problem_with_mailbox(address).endswith(".")
