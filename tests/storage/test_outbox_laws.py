"""Laws of the outbox: whatever fails and wherever a sender dies, every notice arrives, in order, and twice only in doubt."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.engine.letter import MailServer
from provisor.engine.notice import Notice
from provisor.storage import outbox, recipients

MINUTE = timedelta(minutes=1)
# What becomes of a try: (markers that are committed, whether it arrived, what is noted of it; None: the sender died).
TRIES = {
    "taken": (2, True, "sent"),
    "refused for now": (1, False, "put off"),
    "answer lost": (2, True, "doubt"),
    "not taken, answer lost": (2, False, "doubt"),
    "died before": (0, False, None),
    "died on the way": (1, False, None),
    "died handing over": (2, False, None),
    "died before the answer": (2, True, None),
}
ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("abc"), st.sampled_from(["began", "changed", "over"]), st.integers(0, 2)),
    st.tuples(st.just("try"), st.sampled_from(sorted(TRIES))),
    st.tuples(st.just("wait"), st.integers(0, 400)),
)


class World:
    """An outbox, a clock, and receivers that keep what arrived."""

    def __init__(self, database, tenant, now):
        self.database, self.tenant, self.now = database, tenant, now
        self.put_ids = []
        self.arrived = []

    def write(self, work, *arguments, **named):
        with self.database.transaction() as connection:
            return work(connection, *arguments, **named)

    def put(self, about, turn, reason):
        notice = Notice(
            trouble="quarantine",
            turn=turn,
            about=about,
            name=about,
            job=None,
            reason=str(reason),
            sentence="",
            at=self.now,
        )
        made = self.write(outbox.put, self.tenant, notice)
        self.put_ids += [made] * (made is not None)

    def attempt(self, what):
        """One try of every message that is due."""
        self.write(outbox.make_messages, self.tenant, now=self.now)
        longest = timedelta(hours=1)
        for message in outbox.due(self.database.reader(), self.tenant, now=self.now, longest_wait=longest):
            self.attempt_one(message, *TRIES[what])

    def attempt_one(self, message, markers, arrives, noted):
        for marker in (outbox.begin, outbox.hand_over)[:markers]:
            self.write(marker, message.id)
        if arrives:
            rows = self.database.reader().all(
                "SELECT notice FROM outbox WHERE message = ? ORDER BY notice", (message.id,)
            )
            self.arrived.append((message.channel, message.id, [row[0] for row in rows], message.doubtful))
        if noted == "sent":
            self.write(outbox.sent, message.id, now=self.now)
        elif noted is None:
            self.write(outbox.recover, self.tenant, now=self.now)
        else:
            self.write(
                outbox.put_off,
                message.id,
                error="no",
                due_at=self.now + MINUTE,
                now=self.now,
                doubtful=noted == "doubt",
            )


def prepared(database, tenant, now):
    with database.transaction() as connection:
        for table in ("notice", "open_trouble", "outbox", "message", "webhook"):
            connection.execute(f"DELETE FROM {table}")
        server = MailServer(host="localhost", port=9, protection="none", sender="p@x.ie", to=("a@x.ie", "b@x.ie"))
        recipients.save_mail_server(connection, tenant, server)
        recipients.add_webhook(connection, tenant, "https://a.example", now=now)
    return World(database, tenant, now)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=25))
def test_every_notice_arrives_everywhere_in_order_and_twice_only_in_doubt(database, tenant, now, actions):
    world = prepared(database, tenant, now)
    for action, *values in actions:
        if action == "put":
            world.put(*values)
        elif action == "try":
            world.attempt(*values)
        else:
            world.now += values[0] * MINUTE / 10
    for _ in range(3 + 2 * len(world.put_ids)):  # a webhook takes one at a time, a letter waits for its minutes
        world.now += 10 * MINUTE
        world.attempt("taken")

    channels = {channel for channel, _, _, _ in world.arrived}
    assert not world.put_ids or len(channels) == 3
    for channel in channels:
        seen, first = set(), []
        for at, message, content, doubtful in world.arrived:
            if at == channel:
                assert doubtful or message not in seen
                first += [] if message in seen else content
                seen.add(message)
        assert first == world.put_ids
