"""A service whose job has run once, with its portal on a port, in threads of this process; and what to name in it."""

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.actor import SERVICE_ITSELF
from provisor.admin.health import Pulse
from provisor.admin.roles import GLOBAL_ADMINISTRATOR
from provisor.admin.service_principals import ApplicationKey
from provisor.admin.session import Listening
from provisor.engine.ports import Rejected
from provisor.site import site
from support.graph_service import APP, PEOPLE, service_in
from support.mirrored import Domain
from support.sourced import AD
from support.sourced import PASSWORD as GIVEN

REFUSED, READER = PEOPLE[2], "Reports Reader"
ADMINISTRATOR, PASSWORD = "admin@contoso.example", "correct horse battery"


async def _refusing(original, kind, document):
    if document.get("userName") == REFUSED:
        raise Rejected("No such licence.", status=400)
    return await original(kind, document)


class PortalService:
    """`names` are what stands in addresses of pages, by the names that rules have for it."""

    def __init__(self, folder, migrated_file):
        self.domain = Domain()
        self.admin, self.target = service_in(folder, migrated_file, lambda settings, given: self.domain.source)
        self.admin.groups.create(ME, {"displayName": "Field Staff"})
        self.admin.users.create(ME, {"userPrincipalName": "gone@x.example", "displayName": "Gone"})
        self.admin.groups.create(ME, {"displayName": "Gone Group"})
        self._gone = (
            self.admin.users.show(ME, "gone@x.example").object.id,
            self.admin.groups.show(ME, "Gone Group").object.id,
        )
        self.admin.users.delete(ME, self._gone[0])
        self.admin.groups.delete(ME, self._gone[1])
        self.target.behave("create", _refusing)
        self.admin.jobs.start(ME, APP)
        self.admin.cycles.run(ME, APP)
        self.admin.users.set(ME, PEOPLE[1], {"displayName": "Another name"})
        self.admin.applications.assign(ME, APP, groups=["Field Staff"])
        self.admin.accounts.add(ME, ADMINISTRATOR, [GLOBAL_ADMINISTRATOR], password=PASSWORD)
        self._sources = self._read_sources()
        self._site = site(self.admin, SERVICE_ITSELF, Pulse(), Listening(host="127.0.0.1", port=0))
        self.url = self._site.__enter__()
        self.names = self._names()

    def _read_sources(self):
        """A source that holds deletions, one that nobody has started, and a tenant."""
        sources = self.admin.sources
        for name in ("una", "vic", "wim"):
            self.domain.person(name)
        self.domain.group("yard", "una", "vic")
        sources.settings.add(ME, "corp", AD, given_secrets=GIVEN, deletion_threshold=0)
        sources.runs.run(ME, "corp")
        self.domain.remove("vic")
        self.domain.person("svc", sAMAccountName=None)
        sources.runs.run(ME, "corp")
        sources.settings.add(ME, "branch", AD, given_secrets=GIVEN)
        tenant = {"type": "entra", "tenant": "contoso.com", "client": "1"}
        sources.settings.add(ME, "cloud", tenant, given_secrets={"clientSecret": "s" * 20})
        return {shown.source.name: shown.source.id for shown in sources.settings.all(ME)}

    def _names(self):
        principal = self.admin.service_principals.show(ME, ApplicationKey("named", APP)).application.id
        [job] = self.admin.synchronization.all_jobs(ME, ApplicationKey("service principal", principal))
        return {
            "application": principal,
            "job": job.job.id,
            "user": self.admin.users.show(ME, PEOPLE[0]).object.id,
            "group": self.admin.groups.show(ME, "Field Staff").object.id,
            "event": self.admin.logs.page(ME)[0].id,
            "audit_event": self.admin.audits.page(ME, limit=1)[0].id,
            "role": self.admin.app_roles.all(ME, APP)[0].id,
            "template": self.admin.service_principals.gallery(ME)[0].gallery_id,
            "other_plan": self.admin.plans.make(ME, APP).stored.number,
            "plan": self.admin.plans.make(ME, APP).stored.number,
            "cause": self.admin.escrow.causes(ME, APP)[0].cause,
            "refused_user": self.admin.users.show(ME, REFUSED).object.id,
            "client": self.admin.machines["client"].create(ME, "scripts", [READER]).account.id,
            "token": self.admin.machines["token"].create(ME, "reports", [READER]).account.id,
            "webhook": self.admin.webhooks.add(ME, "https://hooks.example/provisor").webhook.id,
            "deleted_user": self._gone[0],
            "deleted_group": self._gone[1],
            "source": self._sources["corp"],
            "new_source": self._sources["branch"],
            "tenant_source": self._sources["cloud"],
            "administrator": ADMINISTRATOR,
            "code": "guessed",
            "session": "0" * 64,
        }

    def sign_in(self, page):
        page.goto(f"{self.url}/sign-in")
        page.fill("#name", ADMINISTRATOR)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.url}/")

    def close(self):
        self._site.__exit__(None, None, None)
        self.admin.users.context.database.close()
