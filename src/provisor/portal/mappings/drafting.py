"""What lies before somebody who looks at a job's mappings: the job, the rules as they are being changed, what is wrong.

Every page of this room begins with `desk` and shows its values. Nothing here saves anything. Order: the value, making
one, what the pages of one kind of object name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from provisor.admin.actor import DIRECTORY_READ, JOB_READ, JOB_RUN, JOB_WRITE
from provisor.admin.drafts import Draft
from provisor.admin.errors import AdminError
from provisor.admin.rules import readable
from provisor.admin.schemas import Surroundings
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.visits import PortalVisit
from provisor.rules.mapping import ObjectKind, ObjectMapping
from provisor.rules.ruleset import RuleSet
from provisor.scim.values import Json
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

KINDS: Final[Mapping[str, ObjectKind]] = {"users": "user", "groups": "group"}
IN_ADDRESS: Final[Mapping[ObjectKind, str]] = {"user": "users", "group": "groups"}
_LONGEST_NAME: Final = 200  # characters of a mapping's name that a title shows


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One visit of these pages."""

    visit: PortalVisit
    job: JobFrame
    draft: Draft
    ruleset: RuleSet

    @property
    def address(self) -> str:
        """The first page of this room."""
        return f"{self.job.address}/mappings"

    def address_of(self, kind: ObjectKind) -> str:
        """The Attribute-Mapping page of one kind of object."""
        return f"{self.address}/{IN_ADDRESS[kind]}"

    def may(self, permission: str) -> bool:
        """Whether the visitor may do this with the application."""
        return self.visit.actor.may(permission, self.job.application.id)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What mappings can be made of."""
        return self.visit.admin.schemas.surroundings(self.visit.actor, self.job.id)

    @cached_property
    def problems(self) -> Sequence[tuple[str, str]]:
        """Why a draft would be refused, each with its place; what is saved was looked at when it was."""
        if not self.draft.changed:
            return ()
        return self.visit.admin.schemas.problems(self.visit.actor, self.job.id, self.draft.document)

    def changed(self, document: Json) -> Draft:
        """The draft with these rules, if the form that was sent was of it as it is. Raises AdminError."""
        edition = self.visit.form.get("edition", "")
        schemas = self.visit.admin.schemas
        return schemas.change_draft(self.visit.actor, self.job.id, document, edition=edition)

    def page(
        self, template: str, title: str, values: Mapping[str, Any], *, problem: str = "", status: int = 200
    ) -> TemplatePage:
        """A page of this room."""
        return TemplatePage(
            template=f"mappings/{template}",
            title=title,
            values={
                "job": self.job,
                "part": "mappings",
                "address": self.address,
                "draft": self.draft,
                "number_of_problems": len(self.problems),
                "may_write": self.may(JOB_WRITE),
                "may_plan": self.may(JOB_RUN),
                "may_try": self.visit.actor.may(DIRECTORY_READ),
                "problem": problem,
                **values,
            },
            status=status,
        )


def desk(visit: PortalVisit, permission: str = JOB_READ) -> Desk:
    """Of the job that the address names. Raises AdminError."""
    job = job_frame(visit, permission)
    draft = visit.admin.schemas.draft(visit.actor, job.id, permission=permission)
    return Desk(visit=visit, job=job, draft=draft, ruleset=readable(draft.document))


def kind_of(visit: PortalVisit) -> ObjectKind:
    """The kind of object that the address names. Raises AdminError."""
    found = KINDS.get(visit.names["kind"])
    if found is None:
        raise AdminError("not-found", "There is no such mapping.", "Choose users or groups.")
    return found


def title_of(mapping: ObjectMapping) -> str:
    """What the rule is called; one without a name is called after what it maps."""
    name = mapping.name.strip() or f"Mapping of {mapping.kind}s"
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def pointer_of(document: Json, kind: ObjectKind) -> str:
    """Where the mapping of a kind of object lies in the document, as a JSON pointer."""
    rules = document.get("synchronizationRules") if isinstance(document, dict) else None
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        mappings = rule.get("objectMappings") if isinstance(rule, dict) else None
        for at, raw in enumerate(mappings if isinstance(mappings, list) else []):
            if isinstance(raw, dict) and str(raw.get("sourceObjectName", "")).lower() == kind:
                return f"/synchronizationRules/{number}/objectMappings/{at}"
    return ""


def number_in(text: str) -> int:
    """A number out of an address or a form; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def refusal_status(error: AdminError) -> int:
    """The HTTP status of a form that was refused."""
    return 409 if error.code == "changed-meanwhile" else status_of(error)


def refusing(answer: Callable[[], PageAnswer], shown: Callable[[str, int], TemplatePage]) -> PageAnswer:
    """The answer; where a verb refused, the page again with what it said, and nothing of what was typed lost."""
    try:
        return answer()
    except AdminError as error:
        return shown(said(error), refusal_status(error))


def back(to: str, done: str = "") -> Redirect:
    """On to the next page; what was done lies in the draft."""
    return Redirect(to=to, done=done)
