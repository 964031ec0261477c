"""Traces of what the service does, as OpenTelemetry spans: cycles, plans, phases, requests to an application, imports.

Off unless the OTEL_* variables ask for it; the library, an extra (`provisor[traces]`), is not imported before. No value
of a person, no query of an address and no credential reaches a span; an error is told by its class. Order: switching it
on, spans, requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

    from provisor.engine.ports import Exchange

T = TypeVar("T")

EXPORTER, PROTOCOL = "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
NAME = "provisor"
LONGEST_FLUSH_SECONDS = 2.0  # at the end of a process, which must not take long

_NOTHING: AbstractContextManager[Span | None] = nullcontext()
_tracer: Tracer | None = None


def begin(environment: Mapping[str, str]) -> str | None:
    """Send traces from now on, if the OTEL_* variables say so; in one sentence why not, where they do in vain."""
    named = environment.get(EXPORTER, "").strip().lower()
    asked = named or any(environment.get(name) for name in ENDPOINTS)
    if not asked or named == "none" or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if named not in ("", "otlp", "console"):
        return f"No traces are sent: {EXPORTER} is {named!r}, and otlp, console and none are known."
    if named != "console" and environment.get(PROTOCOL, "http/protobuf") != "http/protobuf":
        return f"No traces are sent: {PROTOCOL} is {environment[PROTOCOL]!r}, and only http/protobuf is known."
    try:
        use(_exporter(named))
    except ImportError:
        return "No traces are sent: the library for them is missing. Install it with `pip install 'provisor[traces]'`."
    return None


def _exporter(named: str) -> SpanExporter:
    if named == "console":
        import sys

        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)  # standard output belongs to the command
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def use(exporter: SpanExporter | None) -> None:
    """Send spans there from now on; None: nowhere."""
    global _tracer
    if exporter is None:
        _tracer = None
        return
    import atexit

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = Resource.create()  # by OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES
    if str(about.attributes["service.name"]).startswith("unknown_service"):
        about = about.merge(Resource({"service.name": NAME}))
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    atexit.register(_flush, provider)
    _tracer = provider.get_tracer(NAME)


def _flush(provider: TracerProvider) -> None:
    """Send what is left, for a while: the library tries a receiver that is away for longer than it is told to."""
    last = Thread(target=provider.force_flush, daemon=True)
    last.start()
    last.join(LONGEST_FLUSH_SECONDS)


def span(name: str, **facts: str | int | bool) -> AbstractContextManager[Span | None]:
    """What is done within is one span; nothing at all where traces are off."""
    return _NOTHING if _tracer is None else _opened(_tracer, name, facts)


def tell(opened: Span | None, **facts: str | int | bool) -> None:
    """What became known within a span."""
    if opened is not None:
        opened.set_attributes({f"{NAME}.{key}": value for key, value in facts.items()})


@contextmanager
def _opened(tracer: Tracer, name: str, facts: Mapping[str, str | int | bool], *, asks: bool = False) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind, StatusCode

    kind = SpanKind.CLIENT if asks else SpanKind.INTERNAL
    with tracer.start_as_current_span(name, kind=kind, record_exception=False, set_status_on_exception=False) as opened:
        tell(opened, **facts)
        try:
            yield opened
        except BaseException as error:
            opened.set_attribute("error.type", type(error).__name__)
            opened.set_status(StatusCode.ERROR)
            raise


def traced(method: str, send: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    """A request, of which every try is a span; as it is where traces are off."""
    tracer = _tracer
    if tracer is None:
        return send

    async def tried() -> T:
        with _opened(tracer, method, {}, asks=True) as opened:
            opened.set_attribute("http.request.method", method)
            try:
                answer = await send()
            except Exception as error:
                _exchanged(opened, getattr(error, "exchange", None))
                raise
            _exchanged(opened, getattr(answer, "exchange", None))
            return answer

    return tried


def _exchanged(opened: Span, exchange: Exchange | None) -> None:
    """Where it went, without query and id, which hold values (some applications take a name for an id); the answer."""
    if exchange is None:
        return
    address = exchange.url.partition("?")[0]
    at = max(address.rfind(kind) for kind in ("/Users/", "/Groups/"))
    if at >= 0:
        address = address[: address.index("/", at + 1)] + "/{id}"
    opened.set_attribute("url.template", address)
    if exchange.status is not None:
        opened.set_attribute("http.response.status_code", exchange.status)
