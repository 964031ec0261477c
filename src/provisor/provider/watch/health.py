"""What machines ask about the server: is it alive, is it ready, how much does it do, what can it do.

Answered beside the base paths, without a token and without an entry in the request log. Keep /metrics behind the proxy
when strangers can reach the port: it shows how many people and groups there are.
"""

from collections.abc import Iterator, Mapping

from provisor.database import Connection
from provisor.provider.model.documents import dump
from provisor.provider.protocol.replies import Reply
from provisor.provider.store.tables import Tenant
from provisor.provider.watch.metrics import CONTENT_TYPE, Metrics

PATHS = ("/healthz", "/readyz", "/metrics", "/openapi.json")
_TEXT = b"text/plain; charset=utf-8"


def answer(path: str, connection: Connection, tenants: tuple[Tenant, ...], metrics: Metrics, refused: int) -> Reply:
    """The answer to one of PATHS. A failing database makes /readyz fail, not /healthz."""
    if path == "/healthz":
        return Reply(200, b"ok\n", content_type=_TEXT)
    if path == "/readyz":
        connection.one("SELECT count(*) FROM tenant")
        return Reply(200, b"ready\n", content_type=_TEXT)
    if path == "/openapi.json":
        from provisor.provider.watch.openapi import openapi

        return Reply(200, dump(openapi(tenants[0])).encode(), content_type=b"application/json")
    page = metrics.page(_gauges(connection, tenants), refused)
    return Reply(200, page.encode(), content_type=CONTENT_TYPE)


def _gauges(connection: Connection, tenants: tuple[Tenant, ...]) -> Iterator[tuple[str, str, Mapping[str, str], float]]:
    live = {(number, kind): count for number, kind, count in connection.all("SELECT tenant, kind, live FROM tally")}
    for tenant in tenants:
        for kind in ("Group", "User"):
            labels = {"tenant": tenant.name, "kind": kind}
            yield "provisor_target_resources", "Users and groups stored.", labels, live.get((tenant.number, kind), 0)
    for tenant in tenants:
        if tenant.group_limit is not None:
            labels = {"tenant": tenant.name}
            yield "provisor_target_group_limit", "Groups a tenant may have.", labels, tenant.group_limit
