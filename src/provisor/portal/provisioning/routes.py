"""The addresses of the provisioning of an application: get started, settings, overview, and what is done with a job."""

from provisor.portal.provisioning import beginning, operation_routes, overview, settings, steering
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import LiveRule, Rule

_ALL = "/applications/{application}/provisioning"
_JOB = f"{_ALL}/{{job}}"

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=_ALL, handler=beginning.show, access="signed-in"),
    Rule(method="POST", path=_ALL, handler=beginning.create, access="signed-in"),
    Rule(method="GET", path=_JOB, handler=overview.show, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/settings", handler=settings.show, access="signed-in"),
    # It tests the connection too, which waits for the application.
    Rule(method="POST", path=f"{_JOB}/settings", handler=settings.send, access="signed-in", slow=True, long=True),
    Rule(method="POST", path=f"{_JOB}/start", handler=steering.start, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/stop", handler=steering.stop, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/run", handler=steering.run, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/abort", handler=steering.show_abort, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/abort", handler=steering.abort, access="signed-in", slow=True),
    Rule(method="GET", path=f"{_JOB}/restart", handler=steering.show_restart, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/restart", handler=steering.restart, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/delete", handler=steering.show_delete, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/delete", handler=steering.delete, access="signed-in", slow=True),
    *operation_routes.RULES,
)
LIVE: tuple[PortalLiveRule, ...] = (
    LiveRule(path=f"{_JOB}/standing", topic=overview.standing_topic, access="signed-in"),
    LiveRule(path=f"{_JOB}/activity", topic=overview.activity_topic, access="signed-in"),
    LiveRule(path=f"{_JOB}/settings/checks", topic=settings.checks_topic, access="signed-in"),
    *operation_routes.LIVE,
)
