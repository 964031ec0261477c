"""The addresses of the pages of sources. What waits for a source to answer is slow; what may be long is long."""

from provisor.portal.sources import (
    connection,
    features,
    filtering,
    listing,
    overview,
    previewing,
    records,
    schedule,
    steering,
    tenant_attributes,
)
from provisor.portal.sources.frame import EXTENSIONS, LIST
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import LiveRule, Rule

_NEW = f"{connection.ADDING}/{{kind}}"
_SOURCE = f"{LIST}/{{source}}"
_DELETIONS = f"{_SOURCE}/deletions"

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=LIST, handler=listing.show, access="signed-in"),
    Rule(method="GET", path=connection.ADDING, handler=connection.kinds, access="signed-in"),
    Rule(method="GET", path=_NEW, handler=connection.show_new, access="signed-in"),
    Rule(method="POST", path=_NEW, handler=connection.send_new, access="signed-in", slow=True, long=True),
    Rule(method="GET", path=_SOURCE, handler=overview.show, access="signed-in"),
    Rule(method="GET", path=f"{_SOURCE}/connection", handler=connection.show, access="signed-in"),
    Rule(
        method="POST", path=f"{_SOURCE}/connection", handler=connection.send, access="signed-in", slow=True, long=True
    ),
    Rule(method="GET", path=f"{_SOURCE}/filtering", handler=filtering.show, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/filtering", handler=filtering.save, access="signed-in", long=True),
    Rule(method="GET", path=f"{_SOURCE}/attributes", handler=tenant_attributes.show, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/attributes", handler=tenant_attributes.save, access="signed-in", long=True),
    Rule(method="GET", path=f"{_SOURCE}/optional-features", handler=features.show, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/optional-features", handler=features.save, access="signed-in"),
    Rule(method="GET", path=f"{_SOURCE}/{EXTENSIONS}", handler=features.show_extensions, access="signed-in", slow=True),
    Rule(
        method="POST", path=f"{_SOURCE}/{EXTENSIONS}", handler=features.choose, access="signed-in", slow=True, long=True
    ),
    Rule(method="GET", path=f"{_SOURCE}/schedule", handler=schedule.show, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/schedule", handler=schedule.save, access="signed-in"),
    Rule(method="GET", path=f"{_SOURCE}/preview", handler=previewing.show, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/preview", handler=previewing.ask, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/run", handler=steering.run, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/start", handler=steering.start, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/pause", handler=steering.pause, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/staging", handler=steering.stage, access="signed-in"),
    Rule(method="GET", path=f"{_SOURCE}/runs", handler=records.show_runs, access="signed-in"),
    Rule(method="GET", path=f"{_SOURCE}/records", handler=records.show_records, access="signed-in"),
    Rule(method="GET", path=_DELETIONS, handler=records.show_deletions, access="signed-in"),
    Rule(method="GET", path=f"{_DELETIONS}/allow", handler=records.confirm_allow, access="signed-in"),
    Rule(method="POST", path=f"{_DELETIONS}/allow", handler=records.allow, access="signed-in"),
    Rule(method="GET", path=f"{_DELETIONS}/reject", handler=records.confirm_reject, access="signed-in"),
    Rule(method="POST", path=f"{_DELETIONS}/reject", handler=records.reject, access="signed-in"),
    Rule(method="GET", path=f"{_SOURCE}/delete", handler=steering.show_delete, access="signed-in"),
    Rule(method="POST", path=f"{_SOURCE}/delete", handler=steering.delete, access="signed-in"),
)
LIVE: tuple[PortalLiveRule, ...] = (
    LiveRule(path=f"{_SOURCE}/standing", topic=overview.topic, access="signed-in"),
    LiveRule(path=f"{_SOURCE}/preview/making", topic=previewing.topic, access="signed-in"),
)
