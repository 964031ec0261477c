"""The outbox: one telling for one trouble, digests, and no message lost or knowingly repeated."""

from dataclasses import replace
from datetime import timedelta

import pytest

from provisor.engine.letter import MailServer
from provisor.engine.notice import Notice
from provisor.storage import jobs, outbox, recipients

OPS = "ops@fjord.example"
DAY = timedelta(days=1)


@pytest.fixture
def job(database, tenant, now):
    with database.transaction() as connection:
        recipients.save_mail_server(
            connection,
            tenant,
            MailServer(host="mail.example", port=25, protection="starttls", sender="p@x.example", to=("admin@x.ie",)),
        )
        made = jobs.create(
            connection,
            tenant=tenant,
            application="a",
            template="ciscoUmbrella",
            document={},
            created_by="local",
            now=now,
            settings={"notification": {"enabled": True, "recipients": [OPS]}},
        )
    return made


@pytest.fixture
def notice(job, now):
    return Notice(
        trouble="quarantine",
        turn="began",
        about=job.id,
        name="Umbrella",
        job=job.id,
        reason="Unauthorized",
        sentence="The token was refused.",
        at=now,
    )


@pytest.fixture
def put(database, tenant):
    def run(notice):
        with database.transaction() as connection:
            return outbox.put(connection, tenant, notice)

    return run


@pytest.fixture
def gather(database, tenant, now):
    """Makes messages at a time after now, and returns those that are due."""

    def run(after=timedelta()):
        with database.transaction() as connection:
            outbox.make_messages(connection, tenant, now=now + after)
        return outbox.due(database.reader(), tenant, now=now + after, longest_wait=DAY)

    return run


def do(database, work, *arguments, **named):
    with database.transaction() as connection:
        return work(connection, *arguments, **named)


def turns(database, message):
    return [notice.turn for notice in outbox.content(database.reader(), message.id)]


TOLD = {  # turns and reasons as they are put, and what is told of them
    "began": ([("began", "A")], ["began"]),
    "met again and again": ([("began", "A")] * 3, ["began"]),
    "another reason": ([("began", "A"), ("began", "B")], ["began", "changed"]),
    "said to have changed": ([("began", "A"), ("changed", "B")], ["began", "changed"]),
    "changed, and nobody knew that it began": ([("changed", "B")], ["began"]),
    "over": ([("began", "A"), ("over", "A")], ["began", "over"]),
    "over twice": ([("began", "A"), ("over", "A"), ("over", "A")], ["began", "over"]),
    "never began": ([("over", "A")], []),
    "back again": ([("began", "A"), ("over", "A"), ("began", "A")], ["began", "over", "began"]),
}


@pytest.mark.parametrize(("given", "told"), TOLD.values(), ids=TOLD)
def test_section_11_4_one_telling_for_one_trouble_and_one_when_it_is_over(database, notice, put, gather, given, told):
    for turn, reason in given:
        put(replace(notice, turn=turn, reason=reason))

    assert [turn for message in gather() for turn in turns(database, message)] == told


def test_two_jobs_have_troubles_of_their_own(database, notice, put, gather):
    put(notice)
    put(replace(notice, about="another"))

    (message,) = gather()
    assert turns(database, message) == ["began", "began"]


def test_an_event_that_is_rolled_back_is_not_told(database, tenant, notice, gather):
    with pytest.raises(RuntimeError), database.transaction() as connection:
        outbox.put(connection, tenant, notice)
        raise RuntimeError

    assert gather() == []


def test_a_storm_is_one_letter_at_once_and_one_digest_later(database, notice, put, gather, now):
    put(notice)
    (first,) = gather()
    do(database, outbox.begin, first.id)
    do(database, outbox.sent, first.id, now=now)
    for number in range(40):
        put(replace(notice, about=f"job {number}"))

    assert gather(outbox.BETWEEN_LETTERS - timedelta(seconds=1)) == []
    (digest,) = gather(outbox.BETWEEN_LETTERS)
    assert len(turns(database, digest)) == 40


def test_a_digest_is_bounded_and_the_rest_follows(database, notice, put, gather, now):
    for number in range(outbox.MOST_IN_A_DIGEST + 3):
        put(replace(notice, about=f"job {number}"))
    (first,) = gather()
    do(database, outbox.sent, first.id, now=now)
    (second,) = gather(DAY)

    assert [len(turns(database, each)) for each in (first, second)] == [outbox.MOST_IN_A_DIGEST, 3]


def test_a_message_under_way_does_not_take_in_later_notices(database, notice, put, gather):
    """Its id stands for its words: sent again, both are the same."""
    put(notice)
    (message,) = gather()
    put(replace(notice, turn="over"))

    assert [one.id for one in gather(DAY)] == [message.id]
    assert turns(database, message) == ["began"]


def test_a_clock_that_was_ahead_holds_no_letter_back(database, notice, put, gather, now):
    put(notice)
    (message,) = gather()
    do(database, outbox.sent, message.id, now=now + 400 * DAY)
    put(replace(notice, turn="over"))

    assert len(gather()) == 1


def test_a_time_that_a_clock_ahead_gave_counts_as_due(database, notice, put, gather, now):
    put(notice)
    (message,) = gather()
    do(database, outbox.put_off, message.id, error="", due_at=now + 400 * DAY, now=now)

    assert [one.id for one in gather()] == [message.id]


@pytest.mark.parametrize(
    ("marked", "again", "doubtful"),
    [((), True, False), (("begin",), True, False), (("begin", "hand_over"), True, True)],
    ids=["made", "sending", "handed"],
)
def test_a_sender_that_dies_loses_nothing_and_doubts_only_what_it_handed_over(
    database, tenant, notice, put, gather, now, marked, again, doubtful
):
    put(notice)
    (message,) = gather()
    for marker in marked:
        do(database, getattr(outbox, marker), message.id)

    do(database, outbox.recover, tenant, now=now)

    assert [(one.id, one.doubtful) for one in gather()] == [(message.id, doubtful)] * again


@pytest.mark.parametrize("ended", ["sent", "give_up"])
def test_what_has_ended_is_not_sent_again_after_a_restart(database, tenant, notice, put, gather, now, ended):
    put(notice)
    (message,) = gather()
    do(database, outbox.begin, message.id)
    do(database, outbox.hand_over, message.id)
    do(database, getattr(outbox, ended), message.id, now=now, **({"error": "no"} if ended == "give_up" else {}))

    do(database, outbox.recover, tenant, now=now)

    assert gather(DAY) == []


WHO = {
    "of a job": ({}, [f"mail:{OPS}"]),
    "of no job": ({"job": None}, ["mail:admin@x.ie"]),
    "of a job that is gone": ({"job": "gone"}, []),
}


@pytest.mark.parametrize(("given", "channels"), WHO.values(), ids=WHO)
def test_who_is_told(notice, put, gather, given, channels):
    put(replace(notice, **given))

    assert [message.channel for message in gather()] == channels


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"notification": {"enabled": False, "recipients": [OPS]}},
        {"notification": {"enabled": True, "recipients": []}},
        {"notification": {"enabled": True}},
    ],
)
def test_section_11_4_nothing_is_sent_without_an_address_and_a_check_mark(database, job, notice, put, gather, settings):
    do(database, jobs.change, job.number, settings=settings)
    put(notice)

    assert gather() == []


def test_every_webhook_is_told_of_one_notice_at_a_time(database, tenant, notice, put, gather, now):
    hooks = [do(database, recipients.add_webhook, tenant, f"https://{name}.example", now=now) for name in "ab"]
    put(replace(notice, job=None))
    put(replace(notice, job=None, turn="over"))

    made = [message for message in gather() if message.kind == "webhook"]

    assert sorted(message.channel for message in made) == sorted(hook.channel for hook in hooks)
    assert [turns(database, message) for message in made] == [["began"], ["began"]]


def test_a_webhook_that_is_switched_off_is_not_told(database, tenant, notice, put, gather, now):
    hook = do(database, recipients.add_webhook, tenant, "https://a.example", now=now)
    do(database, recipients.disable_webhook, hook.id, now=now)
    put(notice)

    assert [message.kind for message in gather()] == ["mail"]


@pytest.mark.parametrize("trouble", ["quarantine", "credential"])
def test_the_troubles_of_a_job_and_its_application_go_with_it(database, tenant, job, notice, put, now, trouble):
    put(replace(notice, trouble=trouble, about=job.application if trouble == "credential" else job.id))
    do(database, jobs.delete, job, application_name="Umbrella", now=now)

    assert outbox.troubled(database.reader(), tenant, trouble) == set()


def test_old_messages_are_forgotten_and_what_waits_is_kept(database, tenant, notice, put, gather, now):
    put(notice)
    (message,) = gather()
    do(database, outbox.sent, message.id, now=now)
    put(replace(notice, turn="over"))

    removed = do(database, outbox.clean, tenant, before=now + DAY)

    assert removed == 1
    assert database.reader().one("SELECT count(*) FROM notice") == (1,)
    assert [turns(database, one) for one in gather(DAY)] == [["over"]]
