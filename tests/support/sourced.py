"""Sources as verbs see them: settings documents, and services whose sources are domains in memory."""

import shutil
from datetime import UTC, datetime, timedelta

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.source_connecting import source_access
from provisor.database import open_database
from provisor.rules.source_settings import ActiveDirectorySettings, CsvSettings
from provisor.runner.source_running import run_and_tell
from provisor.runner.sourcing.run_source import SourceOrder
from provisor.storage import tenants
from provisor.storage.secrets import load_key
from support.mirrored import DOMAIN, Domain

AD = {
    "type": "active-directory",
    "server": {"addresses": ["dc1.contoso.example"], "user": "sync@contoso.example"},
    "base": DOMAIN,
}
PASSWORD = {"password": "correct horse battery"}


class SourcedService:
    """All verbs over a database of their own, whose Active Directory is a domain in memory; the clock is moved by hand."""

    def __init__(self, migrated_file, folder):
        folder.mkdir(exist_ok=True)
        self.file = folder / "service.db"
        shutil.copy(migrated_file, self.file)
        self.domain = Domain()
        self.time = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
        self.given = []
        self.watch = lambda question: None  # told of every question before the source is asked
        self.each_page = lambda page: None
        self.each_tick = 0.0  # seconds that pass whenever the time is looked at
        self.says_nothing_of_changes = False
        self.offered = None  # attributes, where not those of the domain
        self.opened = self.closed = 0
        self.database = open_database(f"sqlite:///{self.file}")
        self.tenant = tenants.only(self.database.reader())
        self.context = Context(
            database=self.database,
            tenant=self.tenant,
            now=self.now,
            random_bytes=bytes,
            load_key=lambda: load_key(folder / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=unreachable,
            connect_source=self.connect,
            key_file=folder / "secret.key",
        )
        self.admin = Admin(self.context)

    def connect(self, settings, secrets):
        """The connector of a source; a password that is wrong is told as by the real one."""
        assert isinstance(settings, ActiveDirectorySettings | CsvSettings)
        self.given.append({name: secret.reveal() for name, secret in secrets.items()})
        self.opened += 1
        return _Counted(self)

    def read_as_a_service(self, source):
        """One run as `provisor serve` makes it."""
        return run_and_tell(source_access(self.context), source, SourceOrder(source=source.id))

    def people(self):
        return [shown.name for shown in self.admin.users.page(LOCAL_OPERATOR)]

    def groups(self):
        return [shown.name for shown in self.admin.groups.page(LOCAL_OPERATOR)]

    def ticking(self):
        """Have a moment pass whenever the time is looked at, so that a run takes some."""
        self.each_tick = 0.001

    def now(self):
        self.time += timedelta(seconds=self.each_tick)
        return self.time

    def move(self, **by):
        """Let time pass."""
        self.time += timedelta(**by)

    def close(self):
        self.database.close()


class _Counted:
    """The domain's source, whose connections are counted."""

    def __init__(self, service):
        self._service = service

    def read(self, cursor):
        self._service.watch("read")
        for page in self._service.domain.source.read(cursor):
            self._service.each_page(page)
            yield page

    def moved(self, cursor):
        self._service.watch("moved")
        return None if self._service.says_nothing_of_changes else self._service.domain.source.moved(cursor)

    def attributes(self):
        offered = self._service.offered
        return self._service.domain.source.attributes() if offered is None else offered

    def __getattr__(self, name):
        return getattr(self._service.domain.source, name)

    def close(self):
        self._service.closed += 1


def unreachable(job):
    raise AssertionError("nothing here may reach an application")
