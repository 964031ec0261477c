"""All verbs in one value, as wiring makes it and skins receive it."""

from dataclasses import dataclass

from provisor.admin.applications import Applications
from provisor.admin.cycles import Cycles
from provisor.admin.directory import Objects
from provisor.admin.imports import Imports
from provisor.admin.jobs import Jobs
from provisor.admin.logs import Logs
from provisor.admin.members import Members
from provisor.admin.schemas import Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The product: everything a skin may do, each verb with its permission and its audit event."""

    users: Objects
    groups: Objects
    members: Members
    imports: Imports
    applications: Applications
    jobs: Jobs
    cycles: Cycles
    schemas: Schemas
    logs: Logs
