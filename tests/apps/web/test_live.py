"""Pages that move by themselves: looked at once for all windows, ended when they must be, forgotten when they are gone."""

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest

from provisor.web import sessions
from provisor.web.answers import TemplatePage
from provisor.web.live import LiveTopic, LiveTopics
from provisor.web.sessions import IDLE, MINUTE, begin_session, look_up_session

SOON, NEVER = 0.01, 1000.0  # seconds


def yes():
    return True


class Topics:
    """Topics whose fragments are what `shown` says; `looks` counts."""

    def __init__(self, shown=lambda look: f"look {look}", *, every=SOON, check_every=NEVER):
        self.looks = 0
        self._shown = shown
        self._threads = ThreadPoolExecutor(2)
        self.topics = LiveTopics(self._threads, lambda page: page.values["text"], every=every, check_every=check_every)

    def look(self):
        self.looks += 1
        return TemplatePage(template="", title="", values={"text": self._shown(self.looks)})

    def follow(self, key="one", allowed=yes, look=None):
        return aclosing(self.topics.follow(LiveTopic(key=key, look=look or self.look), allowed))


async def next_events(stream, number):
    """The next so many events, without what only keeps a connection open."""
    found = []
    async for part in stream:
        if part.startswith(b"data: "):
            found.append(part.decode())
            if len(found) == number:
                break
    return found


async def rest(stream):
    return [part async for part in stream]


def run(work):
    return asyncio.run(asyncio.wait_for(work, 30))


def number(event):
    return int(event.split()[-1])


def test_a_topic_is_looked_at_once_for_all_its_windows():
    async def work():
        topics = Topics()
        async with topics.follow() as first, topics.follow() as second, topics.follow() as third:
            found = await asyncio.gather(*(next_events(stream, 10) for stream in (first, second, third)))
            return found, topics.looks

    found, looks = run(work())

    assert len({number(events[-1]) for events in found}) <= 3
    assert looks <= max(number(events[-1]) for events in found) + 3
    assert all(len(set(events)) == 10 for events in found)


def test_windows_that_come_and_go_do_not_make_a_topic_be_looked_at_more_often():
    async def work():
        topics = Topics(every=0.2)
        for _ in range(20):  # within one step
            async with topics.follow() as stream:
                await anext(stream)
        async with topics.follow() as stream:
            return [number(event) for event in await next_events(stream, 4)]

    seen = run(work())

    assert [b - a for a, b in itertools.pairwise(seen)] == [1, 1, 1]


def test_a_window_that_comes_later_is_shown_the_topic_at_once():
    async def work():
        topics = Topics(shown=lambda _look: "same", every=NEVER)
        async with topics.follow() as first:
            await next_events(first, 1)
            async with topics.follow() as second:
                return await next_events(second, 1), topics.looks

    assert run(work()) == (["data: same\n\n"], 1)


def test_what_has_not_changed_is_not_sent():
    async def work():
        topics = Topics(shown=lambda look: f"part {look // 10}")
        async with topics.follow() as stream:
            return await next_events(stream, 4)

    assert run(work()) == [f"data: part {part}\n\n" for part in range(4)]


def test_a_fragment_of_several_lines_is_one_event():
    async def work():
        topics = Topics(shown=lambda _look: "<p>\r\nevent: x\n\ndata</p>\u2028end")
        async with topics.follow() as stream:
            return await next_events(stream, 1)

    [event] = run(work())
    assert event.endswith("\n\n")
    assert all(line.startswith("data: ") for line in event.rstrip("\n").split("\n"))


def test_a_stream_ends_once_its_visitor_may_not_see_it_any_more():
    async def work():
        answers = iter([True, True, False])
        topics = Topics(check_every=SOON)
        async with topics.follow(allowed=lambda: next(answers)) as stream:
            await rest(stream)
        return list(answers), topics.topics.followed

    assert run(work()) == ([], 0)


def test_a_window_whose_look_is_refused_ends_and_the_others_go_on():
    def refused():
        raise PermissionError

    async def work():
        topics = Topics()
        async with topics.follow(look=refused) as first, topics.follow() as second:
            ended, found = await asyncio.gather(rest(first), next_events(second, 3))
            return ended, len(found)

    ended, found = run(work())
    assert not any(part.startswith(b"data:") for part in ended)
    assert found == 3


def test_a_browser_that_is_gone_is_forgotten_and_nobody_looks_for_it():
    async def work():
        topics = Topics(every=0)
        async with topics.follow() as stream:
            await next_events(stream, 2)
        assert topics.topics.followed == 0
        before = topics.looks
        async with topics.follow(key="another") as stream:
            await next_events(stream, 3)
        return topics.looks - before

    assert run(work()) <= 5


def test_a_server_that_stops_ends_every_stream_and_opens_none():
    async def work():
        topics = Topics(shown=lambda _look: "same", every=NEVER)
        async with topics.follow() as first, topics.follow(key="two") as second:
            await asyncio.gather(next_events(first, 1), next_events(second, 1))
            await asyncio.to_thread(topics.topics.close)
            await asyncio.gather(rest(first), rest(second))
        async with topics.follow() as third:
            return await rest(third), topics.topics.full

    assert run(work()) == ([], True)


def test_no_more_windows_are_followed_than_a_site_can_bear():
    async def work():
        topics = Topics(every=NEVER)
        open_, count = [], 0
        while not topics.topics.full:
            stream = topics.topics.follow(
                LiveTopic(key=f"{count % 7}", look=topics.look), yes, f"browser {count // 20}"
            )
            await anext(stream)
            open_.append(stream)
            count += 1
        async with topics.follow() as one_more:
            refused = await rest(one_more)
        await open_.pop().aclose()
        again = topics.topics.full
        for stream in open_:
            await stream.aclose()
        return count, refused, again

    assert run(work()) == (200, [], False)


def test_one_browser_does_not_take_the_places_of_all_others():
    async def work():
        topics, open_ = Topics(every=NEVER), []

        def opened(browser):
            stream = topics.topics.follow(LiveTopic(key="one", look=topics.look), yes, browser)
            open_.append(stream)
            return stream

        for _ in range(20):
            await anext(opened("greedy"))
        refused = await rest(opened("greedy"))
        other = await anext(opened("another"))
        for stream in open_:
            await stream.aclose()
        return refused, other, topics.topics.full_for("greedy")

    assert run(work()) == ([], b"retry: 2000\n\n", False)


def test_a_page_that_moves_by_itself_keeps_no_session_alive(database):
    with database.transaction() as connection:
        secret = begin_session(connection, "ana", address="", agent="", now=0)
    for minute in range(1, 30, 5):
        assert sessions.recognised(database, secret, minute * MINUTE, passive=True)

    assert look_up_session(database.reader(), secret, IDLE - 1).seen_at == 0
    assert sessions.recognised(database, secret, IDLE, passive=True) is None


# Through a site


def test_a_stream_says_that_nobody_uses_the_session_by_it(site, ana, pages):
    answer = ask(pages, ana.cookies)

    assert answer[0]["status"] == 200
    assert dict(answer[0]["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert site.skin.arrivals[-1].passive


def test_what_moves_by_itself_has_a_thread_of_its_own_and_takes_none_of_the_pages(site, ana, pages, monkeypatch):
    names = []
    look = site.look_now
    monkeypatch.setattr(site, "look_now", lambda: names.append(threading.current_thread().name) or look())

    ask(pages, ana.cookies)

    assert [name.rpartition("_")[0] for name in names] == ["live-page"]


@pytest.mark.parametrize(
    ("cookies", "headers"),
    [({}, {}), ({"__Host-tried": "x"}, {}), (None, {"sec-fetch-site": "cross-site"}), (None, {"origin": "https://x"})],
    ids=["nobody", "a wrong cookie", "another site", "another origin"],
)
def test_whoever_may_not_follow_a_page_is_told_so_once_and_sees_nothing(site, ana, pages, cookies, headers):
    answer = ask(pages, ana.cookies if cookies is None else cookies, **headers)

    assert answer[0]["status"] == 204
    assert b"content-security-policy" in dict(answer[0]["headers"])
    assert site.looks == 0


def test_a_server_that_stops_follows_nothing(site, ana, pages):
    site.site.end_streams()

    assert ask(pages, ana.cookies)[0]["status"] == 204


def ask(pages, cookies, **headers):
    """Open a stream; the browser goes away with the first event."""

    async def receive():
        await asyncio.sleep(0.2)
        return {"type": "http.disconnect"}

    given = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    return pages.receive("GET", "/live", given | headers, receive)
