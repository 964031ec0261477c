"""All verbs in one value, as wiring makes it and skins receive it.

Each group of verbs is imported when it is first asked for: a command that lists users must not pay for the runner.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisor.admin.app_roles import AppRoles
    from provisor.admin.applications import Applications
    from provisor.admin.clock import Clock
    from provisor.admin.context import Context
    from provisor.admin.cycles import Cycles
    from provisor.admin.directory import Objects
    from provisor.admin.imports import Imports
    from provisor.admin.jobs import Jobs
    from provisor.admin.logs import Logs
    from provisor.admin.members import Members
    from provisor.admin.nearest import NearestNames
    from provisor.admin.removals import Removals
    from provisor.admin.schemas import Schemas


class Admin:
    """The product: everything a skin may do, each verb with its permission and its audit event."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def users(self) -> Objects:
        """People of the directory."""
        from provisor.admin.directory import Objects

        return Objects(self._context, "user")

    @cached_property
    def groups(self) -> Objects:
        """Groups of the directory."""
        from provisor.admin.directory import Objects

        return Objects(self._context, "group")

    @cached_property
    def members(self) -> Members:
        """Who is in which group."""
        from provisor.admin.members import Members

        return Members(self._context)

    @cached_property
    def imports(self) -> Imports:
        """Files into the directory."""
        from provisor.admin.imports import Imports

        return Imports(self._context)

    @cached_property
    def applications(self) -> Applications:
        """Enterprise applications and their assignments."""
        from provisor.admin.applications import Applications
        from provisor.gallery import templates

        return Applications(self._context, templates())

    @cached_property
    def app_roles(self) -> AppRoles:
        """The roles that applications define."""
        from provisor.admin.app_roles import AppRoles

        return AppRoles(self._context, self.applications)

    @cached_property
    def jobs(self) -> Jobs:
        """Provisioning jobs: configuration, start, pause, restart."""
        from provisor.admin.jobs import Jobs

        return Jobs(self._context, self.applications)

    @cached_property
    def removals(self) -> Removals:
        """Jobs and applications that are no longer wanted."""
        from provisor.admin.removals import Removals

        return Removals(self._context, self.jobs)

    @cached_property
    def nearest(self) -> NearestNames:
        """The name that was perhaps meant."""
        from provisor.admin.nearest import NearestNames

        return NearestNames(self._context)

    @cached_property
    def cycles(self) -> Cycles:
        """What jobs do: test connection, plan, run, serve, status."""
        from provisor.admin.cycles import Cycles

        return Cycles(self._context, self.jobs)

    @cached_property
    def clock(self) -> Clock:
        """Whether the clock may be believed."""
        from provisor.admin.clock import Clock

        return Clock(self._context)

    @cached_property
    def schemas(self) -> Schemas:
        """Mappings and scoping filters of jobs."""
        from provisor.admin.schemas import Schemas

        return Schemas(self._context, self.jobs)

    @cached_property
    def logs(self) -> Logs:
        """The provisioning log."""
        from provisor.admin.logs import Logs

        return Logs(self._context, self.jobs)
