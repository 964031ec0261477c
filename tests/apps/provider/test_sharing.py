"""What the processes of one server share: counts that all can tell, levels that all count, and nothing that hangs."""

import os
import signal

import pytest

from provisor.provider.protocol.throttling import RateLimit, Throttled
from provisor.provider.watch.metrics import Metrics
from provisor.provider.watch.sharing import Board, Shared, SharedLevels, SharedMemory


def forked(work):
    """Run `work` in a process of its own; returns its id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def taken(limit, tries):
    count = 0
    for _ in range(tries):
        try:
            limit.take("a")
            count += 1
        except Throttled:
            pass
    return count


def test_several_processes_take_from_one_level():
    limit = RateLimit(1_000, lambda: 0.0, SharedLevels())
    read, write = os.pipe()

    children = [forked(lambda: os.write(write, taken(limit, 600).to_bytes(4, "big"))) for _ in range(4)]
    for child in children:
        os.waitpid(child, 0)

    answers = os.read(read, 16)
    os.close(read)
    os.close(write)
    assert sum(int.from_bytes(answers[start : start + 4], "big") for start in range(0, 16, 4)) == 1_000


def test_a_process_that_is_killed_holds_nobody_up():
    memory = SharedMemory(64)
    read, write = os.pipe()

    def hold():
        with memory.locked(0, 64):
            os.write(write, b"held")
            signal.pause()

    child = forked(hold)
    assert os.read(read, 4) == b"held"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    with memory.locked(0, 64):
        memory.bytes[:4] = b"mine"
    os.close(read)
    os.close(write)


def test_a_level_crowded_out_is_the_one_used_longest_ago():
    now = [0.0]
    limit = RateLimit(1, lambda: now[0], SharedLevels())
    limit.take("the last")
    for number in range(8_000):  # many more than are remembered
        now[0] += 1e-7
        limit.take(f"{number:08x}")
        with pytest.raises(Throttled):
            limit.take(f"{number:08x}")

    limit.take("the last")  # what it had used is forgotten, and it is not refused for what others did


@pytest.fixture
def siblings():
    board = Board(3)
    return [Metrics(Shared(place=place, board=board, levels=SharedLevels())) for place in range(3)], board


def answered(page):
    return [line for line in page.splitlines() if line.startswith("provisor_target_requests_total{")]


def test_a_page_tells_what_others_published_and_all_of_its_own(siblings, monkeypatch):
    (one, two, three), _ = siblings
    for process, metrics in enumerate((one, two, three), 11):
        monkeypatch.setattr("provisor.provider.watch.metrics.os.getpid", lambda process=process: process)
        metrics.count("GET", "User", 200, 1_000)
        metrics.publish(process)
    one.count("POST", "User", 201, 1_000)
    monkeypatch.setattr("provisor.provider.watch.metrics.os.getpid", lambda: 11)

    page = one.page((), 11)

    sample = 'provisor_target_requests_total{{method="{}",resource="User",status="{}",process="{}"}} 1'
    assert answered(page) == [
        sample.format("GET", 200, 11),
        sample.format("POST", 201, 11),
        sample.format("GET", 200, 12),
        sample.format("GET", 200, 13),
    ]
    assert page.count("# TYPE provisor_target_requests_total counter") == 1
    assert 'provisor_target_refused_tokens_total{process="13"} 13' in page


def test_what_a_process_tells_of_itself_the_others_know(siblings, monkeypatch):
    (one, two, _), _ = siblings
    one.count("GET", "User", 200, 1_000)
    one.publish(0)
    one.count("GET", "User", 200, 1_000)

    told = answered(one.page((), 0))
    monkeypatch.setattr("provisor.provider.watch.metrics.os.getpid", lambda: 12)

    assert told == answered(two.page((), 0))
    assert told[0].endswith(" 2")


def test_a_process_that_ended_is_told_no_more(siblings):
    (one, two, _), board = siblings
    one.count("GET", "User", 200, 1_000)
    one.publish(0)

    board.put(0, b"")

    assert answered(two.page((), 0)) == []


def test_half_a_text_is_nobodys(siblings):
    (one, two, _), board = siblings
    one.count("GET", "User", 200, 1_000)
    one.publish(0)

    board.memory.bytes[20] ^= 1  # as after a kill in the middle of writing

    assert answered(two.page((), 0)) == []


def test_the_most_that_can_be_counted_fits_in_its_place(siblings):
    (one, two, _), _ = siblings
    kinds = (None, "User", "Group", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "BREW"):
        for kind in kinds:
            for status in range(400, 418):
                for _ in range(3):
                    one.count(method, kind, status, 10**9)

    assert len(answered(one.page((), 10**12))) == 6 * 7 * 18
    assert len(answered(two.page((), 0))) == 6 * 7 * 18
