"""The addresses of logs and reports."""

from provisor.portal.history import audit_pages, event_pages, log_pages, report_pages
from provisor.portal.history.audit_pages import AUDIT
from provisor.portal.history.log_pages import LIVE_LOG, LOG
from provisor.portal.history.report_pages import REPORT
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import LiveRule, Rule

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=LOG, handler=log_pages.show, access="signed-in"),
    Rule(method="GET", path=f"{LOG}/download/{{kind}}", handler=log_pages.download, access="signed-in"),
    Rule(method="GET", path=f"{LOG}/{{event}}", handler=event_pages.show, access="signed-in"),
    Rule(method="GET", path=f"{LOG}/{{event}}/download", handler=event_pages.download, access="signed-in"),
    Rule(method="GET", path=AUDIT, handler=audit_pages.show, access="signed-in"),
    Rule(method="GET", path=f"{AUDIT}/download/{{kind}}", handler=audit_pages.download, access="signed-in"),
    Rule(method="GET", path=f"{AUDIT}/{{event}}", handler=audit_pages.detail, access="signed-in"),
    Rule(method="GET", path=REPORT, handler=report_pages.show, access="signed-in"),
    Rule(method="GET", path=f"{REPORT}/download/{{kind}}", handler=report_pages.download, access="signed-in"),
)
LIVE: tuple[PortalLiveRule, ...] = (LiveRule(path=LIVE_LOG, topic=log_pages.topic, access="signed-in"),)
