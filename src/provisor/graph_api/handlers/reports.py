"""Reports and statistics of jobs, under /beta/provisor."""

from datetime import date
from typing import Final
from urllib.parse import parse_qs

from provisor.admin.actor import JOB_READ, LOG_READ
from provisor.graph_api.odata.answers import GraphAnswer, ok
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.reports import (
    ActivityReportWire,
    JobStatisticsWire,
    report_document,
    statistics_document,
)


def get_report(request: GraphRequest) -> GraphAnswer:
    """What a job did from one day to another."""
    made = request.admin.reports.report(
        request.actor, request.names["job"], first=_day(request, "from"), last=_day(request, "to")
    )
    return ok(request, "provisor/report", report_document(made))


def get_statistics(request: GraphRequest) -> GraphAnswer:
    """What a job did to date."""
    shown = request.admin.reports.statistics(request.actor, request.names["job"])
    return ok(request, "provisor/statistics", statistics_document(shown))


def _day(request: GraphRequest, name: str) -> date | None:
    found = parse_qs(request.query, keep_blank_values=True).get(name)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[-1])
    except ValueError:
        raise bad_request(f"{name} is {found[-1][:50]!r}, and must be a day, such as 2026-11-28.") from None


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/report",
        handler=get_report,
        summary="Get what a job did from one day to another, by day and by cause.",
        permission=LOG_READ,
        answer=ActivityReportWire,
        parameters=("from", "to"),
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/statistics",
        handler=get_statistics,
        summary="Get what a job did to date.",
        permission=JOB_READ,
        answer=JobStatisticsWire,
        beta_only=True,
    ),
)
