"""Who calls a verb, and what they may do: everywhere, or with the applications they own.

Names of permissions follow Graph's resource.action. A permission is asked with the application it concerns, so that who
may nothing there does not even learn that it exists. Which role has which permission: admin.roles.
"""

from dataclasses import dataclass
from typing import Final

from provisor.admin.errors import AdminError
from provisor.storage.authors import SERVICE, Author, AuthorKind

__all__ = ["Actor", "AuthorKind"]

DIRECTORY_READ: Final = "directory.read"
DIRECTORY_WRITE: Final = "directory.write"
DIRECTORY_PURGE: Final = "directory.purge"
SOURCE_READ: Final = "source.read"
SOURCE_WRITE: Final = "source.write"
APPLICATION_CREATE: Final = "application.create"
APPLICATION_READ: Final = "application.read"
APPLICATION_WRITE: Final = "application.write"
ASSIGNMENT_WRITE: Final = "assignment.write"
JOB_READ: Final = "job.read"
JOB_WRITE: Final = "job.write"
JOB_RUN: Final = "job.run"
JOB_CREDENTIALS: Final = "job.credentials"
LOG_READ: Final = "log.read"
PLAN_APPROVE: Final = "plan.approve"
AUDIT_READ: Final = "audit.read"
SERVICE_READ: Final = "service.read"
SERVICE_WRITE: Final = "service.write"
SERVICE_BACKUP: Final = "service.backup"
KEY_WRITE: Final = "key.write"
NOTIFICATION_READ: Final = "notification.read"
NOTIFICATION_WRITE: Final = "notification.write"
ACCOUNT_READ: Final = "account.read"
ACCOUNT_WRITE: Final = "account.write"

# Asked with an application; an owner may have them for the own ones.
OF_APPLICATIONS: Final = frozenset(
    {
        APPLICATION_READ,
        APPLICATION_WRITE,
        ASSIGNMENT_WRITE,
        JOB_READ,
        JOB_WRITE,
        JOB_RUN,
        JOB_CREDENTIALS,
        LOG_READ,
        PLAN_APPROVE,
    }
)
ALL_PERMISSIONS: Final = OF_APPLICATIONS | {
    DIRECTORY_READ,
    DIRECTORY_WRITE,
    DIRECTORY_PURGE,
    SOURCE_READ,
    SOURCE_WRITE,
    APPLICATION_CREATE,
    AUDIT_READ,
    SERVICE_READ,
    SERVICE_WRITE,
    SERVICE_BACKUP,
    KEY_WRITE,
    NOTIFICATION_READ,
    NOTIFICATION_WRITE,
    ACCOUNT_READ,
    ACCOUNT_WRITE,
}
_SHOW: Final = (APPLICATION_READ, JOB_READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who calls a verb. `name` is how the audit log calls them, `id` by what it tells them apart.

    `permissions` hold everywhere, `own_permissions` for the applications in `owned` (ids of service principals, read
    when the caller signed in). `through` names who sits there, where somebody acts as this one.
    """

    id: str
    name: str
    kind: AuthorKind
    roles: tuple[str, ...] = ()
    permissions: frozenset[str] = frozenset()
    own_permissions: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()
    address: str | None = None
    correlation: str | None = None
    through: str | None = None

    def may(self, permission: str, application: str | None = None) -> bool:
        """Whether the actor has this permission, for this application.

        Without one, whether the actor may have it for any: the question comes again when it is known which.
        """
        if permission in self.permissions:
            return True
        return permission in self.own_permissions and (application is None or application in self.owned)

    def sees(self, application: str, permission: str = APPLICATION_READ) -> bool:
        """Whether the actor may know that this application exists, being about to do this with it."""
        return self.may(permission, application) or any(self.may(one, application) for one in _SHOW)

    def needs(self, permission: str, application: str | None = None) -> None:
        """Raise AdminError unless the actor has this permission, for this application."""
        if not self.may(permission, application):
            raise AdminError(
                "permission-denied",
                f"{self.name} may not do this: the permission {permission} is required.",
                "Ask an administrator who has this permission.",
            )

    @property
    def author(self) -> Author:
        """Who did it, for the audit log."""
        return Author(
            id=self.id,
            name=self.name,
            kind=self.kind,
            address=self.address,
            correlation=self.correlation,
            through=self.through,
        )


LOCAL_OPERATOR: Final = Actor(id="local-operator", name="local operator", kind="operator", permissions=ALL_PERMISSIONS)
"""Whoever calls the command line owns the database file."""
SERVICE_ITSELF: Final = Actor(id=SERVICE.id, name=SERVICE.name, kind="service", permissions=ALL_PERMISSIONS)
"""What the service does by itself, as serving jobs and telling how it is."""
