"""Traces: which spans a run leaves, what stands in them and what never does, and that nothing is imported for none."""

import asyncio
import subprocess
import sys
import threading

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from provisor.engine.ports import Exchange, Rejected
from provisor.runner import tracing
from provisor.runner.importing.import_source import CsvImport, import_csv
from support.on_demand import on_demand, tried

SECRET = "Whom nobody may see"


class Kept(SpanExporter):
    """Keeps spans in memory."""

    def __init__(self):
        self.spans = []

    def export(self, spans):
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.fixture
def spans(monkeypatch):
    """The spans there are, oldest first."""
    kept, flushes = Kept(), []
    monkeypatch.setattr("atexit.register", lambda flush, provider: flushes.append(lambda: flush(provider)))
    tracing.use(kept)
    yield lambda: flushes[0]() or sorted(kept.spans, key=lambda one: one.start_time)
    tracing.use(None)


def tree(found):
    """Each span's name with its parent's."""
    names = {one.context.span_id: one.name for one in found}
    return [(one.name, names.get(one.parent.span_id) if one.parent else None) for one in found]


def test_a_cycle_is_a_trace_of_its_plan_phases_and_requests(world, spans):
    world.organisation.user("anna@x", displayName=SECRET)
    world.organisation.group("Sales", ["anna@x"])
    world.organisation.assign("Sales", kind="group")

    world.run()

    found = spans()
    edges = tree(found)
    assert edges[0] == ("cycle", None)
    assert edges[1] == ("GET", "cycle")  # the probe
    assert ("plan", "cycle") in edges
    assert ("GET", "plan") in edges
    assert edges.count(("POST", "execute")) == 2
    assert edges.count(("PATCH", "execute")) == 1
    assert len({one.context.trace_id for one in found}) == 1
    cycle = found[0].attributes
    assert (cycle["provisor.job"], cycle["provisor.state"]) == (world.job.id, "succeeded")
    assert cycle["provisor.cycle"] == world.cycles()[0].id
    phases = [one.attributes["provisor.phase"] for one in found if one.name == "execute"]
    assert phases == [
        "creating and updating users",
        "creating and updating groups, without members",
        "changing memberships",
    ]


def test_no_span_holds_a_query_a_body_or_a_persons_name(world, spans):
    world.organisation.user("anna@x", displayName=SECRET)
    world.organisation.assign("anna@x")
    world.run()

    for one in spans():
        text = one.to_json()
        assert SECRET not in text
        assert "anna" not in text


ADDRESSES = {
    "a filter": ('https://a.example/scim/Users?filter=userName eq "anna"', "https://a.example/scim/Users"),
    "somebody": ("https://a.example/scim/Users/anna@x", "https://a.example/scim/Users/{id}"),
    "a group": ("https://a.example/Users/scim/Groups/anna", "https://a.example/Users/scim/Groups/{id}"),
}


@pytest.mark.parametrize(("url", "told"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_request_is_told_without_its_query_and_id(spans, url, told):
    async def send():
        raise Rejected("no", status=404, exchange=Exchange(method="GET", url=url, status=404))

    with pytest.raises(Rejected):
        asyncio.run(tracing.traced("GET", send)())

    (found,) = spans()
    assert (found.attributes["url.template"], found.attributes["http.response.status_code"]) == (told, 404)
    assert "anna" not in found.to_json()


def test_an_error_is_told_by_its_class_and_status(world, spans):
    async def create(original, kind, document):
        raise Rejected(SECRET, status=422)

    world.failing(create=create)
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")

    world.run()

    (failed,) = [one for one in spans() if one.name == "POST"]
    assert (failed.attributes["error.type"], failed.status.is_ok) == ("Rejected", False)
    assert SECRET not in failed.to_json()


def test_a_plan_a_run_on_demand_and_an_import_are_traces_too(world, spans, tmp_path):
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName,displayName\nbo@x,Bo\n")

    world.plan()
    tried(world, "anna@x")
    on_demand(world, "anna@x")
    import_csv(world.database, world.organisation.tenant, CsvImport(users=users, source="hr"), now=world.now())

    roots = [one for one in spans() if one.parent is None]
    assert [one.name for one in roots] == ["plan", "on demand", "on demand", "import"]
    assert [one.attributes.get("provisor.dry_run") for one in roots] == [None, True, None, None]
    assert roots[-1].attributes["provisor.source"] == "hr"


ASKED = {
    "nothing": ({}, None, False),
    "an endpoint": ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, None, True),
    "of traces": ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, None, True),
    "the console": ({"OTEL_TRACES_EXPORTER": "console"}, None, True),
    "none": ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, None, False),
    "switched off": ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"}, None, False),
    "unknown": ({"OTEL_TRACES_EXPORTER": "zipkin"}, "'zipkin', and otlp, console and none are known", False),
    "another protocol": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        "'grpc', and only http/protobuf is known",
        False,
    ),
}


@pytest.mark.parametrize(("environment", "said", "on"), ASKED.values(), ids=ASKED)
def test_the_variables_of_opentelemetry_switch_it_on(monkeypatch, environment, said, on):
    monkeypatch.setattr("atexit.register", lambda flush, *arguments: None)

    told = tracing.begin(environment)

    with tracing.span("anything") as opened:
        assert (opened is not None) is on
    tracing.use(None)
    assert told is None if said is None else said in told


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    told = tracing.begin({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})

    assert "pip install 'provisor[traces]'" in told


def test_a_receiver_that_does_not_answer_keeps_no_process_from_ending(monkeypatch):
    flushes, answers = [], threading.Event()
    monkeypatch.setattr("atexit.register", lambda flush, provider: flushes.append(lambda: flush(provider)))
    monkeypatch.setattr(tracing, "LONGEST_FLUSH_SECONDS", 0.01)
    silent = Kept()
    silent.export = lambda spans: answers.wait()
    tracing.use(silent)
    with tracing.span("cycle"):
        pass

    flushes[0]()

    answers.set()
    tracing.use(None)


def test_nothing_is_imported_where_nobody_asked(monkeypatch):
    script = """
import sys
from provisor.runner import cycle, on_demand, plans, tracing
from provisor.runner.importing import import_source
assert tracing.begin({}) is None
with tracing.span("cycle"): pass
assert tracing.traced("GET", print) is print
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
