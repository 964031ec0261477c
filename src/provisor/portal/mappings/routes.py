"""The addresses of attribute mappings."""

from typing import Final

from provisor.admin.actor import JOB_WRITE
from provisor.portal.mappings import changes, editing, files, lists, overview, scope, table
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import Rule

_ROOM: Final = "/applications/{application}/provisioning/{job}/mappings"
_KIND: Final = _ROOM + "/{kind}"

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=_ROOM, handler=overview.show, access="signed-in"),
    Rule(method="GET", path=f"{_ROOM}/restore", handler=overview.ask_to_restore, access="signed-in"),
    Rule(method="POST", path=f"{_ROOM}/restore", handler=overview.restore, access="signed-in"),
    Rule(method="GET", path=f"{_ROOM}/changes", handler=changes.show, access="signed-in"),
    Rule(method="POST", path=f"{_ROOM}/changes", handler=changes.send, access="signed-in"),
    Rule(method="GET", path=f"{_ROOM}/discard", handler=changes.ask_to_discard, access="signed-in"),
    Rule(method="POST", path=f"{_ROOM}/discard", handler=changes.discard, access="signed-in"),
    Rule(method="GET", path=f"{_ROOM}/plans/{{making}}", handler=changes.show_plan, access="signed-in"),
    Rule(method="GET", path=f"{_ROOM}/schema", handler=files.show, access="signed-in"),
    Rule(
        method="POST",
        path=f"{_ROOM}/schema",
        handler=files.upload,
        access="signed-in",
        files=True,
        check=lambda visit: visit.actor.needs(JOB_WRITE),
    ),
    Rule(method="GET", path=f"{_ROOM}/schema/download", handler=files.download, access="signed-in"),
    Rule(method="GET", path=_KIND, handler=table.show, access="signed-in"),
    Rule(method="POST", path=_KIND, handler=table.send, access="signed-in"),
    Rule(method="GET", path=f"{_KIND}/rows/{{row}}", handler=editing.show, access="signed-in"),
    Rule(method="POST", path=f"{_KIND}/rows/{{row}}", handler=editing.send, access="signed-in", long=True),
    Rule(method="GET", path=f"{_KIND}/scope", handler=scope.show, access="signed-in"),
    Rule(method="POST", path=f"{_KIND}/scope", handler=scope.send, access="signed-in", slow=True, long=True),
    Rule(method="GET", path=f"{_KIND}/attributes", handler=lists.show, access="signed-in"),
    Rule(method="POST", path=f"{_KIND}/attributes", handler=lists.send, access="signed-in"),
    Rule(method="POST", path=f"{_KIND}/attributes/ask", handler=lists.ask, access="signed-in", slow=True),
)
LIVE: tuple[PortalLiveRule, ...] = ()
