"""The addresses of what is done with a job: provision on demand, plans, held deletions, failures, links."""

from typing import Final

from provisor.portal.provisioning import deletions, failures, links, on_demand, plan_decisions, plans
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import LiveRule, Rule

_JOB: Final = "/applications/{application}/provisioning/{job}"
_PLAN: Final = f"{_JOB}/plans/{{plan}}"
_MAKING: Final = f"{_JOB}/plans/making/{{making}}"

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=f"{_JOB}/on-demand", handler=on_demand.show, access="signed-in"),
    Rule(
        method="POST", path=f"{_JOB}/on-demand", handler=on_demand.provision, access="signed-in", slow=True, long=True
    ),
    Rule(method="GET", path=f"{_JOB}/plans", handler=plans.all_of_job, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/plans", handler=plans.ask, access="signed-in"),
    Rule(method="GET", path=_MAKING, handler=plans.making, access="signed-in"),
    Rule(method="GET", path=_PLAN, handler=plans.show, access="signed-in"),
    Rule(method="GET", path=f"{_PLAN}/objects/{{position}}", handler=plans.show_row, access="signed-in"),
    Rule(method="GET", path=f"{_PLAN}/compare", handler=plans.compare, access="signed-in", slow=True),
    Rule(method="POST", path=f"{_PLAN}/discard", handler=plan_decisions.discard, access="signed-in"),
    Rule(method="GET", path=f"{_PLAN}/approve", handler=plan_decisions.confirm, access="signed-in"),
    Rule(method="POST", path=f"{_PLAN}/approve", handler=plan_decisions.decide, access="signed-in"),
    Rule(method="GET", path=f"{_PLAN}/apply", handler=plan_decisions.confirm, access="signed-in"),
    Rule(method="POST", path=f"{_PLAN}/apply", handler=plan_decisions.decide, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/deletions", handler=deletions.show, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/deletions/allow", handler=deletions.confirm, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/deletions/allow", handler=deletions.allow, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/deletions/reject", handler=deletions.confirm, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/deletions/reject", handler=deletions.reject, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/failures", handler=failures.by_cause, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/failures/retry", handler=failures.retry, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/failures/cause/{{cause}}", handler=failures.of_cause, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/failures/{{object}}", handler=failures.of_object, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/links", handler=links.show, access="signed-in"),
    Rule(method="GET", path=f"{_JOB}/links/{{object}}/forget", handler=links.confirm, access="signed-in"),
    Rule(method="POST", path=f"{_JOB}/links/{{object}}/forget", handler=links.forget, access="signed-in"),
)
LIVE: tuple[PortalLiveRule, ...] = (
    LiveRule(path=f"{_MAKING}/live", topic=plans.making_topic, access="signed-in"),
    LiveRule(path=f"{_PLAN}/live", topic=plans.standing_topic, access="signed-in"),
)
