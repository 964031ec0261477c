"""Answers /healthz and /metrics, in another thread than the jobs have: a service that is stuck can be seen to be.

Paths: /healthz (and /healthz/ready) says whether the service does its work, /healthz/live whether it is worth keeping,
/metrics is for Prometheus. No path needs a sign-in and none changes anything: loopback unless it is told otherwise.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provisor.admin.actor import Actor
from provisor.admin.errors import AdminError
from provisor.admin.health import Health, HealthReport, Pulse
from provisor.monitoring.metrics import CONTENT_TYPE, ServiceMetrics

T = TypeVar("T")

_FRESH_SECONDS = 1.0  # looking writes a row: who asks more often is told what was seen last
PATHS = ("/healthz", "/metrics")  # and what is below them
_NOT_TO_BE_KEPT = {"Cache-Control": "no-store"}


class _Looks:
    """The last look at the service's health."""

    def __init__(self, health: Health, actor: Actor, pulse: Pulse) -> None:
        self._health = health
        self._actor = actor
        self._pulse = pulse
        self._seen: HealthReport | None = None
        self._until = 0.0

    def report(self) -> HealthReport:
        """What was seen within the last second."""
        if self._seen is None or time.monotonic() >= self._until:
            self._seen = self._health.look(self._actor, self._pulse)
            self._until = time.monotonic() + _FRESH_SECONDS
        return self._seen


def application(health: Health, actor: Actor, pulse: Pulse, thread: Executor) -> Starlette:
    """The pages as an ASGI application. `thread`, a single one, does what asks the database."""
    looks, figures = _Looks(health, actor, pulse), ServiceMetrics(health, actor, pulse)

    async def asked(work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, work)

    async def ready(request: Request) -> Response:
        report = await asked(looks.report)
        return JSONResponse(report.to_json(), 200 if report.ready else 503, headers=_NOT_TO_BE_KEPT)

    async def live(request: Request) -> Response:  # whatever a locked database keeps waiting
        alive = {"status": "ok" if pulse.alive else "failing", "lastBeatSeconds": round(pulse.age_seconds, 1)}
        return JSONResponse(alive, 200 if pulse.alive else 503, headers=_NOT_TO_BE_KEPT)

    async def metrics(request: Request) -> Response:
        try:
            return Response(await asked(figures.page), media_type=CONTENT_TYPE)
        except AdminError as error:
            return Response(f"{error.message}\n", 503, media_type="text/plain")

    return Starlette(
        routes=[
            Route("/healthz", ready),
            Route("/healthz/ready", ready),
            Route("/healthz/live", live),
            Route("/metrics", metrics),
        ]
    )
