"""The addresses of the first page and the ways that begin there."""

from provisor.admin.actor import JOB_WRITE
from provisor.portal.home import glance, object_guid, overview, pilot, steps, take_over
from provisor.portal.visits import HOME, PortalLiveRule, PortalRule
from provisor.web.site import LiveRule, Rule

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=HOME, handler=overview.show, access="signed-in"),
    Rule(method="POST", path=steps.MARK, handler=steps.mark, access="signed-in"),
    # Slow, as it goes through everybody for who has a value: 0.1 s for 100,000 people.
    Rule(method="GET", path=object_guid.ADDRESS, handler=object_guid.show, access="signed-in", slow=True),
    Rule(method="GET", path=pilot.CHOOSE, handler=pilot.choose, access="signed-in"),
    Rule(method="GET", path=pilot.PEOPLE, handler=pilot.people, access="signed-in"),
    Rule(method="POST", path=pilot.PEOPLE, handler=pilot.assign, access="signed-in"),
    Rule(method="GET", path=pilot.PLAN, handler=pilot.plan, access="signed-in", slow=True),
    Rule(method="POST", path=pilot.PLAN, handler=pilot.run, access="signed-in", slow=True),
    Rule(method="GET", path=pilot.OUTCOME, handler=pilot.outcome, access="signed-in"),
    Rule(method="GET", path=take_over.START, handler=take_over.start, access="signed-in"),
    Rule(
        method="POST",
        path=take_over.START,
        handler=take_over.upload,
        access="signed-in",
        files=True,
        check=lambda visit: visit.actor.needs(JOB_WRITE),
    ),
    Rule(method="GET", path=take_over.JOB, handler=take_over.show, access="signed-in"),
    Rule(method="POST", path=take_over.JOB, handler=take_over.ask, access="signed-in"),
)
LIVE: tuple[PortalLiveRule, ...] = (
    LiveRule(path=glance.ADDRESS, topic=glance.topic, access="signed-in"),
    LiveRule(path=take_over.MAKING, topic=take_over.topic, access="signed-in"),
)
