"""Health, readiness and metrics: what machines that look after the server read."""

import re

import pytest


def fetch(target, path):
    return target.send("GET", path, "", {}, b"")


def samples(text):
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line).groups()
            found[name, tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)))] = float(value)
    return found


def value(found, name, **labels):
    return sum(
        number for (sample, pairs), number in found.items() if sample == name and labels.items() <= dict(pairs).items()
    )


@pytest.mark.parametrize(("path", "body"), [("/healthz", b"ok\n"), ("/readyz", b"ready\n")])
def test_a_server_at_work_is_alive_and_ready_without_a_token(umbrella, path, body):
    answer = fetch(umbrella, path)

    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_server_without_its_database_is_alive_and_not_ready(umbrella, monkeypatch):
    umbrella.target._reader.connection.close()

    answers = [fetch(umbrella, path).status for path in ("/healthz", "/readyz", "/metrics")]

    assert answers == [200, 503, 503]


def test_the_time_of_a_write_holds_its_commit(umbrella):
    """A log entry stands in the transaction that it tells of, so its duration ends before the commit."""
    umbrella.client.user()
    umbrella.runner.run(umbrella.target.log.flush())
    logged = umbrella.database.reader().one("SELECT sum(duration) FROM request_log")[0]

    found = samples(fetch(umbrella, "/metrics").body.decode())

    seconds = value(found, "provisor_target_request_seconds_sum")
    assert seconds * 1_000_000 > logged + 1


def test_metrics_count_every_answer_by_method_resource_and_status(umbrella):
    scim = umbrella.client
    user = scim.user()["id"]
    scim.post("/Users", {"userName": "ANA.RUIZ@example.org"})
    scim.group()
    for _ in range(3):
        scim.get(f"/Users/{user}")
    scim.request("GET", "/Users", token="wrong")
    scim.request("BREW", "/Users")

    answer = fetch(umbrella, "/metrics")
    found = samples(answer.body.decode())

    name = "provisor_target_requests_total"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert value(found, name, method="POST", resource="User", status="201") == 1
    assert value(found, name, method="POST", resource="User", status="409") == 1
    assert value(found, name, method="GET", resource="User", status="200") == 3
    assert value(found, name, method="other", status="405") == 1
    assert value(found, "provisor_target_refused_tokens_total") == 1
    assert value(found, "provisor_target_request_seconds_count") == value(found, name) == 8
    assert value(found, "provisor_target_request_seconds_bucket", le="+Inf") == 8
    assert value(found, "provisor_target_resources", tenant="default", kind="User") == 1
    assert value(found, "provisor_target_resources", tenant="default", kind="Group") == 1
    assert value(found, "provisor_target_group_limit", tenant="default") == 200


def test_buckets_never_fall(umbrella):
    for _ in range(20):
        umbrella.client.get("/Users")

    buckets = [
        number
        for (name, _), number in samples(fetch(umbrella, "/metrics").body.decode()).items()
        if name == "provisor_target_request_seconds_bucket"
    ]

    assert buckets == sorted(buckets)


def test_counters_name_their_process_and_gauges_of_the_database_do_not(umbrella):
    umbrella.client.get("/Users")

    for name, labels in samples(fetch(umbrella, "/metrics").body.decode()):
        shared = name in ("provisor_target_resources", "provisor_target_group_limit")
        assert ("process" in dict(labels)) is not shared


def test_questions_about_health_are_not_in_the_request_log(umbrella):
    fetch(umbrella, "/healthz")
    fetch(umbrella, "/metrics")

    assert umbrella.log() == []
