"""Health and metrics of a service as a prober and Prometheus meet them: over HTTP, from outside of its loop."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from provisor.admin.actor import LOCAL_OPERATOR, Actor
from provisor.admin.errors import AdminError
from provisor.admin.health import Pulse
from provisor.admin.session import Listening
from provisor.admin.tally import Tally
from provisor.main import build
from provisor.monitoring.metrics import ServiceMetrics
from provisor.settings import read_settings
from provisor.site import site
from provisor.storage import log
from provisor.storage.log import LogRow

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
APP = "Cisco Umbrella User Management"


@pytest.fixture
def admin(tmp_path):
    made = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")}))
    made.applications.add(LOCAL_OPERATOR, APP)
    made.jobs.create(LOCAL_OPERATOR, APP)
    yield made
    made.health.context.database.close()


@pytest.fixture
def pulse():
    made = Pulse()
    made.beat_once()
    return made


@pytest.fixture
def get(admin, pulse):
    with site(admin, LOCAL_OPERATOR, pulse, Listening(host="127.0.0.1", port=0)) as url:

        def get(path):
            try:
                with urllib.request.urlopen(url + path, timeout=20) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as refused:
                return refused.code, refused.read().decode()

        yield get


def changed(admin, *statements):
    with admin.health.context.database.transaction() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("path", ["/healthz", "/healthz/ready", "/healthz/live"])
def test_a_service_at_work_is_alive_and_ready(get, path):
    status, body = get(path)

    assert (status, json.loads(body)["status"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/healthz", "/healthz/ready", "/healthz/live"])
def test_a_service_whose_loop_has_ended_is_neither(get, pulse, path):
    pulse.over = True

    assert get(path)[0] == 503


@pytest.mark.parametrize("path", ["/healthz", "/healthz/live"])
def test_a_service_whose_loop_has_not_begun_is_neither(admin, path):
    with (
        site(admin, LOCAL_OPERATOR, Pulse(), Listening(host="127.0.0.1", port=0)) as url,
        pytest.raises(urllib.error.HTTPError) as refused,
    ):
        urllib.request.urlopen(url + path, timeout=20)

    assert refused.value.code == 503


@pytest.mark.parametrize(("path", "status"), [("/healthz", 503), ("/healthz/live", 200), ("/metrics", 503)])
def test_a_service_that_cannot_use_its_database_is_alive_and_not_ready(admin, get, path, status):
    changed(admin, "DROP TABLE setting", "DROP TABLE job")

    assert get(path)[0] == status


def test_it_says_that_it_is_alive_while_the_database_is_locked(admin, get):
    database = admin.health.context.database
    other = database.connect()
    other.begin()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(get("/healthz")[0]))
    asking.start()

    live = get("/healthz/live")[0]
    still_asking = not answers
    other.rollback()
    asking.join()

    assert (live, still_asking, answers) == (200, True, [200])


def test_it_tells_how_far_a_job_is_behind(admin, get):
    changed(
        admin,
        "UPDATE job SET schedule_state = 'Active', status_code = 'Active', interval_seconds = 60,"
        " last_began_at = 1000000, last_ended_at = 1000000",
    )

    status, body = get("/healthz")

    assert status == 200
    assert json.loads(body)["behindSeconds"] > 1_000_000


def samples(text):
    """(name, labels) -> value of a page."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
            found[name, frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))] = float(value)
    return found


def value(text, name, **labels):
    return sum(
        number
        for (sample, pairs), number in samples(text).items()
        if sample == name and labels.items() <= dict(pairs).items()
    )


def test_events_are_counted_also_those_that_are_no_longer_kept(admin, get):
    job = admin.jobs.show(LOCAL_OPERATOR, APP).job
    row = LogRow("id-1", job.tenant, job.number, "c", 1, "create", "success", None, "s1", "anna@x.example", "t1", "{}")
    with admin.health.context.database.transaction() as connection:
        log.append(connection, [row, row._replace(id="id-2"), row._replace(id="id-3", status="failure", code="X")])
    changed(admin, "DELETE FROM log_event")

    _, text = get("/metrics")

    assert value(text, "provisor_events_total", job=job.id, action="create", status="success", kind="user") == 2
    assert value(text, "provisor_events_total", status="failure") == 1
    assert "anna" not in text


def test_requests_are_counted_by_method_status_and_time(admin, get):
    observe = admin.health.tally.of_job("the-job")
    for method, status, milliseconds in (
        ("GET", 200, 3.0),
        ("GET", 200, 30.0),
        ("POST", 429, 300.0),
        ("POST", None, 60_500.0),
    ):
        observe(method, status, milliseconds)

    _, text = get("/metrics")

    assert value(text, "provisor_requests_total", job="the-job", method="GET", status="200") == 2
    assert value(text, "provisor_requests_total", method="POST", status="429") == 1
    assert value(text, "provisor_requests_total", method="POST", status="none") == 1
    assert value(text, "provisor_request_seconds_bucket", method="GET", le="0.005") == 1
    assert value(text, "provisor_request_seconds_bucket", method="POST", le="60") == 1
    assert value(text, "provisor_request_seconds_count", method="POST") == 2


def test_an_application_that_answers_with_every_number_makes_no_more_series():
    tally = Tally()
    for status in range(100, 1000):
        tally.request("j", "GET", status, 1.0)

    assert len(tally.requests) <= 50
    assert sum(tally.requests.values()) == 900


def test_queue_escrow_and_quarantine_are_those_of_the_database(admin, get):
    job = admin.jobs.show(LOCAL_OPERATOR, APP).job
    insert = (
        "INSERT INTO operation (job, stage, object, cycle, object_kind, name, kind, phase, state)"
        f" VALUES ({job.number}, 1, '%s', 1, 'user', 'anna', 'create', 1, '%s')"
    )
    failed = (
        "INSERT INTO escrow (job, object, kind, object_kind, name, code, message, hint, cause, removes, attempts,"
        f" first_failed_at, last_failed_at, due) VALUES ({job.number}, '%s', 'object', 'user', 'bo', 'Timeout', '', '',"
        " '', 0, 1, 1, 1, 1)"
    )
    states = ["planned", "planned", "sent", "left", "left", "waiting"]
    changed(
        admin,
        *(insert % (number, state) for number, state in enumerate(states)),
        *(failed % number for number in range(3)),
        "UPDATE job SET status_code = 'Quarantine', watermark = 3",
        "UPDATE feed SET number = 10",
    )

    _, text = get("/metrics")

    assert [
        value(text, "provisor_queue_operations", state=state) for state in ("planned", "sent", "left", "waiting")
    ] == [
        2,
        1,
        2,
        1,
    ]
    assert value(text, "provisor_escrow_objects", job=job.id) == 3
    assert value(text, "provisor_job_quarantined", job=job.id) == 1
    assert value(text, "provisor_feed_lag_changes", job=job.id) == 7
    assert value(text, "provisor_job_info", application=APP, status="Quarantine") == 1


@pytest.fixture
def staff(admin, tmp_path):
    """A source of files that was read, and then could not be."""
    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName\nanna@x.example\nbo@x.example\n")
    made = admin.sources.settings.add(LOCAL_OPERATOR, "staff", {"type": "csv", "users": str(file)})
    admin.sources.settings.start(LOCAL_OPERATOR, "staff")
    admin.sources.runs.run(LOCAL_OPERATOR, "staff")
    file.unlink()
    admin.sources.runs.run(LOCAL_OPERATOR, "staff", full=True)
    return made.source


def test_the_figures_of_a_source(admin, staff, pulse):
    text = ServiceMetrics(admin.health, LOCAL_OPERATOR, pulse).page().decode()

    assert value(text, "provisor_source_info", source=staff.id, kind="csv", state="Active") == 1
    assert value(text, "provisor_source_failures", source=staff.id) == 1
    assert value(text, "provisor_source_objects", source=staff.id, kind="user") == 2
    assert value(text, "provisor_source_fresh_seconds", source=staff.id) < 60


def test_a_source_that_fails_is_seen_and_makes_the_service_no_less_ready(get, staff):
    status, text = get("/healthz")

    (seen,) = json.loads(text)["sources"]
    assert (status, seen["id"], seen["failures"], seen["error"]) == (200, staff.id, 1, "source-unreachable")


def test_the_page_of_metrics_lists_each_with_its_type_and_labels(admin, staff, pulse):
    admin.health.tally.source_run("s", "full", "succeeded", {"read": 1})
    admin.logs.forward(LOCAL_OPERATOR, "syslog", "unix:/dev/log")
    changed(admin, "INSERT INTO statistic VALUES (1, 1, 'user', 'create', 'success', '', 1)")
    admin.health.tally.request("j", "GET", 200, 1.0)
    admin.health.tally.cycle("j", "initial", "succeeded", 1.0)
    found = {}
    for family in ServiceMetrics(admin.health, LOCAL_OPERATOR, pulse).collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels)

    documented = {}
    for name, kind, labels in re.findall(
        r"^\| `(provisor_\w+)` \| (\w+) \| ([\w, ]*) ?\|", PAGE.read_text(), flags=re.MULTILINE
    ):
        documented[name] = (kind, set(re.findall(r"\w+", labels)))

    assert documented == found


def test_who_may_not_read_the_service_is_refused(admin, pulse):
    nobody = Actor(id="nobody", name="nobody", kind="user", permissions=frozenset())

    for ask in (lambda: admin.health.look(nobody, pulse), lambda: admin.health.figures(nobody)):
        with pytest.raises(AdminError, match=r"service\.read"):
            ask()


def test_a_port_that_is_taken_is_said_in_a_sentence(admin, pulse):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with (
            pytest.raises(AdminError, match=f"port {port}"),
            site(admin, LOCAL_OPERATOR, pulse, Listening(host="127.0.0.1", port=port)),
        ):
            pass


@pytest.mark.slow
def test_a_served_process_answers_until_it_is_told_to_stop(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "provisor", "serve", "--port", "0"],
        env={"PROVISOR_DATA": str(tmp_path / "data"), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    assert any("Running jobs" in line for line in iter(process.stdout.readline, ""))

    with urllib.request.urlopen(url + "/healthz", timeout=20) as answer:
        report = json.loads(answer.read())
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)

    assert report["database"]["writable"] is True
    assert (process.returncode, output.splitlines()[-1]) == (0, "Stopped.")
