"""All verbs in one value, as wiring makes it and skins receive it.

Each group of verbs is imported when it is first asked for: listing users must not pay for importing the runner. Those
about people and groups, and where they come from, are in admin.directory_bundle.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from provisor.admin.directory_bundle import DirectoryVerbs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provisor.admin.accounts import Accounts
    from provisor.admin.app_roles import AppRoles
    from provisor.admin.applications import Applications
    from provisor.admin.assignments import Assignments
    from provisor.admin.attributes import AttributeLists
    from provisor.admin.audits import Audits
    from provisor.admin.authentication import Authentication
    from provisor.admin.backups import Backups
    from provisor.admin.clock import Clock
    from provisor.admin.credential_sets import CredentialSets
    from provisor.admin.credentials import Credentials
    from provisor.admin.cycles import Cycles
    from provisor.admin.deletions import Deletions
    from provisor.admin.escrow import Escrow
    from provisor.admin.extension_properties import ExtensionProperties
    from provisor.admin.health import Health
    from provisor.admin.jobs import Jobs
    from provisor.admin.keys import Keys
    from provisor.admin.links import JobLinks
    from provisor.admin.logs import Logs
    from provisor.admin.machines import MachineKind, Machines
    from provisor.admin.mail import Mail
    from provisor.admin.nearest import NearestNames
    from provisor.admin.on_demand import OnDemand
    from provisor.admin.openid import OpenId
    from provisor.admin.plan_making import PlanMaking
    from provisor.admin.plans import Plans
    from provisor.admin.removals import Removals
    from provisor.admin.reports import Reports
    from provisor.admin.retentions import Retentions
    from provisor.admin.schemas import Schemas
    from provisor.admin.service_principals import ServicePrincipals
    from provisor.admin.setup import SetupLinks
    from provisor.admin.synchronization import Synchronization
    from provisor.admin.webhooks import Webhooks


class Admin(DirectoryVerbs):
    """The product: everything a skin may do, each verb with its permission and its audit event."""

    def now(self) -> datetime:
        """The time as the verbs have it, in UTC."""
        return self._context.now()

    @property
    def tenant(self) -> str:
        """The id of the tenant."""
        return self._context.tenant

    @cached_property
    def link_key(self) -> bytes:
        """Seals the links of pages, which are no rights."""
        from provisor.admin.link_key import link_key

        return link_key(self._context)

    @cached_property
    def extension_properties(self) -> ExtensionProperties:
        """Properties of users and groups that Graph does not define."""
        from provisor.admin.extension_properties import ExtensionProperties

        return ExtensionProperties(self._context, self.service_principals)

    @cached_property
    def applications(self) -> Applications:
        """Enterprise applications and their assignments."""
        from provisor.admin.applications import Applications
        from provisor.gallery import templates

        return Applications(self._context, templates())

    @cached_property
    def service_principals(self) -> ServicePrincipals:
        """Enterprise applications by their ids."""
        from provisor.admin.service_principals import ServicePrincipals
        from provisor.gallery import templates

        return ServicePrincipals(context=self._context, templates=templates(), removals=self.removals)

    @cached_property
    def assignments(self) -> Assignments:
        """Who is assigned to what, one by one, by their ids."""
        from provisor.admin.assignments import Assignments

        return Assignments(self._context, self.service_principals)

    @cached_property
    def app_roles(self) -> AppRoles:
        """The roles that applications define."""
        from provisor.admin.app_roles import AppRoles

        return AppRoles(self._context, self.applications)

    @cached_property
    def attributes(self) -> AttributeLists:
        """The attributes of the applications that jobs provision into."""
        from provisor.admin.attributes import AttributeLists

        return AttributeLists(self._context, self.schemas)

    @cached_property
    def jobs(self) -> Jobs:
        """Provisioning jobs: configuration, start, pause, restart."""
        from provisor.admin.jobs import Jobs

        return Jobs(self._context, self.applications)

    @cached_property
    def synchronization(self) -> Synchronization:
        """Jobs and templates as programs name them."""
        from provisor.admin.synchronization import Synchronization

        return Synchronization(context=self._context, jobs=self.jobs, principals=self.service_principals)

    @cached_property
    def credential_sets(self) -> CredentialSets:
        """What applications are signed in to with, as whole sets."""
        from provisor.admin.credential_keeping import CredentialKeeping
        from provisor.admin.credential_sets import CredentialSets

        keeping = CredentialKeeping(self._context, self.jobs)
        return CredentialSets(context=self._context, keeping=keeping, principals=self.service_principals)

    @cached_property
    def escrow(self) -> Escrow:
        """Who failed and is tried again; quarantine on demand."""
        from provisor.admin.escrow import Escrow

        return Escrow(self._context, self.jobs)

    @cached_property
    def deletions(self) -> Deletions:
        """Deletions that are held back: show, allow, reject."""
        from provisor.admin.deletions import Deletions

        return Deletions(self._context, self.jobs)

    @cached_property
    def links(self) -> JobLinks:
        """Single links of jobs: show, forget."""
        from provisor.admin.links import JobLinks

        return JobLinks(self._context, self.jobs)

    @cached_property
    def removals(self) -> Removals:
        """Jobs and applications that are no longer wanted."""
        from provisor.admin.removals import Removals

        return Removals(self._context, self.jobs)

    @cached_property
    def nearest(self) -> NearestNames:
        """The name that was probably meant."""
        from provisor.admin.nearest import NearestNames

        return NearestNames(self._context)

    @cached_property
    def cycles(self) -> Cycles:
        """What jobs do: test connection, run, serve, status."""
        from provisor.admin.cycles import Cycles

        return Cycles(self._context, self.jobs)

    @cached_property
    def plans(self) -> Plans:
        """What jobs would do."""
        from provisor.admin.plans import Plans

        return Plans(self._context, self.cycles)

    @cached_property
    def plan_making(self) -> PlanMaking:
        """Plans under way."""
        from provisor.admin.plan_making import PlanMaking

        return PlanMaking(self._context, self.plans)

    @cached_property
    def on_demand(self) -> OnDemand:
        """Provisioning of single objects."""
        from provisor.admin.on_demand import OnDemand

        return OnDemand(self._context, self.cycles)

    @cached_property
    def clock(self) -> Clock:
        """Whether the clock is trusted."""
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

    @cached_property
    def retentions(self) -> Retentions:
        """How long logs and history are kept."""
        from provisor.admin.retentions import Retentions

        return Retentions(self._context)

    @cached_property
    def audits(self) -> Audits:
        """The audit log."""
        from provisor.admin.audits import Audits

        return Audits(self._context)

    @cached_property
    def reports(self) -> Reports:
        """What provisioning did over time."""
        from provisor.admin.reports import Reports

        return Reports(self._context, self.logs)

    @cached_property
    def health(self) -> Health:
        """How the service is."""
        from provisor.admin.health import Health

        return Health(self._context)

    @cached_property
    def backups(self) -> Backups:
        """Copies of everything."""
        from provisor.admin.backups import Backups

        return Backups(self._context)

    @cached_property
    def keys(self) -> Keys:
        """The key that credentials are stored under."""
        from provisor.admin.keys import Keys

        return Keys(self._context)

    @cached_property
    def mail(self) -> Mail:
        """The mail server, and what went through it."""
        from provisor.admin.mail import Mail

        return Mail(self._context)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Who is told of notices by HTTP."""
        from provisor.admin.webhooks import Webhooks

        return Webhooks(self._context)

    @cached_property
    def openid(self) -> OpenId:
        """Signing in at another's page."""
        from provisor.admin.openid import OpenId

        return OpenId(self._context)

    @cached_property
    def credentials(self) -> Credentials:
        """What applications are signed in to with."""
        from provisor.admin.credentials import Credentials

        return Credentials(self._context, self.jobs)

    @cached_property
    def accounts(self) -> Accounts:
        """People who may sign in."""
        from provisor.admin.accounts import Accounts

        return Accounts(self._context)

    @cached_property
    def machines(self) -> Mapping[MachineKind, Machines]:
        """Tokens and OAuth clients of programs."""
        from provisor.admin.machines import KINDS, Machines

        return {kind: Machines(self._context, kind) for kind in KINDS}

    @cached_property
    def authentication(self) -> Authentication:
        """Who somebody is."""
        from provisor.admin.authentication import Authentication

        return Authentication(self._context)

    @cached_property
    def setup(self) -> SetupLinks:
        """Passwords by one-time links."""
        from provisor.admin.setup import SetupLinks

        return SetupLinks(self._context)
