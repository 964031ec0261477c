"""What a job does with leavers, as an administrator sets it: read, and refused where the job cannot do it.

The rules are those of engine.leavers. Nothing here stores anything; admin.jobs and admin.schemas do.
"""

from collections.abc import Mapping

from provisor.admin.errors import AdminError
from provisor.engine.behaviour import behaviour_named
from provisor.engine.decide import LEAVER_POLICIES
from provisor.engine.leavers import DAYS, DEFAULT, MOST_DAYS, SETTING, Leavers, leavers_of, settings_of, unbearable
from provisor.engine.rules import ScopeSettings, compile_rules
from provisor.gallery.template import Template
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json

__all__ = ["Leavers", "bearable", "leavers_of", "with_leavers"]


def with_leavers(settings: Mapping[str, Json], policy: str | None, days: int | None) -> dict[str, Json]:
    """The settings of a job with another policy, another number of days, or both. Raises AdminError."""
    others = {name: value for name, value in settings.items() if name not in (SETTING, DAYS)}
    return {**others, **settings_of(_chosen(leavers_of(settings), policy, days))}


def _chosen(before: Leavers, policy: str | None, days: int | None) -> Leavers:
    known = next((one for one in LEAVER_POLICIES if one == (policy or before.policy)), None)
    if known is None:
        raise AdminError(
            "invalid-value",
            f"Nothing can be done with leavers that is called {policy!r}.",
            f"{did_you_mean(policy or '', LEAVER_POLICIES)}Choose one of {', '.join(LEAVER_POLICIES)}.",
        )
    if known != "delete-after":
        if days is not None:
            raise AdminError(
                "invalid-value",
                f"Days mean nothing where leavers are {Leavers(known)}.",
                "Give them with delete-after, or leave them out.",
            )
        return Leavers(known)
    if days is None and before.policy != known:
        raise AdminError(
            "invalid-value",
            "It is not said after how many days leavers are to be deleted.",
            "Add --days 30, or another number.",
        )
    number = before.days if days is None else days
    if not 1 <= number <= MOST_DAYS:
        raise AdminError(
            "invalid-value",
            f"Leavers cannot be deleted {number:,} days after they were disabled.",
            f"Give 1 to {MOST_DAYS:,} days, or choose delete, which does it at once.",
        )
    return Leavers(known, number)


def bearable(leavers: Leavers, document: Json, template: Template, behaviour: str) -> None:
    """Raise AdminError when a job of this behaviour, with these rules, cannot do that with leavers."""
    if leavers != DEFAULT and behaviour == "entra":
        raise AdminError(
            "leavers",
            f"In the behaviour entra leavers are {DEFAULT} and then left alone for good; they cannot be {leavers}.",
            "Choose `--leavers disable`, or `--behaviour provisor`.",
        )
    ruleset = read_schema(document)
    if behaviour_named(behaviour) is None or not isinstance(ruleset, RuleSet):
        return  # refused elsewhere
    terms = compile_rules(ruleset, template, ScopeSettings(leavers=leavers)).users.terms
    problem = unbearable(leavers, terms, template.display_name)
    if problem is not None:
        raise AdminError("leavers", *problem)
