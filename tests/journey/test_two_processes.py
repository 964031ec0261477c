"""What one process asks of another through the database: run now, pause, abort, delete, an end within ten seconds.

Everything is real: `provisor serve` in a process of its own, commands in another, an application that may hang.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.admin.following import Following
from provisor.main import build
from provisor.settings import read_settings
from provisor.storage import run_requests

pytestmark = pytest.mark.slow

APP = "Cisco Umbrella User Management"
ANNA = "anna@x.example"
SECONDS = 30
IDLE_SECONDS, ENDED_SECONDS = 5, 10  # what is promised of an abort, and of SIGTERM


class Application:
    """An application that finds nobody, creates whom it is asked to, and hangs where it is told to."""

    def __init__(self):
        self.hangs = ""  # the method that is not answered
        self.retry_after = ""  # the method that is asked to wait
        self.hangs_after = 10_000  # creates
        self.created = 0
        self.full = False
        self.counting = threading.Lock()
        self.asked = []
        self.released = threading.Event()
        application = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                application.asked.append(self.command)
                if self.command == application.hangs:
                    application.released.wait(SECONDS)
                    return
                if self.command == application.retry_after:
                    self.reply(429, {}, {"Retry-After": "600"})
                elif self.command == "POST":
                    with application.counting:
                        application.created += application.created < application.hangs_after
                        number = application.created
                        full, application.full = application.full, number == application.hangs_after
                    if full:
                        application.released.wait(SECONDS)
                        return
                    self.reply(201, {**json.loads(body), "id": f"t{len(application.asked)}"})
                else:
                    self.reply(200, {"totalResults": 0, "Resources": []})

            do_GET = do_POST = do_PATCH = answer

            def reply(self, status, document, headers=()):
                content = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {**dict(headers), "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/scim"

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def application():
    made = Application()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def admin(folder, application):
    made = build(read_settings({"PROVISOR_DATA": str(folder)}))
    made.users.create(ME, {"userPrincipalName": ANNA, "displayName": "Anna", "givenName": "A", "surname": "B"})
    made.applications.add(ME, APP)
    made.applications.assign(ME, APP, users=[ANNA])
    made.jobs.create(ME, APP)
    made.jobs.save_credentials(ME, APP, url=application.url, token="a-token")
    return made


def command(folder, *arguments):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    return subprocess.Popen(
        [sys.executable, "-m", "provisor", *arguments],
        env={**kept, "PROVISOR_DATA": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def served(folder, admin):
    process = command(folder, "serve")
    try:
        assert until(lambda: admin.cycles.status(ME, APP).runs.served)
        yield process
    finally:
        process.kill()
        process.communicate()


def until(fact):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.02)
    return False


def runs(admin):
    return admin.cycles.status(ME, APP).runs.running


def within(seconds, work):
    began = time.monotonic()
    result = work()
    assert time.monotonic() - began < seconds
    return result


def test_a_run_that_is_asked_for_is_done_by_the_process_that_serves_and_followed(folder, admin, application):
    with served(folder, admin) as process:
        run = command(folder, "job", "run", APP, "--json")
        out, err = run.communicate(timeout=SECONDS)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=SECONDS)

    assert (run.returncode, json.loads(out)["counts"], err) == (0, {"user.create": 1}, "")
    assert "initial cycle 1 succeeded" in said


def test_what_keeps_a_run_from_beginning_is_told_to_who_asked_for_it(folder, admin, application):
    context, job = admin.cycles.context, admin.jobs.show(ME, APP).job
    with served(folder, admin):
        with context.database.transaction() as connection:
            connection.execute("UPDATE job SET template = 'gone'")
            request = run_requests.ask(connection, job.number, at=0, by_hand=True)
        with pytest.raises(AdminError) as refused:
            Following(context, job, request).to_its_end()

    assert refused.value.code == "job-not-runnable"


def test_a_run_is_done_here_when_nobody_serves(folder, admin):
    assert admin.cycles.run(ME, APP).counts == {"user.create": 1}


def test_a_run_whose_server_was_killed_is_done_by_who_asked_for_it(folder, admin, application):
    with served(folder, admin) as process:
        application.hangs = "POST"
        run = command(folder, "job", "run", APP, "--json")
        assert until(lambda: "POST" in application.asked)
        application.hangs = ""
        process.kill()
        process.wait()
        out, _ = run.communicate(timeout=SECONDS)

    assert (run.returncode, json.loads(out)["state"]) == (0, "succeeded")


def test_who_follows_no_longer_does_not_end_the_run(folder, admin, application):
    with served(folder, admin):
        application.hangs = "POST"
        run = command(folder, "job", "run", APP)
        assert until(lambda: "POST" in application.asked)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=SECONDS)
        went_on = runs(admin)

    assert run.returncode == 130
    assert "goes on in" in err
    assert went_on


@pytest.mark.test_rows(2)
@pytest.mark.parametrize("trouble", ["hangs", "retry_after"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_abort_ends_a_cycle_of_another_process_within_five_seconds(folder, admin, application, method, trouble):
    setattr(application, trouble, method)
    with served(folder, admin):
        admin.jobs.start(ME, APP)
        assert until(lambda: method in application.asked)

        abort = command(folder, "job", "abort", APP)
        within(IDLE_SECONDS, lambda: abort.communicate(timeout=SECONDS))

        assert abort.returncode == 0
        assert not runs(admin)
        assert admin.jobs.show(ME, APP).job.schedule_state == "Paused"


@pytest.mark.test_rows(4)
@pytest.mark.parametrize("trouble", ["hangs", "retry_after"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("words", [("serve",), ("job", "run", APP)], ids=["serve", "run"])
def test_sigterm_ends_a_process_within_ten_seconds(folder, admin, application, words, method, trouble):
    setattr(application, trouble, method)
    admin.jobs.start(ME, APP)
    process = command(folder, *words)
    assert until(lambda: method in application.asked)

    process.send_signal(signal.SIGTERM)
    _, err = within(ENDED_SECONDS, lambda: process.communicate(timeout=SECONDS))

    assert "Traceback" not in err
    assert process.returncode == (0 if words == ("serve",) else 130)


def test_what_was_cut_short_is_continued_and_nobody_is_created_twice(folder, admin, application):
    application.hangs = "POST"
    admin.jobs.start(ME, APP)
    with served(folder, admin) as process:
        assert until(lambda: "POST" in application.asked)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    application.hangs = ""

    summary = admin.cycles.run(ME, APP)

    assert (summary.n, summary.state) == (1, "succeeded")


def test_progress_is_seen_from_another_process_and_a_kill_loses_none(folder, admin, application):
    names = [f"p{number:03}@x.example" for number in range(100)]
    for name in names:
        admin.users.create(ME, {"userPrincipalName": name, "displayName": name, "givenName": "A", "surname": "B"})
    admin.applications.assign(ME, APP, users=names)
    application.hangs_after = 40
    with served(folder, admin) as process:
        admin.jobs.start(ME, APP)
        assert until(lambda: application.created >= 40 and done(admin) == application.created)
        beside = admin.cycles.status(ME, APP).to_json()["progress"][0]
        process.kill()
        process.wait()
        left = done(admin)

    assert (beside["completedUnits"], beside["totalUnits"], beside["units"]) == (40, 101, "Users")
    assert beside["progressObservationDateTime"].startswith("20")
    assert left == 40


def done(admin):
    return admin.cycles.status(ME, APP).progress[0][1]


def test_a_job_that_runs_elsewhere_is_deleted(folder, admin, application):
    application.hangs = "POST"
    with served(folder, admin):
        admin.jobs.start(ME, APP)
        assert until(lambda: "POST" in application.asked)

        gone = within(ENDED_SECONDS, lambda: admin.removals.delete_job(ME, APP))

    assert gone.application == APP
    assert list(admin.jobs.all(ME)) == []
